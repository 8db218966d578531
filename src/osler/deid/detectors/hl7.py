"""Identifiers in pasted HL7 v2 segments, by their place: one parser, asked by each detector for its own label.

It reads pipes, carets and tildes as HL7 v2.x does by default and checks no message; it is for text in which
someone pasted segments, not a reader of the format.
"""

import re
from collections.abc import Iterator

from osler.core.spans import Label, Span

_SEGMENT = re.compile(
    r"^[ \t]*(MSH|EVN|PID|PD1|NK1|PV1|PV2|IN1|IN2|GT1|ORC|OBR|OBX|DG1|AL1|SCH|TXA|FT1|MRG)\|.*$", re.M
)

_PERSON, _WHOLE, _FIRST = "person", "whole", "first"
_NAMED = "person with a number first"

_PLACES: dict[tuple[str, int], tuple[Label, str]] = {
    ("PID", 2): (Label.MRN, _FIRST),
    ("PID", 3): (Label.MRN, _FIRST),
    ("PID", 4): (Label.MRN, _FIRST),
    ("PID", 5): (Label.NAME, _PERSON),
    ("PID", 6): (Label.NAME, _PERSON),
    ("PID", 7): (Label.DATE, "date"),
    ("PID", 9): (Label.NAME, _PERSON),
    ("PID", 11): (Label.LOCATION, "address"),
    ("PID", 13): (Label.PHONE, _FIRST),
    ("PID", 14): (Label.PHONE, _FIRST),
    ("PID", 18): (Label.ACCOUNT, _FIRST),
    ("PID", 19): (Label.SSN, _FIRST),
    ("PID", 20): (Label.LICENSE, _FIRST),
    ("PID", 21): (Label.MRN, _FIRST),
    ("PID", 23): (Label.LOCATION, _WHOLE),
    ("PID", 29): (Label.DATE, "date"),
    ("NK1", 2): (Label.NAME, _PERSON),
    ("NK1", 4): (Label.LOCATION, "address"),
    ("NK1", 5): (Label.PHONE, _FIRST),
    ("NK1", 6): (Label.PHONE, _FIRST),
    ("GT1", 2): (Label.ACCOUNT, _FIRST),
    ("GT1", 3): (Label.NAME, _PERSON),
    ("GT1", 5): (Label.LOCATION, "address"),
    ("GT1", 6): (Label.PHONE, _FIRST),
    ("IN1", 16): (Label.NAME, _PERSON),
    ("IN1", 18): (Label.DATE, "date"),
    ("IN1", 19): (Label.LOCATION, "address"),
    ("IN1", 8): (Label.HEALTH_PLAN, _FIRST),
    ("IN1", 36): (Label.HEALTH_PLAN, _FIRST),
    ("IN1", 49): (Label.HEALTH_PLAN, _FIRST),
    ("PV1", 7): (Label.NAME, _NAMED),
    ("PV1", 8): (Label.NAME, _NAMED),
    ("PV1", 9): (Label.NAME, _NAMED),
    ("PV1", 17): (Label.NAME, _NAMED),
    ("PV1", 19): (Label.OTHER_ID, _FIRST),
    ("PV1", 44): (Label.DATE, "date"),
    ("PV1", 45): (Label.DATE, "date"),
    ("PD1", 4): (Label.NAME, _NAMED),
    ("EVN", 2): (Label.DATE, "date"),
    ("MSH", 4): (Label.LOCATION, _WHOLE),
    ("MSH", 6): (Label.LOCATION, _WHOLE),
    ("MSH", 7): (Label.DATE, "date"),
    ("MSH", 10): (Label.OTHER_ID, _WHOLE),
    ("ORC", 2): (Label.OTHER_ID, _FIRST),
    ("ORC", 3): (Label.OTHER_ID, _FIRST),
    ("ORC", 9): (Label.DATE, "date"),
    ("ORC", 12): (Label.NAME, _NAMED),
    ("OBR", 2): (Label.OTHER_ID, _FIRST),
    ("OBR", 3): (Label.OTHER_ID, _FIRST),
    ("OBR", 7): (Label.DATE, "date"),
    ("OBR", 14): (Label.DATE, "date"),
    ("OBR", 16): (Label.NAME, _NAMED),
    ("OBR", 22): (Label.DATE, "date"),
    ("OBX", 14): (Label.DATE, "date"),
    ("OBX", 16): (Label.NAME, _NAMED),
    ("DG1", 5): (Label.DATE, "date"),
    ("AL1", 6): (Label.DATE, "date"),
    ("MRG", 1): (Label.MRN, _FIRST),
}
"""Segment and field to the label of what stands there and how to read it (HL7 v2.5.1, chapters 2, 3, 4, 6, 7)."""

_STATE = re.compile(r"[A-Z]{2}")
_DAY = re.compile(r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_PARTS = re.compile(r"[^~^&]+")


def find(text: str, label: Label, detector: str) -> Iterator[Span]:
    """Spans of `label` in the HL7 segments of `text`; none, and fast, where there are no segments."""
    if "|" not in text:
        return
    for segment in _SEGMENT.finditer(text):
        kind = segment.group(1)
        at = segment.start(1)
        # MSH-1 is the separator itself, so that its fields count one further
        number = 1 if kind == "MSH" else 0
        for piece in segment.group().lstrip().split("|"):
            place = _PLACES.get((kind, number)) if piece != kind else None
            if place and piece and place[0] is label:
                for start, end in _read(piece, place[1]):
                    yield Span(start=at + start, end=at + end, label=label, score=0.97, detector=detector)
            at += len(piece) + 1
            number += 1


def _read(field: str, how: str) -> Iterator[tuple[int, int]]:
    if how == "date":
        if match := _DAY.match(field):
            yield match.span()
        return
    offset = 0
    for repetition in field.split("~"):
        for number, part in enumerate(_PARTS.finditer(repetition)):
            if _wanted(how, number, part.group()):
                yield offset + part.start(), offset + part.end()
        offset += len(repetition) + 1


def _wanted(how: str, number: int, part: str) -> bool:
    if not any(c.isalnum() for c in part):
        return False
    if how == _WHOLE:
        return True
    if how == _FIRST:
        return number == 0
    letters = any(c.isalpha() for c in part)
    if how == _PERSON:
        return number < 3 and letters
    if how == _NAMED:
        return number < 4 and (letters or number == 0)
    return number < 6 and not _STATE.fullmatch(part) and part not in ("USA", "US", "H", "M")
