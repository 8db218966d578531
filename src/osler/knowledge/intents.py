"""How clinical questions are asked, as data (`data/intents.toml`): the table behind `query`."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from osler.knowledge.phrases import Phrase, compile_phrase


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """One thing that a record is asked for.

    `types` are the resources that answer it, `past_types` those that do when the past is asked for;
    `active`: only what holds now, unless the past is asked for; `latest`: of each code only the
    newest, unless a course is asked for; `single`: "the last one" means one, not a list; `names`: the
    words by which entries of every type but the first belong; `generic`: words that name no kind of
    note; `kinds`: the categories that count; `topical`: its words are a subject of the literature too.
    """

    name: str
    types: tuple[str, ...]
    past_types: tuple[str, ...]
    one: str
    many: str
    category: str = ""
    names: tuple[str, ...] = ()
    generic: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    active: bool = False
    latest: bool = False
    single: bool = False
    topical: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrasebook:
    """All phrases, compiled, by what they are for."""

    polite: tuple[Phrase, ...]
    structure: tuple[Phrase, ...]
    fillers: tuple[Phrase, ...]
    about: tuple[Phrase, ...]
    generic: tuple[Phrase, ...]
    safety: dict[str, tuple[Phrase, ...]]


@cache
def intents() -> dict[str, Intent]:
    """All intents by name, in the order of the file."""
    return {
        name: Intent(
            name=name,
            types=tuple(row["types"]),
            past_types=tuple(row["past_types"]),
            one=row["one"],
            many=row["many"],
            category=row.get("category", ""),
            names=tuple(row.get("names", ())),
            generic=frozenset(row.get("generic", ())),
            kinds=frozenset(row.get("kinds", ())),
            active=row.get("active", False),
            latest=row.get("latest", False),
            single=row.get("single", False),
            topical=row.get("topical", False),
        )
        for name, row in _table()["intents"].items()
    }


@cache
def overview() -> tuple[str, ...]:
    """The intents of a question for everything."""
    return tuple(_table()["overview"]["intents"])


@cache
def openers() -> frozenset[str]:
    """Words that a question about the world begins with."""
    return frozenset(_table()["openers"]["words"])


@cache
def titles() -> frozenset[str]:
    """Forms of address that a person's name follows."""
    return frozenset(_table()["filler"]["titles"])


@cache
def persons() -> frozenset[str]:
    """Nouns for the one who is treated."""
    return frozenset(_table()["filler"]["persons"])


@cache
def definite() -> frozenset[str]:
    """Words that make such a noun a certain person: "this patient"."""
    return frozenset(_table()["filler"]["definite"])


@cache
def synonym_groups() -> tuple[tuple[str, ...], ...]:
    """Groups of phrases that mean the same in coded records."""
    return tuple(tuple(group) for group in _table()["synonyms"]["groups"])


@cache
def phrasebook() -> Phrasebook:
    """The compiled phrases. A label is `intent:NAME`, `flag:NAME`, `overview`, `neutral`, …"""
    table = _table()
    structure: list[Phrase] = []
    for name, row in table["intents"].items():
        structure.extend(_compiled(f"intent:{name}", row["phrases"]))
    for name, row in table["flags"].items():
        structure.extend(_compiled(f"flag:{name}", row["phrases"]))
    structure.extend(_compiled("overview", table["overview"]["phrases"]))
    structure.extend(_compiled("neutral", table["neutral"]["phrases"]))
    filler, safety = table["filler"], table["drug_safety"]
    return Phrasebook(
        polite=_compiled("filler", filler["polite"]),
        structure=tuple(structure),
        fillers=_compiled("filler", filler["words"]),
        about=_compiled("about", filler["about"]),
        generic=_compiled("generic", filler["generic"]),
        safety={
            key: _compiled(f"safety:{key}", safety[key])
            for key in ("always", "permission", "with_drug", "unless")
        },
    )


def _compiled(label: str, texts: list[str]) -> tuple[Phrase, ...]:
    classes: dict[str, list[str]] = _table()["classes"]
    return tuple(compile_phrase(label, text, classes) for text in texts)


@cache
def _table() -> dict[str, Any]:
    text = resources.files("osler.knowledge").joinpath("data/intents.toml").read_text("utf-8")
    return tomllib.loads(text)
