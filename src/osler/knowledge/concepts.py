"""What is measured: questions and observations mapped to the same concepts (`data/concepts.toml`).

An observation is recognised by its LOINC codes; only where none of them is in the table do the
words of its display decide.
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from osler.core.ports.records import RecordItem
from osler.knowledge.stems import words


@dataclass(frozen=True, slots=True, kw_only=True)
class Concept:
    """One thing that is measured, and the ways it is asked for and written."""

    name: str
    kind: str
    asks: tuple[str, ...]
    problems: tuple[str, ...]
    loinc: frozenset[str]
    names: tuple[tuple[str, ...], ...]
    excluded: tuple[tuple[str, ...], ...]


@cache
def concepts() -> dict[str, Concept]:
    """All concepts by name."""
    return {
        name: Concept(
            name=name,
            kind=row["kind"],
            asks=tuple(row["asks"]),
            problems=tuple(row.get("problems", ())),
            loinc=frozenset(row["loinc"]),
            names=_phrases(row["names"]),
            excluded=_phrases(row.get("not", ())),
        )
        for name, row in _table()["concept"].items()
    }


@cache
def asked() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Each phrase of a question with the concepts it asks for: its own, or those of a group."""
    found: dict[str, tuple[str, ...]] = {}
    for name, row in _table()["concept"].items():
        for phrase in row["asks"]:
            found[phrase] = (*found.get(phrase, ()), name)
    for row in _table()["group"].values():
        for phrase in row["asks"]:
            found[phrase] = tuple(row["members"])
    return tuple(found.items())


def concepts_of(item: RecordItem) -> frozenset[str]:
    """The concepts that an observation is a value of; empty for one that the table does not know."""
    return _concepts(tuple(code.code for code in item.codes), item.display)


def label_of(codes: Iterable[str]) -> str:
    """What LOINC codes measure, in words, for one that comes without its own; "" for unknown ones."""
    found = next((name for code in codes for name in _by_loinc().get(code, ())), "")
    return found.replace("_", " ")


def kind_of(names: Iterable[str]) -> frozenset[str]:
    """The kinds of the concepts `names`."""
    table = concepts()
    return frozenset(table[name].kind for name in names)


def _concepts(codes: tuple[str, ...], display: str) -> frozenset[str]:
    by_code = frozenset(name for code in codes for name in _by_loinc().get(code, ()))
    if by_code:
        return by_code
    said = words(display)
    return frozenset(
        concept.name
        for concept in concepts().values()
        if any(_within(phrase, said) for phrase in concept.names)
        and not any(_within(phrase, said) for phrase in concept.excluded)
    )


@cache
def _by_loinc() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for concept in concepts().values():
        for code in concept.loinc:
            found[code] = (*found.get(code, ()), concept.name)
    return found


def _within(phrase: tuple[str, ...], said: list[str]) -> bool:
    width = len(phrase)
    return any(tuple(said[at : at + width]) == phrase for at in range(len(said) - width + 1))


def _phrases(texts: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(words(text)) for text in texts)


@cache
def _table() -> dict[str, Any]:
    text = resources.files("osler.knowledge").joinpath("data/concepts.toml").read_text("utf-8")
    return tomllib.loads(text)
