"""What a resource type is called in words, and which types are clinical (`data/fhir_types.toml`)."""

import tomllib
from functools import cache
from importlib import resources
from typing import Any


@cache
def _table() -> dict[str, Any]:
    text = resources.files("osler.knowledge").joinpath("data/fhir_types.toml").read_text("utf-8")
    return tomllib.loads(text)


@cache
def known_types() -> frozenset[str]:
    """Every FHIR R4 and R4B resource type."""
    table = _table()
    return frozenset({*table["clinical"], *table["other"]["names"], "Bundle"})


def is_clinical(kind: str) -> bool:
    """Whether resources of this type become documents of a patient's record."""
    return kind in _table()["clinical"]


def title_of(kind: str, category: str = "") -> str:
    """The title of a record's document: fixed words, so that it can name no one."""
    table = _table()
    if kind == "Observation" and category in table["observations"]:
        return str(table["observations"][category])
    return str(table["clinical"].get(kind, "Record entry"))
