"""What questions ask for, in many ways of asking."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osler.knowledge.query import Query, understand
from osler.lexicon import drugs

LEXICON = drugs.load()


def asked(question: str) -> Query:
    return understand(question, LEXICON)


LISTS: list[tuple[str, str]] = [
    ("medications", "What medications is this patient on?"),
    ("medications", "current meds?"),
    ("medications", "which drugs does he take"),
    ("medications", "list active prescriptions"),
    ("medications", "What is she on?"),
    ("medications", "Hi, could you please tell me what Mrs. Quillfeather is currently taking? Thanks"),
    ("medications", "Give me an overview of the patient's medications"),
    ("medications", "WHAT MEDICATIONS IS THIS PATIENT ON"),
    ("medications", "Can you give me her med list?"),
    ("allergies", "What is she allergic to?"),
    ("allergies", "any allergies?"),
    ("allergies", "Any drug allergies?"),
    ("allergies", "What allergies are on file?"),
    ("conditions", "problem list"),
    ("conditions", "What are her active diagnoses?"),
    ("conditions", "Does the patient have any comorbidities?"),
    ("immunizations", "what vaccines has he had"),
    ("immunizations", "What shots has she gotten?"),
    ("procedures", "Any surgeries?"),
    ("encounters", "When was he last seen?"),
    ("admissions", "Was he ever hospitalized?"),
    ("emergencies", "emergency visits"),
    ("demographics", "How old is she?"),
    ("notes", "what did the discharge summary say"),
    ("care_plans", "which care plans are active"),
    ("devices", "Any implanted devices?"),
    ("labs", "Can I have her latest labs please"),
    ("vitals", "vitals"),
    ("family_history", "tell me about her family history"),
]


@pytest.mark.parametrize(("intent", "question"), LISTS)
def test_questions_for_a_list(intent: str, question: str) -> None:
    query = asked(question)
    assert query.intents == (intent,)
    assert not query.safety
    assert [c.terms for c in query.clauses] == [()]


MEASURED: list[tuple[str, str, str]] = [
    ("labs", "a1c", "last A1c"),
    ("labs", "a1c", "What is her most recent glycated haemoglobin?"),
    ("labs", "egfr", "how has her eGFR changed"),
    ("labs", "potassium", "K level"),
    ("labs", "platelets", "platelet count?"),
    ("vitals", "blood_pressure", "blood pressure?"),
    ("vitals", "blood_pressure", "What was her BP at the last visit?"),
    ("vitals", "weight", "how much does she weigh"),
    ("observations", "smoking", "does he smoke?"),
]


@pytest.mark.parametrize(("intent", "concept", "question"), MEASURED)
def test_questions_for_a_value(intent: str, concept: str, question: str) -> None:
    (clause,) = asked(question).clauses
    assert (clause.intents, clause.concepts, clause.terms) == ((intent,), (concept,), ())


def test_a_group_of_values() -> None:
    (clause,) = asked("kidney function").clauses
    assert {"egfr", "creatinine"} <= set(clause.concepts)


@pytest.mark.parametrize(
    ("question", "history", "latest", "trend", "year"),
    [
        ("last A1c", False, True, False, ""),
        ("how has her eGFR changed over time", False, False, True, ""),
        ("trend of creatinine", False, False, True, ""),
        ("Has he ever been on warfarin", True, False, False, ""),
        ("past medical history", True, False, False, ""),
        ("What was her A1c in 2019?", False, False, False, "2019"),
        ("current meds", False, False, False, ""),
    ],
)
def test_words_of_time(question: str, history: bool, latest: bool, trend: bool, year: str) -> None:
    (clause,) = asked(question).clauses
    assert (clause.history, clause.latest, clause.trend, clause.year) == (history, latest, trend, year)


@pytest.mark.parametrize(
    "question",
    [
        "Is it safe to start ibuprofen for her knee pain?",
        "Can she take ibuprofen?",
        "Would naproxen be ok for his gout?",
        "I'm thinking of adding spironolactone. Thoughts?",
        "Should metformin be stopped in CKD with eGFR below 30?",
        "Does lisinopril interact with potassium?",
        "Any contraindication to contrast?",
        "Can Mr. Vane have amoxicillin?",
        "Should we continue her warfarin?",
        "May I combine tramadol with sertraline?",
        "Is it ok to give her zorbalex?",
    ],
)
def test_questions_whether_a_drug_may_be_given(question: str) -> None:
    assert asked(question).safety


@pytest.mark.parametrize(
    "question",
    [
        "When did she start lisinopril?",
        "What dose of lisinopril is she on?",
        "Has he ever been on warfarin?",
        "Is she taking ibuprofen?",
        "Is she allergic to penicillin?",
        "Why was amlodipine stopped?",
        "Could you give me details on her asthma?",
        "What is the capital of France?",
    ],
)
def test_questions_on_what_was_or_is_are_none_of_safety(question: str) -> None:
    assert not asked(question).safety


@pytest.mark.parametrize(
    ("question", "intents", "terms"),
    [
        ("Is she on any blood thinners?", ("medications",), ["blood thinners"]),
        ("Is she allergic to penicillin?", ("allergies",), ["penicillin"]),
        ("Which meds for blood pressure does she take?", ("medications",), ["blood pressure"]),
        ("Does she have high blood pressure?", (), ["high blood pressure"]),
        ("any history of MI?", (), ["MI"]),
        ("when was her last colonoscopy", (), ["colonoscopy"]),
        ("flu shot?", ("immunizations",), ["flu shot"]),
    ],
)
def test_specific_things(question: str, intents: tuple[str, ...], terms: list[str]) -> None:
    (clause,) = asked(question).clauses
    assert clause.intents == intents
    assert [t.text for t in clause.terms] == terms


def test_several_questions_at_once() -> None:
    query = asked("What meds and allergies does Mrs. Quillfeather have, and what is the last INR?")
    assert query.intents == ("medications", "allergies", "labs")
    assert [c.concepts for c in query.clauses] == [(), (), ("inr",)]


def test_a_thing_after_or_follows_the_clause_before() -> None:
    query = asked("Is she on metformin or insulin?")
    assert [c.intents for c in query.clauses] == [("medications",), ("medications",)]
    assert [[t.text for t in c.terms] for c in query.clauses] == [["metformin"], ["insulin"]]


def test_the_patients_name_is_read_past() -> None:
    query = understand("What is Oda Quillfeather taking?", LEXICON, frozenset({"oda", "quillfeather"}))
    assert query.intents == ("medications",)
    assert query.about_patient
    assert [c.terms for c in query.clauses] == [()]


@pytest.mark.parametrize(
    ("question", "about"),
    [
        ("Is she diabetic?", True),
        ("What about this patient's kidneys?", True),
        ("Can patients with a penicillin allergy receive cephalosporins?", False),
        ("Should a patient with CKD take NSAIDs?", False),
        ("First-line for hypertension?", False),
    ],
)
def test_whether_somebody_is_spoken_of(question: str, about: bool) -> None:
    assert asked(question).about_patient is about


def test_capitals_tell_abbreviations_from_small_words() -> None:
    (clause,) = asked("does he have AS or MI").clauses[:1]
    assert [t.text for t in clause.terms] == ["AS"]
    assert asked("as it is").clauses == ()


@given(st.text(max_size=300))
def test_any_text_is_understood_somehow(question: str) -> None:
    query = asked(question)
    assert len(query.clauses) <= 12
    assert all(c.intents or c.terms or c.concepts for c in query.clauses)


def test_a_very_long_question_takes_no_time() -> None:
    query = asked("she takes metformin and lisinopril, " * 20_000 + " what are her allergies?")
    assert "medications" in query.intents
