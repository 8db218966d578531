"""The drug facts as they are written in data/: drugs, classes and cross-reactivity, read into frozen values.

`read_formulary()` takes nothing and returns one `Formulary`. It checks that every field is known and every
reference resolves, and raises ValueError naming the row otherwise. It does not search text (terms.py,
drugs.py), judges no allergy (allergies.py) and knows no doses.

Rows of data/drugs/*.toml: `name` is the United States name where two are in use; `brands` are trade names
(US, UK, EU); `other_names` hold INN, BAN and older names and usual short names; `abbreviations` are matched
in the case given when they have four letters or fewer; `ingredients` names other rows, for combinations;
`classes` are the nearest classes only, the rest follows from data/classes.toml.

Classes: `allergy_class` means that an allergy to one member is taken for an allergy to all; `broad` marks
headings ("antibiotics") that say too little to conclude from them that a member is meant.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal, TypeVar, cast

Strength = Literal["certain", "likely", "possible", "unlikely"]

Row = TypeVar("Row")

_PAIR_STRENGTHS = ("likely", "possible", "unlikely")


@dataclass(frozen=True, kw_only=True, slots=True)
class Drug:
    """One drug or fixed combination. `classes` holds what its row says, not what follows from it."""

    name: str
    brands: tuple[str, ...] = ()
    other_names: tuple[str, ...] = ()
    abbreviations: tuple[str, ...] = ()
    ingredients: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class DrugClass:
    """One class of drugs; `id` is what other rows and mentions refer to."""

    id: str
    name: str
    synonyms: tuple[str, ...] = ()
    abbreviations: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    allergy_class: bool = False
    broad: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class CrossReactivity:
    """A symmetric warning between two drugs or classes; `basis` says where the fact comes from."""

    a: str
    b: str
    strength: Strength
    note: str
    basis: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Formulary:
    """Everything in data/ about drugs, keyed by drug name and class id.

    `not_drugs` are phrases that hold a name and speak of no drug; `beside_names` are salts and dosage forms.
    """

    drugs: Mapping[str, Drug]
    classes: Mapping[str, DrugClass]
    pairs: tuple[CrossReactivity, ...]
    not_drugs: tuple[str, ...]
    beside_names: frozenset[str]


@cache
def read_formulary() -> Formulary:
    """The embedded data, read and checked once."""
    data = files("osler.lexicon") / "data"
    drug_files = [file for file in (data / "drugs").iterdir() if file.name.endswith(".toml")]
    drugs = [_drug(row) for file in drug_files for row in _rows(file.read_bytes(), "drug")]
    classes = [_drug_class(row) for row in _rows((data / "classes.toml").read_bytes(), "class")]
    pairs = [_pair(row) for row in _rows((data / "cross_reactivity.toml").read_bytes(), "pair")]
    phrases = _table((data / "phrases.toml").read_bytes())
    formulary = Formulary(
        drugs=_keyed((drug.name, drug) for drug in sorted(drugs, key=lambda drug: drug.name)),
        classes=_keyed((drug_class.id, drug_class) for drug_class in classes),
        pairs=tuple(pairs),
        not_drugs=tuple(phrases["not_drugs"]),
        beside_names=frozenset(phrases["beside_names"]),
    )
    _check_references(formulary)
    return formulary


def _table(raw: bytes) -> dict[str, Any]:
    return tomllib.loads(raw.decode("utf-8"))


def _rows(raw: bytes, key: str) -> list[dict[str, Any]]:
    return cast(list[dict[str, Any]], _table(raw)[key])


def _drug(row: Mapping[str, Any]) -> Drug:
    _refuse_unknown(row, Drug.__slots__)
    return Drug(**{key: _frozen(value) for key, value in row.items()})


def _drug_class(row: Mapping[str, Any]) -> DrugClass:
    _refuse_unknown(row, DrugClass.__slots__)
    return DrugClass(**{key: _frozen(value) for key, value in row.items()})


def _pair(row: Mapping[str, Any]) -> CrossReactivity:
    _refuse_unknown(row, CrossReactivity.__slots__)
    if row["strength"] not in _PAIR_STRENGTHS:
        raise ValueError(f"cross_reactivity.toml: {row['strength']!r} is not one of {_PAIR_STRENGTHS}")
    return CrossReactivity(**row)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _refuse_unknown(row: Mapping[str, Any], known: Collection[str]) -> None:
    unknown = row.keys() - set(known)
    if unknown:
        raise ValueError(f"lexicon data: {dict(row)}: unknown {sorted(unknown)}, known are {sorted(known)}")


def _keyed(rows: Iterable[tuple[str, Row]]) -> dict[str, Row]:
    keyed: dict[str, Row] = {}
    for key, row in rows:
        if key in keyed:
            raise ValueError(f"lexicon data: {key!r} is defined twice")
        keyed[key] = row
    return keyed


def _check_references(formulary: Formulary) -> None:
    drugs, classes = formulary.drugs.keys(), formulary.classes.keys()
    for drug in formulary.drugs.values():
        _check(drug.name, "class", drug.classes, classes)
        _check(drug.name, "ingredient", drug.ingredients, drugs)
    for drug_class in formulary.classes.values():
        _check(drug_class.id, "parent", drug_class.parents, classes)
    for pair in formulary.pairs:
        _check("cross_reactivity.toml", "drug or class", (pair.a, pair.b), drugs | classes)


def _check(owner: str, what: str, references: Iterable[str], known: Collection[str]) -> None:
    for reference in references:
        if reference not in known:
            raise ValueError(f"lexicon data: {owner}: unknown {what} {reference!r}")
