"""Names by what stands around them: titles, relations, field labels, greetings, signatures, credentials, contact verbs.

Used by the name detector. Every rule looks at a bounded number of words beside the cue.
"""

import re
from collections.abc import Callable, Iterator

from osler.deid.detectors.name_shapes import LIKELY, NOT, SURE, UNKNOWN, WEAK, Shapes
from osler.deid.detectors.name_words import (
    ABOUT_PEOPLE,
    BY,
    CREDENTIALS,
    CREDENTIALS_LIKE_WORDS,
    EPONYM_NOUNS,
    GREETINGS,
    HUMAN_VERBS,
    NAME_LABELS,
    NAME_VERBS,
    NEVER,
    NOT_PERSON_NAMES,
    PARTICLES,
    PEOPLE_VERBS,
    PERSONS,
    PLACE_NOUNS,
    RELATIONS,
    ROLE_LABELS,
    SIGN_OFFS,
    TITLES,
    TITLES_LIKE_WORDS,
    WITH_PEOPLE,
)
from osler.deid.gazetteers import NAME, In
from osler.deid.tokens import Words

_TITLE_GAP = re.compile(r"\.?[ \t\n]{0,2}")
_LABEL_GAP = re.compile(
    r"(?:\(s\)|s\))?[\"'*_\])]{0,3}\s{0,2}(?:\([^()\n]{0,24}\))?\s{0,2}(?:[:=|]|#:|\t)[\s\"'*_\[]{0,6}"
)
_RELATION_GAP = re.compile(r"(?:,? |,? ?\(|: ?| - )[\"“']?")
_GREETING_GAP = re.compile(r",? ")
_SIGN_GAP = re.compile(r"[,.!]?[ \t]*\n[\s\-–—/]*|, |: ?")
_INITIALS = re.compile(r"(?:[A-Z]\.){2,3}(?![\w])|[A-Z]\.[A-Z](?![\w.])")
_SLASH_SIGNED = re.compile(r"(?:/s/|/es/|e-signed by|esigned by|electronically signed by)[:\s]{0,3}", re.I)

_TWO_CAPITALS = re.compile(r"(?:Ma?c|De|Di|Du|La|Le|Van|Von|O['’]|D['’]|Al-|El-|\w+[-'’])[A-Z][^\W\d_A-Z]+")

Found = tuple[int, int, float]


