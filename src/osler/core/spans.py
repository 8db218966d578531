"""Spans of text that hold an identifier, their labels, and the little algebra on them.

Offsets are Unicode code points of the text as given, half open. Labels are the identifier classes
of 45 CFR 164.514(b)(2)(i)(A)-(R).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum


class Label(StrEnum):
    """The kinds of identifier that Osler tells apart."""

    NAME = "NAME"
    LOCATION = "LOCATION"
    DATE = "DATE"
    AGE = "AGE"
    PHONE = "PHONE"
    FAX = "FAX"
    EMAIL = "EMAIL"
    SSN = "SSN"
    MRN = "MRN"
    HEALTH_PLAN = "HEALTH_PLAN"
    ACCOUNT = "ACCOUNT"
    LICENSE = "LICENSE"
    VEHICLE = "VEHICLE"
    DEVICE = "DEVICE"
    URL = "URL"
    IP = "IP"
    BIOMETRIC = "BIOMETRIC"
    PHOTO = "PHOTO"
    OTHER_ID = "OTHER_ID"


SAFE_HARBOR: dict[Label, str] = {
    Label.NAME: "A",
    Label.LOCATION: "B",
    Label.DATE: "C",
    Label.AGE: "C",
    Label.PHONE: "D",
    Label.FAX: "E",
    Label.EMAIL: "F",
    Label.SSN: "G",
    Label.MRN: "H",
    Label.HEALTH_PLAN: "I",
    Label.ACCOUNT: "J",
    Label.LICENSE: "K",
    Label.VEHICLE: "L",
    Label.DEVICE: "M",
    Label.URL: "N",
    Label.IP: "O",
    Label.BIOMETRIC: "P",
    Label.PHOTO: "Q",
    Label.OTHER_ID: "R",
}
"""Label to its letter in 45 CFR 164.514(b)(2)(i)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One identifier found in a text: `text[start:end]`, with who found it and how surely (0-1)."""

    start: int
    end: int
    label: Label
    score: float = 1.0
    detector: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(f"a span needs 0 <= start < end, not {self.start}..{self.end}")


def resolve(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Sorted spans without overlap: where two overlap, the surer stays, then the longer.

    What the loser covered beyond the winner is kept as a piece of its own, so that resolving
    never uncovers a character that some detector covered.
    """
    ranked = sorted(spans, key=lambda s: (-s.score, s.start - s.end, s.start, s.label))
    taken: list[Span] = []
    for span in ranked:
        for start, end in _free(span.start, span.end, taken):
            taken.append(
                Span(start=start, end=end, label=span.label, score=span.score, detector=span.detector)
            )
    return tuple(sorted(taken, key=lambda s: s.start))


def _free(start: int, end: int, taken: list[Span]) -> list[tuple[int, int]]:
    pieces = []
    for other in sorted((t for t in taken if t.start < end and t.end > start), key=lambda t: t.start):
        if other.start > start:
            pieces.append((start, other.start))
        start = max(start, other.end)
    if start < end:
        pieces.append((start, end))
    return pieces


def replace(text: str, spans: Iterable[Span], substitute: Callable[[Span, str], str]) -> str:
    """`text` with each span replaced by `substitute(span, its text)`; spans must not overlap."""
    out, at = [], 0
    for span in sorted(spans, key=lambda s: s.start):
        out.append(text[at : span.start])
        out.append(substitute(span, text[span.start : span.end]))
        at = span.end
    out.append(text[at:])
    return "".join(out)


def counts(spans: Iterable[Span]) -> dict[str, int]:
    """How many spans of each label, by label name, in alphabetical order. Holds no PHI."""
    tally: dict[str, int] = {}
    for span in spans:
        tally[span.label.value] = tally.get(span.label.value, 0) + 1
    return dict(sorted(tally.items()))
