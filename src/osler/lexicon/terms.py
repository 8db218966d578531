"""Finds many fixed terms in a text at once, in time linear in the text.

`TermIndex` is built from `Term`s and gives the non-overlapping hits of a text from left to right, the
longest first where several start at one place. A term matches on whole words, in any case, whether its
words are parted by a blank, a hyphen or a line break, and with or without accents; an `exact` term matches
in its own case only. It does not stem, correct spelling, or know what a term means.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

Value = TypeVar("Value")

# Letters and digits part company, so that "aspirin75mg" holds "aspirin" and "5FU" equals "5-FU".
_WORD = re.compile(r"[^\W\d_]+|\d+")
_DASHES = "-‐‑–"
_SLASHES = frozenset("/+&")
# Bounded on purpose: an open-ended run of blanks would make a walk quadratic.
_STEP = re.compile(rf"(\s{{0,3}}[{_DASHES}/+&'’]?\s{{0,3}})([^\W\d_]+|\d+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Term(Generic[Value]):
    """What to look for and what it stands for. The first of two equal terms wins."""

    text: str
    value: Value
    exact: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Hit(Generic[Value]):
    """A term found at text[start:end], in code points."""

    start: int
    end: int
    value: Value


class _Node(Generic[Value]):
    __slots__ = ("children", "exact", "loose")

    def __init__(self) -> None:
        self.children: dict[str, _Node[Value]] = {}
        self.loose: list[Value] = []  # at most one
        self.exact: dict[tuple[str, ...], Value] = {}


class TermIndex(Generic[Value]):
    """A tree of words: each path from the root spells one term."""

    def __init__(self, terms: Iterable[Term[Value]]) -> None:
        self._root: _Node[Value] = _Node()
        for term in terms:
            self._add(term)

    def find(self, text: str) -> Iterator[Hit[Value]]:
        """The hits in `text`, in order, none overlapping another."""
        roots = self._root.children
        resume = 0
        for word in _WORD.finditer(text):
            node = roots.get(_folded(word.group()))
            if node is None or word.start() < resume or _within_word(text, word.start()):
                continue
            longest = _longest(text, node, word.start(), word.end())
            if longest is not None:
                resume, value = longest
                yield Hit(start=word.start(), end=resume, value=value)

    def begun(self, text: str, start: int, word_end: int, end: int) -> tuple[tuple[Value, ...], bool]:
        """What begins with the word text[start:word_end], in a text that is known up to `end`.

        The values of all terms that stand there, shorter ones too, and whether what follows may still make a
        longer one of them.
        """
        node = self._root.children.get(_folded(text[start:word_end]))
        if node is None or _within_word(text, start):
            return (), False
        found: list[Value] = []
        still_open = _walked(text, node, (start, word_end, end), found)
        return tuple(found), still_open

    def _add(self, term: Term[Value]) -> None:
        node = self._root
        end = 0
        for number, word in enumerate(_WORD.finditer(term.text)):
            key = _folded(word.group())
            if number and not _SLASHES.isdisjoint(term.text[end : word.start()]):
                key = "/" + key
            node = node.children.setdefault(key, _Node())
            end = word.end()
        if not end:
            raise ValueError(f"the term {term.text!r} holds no word")
        if term.exact:
            node.exact.setdefault(tuple(_WORD.findall(term.text)), term.value)
        elif not node.loose:
            node.loose.append(term.value)


def _folded(word: str) -> str:
    """A word in lower case and without accents: "Paracétamol" is "paracetamol"."""
    lower = word.lower()
    if lower.isascii():
        return lower
    return "".join(c for c in unicodedata.normalize("NFD", lower) if not unicodedata.combining(c))


def words(text: str) -> list[str]:
    """The words of a text as the index sees them."""
    return _WORD.findall(text)


def joined(term: str) -> Iterator[str]:
    """The term with one or more of its hyphens closed up: "beta-blocker" gives "betablocker"."""
    seen = {term}
    pending = [term]
    while pending:
        current = pending.pop()
        for place in _closable(current):
            closed = current[:place] + current[place + 1 :]
            if closed not in seen:
                seen.add(closed)
                pending.append(closed)
                yield closed


def inflected(term: str) -> Iterator[str]:
    """The plural of a singular and the singular of a plural, by the endings that class names take."""
    if term.endswith("ies"):
        yield term[:-3] + "y"
    elif term.endswith("s") and not term.endswith("ss"):
        yield term[:-1]
    elif term.endswith("y") and not term.endswith(("ay", "ey", "oy")):
        yield term[:-1] + "ies"
    else:
        yield term + "s"


def _within_word(text: str, place: int) -> bool:
    """Whether a word that starts at `place` is the tail of something else: "CCB" in "2CCB"."""
    return place > 0 and text[place - 1].isalnum()


def _closable(term: str) -> Iterator[int]:
    # Short heads ("K-Tab", "5-HT") would close up into other people's abbreviations.
    for found in re.finditer(r"(?<=[^\W\d_]{2})-(?=[^\W\d_]{2})", term):
        yield found.start()


def _longest(text: str, node: _Node[Value], start: int, end: int) -> tuple[int, Value] | None:
    """The furthest end of a term that passes through `node`, and what it stands for."""
    best = _here(text, node, start, end)
    if not node.children:
        return best
    step = _STEP.match(text, end)
    if step is None:
        return best
    for edge in _edges(step.group(1), _folded(step.group(2))):
        child = node.children.get(edge)
        deeper = _longest(text, child, start, step.end()) if child is not None else None
        if deeper is not None and (best is None or deeper[0] > best[0]):
            best = deeper
    return best


def _walked(text: str, node: _Node[Value], places: tuple[int, int, int], found: list[Value]) -> bool:
    """Collect the values on all ways through `node`; whether one of them ends where the text does.

    `places`: where the first word starts, where the last one ends, where the text ends.
    """
    start, at, end = places
    here = _here(text, node, start, at)
    if here is not None:
        found.append(here[1])
    if not node.children:
        return False
    step = _STEP.match(text, at, end)
    if step is None:
        return not text[at:end].strip()
    still_open = False
    for edge in _edges(step.group(1), _folded(step.group(2))):
        child = node.children.get(edge)
        if child is not None and _walked(text, child, (start, step.end(), end), found):
            still_open = True
    return still_open


def _here(text: str, node: _Node[Value], start: int, end: int) -> tuple[int, Value] | None:
    if node.exact:
        value = node.exact.get(tuple(_WORD.findall(text, start, end)))
        if value is not None:
            return end, value
    return (end, node.loose[0]) if node.loose else None


def _edges(gap: str, word: str) -> tuple[str, ...]:
    """The edges that a gap between two words may stand for; a slash edge starts with "/"."""
    mark = gap.strip()
    if "\n" in gap:
        # A line break may wrap a term, but a list bullet or a blank line starts something new.
        return () if mark or gap.count("\n") > 1 else (word,)
    if not mark or mark in "'’":
        return (word,)
    if mark not in _DASHES:
        return ("/" + word,)
    return (word, "/" + word) if mark == gap else ("/" + word,)
