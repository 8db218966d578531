"""Finding identifiers that are known beforehand (a patient's record) wherever they stand, however they are put.

Names are found whole, as "Last, First" and by their parts; numbers with or without separators; dates in any
written form. Encodings (base64, hex, URL escapes) are not looked into. One pass over the words of a text,
with a look-up per word: the time does not grow with the number of identifiers.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from osler.core.ports.detector import KnownIdentifier
from osler.core.spans import Label, Span
from osler.deid import dates, gazetteers
from osler.deid.detectors.name_words import (
    CREDENTIALS,
    EPONYM_NOUNS,
    PARTICLES,
    SUFFIXES,
    TITLES,
    TITLES_LIKE_WORDS,
)
from osler.deid.tokens import fold

DETECTOR = "known"
SCORE = 0.99

_TOKEN = re.compile(r"(?:[^\W_]|[\u0300-\u036f])+")
_GAP = re.compile(r"[\s.,'’()/:_+*#–‑\-]{0,4}")
_NUMBER_GAP = re.compile(r"[ \t.()/_–‑\-]{0,3}")
_SENTENCE_END = re.compile(r"(?:\A|[.!?:;\n•*]\s*|\n\s*)\Z")
_ABBREVIATIONS = {
    "street": "st", "avenue": "ave", "road": "rd", "drive": "dr", "lane": "ln", "boulevard": "blvd", "court": "ct", "place": "pl",
    "circle": "cir", "terrace": "ter", "parkway": "pkwy", "highway": "hwy", "square": "sq", "apartment": "apt", "suite": "ste",
    "north": "n", "south": "s", "east": "e", "west": "w", "saint": "st", "mount": "mt", "center": "ctr", "fort": "ft",
}  # fmt: skip
_NUMBERS = frozenset(
    (
        Label.SSN,
        Label.MRN,
        Label.HEALTH_PLAN,
        Label.ACCOUNT,
        Label.LICENSE,
        Label.VEHICLE,
        Label.DEVICE,
        Label.BIOMETRIC,
        Label.OTHER_ID,
    )
)
_LEAST = 4
"""Identifiers of fewer letters and digits are too short to be found by themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """One way to put an identifier, as words. `careful`: a single word that prose uses too."""

    words: tuple[str, ...] = field(repr=False)
    label: Label
    careful: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Number:
    """An identifier without its separators."""

    digits: str = field(repr=False)
    label: Label


def normal(word: str) -> str:
    """A word folded and without accents, for comparison only."""
    if word.isascii():
        return word.lower()
    apart = unicodedata.normalize("NFKD", word.casefold())
    return "".join(c for c in apart if not unicodedata.combining(c))


