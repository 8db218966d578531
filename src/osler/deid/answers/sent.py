"""What was sent to the model: what stands there is no invention of its own, and is not taken out of its answer."""

import re
from collections.abc import Sequence
from functools import cached_property

from osler.core.spans import Label
from osler.deid import dates
from osler.deid.answers.words import STREETS, ordinary
from osler.deid.tokens import WORD, fold

_NUMBER = re.compile(r"[+(]?\d[\d ().,/_–‑\-]*\d|\d")
_PART = re.compile(r"[^\W_]+")
_LEAST_BARE = 5


class Sent:
    """The texts that went out, asked whether a value stands in them. Nothing is read before the first question."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = tuple(texts)

    def holds(self, label: Label, value: str) -> bool:
        """Whether `value` stands there, in whatever case, grouping of digits, or layout of a date.

        A name or an address does when all of its words do, for a model takes them apart and turns them round.
        """
        if not self._texts:
            return False
        key = " ".join(fold(value).split())
        if _stands(self._text, key):
            return True
        if label is Label.NAME:
            words = name_words(value)
            return bool(words) and all(self._names(word) for word in words)
        if label is Label.LOCATION:
            parts = [part for part in _PART.findall(key) if part not in STREETS]
            return bool(parts) and self._parts.issuperset(parts)
        if label is Label.DATE:
            return bool(_days(value) & self._dates)
        digits = "".join(filter(str.isdecimal, key))
        abroad = (digits, "1" + digits, digits.removeprefix("1"))
        return len(digits) >= _LEAST_BARE and not self._numbers.isdisjoint(abroad)

    def _names(self, word: str) -> bool:
        """Whether a folded word stands there as a name: with a capital where prose has the word too."""
        return word in self._capitals or (word in self._parts and not ordinary(word))

    @cached_property
    def _text(self) -> str:
        return " ".join(fold("\n".join(self._texts)).split())

    @cached_property
    def _parts(self) -> frozenset[str]:
        return frozenset(_PART.findall(self._text))

    @cached_property
    def _capitals(self) -> frozenset[str]:
        found = (word for text in self._texts for word in WORD.findall(text) if word[0].isupper())
        return frozenset(part for word in found for part in parts(fold(word)))

    @cached_property
    def _dates(self) -> frozenset[tuple[int, int, int]]:
        return frozenset(day for text in self._texts for day in _days(text))

    @cached_property
    def _numbers(self) -> frozenset[str]:
        found: set[str] = set()
        for text in self._texts:
            for match in _NUMBER.finditer(text):
                found.update(map(bare, (match.group(), *match.group().split())))
        return frozenset(found)


def _days(text: str) -> set[tuple[int, int, int]]:
    """The days that a text names in any layout, as year, month and day."""
    folded = fold(text)
    found = set()
    for pattern in (dates.NUMERIC, dates.MONTH_FIRST, dates.DAY_FIRST, dates.COMPACT):
        for match in pattern.finditer(folded):
            for written in dates.read_all(match.group().rstrip(" ,.-/\n")):
                if written.day and written.year is not None:
                    found.add((written.year, written.month, written.day))
    return found


def name_words(value: str) -> list[str]:
    """The folded words of a name, without possessives; initials are left out."""
    words = (part for word in WORD.findall(fold(value)) for part in parts(word))
    return [word for word in words if len(word) > 1]


def parts(word: str) -> tuple[str, ...]:
    """A folded word without its possessive, and its hyphenated parts."""
    stem = word.removesuffix("'s").removesuffix("’s")
    return tuple(stem.split("-")) if "-" in stem else (stem,)


def bare(value: str) -> str:
    """Letters and digits alone."""
    return "".join(c for c in value if c.isalnum())


def _stands(text: str, key: str) -> bool:
    at = text.find(key) if key else -1
    while at >= 0:
        before, after = text[at - 1 : at], text[at + len(key) : at + len(key) + 1]
        if not (before.isalnum() and key[0].isalnum()) and not (after.isalnum() and key[-1].isalnum()):
            return True
        at = text.find(key, at + 1)
    return False
