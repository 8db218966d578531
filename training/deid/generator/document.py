"""What the generator makes: a document with its identifiers, put together from pieces.

A document is kept as a list of `Piece`s until the very end, so that whatever is done to the text (case, typos,
blanks, line ends) is done inside a piece and no offset can go wrong. `render()` joins the pieces.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from osler.core.errors import InputError

LABELS = (
    "NAME",
    "LOCATION",
    "DATE",
    "AGE",
    "PHONE",
    "FAX",
    "EMAIL",
    "SSN",
    "MRN",
    "HEALTH_PLAN",
    "ACCOUNT",
    "LICENSE",
    "VEHICLE",
    "DEVICE",
    "URL",
    "IP",
    "BIOMETRIC",
    "PHOTO",
    "OTHER_ID",
)

Span = tuple[int, int, str]


class TemplateError(InputError):
    """A template cannot be used; the message names its file, its name and the slot. Templates hold no PHI."""

    code = "template_invalid"


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """One generated document. `spans` are (start, end, label) in code points, sorted, none overlapping."""

    text: str = field(repr=False)
    spans: tuple[Span, ...]
    template: str
    style: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """A run of text. `label` is None outside identifiers; `literal` says that a template's author wrote it.

    `kind` is the slot's kind, such as "NAME:full" or "-drug"; empty for literal text.
    """

    text: str = field(repr=False)
    label: str | None = None
    literal: bool = False
    kind: str = ""

    def reworded(self, text: str) -> Piece:
        """The same piece with other text."""
        return replace(self, text=text)


def render(pieces: Iterable[Piece]) -> tuple[str, tuple[Span, ...]]:
    """The joined text and its spans. Blanks at the ends of an identifier are left outside its span."""
    parts: list[str] = []
    spans: list[Span] = []
    at = 0
    for piece in pieces:
        text = piece.text
        if piece.label is not None and (inner := text.strip()):
            start = at + text.index(inner)
            spans.append((start, start + len(inner), piece.label))
        parts.append(text)
        at += len(text)
    return "".join(parts), tuple(spans)
