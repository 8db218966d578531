"""What is no FHIR R4 is refused whole, with the place named and nothing of its content."""

import copy
import json
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from fhir.resources.R4B import get_fhir_model_class
from hypothesis import given, settings
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

from osler.core.errors import InputError, OslerError, UnsupportedFormat
from osler.knowledge.readers import fhir_version

SECRET = "Quillfeather"


def with_(resource: Json, **changes: Any) -> Json:
    return bundle(patient(), {**resource, **changes})


ENCOUNTER = {
    "resourceType": "Encounter",
    "id": "e",
    "status": "finished",
    "class": {"code": "AMB"},
    "subject": of("p1"),
}

WRONG_TYPES: list[tuple[str, Any, str]] = [
    (
        "a list for an object",
        with_(condition("c", "x"), code=[words(SECRET)]),
        r"Entry 2, Condition\.code: a list stands where an object belongs",
    ),
    (
        "an object for a list",
        with_(condition("c", "x"), category={"text": SECRET}),
        r"Entry 2, Condition\.category",
    ),
    (
        "a number for a string",
        with_(medication("m", "x"), status=5),
        r"Entry 2, MedicationRequest\.status: a number stands where a string",
    ),
    (
        "a string for a number",
        with_(lab("o", loinc("1", "K"), 1, "g"), valueQuantity={"value": SECRET}),
        r"Entry 2, Observation\.valueQuantity\.value: a string",
    ),
    (
        "a string for an object",
        with_(lab("o", loinc("1", "K"), 1, "g"), subject=f"Patient/{SECRET}"),
        r"Entry 2, Observation\.subject",
    ),
    (
        "an object deep inside",
        with_(condition("c", "x"), code={"coding": [{"code": "1"}, SECRET]}),
        r"Entry 2, Condition\.code\.coding\[1\]: a string",
    ),
    ("null for an element", with_(condition("c", "x"), code=None), r"Entry 2, Condition\.code: null"),
    (
        "null in a list",
        with_(condition("c", "x"), code={"coding": [None]}),
        r"Entry 2, Condition\.code\.coding\[0\]: null",
    ),
    (
        "an element that is not read",
        with_(medication("m", "x"), dispenseRequest=[SECRET]),
        r"Entry 2, MedicationRequest\.dispenseRequest",
    ),
    ("true for a string", with_(condition("c", "x"), id=True), r"Entry 2, Condition\.id"),
    ("an id with a blank", with_(condition("c", "x"), id=f"{SECRET} 1"), r"Entry 2, Condition\.id"),
    (
        "broken base64",
        with_(note("d", "x"), content=[{"attachment": {"contentType": "text/plain", "data": "!!!"}}]),
        r"Entry 2, DocumentReference\.content\[0\]\.attachment\.data",
    ),
    ("a name that is a string", bundle(patient(name=SECRET)), r"Entry 1, Patient\.name"),
    (
        "entries that are no list",
        {"resourceType": "Bundle", "entry": {"resource": {}}},
        r"Bundle\.entry: an object",
    ),
    ("an entry that is null", {"resourceType": "Bundle", "entry": [None]}, r"Entry 1, Bundle\.entry: null"),
    (
        "a resource that is a list",
        {"resourceType": "Bundle", "entry": [{"resource": []}]},
        r"Entry 1, Bundle\.entry\.resource",
    ),
    (
        "a resource without a type",
        {"resourceType": "Bundle", "entry": [{"resource": {"id": SECRET}}]},
        r"Entry 1, resource\.resourceType",
    ),
    (
        "one fullUrl twice",
        {
            "resourceType": "Bundle",
            "entry": [
                {"fullUrl": "urn:uuid:1", "resource": patient()},
                {"fullUrl": "urn:uuid:1", "resource": patient("p2")},
            ],
        },
        "Entry 2, Bundle.entry.fullUrl",
    ),
]


@pytest.mark.parametrize(
    ("content", "place"), [row[1:] for row in WRONG_TYPES], ids=[row[0] for row in WRONG_TYPES]
)
def test_wrong_types_are_refused_with_their_place(content: Json, place: str) -> None:
    with pytest.raises(InputError, match=place) as error:
        read(content)
    assert SECRET not in str(error.value)
    assert error.value.remedy


