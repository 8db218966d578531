"""Names, addresses, contact points and numbers wherever they stand in a FHIR resource.

FHIR lets a person stand in many places beside the usual ones: in a contained resource, an
organisation's contact, a licence among a practitioner's qualifications, a reference by identifier,
an extension. They are told by their shape, not by the path that leads to them.
"""

from collections.abc import Iterator
from enum import Enum
from typing import Any

from osler.knowledge.readers.fhir_element import Element, JsonObject


class Shape(Enum):
    """What a JSON object looks like."""

    NAME = "HumanName"
    ADDRESS = "Address"
    CONTACT = "ContactPoint"
    NUMBER = "Identifier"
    PLACE = "a contained organisation or location"
    AUTHOR = "an author in words"


_PLACES = ("Organization", "Location", "HealthcareService")
_NUMBERED = ("identifier", "requisition")
_CONTACTS = ("telecom", "valuecontactpoint")


def scattered(resource: Element) -> Iterator[tuple[Shape, Element]]:
    """Every object in `resource` that has the shape of an identifier, at any depth."""
    stack: list[tuple[Any, str]] = [(resource.raw, "")]
    while stack:
        value, key = stack.pop()
        if isinstance(value, list):
            stack.extend((item, key) for item in reversed(value) if isinstance(item, dict | list))
        elif isinstance(value, dict):
            if (shape := _shape(value, key)) is not None:
                yield shape, Element(value, resource.path, resource.entry)
            if isinstance(value.get("authorString"), str):
                yield Shape.AUTHOR, Element(value, resource.path, resource.entry)
            for name in reversed(value):
                if isinstance(value[name], dict | list):
                    stack.append((value[name], name.lower()))


def _shape(value: JsonObject, key: str) -> Shape | None:
    if value.get("resourceType") in _PLACES and isinstance(value.get("name"), str):
        return Shape.PLACE
    if _is(value, "family", str) or _are_words(value, "given") or (key == "name" and _is(value, "text", str)):
        return Shape.NAME if _sound(value, ("family", "text"), ("given",)) else None
    if _are_words(value, "line") or _is(value, "postalCode", str) or _is(value, "city", str):
        return Shape.ADDRESS if _sound(value, ("text", "city", "district", "postalCode"), ("line",)) else None
    if not _is(value, "value", str) or not _sound(value, ("system",), ()):
        return None
    if key in _CONTACTS:
        return Shape.CONTACT
    return Shape.NUMBER if key.endswith(_NUMBERED) and isinstance(value.get("type", {}), dict) else None


def _is(value: JsonObject, key: str, kind: type) -> bool:
    return isinstance(value.get(key), kind)


def _are_words(value: JsonObject, key: str) -> bool:
    words = value.get(key)
    return isinstance(words, list) and any(isinstance(word, str) for word in words)


def _sound(value: JsonObject, strings: tuple[str, ...], lists: tuple[str, ...]) -> bool:
    """Whether these elements, where they are present, can be read as what they should be."""
    return all(isinstance(value.get(key, ""), str) for key in strings) and all(
        isinstance(value.get(key, []), list)
        and all(item is None or isinstance(item, str) for item in value.get(key, []))
        for key in lists
    )
