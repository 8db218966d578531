"""What was sent to the model: what stands there is no invention of its own, and is not taken out of its answer."""

import re
from collections.abc import Sequence
from functools import cached_property

from osler.core.spans import Label
from osler.deid.tokens import WORD, fold

_NUMBER = re.compile(r"[+(]?\d[\d ().,/_–‑\-]*\d|\d")
_LEAST_BARE = 5


class Sent:
    """The texts that went out, asked whether a value stands in them. Nothing is read before the first question."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = tuple(texts)

    def holds(self, label: Label, value: str) -> bool:
        """Whether `value` stands there: a name by all of its words, all else literally, numbers in any grouping."""
        if not self._texts:
            return False
        if label is Label.NAME:
            words = name_words(value)
            return bool(words) and all(word in self._words for word in words)
        key = " ".join(fold(value).split())
        if _stands(self._text, key):
            return True
        digits = bare(key)
        return len(digits) >= _LEAST_BARE and digits in self._numbers

    @cached_property
    def _text(self) -> str:
        return " ".join(fold("\n".join(self._texts)).split())

    @cached_property
    def _words(self) -> frozenset[str]:
        return frozenset(part for text in self._texts for word in WORD.findall(fold(text)) for part in parts(word))

    @cached_property
    def _numbers(self) -> frozenset[str]:
        found = set()
        for text in self._texts:
            for match in _NUMBER.finditer(text):
                found.add(bare(match.group()))
                found.update(bare(part) for part in match.group().split())
        return frozenset(found)


def name_words(value: str) -> list[str]:
    """The folded words of a name, without possessives; initials are left out."""
    words = (part for word in WORD.findall(fold(value)) for part in parts(word))
    return [word for word in words if len(word) > 1]


def parts(word: str) -> tuple[str, ...]:
    """A folded word without its possessive, and its hyphenated parts."""
    stem = word.removesuffix("'s").removesuffix("’s")
    return tuple(stem.split("-")) if "-" in stem else (stem,)


def bare(value: str) -> str:
    """Digits alone where there are some and no letters; else letters and digits."""
    return "".join(c for c in value if c.isalnum())


def _stands(text: str, key: str) -> bool:
    at = text.find(key) if key else -1
    while at >= 0:
        before, after = text[at - 1 : at], text[at + len(key) : at + len(key) + 1]
        if not (before.isalnum() and key[0].isalnum()) and not (after.isalnum() and key[-1].isalnum()):
            return True
        at = text.find(key, at + 1)
    return False
