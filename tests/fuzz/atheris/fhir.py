"""FHIR R4 JSON: a Reading that keeps the reader's port, or a refusal."""

import json
from collections.abc import Iterator

from fuzz_oracle import CANARY, Broken, value_or_refusal

from osler.core.errors import InputError
from osler.core.ports.reader import Source
from osler.core.readings import reading_fault
from osler.knowledge.ingest import sample_sources
from osler.knowledge.readers.fhir import FhirReader

READER = FhirReader()
TOKENS = (
    '"resourceType":', '"Bundle"', '"entry":[', '"resource":{', '"Patient"', '"Observation"', '"reference":"Patient/p"',
    '"subject":', '"id":"p"', '"name":[{"text":"', '"birthDate":"1931-02-28"', '"valueQuantity":', '"value":1e999',
    '"effectiveDateTime":"2026-02-30"', '"contained":[', '"extension":[', '"_given":[null]', '"fullUrl":"urn:uuid:',
    "null", "\\ud800", "\\u0000", "[[[[", "{}",
)  # fmt: skip


def seeds() -> Iterator[bytes]:
    """Each kind of resource of the shipped samples once, with its patient, and the canary in every text."""
    kinds: set[str] = set()
    for source in sample_sources():
        entries = json.loads(source.data)["entry"]
        patient = next(e for e in entries if e["resource"]["resourceType"] == "Patient")
        for entry in entries:
            kind = entry["resource"]["resourceType"]
            if kind not in kinds:
                kinds.add(kind)
                bundle = {"resourceType": "Bundle", "type": "collection", "entry": [patient, entry]}
                yield json.dumps(_marked(bundle)).encode()


def one(data: bytes) -> None:
    """One input."""
    source = Source(name=f"{CANARY}.json", data=data, known_patients=frozenset({"p"}))
    reading = value_or_refusal(lambda: READER.read(source), InputError)
    fault = reading_fault(reading, source.known_patients) if reading is not None else ""
    if fault:
        raise Broken(fault)


def _marked(value: object) -> object:
    if isinstance(value, dict):
        return {k: f"{v} {CANARY}" if k in ("display", "text", "family") and isinstance(v, str) else _marked(v)
                for k, v in value.items()}  # fmt: skip
    return [_marked(item) for item in value] if isinstance(value, list) else value
