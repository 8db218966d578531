"""The check against its port's contract, and against a table of cases."""

import pytest
from osler_check_example.potassium import PotassiumCheck

from osler.core.errors import ConfigError
from osler.core.ports.check import Statement
from osler.testing import check_check


def test_it_keeps_the_contract() -> None:
    check_check(PotassiumCheck())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Potassium is 59 mmol/L today [1].", [("potassium_implausible", "block", "Potassium is 59 mmol/L")]),
        ("Her K+ was 0.4 mEq/L.", [("potassium_implausible", "block", "K+ was 0.4 mEq/L")]),
        ("serum potassium: 5.9 mg/dL", [("potassium_unit", "warn", "serum potassium: 5.9 mg/dL")]),
        ("\U0001f9d1 Potassium 5.9 mmol/L, later potassium of 4.1 mEq/L.", []),
        ("Give potassium chloride 20 mmol orally; potassium 40 mg.", []),
        ("Sodium is 138 mmol/L.", []),
    ],
)
def test_cases(text: str, found: list[tuple[str, str, str]]) -> None:
    findings = list(PotassiumCheck().check(Statement(part="sentence", text=text)))
    assert [(f.kind, f.severity.value, text[f.start : f.end]) for f in findings] == found
    assert all(f.source for f in findings)


def test_the_limits_are_the_sites() -> None:
    statement = Statement(part="sentence", text="Potassium is 9 mmol/L.")
    assert not list(PotassiumCheck().check(statement))
    assert list(PotassiumCheck(high=8).check(statement))


@pytest.mark.parametrize(("low", "high"), [(0, 5), (5, 5), (9, 2), (float("nan"), 5)])
def test_limits_that_make_no_sense_are_refused(low: float, high: float) -> None:
    with pytest.raises(ConfigError):
        PotassiumCheck(low=low, high=high)
