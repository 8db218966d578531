"""Answers over the shipped records and the starter pack: right, cited, following the record, plain and streamed alike."""

import asyncio
import copy
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from osler.app.build import Platform, build
from osler.app.config import parse
from osler.core.messages import ChatRequest, Message
from osler.core.ports.reader import Source
from osler.gateway.answer import Piece
from osler.gateway.exchange import Done, Exchange
from osler.knowledge.ingest import sample_sources
from osler.testing import ModelServerThread, Script

IBUPROFEN = "Is it safe to start ibuprofen for her knee pain?"
Bundle = dict[str, Any]


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    built = build(parse({}), tmp_path_factory.mktemp("answers") / "ws")
    for source in sample_sources():
        built.library.add(source)
    yield built
    asyncio.run(built.aclose())


def ask(built: Platform, question: str, patient: str | None = None, *, stream: bool = False) -> Exchange:
    """One answer; of a streamed one the pieces are held against the whole."""

    async def events() -> tuple[list[str], Exchange]:
        request = ChatRequest(
            messages=(Message(role="user", content=question),),
            patient=patient,
            stream=stream,
            request_id="req_1",
        )
        pieces = []
        async for event in built.pipeline.run(request):
            if isinstance(event, Piece):
                pieces.append(event.text)
            if isinstance(event, Done):
                return pieces, event.exchange
        raise AssertionError("no answer")

    pieces, exchange = asyncio.run(events())
    assert not stream or "".join(pieces) == exchange.answer
    return exchange


def kinds(exchange: Exchange) -> set[str]:
    return {f.kind for f in exchange.findings}


def sample(name: str) -> Bundle:
    (source,) = (s for s in sample_sources() if s.name == name)
    return json.loads(source.data)  # type: ignore[no-any-return]


def active_requests(bundle: Bundle) -> set[str]:
    resources = [entry["resource"] for entry in bundle["entry"]]
    return {
        f"MedicationRequest/{r['id']}"
        for r in resources
        if r["resourceType"] == "MedicationRequest" and r["status"] == "active"
    }


