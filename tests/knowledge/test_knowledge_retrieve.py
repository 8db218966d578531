"""Evidence for questions on the record, on drugs and on the literature; and whose evidence it is."""

import base64

import pytest
from knowledge_doubles import (
    Json,
    MemoryStore,
    add_topic,
    allergy,
    coded,
    condition,
    lab,
    load,
    loinc,
    medication,
    note,
    of,
    patient,
    retriever,
    words,
)

from osler.core.errors import UnknownPatient
from osler.core.sensitivity import Sensitivity
from osler.knowledge.retrieve import MOST_EVIDENCE, Grounding

A1C = loinc("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood")
EGFR = loinc("98979-8", "eGFR (CKD-EPI 2021)")
POTASSIUM = loinc("2823-3", "Potassium")


def vaccine(id_: str, name: str, when: str, status: str = "completed") -> Json:
    return {
        "resourceType": "Immunization",
        "id": id_,
        "status": status,
        "vaccineCode": words(name),
        "patient": of("p1"),
        "occurrenceDateTime": when,
    }


def visit(id_: str, name: str, when: str, kind: str = "AMB") -> Json:
    return {
        "resourceType": "Encounter",
        "id": id_,
        "status": "finished",
        "class": {"code": kind},
        "type": [words(name)],
        "subject": of("p1"),
        "period": {"start": when},
    }


RECORD: tuple[Json, ...] = (
    patient(),
    medication("lisinopril", "lisinopril 20 MG Oral Tablet", reasonCode=[words("Hypertension")]),
    medication("atorvastatin", "atorvastatin 20 MG Oral Tablet", authoredOn="2020-01-01"),
    medication("naproxen", "naproxen 220 MG Oral Tablet", "stopped", authoredOn="2015-01-01"),
    medication("metformin", "metformin 500 MG", "on-hold"),
    {
        "resourceType": "MedicationStatement",
        "id": "aspirin",
        "status": "active",
        "subject": of("p1"),
        "medicationCodeableConcept": words("aspirin 81 MG"),
        "effectiveDateTime": "2023-01-01",
    },
    allergy(
        "nsaid",
        "Nonsteroidal anti-inflammatory drug (NSAID)",
        criticality="high",
        reaction=[{"manifestation": [words("angioedema")]}],
    ),
    allergy("egg", "Egg protein", "resolved"),
    condition("ckd", "Chronic kidney disease stage 3b"),
    condition(
        "htn", "Hypertension", code=coded("http://snomed.info/sct", "38341003", "Hypertensive disorder")
    ),
    condition("bronchitis", "Acute bronchitis", "resolved"),
    lab("egfr-new", EGFR, 38, "mL/min/1.73 m2", "2026-10-20"),
    lab("egfr-mid", loinc("48642-3", "GFR MDRD"), 41, "mL/min/1.73 m2", "2025-09-16"),
    lab("egfr-old", EGFR, 45, "mL/min/1.73 m2", "2024-03-12"),
    lab("k-new", POTASSIUM, 4.9, "mmol/L", "2026-10-20"),
    lab("k-old", POTASSIUM, 4.4, "mmol/L", "2024-03-12"),
    lab("a1c", A1C, 5.8, "%", "2026-03-17"),
    vaccine("flu-26", "Influenza, seasonal, injectable", "2026-10-13"),
    vaccine("flu-25", "Influenza, seasonal, injectable", "2025-10-13"),
    vaccine("td", "Td (adult)", "2019-05-01"),
    vaccine("refused", "Zoster", "2024-01-01", "not-done"),
    visit("visit", "Office visit", "2026-10-27"),
    visit("stay", "Admission", "2023-02-19", "IMP"),
    {
        "resourceType": "Procedure",
        "id": "colonoscopy",
        "status": "completed",
        "code": words("Screening colonoscopy"),
        "subject": of("p1"),
        "performedDateTime": "2020-02-11",
    },
    note("note", "She asks whether she could start ibuprofen for the knee.\n\nPLAN:\nWalks daily. No falls."),
)
TOPICS = (
    (
        "NSAIDs in chronic kidney disease",
        "## Use\nPeople with chronic kidney disease should not take NSAIDs. They drink water.\n\n## Drugs\nIbuprofen with an ACE inhibitor can harm the kidneys.",
        ["ibuprofen", "CKD"],
    ),
    (
        "NSAID hypersensitivity",
        "## Cross-reactivity\nA person who had angioedema with one NSAID should avoid all of them.",
        ["allergy"],
    ),
    (
        "Gout",
        "## Treatment\nColchicine is recommended as a treatment for a gout flare.\nAllopurinol is the first-line drug to lower urate.",
        ["urate"],
    ),
    (
        "Hypertension in adults",
        "## Target\nThe blood pressure target is below 130/80 mm Hg for most adults with hypertension.",
        ["blood pressure"],
    ),
)


