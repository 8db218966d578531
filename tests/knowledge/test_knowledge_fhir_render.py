"""Each kind of resource as one plain English text, and its structured side."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from knowledge_doubles import (
    Json,
    allergy,
    bundle,
    condition,
    lab,
    loinc,
    medication,
    note,
    of,
    patient,
    read,
    words,
)

from osler.core.ports.reader import Document
from osler.knowledge.readers.fhir_words import number
from osler.knowledge.readers.markup import strip


def made(resource: Json, *others: Json) -> Document:
    """The document of `resource` beside a patient and `others`."""
    documents = {d.doc: d for d in read(bundle(patient(), resource, *others)).documents}
    return documents[f"{resource['resourceType']}/{resource['id']}"]


def about(kind: str, **more: object) -> Json:
    return {"resourceType": kind, "id": "r1", "subject": of("p1"), **more}


SIG = {
    "timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}},
    "route": words("oral"),
    "doseAndRate": [{"doseQuantity": {"value": 500, "unit": "mg"}}],
    "asNeededCodeableConcept": words("pain"),
}
PRESSURE = [
    {"code": loinc("8480-6", "Systolic"), "valueQuantity": {"value": 138, "unit": "mm[Hg]"}},
    {"code": loinc("8462-4", "Diastolic"), "valueQuantity": {"value": 78, "unit": "mm[Hg]"}},
]
VITAL = {"status": "final", "category": [{"coding": [{"code": "vital-signs"}]}]}

TEXTS: list[tuple[Json, str]] = [
    (
        medication("r1", "lisinopril 20 MG Oral Tablet", dosageInstruction=[{"text": "20 mg once daily"}]),
        "Active medication: lisinopril 20 MG Oral Tablet, 20 mg once daily. Ordered 2024-02-03.",
    ),
    (
        medication("r1", "naproxen", status="stopped", dosageInstruction=[SIG], reasonCode=[words("sprain")]),
        "Stopped medication: naproxen, dose 500 mg, oral, twice daily, as needed for pain. Ordered 2024-02-03. For sprain.",
    ),
    (
        medication("r1", "ibuprofen", doNotPerform=True),
        "Order not to give (active): ibuprofen. Ordered 2024-02-03.",
    ),
    (
        allergy(
            "r1",
            "Nonsteroidal anti-inflammatory drug",
            criticality="high",
            reaction=[{"manifestation": [words("angioedema"), words("hives")], "severity": "severe"}],
        ),
        "Allergy (active, high criticality): Nonsteroidal anti-inflammatory drug; reaction: angioedema, hives (severe). Recorded 2019-06-25.",
    ),
    (
        allergy("r1", "No known drug allergy", criticality="low"),
        "Allergy status (active): No known drug allergy. Recorded 2019-06-25.",
    ),
    (
        allergy("r1", "x", code={"coding": [{"system": "http://snomed.info/sct", "code": "716186003"}]}),
        "Allergy status (active): No known allergy. Recorded 2019-06-25.",
    ),
    (
        lab("r1", {"coding": [{"system": "http://loinc.org", "code": "4548-4"}]}, 7.9, "%"),
        "Laboratory result 2026-10-01: a1c (code 4548-4) 7.9%.",
    ),
    (
        condition("r1", "Chronic kidney disease stage 3b"),
        "Condition (active): Chronic kidney disease stage 3b, since 2021-05-17.",
    ),
    (
        condition("r1", "Acute bronchitis", "resolved", abatementDateTime="2021-06-01T08:00:00+02:00"),
        "Condition (resolved): Acute bronchitis, since 2021-05-17. Ended 2021-06-01.",
    ),
    (
        condition("r1", "Asthma", onsetDateTime=None, onsetAge={"value": 12, "unit": "a", "code": "a"}),
        "Condition (active): Asthma, at age 12 years.",
    ),
    (
        lab(
            "r1",
            loinc("98979-8", "eGFR"),
            38,
            "mL/min/{1.73_m2}",
            referenceRange=[{"low": {"value": 60}}],
            interpretation=[{"coding": [{"code": "L"}]}],
        ),
        "Laboratory result 2026-10-01: eGFR 38 mL/min/1.73 m2 (reference 60 or more; low).",
    ),
    (
        lab(
            "r1",
            loinc("2823-3", "Potassium"),
            4.1,
            "mmol/L",
            referenceRange=[
                {"low": {"value": 3.5, "unit": "mmol/L"}, "high": {"value": 5, "unit": "mmol/L"}}
            ],
            status="preliminary",
        ),
        "Laboratory result 2026-10-01: Potassium 4.1 mmol/L (reference 3.5 to 5 mmol/L; preliminary).",
    ),
    (
        about(
            "Observation",
            **VITAL,
            code=loinc("85354-9", "Blood pressure"),
            effectiveDateTime="2026-10-27T09:00:00Z",
            component=PRESSURE,
        ),
        "Vital sign 2026-10-27: Blood pressure 138/78 mmHg.",
    ),
    (
        about(
            "Observation",
            status="final",
            code=words("Smoking status"),
            valueCodeableConcept=words("Never smoker"),
        ),
        "Observation (undated): Smoking status: Never smoker.",
    ),
    (
        about(
            "Observation",
            status="final",
            code=words("Urine culture"),
            dataAbsentReason=words("specimen lost"),
        ),
        "Observation (undated): Urine culture: no value (specimen lost).",
    ),
    (
        about(
            "Encounter",
            status="finished",
            **{"class": {"code": "IMP"}},
            type=[words("Admission")],
            period={"start": "2023-02-19T01:00:00Z", "end": "2023-02-24"},
            reasonCode=[words("bleeding")],
        ),
        "Encounter 2023-02-19 to 2023-02-24: Admission (inpatient, finished). Reason: bleeding.",
    ),
    (
        about(
            "Procedure",
            status="completed",
            code=words("Colonoscopy"),
            performedPeriod={"start": "2020-02-11T10:00:00Z", "end": "2020-02-11T10:30:00Z"},
        ),
        "Procedure 2020-02-11: Colonoscopy (completed).",
    ),
    (
        {
            "resourceType": "Immunization",
            "id": "r1",
            "patient": of("p1"),
            "status": "not-done",
            "vaccineCode": words("Influenza"),
            "occurrenceDateTime": "2025-10-21",
            "statusReason": words("refused"),
        },
        "Immunization not done 2025-10-21: Influenza. Reason: refused.",
    ),
    (
        about(
            "DiagnosticReport",
            status="final",
            code=words("Lipid panel"),
            effectiveDateTime="2026-01-02",
            conclusion="Normal",
        ),
        "Diagnostic report 2026-01-02: Lipid panel. Conclusion: Normal.",
    ),
    (
        about(
            "CarePlan",
            status="active",
            intent="plan",
            category=[words("Diabetes self management")],
            period={"start": "2008-02-25"},
            activity=[{"detail": {"code": words("Diabetic diet"), "status": "in-progress"}}],
        ),
        "Care plan (active): Diabetes self management, since 2008-02-25. Activities: Diabetic diet (in progress).",
    ),
    (
        about(
            "Goal",
            lifecycleStatus="accepted",
            description=words("A1c below 7"),
            target=[{"detailQuantity": {"value": 7, "unit": "%"}, "dueDate": "2027-01-01"}],
        ),
        "Goal (accepted): A1c below 7. Target: 7% due 2027-01-01.",
    ),
    (
        {
            "resourceType": "Device",
            "id": "r1",
            "patient": of("p1"),
            "status": "active",
            "type": words("Cardiac pacemaker"),
            "serialNumber": "SN-4471",
        },
        "Device (active): Cardiac pacemaker.",
    ),
    (
        about(
            "ImagingStudy",
            status="available",
            started="2017-12-16T10:00:00Z",
            numberOfInstances=2,
            series=[
                {
                    "uid": "1.2",
                    "modality": {"display": "Digital Radiography"},
                    "bodySite": {"display": "Knee"},
                }
            ],
        ),
        "Imaging study 2017-12-16: Digital Radiography of Knee (2 images).",
    ),
    (
        {
            "resourceType": "FamilyMemberHistory",
            "id": "r1",
            "status": "completed",
            "patient": of("p1"),
            "name": "Wendeline Quillfeather",
            "relationship": words("mother"),
            "condition": [{"code": words("Breast cancer"), "onsetAge": {"value": 61, "unit": "a"}}],
        },
        "Family history: mother: Breast cancer (onset at age 61 years).",
    ),
    (
        about(
            "MedicationStatement",
            status="active",
            medicationCodeableConcept=words("aspirin"),
            effectivePeriod={"start": "2020-01-01"},
        ),
        "Active medication (as reported): aspirin. Taken since 2020-01-01.",
    ),
    (
        about(
            "MedicationAdministration",
            status="completed",
            medicationCodeableConcept=words("heparin"),
            effectiveDateTime="2026-01-02T08:00:00Z",
            dosage={"dose": {"value": 5000, "unit": "U"}, "route": words("subcutaneous")},
        ),
        "Medication given 2026-01-02: heparin, 5000 U, subcutaneous.",
    ),
    (
        about(
            "MedicationDispense",
            status="completed",
            medicationCodeableConcept=words("metformin"),
            whenHandedOver="2026-01-02",
            quantity={"value": 60, "unit": "tablets"},
        ),
        "Medication dispensed 2026-01-02: metformin. Quantity 60 tablets.",
    ),
    (
        about(
            "ServiceRequest",
            status="active",
            intent="order",
            code=words("Renal ultrasound"),
            authoredOn="2026-01-02",
            reasonCode=[words("CKD")],
        ),
        "Order (active): Renal ultrasound. Ordered 2026-01-02. Reason: CKD.",
    ),
    (
        about("Flag", status="active", code=words("Fall risk"), period={"start": "2025-01-02"}),
        "Flag (active) 2025-01-02: Fall risk.",
    ),
    (
        about(
            "QuestionnaireResponse",
            status="completed",
            authored="2026-03-04",
            item=[{"linkId": "1", "text": "Pain today", "answer": [{"valueInteger": 7}]}],
        ),
        "Questionnaire response (completed) 2026-03-04: Pain today: 7.",
    ),
]


@pytest.mark.parametrize(
    ("resource", "text"), TEXTS, ids=[f"{r['resourceType']}-{n}" for n, (r, _) in enumerate(TEXTS)]
)
def test_text(resource: Json, text: str) -> None:
    resource = {k: v for k, v in resource.items() if v is not None}
    document = made(resource)
    assert document.text == text
    assert document.item is not None
    assert document.item.text == text
    assert [(p.start, p.end) for p in document.passages] == [(0, len(text))]


def test_the_patients_own_text_holds_neither_name_nor_number() -> None:
    person = patient(
        identifier=[{"value": "MRN-00417"}],
        telecom=[{"system": "phone", "value": "555-0143"}],
        address=[{"line": ["9 Elm Row"], "city": "Dayton"}],
        maritalStatus={"coding": [{"code": "W"}], "text": "W"},
    )
    (document,) = read(person).documents
    assert document.text == "Patient: female, born 1958-03-14. Marital status: widowed."


@pytest.mark.parametrize(("resource", "text"), TEXTS[:8])
def test_no_text_holds_an_id(resource: Json, text: str) -> None:
    resource = {k: v for k, v in resource.items() if v is not None} | {"id": "zz-9917-id"}
    document = made(resource)
    assert "zz-9917-id" not in document.text + document.title
    assert "p1" not in document.text


@pytest.mark.parametrize(
    ("resource", "active"),
    [
        (medication("r", "x"), True),
        (medication("r", "x", status="on-hold"), False),
        (medication("r", "x", status="completed"), False),
        (medication("r", "x", doNotPerform=True), False),
        (condition("r", "x", "recurrence"), True),
        (condition("r", "x", "relapse"), True),
        (condition("r", "x", "remission"), False),
        (condition("r", "x") | {"verificationStatus": {"coding": [{"code": "refuted"}]}}, False),
        (condition("r", "x") | {"clinicalStatus": {}}, True),
        (condition("r", "x") | {"clinicalStatus": {}, "abatementDateTime": "2022"}, False),
        (allergy("r", "x"), True),
        (allergy("r", "x", "inactive"), False),
        (allergy("r", "x") | {"verificationStatus": {"coding": [{"code": "refuted"}]}}, False),
    ],
)
def test_what_holds_now(resource: Json, active: bool) -> None:
    item = made(resource).item
    assert item is not None
    assert item.active is active


def test_the_structured_side() -> None:
    item = made(
        lab("r1", loinc("2823-3", "Potassium"), 4.10, "mmol/L", when="2026-10-20T07:45:00-04:00")
    ).item
    assert item is not None
    assert (item.type, item.category, item.status, item.value) == (
        "Observation",
        "laboratory",
        "final",
        "4.1 mmol/L",
    )
    assert item.when == "2026-10-20T07:45:00-04:00"
    assert [(c.system, c.code) for c in item.codes] == [("http://loinc.org", "2823-3")]


def test_a_report_gives_the_values_of_its_results() -> None:
    result = lab("k", loinc("2823-3", "Potassium"), 4.1, "mmol/L")
    report = about(
        "DiagnosticReport", status="final", code=words("Panel"), result=[{"reference": "Observation/k"}]
    )
    assert made(report, result).text == "Diagnostic report (undated): Panel. Results: Potassium 4.1 mmol/L."


class TestNotes:
    def test_the_notes_own_words_are_the_document(self) -> None:
        text = "CC: knee pain\r\n\r\nPLAN:\r\nStart physical therapy. Review in six weeks."
        document = made(note("r1", text))
        assert document.text == text.replace("\r\n", "\n")
        assert document.title == "Note: Progress note, 2026-09-01"
        assert {p.section for p in document.passages} == {"", "PLAN"}

    def test_long_notes_are_cut_between_sentences(self) -> None:
        text = " ".join(f"Sentence number {n} says something about the knee." for n in range(200))
        document = made(note("r1", text))
        assert len(document.passages) > 10
        for passage in document.passages:
            assert passage.end - passage.start <= 700
            assert document.text[passage.start : passage.end].startswith("Sentence number")
            assert document.text[passage.end - 1] == "."

    def test_html_becomes_text(self) -> None:
        html = base64.b64encode(
            b"<div><p>Pain &lt; 3</p><ul><li>walks</li></ul><script>x</script></div>"
        ).decode()
        resource = note("r1", "") | {"content": [{"attachment": {"contentType": "text/html", "data": html}}]}
        assert made(resource).text == "Pain < 3\n\n- walks"

    def test_what_cannot_be_read_is_said(self) -> None:
        resource = note("r1", "") | {
            "content": [{"attachment": {"contentType": "application/pdf", "data": "JVBERg=="}}]
        }
        assert "not in the record in a readable form (application/pdf)" in made(resource).text

    def test_a_report_with_an_attached_text_is_a_note(self) -> None:
        form = [
            {"contentType": "text/plain; charset=utf-8", "data": base64.b64encode(b"No fracture.").decode()}
        ]
        document = made(about("DiagnosticReport", status="final", code=words("X-ray"), presentedForm=form))
        assert document.text == "No fracture."
        assert document.item is not None
        assert document.item.category == "note"

    def test_a_composition_gives_its_sections(self) -> None:
        sections = [
            {"title": "History", "text": {"div": "<div>Fell at home.</div>"}},
            {"title": "Plan", "section": [{"title": "Medicines", "text": {"div": "<div>No change.</div>"}}]},
        ]
        document = made(
            about("Composition", status="final", type=words("Summary"), date="2026-01-02", section=sections)
        )
        assert document.text == "History\nFell at home.\n\nMedicines\nNo change."
        assert [(p.section, document.text[p.start : p.end]) for p in document.passages] == [
            ("History", "Fell at home."),
            ("Medicines", "No change."),
        ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (38, "38"),
        (4.5, "4.5"),
        (170.22193213, "170.22"),
        (0.000123456, "0.0001235"),
        (1e30, "1.000e+30"),
        (-2.5904411, "-2.59"),
    ],
)
def test_numbers(value: float, text: str) -> None:
    assert number(value) == text


@given(st.decimals(allow_nan=False, allow_infinity=False) | st.integers())
def test_a_number_is_always_short_and_close(value: object) -> None:
    text = number(value)  # type: ignore[arg-type]
    assert len(text) < 40
    assert float(text) == pytest.approx(float(value), rel=0.01, abs=1e-15)  # type: ignore[arg-type]


@given(st.text(alphabet="<>/!-ap& \n\"'=lis", max_size=200))
def test_stripping_markup_never_fails_and_keeps_the_words_around(markup: str) -> None:
    text = strip(f"before<p>{markup}")
    assert text.startswith("before")
    assert text == text.strip()
    assert "\n\n\n" not in text
    assert "<p>" not in text
