"""The reader against its port's contract, and against tables that are broken."""

from datetime import date

import pytest
from osler_reader_example.lab_table import LabTable

from osler.core.errors import InputError
from osler.core.ports.reader import Source
from osler.testing import check_reader

HEAD = "patient;name;born;taken;loinc;test;value;unit;low;high\n"
ANA = '4711;"Jones, Ana";1931-02-28;2026-03-01;2823-3;Potassium;5.9;mmol/L;3.5;5.1\n'
CRP = "4711;;;2026-03-01T08:00+01:00;;CRP;<5;mg/L;;\n"


def table(text: str, known: str = "") -> Source:
    return Source(name="labs.csv", data=text.encode(), known_patients=frozenset(known.split()))


def test_it_keeps_the_contract() -> None:
    check_reader(LabTable(), table(HEAD + ANA + CRP))


def test_results_patients_and_what_is_left_out() -> None:
    reading = LabTable().read(table(HEAD + ANA + ANA + CRP + CRP.replace("4711", "9")))
    assert [d.text for d in reading.documents] == [
        "Laboratory result 2026-03-01: Potassium 5.9 mmol/L (reference 3.5 to 5.1), above it.",
        "Laboratory result 2026-03-01T08:00+01:00: CRP <5 mg/L.",
    ]
    (ana,) = reading.patients
    assert ana.birth_date == date(1931, 2, 28)
    assert {k.value for k in ana.identifiers} == {"Jones", "Ana", "1931-02-28", "4711"}
    assert reading.skipped == {"repeated in the file": 1, "patient is neither named nor loaded": 1}
    item = reading.documents[0].item
    assert item is not None
    assert (item.type, item.category, item.value, item.when) == (
        "Observation", "laboratory", "5.9 mmol/L", "2026-03-01",
    )  # fmt: skip


def test_a_patient_who_is_loaded_needs_no_name() -> None:
    reading = LabTable().read(table(HEAD + CRP, known="4711"))
    assert len(reading.documents) == 1
    assert reading.patients == ()


def test_columns_in_any_order_and_only_its_own_files() -> None:
    reading = LabTable().read(
        table("unit;value;test;taken;patient\nmmol/L;4;Potassium;2026-03-01;p\n", known="p")
    )
    assert reading.documents[0].text == "Laboratory result 2026-03-01: Potassium 4 mmol/L."
    assert not LabTable().accepts(Source(name="labs.txt", data=HEAD.encode()))
    assert not LabTable().accepts(Source(name="labs.csv", data=b"date,amount\n"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        (HEAD.replace("value;", ""), "no column 'value'"),
        (HEAD.replace("low", "lowest"), "Column 9"),
        (HEAD.replace("low", "high"), "Column 10"),
        (HEAD + ANA.replace("5.9", "5,9"), "Line 2, column 'value'"),
        (HEAD + ANA.replace("5.9", "Zythar"), "Line 2, column 'value'"),
        (HEAD + ANA.replace("5.9;", ""), "Line 2 has 9 fields, not 10"),
        (HEAD + ANA.replace("2026-03-01", "1.3.2026"), "Line 2, column 'taken'"),
        (HEAD + ANA.replace("2026-03-01", "2026-03-01T08:00"), "zone"),
        (HEAD + ANA.replace("1931", "Zythar"), "Line 2, column 'born'"),
        (HEAD + ANA.replace("4711", "Patient Zythar"), "Line 2, column 'patient'"),
        (HEAD + ANA.replace("2823-3", "Zythar"), "Line 2, column 'loinc'"),
        (HEAD + ANA.replace("Potassium", "Zythar" * 99), "Line 2, column 'test'"),
        (HEAD + ANA.replace("Potassium", "Zythar\x1b[2J"), "Line 2, column 'test'"),
        (HEAD + ANA + ANA.replace("5.9", "4.1"), "Line 3, column 'value'"),
        (HEAD + ANA + ANA.replace("Ana", "Zythar"), "Line 3, column 'name'"),
        (HEAD + ANA.replace('Ana"', "Zythar"), "quoting"),
    ],
)
def test_what_is_broken_is_told_by_line_and_column_alone(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        LabTable().read(table(text))
    assert "Zythar" not in str(caught.value)
    assert caught.value.remedy
