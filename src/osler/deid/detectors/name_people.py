"""Names beside words for people and for dealing with them: titles, occupations, relations, verbs of contact."""

import re
from collections.abc import Iterator

from osler.deid.detectors.name_context import Context, Found
from osler.deid.detectors.name_shapes import LIKELY, SURE, UNKNOWN, WEAK
from osler.deid.detectors.name_words import (
    ABOUT_PEOPLE,
    EPONYM_NOUNS,
    HUMAN_VERBS,
    NAME_VERBS,
    NEVER,
    PARTICLES,
    PEOPLE_VERBS,
    WITH_PEOPLE,
)
from osler.deid.gazetteers import NAME, In
from osler.deid.tokens import word_set

_TITLE_GAP = re.compile(r"\.?[ \t\n]{0,2}")
_RELATION_GAP = re.compile(r"(?:,? |,? ?\(|: ?| - )[\"“']?")
_INITIALS = re.compile(r"(?:[A-Z]\.){2,3}(?![\w])|[A-Z]\.[A-Z](?![\w.])")
_NUMBER_NEXT = re.compile(r"[ ,:(+]{1,4}\d[\d-]{2}")

_NEED_CAPITAL = word_set("capt hon lt pvt rev prof")
_FORMS_OF_ADDRESS = word_set("ms miss nurse sister doctor officer")
_SPOKEN_TITLES = word_set("doctor mister missus")
_SMALL = word_set("child kid aide infant baby")
_SOMEONE = word_set("i we he she they who and also")
_MEETING = word_set("seeing interviewed counseled visited thanked reminded reassured")
_TOWARD = word_set("for from to re about of")
_MEANS = word_set("with by per via")


