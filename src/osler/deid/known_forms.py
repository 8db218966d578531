"""In how many ways a known identifier may be put: its forms, learned once for a set of identifiers.

`learned(known)` gives the forms of one record's identifiers and keeps those of the records asked for last, since
each request of a patient asks for the same ones again.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from itertools import pairwise

from osler.core.ports.detector import KnownIdentifier
from osler.core.spans import Label
from osler.deid import dates, gazetteers
from osler.deid.gazetteers import In
from osler.deid.name_words import CREDENTIALS, PARTICLES, SUFFIXES, TITLES, TITLES_LIKE_WORDS
from osler.deid.restore import SPACELESS
from osler.deid.tokens import fold, word_set

TOKEN = re.compile(r"(?:[^\W_]|[\u0300-\u036f])+")
KEPT = 64
"""Of how many records at most the forms are kept."""

DROPPED = (
    (TITLES | SUFFIXES | word_set("md rn phd np do esq"))
    | (TITLES_LIKE_WORDS & word_set("ms miss doctor mister"))
    | (CREDENTIALS & word_set("pa-c crna dds"))
)
"""What stands beside a name and is no part of it."""

PREFIXES = word_set(
    "mrn emrn mr ssn id pt acct acc no nr num tel ph phone cell fax npi dob fin csn visit rec record chart",
    "patient hosp member account serial sn udi license lic",
)
"""What may be written into one word with a number: `MRN4471902`."""

YEAR_LIKE = re.compile(r"(?:19|2[0-2])\d\d")
"""A ZIP code that lost its leading 0 somewhere (`2128` of Boston) reads as a year, and so do other short numbers."""

_SPACELESS = re.compile(f"[{SPACELESS}]")
_ABBREVIATIONS = dict(
    pair.split(":")
    for pair in word_set(
        "street:st avenue:ave road:rd drive:dr lane:ln boulevard:blvd court:ct place:pl circle:cir terrace:ter",
        "parkway:pkwy highway:hwy square:sq apartment:apt suite:ste saint:st mount:mt center:ctr fort:ft",
        "north:n south:s east:e west:w",
    )
)
_NUMBERS = frozenset(Label) - {
    *(Label.NAME, Label.LOCATION, Label.DATE, Label.AGE, Label.PHONE, Label.FAX),
    *(Label.EMAIL, Label.URL, Label.IP, Label.PHOTO),
}
_TWO_LETTER_WORDS = word_set(
    "no he me my we us an as at be by do go if in is it of on or so to up am pm hi oh ok re vs eg ie et al",
    "dr mr ms mx st jr sr md rn np pa do pt rx hx dx tx sx fx cc iv im po sc id un ii iv vi ix xi tb bp hr",
)
_LEAST = 4
"""Identifiers of fewer letters and digits are too short to be found by themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One way to put an identifier, as folded words.

    `careful`: prose uses the words (or the last one) too, so that more has to speak for the identifier.
    `initials`: some of the words are initials, which stand for a name in capitals only.
    """

    words: tuple[str, ...] = field(repr=False)
    label: Label
    careful: bool = False
    initials: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """An identifier without its separators, folded."""

    digits: str = field(repr=False)
    label: Label


def normal(word: str) -> str:
    """A word folded and without accents, for comparison only."""
    if word.isascii():
        return word.lower()
    apart = unicodedata.normalize("NFKD", word.casefold())
    return "".join(c for c in apart if not unicodedata.combining(c))


class Learned:
    """The forms of a fixed set of identifiers.

    `forms` and `numbers` are found by their first word and first character; `literals` are looked for as they
    are, those of scripts without blanks inside of words too; `days` and `months` are dates in any form.
    """

    def __init__(self, known: Iterable[KnownIdentifier]) -> None:
        self._lists = gazetteers.load()
        self._seen: set[Form | Number] = set()
        self.forms: dict[str, list[Form]] = {}
        self.numbers: dict[str, list[Number]] = {}
        self.literals: dict[str, Label] = {}
        self.days: set[date] = set()
        self.months: set[tuple[int, int]] = set()
        for identifier in known:
            self._learn(identifier.label, identifier.value.strip())
        for forms in self.forms.values():
            forms.sort(key=lambda f: -len(f.words))

    def _learn(self, label: Label, value: str) -> None:
        if not value or label is Label.AGE:
            return
        if len(value) > 1 and _SPACELESS.search(value):
            self.literals[fold(value)] = label
        if label is Label.DATE:
            self._date(value)
        elif label is Label.NAME:
            self._name(value)
        elif label in (Label.PHONE, Label.FAX):
            self._phone(value, label)
        elif label in _NUMBERS:
            self._number(value, label)
        else:
            self._phrase(value, label)

    def _date(self, value: str) -> None:
        written = dates.read_recorded(value)
        if written is not None and written.year is not None:
            if written.day is not None:
                self.days.add(written.on(written.year))
            else:
                self.months.add((written.year, written.month))

    # -- names

    def _name(self, value: str) -> None:
        parts = _words(value)
        core = [p for p in parts if p not in DROPPED] or parts
        if "," in value and len(core) > 1:
            head = _words(value.split(",")[0])
            given = [p for p in core if p not in head]
            core = [*given, *(p for p in core if p in head)]
            self._form((*(p for p in core if p in head), *given), Label.NAME)
        for words in {tuple(core), tuple(p.rstrip("0123456789") or p for p in core)}:
            if len(words) > 1:
                self._whole_name(words)
            for word in words:
                self._part(word)

    def _whole_name(self, words: tuple[str, ...]) -> None:
        first, last = words[0], words[-1]
        for form in {words, (first, last), (last, first), (last, *words[:-1])}:
            self._form(form, Label.NAME, careful=all(map(self._ordinary, form)))
        letters = [w[0] for w in words[:-1]]
        for initials in {(first[0],), tuple(letters), ("".join(letters),), (first, *letters[1:])}:
            self._form((*initials, last), Label.NAME, careful=self._ordinary(last), initials=True)
        self._form((last, first[0]), Label.NAME, careful=True, initials=True)
        for left, right in pairwise(words):
            # "O'Brien" is two words here and one in "OBrien"
            if len(left) <= 3 and not (left in PARTICLES and right in PARTICLES):
                self._form((left + right,), Label.NAME)
                self._form((left, right), Label.NAME, initials=len(left) == 1)
        surname = words[next((k for k, w in enumerate(words) if w in PARTICLES), len(words) - 1) :]
        self._form(surname, Label.NAME, careful=len(surname) == 1 and self._ordinary(last))
        for run in {"".join(words), "".join(surname), first + last, last + first}:
            # "VanderBerg", "BakerHodgkin"
            if len(run) > 7 and not self._ordinary(run):
                self._form((run,), Label.NAME)
        if any(_SPACELESS.match(w) for w in words):
            self.literals[last + "".join(words[:-1])] = self.literals["".join(words)] = Label.NAME

    def _part(self, word: str) -> None:
        if word in PARTICLES or len(word) < 2 or (len(word) == 2 and word in _TWO_LETTER_WORDS):
            return
        self._form((word,), Label.NAME, careful=self._ordinary(word))

    def _ordinary(self, word: str) -> bool:
        return self._lists.is_ordinary(word)

    # -- numbers and places

    def _phone(self, value: str, label: Label) -> None:
        digits = "".join(c for c in re.split(r"(?i)\s*(?:ext|x)", value)[0] if c.isdecimal())
        if len(digits) == 11 and digits[0] == "1":
            digits = digits[1:]
        self._digits(digits, label)
        if len(digits) == 10:
            self._digits("1" + digits, label)
            self._digits(digits[3:], label)
        elif value.startswith("+"):
            # without the code of the country, which has one to three digits; most put a 0 in its place
            for code in (1, 2, 3):
                if len(digits) - code >= 8:
                    self._digits(digits[code:], label)
                    self._digits("0" + digits[code:], label)

    def _number(self, value: str, label: Label) -> None:
        words = _words(value)
        run = "".join(words)
        digits = sum(map(str.isdecimal, run))
        if digits < 3:
            # an id of letters is looked for as it is written, and not at all where it is a word
            if len(words) > 1 or (len(run) >= _LEAST and not self._is_word(run)):
                self.literals[fold(value)] = label
            return
        self._digits(run, label)
        if run.startswith("0") and len(run.lstrip("0")) >= 5:
            self._digits(run.lstrip("0"), label)
        if len(words) > 1:
            rest = "".join(words[1:])
            if words[0].isalpha() and sum(map(str.isdecimal, rest)) >= 5:
                self._digits(rest, label)
            if len(run) >= _LEAST:
                self._form(tuple(words), label)

    def _is_word(self, word: str) -> bool:
        return bool(self._lists.evidence(word) & (In.ORDINARY | In.WORD | In.CLINICAL | In.BRAND))

    def _phrase(self, value: str, label: Label) -> None:
        words = tuple(_words(value))
        if sum(map(len, words)) < _LEAST:
            return
        careful = len(words) == 1 and (self._ordinary(words[0]) or YEAR_LIKE.fullmatch(words[0]) is not None)
        self._form(words, label, careful=careful)
        if label is Label.LOCATION:
            self._form(tuple(_ABBREVIATIONS.get(w, w) for w in words), label, careful=careful)
            if words and words[-1].isdecimal() and len(words[-1]) == 9:
                self._form((words[-1][:5],), label)

    def _form(
        self, words: tuple[str, ...], label: Label, *, careful: bool = False, initials: bool = False
    ) -> None:
        form = Form(words=words, label=label, careful=careful, initials=initials)
        if words and all(words) and form not in self._seen:
            self._seen.add(form)
            self.forms.setdefault(words[0], []).append(form)

    def _digits(self, digits: str, label: Label) -> None:
        number = Number(digits=digits, label=label)
        if len(digits) >= _LEAST and number not in self._seen and not YEAR_LIKE.fullmatch(digits):
            self._seen.add(number)
            self.numbers.setdefault(digits[0], []).append(number)


@lru_cache(maxsize=KEPT)
def learned(known: tuple[KnownIdentifier, ...]) -> Learned:
    """The forms of `known`, made at first use; read-only, so that threads can share them."""
    return Learned(known)


def _words(value: str) -> list[str]:
    return [word for token in TOKEN.findall(value) if (word := normal(token))]