class Cues:
    """Names of one text by their surroundings."""

    def __init__(self, tokens: Words, shapes: Shapes) -> None:
        self._tokens = tokens
        self._shapes = shapes

    def find(self) -> Iterator[Found]:
        """`(start, end, score)` of names that stand beside a cue."""
        for i, low in enumerate(self._tokens.low):
            for rule in _RULES.get(low, ()):
                yield from rule(self, i)
        for match in _SLASH_SIGNED.finditer(self._tokens.text):
            yield from self._signature_at(match.end())

    # -- one rule per kind of cue; each takes the place of the cue word

    def title(self, i: int) -> Iterator[Found]:
        """`Dr. Okafor`, `Mr. and Mrs. Long`, `Drs. Lee and Patel`."""
        gap = self._tokens.gap(i)
        if not _TITLE_GAP.fullmatch(gap) or not gap:
            return
        low = self._tokens.low[i]
        if low == "mr" and self._shapes.shouted(i) and not gap.startswith(".") and not self._surely(i + 1):
            return
        if low in ("capt", "hon", "lt", "pvt", "rev", "prof") and not self._capital(i + 1):
            return
        yield from self._titled(i + 1)
        if low in ("drs", "messrs"):
            yield from self._listed(i + 1)

    def _titled(self, at: int) -> Iterator[Found]:
        if at >= len(self._tokens):
            return
        low = self._tokens.low[at]
        if low in PARTICLES and not self._capital(at):
            last = self._name_from(at, UNKNOWN)
            if last > at:
                yield self._shapes.span(at, last, 0.9)
            return
        if low in NEVER and not (self._capital(at) and len(low) > 1 and self._bits(at) & NAME):
            return
        if self._capital(at):
            last = self._name_from(at, UNKNOWN)
            if last < 0 and self._tokens.low[at] not in EPONYM_NOUNS:
                # a surname that is an everyday word (`Dr. Young`), or a single initial (`Dr. S.`)
                last = at
            if last >= 0:
                yield self._shapes.span(at, last, 0.95)
        elif not self._bits(at) & (In.WORD | In.ORDINARY) and len(low) > 2:
            yield self._shapes.span(at, self._lower_end(at), 0.85)
        elif self._bits(at) & In.SOFT and self._bits(at) & NAME:
            yield self._shapes.span(at, at, 0.7)

    def _listed(self, at: int) -> Iterator[Found]:
        """The names after the first of `Drs. Lee, Patel and Cho`."""
        for _ in range(4):
            end = max(at, self._name_from(at, UNKNOWN))
            nxt = end + 1
            if nxt >= len(self._tokens):
                return
            if self._tokens.gap(end) == " " and self._tokens.low[nxt] == "and":
                nxt += 1
            elif self._tokens.gap(end).strip() not in (",", "/", "&"):
                return
            if nxt >= len(self._tokens) or self._tokens.low[nxt] in NEVER:
                return
            if not self._capital(nxt) and not (
                self._tokens.low[nxt] in PARTICLES and self._name_from(nxt, UNKNOWN) > nxt
            ):
                return
            yield self._shapes.span(nxt, max(nxt, self._name_from(nxt, UNKNOWN)), 0.85)
            at = nxt

    def occupation(self, i: int) -> Iterator[Found]:
        """`Nurse Kim`, `cardiologist Anna Patel`, `Miss Lopez`, `doctor patel`."""
        if self._tokens.gap(i) not in (" ", ". ", "  ") or i + 1 >= len(self._tokens):
            return
        at = i + 1
        if self._tokens.gap(i) == ". " and self._tokens.low[i] not in ("ms",):
            return
        likeness = self._shapes.likeness(at)
        if (
            self._tokens.low[at] in PARTICLES
            and self._tokens.low[i] in ("ms", "miss", "doctor")
            and not self._capital(at)
        ):
            last = self._name_from(at, UNKNOWN)
            if last > at:
                yield self._shapes.span(at, last, 0.85)
            return
        if self._capital(at) and likeness >= UNKNOWN and not self._shapes.loud:
            if likeness == WEAK and self._tokens.low[i] not in (
                "ms",
                "miss",
                "nurse",
                "sister",
                "doctor",
                "officer",
            ):
                return
            if self._shapes.shouted(at) and likeness < SURE:
                return
            last = self._name_from(at, UNKNOWN if likeness > UNKNOWN else UNKNOWN)
            if last >= 0 and not self._thing_follows(last):
                yield self._shapes.span(at, last, 0.85)
        elif len(self._tokens.low[at]) > 2 and not self._capital(at):
            listed = likeness == SURE or (
                likeness == LIKELY
                and self._tokens.low[i] in _ADDRESS
                and self._shapes.next_low(at) not in EPONYM_NOUNS
            )
            if listed or (
                likeness == UNKNOWN and self._tokens.low[i] in _ADDRESS and self._tokens.low[at].isalpha()
            ):
                yield self._shapes.span(at, self._lower_name(at), 0.7)
            elif (
                self._tokens.low[at] in PARTICLES
                and self._tokens.low[i] in _ADDRESS
                and self._shapes.likeness(at + 1) >= UNKNOWN
            ):
                yield self._shapes.span(at, self._lower_name(at + 1), 0.7)

    def relation(self, i: int) -> Iterator[Found]:
        """`her daughter Lucia`, `wife, Anna Bell,`, `son (Will)`."""
        if i + 1 >= len(self._tokens) or not _RELATION_GAP.fullmatch(self._tokens.gap(i)):
            return
        at = i + 1
        if self._tokens.low[at] == "of" and at + 1 < len(self._tokens) and self._tokens.gap(at) == " ":
            at += 1
            if self._capital(at) and self._shapes.likeness(at) >= UNKNOWN and self._plain(at):
                yield self._shapes.span(at, max(at, self._name_from(at, UNKNOWN)), 0.75)
            return
        if self._tokens.low[at] in ("named", "name"):
            return
        if (
            self._tokens.low[i] in ("child", "kid", "aide", "infant", "baby")
            and not self._tokens.words[i].islower()
        ):
            return
        likeness = self._shapes.likeness(at)
        if self._capital(at) and not self._shapes.loud:
            comma = self._tokens.gap(i).startswith((",", " -", ":"))
            if (
                likeness >= (LIKELY if comma else UNKNOWN)
                or (comma and self._set_off(at))
                or (likeness == WEAK and self._bits(at) & In.GIVEN and not comma)
            ):
                if likeness == UNKNOWN and self._shapes.shouted(at):
                    return
                last = max(at, self._name_from(at, UNKNOWN))
                if not self._thing_follows(last):
                    yield self._shapes.span(at, last, 0.85)
                    yield from self._and_another(last)
        elif self._tokens.gap(i) == " " and len(self._tokens.low[at]) > 2:
            if likeness == SURE and self._bits(at) & In.GIVEN:
                yield self._shapes.span(at, self._lower_end(at), 0.75)
            elif self._shapes.next_low(at) in NAME_VERBS | HUMAN_VERBS and (
                (likeness == UNKNOWN and len(self._tokens.low[at]) > 3)
                or (self._bits(at) & In.SOFT and self._bits(at) & In.GIVEN)
            ):
                yield self._shapes.span(at, at, 0.65)

    def bracketed(self, i: int) -> Iterator[Found]:
        """`discussed with family (Gabriela)`."""
        at = i + 1
        if (
            self._tokens.gap(i) == " ("
            and self._capital(at)
            and self._plain(at)
            and self._shapes.likeness(at) >= UNKNOWN
        ):
            yield self._shapes.span(at, max(at, self._name_from(at, UNKNOWN)), 0.75)

    def _set_off(self, at: int) -> bool:
        """Whether unlisted words stand as a name between commas: `her mother, Beatrix,`."""
        last = self._name_from(at, UNKNOWN)
        return (
            last >= at
            and self._plain(at)
            and (self._tokens.gap(last)[:1] in (",", ";", ")", "\n") or last > at)
        )

    def _and_another(self, last: int) -> Iterator[Found]:
        """The second of `her sons Tom and Amir`."""
        if last + 2 < len(self._tokens) and self._tokens.low[last + 1] == "and" and self._capital(last + 2):
            at = last + 2
            if self._shapes.likeness(at) >= LIKELY:
                yield self._shapes.span(at, max(at, self._name_from(at, UNKNOWN)), 0.75)

    def person(self, i: int) -> Iterator[Found]:
        """`patient Maria Lopez`, `pt Nguyen`, `Pt J.S.`"""
        if i + 1 >= len(self._tokens):
            return
        at, gap = i + 1, self._tokens.gap(i)
        if gap not in (" ", ". ", ", ", "  ") or (gap == ". " and self._tokens.low[i] != "pt"):
            return
        if match := _INITIALS.match(self._tokens.text, self._tokens.starts[at]):
            yield match.start(), match.end(), 0.75
            return
        if not self._capital(at) or self._shapes.loud:
            if (
                self._shapes.likeness(at) >= UNKNOWN
                and gap == " "
                and not self._bits(at) & (In.WORD | In.ORDINARY)
            ):
                last = self._lower_name(at)
                if self._shapes.likeness(at) < SURE and (
                    last == at or self._shapes.likeness(last) < LIKELY and self._tokens.gap(last)[:1] != ","
                ):
                    return
                if last > at or self._bits(at) & In.COMMON_GIVEN:
                    yield self._shapes.span(at, last, 0.7 if last > at else 0.65)
            return
        likeness = self._shapes.likeness(at)
        if (
            likeness == SURE
            or (likeness >= LIKELY and gap != ", ")
            or (
                likeness == UNKNOWN
                and gap == " "
                and self._tokens.words[i].islower()
                and self._plain(at)
                and not self._thing_follows(at)
            )
        ):
            last = max(at, self._name_from(at, UNKNOWN))
            if not self._thing_follows(last):
                yield self._shapes.span(at, last, 0.75)

    def label(self, i: int) -> Iterator[Found]:
        """`Patient Name: Anna Bell`, `PCP: Okafor`, `"name": "anna"`."""
        gap = _LABEL_GAP.match(self._tokens.text, self._tokens.ends[i])
        if gap is None or i + 1 >= len(self._tokens) or gap.end() != self._tokens.starts[i + 1]:
            return
        hard = self._tokens.low[i] in NAME_LABELS
        if self._tokens.low[i] == "by" and i and self._tokens.low[i - 1] in _MADE:
            return
        if (
            hard
            and i
            and self._tokens.low[i - 1] in NOT_PERSON_NAMES
            and self._tokens.before(i).strip("_- ") == ""
        ):
            return
        at = i + 1
        if self._tokens.low[at] in TITLES or self._tokens.low[at] in TITLES_LIKE_WORDS:
            return
        if (
            hard
            and not self._of_a_person(i)
            and not self._name_within(at, LIKELY)
            and self._shapes.likeness(at) < SURE
        ):
            # a bare "name" may be the name of anything
            return
        least = UNKNOWN if hard else LIKELY
        likeness = self._shapes.likeness(at)
        if "\n" in gap.group() and likeness < SURE:
            return
        if not self._capital(at):
            if hard and likeness >= UNKNOWN and len(self._tokens.low[at]) > 1:
                yield self._shapes.span(at, self._lower_end(at, UNKNOWN), 0.85)
            return
        if self._tokens.low[i] in _SPEAKERS:
            least = self._spoken_to(at)
        elif not hard and likeness in (UNKNOWN, WEAK) and (self._is_full_line(at) or self._name_within(at)):
            least = likeness
        if (
            self._shapes.initial(at)
            or likeness >= least
            or (hard and likeness == NOT and self._bits(at) & NAME)
        ):
            last = self._last_first(at) if not self._shapes.initial(at) else -1
            last = max(last, self._name_from(at, UNKNOWN), -1 if self._shapes.initial(at) else at)
            if last >= at and not self._thing_follows(last):
                yield self._shapes.span(at, last, 0.93 if hard else 0.85)
        elif (
            hard and self._tokens.low[at] not in NEVER and self._shapes.capital(at) and self._is_full_line(at)
        ):
            yield self._shapes.span(at, max(at, self._name_from(at, UNKNOWN)), 0.8)

    def _of_a_person(self, i: int) -> bool:
        """Whether the label `name` at word `i` says whose: `Patient Name`, `first_name`, `Name of mother`, or opens its line."""
        low = self._tokens.low[i]
        if low not in ("name", "names") or "_" in low:
            return True
        before = self._tokens.before(i)
        if i and before.strip(" _-/.'’") in ("", "s") and "\n" not in before:
            return self._tokens.low[i - 1] in _WHOSE
        return not before.rstrip(" \t")[-1:].startswith(('"', "'", "{", ",")) and self._capital(i)

    def _name_within(self, at: int, least: int = UNKNOWN) -> bool:
        """Whether what starts at `at` goes on as a name: a further word is one, or several are in no list."""
        last = self._name_from(at, UNKNOWN)
        if least == UNKNOWN and last > at and self._plain(at):
            return True
        return any(
            self._shapes.likeness(k) >= LIKELY for k in range(at + 1, self._name_from(at, UNKNOWN) + 1)
        )

    def _spoken_to(self, at: int) -> int:
        """How much a word behind `Patient:` must be like a name: there it may as well be the first of a speech."""
        last = max(self._name_from(at, UNKNOWN), self._last_first(at))
        if last > at and self._line_ends(last) and self._shapes.likeness(at) >= UNKNOWN:
            return UNKNOWN
        return LIKELY if last > at else SURE

    def named(self, i: int) -> Iterator[Found]:
        """`a man named Joe`, `my name is anna`, `goes by Lupe`."""
        at = i + 1
        if self._tokens.low[i] in NAME_LABELS:
            if self._tokens.low[at : at + 1] not in (["is"], ["was"]) and self._tokens.gap(i)[:2] not in (
                "'s",
                "’s",
            ):
                return
            if i and self._tokens.low[i - 1] in NOT_PERSON_NAMES:
                return
            at += self._tokens.low[at : at + 1] in (["is"], ["was"])
        if at >= len(self._tokens) or self._tokens.gap(at - 1).strip(" :'’s\"“") != "":
            return
        likeness = self._shapes.likeness(at)
        if self._capital(at) and (likeness >= UNKNOWN or self._bits(at) & In.GIVEN):
            yield self._shapes.span(at, max(at, self._name_from(at, UNKNOWN)), 0.85)
        elif likeness == SURE:
            yield self._shapes.span(at, self._lower_end(at), 0.75)

    def being(self, i: int) -> Iterator[Found]:
        """`PCP is Bhavani Anne`, `her nurse was Kofi`, `the surgeon is Dr. …` (left to the title)."""
        at = i + 2
        if (
            self._tokens.low[i + 1 : at] not in (["is"], ["was"])
            or at >= len(self._tokens)
            or not self._capital(at)
        ):
            return
        if self._tokens.gap(i) != " " or self._tokens.gap(i + 1) != " " or self._shapes.loud:
            return
        likeness = self._shapes.likeness(at)
        last = self._name_from(at, UNKNOWN)
        if likeness == SURE or (last > at and likeness >= UNKNOWN and self._plain(at)):
            if not self._thing_follows(max(at, last)):
                yield self._shapes.span(at, max(at, last), 0.75)

    def greeting(self, i: int) -> Iterator[Found]:
        """`Dear Anna,`, `hi Mark!`, `Thanks, Priya`."""
        if i + 1 >= len(self._tokens) or not _GREETING_GAP.fullmatch(self._tokens.gap(i)):
            return
        at = i + 1
        likeness = self._shapes.likeness(at)
        if not self._capital(at) or likeness == NOT or (likeness == UNKNOWN and not self._plain(at)):
            if (
                likeness == SURE
                and self._bits(at) & In.COMMON_GIVEN
                and self._tokens.low[i] in ("hi", "hello", "hey", "dear")
            ):
                yield self._shapes.span(at, at, 0.65)
            return
        last = max(at, self._name_from(at, UNKNOWN))
        closes = self._tokens.gap(last)[:1] in (",", "!", ".", "\n", "", ":", ";", " ", "-", "?")
        if closes and (likeness >= LIKELY or self._tokens.gap(last)[:1] not in (" ", "-", ";")):
            yield self._shapes.span(at, last, 0.8)

    def sign_off(self, i: int) -> Iterator[Found]:
        """The name on the line under `Sincerely,`."""
        if i + 1 >= len(self._tokens) or not _SIGN_GAP.fullmatch(self._tokens.gap(i)):
            return
        at = i + 1
        if self._tokens.low[at] in TITLES:
            return
        if "\n" in self._tokens.gap(i):
            yield from self._signature_at(self._tokens.starts[at])
        elif self._capital(at) and self._shapes.likeness(at) >= LIKELY:
            yield self._shapes.span(at, max(at, self._name_from(at, UNKNOWN)), 0.75)

    def dealing(self, i: int) -> Iterator[Found]:
        """`discussed with Okafor`, `seen by J. Bell`, `per Kim`, `paged Ruiz`."""
        at = i + 1
        if at >= len(self._tokens) or self._tokens.gap(i) != " " or not self._capital(at):
            return
        if self._shapes.loud:
            if (
                i
                and self._tokens.low[i - 1] in ABOUT_PEOPLE
                and self._shapes.likeness(at) == SURE
                and self._name_from(at, UNKNOWN) > at
            ):
                yield self._shapes.span(at, self._name_from(at, UNKNOWN), 0.7)
            return
        likeness = self._shapes.likeness(at)
        verbs = WITH_PEOPLE if self._tokens.low[i] == "with" else PEOPLE_VERBS
        social = bool(i) and (
            self._tokens.low[i - 1] in verbs
            or (self._tokens.low[i] not in ("with", "by", "per", "via") and self._tokens.low[i - 1] in _WHO)
        )
        if self._tokens.low[i] in ("for", "from", "to", "re", "about"):
            if not i or self._tokens.low[i - 1] not in ABOUT_PEOPLE:
                return
            social = True
        if self._tokens.low[i] == "contact":
            if not _NUMBER_NEXT.match(
                self._tokens.text, self._tokens.ends[max(at, self._name_from(at, UNKNOWN))]
            ):
                return
            social = True
        social = social or self._tokens.low[i] in (
            "seeing",
            "interviewed",
            "counseled",
            "visited",
            "thanked",
            "reminded",
            "reassured",
        )
        wanted = LIKELY if social else SURE
        if likeness < wanted and not (social and likeness == UNKNOWN and self._plain(at)):
            return
        last = max(at, self._name_from(at, UNKNOWN))
        if (
            (self._shapes.shouted(at) and (likeness < SURE or len(self._tokens.low[at]) < 5))
            or self._thing_follows(last)
            or (self._bits(at) & (In.EPONYM | In.BRAND) and not social)
        ):
            return
        yield self._shapes.span(at, last, 0.8 if social else 0.65)

    def credential(self, i: int) -> Iterator[Found]:
        """`Maria Gonzalez, MD`, `J. Bell RN`, `Okafor, NP`."""
        word, low = self._tokens.words[i], self._tokens.low[i]
        if not i or not (word.isupper() or (low in ("pharmd", "phd", "psyd") and word[0].isupper())):
            return
        gap = self._tokens.before(i)
        comma = "," in gap
        if gap.strip() not in ("", ",") or "\n" in gap:
            return
        last = i - 1
        first = last
        while first and last - first < 3 and self._shapes.joined(first - 1) and self._of_a_name(first - 1):
            first -= 1
        if not self._of_a_name(last) or (self._shapes.initial(last) and first == last):
            return
        likeness = [self._shapes.likeness(k) for k in range(first, last + 1)]
        if low in CREDENTIALS_LIKE_WORDS and not (comma and max(likeness) >= SURE):
            return
        if (
            max(likeness) >= LIKELY
            or (comma and first < last and UNKNOWN in likeness)
            or (
                likeness == [UNKNOWN]
                and self._plain(last)
                and (comma or low in ("rn", "lpn", "np", "pa-c", "md"))
            )
        ):
            yield self._shapes.span(first, last, 0.9)

    def myself(self, i: int) -> Iterator[Found]:
        """`I'm Anna from the clinic`, `this is nurse …`, `I am Tom`."""
        low, at = self._tokens.low[i], i + 1
        if low in ("i", "this"):
            if self._tokens.low[at : at + 1] not in (["am"], ["is"]):
                return
            at += 1
        if at >= len(self._tokens) or self._tokens.gap(at - 1) != " ":
            return
        bits = self._bits(at)
        if (
            low.startswith("it")
            and self._capital(at)
            and self._shapes.likeness(at) >= UNKNOWN
            and self._plain(at)
        ):
            if self._tokens.gap(at)[:1] in (".", ",", "!", "\n", ""):
                yield self._shapes.span(at, at, 0.65)
            return
        if (last := self._introduced(at)) >= 0:
            yield self._shapes.span(at, last, 0.75)
        elif (
            self._shapes.likeness(at) == SURE
            and bits & In.GIVEN
            and (self._capital(at) or bits & In.COMMON_GIVEN)
        ):
            last = max(at, self._name_from(at, LIKELY)) if self._capital(at) else self._lower_end(at)
            yield self._shapes.span(at, last, 0.75)

    def asked(self, i: int) -> Iterator[Found]:
        """`are you Anna Bell?`, in lower case too."""
        at = i + 1
        if not i or self._tokens.low[i - 1] != "are" or at >= len(self._tokens) or self._tokens.gap(i) != " ":
            return
        last = at
        while last - at < 2 and self._shapes.joined(last):
            last += 1
        ends = self._tokens.gap(last)[:1] in ("?", ",")
        likeness = [self._shapes.likeness(k) for k in range(at, last + 1)]
        if ends and min(likeness) >= UNKNOWN and (max(likeness) >= LIKELY or self._capital(at)):
            yield self._shapes.span(at, last, 0.7)

    def _introduced(self, at: int) -> int:
        """The last word of a name of one to three words in front of "calling", "speaking", "from"; -1 if it is none."""
        for last in range(at, min(at + 3, len(self._tokens) - 1)):
            low = self._tokens.low[last]
            if (
                self._shapes.likeness(last)
                < (UNKNOWN if last > at or not self._bits(at) & In.WORD else LIKELY)
                and low not in PARTICLES
            ):
                if not (self._bits(last) & NAME and low not in NEVER):
                    return -1
            if not self._shapes.joined(last):
                return -1
            if self._tokens.low[last + 1] in ("calling", "speaking") or (
                self._tokens.low[last + 1] == "from" and last > at
            ):
                return last
        return -1

    # -- what the rules share

    def _capital(self, i: int) -> bool:
        return i < len(self._tokens) and self._tokens.words[i][0].isupper()

    def _bits(self, i: int) -> int:
        return self._shapes.lists.evidence(self._tokens.low[i])

    def _surely(self, i: int) -> bool:
        return i < len(self._tokens) and self._shapes.likeness(i) >= LIKELY

    def _plain(self, i: int) -> bool:
        """Whether an unlisted word is put as names are: one capital, letters, no other capitals but a second one."""
        word = self._tokens.words[i]
        if len(word) < 3 or any(c.isdigit() or c == "_" for c in word):
            return False
        return word[1:].islower() or _TWO_CAPITALS.fullmatch(word) is not None

    def _name_from(self, at: int, least: int) -> int:
        return self._shapes.take(at, least)

    def _lower_end(self, at: int, least: int = SURE) -> int:
        """The last word of a name in lower case: at most two further, each surely a name."""
        last = at
        while last - at < 2 and self._shapes.joined(last) and self._shapes.likeness(last + 1) >= least:
            if self._tokens.low[last + 1] in CREDENTIALS:
                break
            last += 1
        return last

    def _lower_name(self, at: int) -> int:
        """As `_lower_end`, with one more word of no list, if it is long enough not to be a slip of the pen."""
        last = self._lower_end(at, LIKELY)
        nxt = last + 1
        if (
            last == at
            and self._shapes.joined(at)
            and self._shapes.likeness(nxt) == UNKNOWN
            and len(self._tokens.low[nxt]) > 3
        ):
            return last if self._tokens.low[nxt].endswith(("ing", "ed")) else nxt
        return last

    def _last_first(self, at: int) -> int:
        """The end of `Last, First M.` behind a label, -1 if it is not that."""
        last = max(at, self._name_from(at, UNKNOWN))
        nxt = last + 1
        if nxt >= len(self._tokens) or self._tokens.gap(last) not in (", ", ","):
            return -1
        if not self._capital(nxt) or self._tokens.low[nxt] in CREDENTIALS or self._tokens.low[nxt] in NEVER:
            return -1
        if self._shapes.likeness(nxt) < UNKNOWN and not self._shapes.initial(nxt):
            return -1
        return max(nxt, self._name_from(nxt, UNKNOWN))

    def _is_full_line(self, at: int) -> bool:
        """Whether a name from word `at` runs to the end of its line or field."""
        return self._line_ends(max(at, self._name_from(at, UNKNOWN)))

    def _line_ends(self, last: int) -> bool:
        gap = self._tokens.gap(last)
        following = self._tokens.low[last + 1] if last + 1 < len(self._tokens) else ""
        return (
            last + 1 >= len(self._tokens)
            or gap[:1] in ("\n", "\r", ";", "|", "\t")
            or (gap.startswith(("  ", ", ")) and (following in CREDENTIALS or gap.startswith("  ")))
            or following in CREDENTIALS
        )

    def _of_a_name(self, i: int) -> bool:
        return self._shapes.initial(i) or (
            self._capital(i)
            and self._shapes.likeness(i) >= UNKNOWN
            and self._tokens.low[i] not in CREDENTIALS
        )

    def _thing_follows(self, last: int) -> bool:
        after = self._shapes.next_low(last)
        return after in EPONYM_NOUNS or (after in PLACE_NOUNS and self._capital(last + 1))

    def _signature_at(self, offset: int) -> Iterator[Found]:
        """A line that holds a name, perhaps with credentials, and nothing else."""
        at = self._word_at(offset)
        if at < 0 or not self._capital(at) or self._tokens.low[at] in TITLES:
            return
        last = self._name_from(at, UNKNOWN)
        if last < 0:
            return
        likeness = max(self._shapes.likeness(k) for k in range(at, last + 1))
        if likeness >= LIKELY or last > at or (likeness == UNKNOWN and self._is_full_line(at)):
            yield self._shapes.span(at, last, 0.85)

    def _word_at(self, offset: int) -> int:
        low, high = 0, len(self._tokens)
        while low < high:
            middle = (low + high) // 2
            if self._tokens.starts[middle] < offset:
                low = middle + 1
            else:
                high = middle
        return low if low < len(self._tokens) and self._tokens.starts[low] - offset < 4 else -1


