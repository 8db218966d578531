"""FHIR: references, text, the allow-list, the second look."""

import base64
import importlib
import json
import xml.dom.minidom
from collections.abc import Sequence
from typing import Any

import pytest
from deid_fhir_cases import (
    MODES,
    PATIENT,
    TODAY,
    b64,
    bundle,
    note,
    run,
    said,
    session,
    validate,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from osler.core.errors import GuardUnavailable, InputError, OslerError, UnsupportedFormat
from osler.core.ports.detector import KnownIdentifier
from osler.core.spans import Span
from osler.deid.accounting import Outcome
from osler.deid.fhir import deidentify, rules
from osler.deid.fhir.references import Links
from osler.deid.fhir.walk import leaves
from osler.deid.session import Mode, Session

# -- references


def test_references_go_on_pointing_at_the_same_things() -> None:
    uuid = "6f1c0a44-93a1-4a6e-9d5c-0b6f4d0f1a11"
    resource = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {
                "fullUrl": f"urn:uuid:{uuid}",
                "resource": {"resourceType": "Patient", "id": uuid},
                "request": {"method": "PUT", "url": f"Patient/{uuid}"},
            },
            {
                "fullUrl": "https://ehr.stmary.example/fhir/Observation/obs-778812",
                "resource": {
                    "resourceType": "Observation",
                    "id": "obs-778812",
                    "status": "final",
                    "code": {"text": "note"},
                    "contained": [
                        {"resourceType": "Practitioner", "id": "prac", "name": [{"family": "Okafor"}]}
                    ],
                    "subject": {"reference": f"urn:uuid:{uuid.upper()}", "display": "Maria Gonzalez"},
                    "performer": [
                        {"reference": "#prac"},
                        {"reference": "Practitioner?identifier=http://hl7.org/fhir/sid/us-npi|1234567893"},
                        {"reference": "Practitioner/other/_history/3"},
                        {"reference": "#nobody"},
                        {"reference": "call 503-555-0188"},
                    ],
                    "hasMember": [
                        {"reference": "https://ehr.stmary.example/fhir/Observation/obs-778812/_history/2"}
                    ],
                },
                "request": {"method": "POST", "url": "Observation"},
            },
        ],
    }
    out = run(resource)
    first, second = out["entry"]
    new = first["resource"]["id"]
    observation = second["resource"]
    assert new != uuid
    assert first["fullUrl"] == f"urn:uuid:{new}"
    assert first["request"]["url"] == f"Patient/{new}"
    assert observation["subject"] == {"reference": f"urn:uuid:{new}", "display": "[NAME]"}
    assert second["fullUrl"] == f"https://example.org/fhir/Observation/{observation['id']}"
    assert observation["hasMember"][0]["reference"].startswith(second["fullUrl"] + "/_history/")
    references = [p["reference"] for p in observation["performer"]]
    assert references[0] == "#" + observation["contained"][0]["id"]
    assert references[1].startswith("Practitioner?identifier=http://hl7.org/fhir/sid/us-npi|ID")
    assert len(references) == 3
    assert "meta" not in observation["contained"][0]
    assert second["request"]["url"] == "Observation"
    text = json.dumps(out)
    assert not [r for r in ("stmary", "778812", "Okafor", "Gonzalez", "1234567893", "503", uuid) if r in text]
    validate(out)


ID = st.text("abcXYZ019-.", min_size=1, max_size=20)


@settings(max_examples=60, deadline=None)
@given(st.lists(ID, min_size=2, max_size=12, unique=True), st.integers())
def test_remapping_references_is_a_bijection(ids: list[str], seed: int) -> None:
    links = Links(session(seed=seed), rules.load())
    forms = [f"Patient/{i}" for i in ids] + [f"urn:uuid:{i}" for i in ids] + [f"#{i}" for i in ids]
    forms += [f"https://a.example/fhir/Patient/{i}" for i in ids]
    new = [links.link(form) for form in forms]
    assert len(set(new)) == len(forms)
    tails = [str(n).rpartition("/")[2].removeprefix("urn:uuid:").removeprefix("#") for n in new]
    assert tails == [links.id(i) for i in ids] * 4
    assert [links.link(form) for form in forms] == new
    assert not set(tails) & set(ids)


def test_ids_of_two_sessions_have_nothing_in_common() -> None:
    first, second = (deidentify(PATIENT, session(seed=n))[0]["id"] for n in (1, 2))
    assert first != second


# -- text


