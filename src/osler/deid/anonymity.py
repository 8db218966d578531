"""How well a table hides a person among others: k-anonymity, l-diversity and t-closeness of quasi-identifiers.

    k   the size of the smallest class of rows that agree in all quasi-identifiers (Sweeney 2002)
    l   the fewest different values of a sensitive column within a class (distinct l-diversity, Machanavajjhala 2007)
    t   the greatest distance between the distribution of a sensitive column in a class and that in the table
        (Li 2007): for numbers with the ordered distance, else with the equal one

The three are computed by pyCANON (https://pypi.org/project/pycanon, Apache-2.0, extra `anonymity`). Its entropy and
recursive l-diversity are not used: version 1.0.1.post2 rounds the one down and takes the rarest value for the most
frequent in the other. It also leaves out rows with a missing quasi-identifier, which would flatter the table; here what
is missing is a value like any other. Risks are those of one who knows that a person is in the table: 1 / class size.

What the figures cannot show: columns that were not named, what the texts say, and what others know.
"""

import importlib
import importlib.metadata
import warnings
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd, isfinite
from typing import Any, Literal

from osler.core.errors import ConfigError, InputError

SMALL = (2, 5, 11)
"""Rows in classes smaller than these are counted: unique rows, and the two usual limits for small cells."""

MOST_WORK = 500_000
"""Classes times values beyond which t is not computed: pyCANON would take minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitive:
    """One sensitive column. `t` is None where it would take too long; `distance` says how values differ."""

    column: str
    values: int
    l: int  # noqa: E741 - its name
    t: float | None
    distance: Literal["ordered", "equal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Anonymity:
    """The figures of a table. `small` counts the rows in classes smaller than each size; risks are shares."""

    rows: int
    quasi: tuple[str, ...]
    classes: int
    k: int
    small: tuple[tuple[int, int], ...]
    average_risk: float
    greatest_risk: float
    sensitive: tuple[Sensitive, ...]
    library: str


def assess(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    quasi: Sequence[str],
    sensitive: Sequence[str] = (),
) -> Anonymity:
    """The figures of a table of texts; every row has a value for each column, "" where it is missing.

    Raises ConfigError without pyCANON, InputError for a table or columns that cannot be assessed.
    """
    _require_columns(columns, quasi, sensitive)
    if not rows:
        raise InputError("The table has no rows.", remedy="Give one row for each person.")
    library, pandas = _required()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pandas, about how pyCANON calls it
        return _assessed(library, pandas, columns, rows, quasi, sensitive)


def _assessed(
    library: Any,
    pandas: Any,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    quasi: Sequence[str],
    sensitive: Sequence[str],
) -> Anonymity:
    table = pandas.DataFrame([list(row) for row in rows], columns=list(columns), dtype=object)
    places = [columns.index(name) for name in quasi]
    keys = [tuple(row[at] for at in places) for row in rows]
    sizes = Counter(keys)
    k = int(library.k_anonymity(table, list(quasi)))
    return Anonymity(
        rows=len(rows),
        quasi=tuple(quasi),
        classes=len(sizes),
        k=k,
        small=tuple((limit, sum(n for n in sizes.values() if n < limit)) for limit in SMALL),
        average_risk=len(sizes) / len(rows),
        greatest_risk=1 / k,
        sensitive=tuple(
            _sensitive(library, pandas, name, keys, [row[columns.index(name)] for row in rows])
            for name in sensitive
        ),
        library=f"pycanon {importlib.metadata.version('pycanon')}",
    )


def _sensitive(
    library: Any, pandas: Any, name: str, keys: Sequence[tuple[str, ...]], values: Sequence[str]
) -> Sensitive:
    """l and t of one column.

    Classes in which the values are distributed alike are one for both figures. They are joined first, exactly, since
    the library's time is classes times values.
    """
    numbers = _numbers(values)
    signature = _distributions(keys, values)
    merged = pandas.DataFrame({"class": [signature[key] for key in keys]})
    merged["value"] = numbers if numbers is not None else pandas.Series(list(values), dtype=object)
    different = len(set(numbers if numbers is not None else values))
    t: float | None = None
    if different == 1:
        t = 0.0
    elif different * len(set(signature.values())) <= MOST_WORK:
        t = float(library.t_closeness(merged, ["class"], ["value"]))
    return Sensitive(
        column=name,
        values=different,
        l=int(library.l_diversity(merged, ["class"], ["value"])),
        t=t,
        distance="equal" if numbers is None else "ordered",
    )


def _distributions(keys: Sequence[tuple[str, ...]], values: Sequence[str]) -> dict[tuple[str, ...], int]:
    """Each class to a number; those with the same shares of values have the same one."""
    counts: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for key, value in zip(keys, values, strict=True):
        counts[key][value] += 1
    known: dict[frozenset[tuple[str, int]], int] = {}
    numbered = {}
    for key, tally in counts.items():
        unit = gcd(*tally.values())
        shares = frozenset((value, count // unit) for value, count in tally.items())
        numbered[key] = known.setdefault(shares, len(known))
    return numbered


def _numbers(values: Sequence[str]) -> list[float] | None:
    """The values as numbers, if they all are."""
    try:
        numbers = [float(value) for value in values]
    except ValueError:
        return None
    return numbers if all(isfinite(n) for n in numbers) else None


def _require_columns(columns: Sequence[str], quasi: Sequence[str], sensitive: Sequence[str]) -> None:
    if not quasi:
        raise InputError("No quasi-identifiers are named.", remedy="Name columns with --quasi-identifiers.")
    if len(set(columns)) != len(columns):
        raise InputError("Two columns of the table have one name.", remedy="Rename one of them.")
    for name in (*quasi, *sensitive):
        if name not in columns:
            raise InputError(
                "The table has not all of the columns that are named.",
                remedy="Name columns as the first line of the table has them, with commas in between.",
            )
    named = [*quasi, *sensitive]
    if len(set(named)) != len(named):
        raise InputError(
            "A column is named twice.", remedy="A column is a quasi-identifier or sensitive, once."
        )


def _required() -> tuple[Any, Any]:
    """pyCANON's functions and pandas. Raises ConfigError when they are not installed."""
    try:
        return importlib.import_module("pycanon.anonymity"), importlib.import_module("pandas")
    except ImportError:
        raise ConfigError(
            "pyCANON is not installed.",
            remedy="Install it with `pip install 'osler[anonymity]'`, or leave --table out.",
        ) from None
