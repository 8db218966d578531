"""The allergy check against records: what it finds, how gravely, from which source, and what it leaves alone."""

import pytest

from osler.core.citations import Evidence
from osler.core.findings import Finding, Severity
from osler.core.ports.check import Statement
from osler.core.ports.records import Code, RecordItem
from osler.guardrails.checks.allergy import AllergyCheck
from osler.testing import check_check

SCT = "http://snomed.info/sct"


def allergy(
    display: str, *, doc: str = "a1", code: str = "", reaction: str = "", active: bool = True
) -> RecordItem:
    return RecordItem(
        doc=f"AllergyIntolerance/{doc}",
        patient="p1",
        type="AllergyIntolerance",
        display=display,
        codes=(Code(system=SCT, code="1", display=code),) if code else (),
        value=reaction,
        active=active,
    )


NAPROXEN = allergy("Naproxen", reaction="urticaria")
PENICILLIN = allergy("Allergy to penicillin", doc="a2", reaction="anaphylaxis")
LISINOPRIL = RecordItem(
    doc="MedicationRequest/m1", patient="p1", type="MedicationRequest", display="Lisinopril"
)


def find(
    text: str,
    *record: RecordItem,
    part: str = "sentence",
    question: str = "",
    evidence: tuple[Evidence, ...] = (),
) -> list[Finding]:
    statement = Statement(part=part, text=text, question=question, evidence=evidence, record=record)
    return list(AllergyCheck().check(statement))


def said(quote: str, *, patient: str | None = "p1") -> tuple[Evidence, ...]:
    return (
        Evidence(
            n=1,
            doc="MedicationRequest/m1",
            title="Medication",
            quote=quote,
            start=0,
            end=len(quote),
            sha256="0" * 64,
            collection="records" if patient else "guidelines",
            patient=patient,
        ),
    )


def test_it_keeps_the_ports_contract():
    check_check(AllergyCheck())


def test_a_finding_names_drug_allergen_relation_reaction_and_source():
    [finding] = find("You can start ibuprofen 400 mg.", NAPROXEN, LISINOPRIL)
    assert finding.kind == "drug_allergy"
    assert finding.severity is Severity.BLOCK
    assert finding.source == "AllergyIntolerance/a1"
    assert finding.where == "answer"
    assert (finding.start, finding.end, finding.claim) == (14, 23, "ibuprofen")
    for word in ("ibuprofen", "Naproxen", "urticaria", "nonsteroidal anti-inflammatory"):
        assert word in finding.reason


@pytest.mark.parametrize(
    ("sentence", "record", "severity"),
    [
        ("Give naproxen 250 mg twice daily.", NAPROXEN, Severity.BLOCK),
        ("Give Aleve.", NAPROXEN, Severity.BLOCK),
        ("Give diclofenac.", NAPROXEN, Severity.BLOCK),
        ("An NSAID can be used.", NAPROXEN, Severity.BLOCK),
        ("Start Augmentin 875 mg BID.", PENICILLIN, Severity.BLOCK),
        ("Cephalexin 500 mg QID is reasonable.", PENICILLIN, Severity.WARN),
        ("- Naproxen", NAPROXEN, Severity.WARN),
        ("Start amoxicillin.", allergy("", code="Allergy to amoxicillin (finding)"), Severity.BLOCK),
        ("Start amoxicillin.", allergy("Drug allergy", code="Penicillin V"), Severity.BLOCK),
    ],
)
def test_advice_against_an_allergy_is_found(sentence, record, severity):
    assert [f.severity for f in find(sentence, record)] == [severity]


@pytest.mark.parametrize(
    ("sentence", "record"),
    [
        ("Avoid naproxen and other NSAIDs.", NAPROXEN),
        ("She had hives after naproxen.", NAPROXEN),
        ("Ibuprofen is contraindicated because of the naproxen allergy.", NAPROXEN),
        ("Use acetaminophen instead of ibuprofen.", NAPROXEN),
        ("NSAIDs can worsen kidney function.", NAPROXEN),
        ("Give acetaminophen 500 mg.", NAPROXEN),
        ("Give azithromycin 500 mg.", PENICILLIN),
        ("Give ibuprofen 400 mg.", allergy("Naproxen", active=False)),
        ("Give ibuprofen 400 mg.", allergy("No known drug allergies")),
        ("Give ibuprofen 400 mg.", allergy("Peanut (substance)")),
        ("Give ibuprofen 400 mg.", LISINOPRIL),
        ("Continue lisinopril 10 mg.", LISINOPRIL),
    ],
)
def test_what_is_warned_of_told_or_unrelated_is_left_alone(sentence, record):
    assert find(sentence, record) == []


def test_each_allergy_is_a_finding_of_its_own_and_a_drug_counts_once():
    other = allergy("Ibuprofen", doc="a9")
    found = find("Start ibuprofen; ibuprofen 400 mg is fine.", NAPROXEN, other)
    assert [f.source for f in found] == ["AllergyIntolerance/a1", "AllergyIntolerance/a9"]


