"""An index and a record view in memory, and builders of small FHIR bundles, for the tests of this room.

The doubles keep the ports' promises: the patient filter comes before ranking, a record's document is
given to its own patient only, entries come newest first.
"""

import base64
import hashlib
import json
import math
from collections.abc import Sequence
from typing import Any

from osler.core.errors import Conflict
from osler.core.ports.index import RECORDS, Added, CollectionInfo, Hit, Scope, StoredDocument
from osler.core.ports.reader import Document, Reading, Source
from osler.core.ports.records import PatientIdentity, RecordItem
from osler.knowledge.ingest import Library
from osler.knowledge.readers.fhir import FhirReader
from osler.knowledge.readers.guideline import GuidelineReader
from osler.knowledge.readers.text import TextReader
from osler.knowledge.retrieve import Retriever
from osler.knowledge.stems import stems
from osler.lexicon import drugs

Json = dict[str, Any]


class MemoryStore:
    """Implements the ports Index and RecordView over plain dictionaries."""

    def __init__(self) -> None:
        self.documents: dict[str, Document] = {}
        self.identities: dict[str, PatientIdentity] = {}
        self.scopes: list[Scope] = []
        self.asked_for: list[str] = []

    def put(self, reading: Reading) -> Added:
        for document in reading.documents:
            known = self.documents.get(document.doc)
            if known is not None and known.patient != document.patient:
                raise Conflict("A resource would change its patient.", remedy="Check the ids.")
        new = [d for d in reading.documents if d.doc not in self.documents]
        changed = [d for d in reading.documents if self.documents.get(d.doc) not in (None, d)]
        self.documents.update({d.doc: d for d in reading.documents})
        self.identities.update({i.patient: i for i in reading.patients})
        return Added(
            new=len(new),
            changed=len(changed),
            unchanged=len(reading.documents) - len(new) - len(changed),
            patients=len(reading.patients),
        )

    def search(self, terms: Sequence[Sequence[str]], scope: Scope, k: int) -> tuple[Hit, ...]:
        self.scopes.append(scope)
        wanted = [[" ".join(stems(alternative)) for alternative in group] for group in terms]
        rows = []
        for document in self.documents.values():
            if not self._visible(document, scope):
                continue
            for passage in document.passages:
                words = stems(
                    " . ".join(
                        (
                            document.title,
                            passage.section,
                            document.text[passage.start : passage.end],
                            *document.keywords,
                        )
                    )
                )
                line = f" {' '.join(words)} "
                held = [any(a and f" {a} " in line for a in group) for group in wanted]
                if any(held):
                    rows.append((document, passage, held))
        counts = [sum(held[at] for _, _, held in rows) for at in range(len(wanted))]
        hits = [
            Hit(
                doc=document.doc,
                collection=document.collection,
                patient=document.patient,
                start=passage.start,
                end=passage.end,
                section=passage.section,
                score=sum(math.log(1 + len(rows) / n) for n, has in zip(counts, held, strict=True) if has),
            )
            for document, passage, held in rows
        ]
        return tuple(sorted(hits, key=lambda h: (-h.score, h.doc, h.start))[:k])

    def _visible(self, document: Document, scope: Scope) -> bool:
        if document.patient is not None:
            return document.patient == scope.patient
        if scope.records_only or document.collection == RECORDS:
            return False
        return not scope.collections or document.collection in scope.collections

    def document(self, doc: str, *, patient: str | None) -> StoredDocument | None:
        found = self.documents.get(doc)
        if found is None or found.patient not in (None, patient):
            return None
        return StoredDocument(document=found, sha256=hashlib.sha256(found.text.encode()).hexdigest())

    def collections(self) -> tuple[CollectionInfo, ...]:
        names = sorted({d.collection for d in self.documents.values()})
        return tuple(
            CollectionInfo(
                collection=name,
                documents=len(mine := [d for d in self.documents.values() if d.collection == name]),
                passages=sum(len(d.passages) for d in mine),
                patients=len({d.patient for d in mine} - {None}),
            )
            for name in names
        )

    def identity(self, patient: str) -> PatientIdentity | None:
        return self.identities.get(patient)

    def items(
        self, patient: str, *, types: tuple[str, ...] = (), active: bool | None = None
    ) -> tuple[RecordItem, ...]:
        self.asked_for.append(patient)
        found = [
            d.item
            for d in self.documents.values()
            if d.item is not None
            and d.patient == patient
            and (not types or d.item.type in types)
            and (active is None or d.item.active == active)
        ]
        return tuple(sorted(found, key=lambda i: i.when, reverse=True))

    def patients(self) -> tuple[str, ...]:
        return tuple(sorted(self.identities))


