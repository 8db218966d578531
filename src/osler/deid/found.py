"""What was found in texts that belong together, kept so that texts which join them later need no second look at all."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from osler.core.ports.detector import KnownIdentifier
from osler.core.spans import Span

Spans = tuple[tuple[Span, ...], ...]
"""Spans per text, sorted, without overlap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What `Deidentifier.detect` gives. It holds the texts and must live no longer than their request.

    `alone` is what each text gave before what was found in one was looked for in all; `spans` is the outcome.
    `known` are the identifiers of the record that were looked for, `realm` is for whom.
    """

    texts: tuple[str, ...] = field(repr=False)
    known: tuple[KnownIdentifier, ...] = field(repr=False)
    alone: Spans = field(repr=False)
    spans: Spans = field(repr=False)
    realm: str = ""

    def begins(self, texts: Sequence[str], known: Sequence[KnownIdentifier]) -> bool:
        """Whether its texts are the first of `texts`, looked at with the same `known`."""
        return tuple(texts[: len(self.texts)]) == self.texts and tuple(known) == self.known
