"""Phrases as data, found in a question's words.

A phrase is words separated by blanks; `word*` stands for every word that begins so, `<class>` for
the words of a class, and `..` for up to four words in between. Matches are given as the positions
of the words that the phrase names, the gap's words not among them.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

_GAP = r"(?:\S+ ){0,4}?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """A compiled phrase. `label` says what it means; `first` is its first word when that is fixed."""

    label: str
    pattern: re.Pattern[str]
    width: int
    first: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A phrase found: the positions of its words."""

    label: str
    at: tuple[int, ...]
    text: str

    @property
    def span(self) -> frozenset[int]:
        """The positions as a set."""
        return frozenset(self.at)


def compile_phrase(label: str, text: str, classes: Mapping[str, Iterable[str]]) -> Phrase:
    """`text` as a Phrase. Raises KeyError for a class that is not in `classes`."""
    parts = [_part(word, classes) for word in text.split() if word != ".."]
    pattern = ""
    for word in text.split():
        if word == "..":
            pattern += _GAP
        else:
            pattern += f"({_part(word, classes)}) "
    first = text.split()[0]
    fixed = first if first.isalnum() else ""
    return Phrase(
        label=label, pattern=re.compile(f"(?<= ){pattern}"), width=len(parts), first=fixed, text=text
    )


def find(phrases: Iterable[Phrase], tokens: list[str]) -> Iterator[Match]:
    """Every match of every phrase in `tokens`, overlapping ones too."""
    line = f" {' '.join(tokens)} "
    present = set(tokens)
    starts = {}
    at = 1
    for number, token in enumerate(tokens):
        starts[at] = number
        at += len(token) + 1
    for phrase in phrases:
        if phrase.first and phrase.first not in present:
            continue
        for found in phrase.pattern.finditer(line):
            positions = tuple(starts[found.start(group)] for group in range(1, phrase.width + 1))
            yield Match(label=phrase.label, at=positions, text=phrase.text)


def longest(matches: Iterable[Match], taken: frozenset[int] = frozenset()) -> list[Match]:
    """Of matches that share a word the one with more words, then the one that comes first; none in `taken`."""
    kept: list[Match] = []
    used = set(taken)
    for match in sorted(matches, key=lambda m: (-len(m.at), m.at)):
        if not used & match.span:
            kept.append(match)
            used |= match.span
    return kept


def _part(word: str, classes: Mapping[str, Iterable[str]]) -> str:
    if word.startswith("<"):
        return "|".join(re.escape(w) for w in classes[word[1:-1]])
    if word.endswith("*"):
        return re.escape(word[:-1]) + r"\S*"
    return re.escape(word)
