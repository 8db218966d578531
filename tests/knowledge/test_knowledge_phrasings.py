"""Ways of asking that were met in trials: the entries and sentences that each gives."""

import pytest
from knowledge_doubles import (
    Json,
    MemoryStore,
    add_topic,
    allergy,
    condition,
    lab,
    load,
    loinc,
    medication,
    of,
    patient,
    retriever,
    words,
)

from osler.core.citations import Evidence
from osler.knowledge.query import understand
from osler.lexicon import drugs

LEXICON = drugs.load()


def procedure(id_: str, name: str, when: str) -> Json:
    return {
        "resourceType": "Procedure",
        "id": id_,
        "status": "completed",
        "code": words(name),
        "subject": of("p1"),
        "performedDateTime": when,
    }


RECORD: tuple[Json, ...] = (
    patient(deceasedDateTime="2026-10-30"),
    medication("losartan", "losartan 50 MG Oral Tablet", reasonCode=[words("Hypertension")]),
    medication("pantoprazole", "pantoprazole 40 MG", reasonCode=[words("Bleeding ulcer on warfarin")]),
    medication("warfarin", "warfarin 5 MG Oral Tablet", "stopped", authoredOn="2019-01-01"),
    condition("asthma", "Moderate persistent asthma"),
    condition("attack", "Acute asthma exacerbation", "resolved"),
    condition("fracture", "Fracture of wrist", "resolved"),
    allergy("latex", "Natural rubber latex"),
    lab("k", loinc("2823-3", "Potassium"), 4.9, "mmol/L", "2026-10-20"),
    lab("abo", loinc("883-9", "ABO group in Blood"), 1, "", "2026-07-08"),
    lab("hb", loinc("718-7", "Hemoglobin in Blood"), 12, "g/dL", "2026-10-20"),
    lab("w-new", loinc("29463-7", "Body weight"), 58, "kg", "2026-10-13"),
    lab("w-old", loinc("29463-7", "Body weight"), 66, "kg", "2024-10-13"),
    procedure("echo", "Echocardiography", "2026-05-19"),
    procedure("pacemaker", "Implantation of cardiac pacemaker", "2021-03-10"),
    {
        "resourceType": "Device",
        "id": "device",
        "status": "active",
        "type": words("Cardiac pacemaker"),
        "manufactureDate": "2020-11-16",
        "patient": of("p1"),
    },
)


@pytest.fixture(scope="module")
def store() -> MemoryStore:
    return load(*RECORD)


def asked(store: MemoryStore, question: str) -> list[str]:
    return [e.doc.split("/")[1] for e in retriever(store).ground(question, "p1").evidence]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Any active scripts?", ["losartan", "pantoprazole"]),
        ("Prior to surgery I need to know what she takes", ["losartan", "pantoprazole"]),
        ("Before I prescribe anything, what is he already taking?", ["losartan", "pantoprazole"]),
        ("What medications have been stopped?", ["warfarin"]),
        ("discontinued drugs", ["warfarin"]),
        ("all of her meds including stopped", ["losartan", "pantoprazole", "warfarin"]),
        ("resolved problems", ["attack", "fracture"]),
        ("past and current medications", ["losartan", "pantoprazole", "warfarin"]),
        ("all conditions including resolved", ["asthma", "attack", "fracture"]),
        ("active and resolved problems", ["asthma", "attack", "fracture"]),
        ("Was he on warfarin?", ["warfarin"]),
        ("Is he on warfarin?", ["warfarin"]),
        ("What is he taking for blood pressure?", ["losartan"]),
        ("Is she asthmatic?", ["asthma"]),
        ("Has she had a fracture?", ["fracture"]),
        ("echo results", ["echo"]),
        ("colonoscopy results", []),
        ("When was the pacemaker implanted?", ["pacemaker"]),
        ("K+?", ["k"]),
        ("blood type", ["abo"]),
        ("Is he losing weight?", ["w-new", "w-old"]),
        ("highest weight", ["w-new", "w-old"]),
        ("When did he die?", ["p1"]),
    ],
)
def test_questions_on_the_record(store: MemoryStore, question: str, expected: list[str]) -> None:
    assert sorted(asked(store, question)) == sorted(expected)


def test_what_is_missing_is_said_where_the_result_of_something_was_asked_for(store: MemoryStore) -> None:
    grounding = retriever(store).ground("colonoscopy results", "p1")
    assert grounding.notices == ("The record holds no laboratory result of what was asked for.",)


