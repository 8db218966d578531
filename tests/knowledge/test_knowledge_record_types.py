"""A record of which only some types may be read: nothing else is drawn on, and nothing is said of what it lacks."""

import pytest
from knowledge_doubles import (
    MemoryStore,
    allergy,
    condition,
    lab,
    load,
    loinc,
    medication,
    note,
    patient,
    retriever,
)

ALL = (
    "What are her allergies?",
    "What medications does she take?",
    "What problems does she have?",
    "What was her last eGFR?",
    "Summarise her notes.",
    "Is it safe to give her ibuprofen?",
    "Anything about her knee?",
    "List her allergies and her medications.",
)


@pytest.fixture(scope="module")
def store() -> MemoryStore:
    return load(
        patient(),
        medication("lisinopril", "lisinopril 20 MG Oral Tablet"),
        allergy("nsaid", "Ibuprofen"),
        condition("ckd", "Chronic kidney disease stage 3b"),
        lab("egfr", loinc("98979-8", "eGFR (CKD-EPI 2021)"), 38, "mL/min", "2026-10-20"),
        note("note", "She asks whether she could start ibuprofen for the knee."),
    )


@pytest.mark.parametrize("question", ALL)
@pytest.mark.parametrize("types", [(), ("Observation",), ("AllergyIntolerance", "Condition")])
def test_only_those_types_are_drawn_on(store: MemoryStore, question: str, types: tuple[str, ...]) -> None:
    found = retriever(store).ground(question, "p1", types)
    assert {e.doc.split("/")[0] for e in found.evidence if e.from_record} <= set(types)
    assert not any("no " in notice.lower() or "lacks" in notice for notice in found.notices)


def test_all_types_are_drawn_on_where_nothing_limits_them(store: MemoryStore) -> None:
    types = {
        e.doc.split("/")[0] for question in ALL for e in retriever(store).ground(question, "p1").evidence
    }
    assert types >= {"AllergyIntolerance", "MedicationRequest", "Condition", "Observation"}


def test_it_says_that_parts_were_not_read(store: MemoryStore) -> None:
    (notice,) = retriever(store).ground("What are her allergies?", "p1", ("Observation",)).notices
    assert "were not read" in notice
    assert not retriever(store).ground("What was her last eGFR?", "p1", ("Observation",)).notices
