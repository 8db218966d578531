"""Replacing the identifiers of one text of a run, by labels or by surrogates that depend on the run's secret."""

import random
from collections.abc import Sequence
from typing import Literal

from osler.core.errors import GuardUnavailable
from osler.core.ports.detector import KnownIdentifier
from osler.core.spans import Span, replace
from osler.deid import Deidentifier, Replacer, safe_harbor
from osler.deid.leaks import Leaks

Mode = Literal["spans", "redact", "surrogate"]


def replaced(
    engine: Deidentifier,
    text: str,
    spans: tuple[Span, ...],
    known: Sequence[KnownIdentifier],
    *,
    mode: Mode,
    secret: bytes,
) -> tuple[str, tuple[Span, ...]]:
    """`text` with its identifiers replaced, and the spans that were.

    Raises GuardUnavailable when a known identifier still stands in what would be written.
    """
    if mode == "surrogate":
        replacer = Replacer(
            engine,
            known=known,
            transform="surrogate",
            rng=random.Random(secret),  # noqa: S311
        )
        (new,) = replacer.apply((text,))
        (spans,) = replacer.spans
    else:
        new = replace(text, spans, lambda span, _: safe_harbor.label(span))
    if known and Leaks(known, ()).count((new,)):
        raise GuardUnavailable(
            "A known identifier still stands in the replaced text.", remedy="Look at this record by hand."
        )
    return new, spans
