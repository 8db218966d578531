"""The doses check: what was not given, what can be misread, and what is left alone."""

import pytest

from osler.core.citations import Evidence
from osler.core.ports.check import Statement
from osler.core.ports.records import RecordItem
from osler.guardrails.checks.doses import DosesCheck
from osler.testing import check_check

RECORD = (
    RecordItem(
        doc="MedicationRequest/m1",
        patient="p1",
        type="MedicationRequest",
        display="Lisinopril 10 mg oral tablet",
        text="Lisinopril 10 mg once daily.",
    ),
)
EVIDENCE = (
    Evidence(
        n=1, doc="topic", title="Pain", quote="Acetaminophen 1 g every 6 hours.", start=0, end=30,
        sha256="0" * 64, collection="guidelines", patient=None,
    ),
)  # fmt: skip


def found(text: str, question: str = "") -> list[tuple[str, str]]:
    statement = Statement(part="sentence", text=text, question=question, evidence=EVIDENCE, record=RECORD)
    findings = list(DosesCheck().check(statement))
    assert all(text[f.start : f.end] == f.claim for f in findings)
    return [(f.kind, f.claim) for f in findings]


def test_it_keeps_the_ports_contract():
    check_check(DosesCheck())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Give ibuprofen 400 mg three times daily.", [("dose_not_given", "400 mg")]),
        ("Give 400 mg of ibuprofen.", [("dose_not_given", "400 mg")]),
        ("Continue lisinopril 10 mg.", []),
        ("Acetaminophen 1000 mg is the dose [1].", []),
        ("Acetaminophen 1,000 mg is the dose [1].", []),
        ("Lisinopril 10.0 mg daily.", [("dose_notation", "10.0 mg")]),
        ("Lisinopril .5 mg daily.", [("dose_notation", ".5 mg"), ("dose_not_given", ".5 mg")]),
        ("Insulin 10 U before meals.", [("dose_notation", "10 U"), ("dose_not_given", "10 U")]),
        ("Insulin 10 units before meals.", [("dose_not_given", "10 units")]),
        ("Digoxin 125 mcg daily.", [("dose_not_given", "125 mcg")]),
        ("Glucose is 110 mg/dL on metformin.", []),
        ("Her potassium is 5.9 mmol/L on lisinopril.", []),
        ("She weighs 70 kg.", []),
    ],
)
def test_doses(text, expected):
    assert found(text) == expected


def test_a_dose_of_the_question_was_given():
    assert found("Digoxin 0.125 mg daily.", question="She takes digoxin 125 µg.") == []
