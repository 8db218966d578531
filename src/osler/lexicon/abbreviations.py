"""Clinical abbreviations and synonyms, for understanding what somebody searches for.

`expand()` takes a query and returns what its abbreviations stand for; `synonyms()` takes one term and
returns other words for it. Both return plain phrases, most usual first, and never rewrite a text: which
expansion is meant, where there are several, is for the caller to find out. Drugs and their abbreviations
are in drugs.py.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from osler.lexicon.terms import inflected

# Up to this length, another case makes another word: "MI" and "mi", "OR" and "or".
_EXACT_LENGTH = 2
_TOKEN = re.compile(r"[^\s,;:()\[\]{}?!\"]+")
_PART = re.compile(r"[^/+–-]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Abbreviation:
    """A short form and its expansions, the commonest first; `exact` ones are matched in their own case only."""

    short: str
    expansions: tuple[str, ...]
    exact: bool


def expand(text: str) -> tuple[str, ...]:
    """What the abbreviations in `text` stand for, in the order in which they appear, each once."""
    return _once(expansion for key in _keys(text) for expansion in _expansions().get(key, ()))


def synonyms(term: str) -> tuple[str, ...]:
    """Other words for `term` (one word or phrase, in any case, singular or plural): its group and short forms.

    An abbreviation gives its expansions and their synonyms. An unknown term gives nothing.
    """
    folded = " ".join(term.lower().split())
    known = next((form for form in (folded, *inflected(folded)) if form in _groups()), None)
    others = [other for other in _groups()[known] if other.lower() != known] if known else []
    for expansion in expand(term) if " " not in folded else ():
        others += [expansion, *_groups().get(expansion.lower(), ())]
    return _once(other for other in others if other.lower() != folded)


@cache
def abbreviations() -> tuple[Abbreviation, ...]:
    """The table of abbreviations."""
    return tuple(
        Abbreviation(
            short=row["short"],
            expansions=tuple(row["expansions"]),
            exact=row.get("exact", False) or sum(map(str.isalnum, row["short"])) <= _EXACT_LENGTH,
        )
        for row in _table("abbreviations.toml")["abbreviation"]
    )


def _keys(text: str) -> Iterator[str]:
    """Keys to look up: each token, as written and folded; its parts, if the whole of it is unknown."""
    table = _expansions()
    for token in _TOKEN.findall(text):
        keys = _forms(token)
        if not any(key in table for key in keys):
            keys = [key for part in _PART.findall(token) for key in _forms(part)]
        yield from keys


def _forms(token: str) -> list[str]:
    # An exact row is filed under "=" and its own spelling; every other one under its small letters.
    undotted = token.strip(".'’").replace(".", "")
    singular = undotted[:-1] if undotted.endswith("s") and undotted[:-1].isupper() else undotted
    return list(dict.fromkeys(("=" + undotted, undotted.lower(), "=" + singular, singular.lower())))


@cache
def _expansions() -> dict[str, tuple[str, ...]]:
    table: dict[str, tuple[str, ...]] = {}
    for row in abbreviations():
        undotted = row.short.replace(".", "")
        key = "=" + undotted if row.exact else undotted.lower()
        table[key] = table.get(key, ()) + row.expansions
    return table


@cache
def _groups() -> dict[str, tuple[str, ...]]:
    """Every term of a group, in small letters, with the group; a sole expansion has its short form in its group."""
    groups: dict[str, tuple[str, ...]] = {}
    for group in _table("synonyms.toml")["groups"]:
        for term in group:
            groups[term.lower()] = _once((*groups.get(term.lower(), ()), *group))
    for row in abbreviations():
        if len(row.expansions) == 1:
            expansion = row.expansions[0]
            for term in groups.get(expansion.lower(), (expansion,)):
                groups[term.lower()] = (*groups.get(term.lower(), (term,)), row.short)
    return groups


def _once(phrases: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(phrases))


def _table(name: str) -> dict[str, Any]:
    return tomllib.loads((files("osler.lexicon") / "data" / name).read_text("utf-8"))