def test_what_the_structure_names_is_found_in_all_text() -> None:
    patient = {**PATIENT, "name": [{"family": "Zqvist", "given": ["Orlaith"]}]}
    text = "zqvist rang, orlaith's mother. Chart 00412345; maiden name Krzyzanowska. 503.555.0188"
    report = {
        "resourceType": "DiagnosticReport",
        "id": "dr-1",
        "status": "final",
        "code": {"text": "CT of Zqvist"},
        "conclusion": "Compared with Orlaith Zqvist's films.",
        "text": {
            "status": "generated",
            "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p title="Zqvist">Orl<b>aith Zq</b>vist</p></div>',
        },
    }
    for mode in MODES:
        out = run(bundle(patient, note(text), report), mode)
        everything = json.dumps(out).lower() + said(out["entry"][1]["resource"]).lower()
        assert not [
            w for w in ("zqvist", "orlaith", "aith zq", "00412345", "krzyz", "555.0188") if w in everything
        ]


DIVS = [
    (
        "<div><p>Dose &lt; 5 mg &amp; rest, says Dr. <b>John Smith</b>.</p></div>",
        "<div {}><p>Dose &lt; 5 mg &amp; rest, says Dr. <b>[NAME]</b>.</p></div>",
    ),
    ("<div>a<br>b<script>John</script><!-- John --></div>", "<div {}>a<br/>b</div>"),
    (
        '<div><table border="1"><tr><td onclick="x" colspan="2">Na<td>140 &lt; x</table></div>',
        '<div {}><table border="1"><tr><td colspan="2">Na<td>140 &lt; x</td></td></tr></table></div>',
    ),
    (
        '<div><a href="https://stmary.example/x">link</a><img src="john.png"/></div>',
        "<div {}><a>link</a></div>",
    ),
    ("<p>one</p><p>two", "<div {}><p>one</p><p>two</p></div>"),
    ("<div><font color='red'>red</font></div>", "<div {}>red</div>"),
]


@pytest.mark.parametrize(("div", "expected"), DIVS)
def test_a_narrative_keeps_its_tags_and_is_well_formed(div: str, expected: str) -> None:
    resource = {"resourceType": "Basic2", "text": {"status": "generated", "div": div}}
    out = run({**resource, "resourceType": "Condition", "subject": {"reference": "Patient/1"}})
    assert out["text"]["div"] == expected.replace("{}", 'xmlns="http://www.w3.org/1999/xhtml"')
    validate(out)


@settings(max_examples=80, deadline=None)
@given(st.text(st.sampled_from(list("<>/&;divpbtr \"'=!-x[]CDATA#1\n\x00é")), max_size=60))
def test_any_narrative_comes_out_as_xml(div: str) -> None:
    out = run({"resourceType": "Flag", "text": {"status": "generated", "div": f"<div>{div}</div>"}})
    if "text" in out:
        xml.dom.minidom.parseString(out["text"]["div"].encode())


@pytest.mark.parametrize(
    ("kind", "data", "stays"),
    [
        ("text/plain", b64("Dr. John Smith, MRN 5512345"), True),
        ("text/plain; charset=iso-8859-1", b64("Dr. José Núñez, MRN 5512345", "latin-1"), True),
        ("text/html", b64("<p>Dr. John Smith</p>"), True),
        ("text/xml", b64("<given>John</given>"), False),
        ("application/pdf", b64("%PDF John Smith"), False),
        ("text/plain", "not base64!!", False),
        ("text/plain", b64("\xff\xfe", "latin-1"), False),
        (None, b64("Dr. John Smith"), False),
    ],
)
def test_text_attachments_are_read_and_others_removed(kind: str | None, data: str, stays: bool) -> None:
    content = {
        "contentType": kind,
        "data": data,
        "size": 3,
        "hash": "aGFzaA==",
        "url": "https://stmary.example/a.pdf",
    }
    document = note("")
    document["content"] = [{"attachment": {k: v for k, v in content.items() if v is not None}}]
    attachment = run(document)["content"][0]["attachment"]
    assert ("data" in attachment) is stays
    assert "hash" not in attachment
    assert attachment.get("url", "urn:uuid:").startswith("urn:uuid:")
    if stays:
        raw = base64.b64decode(attachment["data"])
        assert b"Smith" not in raw
        assert b"5512345" not in raw
        assert attachment["size"] == len(raw)
    else:
        assert "size" not in attachment


def test_a_binary_of_text_is_read() -> None:
    out = run({"resourceType": "Binary", "contentType": "text/plain", "data": b64("Dr. John Smith called.")})
    assert base64.b64decode(out["data"]).decode() == "Dr. [NAME] called."
    assert "data" not in run({"resourceType": "Binary", "contentType": "image/png", "data": b64("x")})