@pytest.mark.parametrize("question", ["What medications is this patient on?", "current meds", "med rec pls"])
def test_exactly_the_active_medications_of_each_patient_are_cited(platform: Platform, question: str) -> None:
    for source in sample_sources():
        bundle = json.loads(source.data)
        (patient,) = (
            e["resource"]["id"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Patient"
        )
        exchange = ask(platform, question, patient)
        assert {c.doc for c in exchange.citations} == active_requests(bundle)
        assert ("no active medication" in exchange.answer) is not bool(active_requests(bundle))


@pytest.mark.parametrize("stream", [False, True])
def test_the_demo_question_has_what_a_clinician_needs(platform: Platform, stream: bool) -> None:
    exchange = ask(platform, IBUPROFEN, "sample-ckd", stream=stream)
    for needed in (
        "Allergy (active, high criticality): Nonsteroidal anti-inflammatory drug",
        "Chronic kidney disease stage 3b",
        "38 mL/min/1.73 m2",
        "Active medication: lisinopril 20 mg",
        "People with chronic kidney disease are usually advised not to take NSAIDs.",
    ):
        assert needed in exchange.answer
    assert "drug_allergy" in kinds(exchange)
    assert "Withheld" not in exchange.answer


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_that_rests_on_memory_says_so(platform: Platform, stream: bool) -> None:
    exchange = ask(platform, "Can ibuprofen and lisinopril be taken together?", stream=stream)
    recalled = [c.n for c in exchange.citations if c.basis == "recalled"]
    assert recalled
    assert "basis_recalled" in kinds(exchange)
    last = exchange.answer.rsplit("\n\n", 1)[1]
    assert last.startswith("Osler: ")
    assert last.endswith("on a topic written from memory (basis: recalled); verify before use.")
    assert sorted(int(n) for n in re.findall(r"\[(\d+)\]", last)) == sorted(recalled)
    opened = ask(platform, "When is metformin contraindicated?", stream=stream)
    assert opened.citations
    assert "from memory" not in opened.answer


@pytest.mark.parametrize(
    ("question", "patient"),
    [
        (IBUPROFEN, "sample-ckd"),
        ("discharge summary", "sample-af"),
        ("A1c trend", "sample-diabetes"),
        ("How is a gout flare treated?", None),
    ],
)
def test_every_marker_resolves_and_every_citation_is_exact(
    platform: Platform, question: str, patient: str | None
) -> None:
    exchange = ask(platform, question, patient)
    assert exchange.citations
    assert {int(n) for n in re.findall(r"\[(\d+)\]", exchange.answer)} == {c.n for c in exchange.citations}
    for c in exchange.citations:
        stored = platform.stores.index.document(c.doc, patient=patient)
        assert stored is not None
        assert stored.document.text[c.start : c.end] == c.quote
        assert c.sha256 == hashlib.sha256(stored.document.text.encode()).hexdigest()
        assert " ".join(c.quote.split()) in exchange.answer


@pytest.mark.parametrize(
    "question", ["What is the capital of France?", "write a poem", "How do I bake bread?", "hello"]
)
def test_what_nobody_knows_has_no_evidence(platform: Platform, question: str) -> None:
    for patient in (None, "sample-ckd"):
        exchange = ask(platform, question, patient)
        assert exchange.answer.startswith("No evidence found.")
        assert exchange.citations == ()


def edited(change: Callable[[list[Bundle]], None]) -> bytes:
    bundle = copy.deepcopy(sample("ckd-knee-pain.json"))
    resources = [entry["resource"] for entry in bundle["entry"]]
    change(resources)
    return json.dumps(bundle).encode()


def renamed(allergen: str) -> Callable[[list[Bundle]], None]:
    def change(resources: list[Bundle]) -> None:
        for r in resources:
            if r["resourceType"] == "AllergyIntolerance" and "NSAID" in json.dumps(r["code"]):
                r["code"] = {"text": allergen}
                r.pop("note", None)

    return change


def all_stopped(resources: list[Bundle]) -> None:
    for r in resources:
        if r["resourceType"] == "MedicationRequest":
            r["status"] = "stopped"


EDITS = [
    (renamed("Penicillin"), False, "lisinopril 20 mg tablet", "Nonsteroidal anti-inflammatory drug"),
    (renamed("Motrin"), True, "Allergy (active, high criticality): Motrin", "as a class"),
    (renamed("aspirin"), True, "Allergy (active, high criticality): aspirin", "as a class"),
    (renamed("No known drug allergies"), False, "Allergy status (active): No known", "as a class"),
    (all_stopped, True, "no active medication", "Active medication: "),
]


@pytest.mark.parametrize(("change", "conflict", "said", "unsaid"), EDITS)
def test_answer_and_findings_follow_the_record(
    workspace: Path, change: Callable[[list[Bundle]], None], conflict: bool, said: str, unsaid: str
) -> None:
    built = build(parse({}), workspace)
    try:
        built.library.add(Source(name="edited.json", data=edited(change)))
        exchange = ask(built, IBUPROFEN, "sample-ckd")
    finally:
        asyncio.run(built.aclose())
    assert ("drug_allergy" in kinds(exchange)) is conflict
    assert said in exchange.answer
    assert unsaid not in exchange.answer


SAID = [
    ("Start naproxen 500 mg twice daily [1].", True, "drug_allergy"),
    ("There is no reason she can't take ibuprofen.", True, "drug_allergy"),
    ("Short answer: yes, with monitoring.", True, "drug_allergy"),
    ("Avoid ibuprofen because of the NSAID allergy [1].", False, "drug_allergy"),
    ("Her allergy speaks against it [1] [99].", False, "citation_unresolved"),
]


@pytest.mark.parametrize(("said", "withheld", "kind"), SAID)
def test_what_a_model_says_is_checked_plain_and_streamed_alike(
    workspace: Path, said: str, withheld: bool, kind: str
) -> None:
    with ModelServerThread(reply=Script(tuple(said))) as server:
        table = {"url": server.url, "location": "on-premises", "models": {"m": {"id": "m"}}}
        built = build(parse({"destinations": {"up": table}}), workspace)
        try:
            built.library.add(Source(name="ckd.json", data=edited(lambda _: None)))
            plain = ask(built, IBUPROFEN, "sample-ckd")
            streamed = ask(built, IBUPROFEN, "sample-ckd", stream=True)
        finally:
            asyncio.run(built.aclose())
    assert plain.answer == streamed.answer
    assert plain.findings == streamed.findings
    assert ("[Withheld by Osler: " in plain.answer) is withheld
    assert "[99]" not in plain.answer
    assert kind in kinds(plain)
