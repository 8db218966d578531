"""Known names written with a slip of the pen: one letter wrong, missing, too many or swapped with its neighbour.

Words of the names are indexed by what is left of them without one letter; a word of the text that shares such a rest
is one edit away at most. Short words (under five letters) and everyday words are left alone, for there a slip cannot
be told from another word. Time grows with the text, not with the number of names.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from osler.core.ports.detector import KnownIdentifier
from osler.core.spans import Label, Span
from osler.deid import gazetteers
from osler.deid.gazetteers import In
from osler.deid.tokens import fold

DETECTOR = "known"
_SCORE = 0.9
_LEAST = 5
_WORD = re.compile(r"[^\W\d_]{4,}")
_ASCII_WORD = re.compile(r"[a-z]{4,}")
"""The same in folded ASCII, in half the time."""
_COMMON = In.WORD | In.ORDINARY | In.CLINICAL | In.BRAND | In.EPONYM


class FuzzyNames:
    """Finds words that are one slip away from a word of the given names."""

    def __init__(self, known: Iterable[KnownIdentifier]) -> None:
        self._exact: set[str] = set()
        self._rests: dict[str, set[str]] = {}
        self._shapes: set[tuple[str, int]] = set()
        for identifier in known:
            if identifier.label is Label.NAME:
                for match in _WORD.finditer(fold(identifier.value)):
                    word = match.group()
                    if len(word) >= _LEAST and word not in self._exact:
                        self._exact.add(word)
                        self._shapes.update((c, len(word) + k) for c in word[:2] for k in (-1, 0, 1))
                        for rest in _rests(word):
                            self._rests.setdefault(rest, set()).add(word)

    def find(self, text: str) -> Iterator[Span]:
        """Spans of words that a slip may have made of a name; the exact words are not among them."""
        if not self._exact:
            return
        low, shapes = fold(text), self._shapes
        # the first letter and the length tell most words from all names
        found = (_ASCII_WORD if low.isascii() else _WORD).findall(low)
        words = {w for w in found if (w[0], len(w)) in shapes} - self._exact
        evidence = gazetteers.load().evidence
        near = {word for word in words if self._is_near(word) and not evidence(word) & _COMMON}
        if not near:
            return
        for match in _WORD.finditer(low):
            if match.group() in near:
                yield Span(
                    start=match.start(), end=match.end(), label=Label.NAME, score=_SCORE, detector=DETECTOR
                )

    def _is_near(self, word: str) -> bool:
        near: set[str] = set(self._rests.get(word, ()))
        for rest in _rests(word):
            near |= self._rests.get(rest, set())
            if rest in self._exact:
                near.add(rest)
        return any(_one_slip(word, name) for name in near)


@lru_cache(maxsize=64)
def fuzzy_names(known: tuple[KnownIdentifier, ...]) -> FuzzyNames:
    """The finder of a record's or a roster's names, which will be asked for again."""
    return FuzzyNames(known)


def _rests(word: str) -> set[str]:
    return {word[:i] + word[i + 1 :] for i in range(len(word))}


def _one_slip(word: str, name: str) -> bool:
    """Whether one letter wrong, missing, too many or swapped makes `word` of `name`; the first letters agree."""
    if word[0] != name[0] and word[:2] != name[1::-1]:
        return False
    if len(word) == len(name):
        wrong = [i for i in range(len(word)) if word[i] != name[i]]
        if len(wrong) == 2:
            i, j = wrong
            return j == i + 1 and word[i] == name[j] and word[j] == name[i]
        return len(wrong) == 1
    short, long = sorted((word, name), key=len)
    return len(long) - len(short) == 1 and any(long[:i] + long[i + 1 :] == short for i in range(len(long)))