# -- the allow-list


def test_what_is_not_named_is_removed() -> None:
    observation = {
        "resourceType": "Observation",
        "status": "final",
        "code": {
            "coding": [
                {"system": "http://loinc.org", "code": "8867-4", "display": "Heart rate", "owner": "Maria"}
            ]
        },
        "valueQuantity": {"value": 72, "unit": "/min", "note": "Maria"},
        "mystery": {"deep": [{"Maria": "Gonzalez"}]},
        "valueString": {"not": "a string"},
    }
    out, account = deidentify(observation, session())
    assert "Maria" not in json.dumps(out)
    assert out["valueQuantity"] == {"value": 72, "unit": "/min"}
    assert "valueString" not in out
    assert account.paths["Observation.?", Outcome.REMOVED] == 1


@pytest.mark.parametrize(
    ("element", "value"),
    [
        ("status", 7),
        ("status", ["final"]),
        ("issued", True),
        ("valueBoolean", "Maria Gonzalez"),
        ("valueInteger", 123456789),
        ("valueInteger", "72"),
        ("valueTime", "Maria"),
        ("subject", "Patient/1"),
        ("note", [None, 1, {"text": 3}]),
        ("category", []),
        ("effectivePeriod", {}),
        ("component", [[{"valueString": "Maria Gonzalez"}]]),
    ],
)
def test_values_of_another_type_do_not_stay(element: str, value: object) -> None:
    source = {"resourceType": "Observation", "code": {"text": "x"}, element: value}
    out, account = deidentify(source, session())
    assert out.get(element) in (None, ["final"])
    assert account.total == leaves(source)


def test_lists_of_primitives_keep_their_extensions_beside_them() -> None:
    nullish = {
        "extension": [
            {"url": "http://hl7.org/fhir/StructureDefinition/iso21090-nullFlavor", "valueCode": "UNK"}
        ]
    }
    timing = {"event": ["2024-01-01", "bad", "2024-05-05"], "_event": [None, nullish, {"id": "x"}]}
    out = run(
        {
            "resourceType": "ServiceRequest",
            "status": "active",
            "intent": "order",
            "subject": {"reference": "Patient/1"},
            "occurrenceTiming": timing,
        }
    )
    assert out["occurrenceTiming"] == {"event": ["2024", None, "2024"], "_event": [None, nullish, None]}


def test_entries_of_other_types_are_removed_whole_and_counted() -> None:
    odd = {"resourceType": "MariaGonzalez", "id": "x", "name": "Maria"}
    library = {"resourceType": "Library", "id": "lib-1", "title": "Maria"}
    modified = {
        **PATIENT,
        "id": "mod-1",
        "modifierExtension": [{"url": "https://x.example", "valueString": "not"}],
    }
    source = bundle(PATIENT, odd, library, modified)
    out, account = deidentify(source, session())
    assert len(out["entry"]) == 1
    assert "Maria" not in json.dumps(out)
    paths = {path for path, _ in account.paths}
    assert {"Bundle.entry.resource(?)", "Bundle.entry.resource(Library)"} <= paths
    assert account.total == leaves(source)


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ({"resourceType": "Library", "title": "Maria"}, UnsupportedFormat),
        ({"resourceType": "MariaGonzalez"}, UnsupportedFormat),
        ({"name": "Maria"}, InputError),
        ({"resourceType": ["Maria"]}, InputError),
        ({**PATIENT, "modifierExtension": [{"url": "u"}]}, UnsupportedFormat),
    ],
)
def test_what_is_no_treated_resource_is_refused_without_its_values(
    source: dict[str, Any], error: type[OslerError]
) -> None:
    with pytest.raises(error) as caught:
        deidentify(source, session())
    assert "Maria" not in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize("key", ["item", "extension", "x"])
def test_ten_thousand_levels_are_refused_and_not_a_crash(key: str) -> None:
    deep: dict[str, Any] = {"linkId": "1"}
    for _ in range(10_000):
        deep = {"linkId": "1", key: [deep]}
    with pytest.raises(InputError, match="levels deep"):
        deidentify(
            {"resourceType": "QuestionnaireResponse", "status": "completed", "item": [deep]}, session()
        )


def test_twenty_levels_of_questions_are_fine() -> None:
    deep: dict[str, Any] = {"linkId": "1", "answer": [{"valueString": "Dr. John Smith"}]}
    for _ in range(20):
        deep = {"linkId": "1", "item": [deep]}
    out = run({"resourceType": "QuestionnaireResponse", "status": "completed", "item": [deep]})
    assert "Smith" not in json.dumps(out)
    assert "[NAME]" in json.dumps(out)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9**9) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc_", max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)
