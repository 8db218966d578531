"""The identifiers of a patient and of everyone around them."""

import pytest
from knowledge_doubles import Json, bundle, of, patient, read

from osler.core.spans import Label

PERSON = patient(
    "3f0c-patient-77",
    identifier=[
        {"type": {"coding": [{"code": "MR"}]}, "value": "MRN-00417"},
        {"type": {"coding": [{"code": "SS"}]}, "value": "900-12-3456"},
        {"type": {"coding": [{"code": "DL"}]}, "value": "S99950229"},
        {"type": {"coding": [{"code": "MB"}]}, "value": "1EG4-TE5-MK73"},
        {"system": "http://hl7.org/fhir/sid/us-ssn", "value": "900-65-4321"},
        {"system": "urn:other", "value": "PORTAL-8812"},
        {"value": "7"},
    ],
    telecom=[
        {"system": "phone", "value": "555-0143"},
        {"system": "email", "value": "oda@example.com"},
        {"system": "fax", "value": "555-0199"},
    ],
    address=[{"line": ["9 Elm Row"], "city": "Larkmoor", "state": "Ohio", "postalCode": "45402"}],
    photo=[{"url": "https://example.com/oda.jpg"}],
    contact=[
        {
            "name": {"family": "Brandywine", "given": ["Tobias"]},
            "telecom": [{"system": "phone", "value": "555-0177"}],
        }
    ],
    extension=[
        {
            "url": "http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName",
            "valueString": "Edda Thornquist",
        }
    ],
)
AROUND: tuple[Json, ...] = (
    {
        "resourceType": "Practitioner",
        "id": "pr",
        "name": [{"text": "Dr. Ferdinand Applegarth, MD"}],
        "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": "1000000004"}],
    },
    {
        "resourceType": "Organization",
        "id": "or",
        "name": "Larkmoor Kidney Clinic",
        "telecom": [{"system": "phone", "value": "555-0111"}],
        "address": [{"line": ["1 Mill Lane"], "city": "Dunmere"}],
    },
    {"resourceType": "Location", "id": "lo", "name": "East Wing", "address": {"city": "Tarnbrook"}},
    {
        "resourceType": "Device",
        "id": "de",
        "patient": of("3f0c-patient-77"),
        "serialNumber": "SN-4471",
        "udiCarrier": [{"carrierHRF": "(01)00844588003288(21)A11"}],
    },
    {
        "resourceType": "RelatedPerson",
        "id": "re",
        "patient": of("3f0c-patient-77"),
        "name": [{"family": "Wexcombe", "given": ["Ines"]}],
    },
    {
        "resourceType": "Account",
        "id": "ac",
        "status": "active",
        "subject": [of("3f0c-patient-77")],
        "identifier": [{"value": "ACC-5520"}],
    },
    {
        "resourceType": "Coverage",
        "id": "co",
        "status": "active",
        "beneficiary": of("3f0c-patient-77"),
        "payor": [{"display": "Someone"}],
        "subscriberId": "SUB-3391",
    },
    {
        "resourceType": "Encounter",
        "id": "enc-2024-0007",
        "status": "finished",
        "class": {"code": "AMB"},
        "subject": of("3f0c-patient-77"),
        "participant": [{"individual": {"display": "Dr. Hesper Vane"}}],
        "serviceProvider": {"display": "Mercy Hollow Hospital"},
    },
)


def found() -> dict[str, set[str]]:
    (identity,) = read(bundle(PERSON, *AROUND)).patients
    labels: dict[str, set[str]] = {}
    for known in identity.identifiers:
        labels.setdefault(known.label.value, set()).add(known.value)
    return labels


def test_names_in_all_forms_without_titles() -> None:
    names = found()["NAME"]
    assert {"Oda Mae Quillfeather", "Oda Quillfeather", "Quillfeather, Oda", "Quillfeather", "Oda"} <= names
    assert {
        "Tobias Brandywine",
        "Edda Thornquist",
        "Ines Wexcombe",
        "Ferdinand Applegarth",
        "Hesper Vane",
    } <= names
    assert not any(name.startswith(("Mrs", "Dr")) or name.endswith("MD") for name in names)


def test_numbers_by_their_kind() -> None:
    labels = found()
    assert labels["MRN"] == {"MRN-00417"}
    assert labels["SSN"] == {"900-12-3456", "900-65-4321"}
    assert labels["LICENSE"] == {"S99950229", "1000000004"}
    assert labels["HEALTH_PLAN"] == {"1EG4-TE5-MK73", "SUB-3391"}
    assert labels["ACCOUNT"] == {"ACC-5520"}
    assert labels["DEVICE"] == {"SN-4471", "(01)00844588003288(21)A11"}
    assert labels["PHONE"] == {"555-0143", "555-0177", "555-0111"}
    assert labels["FAX"] == {"555-0199"}
    assert labels["EMAIL"] == {"oda@example.com"}
    assert labels["PHOTO"] == {"https://example.com/oda.jpg"}


def test_places_smaller_than_a_state() -> None:
    places = found()["LOCATION"]
    assert {
        "9 Elm Row",
        "Larkmoor",
        "45402",
        "Larkmoor Kidney Clinic",
        "1 Mill Lane",
        "Dunmere",
        "East Wing",
        "Tarnbrook",
        "Mercy Hollow Hospital",
    } <= places
    assert "Ohio" not in places


