"""The fixed sentences of the report, from `data/report.toml`: categories of the rule, what is not covered, duties."""

import tomllib
from collections.abc import Set
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """One of the eighteen kinds of 45 CFR 164.514(b)(2)(i): its letter, its name, what Osler takes for it."""

    letter: str
    title: str
    covers: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A title and its text; it stands in the report of a run that has `all` flags."""

    title: str
    text: str
    all: frozenset[str] = frozenset()


@cache
def categories() -> tuple[Category, ...]:
    """All eighteen, in the rule's order."""
    return tuple(Category(**row) for row in _data()["categories"])


def uncovered(flags: Set[str]) -> tuple[Statement, ...]:
    """What a run with these flags does not cover."""
    return tuple(s for s in _statements("uncovered") if s.all <= flags)


def duties() -> tuple[Statement, ...]:
    """What stays for the site to do."""
    return _statements("duties")


@cache
def _statements(kind: str) -> tuple[Statement, ...]:
    return tuple(
        Statement(title=row["title"], text=row["text"], all=frozenset(row.get("all", ())))
        for row in _data()[kind]
    )


@cache
def _data() -> dict[str, list[dict[str, str]]]:
    return tomllib.loads((files("osler.deid") / "data" / "report.toml").read_text(encoding="utf-8"))
