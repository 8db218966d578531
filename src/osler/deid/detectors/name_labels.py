"""Names behind field labels, in greetings and signatures, and in front of credentials."""

import re
from collections.abc import Iterator

from osler.deid.detectors.name_context import Context, Found
from osler.deid.detectors.name_shapes import LIKELY, NOT, SURE, UNKNOWN, WEAK
from osler.deid.detectors.name_words import (
    CREDENTIALS,
    CREDENTIALS_LIKE_WORDS,
    NAME_LABELS,
    NEVER,
    NOT_PERSON_NAMES,
    PARTICLES,
    PERSONS,
    RELATIONS,
    ROLE_LABELS,
    TITLES,
    TITLES_LIKE_WORDS,
)
from osler.deid.gazetteers import NAME, In
from osler.deid.tokens import word_set

_LABEL_GAP = re.compile(
    r"(?:\(s\)|s\))?[\"'*_\])]{0,3}\s{0,2}(?:\([^()\n]{0,24}\))?\s{0,2}(?:[:=|]|#:|\t)[\s\"'*_\[]{0,6}"
)
_GREETING_GAP = re.compile(r",? ")
_SIGN_GAP = re.compile(r"[,.!]?[ \t]*\n[\s\-–—/]*|, |: ?")

_NUMBER_GAP = re.compile(r"[ \t]{0,2}(?:,|;|-|–|\||\()[ \t]{0,2}|[ \t]{1,3}")

_WHOSE = (
    RELATIONS
    | PERSONS
    | ROLE_LABELS
    | TITLES_LIKE_WORDS
    | word_set(
        "full first last middle maiden given family preferred legal nick sur birth husband wife child",
        "applicant sponsor your my his her their employee",
    )
)
"""Words in front of "name" that make it the name of a person."""

_MADE = word_set(
    "manufactured distributed marketed licensed made repackaged produced supplied mfd packaged sponsored funded"
)
_SPEAKERS = (
    RELATIONS
    | PERSONS
    | word_set(
        "doctor nurse provider clinician interpreter therapist caregiver caller physician parent family"
    )
)
"""Labels that open a turn of a dialogue as well as a field."""