NAMES = [
    *sorted(rules.load().elements["Patient"].types),
    "extension",
    "contained",
    "text",
    "meta",
    "id",
    "_birthDate",
]


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES), JSON, max_size=5), st.sampled_from(MODES))
def test_whatever_stands_in_a_resource_is_accounted_for(body: dict[str, Any], mode: Mode) -> None:
    source = {"resourceType": "Patient", **body}
    try:
        out, account = deidentify(source, session(mode))
    except GuardUnavailable:
        return
    assert account.total == leaves(source)
    assert out["resourceType"] == "Patient"


class _Blind:
    """A text engine that finds nothing."""

    def find_all(
        self, texts: Sequence[str], known: Sequence[KnownIdentifier] = ()
    ) -> tuple[tuple[Span, ...], ...]:
        return ((),) * len(texts)

    find_terms = find_all


@pytest.mark.parametrize(
    "text",
    ["Zqvist was seen.", "chart 00412345", "call (503) 555-0188", "&#90;qvist"],
)
def test_the_second_look_refuses_what_still_names_the_patient(text: str) -> None:
    patient = {**PATIENT, "name": [{"family": "Zqvist"}]}
    blind = Session(_Blind(), today=TODAY)
    document = note("")
    document["content"][0]["attachment"] = {"contentType": "text/html", "data": b64(f"<p>{text}</p>")}
    with pytest.raises(GuardUnavailable) as caught:
        deidentify(bundle(patient, document), blind)
    assert "Zqvist" not in str(caught.value)
    assert "00412345" not in str(caught.value)


def test_every_required_element_of_a_treated_resource_is_allowed() -> None:
    """Otherwise the output of a valid resource could not be valid."""
    allowed = rules.load()
    for kind in sorted(allowed.resources):
        module = importlib.import_module(f"fhir.resources.R4B.{kind.lower()}")
        for name, field in getattr(module, kind).model_fields.items():
            more = field.json_schema_extra or {}
            if more.get("element_required") or field.is_required():
                assert (field.alias or name) in allowed.elements[kind].types, f"{kind}.{name}"


def test_every_type_that_the_rules_name_is_known() -> None:
    allowed = rules.load()
    special = {
        "HumanName",
        "Address",
        "ContactPoint",
        "Identifier",
        "Reference",
        "Attachment",
        "Meta",
        "Narrative",
    }
    special |= {
        "Duration",
        "Age",
        "Distance",
        "Count",
        "Resource",
        "string",
        "markdown",
        "term",
        "person",
        "place",
        "HEALTH_PLAN",
    }
    for name, elements in allowed.elements.items():
        for element, kind in elements.types.items():
            assert kind in special | rules.CODES | allowed.elements.keys(), f"{name}.{element}"
        assert not elements.removed & elements.types.keys(), name


TERMS = ("Navajo", "Prediabetes", "Childbirth", "Ebola Zaire", "St. John's wort extract", "Ross River fever")


@pytest.mark.parametrize("term", TERMS)
@pytest.mark.parametrize("system", ["http://snomed.info/sct", "http://terminology.hl7.org/CodeSystem/x"])
def test_terms_of_published_code_lists_stay(term: str, system: str) -> None:
    concept = {"coding": [{"system": system, "code": "1", "display": term}], "text": term}
    condition = {"resourceType": "Condition", "subject": {"reference": "Patient/1"}, "code": concept}
    assert run(condition)["code"] == concept


@pytest.mark.parametrize(
    "display", ["CT for Zqvist", "Zqvist", "per Dr. Okafor", "call (503) 555-0188", "seen 3/14/2024"]
)
def test_identifiers_in_terms_go_all_the_same(display: str) -> None:
    coding = {"system": "http://loinc.org", "code": "8867-4", "display": display}
    patient = {**PATIENT, "name": [{"family": "Zqvist", "given": ["Orlaith"]}]}
    observation = {"resourceType": "Observation", "status": "final", "id": "o1", "code": {"coding": [coding]}}
    said_of = json.dumps(run(bundle(patient, observation))["entry"][1])
    assert not [w for w in ("Zqvist", "Okafor", "555-0188", "3/14") if w in said_of]


def test_a_display_without_a_published_code_is_prose() -> None:
    coding = {"system": "http://loinc.org", "display": "Seen by James Okafor in Cleveland"}
    condition = {"resourceType": "Condition", "subject": {"reference": "Patient/1"}}
    said_of = json.dumps(run({**condition, "code": {"coding": [coding]}}))
    assert "Okafor" not in said_of
