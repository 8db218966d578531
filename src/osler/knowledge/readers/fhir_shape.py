"""The JSON types of a resource's own elements, checked against a table (`data/fhir_shapes.toml`).

It looks one level deep, at every resource of a type in the table: a list where an object belongs is refused also
where nobody reads the element. Deeper elements are checked where they are read.
"""

import tomllib
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any

from osler.knowledge.readers.fhir_element import JsonObject, fault, json_kind

_WORDS = {
    "string": "a string",
    "boolean": "true or false",
    "number": "a number",
    "object": "an object",
    "list": "a list",
}


def require_shape(resource: JsonObject, kind: str, entry: int) -> None:
    """Raise InputError for the first element of `resource` that has another JSON type than R4 gives it."""
    types, usual, unlike = _table()
    if kind not in types:
        return
    for key, value in resource.items():
        wanted = unlike.get(f"{kind}.{key}") or usual.get(key)
        if wanted is not None and not _is(value, wanted):
            fault(entry, f"{kind}.{key}", f"{json_kind(value)} stands where {_WORDS[wanted]} belongs")


def _is(value: Any, wanted: str) -> bool:
    match wanted:
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "number":
            return isinstance(value, int | float | Decimal) and not isinstance(value, bool)
        case "object":
            return isinstance(value, dict)
    return isinstance(value, list)


@cache
def _table() -> tuple[frozenset[str], dict[str, str], dict[str, str]]:
    text = resources.files("osler.knowledge").joinpath("data/fhir_shapes.toml").read_text("utf-8")
    table = tomllib.loads(text)
    types = frozenset(table.pop("types"))
    usual = {name: kind for kind, row in table.items() for name in row["elements"]}
    unlike = {place: kind for kind, row in table.items() for place in row["unlike"]}
    return types, usual, unlike