def test_ids_only_where_they_cannot_be_ordinary_words() -> None:
    others = found()["OTHER_ID"]
    assert {"3f0c-patient-77", "enc-2024-0007", "PORTAL-8812"} <= others
    assert not others & {"pr", "or", "de", "ac", "7"}


def test_the_birth_date_is_marked() -> None:
    (identity,) = read(bundle(PERSON)).patients
    assert [(k.label, k.value) for k in identity.identifiers if k.birth] == [(Label.DATE, "1958-03-14")]
    assert identity.birth_date is not None
    assert identity.birth_date.isoformat() == "1958-03-14"


def test_one_patients_own_numbers_are_not_another_ones() -> None:
    other = patient("p2", name=[{"family": "Marchbanks"}], birthDate="1990-01-01")
    first, second = read(bundle(PERSON, other, *AROUND)).patients
    own = {k.value for k in second.identifiers}
    assert "Marchbanks" in own
    assert not own & {"MRN-00417", "Quillfeather", "SN-4471", "Ines Wexcombe", "ACC-5520"}
    assert "Ferdinand Applegarth" in own
    assert "Marchbanks" not in {k.value for k in first.identifiers}


SCATTERED: tuple[Json, ...] = (
    {
        "resourceType": "Practitioner",
        "id": "pr2",
        "name": [{"family": "Marsh"}],
        "qualification": [
            {
                "code": {"text": "Physician"},
                "identifier": [{"type": {"coding": [{"code": "MD"}]}, "value": "LIC-7710"}],
            }
        ],
    },
    {
        "resourceType": "Organization",
        "id": "or2",
        "name": "Tallow Clinic",
        "contact": [
            {
                "name": {"family": "Undercroft", "given": ["Petra"]},
                "telecom": [{"system": "phone", "value": "555-0123"}],
                "address": {"line": ["3 Back Alley"], "city": "Quernmore"},
            }
        ],
    },
    {
        "resourceType": "MedicationRequest",
        "id": "mr1",
        "status": "active",
        "intent": "order",
        "contained": [
            {"resourceType": "Practitioner", "id": "p", "name": [{"text": "Dr. Leofric Sandoval"}]},
            {"resourceType": "Organization", "id": "o", "name": "Winterbourne Pharmacy"},
        ],
        "subject": {**of("3f0c-patient-77"), "identifier": {"value": "LOCAL-90211"}},
        "medicationCodeableConcept": {"text": "Lisinopril"},
        "groupIdentifier": {"value": "RX-GROUP-551"},
        "note": [
            {"authorString": "Ottilie Penhaligon, RN", "text": "Taken."},
            {"authorString": "Day team", "text": "."},
        ],
    },
    {
        "resourceType": "Coverage",
        "id": "co2",
        "status": "active",
        "beneficiary": of("3f0c-patient-77"),
        "payor": [{"display": "Someone"}],
        "class": [
            {"type": {"text": "group"}, "value": "GRP-88123"},
            {"type": {"text": "plan"}, "value": "Gold"},
        ],
    },
)


def test_identifiers_are_found_wherever_fhir_lets_them_stand() -> None:
    (identity,) = read(bundle(PERSON, *SCATTERED)).patients
    values = {k.value for k in identity.identifiers}
    assert {"LIC-7710", "Petra Undercroft", "555-0123", "3 Back Alley", "Quernmore"} <= values
    assert {"Leofric Sandoval", "Winterbourne Pharmacy", "LOCAL-90211", "RX-GROUP-551"} <= values
    assert {"Ottilie Penhaligon", "GRP-88123"} <= values
    assert not values & {"Gold", "Day team", "Physician", "Taken."}


def test_a_patients_own_id_is_an_identifier_though_it_has_no_digit() -> None:
    (identity,) = read(bundle(patient("quillfeather-oda"))).patients
    assert "quillfeather-oda" in {k.value for k in identity.identifiers}


@pytest.mark.parametrize(
    ("written", "earliest"), [("1931", "1931-01-01"), ("1931-05", "1931-05-01"), ("1931-05-09", "1931-05-09")]
)
def test_of_a_partial_birth_date_the_earliest_day_counts(written: str, earliest: str) -> None:
    (identity,) = read(bundle(patient("p9", birthDate=written))).patients
    assert identity.birth_date is not None
    assert identity.birth_date.isoformat() == earliest
    assert [k.value for k in identity.identifiers if k.birth] == [written]


def test_a_file_that_adds_to_a_known_patient_adds_its_identifiers_too() -> None:
    visit = {
        "resourceType": "Encounter",
        "id": "enc-2025-0101",
        "status": "finished",
        "class": {"code": "AMB"},
        "subject": of("3f0c-patient-77"),
        "participant": [{"individual": {"display": "Dr. Hesper Vane"}}],
    }
    reading = read(bundle(visit, SCATTERED[1]), known_patients=frozenset(["3f0c-patient-77"]))
    (identity,) = reading.patients
    assert identity.patient == "3f0c-patient-77"
    assert {"Hesper Vane", "enc-2025-0101", "Tallow Clinic", "Undercroft"} <= {
        k.value for k in identity.identifiers
    }
    assert identity.birth_date is None


def test_nothing_of_an_identity_is_shown_by_repr() -> None:
    (identity,) = read(bundle(PERSON, *AROUND)).patients
    assert "Quillfeather" not in repr(identity)