class Labels(Context):
    """One rule for each kind of cue; each takes the number of the cue word."""

    def label(self, i: int) -> Iterator[Found]:
        """`Patient Name: Anna Bell`, `PCP: Okafor`, `"patient_name": "anna"`."""
        gap = _LABEL_GAP.match(self.tokens.text, self.tokens.ends[i])
        at = i + 1
        if gap is None or at >= len(self.tokens) or gap.end() != self.tokens.starts[at]:
            return
        if self.low(at) in TITLES or self.low(at) in TITLES_LIKE_WORDS or self._of_a_thing(i, at):
            return
        if "\n" in gap.group() and self.like(at) < SURE:
            return
        hard = self.low(i) in NAME_LABELS
        if not self.capital(at):
            if hard and self.like(at) >= UNKNOWN and len(self.low(at)) > 1:
                yield from self.name(at, self.lower_end(at, UNKNOWN), 0.85)
        elif self.shapes.initial(at):
            if self.take(at) >= at:
                yield from self.name(at, self.take(at), 0.9)
        elif self.like(at) >= self._least(i, at) or (hard and self._named_like_a_word(at)):
            last = max(self.whole(at), self.last_first(at))
            if not self.thing_follows(last):
                yield from self.name(at, last, 0.93 if hard else 0.85)

    def _named_like_a_word(self, at: int) -> bool:
        """A name that is an everyday word, where only a name can stand."""
        listed = self.like(at) == NOT and self.bits(at) & NAME
        return bool(listed) or (self.low(at) not in NEVER and self.fills_line(at))

    def _least(self, i: int, at: int) -> int:
        """How much the word behind the label at `i` must be like a name."""
        if self.low(i) in NAME_LABELS:
            return UNKNOWN
        if self.low(i) in _SPEAKERS:
            return self._least_spoken(at)
        likeness = self.like(at)
        if self.shapes.shouted(at) and not self.shapes.loud and len(self.low(at)) < 5:
            # "CC: MVC"
            return SURE
        if likeness in (UNKNOWN, WEAK) and (self.fills_line(at) or self.goes_on_as_name(at)):
            return likeness
        return LIKELY

    def _least_spoken(self, at: int) -> int:
        """As `_least`, behind `Patient:`, where the word may as well be the first of a speech."""
        last = max(self.take(at), self.last_first(at))
        if last > at and self.line_ends(last) and self.like(at) >= UNKNOWN:
            return UNKNOWN
        return LIKELY if last > at else SURE

    def _of_a_thing(self, i: int, at: int) -> bool:
        """Whether the label names no person: `Drug name:`, `manufactured by:`, a bare `"name":` of anything."""
        low, before = self.low(i), self.low(i - 1)
        if low == "by":
            return before in _MADE
        if low not in NAME_LABELS:
            return False
        if before in NOT_PERSON_NAMES and self.tokens.before(i).strip("_- ") == "":
            return True
        sure = self.like(at) == SURE or self.goes_on_as_name(at, surely=True)
        return not sure and not self._of_a_person(i)

    def _of_a_person(self, i: int) -> bool:
        """Whether the label `name` says whose: `Patient Name`, `first_name`; or opens its line with a capital."""
        low = self.low(i)
        if low not in ("name", "names"):
            return True
        before = self.tokens.before(i)
        if i and before.strip(" _-/.'’") in ("", "s") and "\n" not in before:
            return self.low(i - 1) in _WHOSE
        return self.capital(i) and before.rstrip(" \t")[-1:] not in ('"', "'", "{", ",")

    def named(self, i: int) -> Iterator[Found]:
        """`a man named Joe`, `my name is anna`, `goes by Lupe`."""
        at = i + 1
        if self.low(i) in NAME_LABELS:
            linked = self.low(at) in ("is", "was")
            if (not linked and self.gap(i)[:2] not in ("'s", "’s")) or self.low(i - 1) in NOT_PERSON_NAMES:
                return
            at += linked
        if not self.low(at) or self.gap(at - 1).strip(" :'’s\"“") != "":
            return
        if self.capital(at) and (self.like(at) >= UNKNOWN or self.bits(at) & In.GIVEN):
            yield from self.name(at, self.whole(at), 0.85)
        elif self.like(at) == SURE:
            yield from self.name(at, self.lower_end(at), 0.75)

    def greeting(self, i: int) -> Iterator[Found]:
        """`Dear Anna,`, `hi Mark!`, `Thanks, Priya`."""
        at = i + 1
        if not self.low(at) or not _GREETING_GAP.fullmatch(self.gap(i)):
            return
        likeness = self.like(at)
        if not self.capital(at):
            common = likeness == SURE and self.bits(at) & In.COMMON_GIVEN
            if common and self.low(i) in ("hi", "hello", "hey", "dear"):
                yield from self.name(at, at, 0.65)
        elif likeness >= LIKELY or (likeness in (UNKNOWN, WEAK) and (likeness == WEAK or self.plain(at))):
            last = self.whole(at)
            closes = self.gap(last)[:1]
            if closes in (",", "!", ".", "\n", "", ":", "?", '"') or (
                likeness >= LIKELY and closes in (" ", "-", ";")
            ):
                yield from self.name(at, last, 0.8)

    def sign_off(self, i: int) -> Iterator[Found]:
        """The name on the line under `Sincerely,`."""
        at = i + 1
        if not self.low(at) or not _SIGN_GAP.fullmatch(self.gap(i)) or self.low(at) in TITLES:
            return
        if "\n" in self.gap(i):
            yield from self.signature_at(self.tokens.starts[at])
        elif self.capital(at) and self.like(at) >= LIKELY:
            yield from self.name(at, self.whole(at), 0.75)

    def numbered(self, i: int) -> Iterator[Found]:
        """`Will Long, MRN 4471902`, `Joy Day (DOB 3/4/1960)`: names that may as well be everyday words."""
        if not _NUMBER_GAP.fullmatch(self.tokens.before(i)) or not self._number_follows(i):
            return
        first = last = i - 1
        while (
            first > 0
            and last - first < 3
            and self.tokens.before(first) in (" ", ". ", ", ")
            and self._may_name(first - 1)
        ):
            first -= 1
        named = any(self.bits(k) & NAME for k in range(first, last + 1))
        if first < last and named and self._may_name(last):
            yield from self.name(first, last, 0.85)

    def _number_follows(self, i: int) -> bool:
        return (
            re.match(
                r"\W{0,4}(?:(?:no|number|in|on)\W{1,2})?[\w-]{0,6}\d",
                self.tokens.text[self.tokens.ends[i] :][:24],
            )
            is not None
        )

    def _may_name(self, i: int) -> bool:
        bits = self.bits(i)
        unlisted = not bits & (In.WORD | In.CLINICAL | In.ORDINARY)
        return (
            self.capital(i)
            and self.low(i) not in NEVER
            and (self.shapes.initial(i) or bool(bits & NAME) or unlisted)
        )

    def credential(self, i: int) -> Iterator[Found]:
        """`Maria Gonzalez, MD`, `J. Bell RN`, `Okafor, NP`."""
        word, low = self.tokens.words[i], self.low(i)
        written = word.isupper() or (low in ("pharmd", "phd", "psyd") and word[0].isupper())
        gap = self.tokens.before(i)
        if not i or not written or gap.strip() not in ("", ",") or "\n" in gap:
            return
        first = last = i - 1
        while first and last - first < 3 and self.shapes.joined(first - 1) and self._of_a_name(first - 1):
            first -= 1
        named = self._of_a_name(last) and not (self.shapes.initial(last) and first == last)
        if named and self._certified(first, last, low, comma="," in gap):
            yield from self.name(first, last, 0.9)

    def _certified(self, first: int, last: int, credential: str, *, comma: bool) -> bool:
        likeness = [self.like(k) for k in range(first, last + 1)]
        if credential in CREDENTIALS_LIKE_WORDS:
            return comma and max(likeness) >= SURE
        if max(likeness) >= LIKELY or (comma and first < last and UNKNOWN in likeness):
            return True
        if comma and self.shapes.initial(first) and self.like(last) >= WEAK:
            return True
        alone = likeness == [UNKNOWN] and self.plain(last)
        return alone and (comma or credential in ("rn", "lpn", "np", "pa-c", "md"))

    def _of_a_name(self, i: int) -> bool:
        if self.shapes.initial(i) or (self.low(i) in PARTICLES and self.tokens.words[i].islower()):
            return True
        return self.capital(i) and self.like(i) >= UNKNOWN and self.low(i) not in CREDENTIALS