@pytest.fixture(scope="module")
def store() -> MemoryStore:
    made = load(*RECORD)
    for topic in TOPICS:
        add_topic(made, *topic)
    return made


def docs(grounding: Grounding) -> list[str]:
    return [e.doc.split("/")[1] for e in grounding.evidence]


RECORD_QUESTIONS: list[tuple[str, list[str]]] = [
    ("What medications is this patient on?", ["lisinopril", "aspirin", "atorvastatin"]),
    ("current meds?", ["lisinopril", "aspirin", "atorvastatin"]),
    (
        "What medications was she on in the past?",
        ["lisinopril", "metformin", "aspirin", "atorvastatin", "naproxen"],
    ),
    ("Is she on a statin?", ["atorvastatin"]),
    ("Is she on any blood thinners?", []),
    ("Has she ever taken naproxen?", ["naproxen"]),
    ("Is she taking metformin?", ["metformin"]),
    ("What does she take for hypertension?", ["lisinopril"]),
    ("What is she allergic to?", ["nsaid"]),
    ("Is she allergic to ibuprofen?", ["nsaid"]),
    ("Is she allergic to latex?", []),
    ("problem list", ["ckd", "htn"]),
    ("past medical history", ["ckd", "htn", "bronchitis"]),
    ("Does she have high blood pressure?", ["htn"]),
    ("any CKD?", ["ckd"]),
    ("Does she have asthma?", []),
    ("last A1c", ["a1c"]),
    ("What is her kidney function?", ["egfr-new"]),
    ("how has her eGFR changed", ["egfr-new", "egfr-mid", "egfr-old"]),
    ("eGFR in 2024", ["egfr-old"]),
    ("latest potassium and A1c", ["k-new", "a1c"]),
    ("last troponin", []),
    ("latest labs", ["egfr-new", "k-new", "a1c"]),
    ("what vaccines has she had", ["flu-26", "flu-25", "td"]),
    ("When was her last flu shot?", ["flu-26"]),
    ("tetanus shot?", ["td"]),
    ("shingles vaccine?", ["refused"]),
    ("last visit", ["visit"]),
    ("Was she ever hospitalized?", ["stay"]),
    ("when was her last colonoscopy", ["colonoscopy"]),
    ("How old is she?", ["p1"]),
    ("What are her allergies and problems?", ["nsaid", "ckd", "htn"]),
    ("Does she have a pacemaker?", []),
]


@pytest.mark.parametrize(("question", "expected"), RECORD_QUESTIONS)
def test_questions_on_the_record(store: MemoryStore, question: str, expected: list[str]) -> None:
    grounding = retriever(store).ground(question, "p1")
    assert docs(grounding) == expected
    assert all(e.patient == "p1" and e.basis == "record" for e in grounding.evidence)
    assert [e.n for e in grounding.evidence] == list(range(1, len(expected) + 1))
    assert grounding.sensitivity is Sensitivity.PHI


def test_a_list_is_marked_complete_and_a_loose_find_is_not(store: MemoryStore) -> None:
    assert all(e.complete for e in retriever(store).ground("current meds?", "p1").evidence)
    assert all(e.complete for e in retriever(store).ground("any CKD?", "p1").evidence)
    loose = retriever(store).ground("any angioedema?", "p1").evidence
    assert [(e.doc, e.complete) for e in loose] == [("AllergyIntolerance/nsaid", False)]


