"""Port: a detector of identifiers. Plug point `osler.detectors`.

A detector is a pure function of the text. It must be safe to call from several threads and must not
keep, log or raise with any of the text.

A detector that only computes may say so by an attribute `waits = False`: the gateway then calls it in
its event loop. One without it may be asking a service or be slow, so it is called beside the loop, and
waited for so long only (`server.timeouts.guard_s`).

One whose answers hang on nothing but the text, for as long as it lives, may say so by `lasting = True`: what it said
of a text may then be remembered (`deid.remember`) in place of asking it again. `Span.detector` is kept as it is: it
names the detector or one of its rules and holds none of the text.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from osler.core.spans import Label, Span


@runtime_checkable
class Detector(Protocol):
    """Finds identifiers of one or several kinds."""

    name: str

    def find(self, text: str) -> Iterable[Span]:
        """Spans of identifiers in `text`, in any order, overlaps allowed."""
        ...


@runtime_checkable
class BatchDetector(Detector, Protocol):
    """A detector that is faster over many texts at once. What it finds in one may not depend on the others."""

    def find_many(self, texts: Sequence[str]) -> Sequence[Iterable[Span]]:
        """As `find`, one answer per text, in their order."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownIdentifier:
    """An identifier that is known beforehand (from a patient's record): found literally wherever it stands.

    `birth` marks a date of birth, which is treated more strictly for people over 89.
    """

    label: Label
    value: str = field(repr=False)
    birth: bool = False