def library(store: MemoryStore, max_bytes: int = 10_000_000) -> Library:
    """A library with the built-in readers over `store`."""
    return Library(
        index=store,
        readers=(FhirReader(), GuidelineReader(), TextReader()),
        records=store,
        max_bytes=max_bytes,
    )


def retriever(store: MemoryStore) -> Retriever:
    return Retriever(store, store, lexicon=drugs.load())


def load(*resources: Json, store: MemoryStore | None = None) -> MemoryStore:
    """A store with one bundle of `resources`."""
    store = store or MemoryStore()
    library(store).add(as_source(bundle(*resources)))
    return store


def add_topic(store: MemoryStore, title: str, body: str, keywords: Sequence[str] = ()) -> None:
    """Put one guideline topic into the store."""
    matter = f'+++\ntitle = "{title}"\nbasis = "opened"\nkeywords = {json.dumps(list(keywords))}\n+++\n'
    name = title.lower().replace(" ", "-") + ".md"
    library(store).add(Source(name=name, data=(matter + body).encode()))


def as_source(content: Json | bytes, name: str = "file.json", **more: Any) -> Source:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Source(name=name, data=data, **more)


def read(content: Json | bytes, **more: Any) -> Reading:
    return FhirReader().read(as_source(content, **more))


def bundle(*resources: Json, kind: str = "collection") -> Json:
    return {"resourceType": "Bundle", "type": kind, "entry": [{"resource": r} for r in resources]}


def patient(id_: str = "p1", **more: Any) -> Json:
    return {
        "resourceType": "Patient",
        "id": id_,
        "gender": "female",
        "birthDate": "1958-03-14",
        "name": [{"family": "Quillfeather", "given": ["Oda", "Mae"], "prefix": ["Mrs."]}],
        **more,
    }


def of(id_: str) -> Json:
    return {"reference": f"Patient/{id_}"}


def words(text: str) -> Json:
    return {"text": text}


def coded(system: str, code: str, display: str) -> Json:
    return {"coding": [{"system": system, "code": code, "display": display}], "text": display}


def loinc(code: str, display: str) -> Json:
    return coded("http://loinc.org", code, display)


def medication(id_: str, name: str, status: str = "active", who: str = "p1", **more: Any) -> Json:
    return {
        "resourceType": "MedicationRequest",
        "id": id_,
        "status": status,
        "intent": "order",
        "medicationCodeableConcept": words(name),
        "subject": of(who),
        "authoredOn": "2024-02-03",
        **more,
    }


def allergy(id_: str, name: str, clinical: str = "active", who: str = "p1", **more: Any) -> Json:
    return {
        "resourceType": "AllergyIntolerance",
        "id": id_,
        "clinicalStatus": {"coding": [{"code": clinical}]},
        "verificationStatus": {"coding": [{"code": "confirmed"}]},
        "code": words(name),
        "patient": of(who),
        "recordedDate": "2019-06-25",
        **more,
    }


def condition(id_: str, name: str, clinical: str = "active", who: str = "p1", **more: Any) -> Json:
    return {
        "resourceType": "Condition",
        "id": id_,
        "clinicalStatus": {"coding": [{"code": clinical}]},
        "code": words(name),
        "subject": of(who),
        "onsetDateTime": "2021-05-17",
        **more,
    }


def lab(
    id_: str, code: Json, value: float, unit: str, when: str = "2026-10-01", who: str = "p1", **more: Any
) -> Json:
    return {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "category": [{"coding": [{"code": "laboratory"}]}],
        "code": code,
        "subject": of(who),
        "effectiveDateTime": when,
        "valueQuantity": {"value": value, "unit": unit},
        **more,
    }


def note(id_: str, text: str, when: str = "2026-09-01", who: str = "p1", kind: str = "Progress note") -> Json:
    return {
        "resourceType": "DocumentReference",
        "id": id_,
        "status": "current",
        "type": loinc("11506-3", kind),
        "subject": of(who),
        "date": f"{when}T10:00:00Z",
        "content": [
            {"attachment": {"contentType": "text/plain", "data": base64.b64encode(text.encode()).decode()}}
        ],
    }