@pytest.mark.parametrize(
    ("question", "about"),
    [
        ("cephalosporin in penicillin allergic patient", False),
        ("Which antihypertensive for a Black patient without CKD?", False),
        ("Patient with gout: which diuretic?", False),
        ("Is patient on warfarin?", True),
        ("this diabetic patient", True),
        ("What is the patient on?", True),
        ("What does my patient with CKD take?", True),
    ],
)
def test_whether_a_certain_patient_is_meant(question: str, about: bool) -> None:
    assert understand(question, LEXICON).about_patient is about


TOPICS = (
    (
        "NSAIDs in chronic kidney disease",
        "## Use\nPeople with chronic kidney disease are usually advised not to take NSAIDs.\n\n"
        "## How common\nAbout 9% of people with chronic kidney disease and hypertension use an NSAID.",
    ),
    (
        "NSAIDs and blood pressure",
        "## Interaction\nCombining an NSAID with an ACE inhibitor should be avoided.\nNSAIDs are sold in shops.",
    ),
    (
        "Gout",
        "## Flares\nNSAIDs are strongly recommended for a gout flare.\nIbuprofen is an NSAID for a gout flare.",
    ),
    (
        "Metformin",
        "## Use\nMetformin lowers glucose in type 2 diabetes.\n\n"
        "## Contraindications\nThe eGFR must not be below 30 for metformin.\n\n"
        "## Harms\nMetformin can cause diarrhoea.",
    ),
    (
        "Infections in surgery",
        "## Choice\nVancomycin in place of cefazolin leads to more infections.",
    ),
)


@pytest.fixture(scope="module")
def shelf() -> MemoryStore:
    made = load(
        patient(),
        patient("p2"),
        condition("ckd", "Chronic kidney disease stage 3b"),
        medication("lisinopril", "lisinopril 20 MG Oral Tablet"),
    )
    for title, body in TOPICS:
        add_topic(made, title, body)
    return made


def literature(store: MemoryStore, question: str, who: str | None) -> list[Evidence]:
    return [e for e in retriever(store).ground(question, who).evidence if e.patient is None]


def test_what_says_whether_a_drug_may_be_given_to_this_patient_counts_most(shelf: MemoryStore) -> None:
    found = literature(shelf, "Is it safe to start ibuprofen?", "p1")
    best = sorted(found, key=lambda e: -e.score)[:2]
    assert {e.quote for e in best} == {
        "People with chronic kidney disease are usually advised not to take NSAIDs.",
        "Combining an NSAID with an ACE inhibitor should be avoided.",
    }


def test_a_text_on_a_condition_that_nobody_spoke_of_comes_after_one_on_the_drug(shelf: MemoryStore) -> None:
    scores = {e.quote: e.score for e in literature(shelf, "Can he take ibuprofen?", "p2")}
    assert scores["Combining an NSAID with an ACE inhibitor should be avoided."] == max(scores.values())


def test_a_condition_is_found_by_the_names_of_its_codes_too() -> None:
    made = load(
        patient(),
        condition(
            "irc",
            "Insuffisance rénale chronique",
            code={
                "text": "Insuffisance rénale chronique",
                "coding": [
                    {"system": "http://snomed.info/sct", "code": "1", "display": "Chronic kidney disease"}
                ],
            },
        ),
    )
    for title, body in TOPICS:
        add_topic(made, title, body)
    best = max(literature(made, "Is ibuprofen safe?", "p1"), key=lambda e: e.score)
    assert best.quote == "People with chronic kidney disease are usually advised not to take NSAIDs."


def test_a_section_named_as_asked_counts_more_than_the_title(shelf: MemoryStore) -> None:
    best = max(literature(shelf, "When is metformin contraindicated?", None), key=lambda e: e.score)
    assert best.quote == "The eGFR must not be below 30 for metformin."


def test_what_is_said_in_passing_is_no_answer_to_something_more_definite(shelf: MemoryStore) -> None:
    assert literature(shelf, "treatment with vancomycin", None) == []
    assert literature(shelf, "vancomycin", None) != []


def test_a_question_on_somebody_says_that_no_record_was_read(shelf: MemoryStore) -> None:
    grounding = retriever(shelf).ground("Is it safe to start ibuprofen for her knee pain?", None)
    assert grounding.notices == ("No patient is named with the request, so no record was read.",)
    assert retriever(shelf).ground("Is ibuprofen safe in CKD?", None).notices == ()