def test_drug_safety_gives_both_sides(store: MemoryStore) -> None:
    grounding = retriever(store).ground("Is it safe to start ibuprofen for her knee pain?", "p1")
    found = docs(grounding)
    assert found[:9] == [
        "nsaid",
        "ckd",
        "htn",
        "lisinopril",
        "aspirin",
        "atorvastatin",
        "egfr-new",
        "k-new",
        "note",
    ]
    topics = {e.doc for e in grounding.evidence if e.patient is None}
    assert topics == {"guideline/nsaids-in-chronic-kidney-disease", "guideline/nsaid-hypersensitivity"}
    assert grounding.intents == ("drug_safety",)
    assert not grounding.notices


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (
            "What is the first-line drug to lower urate in gout?",
            "Allopurinol is the first-line drug to lower urate.",
        ),
        ("How is a gout flare treated?", "Colchicine is recommended as a treatment for a gout flare."),
        (
            "What is the BP target in hypertension?",
            "The blood pressure target is below 130/80 mm Hg for most adults with hypertension.",
        ),
        ("Should NSAIDs be avoided in CKD?", "People with chronic kidney disease should not take NSAIDs."),
    ],
)
@pytest.mark.parametrize("who", [None, "p1"])
def test_questions_on_the_literature(
    store: MemoryStore, question: str, expected: str, who: str | None
) -> None:
    grounding = retriever(store).ground(question, who)
    literature = [e for e in grounding.evidence if e.patient is None]
    assert expected in [e.quote for e in literature]
    assert all(e.basis == "opened" and e.collection == "guidelines" for e in literature)
    assert len({e.doc for e in literature}) <= 4
    assert len(literature) <= 8
    if who is None:
        assert grounding.sensitivity is Sensitivity.CLEAR


@pytest.mark.parametrize(
    "question",
    [
        "What is the capital of France?",
        "How do I bake bread?",
        "Who treats people in Germany?",
        "",
        "???",
        "Tell me a joke about water",
    ],
)
@pytest.mark.parametrize("who", [None, "p1"])
def test_nothing_for_what_nobody_knows(store: MemoryStore, question: str, who: str | None) -> None:
    assert retriever(store).ground(question, who).evidence == ()


@pytest.mark.parametrize(
    ("resources", "question", "notice"),
    [
        ((), "current meds?", "The record lists no active medication (it holds no medication request)."),
        (
            (medication("m", "x", "stopped"),),
            "current meds?",
            "The record lists no active medication (1 medication request, which is not active).",
        ),
        (
            (medication("m", "x", "stopped"), medication("n", "y", "completed")),
            "What is she on?",
            "The record lists no active medication (2 medication requests, none of them active).",
        ),
        (
            (medication("m", "x", "stopped"),),
            "Can she take ibuprofen?",
            "The record lists no active medication (1 medication request, which is not active).",
        ),
        (
            (medication("m", "warfarin", "stopped"),),
            "Was she ever on warfarin?",
            "The record lists no active medication (1 medication request, which is not active).",
        ),
        ((), "any allergies?", "The record lists no allergy."),
        (
            (allergy("a", "egg", "resolved"),),
            "any allergies?",
            "The record lists no active allergy (1 allergy, which is not active).",
        ),
        ((), "Can she take ibuprofen?", "The record lists no allergy."),
        ((), "what vaccines has she had", "The record lists no immunization."),
        (
            (medication("m", "metformin"),),
            "Is she on warfarin?",
            "Nothing that was asked for is among the one active medication on the record.",
        ),
        (
            (lab("k", POTASSIUM, 4, "mmol/L"),),
            "last troponin",
            "The record holds no laboratory result of what was asked for.",
        ),
    ],
)
def test_what_is_missing_is_said(resources: tuple[Json, ...], question: str, notice: str) -> None:
    assert notice in retriever(load(patient(), *resources)).ground(question, "p1").notices


def test_no_known_allergy_is_given_as_it_is() -> None:
    store = load(patient(), allergy("a", "No known allergy"))
    grounding = retriever(store).ground("any allergies?", "p1")
    assert [e.quote for e in grounding.evidence] == [
        "Allergy status (active): No known allergy. Recorded 2019-06-25."
    ]
    assert not grounding.notices