GOOD = json.dumps(bundle(patient(), condition("c", SECRET))).encode()

NOT_JSON: list[tuple[str, bytes, type[OslerError], str]] = [
    ("cut off", GOOD[:-40], InputError, r"breaks off.*line 1, column \d+"),
    ("malformed", b'{\n"a": 1,\n"Quillfeather" 2}', InputError, "line 3, column 16"),
    ("more text", GOOD + b"{}", InputError, "more text follows"),
    ("empty", b" \n", InputError, "empty"),
    ("a list", b"[1]", InputError, "a list at the top"),
    ("a string", b'"Quillfeather"', InputError, "a string at the top"),
    ("no resource", b'{"name": "Quillfeather"}', InputError, "no resourceType"),
    ("no FHIR type", b'{"resourceType": "Quillfeather"}', InputError, "not a FHIR resource type"),
    ("NULs", b"\x00\x01Quillfeather", UnsupportedFormat, "binary"),
    ("not UTF-8", b'{"a":\n"\xff"}', UnsupportedFormat, "line 2"),
    ("gzip", b"\x1f\x8b\x08Quillfeather", UnsupportedFormat, "gzip"),
    ("deep lists", b"[" * 100_000, InputError, "nested too deeply"),
    ("deep objects", b'{"a":' * 100_000 + b"1" + b"}" * 100_000, InputError, "nested too deeply"),
    (
        "a deep resource",
        b'{"resourceType": "Patient", "extension": ' + b'[{"extension": ' * 60 + b"[]" + b"}]" * 60 + b"}",
        InputError,
        "deep",
    ),
]


@pytest.mark.parametrize(
    ("data", "kind", "said"), [row[1:] for row in NOT_JSON], ids=[row[0] for row in NOT_JSON]
)
def test_what_is_no_json_is_refused(data: bytes, kind: type[OslerError], said: str) -> None:
    with pytest.raises(kind, match=said) as error:
        read(data)
    assert SECRET not in str(error.value)
    assert error.value.remedy


@pytest.mark.parametrize(
    "number", ["NaN", "-Infinity", "1e999999999999999999", "9" * 5000, "1." + "0" * 5000, "0e-999"]
)
def test_absurd_numbers_do_no_harm(number: str) -> None:
    text = json.dumps(bundle(patient(), lab("o", loinc("1", "K"), 77001, "g"))).replace("77001", number)
    document = read(text.encode()).documents[1]
    assert len(document.text) < 200


OTHER_VERSIONS: list[tuple[str, str, Json]] = [
    # A mark of one version alone goes before one that two versions share.
    (
        "STU3",
        r"Condition\.context is present",
        bundle(patient(), {**condition("c", "x"), "clinicalStatus": "active", "context": of("e")}),
    ),
    (
        "DSTU2 or STU3",
        r"Entry 2, Condition\.clinicalStatus is a string",
        bundle(patient(), {**condition("c", "x"), "clinicalStatus": "active"}),
    ),
    (
        "DSTU2",
        "Entry 2, MedicationOrder",
        bundle(patient(), {"resourceType": "MedicationOrder", "id": "m", "patient": of("p1")}),
    ),
    (
        "DSTU2",
        r"AllergyIntolerance\.substance",
        bundle(patient(), {**allergy("a", "x"), "substance": words("x")}),
    ),
    (
        "R5",
        r"MedicationRequest\.medication is present",
        bundle(patient(), {**medication("m", "x"), "medication": {"concept": words("x")}}),
    ),
    ("R5", r"Encounter\.class is a list", bundle(patient(), {**ENCOUNTER, "class": [words("x")]})),
    ("R5", r"Encounter\.actualPeriod", bundle(patient(), {**ENCOUNTER, "actualPeriod": {}})),
    ("R5", "FormularyItem", {"resourceType": "FormularyItem", "id": "f"}),
    ("STU3", "fhirVersion", {**bundle(patient()), "fhirVersion": "3.0.1"}),
    ("DSTU2", "fhirVersion", {"resourceType": "Patient", "id": "p", "fhirVersion": "1.0.2"}),
    (
        "STU3",
        r"meta\.profile",
        bundle(patient(meta={"profile": ["http://hl7.org/fhir/3.0/StructureDefinition/Patient"]})),
    ),
    (
        "R5",
        r"meta\.profile",
        bundle(patient(meta={"profile": ["http://hl7.org/fhir/StructureDefinition/Patient|5.0.0"]})),
    ),
]


