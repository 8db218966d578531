"""What is the same for the search in any database: the phrases of a query, and what is said of a lost index."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from osler.core.errors import StoreError

MAX_PHRASES = 256
"""How many different words or phrases of a query count: the first ones."""

MAX_HITS = 10_000
"""Hits of one search, at most."""


def lost() -> StoreError:
    """The error for a search that is missing, damaged or out of step with the stored texts."""
    return StoreError(
        "The search over the stored texts is missing or damaged; the texts themselves are kept apart from it.",
        remedy="Make it anew: osler kb rebuild",
    )


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
