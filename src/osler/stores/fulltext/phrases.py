"""The phrases of a query: what is looked for, whatever the database."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

MAX_PHRASES = 256
"""How many different words or phrases of a query count: the first ones."""

MAX_HITS = 10_000
"""Hits of one search, at most."""


def distinct(terms: Sequence[Sequence[str]]) -> list[str]:
    """Every alternative of `terms` as a phrase, each once, the first ones."""
    found: dict[str, str] = {}
    for phrase in _phrases(alternative for group in terms for alternative in group):
        found.setdefault(phrase.casefold(), phrase)
    return list(islice(found.values(), MAX_PHRASES))


def _phrases(alternatives: Iterable[str]) -> Iterator[str]:
    for alternative in alternatives:
        # A NUL would end the expression for FTS5; a lone surrogate cannot be encoded.
        legible = "".join(c if c.isprintable() and c != '"' else " " for c in alternative)
        phrase = " ".join(legible.split())
        if any(c.isalnum() for c in phrase):
            yield phrase
