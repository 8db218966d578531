"""The value lists beside the generator (../values/*.txt), as tuples of strings.

`values(name)` gives one list; `names(culture)` the three lists of names of a culture. Entries stand one to a
line or separated by semicolons; '#' starts a comment line; a line `[part]` starts a part of the list. Other
modules may build gazetteers from these: `cultures()` and `lists()` say what there is. SOURCES.md tells where
each list comes from. Nothing here is random.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from osler.lexicon import drugs

VALUES = Path(__file__).resolve().parents[1] / "values"


@dataclass(frozen=True, kw_only=True, slots=True)
class Names:
    """The names of one culture, as they are usually written, most frequent first where that is known."""

    male: tuple[str, ...]
    female: tuple[str, ...]
    surname: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Town:
    """A US town with one of its ZIPs, its county and its area codes."""

    city: str
    state: str
    zip: str
    county: str
    area_codes: tuple[str, ...]


@cache
def parts(name: str) -> Mapping[str, tuple[str, ...]]:
    """The parts of values/<name>.txt; entries before the first `[part]` are under ""."""
    found: dict[str, list[str]] = {"": []}
    part = ""
    for raw in (VALUES / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        line = raw.strip()
        if line.startswith("[") and line.endswith("]"):
            part = line[1:-1]
            found.setdefault(part, [])
        elif line and not line.startswith("# "):
            found[part] += [entry for piece in line.split(";") if (entry := piece.strip())]
    return MappingProxyType({key: tuple(entries) for key, entries in found.items() if entries})


@cache
def values(name: str, part: str = "") -> tuple[str, ...]:
    """One list; without `part`, all parts of the file together."""
    if part:
        return parts(name)[part]
    return tuple(entry for entries in parts(name).values() for entry in entries)


@cache
def lists() -> tuple[str, ...]:
    """The names of all lists."""
    return tuple(sorted(path.stem for path in VALUES.glob("*.txt")))


@cache
def cultures() -> tuple[str, ...]:
    """The cultures that `names()` knows."""
    return tuple(name.removeprefix("names_") for name in lists() if name.startswith("names_"))


@cache
def names(culture: str) -> Names:
    """The given names and surnames of a culture."""
    found = parts(f"names_{culture}")
    return Names(male=found["male"], female=found["female"], surname=found["surname"])


@cache
def given_names() -> tuple[str, ...]:
    """The given names of all cultures, each once, sorted."""
    return tuple(
        sorted({name for culture in cultures() for name in (*names(culture).male, *names(culture).female)})
    )


@cache
def surnames() -> tuple[str, ...]:
    """The surnames of all cultures, each once, sorted."""
    return tuple(sorted({name for culture in cultures() for name in names(culture).surname}))


@cache
def towns() -> tuple[Town, ...]:
    """Eleven thousand US towns of all sizes."""
    rows = [row.split("|") for row in values("us_places")]
    return tuple(
        Town(city=city, state=state, zip=zip_, county=county, area_codes=tuple(codes.split(",")))
        for city, state, zip_, county, codes in rows
    )


@cache
def world_cities() -> tuple[tuple[str, str], ...]:
    """(city, country code) outside the United States."""
    return tuple((city, code) for city, code in (row.split("|") for row in values("world_cities")))


@cache
def states() -> tuple[tuple[str, str], ...]:
    """(state, postal abbreviation), territories included."""
    return tuple((name, code) for name, code in (row.split("|") for row in values("states")))


@cache
def nicknames() -> Mapping[str, tuple[str, ...]]:
    """Short forms by given name."""
    rows = (row.split(":") for row in values("nicknames"))
    return MappingProxyType({name.strip(): tuple(short.split()) for name, short in rows})


@cache
def drug_names() -> tuple[str, ...]:
    """Generic and brand names of the drug lexicon, each once, sorted."""
    found: set[str] = set()
    for drug in drugs.load().drugs.values():
        found.update((drug.name, *drug.brands, *drug.other_names[:1]))
    return tuple(sorted(name for name in found if len(name) <= 40))
