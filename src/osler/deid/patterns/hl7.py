"""Identifiers in HL7 v2 segments by segment and field, as they stand in pasted messages.

It reads pipes, carets and tildes as HL7 v2.x does by default and checks no message.
"""

import re
from collections.abc import Iterator

from osler.core.spans import Label
from osler.deid.patterns.page import Page
from osler.deid.patterns.rule import Hit, digits_in

_SEGMENT = re.compile(
    rb"(?:^|(?<=[\r\n\x0b]))[ \t>]{0,8}(msh|evn|pid|pd1|nk1|pv1|pv2|in1|in2|in3|gt1|orc|obr|obx|dg1"
    rb"|pr1|al1|sch|txa|ft1|mrg|spm|acc|rxe|rxa|rxd|stf|pra|aip|cti|rol)\|[^\r\n]*"
)

_PERSON, _WHOLE, _FIRST, _NAMED, _DAY, _ADDRESS, _TELECOM = range(7)

_FIELDS: dict[Label, dict[int, str]] = {
    Label.MRN: {_FIRST: "PID-2 PID-3 PID-4 PID-21 MRG-1 MRG-4 MRG-7 NK1-33"},
    Label.NAME: {
        _PERSON: "PID-5 PID-6 PID-9 NK1-2 NK1-30 GT1-3 GT1-4 IN1-16 MRG-7 STF-3",
        _NAMED: "PV1-7 PV1-8 PV1-9 PV1-17 PV1-52 PD1-4 ORC-10 ORC-11 ORC-12 OBR-16 OBR-28 OBR-32 OBX-16 "
        "DG1-16 TXA-5 TXA-9 TXA-10 AIP-3 ROL-4 RXA-10 PR1-11",
    },
    Label.DATE: {
        _DAY: "PID-7 PID-29 PID-33 EVN-2 EVN-6 MSH-7 PV1-44 PV1-45 PV2-8 PV2-9 ORC-7 ORC-9 ORC-15 ORC-27 "
        "OBR-4 OBR-6 OBR-7 OBR-8 OBR-14 OBR-22 OBR-36 OBX-5 OBX-14 OBX-19 DG1-5 DG1-19 PR1-5"
        " AL1-6 IN1-12 IN1-13 IN1-18 NK1-8 NK1-9 NK1-16 GT1-8 SCH-11 TXA-4 TXA-6 TXA-7 TXA-8 FT1-4 "
        "FT1-5 SPM-17 SPM-18 ACC-1 RXA-3 RXA-4 RXE-1 RXD-3 IN1-24 IN1-29"
    },
    Label.LOCATION: {
        _ADDRESS: "PID-11 PID-12 NK1-4 GT1-5 IN1-5 IN1-19 STF-11 ORC-22 ORC-24",
        _WHOLE: "MSH-4 MSH-6 PID-23 PV1-37 ORC-21",
    },
    Label.PHONE: {
        _TELECOM: "PID-13 PID-14 NK1-5 NK1-6 NK1-31 GT1-6 GT1-7 IN1-7 ORC-14 ORC-23 OBR-17 STF-10 IN2-63"
    },
    Label.ACCOUNT: {_FIRST: "PID-18 GT1-2 PV1-19 PV1-50 MRG-3 MRG-5 FT1-2"},
    Label.SSN: {_FIRST: "PID-19 GT1-12 IN2-2 NK1-37"},
    Label.LICENSE: {_FIRST: "PID-20"},
    Label.HEALTH_PLAN: {_FIRST: "IN1-8 IN1-36 IN1-49 IN2-6 IN2-8 IN2-61"},
    Label.OTHER_ID: {
        _FIRST: "MSH-10 ORC-2 ORC-3 ORC-4 OBR-2 OBR-3 SCH-1 SCH-2 TXA-12 TXA-14 SPM-2 SPM-3 FT1-23 EVN-5 "
        "RXE-15 ORC-8 IN1-14 STF-1 PRA-1"
    },
}


def _places() -> dict[tuple[str, int], tuple[Label, int]]:
    places: dict[tuple[str, int], tuple[Label, int]] = {}
    for label, ways in _FIELDS.items():
        for how, fields in ways.items():
            for name in fields.split():
                segment, number = name.split("-")
                places.setdefault((segment, int(number)), (label, how))
    return places


_PLACES = _places()
"""Segment and field to the label of what stands there and how to read it (HL7 v2.5.1, chapters 2 to 7, 10, 15)."""

_STATE = re.compile(rb"[A-Z]{2,3}")
_DAYS = re.compile(
    rb"(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:(?:0[1-9]|[12]\d"
    rb"|3[01])(?:\d{2,6}(?:\.\d{1,4})?(?:[+-]\d{4})?)?)?(?!\d)|\d{6}(?![\d^])"
)
_ALNUM = re.compile(rb"[0-9A-Za-z\x80-\xff?]")
_LETTER = re.compile(rb"[A-Za-z\x80-\xff]")
_CODES = frozenset(
    (
        b"MR",
        b"MRN",
        b"SS",
        b"PI",
        b"AN",
        b"VN",
        b"H",
        b"M",
        b"F",
        b"B",
        b"L",
        b"D",
        b"USA",
        b"US",
        b"HOME",
        b"PRN",
        b"ORN",
        b"PH",
        b"CP",
        b"FX",
        b"NET",
        b"WPN",
        b"BP",
        b"X400",
        b"Internet",
    )
)


def find(page: Page, hits: list[Hit]) -> None:
    """Adds what stands in HL7 segments to `hits`; at once done where there is no pipe."""
    data = page.data
    if b"|" not in data:
        return
    for segment in _SEGMENT.finditer(page.low):
        kind = segment[1].decode("ascii").upper()
        at = segment.start(1)
        # MSH-1 is the separator itself, so that its fields count one further
        number = 1 if kind == "MSH" else 0
        for piece in data[at : segment.end()].split(b"|"):
            place = _PLACES.get((kind, number)) if number else None
            if place and piece:
                label, how = place
                for start, end in _read(piece, how):
                    hits.append((at + start, at + end, label, 0.97, "hl7"))
            at += len(piece) + 1
            number += 1


def _read(field: bytes, how: int) -> Iterator[tuple[int, int]]:
    if how == _DAY:
        if match := _DAYS.match(field):
            yield match.span()
        return
    offset = 0
    for repetition in field.split(b"~"):
        at = offset
        for number, part in enumerate(repetition.replace(b"&", b"^").split(b"^")):
            if _ALNUM.search(part) and _wanted(how, number, part):
                yield at, at + len(part)
            at += len(part) + 1
        offset += len(repetition) + 1


def _wanted(how: int, number: int, part: bytes) -> bool:
    if how == _WHOLE:
        return number == 0
    if how == _FIRST:
        return number == 0
    if how == _TELECOM:
        return (part.upper() not in _CODES and digits_in(part) >= 3) or b"@" in part
    letters = _LETTER.search(part) is not None
    if how == _PERSON:
        return number < 3 and letters
    if how == _NAMED:
        return number < 4 and (letters or number == 0) and part.upper() not in _CREDENTIALS
    return number < 6 and not _STATE.fullmatch(part.upper()) and part.upper() not in _CODES


_CREDENTIALS = frozenset((b"MD", b"DO", b"RN", b"NP", b"PA", b"DR", b"PA-C", b"PHD", b"DR."))
