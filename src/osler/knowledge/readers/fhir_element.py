"""FHIR JSON as typed elements that know their place.

An `Element` wraps one JSON object. Asking it for something that is there but of another JSON type
raises InputError with the entry and the element path (`Entry 4, Condition.code.coding[0]`), never
with the value. What is absent reads as empty.
"""

import math
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NoReturn

from osler.core.errors import InputError

JsonObject = dict[str, Any]
Number = int | float | Decimal

_REMEDY = "Correct the resource so that it is valid FHIR R4, then load the file again."
_PLAIN_KEY = re.compile(r"_?[a-z][A-Za-z0-9]{0,48}")
_TYPES = {dict: "an object", list: "a list", str: "a string", bool: "a true/false value"}


def json_kind(value: object) -> str:
    """The JSON type of `value` in words: "a list", "a number", …"""
    if value is None:
        return "null"
    return _TYPES.get(type(value), "a number")


def place(entry: int, path: str) -> str:
    """`Entry 4, Patient.name[0]`; for a file that is one resource (entry 0) the path alone."""
    return f"Entry {entry}, {path}" if entry else path


def fault(entry: int, path: str, what: str) -> NoReturn:
    """Raise InputError for the element at `path` of entry number `entry`."""
    raise InputError(f"{place(entry, path)}: {what}.", remedy=_REMEDY)


def shown_key(key: str) -> str:
    """`key` when it looks like a FHIR element name; "?" otherwise, since it could then be anything."""
    return key if _PLAIN_KEY.fullmatch(key) else "?"


class Element:
    """One JSON object of a resource. False when it is absent or empty."""

    __slots__ = ("_value", "entry", "path")

    def __init__(self, value: JsonObject, path: str, entry: int = 0) -> None:
        self._value = value
        self.path = path
        self.entry = entry

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return f"Element({place(self.entry, self.path)})"

    def __contains__(self, key: str) -> bool:
        return key in self._value

    @property
    def raw(self) -> JsonObject:
        """The JSON object itself."""
        return self._value

    def keys(self) -> Iterator[str]:
        """Names of the elements that are present, in the file's order."""
        return iter(self._value)

    def text(self, key: str) -> str:
        """A string, "" when absent. Lone surrogates and NULs, which no store takes, are replaced."""
        value = self._value.get(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            self._wrong(key, "a string", value)
        return _storable(value)

    def word(self, key: str) -> str:
        """A string on one line: white space collapsed, zero-width spaces dropped."""
        return one_line(self.text(key))

    def flag(self, key: str) -> bool | None:
        """A boolean, None when absent."""
        value = self._value.get(key)
        if value is not None and not isinstance(value, bool):
            self._wrong(key, "true or false", value)
        return value

    def number(self, key: str) -> Number | None:
        """A finite number, None when absent or not finite."""
        value = self._value.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            self._wrong(key, "a number", value)
        if isinstance(value, float) and not math.isfinite(value):
            return None
        return value

    def child(self, key: str) -> "Element":
        """An object, an empty Element when absent."""
        value = self._value.get(key)
        if value is None:
            return Element({}, f"{self.path}.{key}", self.entry)
        if not isinstance(value, dict):
            self._wrong(key, "an object", value)
        return Element(value, f"{self.path}.{key}", self.entry)

    def children(self, key: str) -> tuple["Element", ...]:
        """A list of objects, () when absent."""
        value = self._value.get(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            self._wrong(key, "a list", value)
        found = []
        for at, item in enumerate(value):
            if not isinstance(item, dict):
                self._wrong(f"{key}[{at}]", "an object", item)
            found.append(Element(item, f"{self.path}.{key}[{at}]", self.entry))
        return tuple(found)

    def words(self, key: str) -> tuple[str, ...]:
        """A list of strings on one line each, () when absent; nulls (extensions only) are left out."""
        value = self._value.get(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            self._wrong(key, "a list", value)
        for at, item in enumerate(value):
            if item is not None and not isinstance(item, str):
                self._wrong(f"{key}[{at}]", "a string", item)
        return tuple(one_line(_storable(item)) for item in value if item)

    def choice(self, stem: str) -> str:
        """The name of the `stem[x]` element that is present (`valueQuantity`), "" when none is."""
        for key in self._value:
            if key.startswith(stem) and key[len(stem) : len(stem) + 1].isupper():
                return key
        return ""

    def _wrong(self, key: str, wanted: str, found: object) -> NoReturn:
        fault(self.entry, f"{self.path}.{key}", f"{json_kind(found)} stands where {wanted} belongs")


def one_line(text: str) -> str:
    """`text` with white space collapsed and zero-width characters dropped."""
    if text.isascii() and "  " not in text and text.isprintable():
        return text.strip()
    return " ".join(text.replace("\u200b", "").replace("\ufeff", "").split())


def _storable(text: str) -> str:
    if not text.isascii():
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text.replace("\x00", " ") if "\x00" in text else text
