"""The identifiers of a patient and of everyone around them."""

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


def test_nothing_of_an_identity_is_shown_by_repr() -> None:
    (identity,) = read(bundle(PERSON, *AROUND)).patients
    assert "Quillfeather" not in repr(identity)
