"""The value lists of values.toml, read once."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

CYRILLIC = ("Оля", "Катя", "Света", "Нина", "Вера")


@dataclass(frozen=True, kw_only=True, slots=True)
class Values:
    """Name and place lists. `known_female` and `known_male` are in lower case, for telling a source name's gender."""

    female: list[str]
    male: list[str]
    family: list[str]
    nicknames: list[str]
    stems: list[str]
    holidays: list[str]
    free_mail: list[str]
    known_female: frozenset[str]
    known_male: frozenset[str]
    place_words: frozenset[str]
    place_likes: dict[str, list[str]]


def load() -> Values:
    """Read values.toml beside this file."""
    raw = tomllib.loads((Path(__file__).parent / "values.toml").read_text(encoding="utf-8"))
    female, male = raw["female"].split(), raw["male"].split()
    return Values(
        female=female,
        male=male,
        family=raw["family"].split(),
        nicknames=raw["nicknames"].split(),
        stems=raw["stems"].split(),
        holidays=[" ".join(day.split()) for day in raw["holidays"].split("|")],
        free_mail=raw["free_mail"].split(),
        known_female=frozenset(name.lower() for name in [*female, *raw["female_in_sources"].split()]),
        known_male=frozenset(name.lower() for name in [*male, *raw["male_in_sources"].split()]),
        place_words=frozenset(raw["place_words"].split()),
        place_likes={word.lower(): row.split() for row in raw["place_likes"] for word in row.split()},
    )
