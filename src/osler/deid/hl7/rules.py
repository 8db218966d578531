"""The allow-list of HL7 v2 (`data/hl7_v2.toml`) as values."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from osler.core.spans import Label


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How a field or component is treated: an action or type of the file, and the label of its identifiers."""

    kind: str
    label: Label = Label.OTHER_ID


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The whole of the file; numbers are those of the standard, from 1."""

    segments: Mapping[str, Mapping[int, Rule]]
    types: Mapping[str, Mapping[int, str]]
    values: Mapping[str, Rule]
    published: frozenset[str]
    ages: frozenset[str]


@cache
def load() -> Rules:
    """The rules that come with Osler."""
    source = resources.files("osler.deid") / "data" / "hl7_v2.toml"
    return parsed(tomllib.loads(source.read_text("utf-8")))


def parsed(data: Mapping[str, Any]) -> Rules:
    """Rules from the parsed file; a site's own may name Z segments too."""
    return Rules(
        segments={
            name: {int(n): _rule(kind) for n, kind in fields.items()}
            for name, fields in data["segments"].items()
        },
        types={name: {int(n): kind for n, kind in parts.items()} for name, parts in data["types"].items()},
        values={kind: _rule(rule) for kind, rule in data["values"].items()},
        published=frozenset(data["codes"]["published"]),
        ages=frozenset(data["codes"]["ages"]),
    )


def _rule(text: str) -> Rule:
    kind, _, label = text.partition(":")
    return Rule(kind=kind, label=Label(label)) if label else Rule(kind=kind)
