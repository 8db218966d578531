"""Which resources are read, whose they are, and under which ids."""

import base64
import json

import pytest
from knowledge_doubles import (
    Json,
    as_source,
    bundle,
    condition,
    lab,
    loinc,
    medication,
    of,
    patient,
    read,
    words,
)

from osler.core.errors import InputError
from osler.core.ports.index import RECORDS
from osler.knowledge.readers.fhir import FhirReader

P_UUID = "11111111-aaaa-4bbb-8ccc-000000000001"
OBSERVATION = {"resourceType": "Observation", "id": "o1", "status": "final", "code": words("Potassium")}


def entries(*pairs: tuple[str, Json], kind: str = "transaction") -> Json:
    return {
        "resourceType": "Bundle",
        "type": kind,
        "entry": [{"fullUrl": url, "resource": resource} for url, resource in pairs],
    }


@pytest.mark.parametrize(
    "kind", ["collection", "transaction", "batch", "document", "searchset", "message", "history"]
)
def test_every_type_of_bundle_is_read(kind: str) -> None:
    reading = read(bundle(patient(), medication("m1", "metformin 500 MG"), kind=kind))
    assert {d.doc for d in reading.documents} == {"Patient/p1", "MedicationRequest/m1"}
    assert all(d.patient == "p1" and d.collection == RECORDS for d in reading.documents)


@pytest.mark.parametrize(
    "reference",
    [
        "Patient/p1",
        "Patient/p1/_history/3",
        f"urn:uuid:{P_UUID}",
        f"urn:uuid:{P_UUID.upper()}",
        "http://a.example/fhir/Patient/p1",
        "Patient?identifier=urn:mrn|77",
        "Patient?active=true&identifier=urn:mrn|77",
    ],
)
def test_a_patient_is_found_by_every_form_of_reference(reference: str) -> None:
    person = patient(identifier=[{"system": "urn:mrn", "value": "77"}])
    url = f"urn:uuid:{P_UUID}" if "uuid" in reference else "http://a.example/fhir/Patient/p1"
    reading = read(entries((url, person), ("", {**OBSERVATION, "subject": {"reference": reference}})))
    assert {d.doc: d.patient for d in reading.documents} == {"Patient/p1": "p1", "Observation/o1": "p1"}


def test_a_logical_reference_finds_the_patient() -> None:
    person = patient(identifier=[{"system": "urn:mrn", "value": "77"}])
    subject = {"identifier": {"system": "urn:mrn", "value": "77"}, "type": "Patient"}
    assert len(read(bundle(person, {**OBSERVATION, "subject": subject})).documents) == 2


def test_a_relative_reference_means_its_own_server() -> None:
    two = entries(
        ("http://a.example/fhir/Patient/p1", patient("p1")),
        ("http://b.example/fhir/Observation/o1", {**OBSERVATION, "subject": of("p1")}),
    )
    reading = read(two)
    assert [d.doc for d in reading.documents] == ["Patient/p1"]
    assert reading.skipped == {"patient is not in the file": 1}


@pytest.mark.parametrize(
    ("subject", "reason"),
    [
        ({"reference": "Patient/other"}, "patient is not in the file"),
        ({"reference": "Group/g1"}, "patient is not in the file"),
        ({"reference": "#inside"}, "patient is not in the file"),
        ({"display": "Somebody"}, "patient is not in the file"),
        (None, "names no patient"),
    ],
)
def test_a_resource_without_a_known_patient_is_left_out_and_counted(
    subject: Json | None, reason: str
) -> None:
    resource = OBSERVATION if subject is None else {**OBSERVATION, "subject": subject}
    reading = read(bundle(patient(), resource))
    assert [d.doc for d in reading.documents] == ["Patient/p1"]
    assert reading.skipped == {reason: 1}


def test_two_patients_whose_identifier_is_the_same_are_not_confused() -> None:
    shared = [{"system": "urn:mrn", "value": "77"}]
    subject = {"reference": "Patient?identifier=urn:mrn|77"}
    reading = read(
        bundle(
            patient("p1", identifier=shared),
            patient("p2", identifier=shared),
            {**OBSERVATION, "subject": subject},
        )
    )
    assert {d.doc for d in reading.documents} == {"Patient/p1", "Patient/p2"}


def test_a_resource_that_names_two_patients_belongs_to_none() -> None:
    resource = {
        "resourceType": "Appointment",
        "id": "a1",
        "status": "booked",
        "participant": [{"actor": of("p1"), "status": "accepted"}, {"actor": of("p2"), "status": "accepted"}],
    }
    reading = read(bundle(patient("p1"), patient("p2"), resource))
    assert reading.skipped == {"names several patients": 1}


def test_resources_of_a_patient_who_is_loaded_already_are_read() -> None:
    alone = bundle(lab("o1", loinc("2823-3", "Potassium"), 4.1, "mmol/L", who="p9"))
    assert read(alone).documents == ()
    reading = read(alone, known_patients=frozenset({"p9"}))
    assert [(d.doc, d.patient) for d in reading.documents] == [("Observation/o1", "p9")]


def test_several_patients_each_get_their_own() -> None:
    reading = read(
        bundle(patient("p1"), patient("p2"), medication("a", "x", who="p1"), medication("b", "y", who="p2"))
    )
    assert {d.doc: d.patient for d in reading.documents if d.doc.startswith("Med")} == {
        "MedicationRequest/a": "p1",
        "MedicationRequest/b": "p2",
    }
    assert [i.patient for i in reading.patients] == ["p1", "p2"]