class KnownFinder:
    """Finds a fixed set of known identifiers in any number of texts."""

    def __init__(self, known: Iterable[KnownIdentifier]) -> None:
        self._lists = gazetteers.load()
        self._forms: dict[str, list[_Form]] = {}
        self._numbers: dict[str, list[_Number]] = {}
        self._days: set[date] = set()
        self._months: set[tuple[int, int]] = set()
        for identifier in known:
            self._learn(identifier)
        for forms in self._forms.values():
            forms.sort(key=lambda f: -len(f.words))

    def find(self, text: str) -> Iterator[Span]:
        """Spans of the known identifiers in `text`; overlaps are possible."""
        if self._forms or self._numbers:
            yield from self._words(text)
        if self._days or self._months:
            yield from self._dates(text)

    # -- learning

    def _learn(self, identifier: KnownIdentifier) -> None:
        value, label = identifier.value.strip(), identifier.label
        if not value:
            return
        if label is Label.DATE:
            self._learn_date(value)
        elif label is Label.NAME:
            self._learn_name(value)
        elif label in (Label.PHONE, Label.FAX):
            self._learn_phone(value, label)
        elif label in _NUMBERS:
            self._learn_number(value, label)
        elif label is not Label.AGE:
            self._learn_phrase(value, label)

    def _learn_date(self, value: str) -> None:
        written = dates.read(value[:10]) if re.match(r"\d{4}-\d{2}-\d{2}T", value) else dates.read(value)
        if written is not None and written.year is not None:
            if written.day is not None:
                self._days.add(written.on(written.year))
            else:
                self._months.add((written.year, written.month))

    def _learn_name(self, value: str) -> None:
        last_first = "," in value
        parts = [w for w in (normal(t) for t in _TOKEN.findall(value))]
        core = [p for p in parts if p not in _DROP] or parts
        if last_first and len(core) > 1:
            head = [normal(t) for t in _TOKEN.findall(value.split(",")[0])]
            given = [p for p in core if p not in head]
            core = [*given, *(p for p in core if p in head)]
        for words in {tuple(core), tuple(p.rstrip("0123456789") or p for p in core)}:
            self._name_forms(words)

    def _name_forms(self, words: tuple[str, ...]) -> None:
        if len(words) > 1:
            first, last = words[0], words[-1]
            for form in {words, (first, last), (last, first), (last, *words[:-1])}:
                self._add(form, Label.NAME)
            if len(first) > 1:
                self._add((first[0], last), Label.NAME)
            for left, right in zip(words, words[1:], strict=False):
                # "O'Brien" is two words here and one in "OBrien"
                if len(left) <= 3:
                    self._add((left + right,), Label.NAME)
        for word in words:
            if len(word) >= 3 and word not in PARTICLES:
                self._add((word,), Label.NAME, careful=self._lists.is_ordinary(word))

    def _learn_phone(self, value: str, label: Label) -> None:
        digits = "".join(c for c in re.split(r"(?i)\s*(?:ext|x)", value)[0] if c.isdecimal())
        if len(digits) == 11 and digits[0] == "1":
            digits = digits[1:]
        self._number(digits, label)
        if len(digits) == 10:
            self._number("1" + digits, label)
            self._add((digits[3:6], digits[6:]), label)

    def _learn_number(self, value: str, label: Label) -> None:
        joined = "".join(normal(t) for t in _TOKEN.findall(value))
        self._number(joined, label)
        if joined.startswith("0") and len(joined.lstrip("0")) >= 5:
            self._number(joined.lstrip("0"), label)
        if len(_TOKEN.findall(value)) > 1:
            self._add(tuple(normal(t) for t in _TOKEN.findall(value)), label)

    def _learn_phrase(self, value: str, label: Label) -> None:
        words = tuple(normal(t) for t in _TOKEN.findall(value))
        if sum(map(len, words)) < _LEAST:
            return
        careful = len(words) == 1 and self._lists.is_ordinary(words[0])
        self._add(words, label, careful=careful)
        if label is Label.LOCATION:
            self._add(tuple(_ABBREVIATIONS.get(w, w) for w in words), label, careful=careful)
            if words and words[-1].isdecimal() and len(words[-1]) == 9:
                self._add((words[-1][:5],), label)

    def _add(self, words: tuple[str, ...], label: Label, *, careful: bool = False) -> None:
        if words and all(words):
            form = _Form(words=words, label=label, careful=careful)
            forms = self._forms.setdefault(words[0], [])
            if form not in forms:
                forms.append(form)

    def _number(self, digits: str, label: Label) -> None:
        if len(digits) >= _LEAST:
            self._numbers.setdefault(digits[0], []).append(_Number(digits=digits, label=label))

    # -- finding

    def _words(self, text: str) -> Iterator[Span]:
        matches = [(m.start(), m.end()) for m in _TOKEN.finditer(text)]
        keys = [normal(text[a:b]) for a, b in matches]
        for i, key in enumerate(keys):
            if forms := self._forms.get(key):
                for form in forms:
                    if self._fits(text, matches, keys, i, form):
                        yield _span(matches[i][0], matches[i + len(form.words) - 1][1], form.label)
                        break
            if numbers := self._numbers.get(key[0]):
                for number in numbers:
                    last = _spell(text, matches, keys, i, number.digits)
                    if last >= 0:
                        yield _span(matches[i][0], matches[last][1], number.label)

    def _fits(self, text: str, matches: list[tuple[int, int]], keys: list[str], i: int, form: _Form) -> bool:
        count = len(form.words)
        if tuple(keys[i : i + count]) != form.words:
            return False
        if any(not _GAP.fullmatch(text, matches[k][1], matches[k + 1][0]) for k in range(i, i + count - 1)):
            return False
        if count > 1 or form.label not in (Label.NAME, Label.LOCATION):
            return True
        start, end = matches[i]
        word = text[start:end]
        if form.careful:
            follows = keys[i + 1] if i + 1 < len(keys) else ""
            if not word[0].isupper() or (form.label is Label.NAME and follows in EPONYM_NOUNS):
                return False
            return _SENTENCE_END.search(text, max(0, start - 4), start) is None or not word[1:].islower()
        return word[0].isupper() or not word.isascii() or len(word) >= _LEAST

    def _dates(self, text: str) -> Iterator[Span]:
        folded = fold(text)
        for pattern in (dates.NUMERIC, dates.MONTH_FIRST, dates.DAY_FIRST, dates.COMPACT, dates.MONTH_YEAR):
            for match in pattern.finditer(folded):
                end = match.end()
                while end > match.start() and folded[end - 1] in " ,.\n-/":
                    end -= 1
                before = folded[match.start() - 1] if match.start() else " "
                if before.isdecimal():
                    continue
                for written in dates.read_all(text[match.start() : end]):
                    if written.year is None:
                        continue
                    day = written.on(written.year)
                    if (written.full and day in self._days) or (
                        not written.day and (day.year, day.month) in self._months
                    ):
                        yield _span(match.start(), end, Label.DATE)
                        break


_DROP = (
    (TITLES | SUFFIXES | frozenset(["md", "rn", "phd", "np", "do", "esq"]))
    | (TITLES_LIKE_WORDS & frozenset(["ms", "miss", "doctor", "mister"]))
    | (CREDENTIALS & frozenset(["pa-c", "crna", "dds"]))
)


def _span(start: int, end: int, label: Label) -> Span:
    return Span(start=start, end=end, label=label, score=SCORE, detector=DETECTOR)


def _spell(text: str, matches: list[tuple[int, int]], keys: list[str], i: int, digits: str) -> int:
    """The last of the words that together spell `digits` from word `i` on, -1 if they do not."""
    at, k = 0, i
    while digits.startswith(keys[k], at):
        at += len(keys[k])
        if at == len(digits):
            return k
        if k + 1 >= len(keys) or not _NUMBER_GAP.fullmatch(text, matches[k][1], matches[k + 1][0]):
            return -1
        k += 1
    return -1
