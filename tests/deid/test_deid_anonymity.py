"""k, l and t against the tables of the papers that define them, computed by pyCANON; what it would get wrong."""

import random
from collections import Counter, defaultdict

import pytest

from osler.core.errors import InputError
from osler.deid.anonymity import assess

pytest.importorskip("pycanon", reason="pip install 'osler[anonymity]'")

COLUMNS = ("zip", "age", "salary", "disease")
# Li, Li and Venkatasubramanian 2007: table 4 (3-diverse) and table 5 (0.167-close in salary)
DIVERSE = [
    ("476**", "2*", "3000", "gastric ulcer"), ("476**", "2*", "4000", "gastritis"),
    ("476**", "2*", "5000", "stomach cancer"), ("4790*", ">=40", "6000", "gastritis"),
    ("4790*", ">=40", "11000", "flu"), ("4790*", ">=40", "8000", "bronchitis"),
    ("476**", "3*", "7000", "bronchitis"), ("476**", "3*", "9000", "pneumonia"),
    ("476**", "3*", "10000", "stomach cancer"),
]  # fmt: skip
CLOSE = [
    ("4767*", "<=40", "3000", "gastric ulcer"), ("4767*", "<=40", "5000", "stomach cancer"),
    ("4767*", "<=40", "9000", "pneumonia"), ("4790*", ">=40", "6000", "gastritis"),
    ("4790*", ">=40", "11000", "flu"), ("4790*", ">=40", "8000", "bronchitis"),
    ("4760*", "<=40", "4000", "gastritis"), ("4760*", "<=40", "7000", "bronchitis"),
    ("4760*", "<=40", "10000", "stomach cancer"),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "salary"), [(DIVERSE, 0.375), (CLOSE, 1 / 6)])
def test_tables_of_the_paper(rows: list[tuple[str, ...]], salary: float) -> None:
    found = assess(COLUMNS, rows, quasi=("zip", "age"), sensitive=("salary", "disease"))
    assert (found.k, found.classes, found.rows) == (3, 3, 9)
    assert found.small == ((2, 0), (5, 9), (11, 9))
    assert found.greatest_risk == found.average_risk == pytest.approx(1 / 3)
    paid, ill = found.sensitive
    assert (paid.l, paid.values, paid.distance) == (3, 9, "ordered")
    assert paid.t == pytest.approx(salary)
    assert (ill.l, ill.values, ill.distance) == (3, 6, "equal")
    assert found.library.startswith("pycanon ")


def test_a_missing_quasi_identifier_is_a_value_and_makes_a_class() -> None:
    rows = [("1", "a"), ("1", "b"), ("", "c")]
    found = assess(("q", "s"), rows, quasi=("q",), sensitive=("s",))
    assert (found.k, found.classes) == (1, 2)
    assert found.small[0] == (2, 1)
    assert found.sensitive[0].l == 1


def test_one_value_alone_is_close_and_not_diverse() -> None:
    (only,) = assess(("q", "s"), [("1", "5"), ("2", "5")], quasi=("q",), sensitive=("s",)).sensitive
    assert (only.l, only.t, only.values) == (1, 0.0, 1)


def test_joining_classes_that_are_alike_changes_no_figure() -> None:
    """t and l as they are defined, over many small classes."""
    chance = random.Random(4)
    rows = [(str(chance.randrange(40)), f"d{chance.randrange(4)}") for _ in range(200)]
    (found,) = assess(("q", "s"), rows, quasi=("q",), sensitive=("s",)).sensitive
    classes: dict[str, Counter[str]] = defaultdict(Counter)
    for key, value in rows:
        classes[key][value] += 1
    whole = Counter(value for _, value in rows)
    far = max(
        sum(abs(c[v] / c.total() - whole[v] / whole.total()) for v in whole) / 2 for c in classes.values()
    )
    assert found.t == pytest.approx(far)
    assert found.l == min(len(c) for c in classes.values())


@pytest.mark.parametrize(
    ("columns", "rows", "quasi", "sensitive"),
    [
        (("a", "b"), [("1", "2")], (), ()),
        (("a", "b"), [("1", "2")], ("c",), ()),
        (("a", "b"), [("1", "2")], ("a",), ("a",)),
        (("a", "a"), [("1", "2")], ("a",), ()),
        (("a", "b"), [], ("a",), ()),
    ],
)
def test_what_is_no_such_table_is_refused(
    columns: tuple[str, ...], rows: list[tuple[str, ...]], quasi: tuple[str, ...], sensitive: tuple[str, ...]
) -> None:
    with pytest.raises(InputError):
        assess(columns, rows, quasi=quasi, sensitive=sensitive)
