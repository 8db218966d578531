"""A plug-in that breaks while it is used: the request ends with one clear error that names it, and nothing leaks."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest

from osler.core.errors import GuardUnavailable, InputError, OslerError, PluginError, UpstreamError
from osler.core.findings import Finding, Severity
from osler.core.messages import Delta, Message, Usage
from osler.core.ports.check import Statement
from osler.core.ports.completer import ModelCall
from osler.core.ports.detector import KnownIdentifier
from osler.core.ports.reader import Document, Passage, Reading, Source
from osler.core.ports.records import PatientIdentity, RecordItem
from osler.core.spans import Label, Span
from osler.deid import Deidentifier
from osler.gateway.upstream import pieces
from osler.guardrails import Guard
from osler.knowledge.ingest import Library

TEXT = "Zythar Quillon was seen."
WHOLE = Finding(kind="k", severity=Severity.INFO, reason="r", source="s")


@dataclass
class Stranger:
    """Every kind of plug-in in one: what it answers, or raises, is what it was given."""

    answer: Any
    name: str = "stranger"
    parts: tuple[str, ...] = ("answer",)

    def find(self, text: str) -> Any:
        return self._given(text)

    def check(self, statement: Statement) -> Any:
        return self._given(statement.text)

    def accepts(self, source: Source) -> bool:
        return True

    def read(self, source: Source) -> Any:
        return self._given(source.data.decode())

    def _given(self, text: str) -> Any:
        if isinstance(self.answer, type) and issubclass(self.answer, Exception):
            raise self.answer(text)
        return self.answer


class Doubtful(Stranger):
    def accepts(self, source: Source) -> bool:
        raise KeyError(source.data)


@dataclass
class Backend:
    answer: Callable[[ModelCall], Iterable[Any]]

    async def complete(self, call: ModelCall, *, stream: bool) -> AsyncGenerator[Delta, None]:
        for piece in self.answer(call):
            yield piece

    async def probe(self) -> tuple[str, ...]:
        return ("m",)

    async def aclose(self) -> None: ...


def raises(call: ModelCall) -> Iterable[Delta]:
    yield Delta(text="a")
    raise RuntimeError(call.messages[0].content)


def told(error: OslerError, name: str = "stranger") -> None:
    assert f"'{name}'" in error.message
    assert error.remedy
    assert "Zythar" not in str(error)
    assert "Zythar" not in repr(error.__cause__)


def span(**other: Any) -> Span:
    return Span(**{"start": 0, "end": 6, "label": Label.NAME} | other)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (ValueError, GuardUnavailable),
        (RecursionError, GuardUnavailable),
        (None, GuardUnavailable),
        (7, GuardUnavailable),
        ([(0, 6)], PluginError),
        ("Zythar", PluginError),
        ([span(end=999)], PluginError),
        ([span(end=6.0)], PluginError),
        ([span(label="NAME!")], PluginError),
        ([span(score="high")], PluginError),
        ([span(score=float("nan"))], PluginError),
        ([span(score=7.0)], PluginError),
        ([span(detector=None)], PluginError),
    ],
)
def test_detector(answer: Any, kind: type[OslerError]) -> None:
    with pytest.raises(kind) as caught:
        Deidentifier([Stranger(answer)]).find(TEXT)
    told(caught.value)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (ValueError, GuardUnavailable),
        (None, PluginError),
        (7, PluginError),
        (["bad"], PluginError),
        ([Finding(kind="k", severity="block", reason="r", source="s")], PluginError),
        ([Finding(kind="", severity=Severity.WARN, reason="r", source="s")], PluginError),
        ([Finding(kind="k", severity=Severity.WARN, reason="", source="s")], PluginError),
        ([Finding(kind="k", severity=Severity.WARN, reason="r", source="")], PluginError),
        ([Finding(kind="k", severity=Severity.WARN, reason="\ud800", source="s")], PluginError),
        ([Finding(kind="k", severity=Severity.WARN, reason="r", source="s", start=0, end=999)], PluginError),
        ([Finding(kind="k", severity=Severity.WARN, reason="r", source="s", start=9, end=3)], PluginError),
        ([Finding(kind="k", severity=Severity.WARN, reason="r", source="s", start=0.5, end=3)], PluginError),
    ],
)
def test_check(answer: Any, kind: type[OslerError]) -> None:
    with pytest.raises(kind) as caught:
        Guard([Stranger(answer)]).answer(Statement(part="answer", text=TEXT))
    told(caught.value)


def test_what_is_whole_comes_through() -> None:
    assert Guard([Stranger([WHOLE])]).answer(Statement(part="answer", text=TEXT)) == (WHOLE,)
    assert Deidentifier([Stranger([span()])]).find(TEXT)


@dataclass
class NoIndex:
    """An index into which nothing may come."""

    known: tuple[str, ...] = ("p1",)
    put_: list[Reading] = field(default_factory=list)

    def patients(self) -> tuple[str, ...]:
        return self.known

    def put(self, reading: Reading) -> None:
        raise AssertionError("it was stored")


def document(**other: Any) -> Document:
    return Document(**{"doc": "d/1", "title": "t", "text": TEXT, "collection": "documents"} | other)


def read(answer: Any, reader: type[Stranger] = Stranger) -> Any:
    index: Any = NoIndex()
    library = Library(index=index, readers=[reader(answer)], records=index, max_bytes=10**6)
    return library.add(Source(name="x.csv", data=TEXT.encode()))


ITEM = RecordItem(doc="d/1", patient="p1", type="Observation")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (ValueError, "failed on this file"),
        (None, "must return a Reading"),
        ([document()], "must return a Reading"),
        (Reading(documents=[document()]), "are tuples"),
        (Reading(documents=("Zythar",)), "document 1 .*no Document"),
        (Reading(documents=(document(text=7),)), "document 1 .*must be text"),
        (Reading(documents=(document(doc=""),)), "needs an id"),
        (Reading(documents=(document(), document())), "document 2 .*an id of its own"),
        (Reading(documents=(document(basis="rumour"),)), "basis"),
        (Reading(documents=(document(passages=(Passage(start=0, end=999),)),)), "within the text"),
        (Reading(documents=(document(passages=((0, 3),)),)), "within the text"),
        (Reading(documents=(document(keywords="Zythar"),)), "keywords"),
        (Reading(documents=(document(collection="records"),)), "if and only if"),
        (Reading(documents=(document(patient="p1"),)), "if and only if"),
        (Reading(documents=(document(collection="records", patient="Zythar"),)), "its patient must be among"),
        (Reading(documents=(document(collection="records", patient="p1", item="Zythar"),)), "RecordItem"),
        (
            Reading(documents=(document(doc="d/2", collection="records", patient="p1", item=ITEM),)),
            "own id and patient",
        ),
        (Reading(patients=("Zythar",)), "patient 1"),
        (Reading(patients=(PatientIdentity(patient="p", identifiers=("Zythar",)),)), "patient 1"),
        (
            Reading(
                patients=(
                    PatientIdentity(patient="p", identifiers=(KnownIdentifier(label="X", value="Zythar"),)),
                )
            ),
            "patient 1",
        ),
        (Reading(skipped={"Zythar": "many"}), "skipped"),
    ],
)
def test_reader(answer: Any, said: str) -> None:
    with pytest.raises(PluginError, match=said) as caught:
        read(answer)
    told(caught.value)


def test_a_reader_that_fails_while_it_is_asked_whether_it_accepts() -> None:
    with pytest.raises(PluginError, match="failed on this file") as caught:
        read(None, Doubtful)
    told(caught.value)


def test_a_reader_may_refuse_in_its_own_words() -> None:
    with pytest.raises(InputError):
        read(InputError)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (raises, "failed"),
        (lambda call: ["text"], "no piece of an answer"),
        (lambda call: [Delta(text=7, finish="stop")], "no piece of an answer"),
        (lambda call: [Delta(text="\ud800", finish="stop")], "no piece of an answer"),
        (lambda call: [Delta(finish="stop", usage=Usage(prompt=10**400))], "no piece of an answer"),
        (lambda call: [Delta(finish="stop", usage=Usage(prompt=-1))], "no piece of an answer"),
        (lambda call: [Delta(text="half")], "without saying that it is whole"),
        (lambda call: [], "without saying that it is whole"),
    ],
)
def test_backend(answer: Callable[[ModelCall], Iterable[Any]], said: str) -> None:
    async def asked() -> list[Delta]:
        call = ModelCall(model_id="m", messages=(Message(role="user", content=TEXT),))
        return [d async for d in pieces(Backend(answer), call, stream=True, destination="stranger")]

    with pytest.raises(UpstreamError, match=said) as caught:
        asyncio.run(asked())
    told(caught.value)
