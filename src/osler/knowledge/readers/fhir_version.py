"""Which version of FHIR a file is written in, told by marks that R4 cannot have.

The marks are data (`data/fhir_versions.toml`), together with `fhirVersion` fields and the profiles
that a resource claims. A file without any mark is taken for R4, whose JSON it then has to be.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from osler.core.errors import UnsupportedFormat
from osler.knowledge.readers.fhir_element import JsonObject, place

_REMEDY = "Convert it to R4 (4.0.1), then load it again."
_NAMES = (
    (re.compile(r"(?:0\.[45]|1\.0)\b"), "DSTU2"),
    (re.compile(r"(?:1\.[1-9]|3\.[0-9])\b"), "STU3"),
    (re.compile(r"(?:4\.[0-3])\b"), "R4"),
    (re.compile(r"(?:4\.[4-9]|5\.[0-9])\b"), "R5"),
    (re.compile(r"6\.[0-9]\b"), "R6"),
)
_PROFILE = re.compile(
    r"https?://hl7\.org/fhir/(?:(?P<folder>DSTU2|STU3|R5|[0-9]\.[0-9](?:\.[0-9]+)?)/StructureDefinition/"
    r"|StructureDefinition/[A-Za-z]+\|(?P<pin>[0-9]\.[0-9](?:\.[0-9]+)?))"
)
_KINDS: dict[str, type] = {"string": str, "object": dict, "list": list}


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """One mark: the versions that have it, where it stands, and what must stand there."""

    versions: tuple[str, ...]
    path: tuple[str, ...]
    kind: str

    def found_in(self, resource: JsonObject) -> bool:
        """Whether `resource` bears the mark."""
        values = list(_values(resource, self.path))
        if self.kind == "present":
            return bool(values)
        return any(isinstance(value, _KINDS[self.kind]) for value in values)


def refuse_other_versions(entries: Iterable[tuple[int, JsonObject]]) -> None:
    """Raise UnsupportedFormat when a resource among `entries` (number, resource) bears a foreign mark.

    A mark of a single version counts before one that two versions share; otherwise the first counts.
    """
    shared: tuple[tuple[str, ...], str] | None = None
    for number, resource in entries:
        for versions, mark in _marks(resource):
            where = place(number, mark)
            if len(versions) == 1:
                _refuse(versions, where)
            shared = shared or (versions, where)
    if shared:
        _refuse(*shared)


def is_foreign_type(kind: str) -> bool:
    """Whether another version of FHIR has a resource type of that name, and R4 has not."""
    return kind in _types()


def _refuse(versions: tuple[str, ...], where: str) -> None:
    raise UnsupportedFormat(
        f"The file looks like FHIR {' or '.join(versions)}, not R4: {where}.", remedy=_REMEDY
    )


def _marks(resource: JsonObject) -> Iterator[tuple[tuple[str, ...], str]]:
    stated = resource.get("fhirVersion")
    if isinstance(stated, str):
        name = _version_name(stated)
        if name != "R4":
            yield (name,), "fhirVersion names another version"
    yield from _profile_marks(resource.get("meta"))
    kind = resource.get("resourceType")
    if not isinstance(kind, str):
        return
    if versions := _types().get(kind):
        yield versions, f"{kind} is no R4 resource type"
    for marker in _elements().get(kind, ()):
        if marker.found_in(resource):
            said = "is present" if marker.kind == "present" else f"is {_article(marker.kind)}"
            yield marker.versions, f"{kind}.{'.'.join(marker.path)} {said}"


def _article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


def _profile_marks(meta: Any) -> Iterator[tuple[tuple[str, ...], str]]:
    profiles = meta.get("profile") if isinstance(meta, dict) else None
    for profile in profiles if isinstance(profiles, list) else ():
        match = _PROFILE.match(profile) if isinstance(profile, str) else None
        if match is None:
            continue
        folder = match["folder"] or match["pin"]
        name = folder if folder.isalnum() else _version_name(folder)
        if name != "R4":
            yield (name,), "meta.profile names a profile of that version"


def _version_name(number: str) -> str:
    return next((name for pattern, name in _NAMES if pattern.match(number)), "of an unknown version")


def _values(value: Any, path: tuple[str, ...]) -> Iterator[Any]:
    """What stands at `path`; lists on the way are walked through, the last value is given as it is."""
    if isinstance(value, list):
        for item in value:
            yield from _values(item, path)
    elif not path:
        yield value
    elif isinstance(value, dict) and path[0] in value:
        inner = value[path[0]]
        if len(path) == 1:
            yield inner
        else:
            yield from _values(inner, path[1:])


@cache
def _table() -> dict[str, Any]:
    text = resources.files("osler.knowledge").joinpath("data/fhir_versions.toml").read_text("utf-8")
    return tomllib.loads(text)


@cache
def _types() -> dict[str, tuple[str, ...]]:
    return {name: tuple(row["versions"]) for row in _table()["type"] for name in row["names"]}


@cache
def _elements() -> dict[str, tuple[Marker, ...]]:
    found: dict[str, list[Marker]] = {}
    for row in _table()["element"]:
        for path in row["paths"]:
            kind, *steps = path.split(".")
            marker = Marker(versions=tuple(row["versions"]), path=tuple(steps), kind=row["is"])
            found.setdefault(kind, []).append(marker)
    return {kind: tuple(markers) for kind, markers in found.items()}


def element_markers() -> tuple[tuple[str, Marker], ...]:
    """Every element mark with its resource type."""
    return tuple((kind, marker) for kind, markers in _elements().items() for marker in markers)
