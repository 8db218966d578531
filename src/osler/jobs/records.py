"""Records of the formats that are de-identified, read: lines of JSONL, texts, FHIR resources, HL7 v2 messages."""

import json
import math
import re
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from osler.jobs.batch import Record

Format = Literal["jsonl", "text", "fhir", "hl7"]

_HALF = re.compile("[\ud800-\udfff]")
_encode = msgspec.json.encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A record as it was read. `id` is JSON; `fault` says why there is nothing to work on.

    `text` is what offsets refer to; `resource` is set for FHIR. `encoding` is how the text was written.
    """

    number: int
    id: bytes = field(repr=False)
    name: str = field(default="", repr=False)
    text: str = field(default="", repr=False)
    patient_key: str | None = field(default=None, repr=False)
    resource: dict[str, Any] | None = field(default=None, repr=False)
    encoding: str = "utf-8"
    fault: str = ""


def read(record: Record, form: Format) -> Item:
    """A record as an item. What cannot be read is an item with a fault, which does not repeat it."""
    if record.fault:
        return _failed(record, record.fault)
    if form == "text":
        return _text(record)
    if form == "fhir":
        return _resource(record)
    if form == "hl7":
        return _message(record)
    return _line(record)


def _named(record: Record) -> bytes:
    """A file's name, or the record's number, as JSON."""
    if not record.name:
        return str(record.number).encode()
    return _encode(record.name.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))


def _failed(record: Record, fault: str) -> Item:
    return Item(number=record.number, id=_named(record), name=record.name, fault=fault)


def _text(record: Record) -> Item:
    encoding = "utf-16" if record.data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = record.data.decode(encoding)
    except UnicodeDecodeError:
        return _failed(record, "It is not UTF-8 text.")
    return Item(number=record.number, id=_named(record), name=record.name, text=text)


def _message(record: Record) -> Item:
    """Many systems write HL7 in Latin-1 without saying so; what is no UTF-8 is read as that, and written as that."""
    encoding = "utf-8"
    try:
        text = record.data.removeprefix(b"\xef\xbb\xbf").decode()
    except UnicodeDecodeError:
        text, encoding = record.data.decode("latin-1"), "latin-1"
    return Item(number=record.number, id=_named(record), name=record.name, text=text, encoding=encoding)


def _resource(record: Record) -> Item:
    value = _json(record)
    if isinstance(value, str):
        return _failed(record, value)
    return Item(
        number=record.number,
        id=_named(record),
        name=record.name,
        text=record.data.decode("utf-8-sig"),
        resource=value,
    )


def _json(record: Record) -> dict[str, Any] | str:
    """The object in a record, or what is wrong with it."""
    if not record.data.strip():
        return "The line is empty."
    try:
        value = _parsed(record.data.removeprefix(b"\xef\xbb\xbf") if record.name else record.data)
    except UnicodeDecodeError:
        return "The line is not UTF-8."
    except (ValueError, RecursionError):
        return "The line is not JSON."
    return value if isinstance(value, dict) else "The line is no JSON object."


def _parsed(data: bytes) -> Any:
    """JSON as the standard library reads it where msgspec does not: lone surrogates are let in."""
    try:
        return msgspec.json.decode(data)
    except (ValueError, RecursionError):
        return json.loads(data.decode("utf-8"))


def _line(record: Record) -> Item:
    value = _json(record)
    if isinstance(value, str):
        return _failed(record, value)
    identifier, text, key = value.get("id"), value.get("text"), value.get("patient_key")
    shown = _named(record)
    fault = ""
    if identifier is not None:
        if _is_id(identifier):
            shown = _shown(identifier)
        else:
            fault = "Its `id` is neither text nor a number."
    if not isinstance(text, str):
        fault = fault or ("It has no `text`." if text is None else "Its `text` is no string.")
    if key is not None and (isinstance(key, bool) or not isinstance(key, str | int)):
        fault = fault or "Its `patient_key` is neither text nor a whole number."
    if fault or not isinstance(text, str):
        return Item(number=record.number, id=shown, fault=fault)
    return Item(
        number=record.number,
        id=shown,
        # halves of surrogate pairs are no characters: each becomes U+FFFD, so that all offsets stay
        text=text if text.isascii() else _HALF.sub("\ufffd", text),
        patient_key=None if key is None else str(key),
    )


def _is_id(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, str | int) and not isinstance(value, bool)


def _shown(value: str | float) -> bytes:
    try:
        return json.dumps(value).encode() if not isinstance(value, str) else _encode(value)
    except UnicodeEncodeError:
        return json.dumps(value).encode()