class People(Context):
    """One rule for each kind of word; each takes the number of that word."""

    def title(self, i: int) -> Iterator[Found]:
        """`Dr. Okafor`, `Mr. and Mrs. Long`, `Drs. Lee and Patel`."""
        gap, low = self.gap(i), self.low(i)
        if not gap or not _TITLE_GAP.fullmatch(gap):
            return
        # "MR angiography" is a magnetic resonance
        if low == "mr" and self.shapes.shouted(i) and gap[0] != "." and self.like(i + 1) < LIKELY:
            return
        if low in _NEED_CAPITAL and not self.capital(i + 1):
            return
        yield from self._titled(i + 1)
        if low in ("drs", "messrs"):
            yield from self._listed(i + 1)

    def _titled(self, at: int) -> Iterator[Found]:
        low = self.low(at)
        if not low:
            return
        if low in PARTICLES and not self.capital(at):
            yield from self._from_particle(at, 0.9)
        elif self.capital(at):
            if low in NEVER and not (len(low) > 1 and self.bits(at) & NAME):
                return
            last = self.take(at)
            if last < 0 and low not in EPONYM_NOUNS:
                # a surname that is an everyday word (`Dr. Young`), or a single initial (`Dr. S.`)
                last = at
            if last >= 0:
                yield from self.name(at, last, 0.95)
        elif low not in NEVER and len(low) > 2 and not self.bits(at) & (In.WORD | In.ORDINARY):
            yield from self.name(at, self.lower_end(at), 0.85)
        elif low not in NEVER and self.bits(at) & In.SOFT and self.bits(at) & NAME:
            yield from self.name(at, at, 0.7)

    def _from_particle(self, at: int, score: float) -> Iterator[Found]:
        """`de la Fuente`: particles first."""
        last = self.take(at)
        if last > at:
            yield from self.name(at, last, score)

    def _listed(self, at: int) -> Iterator[Found]:
        """The names after the first of `Drs. Lee, Patel and Cho`."""
        for _ in range(4):
            end = self.whole(at)
            nxt = end + 1
            if self.gap(end) == " " and self.low(nxt) == "and":
                nxt += 1
            elif self.gap(end).strip() not in (",", "/", "&"):
                return
            if not self.low(nxt) or self.low(nxt) in NEVER:
                return
            if not self.capital(nxt) and not (self.low(nxt) in PARTICLES and self.take(nxt) > nxt):
                return
            yield from self.name(nxt, self.whole(nxt), 0.85)
            at = nxt

    def occupation(self, i: int) -> Iterator[Found]:
        """`Nurse Kim`, `cardiologist Anna Patel`, `Miss Lopez`, `doctor patel`."""
        at, who, gap = i + 1, self.low(i), self.gap(i)
        if not self.low(at) or not (gap in (" ", "  ") or (gap == ". " and who == "ms")):
            return
        likeness = self.like(at)
        if self.low(at) in PARTICLES and not self.capital(at):
            if who in _FORMS_OF_ADDRESS:
                yield from self._from_particle(at, 0.85)
            if who in _SPOKEN_TITLES and self.like(at + 1) >= UNKNOWN and not self.capital(at + 1):
                yield from self.name(at, self.lower_name(at + 1), 0.7)
        elif self.capital(at) and likeness >= UNKNOWN and not self.shapes.loud:
            if likeness == WEAK and who not in _FORMS_OF_ADDRESS:
                return
            if self.shapes.shouted(at) and likeness < SURE:
                return
            last = self.take(at)
            if last >= 0 and not self.thing_follows(last):
                yield from self.name(at, last, 0.85)
        elif not self.capital(at) and self._spoken(who, at, likeness):
            yield from self.name(at, self.lower_name(at), 0.7)

    def _spoken(self, who: str, at: int, likeness: int) -> bool:
        """Whether a word in lower case is a name behind an occupation."""
        if len(self.low(at)) < 3:
            return False
        if likeness == SURE:
            return True
        if who not in _SPOKEN_TITLES:
            return False
        if likeness == LIKELY:
            return self.shapes.next_low(at) not in EPONYM_NOUNS
        return likeness == UNKNOWN and self.low(at).isalpha()

    def relation(self, i: int) -> Iterator[Found]:
        """`her daughter Lucia`, `wife, Anna Bell,`, `son (Will)`, `mother of Tomás`."""
        at, gap = i + 1, self.gap(i)
        if not self.low(at) or not _RELATION_GAP.fullmatch(gap) or self.low(at) in ("named", "name"):
            return
        if self.low(at) == "of" and self.gap(at) == " ":
            if self.capital(at + 1) and self.like(at + 1) >= UNKNOWN and self.plain(at + 1):
                yield from self.name(at + 1, self.whole(at + 1), 0.75)
            return
        if self.low(i) in _SMALL and not self.tokens.words[i].islower():
            # "Child Pugh", "Baby Shampoo"
            return
        if self.capital(at) and not self.shapes.loud:
            if self._related(at, comma=gap.startswith((",", " -", ":"))):
                last = self.whole(at)
                if not self.thing_follows(last):
                    yield from self.name(at, last, 0.85)
                    yield from self._and_another(last)
        elif not self.capital(at) and gap == " " and len(self.low(at)) > 2:
            yield from self._related_in_lower_case(at)

    def _related(self, at: int, *, comma: bool) -> bool:
        likeness = self.like(at)
        if likeness == UNKNOWN and self.shapes.shouted(at):
            return False
        if comma:
            last = self.take(at)
            set_off = last >= at and (last > at or self.gap(last)[:1] in (",", ";", ")", "\n"))
            return likeness >= LIKELY or (set_off and self.plain(at))
        return (
            likeness == UNKNOWN or likeness >= LIKELY or bool(likeness == WEAK and self.bits(at) & In.GIVEN)
        )

    def _related_in_lower_case(self, at: int) -> Iterator[Found]:
        likeness, bits = self.like(at), self.bits(at)
        if likeness == SURE and bits & In.GIVEN:
            yield from self.name(at, self.lower_end(at), 0.75)
        elif self.shapes.next_low(at) in NAME_VERBS | HUMAN_VERBS:
            unlisted = likeness == UNKNOWN and len(self.low(at)) > 3
            if unlisted or (bits & In.SOFT and bits & In.GIVEN):
                yield from self.name(at, at, 0.65)

    def _and_another(self, last: int) -> Iterator[Found]:
        """The second of `her sons Tom and Amir`."""
        at = last + 2
        if self.low(last + 1) == "and" and self.capital(at) and self.like(at) >= LIKELY:
            yield from self.name(at, self.whole(at), 0.75)

    def bracketed(self, i: int) -> Iterator[Found]:
        """`discussed with family (Gabriela)`, `met with the Okonjo family`."""
        at, before = i + 1, i - 1
        named = (
            i > 1 and self.low(i) == "family" and self.low(i - 2) == "the" and self.tokens.before(i) == " "
        )
        if named and self.capital(before) and self.plain(before) and self.like(before) >= UNKNOWN:
            yield from self.name(before, before, 0.75)
        if self.gap(i) == " (" and self.capital(at) and self.plain(at) and self.like(at) >= UNKNOWN:
            yield from self.name(at, self.whole(at), 0.75)

    def person(self, i: int) -> Iterator[Found]:
        """`patient Maria Lopez`, `pt Nguyen`, `Pt J.S.`"""
        at, gap = i + 1, self.gap(i)
        if not self.low(at) or not (gap in (" ", ", ", "  ") or (gap == ". " and self.low(i) == "pt")):
            return
        if match := _INITIALS.match(self.tokens.text, self.tokens.starts[at]):
            yield match.start(), match.end(), 0.75
        elif not self.capital(at) or self.shapes.loud:
            if gap == " " and self.like(at) >= UNKNOWN and not self.bits(at) & (In.WORD | In.ORDINARY):
                yield from self._person_in_lower_case(at)
        elif self._personal(i, at, gap):
            last = self.whole(at)
            if not self.thing_follows(last):
                yield from self.name(at, last, 0.75)

    def _personal(self, i: int, at: int, gap: str) -> bool:
        likeness = self.like(at)
        if likeness == SURE or (likeness >= LIKELY and gap != ", "):
            return True
        unlisted = likeness == UNKNOWN and gap == " " and self.tokens.words[i].islower()
        return unlisted and self.plain(at) and not self.thing_follows(at)

    def _person_in_lower_case(self, at: int) -> Iterator[Found]:
        last = self.lower_name(at)
        if self.like(at) < SURE and (last == at or (self.like(last) < LIKELY and self.gap(last)[:1] != ",")):
            return
        if last > at or self.bits(at) & In.COMMON_GIVEN:
            yield from self.name(at, last, 0.7 if last > at else 0.65)

    def being(self, i: int) -> Iterator[Found]:
        """`PCP is Bhavani Anne`, `her nurse was Kofi`."""
        at = i + 2
        if self.low(i + 1) not in ("is", "was") or not self.capital(at) or self.shapes.loud:
            return
        if self.gap(i) != " " or self.gap(i + 1) != " ":
            return
        last = self.whole(at)
        unlisted = last > at and self.like(at) >= UNKNOWN and self.plain(at)
        if (self.like(at) == SURE or unlisted) and not self.thing_follows(last):
            yield from self.name(at, last, 0.75)

    def dealing(self, i: int) -> Iterator[Found]:
        """`discussed with Okafor`, `seen by J. Bell`, `per Kim`, `paged Ruiz`, `results for Mila`."""
        at, low = i + 1, self.low(i)
        if self.gap(i) != " " or not self.capital(at):
            return
        before = self.low(i - 1)
        if self.shapes.loud:
            if before in ABOUT_PEOPLE and self.like(at) == SURE and self.take(at) > at:
                yield from self.name(at, self.take(at), 0.7)
            return
        if (low in _TOWARD and before not in ABOUT_PEOPLE) or (low == "of" and before != "care"):
            return
        last, likeness = self.whole(at), self.like(at)
        if low == "contact" and not _NUMBER_NEXT.match(self.tokens.text, self.tokens.ends[last]):
            return
        social = low in _TOWARD or low == "contact" or low in _MEETING or self._social(low, before)
        unlisted = social and likeness == UNKNOWN and self.plain(at)
        if not unlisted and likeness < (LIKELY if social else SURE):
            return
        if self.shapes.shouted(at) and (likeness < SURE or len(self.low(at)) < 5):
            return
        if not self.thing_follows(last) and (social or not self.bits(at) & (In.EPONYM | In.BRAND)):
            yield from self.name(at, last, 0.8 if social else 0.65)

    @staticmethod
    def _social(low: str, before: str) -> bool:
        """Whether the words in front make it an encounter: `spoke with`, `seen by`, `I called`."""
        verbs = WITH_PEOPLE if low == "with" else PEOPLE_VERBS
        return before in verbs or (low not in _MEANS and before in _SOMEONE)

    def asked(self, i: int) -> Iterator[Found]:
        """`are you Anna Bell?`, in lower case too."""
        at = i + 1
        if self.low(i - 1) != "are" or not self.low(at) or self.gap(i) != " ":
            return
        last = at
        while last - at < 2 and self.shapes.joined(last):
            last += 1
        likeness = [self.like(k) for k in range(at, last + 1)]
        namelike = min(likeness) >= UNKNOWN and (max(likeness) >= LIKELY or self.capital(at))
        if namelike and self.gap(last)[:1] in ("?", ","):
            yield from self.name(at, last, 0.7)

    def myself(self, i: int) -> Iterator[Found]:
        """`I'm Anna from the clinic`, `this is mara bell calling`, `it's Tom.`"""
        low, at = self.low(i), i + 1
        if low in ("i", "this"):
            if self.low(at) not in ("am", "is"):
                return
            at += 1
        if not self.low(at) or self.gap(at - 1) != " ":
            return
        if low.startswith("it"):
            ends = self.gap(at)[:1] in (".", ",", "!", "\n", "")
            if ends and self.capital(at) and self.like(at) >= UNKNOWN and self.plain(at):
                yield from self.name(at, at, 0.65)
            return
        bits = self.bits(at)
        if (last := self._introduced(at)) >= 0:
            yield from self.name(at, last, 0.75)
        elif self.like(at) == SURE and bits & In.GIVEN and (self.capital(at) or bits & In.COMMON_GIVEN):
            last = max(at, self.shapes.take(at, LIKELY)) if self.capital(at) else self.lower_end(at)
            yield from self.name(at, last, 0.75)

    def _introduced(self, at: int) -> int:
        """The last of one to three words of a name in front of "calling", "speaking", "from"; -1 if it is none."""
        for last in range(at, min(at + 3, len(self.tokens) - 1)):
            low, following = self.low(last), self.low(last + 1)
            listed = self.bits(last) & NAME and low not in NEVER
            if self.like(last) < UNKNOWN and low not in PARTICLES and not listed:
                return -1
            if not self.shapes.joined(last):
                return -1
            if following in ("calling", "speaking") or (following == "from" and last > at):
                return last
        return -1