def test_a_single_resource_is_read() -> None:
    assert [d.doc for d in read(patient()).documents] == ["Patient/p1"]


def test_ids_come_from_the_full_url_or_else_from_the_content() -> None:
    nameless = patient()
    del nameless["id"]
    bare = {k: v for k, v in OBSERVATION.items() if k != "id"}
    content = entries(
        (f"urn:uuid:{P_UUID}", nameless), ("", {**bare, "subject": {"reference": f"urn:uuid:{P_UUID}"}})
    )
    first, second = read(content), read(content)
    assert first.documents[0].doc == f"Patient/{P_UUID}"
    assert first.documents[1].patient == P_UUID
    assert [d.doc for d in first.documents] == [d.doc for d in second.documents]


def test_what_is_not_clinical_is_counted_not_stored() -> None:
    reading = read(
        bundle(
            patient(),
            {"resourceType": "Organization", "id": "org", "name": "Larkmoor Clinic"},
            {"resourceType": "Claim", "id": "c", "status": "active", "patient": of("p1")},
            {"resourceType": "Fandango", "id": "f"},
        )
    )
    assert [d.doc for d in reading.documents] == ["Patient/p1"]
    assert reading.skipped == {"not clinical": 2, "not an R4 resource type": 1}


@pytest.mark.parametrize(
    "resource",
    [
        medication("m", "x", status="entered-in-error"),
        {**condition("c", "x"), "verificationStatus": {"coding": [{"code": "entered-in-error"}]}},
        {
            "resourceType": "Goal",
            "id": "g",
            "lifecycleStatus": "entered-in-error",
            "description": words("x"),
            "subject": of("p1"),
        },
    ],
)
def test_what_was_entered_in_error_is_left_out(resource: Json) -> None:
    reading = read(bundle(patient(), resource))
    assert [d.doc for d in reading.documents] == ["Patient/p1"]
    assert reading.skipped == {"entered in error": 1}


def test_the_same_resource_twice_is_one_and_another_of_its_id_is_refused() -> None:
    one = medication("m", "metformin")
    assert read(bundle(patient(), one, one)).skipped == {"repeated in the file": 1}
    with pytest.raises(InputError, match=r"Entry 3, MedicationRequest\.id.*entry 2"):
        read(bundle(patient(), one, medication("m", "insulin")))


def test_a_history_gives_the_newest_version() -> None:
    reading = read(bundle(patient(), medication("m", "new"), medication("m", "old"), kind="history"))
    assert [d.item.display for d in reading.documents if d.item and d.item.type != "Patient"] == ["new"]
    assert reading.skipped == {"older version": 1}


def test_bundles_within_a_bundle_are_read() -> None:
    reading = read(bundle(bundle(patient(), medication("m", "x")), kind="searchset"))
    assert len(reading.documents) == 2


def test_a_medication_reference_is_followed_into_the_file_and_into_the_resource() -> None:
    drug = {"resourceType": "Medication", "id": "d", "code": words("warfarin 5 MG Oral Tablet")}
    base = {k: v for k, v in medication("m", "x").items() if k != "medicationCodeableConcept"}
    outside = {**base, "medicationReference": {"reference": "Medication/d"}}
    inside = {**base, "id": "n", "contained": [drug], "medicationReference": {"reference": "#d"}}
    found = {
        d.doc: d.item.display for d in read(bundle(patient(), drug, outside, inside)).documents if d.item
    }
    assert found["MedicationRequest/m"] == found["MedicationRequest/n"] == "warfarin 5 MG Oral Tablet"


def test_a_note_attached_as_a_binary_is_read() -> None:
    binary = {
        "resourceType": "Binary",
        "id": "b",
        "contentType": "text/plain",
        "data": base64.b64encode(b"Seen today.").decode(),
    }
    reference = {
        "resourceType": "DocumentReference",
        "id": "d",
        "status": "current",
        "subject": of("p1"),
        "content": [{"attachment": {"contentType": "text/plain", "url": "Binary/b"}}],
    }
    assert read(bundle(patient(), binary, reference)).documents[-1].text == "Seen today."


@pytest.mark.parametrize(
    ("name", "data", "accepted"),
    [
        ("x.json", b"", True),
        ("x.JSON", b"", True),
        ("upload", b'\xef\xbb\xbf \n{"a": 1, "resourceType": "Bundle"}', True),
        ("upload", b'{"a": 1}', False),
        ("x.txt", b'{"resourceType": "Bundle"}', False),
        ("x.xml", b"<Bundle/>", False),
    ],
)
def test_what_the_reader_accepts(name: str, data: bytes, accepted: bool) -> None:
    assert FhirReader().accepts(as_source(data, name=name)) is accepted


def test_encodings() -> None:
    text = json.dumps(bundle(patient(), medication("m", "métformine")), ensure_ascii=False)
    for data in (text.encode(), b"\xef\xbb\xbf" + text.encode(), text.encode("utf-16")):
        assert read(data).documents[1].item.display == "métformine"


def test_lone_surrogates_and_nuls_do_not_reach_the_store() -> None:
    data = json.dumps(bundle(patient(), medication("m", "a\ud800b\x00c"))).encode()
    document = read(data).documents[1]
    assert document.text.encode()
    assert "\x00" not in document.text
