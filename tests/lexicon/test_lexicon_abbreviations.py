"""Abbreviations and synonyms in a query."""

from __future__ import annotations

import pytest

from osler.lexicon.abbreviations import expand, synonyms

EXPANSIONS = [
    ("A1c target in T2DM?", ("hemoglobin A1c", "glycated hemoglobin", "type 2 diabetes mellitus")),
    ("ckd and htn", ("chronic kidney disease", "hypertension")),
    ("HTN/CKD", ("hypertension", "chronic kidney disease")),
    ("aspirin after MI", ("myocardial infarction",)),
    ("mi casa", ()),
    ("SOB", ("shortness of breath",)),
    ("sob", ()),
    ("ALL in children", ("acute lymphoblastic leukemia",)),
    ("all children", ()),
    ("b.i.d. or BID", ("twice a day",)),
    (
        "LFTs, PEs.",
        ("liver function tests", "liver function test", "pulmonary embolism", "physical examination"),
    ),
    ("w/o f/u", ("without", "follow-up")),
    ("(eGFR)", ("estimated glomerular filtration rate",)),
    ("MS", ("multiple sclerosis", "mitral stenosis", "morphine sulfate")),
    ("", ()),
    ("plain words only", ()),
]

SYNONYMS = [
    ("kidney", ("renal",)),
    ("Kidneys", ("renal",)),
    ("hypertension", ("high blood pressure", "raised blood pressure", "HTN")),
    ("HTN", ("hypertension", "high blood pressure", "raised blood pressure")),
    ("heart  attack", ("myocardial infarction", "cardiac infarction", "MI")),
    ("water pill", ("diuretic", "water tablet")),
    ("blood thinner", ("anticoagulant",)),
    ("shot", ("vaccine", "immunization", "immunisation", "vaccination", "jab")),
    ("drugs", ("medicine", "medication", "meds", "pharmaceutical")),
    ("chronic kidney disease", ("chronic renal disease", "chronic renal failure", "CKD")),
    ("no such term", ()),
    ("", ()),
]


@pytest.mark.parametrize(("text", "expected"), EXPANSIONS)
def test_expand(text: str, expected: tuple[str, ...]) -> None:
    assert expand(text) == expected


@pytest.mark.parametrize(("term", "expected"), SYNONYMS)
def test_synonyms(term: str, expected: tuple[str, ...]) -> None:
    assert synonyms(term) == expected
