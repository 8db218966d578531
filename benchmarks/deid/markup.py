"""Read the inline markup of the source documents: `[[LABEL|text]]` is an identifier, everything else is plain text."""

import re
from dataclasses import dataclass

LABELS = (
    "NAME", "LOCATION", "DATE", "AGE", "PHONE", "FAX", "EMAIL", "SSN", "MRN", "HEALTH_PLAN", "ACCOUNT", "LICENSE",
    "VEHICLE", "DEVICE", "URL", "IP", "BIOMETRIC", "PHOTO", "OTHER_ID",
)  # fmt: skip

_MARK = re.compile(r"\[\[([A-Z_]+)\|([^\[\]|]+)\]\]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """A stretch of a source document; `label` is empty for plain text."""

    label: str
    text: str


def parse(source: str) -> list[Piece]:
    """The pieces of a marked-up document in order. Raises ValueError for an unknown label or broken markup."""
    pieces: list[Piece] = []
    at = 0
    for mark in _MARK.finditer(source):
        if mark.start() > at:
            pieces.append(Piece(label="", text=source[at : mark.start()]))
        if mark[1] not in LABELS:
            raise ValueError(f"unknown label {mark[1]}")
        if mark[2] != mark[2].strip():
            raise ValueError(f"space at the edge of a {mark[1]} identifier at offset {mark.start()}")
        pieces.append(Piece(label=mark[1], text=mark[2]))
        at = mark.end()
    if at < len(source):
        pieces.append(Piece(label="", text=source[at:]))
    if any("[[" in piece.text or "]]" in piece.text for piece in pieces):
        raise ValueError("broken markup")
    return pieces


def render(pieces: list[Piece]) -> tuple[str, list[dict[str, int | str]]]:
    """The text without markup, and its spans (`start`, `end` in Unicode code points, `label`), sorted."""
    spans: list[dict[str, int | str]] = []
    at = 0
    for piece in pieces:
        if piece.label:
            spans.append({"start": at, "end": at + len(piece.text), "label": piece.label})
        at += len(piece.text)
    return "".join(piece.text for piece in pieces), spans
