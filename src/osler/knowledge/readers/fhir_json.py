"""FHIR JSON bytes to a plain JSON object, and a first look through it.

`parse` refuses what is not JSON, saying where; `survey` walks one resource without recursion,
refuses nulls and nesting beyond what FHIR needs, and collects the references in it.
"""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from osler.core.errors import InputError
from osler.knowledge.readers.decode import decode
from osler.knowledge.readers.fhir_element import JsonObject, fault, json_kind, shown_key

MAX_DEPTH = 100
"""Objects and lists within one another; the deepest useful FHIR (questionnaires) has about 40."""
_LONGEST_INT = 300
_REMEDY = "Export the file again from its source, as FHIR R4 JSON."


def parse(data: bytes) -> JsonObject:
    """The JSON object in `data`. Decimals keep their digits.

    Raises UnsupportedFormat for bytes that are no text and InputError, with line and column, for
    text that is no JSON object.
    """
    text = decode(data)
    try:
        value = json.loads(text, parse_float=_decimal, parse_int=_integer)
    except RecursionError:
        raise InputError("The JSON is nested too deeply to be FHIR.", remedy=_REMEDY) from None
    except json.JSONDecodeError as error:
        raise InputError(_syntax_fault(text, error), remedy=_REMEDY) from None
    if not isinstance(value, dict):
        raise InputError(
            f"The file is JSON but holds {json_kind(value)} at the top, not a FHIR resource.",
            remedy="Give a FHIR R4 Bundle or a single resource: an object with a resourceType.",
        )
    return value


def _integer(digits: str) -> int | Decimal | float:
    return int(digits) if len(digits) < _LONGEST_INT else _decimal(digits)


def _decimal(digits: str) -> Decimal | float:
    try:
        return Decimal(digits)
    except ArithmeticError:  # an exponent beyond what decimal arithmetic holds
        return math.inf


def _syntax_fault(text: str, error: json.JSONDecodeError) -> str:
    where = f"line {error.lineno}, column {error.colno}"
    if not text.strip():
        return "The file is empty."
    if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
        return f"The JSON breaks off before its end ({where}): the file seems truncated."
    if error.msg.startswith("Extra data"):
        return f"The JSON ends at {where}, but more text follows."
    return f"The JSON is malformed at {where}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A Reference somewhere in a resource: its target as written, its display, and the element that holds it."""

    target: str = field(repr=False)
    display: str = field(repr=False)
    element: str


_Frame = tuple[Any, int, str, Any]  # value, depth, key, the frame around it


def survey(resource: JsonObject, path: str, entry: int) -> tuple[Link, ...]:
    """All references in `resource`. Raises InputError for nulls and for nesting beyond MAX_DEPTH."""
    links: list[Link] = []
    stack: list[_Frame] = [(resource, 1, path, None)]
    while stack:
        frame = stack.pop()
        value, depth = frame[0], frame[1]
        if depth > MAX_DEPTH:
            fault(entry, path, f"elements are nested more than {MAX_DEPTH} deep")
        if isinstance(value, dict):
            if "reference" in value or "display" in value:
                _collect(value, frame, links)
            for name, item in value.items():
                if isinstance(item, dict | list):
                    stack.append((item, depth + 1, name, frame))
                elif item is None:
                    fault(
                        entry, _path((item, 0, name, frame)), "null is no FHIR value; leave the element out"
                    )
        else:
            for at, item in enumerate(value):
                if isinstance(item, dict | list):
                    stack.append((item, depth + 1, f"[{at}]", frame))
                elif item is None and not _extended(frame):
                    fault(
                        entry, _path((item, 0, f"[{at}]", frame)), "null is no FHIR value; leave the item out"
                    )
    return tuple(links)


def _collect(value: JsonObject, frame: _Frame, links: list[Link]) -> None:
    target, display = value.get("reference", ""), value.get("display", "")
    if "code" in value or "system" in value:  # a Coding, whose display names no one
        return
    if isinstance(target, str) and isinstance(display, str):
        links.append(Link(target=target, display=display, element=_element(frame)))


def _element(frame: _Frame) -> str:
    while frame[2].startswith("["):
        frame = frame[3]
    return frame[2]


def _extended(frame: _Frame) -> bool:
    """Whether a list may hold nulls: `given` beside `_given`, and `_given` itself."""
    _, _, key, around = frame
    if key.startswith("_"):
        return True
    return around is not None and isinstance(around[0], dict) and f"_{key}" in around[0]


def _path(frame: _Frame) -> str:
    return "".join(reversed(list(_steps(frame)))).removeprefix(".")


def _steps(frame: _Frame | None) -> Iterator[str]:
    while frame is not None:
        key, around = frame[2], frame[3]
        if key.startswith("["):
            yield key
        else:
            yield "." + (key if around is None else shown_key(key))
        frame = around
