"""Replacing the identifiers of one text of a run, by labels or by surrogates that depend on the run's secret."""

import random
from collections.abc import Sequence
from typing import Literal

from osler.core.errors import GuardUnavailable
from osler.core.ports.detector import KnownIdentifier
from osler.core.spans import Span, replace
from osler.deid import Replacer, safe_harbor
from osler.deid.leaks import Leaks

Mode = Literal["spans", "redact", "surrogate"]

_Spans = tuple[Span, ...]


def replaced(
    text: str, spans: _Spans, known: Sequence[KnownIdentifier], *, mode: Mode, secret: bytes
) -> tuple[str, _Spans]:
    """`text` with its identifiers replaced, and the spans that were.

    Raises GuardUnavailable when a known identifier still stands in what would be written.
    """
    if mode == "surrogate":
        rng = random.Random(secret)  # noqa: S311 - seeded with an HMAC under a secret key
        replacer = Replacer(_Found(spans), known=known, transform="surrogate", rng=rng)
        (new,) = replacer.apply((text,))
        (spans,) = replacer.spans
    else:
        new = replace(text, spans, lambda span, _: safe_harbor.label(span))
    if known and Leaks(known, ()).count((new,)):
        raise GuardUnavailable(
            "A known identifier still stands in the replaced text.", remedy="Look at this record by hand."
        )
    return new, spans


class _Found:
    """For a `Replacer`: what was found already, so that it is not looked for twice."""

    def __init__(self, spans: _Spans) -> None:
        self._spans = spans

    def find_all(self, texts: Sequence[str], known: Sequence[KnownIdentifier] = ()) -> tuple[_Spans, ...]:
        """The spans of the one text."""
        return (self._spans,) * len(texts)