def test_only_the_advised_drug_of_a_sentence_is_found():
    [finding] = find("Avoid naproxen, but ibuprofen 400 mg is fine.", NAPROXEN)
    assert finding.claim == "ibuprofen"


@pytest.mark.parametrize(
    ("question", "kinds"),
    [
        ("Is it safe to start ibuprofen for her knee pain?", ["drug_allergy"]),
        ("What about naproxen?", ["drug_allergy"]),
        ("Her knee hurts. Is Advil contraindicated?", ["drug_allergy"]),
        ("Is she allergic to naproxen?", []),
        ("When did she stop naproxen?", []),
        ("Is she on naproxen?", []),
        ("What dose of naproxen is she taking?", []),
        ("Has she ever had ibuprofen?", []),
        ("Was naproxen discontinued?", []),
        ("Why was she prescribed naproxen?", []),
        ("Naproxen for the knee?", ["drug_allergy"]),
        ("What dose of naproxen should I give?", ["drug_allergy"]),
        ("Is she on naproxen? Can I give ibuprofen?", ["drug_allergy"]),
        ("She has had naproxen before. Is ibuprofen ok?", ["drug_allergy"]),
        ("When should I start ibuprofen?", ["drug_allergy"]),
        ("I want to give her Advil until her last visit", ["drug_allergy"]),
        ("Can she have acetaminophen?", []),
        ("What is her potassium?", []),
    ],
)
def test_questions_are_warned_about_never_blocked(question, kinds):
    found = find(question, NAPROXEN, part="question")
    assert [f.kind for f in found] == kinds
    assert all(f.severity is Severity.WARN and f.where == "question" for f in found)
    assert all(question[f.start : f.end] == f.claim for f in found)


def test_an_unknown_allergy_status_is_said_where_a_drug_is_asked_for():
    [finding] = find("Can I give her ibuprofen?", LISINOPRIL, part="question")
    assert (finding.kind, finding.severity, finding.source) == (
        "allergy_status_unknown",
        Severity.INFO,
        "record",
    )
    assert find("Can I give her ibuprofen?", allergy("No known allergy"), part="question") == []
    assert find("What is her potassium?", LISINOPRIL, part="question") == []
    assert find("Give her ibuprofen.", LISINOPRIL) == []


@pytest.mark.parametrize(
    ("display", "kinds"),
    [
        ("code 5640", ["allergy_not_identified"]),
        ("", ["allergy_not_identified"]),
        ("a substance that the file does not name", ["allergy_not_identified"]),
        ("Latex", []),
        ("No known allergy", []),
    ],
)
def test_an_allergy_that_cannot_be_told_is_never_taken_for_none(display, kinds):
    assert [f.kind for f in find("Can I give ibuprofen?", allergy(display), part="question")] == kinds
    assert find("What is her potassium?", allergy(display), part="question") == []
    assert find("Can I give ibuprofen?", allergy(display, active=False), part="question") == []


def test_without_a_patient_there_is_nothing_to_check():
    statement = Statement(part="question", text="Can I give ibuprofen?", record=None)
    assert list(AllergyCheck().check(statement)) == []


@pytest.mark.parametrize(
    ("answer", "found"),
    [("Yes, that is safe.", 1), ("Yes.", 1), ("No.", 0), ("Yes, there is a risk of a reaction to it.", 0)],
)
def test_a_yes_to_a_dangerous_question_is_advice(answer, found):
    question = "Is it safe to start ibuprofen for her?"
    assert len(find(answer, NAPROXEN, question=question)) == found
    assert find(answer, NAPROXEN, question="Is she allergic to ibuprofen?") == []
    assert find(answer, NAPROXEN, question="Is acetaminophen safe?") == []


def test_a_bare_name_is_advice_when_a_drug_was_asked_for():
    [finding] = find("Ibuprofen.", NAPROXEN, question="What should I give her for the pain?")
    assert finding.severity is Severity.BLOCK
    [finding] = find("Ibuprofen.", NAPROXEN, question="Which drugs are NSAIDs?")
    assert finding.severity is Severity.WARN


def test_the_record_word_for_word_is_a_report():
    quote = "Ibuprofen 400 MG Oral Tablet, three times a day."
    assert find(f"- {quote} [1]", NAPROXEN, evidence=said(quote)) == []
    assert len(find(f"Continue {quote} [1]", NAPROXEN, evidence=said(quote))) == 1
    assert len(find(f"- {quote} [1]", NAPROXEN, evidence=said(quote, patient=None))) == 1


def test_a_list_is_read_with_the_line_that_leads_it_in():
    assert find("Drugs to avoid:\n- ibuprofen 400 mg", NAPROXEN) == []
    [finding] = find("Suitable options:\n- ibuprofen", NAPROXEN)
    assert finding.severity is Severity.BLOCK