_NUMBER_NEXT = re.compile(r"[ ,:(+]{1,4}\d{3}")
_WHOSE = (
    RELATIONS
    | PERSONS
    | ROLE_LABELS
    | TITLES_LIKE_WORDS
    | frozenset(
        "full first last middle maiden given family preferred legal nick sur birth husband wife child applicant sponsor your my his her their employee".split()
    )
)
_MADE = frozenset(
    [
        "manufactured",
        "distributed",
        "marketed",
        "licensed",
        "made",
        "repackaged",
        "produced",
        "supplied",
        "mfd",
        "packaged",
        "sponsored",
        "funded",
    ]
)
_ADDRESS = frozenset("doctor mister missus".split())
_WHO = frozenset(["i", "we", "he", "she", "they", "who", "and", "also"])
_SPEAKERS = (
    RELATIONS
    | PERSONS
    | frozenset(
        [
            "doctor",
            "nurse",
            "provider",
            "clinician",
            "interpreter",
            "therapist",
            "caregiver",
            "caller",
            "physician",
            "parent",
            "family",
        ]
    )
)

_Rule = Callable[[Cues, int], Iterator[Found]]


def _rules() -> dict[str, tuple[_Rule, ...]]:
    table: dict[str, list[_Rule]] = {}
    for entries, rule in (
        (TITLES, Cues.title),
        (TITLES_LIKE_WORDS, Cues.occupation),
        (RELATIONS, Cues.relation),
        (frozenset(("family", "relatives", "relative")), Cues.bracketed),
        (PERSONS, Cues.person),
        (NAME_LABELS | ROLE_LABELS | RELATIONS, Cues.label),
        (ROLE_LABELS | RELATIONS | TITLES_LIKE_WORDS, Cues.being),
        (NAME_LABELS | {"named", "nicknamed"}, Cues.named),
        (GREETINGS, Cues.greeting),
        (SIGN_OFFS, Cues.sign_off),
        (BY | {"for", "from", "to", "re", "contact"}, Cues.dealing),
        (frozenset(("you",)), Cues.asked),
        (CREDENTIALS, Cues.credential),
        (frozenset(("i", "i'm", "i’m", "im", "this", "it's", "it’s")), Cues.myself),
    ):
        for entry in entries:
            table.setdefault(entry, []).append(rule)
    return {entry: tuple(rules) for entry, rules in table.items()}


_RULES = _rules()
