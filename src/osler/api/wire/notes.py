"""What a request says about itself, read from `metadata` and from headers."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from osler.api.bodies import NOTES, header
from osler.core.errors import InputError

_OWN = "x-osler-"
_HEADERS = {header(name): name for name in NOTES}


def own_headers(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The `x-osler-` headers of a request. InputError when one is given twice with different values."""
    found: dict[str, str] = {}
    for key, value in pairs:
        name = key.lower()
        if name.startswith(_OWN) and found.setdefault(name, value) != value:
            raise InputError(
                "An x-osler- header is given twice, with different values.",
                remedy="Send each once.",
                param="metadata",
            )
    return found


def notes(metadata: Mapping[str, Any] | None, headers: Mapping[str, str]) -> dict[str, str]:
    """`metadata` and `x-osler-*` headers joined; the body wins.

    Names that are not ours are dropped from `metadata`, where callers keep what they like, and refused in headers.
    Values that are not known are refused in both.
    """
    told: dict[str, str] = {}
    for key, value in headers.items():
        if key.startswith(_OWN):
            if key not in _HEADERS:
                raise InputError(
                    "An x-osler- header has a name that Osler does not know.",
                    remedy=f"Known: {', '.join(sorted(_HEADERS))}.",
                    param="metadata",
                )
            told[_HEADERS[key]] = _known(_HEADERS[key], value)
    for name, value in (metadata or {}).items():
        if name in NOTES:
            told[name] = _known(name, value)
    return told


def patient_id(text: str) -> str:
    """A FHIR id from `ID` or `Patient/ID`; InputError when it is neither."""
    if re.search(NOTES["patient"]["pattern"], text) is None:
        raise InputError(
            "`patient` is not a FHIR id.",
            remedy="Give ID or Patient/ID, as the record has it.",
            param="patient",
        )
    return text.strip().removeprefix("Patient/")


def _known(name: str, value: object) -> str:
    """The value, where it is one that this name may have."""
    schema = NOTES[name]
    if not isinstance(value, str):
        raise InputError(f"`{name}` of `metadata` is not text.", remedy="Send text.", param="metadata")
    if name == "patient":
        return patient_id(value)
    if "enum" in schema and value not in schema["enum"]:
        raise InputError(
            f"`{name}` is not one of {', '.join(schema['enum'])}.", remedy="Use one of them.", param=name
        )
    if "pattern" in schema and re.search(schema["pattern"], value) is None:
        raise InputError(
            f"`{name}` is no name.",
            remedy="Send up to 64 letters, digits, points, dashes and underscores.",
            param=name,
        )
    least, most = schema.get("minLength", 0), schema.get("maxLength", len(value))
    if not least <= len(value) <= most:
        raise InputError(
            f"`{name}` is too short or too long.", remedy=f"Send {least} to {most} characters.", param=name
        )
    return value