@pytest.mark.parametrize(("version", "marker", "content"), OTHER_VERSIONS)
def test_other_versions_are_named_with_the_mark_that_showed_them(
    version: str, marker: str, content: Json
) -> None:
    with pytest.raises(UnsupportedFormat, match=f"FHIR {version}, not R4: .*{marker}") as error:
        read(content)
    assert "R4 (4.0.1)" in error.value.remedy


@pytest.mark.parametrize(
    "more",
    [
        {"fhirVersion": "4.0.1"},
        {"meta": {"profile": ["http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient|3.1.1"]}},
        {"meta": {"profile": ["http://hl7.org/fhir/StructureDefinition/Patient|4.0.1"]}},
        {"meta": {"profile": ["http://hl7.org/fhir/4.3/StructureDefinition/Patient"]}},
    ],
)
def test_r4_and_profiles_of_their_own_versions_are_not_taken_for_another(more: Json) -> None:
    assert len(read(bundle(patient(**more))).documents) == 1


@pytest.mark.parametrize(("kind", "marker"), fhir_version.element_markers(), ids=str)
def test_no_mark_of_another_version_can_stand_in_r4(kind: str, marker: fhir_version.Marker) -> None:
    """Each marked element is unknown to R4B, or has another JSON type there (fhir.resources as the judge)."""
    model, steps = get_fhir_model_class(kind), list(marker.path)
    while steps:
        fields = {(f.alias or name): f for name, f in model.model_fields.items()}
        if steps[0] not in fields:
            return
        annotation = fields[steps.pop(0)].annotation
        if steps:
            model = next(m for m in _models(annotation))
    is_list = "List" in str(annotation) or "list" in str(annotation)
    is_object = not is_list and any(True for _ in _models(annotation))
    assert marker.kind != "present"
    assert marker.kind != ("list" if is_list else "object" if is_object else "string")


def _models(annotation: Any) -> Iterator[Any]:
    name = getattr(annotation, "__name__", "")
    if name.endswith("Type") and name != "NoneType":
        yield get_fhir_model_class(name.removesuffix("Type"))
    for inner in get_args(annotation):
        yield from _models(inner)


JUNK = st.sampled_from(
    [SECRET, 5, -1.5, True, None, [], {}, [SECRET], {SECRET: SECRET}, [None], [[]], "", [5], {"a": [None]}]
)
BASE = bundle(
    patient(
        identifier=[{"system": "urn:mrn", "value": "77"}], telecom=[{"system": "phone", "value": "555-0143"}]
    ),
    condition("c", "x", category=[words("problem")]),
    allergy("a", "y", reaction=[{"manifestation": [words("hives")]}]),
    medication("m", "z", dosageInstruction=[{"text": "daily"}]),
    lab("o", loinc("2823-3", "K"), 4.1, "mmol/L", referenceRange=[{"low": {"value": 3}}]),
    note("d", "Plan: rest."),
    ENCOUNTER,
)


def _paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    rows: Any = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, inner in rows:
        yield (*path, key)
        yield from _paths(inner, (*path, key))


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(sorted(_paths(BASE), key=str)), JUNK)
def test_any_element_may_be_junk(path: tuple[str | int, ...], junk: object) -> None:
    content = copy.deepcopy(BASE)
    at: Any = content
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = junk
    said, reading = "", None
    try:
        reading = read(content)
    except OslerError as error:
        said = str(error)
    assert SECRET not in said
    assert said or (reading is not None and all(d.text and d.text.encode() for d in reading.documents))