def test_notes_are_cited_sentence_by_sentence(store: MemoryStore) -> None:
    grounding = retriever(store).ground("what does the last progress note say?", "p1")
    assert [e.quote for e in grounding.evidence] == [
        "She asks whether she could start ibuprofen for the knee.",
        "Walks daily.",
        "No falls.",
    ]
    assert {e.title for e in grounding.evidence} == {"Note: Progress note"}
    assert retriever(store).ground("What did the discharge summary say?", "p1").evidence == ()


def test_a_written_report_is_cited_by_its_sentences() -> None:
    form = [{"contentType": "text/plain", "data": base64.b64encode(b"No fracture. Small effusion.").decode()}]
    report = {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "status": "final",
        "code": words("Radiology report knee"),
        "subject": of("p1"),
        "presentedForm": form,
    }
    store = load(patient(), report, note("n", "Came by bus."))
    grounding = retriever(store).ground("What does the radiology report say?", "p1")
    assert [e.quote for e in grounding.evidence] == ["No fracture.", "Small effusion."]


def test_values_without_a_category_are_laboratory_results() -> None:
    bare = {k: v for k, v in lab("k", POTASSIUM, 4.9, "mmol/L").items() if k != "category"}
    odd = {**lab("z", words("Zonulin"), 3, "ng/mL"), "category": [{"text": "Lab"}]}
    pressure = {**bare, "id": "bp", "code": loinc("8867-4", "Heart rate")}
    store = load(patient(), bare, odd, pressure)
    assert set(docs(retriever(store).ground("latest labs", "p1"))) == {"k", "z"}
    assert docs(retriever(store).ground("vitals", "p1")) == ["bp"]


def test_titles_of_the_record_name_nobody() -> None:
    resource = note("n", "Seen.") | {"type": words("Letter to Mrs. Quillfeather")}
    (evidence,) = retriever(load(patient(), resource)).ground("what does the note say?", "p1").evidence
    assert evidence.title == "Note"


def test_without_a_patient_no_record_is_read(store: MemoryStore) -> None:
    store.scopes.clear()
    store.asked_for.clear()
    for question in (
        "What medications is this patient on?",
        "Can she take ibuprofen?",
        "gout flare",
        "last A1c",
    ):
        assert not [e for e in retriever(store).ground(question, None).evidence if e.from_record]
    assert store.asked_for == []
    assert all(scope.patient is None for scope in store.scopes)
    grounding = retriever(store).ground("What medications is this patient on?", None)
    assert (grounding.evidence, grounding.notices) == (
        (),
        ("No patient is named with the request, so no record was read.",),
    )


def test_an_unknown_patient_is_refused_without_the_id(store: MemoryStore) -> None:
    with pytest.raises(UnknownPatient) as error:
        retriever(store).ground("current meds?", "Quillfeather-77")
    assert "Quillfeather" not in str(error.value)


def test_evidence_is_limited_and_the_newest_stays() -> None:
    many = [vaccine(f"v{n:03}", "Influenza", f"{1900 + n}-10-01") for n in range(90)]
    grounding = retriever(load(patient(), *many)).ground("what vaccines has she had", "p1")
    assert docs(grounding) == [f"v{n:03}" for n in range(89, 89 - MOST_EVIDENCE, -1)]
    assert grounding.notices == (
        "Only 60 of the 90 entries of the record that fit are shown, the newest first.",
    )


def test_shuffling_and_new_dates_change_the_answer_as_they_should() -> None:
    older = lab("one", A1C, 7.1, "%", "2020-01-01")
    newer = lab("two", A1C, 8.2, "%", "2021-01-01")
    for resources in ((older, newer), (newer, older)):
        assert docs(retriever(load(patient(), *resources)).ground("last A1c", "p1")) == ["two"]
    later = {**older, "effectiveDateTime": "2022-01-01"}
    assert docs(retriever(load(patient(), later, newer)).ground("last A1c", "p1")) == ["one"]
