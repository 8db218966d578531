"""FHIR: an instance of every treated resource type, with all of its elements, goes through and stays valid."""

import importlib
import json
from typing import Any

import pytest
from deid_fhir_cases import MODES, session, validate

from osler.deid.fhir import deidentify, rules
from osler.deid.fhir.walk import leaves
from osler.deid.session import Mode

RULES = rules.load()
UUID = "6f1c0a44-93a1-4a6e-9d5c-0b6f4d0f1a11"
VALUES: dict[str, Any] = {
    "code": "final",
    "coded": "8867-4",
    "media": "text/plain",
    "boolean": True,
    "integer": 3,
    "unsignedInt": 3,
    "positiveInt": 3,
    "decimal": 1.5,
    "time": "10:11:12",
    "date": "2024-03-14",
    "birthDate": "1951-03-14",
    "dateTime": "2024-03-14T10:11:12Z",
    "instant": "2024-03-14T10:11:12Z",
    "string": "Seen by Dr. James Okafor",
    "markdown": "Seen by **Dr. James Okafor**",
    "term": "Panel of Dr. James Okafor",
    "person": "James Okafor",
    "place": "St. Mary's Hospital",
    "HEALTH_PLAN": "XQW778812",
    "uri": "http://hl7.org/fhir/x",
    "url": "http://hl7.org/fhir/x",
    "canonical": "http://hl7.org/fhir/x|1.0",
    "id": "abc-778812",
    "uuid": f"urn:uuid:{UUID}",
    "oid": "urn:oid:2.16.840.1.113883.6.1",
    "uid": "1.2.840.113619.2.778812",
    "link": f"urn:uuid:{UUID}",
    "base64Binary": "SmFtZXMgT2thZm9y",
    "HumanName": {
        "use": "official",
        "family": "Okafor",
        "given": ["James", "T."],
        "period": {"start": "2001"},
    },
    "Address": {"line": ["12 Alder St."], "city": "Salem", "state": "OR", "postalCode": "97301"},
    "ContactPoint": {"system": "phone", "value": "503-555-0188", "rank": 1},
    "Identifier": {"system": "https://stmary.example", "value": "XQW778812"},
    "Reference": {"reference": f"Patient/{UUID}", "display": "James Okafor"},
    "Attachment": {
        "contentType": "text/plain",
        "data": "SmFtZXMgT2thZm9y",
        "title": "James Okafor",
        "size": 12,
    },
    "Meta": {"versionId": "3", "lastUpdated": "2024-03-14T10:11:12Z"},
    "Narrative": {
        "status": "generated",
        "div": '<div xmlns="http://www.w3.org/1999/xhtml">James Okafor</div>',
    },
    "Duration": {"value": 3, "unit": "h", "system": "http://unitsofmeasure.org", "code": "h"},
    "Distance": {"value": 3, "unit": "km", "system": "http://unitsofmeasure.org", "code": "km"},
    "Count": {"value": 3, "system": "http://unitsofmeasure.org", "code": "1"},
    "Age": {"value": 33, "unit": "a", "system": "http://unitsofmeasure.org", "code": "a"},
    "Quantity": {"value": 3, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"},
    "Resource": {"resourceType": "Patient", "id": UUID, "name": [{"family": "Okafor"}]},
    "Timing.repeat": {"count": 3, "boundsPeriod": {"start": "2024-03-14"}},
}


def made(kind: str, model: Any, choice: int, trail: tuple[str, ...] = ()) -> dict[str, Any]:
    """An object with a value in every element that the rules name, one of each choice."""
    module = importlib.import_module(model.__module__)
    out: dict[str, Any] = {}
    chosen: dict[str, list[str]] = {}
    for name, field in model.model_fields.items():
        alias, more = field.alias or name, field.json_schema_extra or {}
        if more.get("one_of_many"):
            chosen.setdefault(more["one_of_many"], []).append(alias)
            options = [o for o in chosen[more["one_of_many"]] if o in RULES.elements[kind].types]
            for option in options:
                out.pop(option, None)
            if not options:
                continue
            alias = options[min(choice, len(options) - 1)]
            field = next(f for n, f in model.model_fields.items() if (f.alias or n) == alias)
        of = RULES.elements[kind].types.get(alias)
        if of is None:
            continue
        value = one(of, field, module, choice, trail)
        if value is not None:
            out[alias] = [value] if "List" in str(field.annotation) else value
    return out


def one(of: str, field: Any, module: Any, choice: int, trail: tuple[str, ...]) -> Any:
    """A value of the type `of`; None where parts of parts repeat."""
    if of in VALUES:
        enum = (field.json_schema_extra or {}).get("enum_values")
        return enum[0] if enum and of == "code" else VALUES[of]
    if of in trail:
        return None
    if "." in of:
        target = getattr(module, "".join(part[0].upper() + part[1:] for part in of.split(".")), None)
        if target is None:
            target = next(
                v for k, v in vars(module).items() if k.endswith(of.split(".")[-1].title().replace(".", ""))
            )
        return made(of, target, choice, (*trail, of))
    inner = importlib.import_module(f"fhir.resources.R4B.{of.lower()}")
    return made(of, getattr(inner, of), choice, (*trail, of))


def instance(kind: str, choice: int) -> dict[str, Any]:
    module = importlib.import_module(f"fhir.resources.R4B.{kind.lower()}")
    return {"resourceType": kind, "id": "abc-778812", **made(kind, getattr(module, kind), choice)}


@pytest.mark.parametrize("kind", sorted(RULES.resources))
def test_an_instance_of_each_type_stays_valid_and_loses_its_identifiers(kind: str) -> None:
    for choice in (0, 1, 9):
        source = instance(kind, choice)
        validate(source)
        mode: Mode
        for mode in MODES:
            out, account = deidentify(source, session(mode))
            validate(out)
            assert account.total == leaves(source)
            text = json.dumps(out)
            left = [
                w
                for w in ("Okafor", "778812", UUID, "Alder", "Mary", "0188", "2024-03-14", "T2thZm9y")
                if w in text
            ]
            assert left == [], (mode, left)


@pytest.mark.parametrize("kind", sorted(RULES.resources))
def test_every_element_of_a_treated_type_is_allowed_or_removed_on_purpose(kind: str) -> None:
    module = importlib.import_module(f"fhir.resources.R4B.{kind.lower()}")
    named = (
        RULES.elements[kind].types.keys()
        | RULES.elements[kind].removed
        | RULES.elements["Common"].types.keys()
    )
    common = {"id", "contained", "extension", "modifierExtension", "implicitRules"}
    for name, field in getattr(module, kind).model_fields.items():
        if (field.json_schema_extra or {}).get("element_property") and not name.endswith("__ext"):
            assert (field.alias or name) in named | common, field.alias


def sprayed(value: Any, key: str = "") -> Any:
    """The same shape with the name of a person in every string."""
    if isinstance(value, dict):
        return {k: sprayed(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [sprayed(v, key) for v in value]
    if not isinstance(value, str) or key in ("resourceType", "div"):
        return value
    return f"{value}/okafor" if "://" in value else "Okafor"


@pytest.mark.parametrize("kind", sorted(RULES.resources - {"Bundle", "Parameters"}))
def test_a_known_name_in_any_string_does_not_stay(kind: str) -> None:
    patient = {"resourceType": "Patient", "id": "p", "name": [{"family": "Okafor", "given": ["Thandiwe"]}]}
    for choice in (0,):
        entry = {"resource": sprayed(instance(kind, choice))}
        for mode in ("safe-harbor", "surrogate"):
            out, _ = deidentify(
                {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": patient}, entry]},
                session(mode),
            )
            assert "okafor" not in json.dumps(out).lower()
