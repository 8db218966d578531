"""Whose evidence it is: no question ever brings another patient's text, and every quote verifies."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from knowledge_doubles import (
    MemoryStore,
    add_topic,
    allergy,
    bundle,
    condition,
    lab,
    load,
    medication,
    note,
    patient,
    read,
    retriever,
)
from test_knowledge_retrieve import A1C, EGFR, POTASSIUM, RECORD, RECORD_QUESTIONS, TOPICS

from osler.core.ports.index import Scope, StoredDocument
from osler.core.ports.reader import Document
from osler.core.ports.records import RecordItem

QUESTIONS = st.sampled_from(
    [question for question, _ in RECORD_QUESTIONS]
    + [
        "Can she take ibuprofen?",
        "what does the last note say",
        "knee?",
        "Is warfarin safe with her kidneys?",
        "summary",
        "metformin",
    ]
)
DRUGS = st.sampled_from(["warfarin 5 MG", "metformin 500 MG", "ibuprofen 200 MG", "lisinopril 10 MG"])


@st.composite
def two_records(draw: st.DrawFn) -> MemoryStore:
    """Two patients with random entries, in two bundles of one store, a guideline beside them."""
    store = MemoryStore()
    add_topic(store, *TOPICS[0])
    for who in ("p1", "p2"):
        resources = [patient(who)]
        for n, name in enumerate(draw(st.lists(DRUGS, max_size=4))):
            status = draw(st.sampled_from(["active", "stopped"]))
            resources.append(medication(f"{who}-m{n}", name, status, who))
        for n, value in enumerate(draw(st.lists(st.integers(1, 99), max_size=3))):
            resources.append(
                lab(f"{who}-l{n}", draw(st.sampled_from([A1C, EGFR, POTASSIUM])), value, "x", who=who)
            )
        for n, name in enumerate(
            draw(st.lists(st.sampled_from(["Hypertension", "Asthma", "Knee pain"]), max_size=2))
        ):
            resources.append(condition(f"{who}-c{n}", name, who=who))
            resources.append(allergy(f"{who}-a{n}", "NSAID", who=who))
        resources.append(note(f"{who}-n", f"Note of {who}: knee pain, warfarin, asthma.", who=who))
        load(*draw(st.permutations(resources)), store=store)
    return store


@settings(max_examples=60, deadline=None)
@given(two_records(), QUESTIONS)
def test_no_evidence_is_ever_another_patients(store: MemoryStore, question: str) -> None:
    for who in ("p1", "p2"):
        store.asked_for.clear()
        store.scopes.clear()
        grounding = retriever(store).ground(question, who)
        assert {e.patient for e in grounding.evidence} <= {who, None}
        assert set(store.asked_for) <= {who}
        assert {scope.patient for scope in store.scopes} <= {who, None}
        for evidence in grounding.evidence:
            _assert_verifies(
                store, evidence.doc, evidence.quote, evidence.start, evidence.end, evidence.sha256
            )
        active = {i.doc for i in store.items(who, types=("MedicationRequest",), active=True)}
        assert {e.doc for e in retriever(store).ground("current meds?", who).evidence} == active
    assert not [e for e in retriever(store).ground(question, None).evidence if e.patient]


class LeakyStore(MemoryStore):
    """A store with a fault: it hands out everything to everyone."""

    def items(
        self, patient: str, *, types: tuple[str, ...] = (), active: bool | None = None
    ) -> tuple[RecordItem, ...]:
        return tuple(i for who in self.identities for i in super(LeakyStore, self).items(who, types=types))

    def _visible(self, document: Document, scope: Scope) -> bool:
        return True

    def document(self, doc: str, *, patient: str | None) -> StoredDocument | None:
        return super().document(doc, patient=self.documents[doc].patient)


@pytest.mark.parametrize(
    "question", ["current meds?", "knee?", "Can she take ibuprofen?", "what do the notes say?"]
)
@pytest.mark.parametrize("who", ["p1", "p2", None])
def test_even_a_store_that_leaks_gives_no_other_patients_text(question: str, who: str | None) -> None:
    store = LeakyStore()
    for name in ("p1", "p2"):
        resources = (
            medication(f"{name}-m", "ibuprofen", who=name),
            note(f"{name}-n", "Knee pain.", who=name),
        )
        load(patient(name), *resources, store=store)
    assert {e.patient for e in retriever(store).ground(question, who).evidence} <= {who}


def _assert_verifies(store: MemoryStore, doc: str, quote: str, start: int, end: int, sha256: str) -> None:
    text = store.documents[doc].text
    assert text[start:end] == quote != ""
    assert hashlib.sha256(text.encode()).hexdigest() == sha256


def test_every_quote_is_an_exact_slice() -> None:
    store = load(*RECORD)
    for topic in TOPICS:
        add_topic(store, *topic)
    for question in [q for q, _ in RECORD_QUESTIONS] + [
        "Can she take ibuprofen?",
        "gout flare",
        "what does the note say",
    ]:
        for e in retriever(store).ground(question, "p1").evidence:
            _assert_verifies(store, e.doc, e.quote, e.start, e.end, e.sha256)


def test_reading_and_asking_agree_on_the_text() -> None:
    (_, document) = read(bundle(patient(), condition("c", "Café au lait spots 😀"))).documents
    store = load(patient(), condition("c", "Café au lait spots 😀"))
    (evidence,) = retriever(store).ground("problem list", "p1").evidence
    assert evidence.quote == document.text
    assert evidence.end == len(document.text)
