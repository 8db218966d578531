"""FHIR resources for the tests of their de-identification, and what the tests do with them."""

import base64
import importlib
import json
import random
import warnings
from datetime import date
from importlib import resources
from typing import Any

from osler.deid import Deidentifier
from osler.deid.accounting import Accounting
from osler.deid.fhir import deidentify
from osler.deid.session import Mode, Session

ENGINE = Deidentifier.load(fast=True)
TODAY = date(2026, 11, 20)
MODES: tuple[Mode, ...] = ("safe-harbor", "redact", "surrogate")
MASKED = {
    "extension": [
        {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}
    ]
}
SAMPLES = [
    entry.name
    for entry in (resources.files("osler.knowledge") / "data" / "samples").iterdir()
    if entry.name.endswith(".json")
]


def session(mode: Mode = "safe-harbor", seed: int = 1, **more: Any) -> Session:
    return Session(ENGINE, today=TODAY, mode=mode, rng=random.Random(seed), **more)


def run(resource: dict[str, Any], mode: Mode = "safe-harbor") -> dict[str, Any]:
    return deidentify(resource, session(mode))[0]


def account(resource: dict[str, Any], mode: Mode = "safe-harbor") -> Accounting:
    return deidentify(resource, session(mode))[1]


def bundle(*inner: dict[str, Any]) -> dict[str, Any]:
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {"fullUrl": f"https://ehr.stmary.example/fhir/{r['resourceType']}/{r['id']}", "resource": r}
            for r in inner
        ],
    }


def b64(text: str, charset: str = "utf-8") -> str:
    return base64.b64encode(text.encode(charset)).decode()


def sample(name: str) -> dict[str, Any]:
    text = (resources.files("osler.knowledge") / "data" / "samples" / name).read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def validate(resource: dict[str, Any]) -> None:
    module = importlib.import_module(f"fhir.resources.R4B.{resource['resourceType'].lower()}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        getattr(module, resource["resourceType"]).model_validate_json(json.dumps(resource))


PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "pat-000123",
    "meta": {
        "versionId": "7",
        "lastUpdated": "2024-03-14T10:00:00Z",
        "source": "https://ehr.stmary.example",
        "security": [{"system": "https://stmary.example/labels", "code": "VIP"}],
        "profile": [
            "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient",
            "https://stmary.example/profile",
        ],
    },
    "implicitRules": "https://stmary.example/rules",
    "extension": [
        {
            "url": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race",
            "extension": [
                {
                    "url": "ombCategory",
                    "valueCoding": {
                        "system": "urn:oid:2.16.840.1.113883.6.238",
                        "code": "2106-3",
                        "display": "White",
                    },
                },
                {"url": "text", "valueString": "White"},
            ],
        },
        {"url": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex", "valueCode": "F"},
        {
            "url": "http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName",
            "valueString": "Krzyzanowska",
        },
        {
            "url": "http://hl7.org/fhir/StructureDefinition/patient-birthPlace",
            "valueAddress": {"city": "Worcester", "state": "MA"},
        },
        {"url": "https://stmary.example/ext/maria", "valueString": "secret"},
    ],
    "identifier": [
        {
            "use": "usual",
            "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]},
            "system": "https://stmary.example/mrn",
            "value": "00412345",
            "assigner": {"display": "St. Mary's Hospital"},
        },
        {"system": "http://hl7.org/fhir/sid/us-ssn", "value": "123-45-6789"},
    ],
    "active": True,
    "name": [
        {
            "use": "official",
            "family": "Gonzalez",
            "given": ["Maria", "E."],
            "prefix": ["Mrs."],
            "text": "Maria E. Gonzalez",
        }
    ],
    "telecom": [{"system": "phone", "value": "(503) 555-0188", "use": "home"}],
    "gender": "female",
    "birthDate": "1951-03-02",
    "_birthDate": {
        "extension": [
            {
                "url": "http://hl7.org/fhir/StructureDefinition/patient-birthTime",
                "valueDateTime": "1951-03-02T04:05:06Z",
            }
        ]
    },
    "address": [
        {
            "use": "home",
            "line": ["12 Alder St.", "Apt 4"],
            "city": "Salem",
            "district": "Marion",
            "state": "OR",
            "postalCode": "97301-1234",
            "country": "US",
            "_line": [{"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/geolocation"}]}, None],
        }
    ],
    "photo": [{"contentType": "image/png", "data": "iVBORw0KGgo="}],
    "contact": [
        {
            "name": {"family": "Gonzalez", "given": ["Lucia"]},
            "telecom": [{"system": "email", "value": "lucia@mail.example"}],
        }
    ],
    "managingOrganization": {"reference": "Organization/org-1", "display": "St. Mary's Hospital"},
    "nickname_of_maria": "Mari",
}

REAL = (
    "Gonzalez", "Maria", "Lucia", "00412345", "123-45-6789", "555-0188", "1951-03-02", "Alder", "Salem", "97301",
    "Marion", "pat-000123", "stmary", "St. Mary", "Krzyzanowska", "Worcester", "secret", "iVBOR", "lucia@", "VIP",
    "org-1", "04:05:06", "Mari",
)  # fmt: skip


def note(text: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "DocumentReference",
        "id": "doc-1",
        "status": "current",
        "subject": {"reference": "Patient/pat-000123"},
        "content": [{"attachment": {"contentType": "text/plain", "data": b64(text), **more}}],
    }


def said(document: dict[str, Any]) -> str:
    return base64.b64decode(document["content"][0]["attachment"]["data"]).decode()
