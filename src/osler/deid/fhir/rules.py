"""The allow-list of FHIR R4 (`data/fhir_r4.toml`) as values."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from osler.core.spans import Label

CODES = frozenset(
    {
        "coded",
        "media",
        "code",
        "uri",
        "url",
        "canonical",
        "oid",
        "id",
        "uuid",
        "link",
        "uid",
        "boolean",
        "integer",
        "unsignedInt",
    }
    | {"positiveInt", "decimal", "time", "date", "dateTime", "instant", "birthDate", "base64Binary"}
)
"""Types whose strings are no prose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Elements:
    """What may stay of one data type, resource or part: element name to the type it is treated as."""

    types: Mapping[str, str]
    required: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionRule:
    """A kept extension: the data types its value may have, or those of the extensions that it is made of."""

    value: frozenset[str] = frozenset()
    parts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Markup:
    """Which tags and attributes stay in XHTML."""

    tags: frozenset[str]
    blocks: frozenset[str]
    cells: frozenset[str]
    void: frozenset[str]
    dropped: frozenset[str]
    attributes: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The whole of the file."""

    max_depth: int
    elements: Mapping[str, Elements]
    resources: frozenset[str]
    """Resource types that are treated; others are removed whole."""
    resource_types: frozenset[str]
    """All resource types of R4."""
    persons: frozenset[str]
    places: frozenset[str]
    absent: Mapping[str, str]
    instead: Mapping[str, str]
    """Required choice to the element of it that says that the value was taken out."""
    security: Mapping[str, tuple[str, str]]
    security_system: str
    kept_uris: tuple[str, ...]
    published: tuple[str, ...]
    personal: frozenset[str]
    extensions: Mapping[str, ExtensionRule]
    extensions_sought: Mapping[str, Label]
    identifier_types: Mapping[str, Label]
    identifier_systems: Mapping[str, Label]
    identifier_resources: Mapping[str, Label]
    age_system: str
    age_codes: frozenset[str]
    age_units: frozenset[str]
    text_types: frozenset[str]
    markup_types: frozenset[str]
    markup: Markup
    code_names: frozenset[str]
    """Element names whose strings are codes or addresses wherever they occur."""

    def uri(self, value: str) -> bool:
        """Whether a URI identifies nobody and may stay."""
        return value.startswith(self.kept_uris) and not any(c.isspace() for c in value)

    def is_published(self, system: object) -> bool:
        """Whether the codes of `system` are a published list."""
        return isinstance(system, str) and system.startswith(self.published) and system not in self.personal


@cache
def load() -> Rules:
    """The rules that come with Osler."""
    source = resources.files("osler.deid") / "data" / "fhir_r4.toml"
    return parsed(tomllib.loads(source.read_text("utf-8")))


def parsed(data: Mapping[str, Any]) -> Rules:
    """Rules from the parsed file."""
    elements = {name: _elements(groups) for name, groups in data["elements"].items()}
    parts = {name for name in elements if "." in name}
    for name in parts:
        parent, _, child = name.rpartition(".")
        if parent in elements:
            elements[parent] = _with(elements[parent], child, name)
    names = data["resource_types"]
    identifiers = data["identifiers"]
    all_types = frozenset(names["names"].split())
    return Rules(
        max_depth=data["max_depth"],
        elements=elements,
        resources=frozenset(elements) & all_types,
        resource_types=all_types,
        persons=frozenset(names["persons"].split()),
        places=frozenset(names["places"].split()),
        absent={k: v for k, v in data["absent"].items() if isinstance(v, str)},
        instead=data["absent"]["instead"],
        security={m: (v[0], v[1]) for m, v in data["security"].items() if m != "system"},
        security_system=data["security"]["system"],
        kept_uris=tuple(data["uris"]["kept"]),
        published=tuple(data["uris"]["published"]),
        personal=frozenset(data["uris"]["personal"]),
        extensions={url: _extension(rule) for url, rule in data["extensions"].items()},
        extensions_sought={url: Label(label) for url, label in data["extensions_sought"].items()},
        identifier_types={k: Label(v) for k, v in identifiers["types"].items()},
        identifier_systems={k: Label(v) for k, v in identifiers["systems"].items()},
        identifier_resources={k: Label(v) for k, v in identifiers["resources"].items()},
        age_system=data["ages"]["system"],
        age_codes=frozenset(data["ages"]["codes"]),
        age_units=frozenset(data["ages"]["units"]),
        text_types=frozenset(data["attachments"]["text"]),
        markup_types=frozenset(data["attachments"]["markup"]),
        markup=Markup(**{key: frozenset(value.split()) for key, value in data["narrative"].items()}),
        code_names=_code_names(elements),
    )


def _elements(groups: Mapping[str, str]) -> Elements:
    types = {
        element: kind
        for kind, names in groups.items()
        if kind not in ("required", "removed")
        for element in names.split()
    }
    return Elements(
        types=types,
        required=frozenset(groups.get("required", "").split()),
        removed=frozenset(groups.get("removed", "").split()),
    )


def _with(elements: Elements, child: str, kind: str) -> Elements:
    return Elements(
        types={**elements.types, child: kind}, required=elements.required, removed=elements.removed
    )


def _extension(rule: Mapping[str, Any]) -> ExtensionRule:
    return ExtensionRule(value=frozenset(rule.get("value", "").split()), parts=dict(rule.get("parts", {})))


def _code_names(elements: Mapping[str, Elements]) -> frozenset[str]:
    coded: set[str] = {"resourceType", "id", "state", "country"}
    prose: set[str] = set()
    for group in elements.values():
        for name, kind in group.types.items():
            if kind in CODES:
                coded.add(name)
            elif kind in ("string", "markdown", "term", "person", "place") or kind in Label.__members__:
                prose.add(name)
    return frozenset(coded - prose)
