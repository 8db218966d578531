"""Guards that are down and model servers that misbehave: nothing leaves, nothing is mixed, all is recorded."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from osler.app.build import Platform, build
from osler.app.config import Config, parse
from osler.core.audit import AuditEntry, AuditRecord, ChainVerdict, Head
from osler.core.errors import GuardUnavailable, StoreError, UpstreamError
from osler.core.findings import Finding
from osler.core.messages import ChatRequest, Message
from osler.core.ports.audit_log import AuditLog
from osler.core.ports.check import Statement
from osler.core.ports.vault import Subject
from osler.core.spans import Span
from osler.deid import Deidentifier
from osler.gateway.answer import Piece
from osler.gateway.exchange import Done, Event, Failed
from osler.gateway.parts import Parts
from osler.gateway.pipeline import Pipeline
from osler.guardrails import Guard
from osler.knowledge.ingest import sample_sources
from osler.testing import Fault, ModelServer, Script

SAID = ("The patient ", "takes three ", "medicines. ", "That is ", "all. ")


class FailingAudit:
    """A real audit log that fails for some kinds of records, as a full disk would."""

    def __init__(self, log: AuditLog, kinds: set[str]) -> None:
        self._log = log
        self._kinds = kinds
        self.instance = log.instance

    async def append(self, entry: AuditEntry) -> AuditRecord:
        if entry.kind in self._kinds:
            raise StoreError("The disk is full.", remedy="Free space.")
        return await self._log.append(entry)

    def append_now(self, entry: AuditEntry) -> AuditRecord:
        return self._log.append_now(entry)

    def head(self) -> Head:
        return self._log.head()

    def records(self, *, after: int = 0) -> Iterator[AuditRecord]:
        return self._log.records(after=after)

    def verify(self) -> ChainVerdict:
        return self._log.verify()

    def close_interrupted(self) -> int:
        return self._log.close_interrupted()

    def close(self) -> None:
        self._log.close()


class BrokenVault:
    """A vault that does not open."""

    def subject(self, patient: str | None) -> Subject:
        raise StoreError("The vault does not open.", remedy="Restore its key.")

    def resolve(self, handle: str) -> str | None:
        return None


class BrokenDetector:
    """A detector that raises, with the text in its message, as careless ones do."""

    name = "broken"

    def find(self, text: str) -> Iterable[Span]:
        raise ValueError(f"cannot read {text}")


class BrokenCheck:
    """A check that raises."""

    name = "broken"
    parts = ("question", "sentence", "answer")

    def check(self, statement: Statement) -> Iterable[Finding]:
        raise ValueError(f"cannot read {statement.text}")


def config(*urls: str) -> Config:
    table: dict[str, Any] = {
        f"d{n}": {
            "url": url,
            "location": "on-premises",
            "timeout_s": 0.7,
            "models": {"m": {"id": "stand-in"}},
        }
        for n, url in enumerate(urls)
    }
    return parse({"destinations": table})


@asynccontextmanager
async def platform(workspace: Path, *urls: str) -> AsyncIterator[Platform]:
    built = build(config(*urls), workspace)
    try:
        for source in sample_sources():
            if source.name.startswith("ckd"):
                built.library.add(source)
        yield built
    finally:
        await built.aclose()


def request(stream: bool, identifier: str = "req_1") -> ChatRequest:
    return ChatRequest(
        messages=(Message(role="user", content="What medications is this patient on?"),),
        patient="sample-ckd",
        stream=stream,
        request_id=identifier,
    )


async def collect(pipeline: Pipeline, asked: ChatRequest) -> list[Event]:
    return [event async for event in pipeline.run(asked)]


def kinds(built: Platform) -> list[str]:
    return [r.kind for r in built.stores.audit.records()]


BEFORE_FIRST = [
    Fault.REFUSE,
    Fault.HANG,
    Fault.ERROR_500,
    Fault.OVERLOADED_503,
    Fault.LIMITED_429,
    Fault.UNAUTHORIZED_401,
    Fault.NOT_FOUND_404,
    Fault.REDIRECT_307,
    Fault.HTML,
]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fault", list(Fault))
def test_a_faulty_server_gives_an_answer_or_one_clear_error(
    workspace: Path, fault: Fault, stream: bool
) -> None:
    async def main() -> None:
        async with ModelServer(Script(SAID), fault) as server, platform(workspace, server.url) as built:
            events = await collect(built.pipeline, request(stream))
            last = events[-1]
            pieces = "".join(e.text for e in events if isinstance(e, Piece))
            if isinstance(last, Done):
                assert "".join(SAID).strip() in last.exchange.answer
                assert not stream or pieces == last.exchange.answer
            else:
                assert isinstance(last, Failed)
                assert isinstance(last.error, UpstreamError)
                assert last.record is not None
                assert last.error.remedy
                assert "medicines" not in str(last.error)
            assert kinds(built)[-2:] == ["opened", "closed"]
            assert built.stores.audit.verify().open_streams == 0

    asyncio.run(main())


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fault", BEFORE_FIRST)
def test_another_permitted_destination_takes_over(workspace: Path, fault: Fault, stream: bool) -> None:
    async def main() -> None:
        async with (
            ModelServer("From the first.", fault) as first,
            ModelServer("From the second.") as second,
            platform(workspace, first.url, second.url) as built,
        ):
            last = (await collect(built.pipeline, request(stream)))[-1]
            assert isinstance(last, Done), last
            assert last.exchange.target is not None
            assert last.exchange.target.destination.name == "d1"
            assert last.exchange.answer.startswith("From the second.")
            assert "first" not in last.exchange.answer

    asyncio.run(main())


def test_a_stream_that_broke_off_is_not_continued_by_another_server(workspace: Path) -> None:
    async def main() -> None:
        async with (
            ModelServer(Script(SAID), Fault.TRUNCATED) as first,
            ModelServer("From the second.") as second,
            platform(workspace, first.url, second.url) as built,
        ):
            events = await collect(built.pipeline, request(True))
            assert isinstance(events[-1], Failed)
            assert second.requests == []

    asyncio.run(main())


Spoil = Callable[[Parts], Parts]
GUARDS: dict[str, Spoil] = {
    "detector": lambda p: replace(p, deidentifier=Deidentifier([BrokenDetector()])),
    "vault": lambda p: replace(p, vault=BrokenVault()),
    "audit (opened)": lambda p: replace(p, audit=FailingAudit(p.audit, {"opened"})),
}


@pytest.mark.parametrize("guard", GUARDS)
def test_when_a_guard_is_down_nothing_leaves(workspace: Path, guard: str) -> None:
    async def main() -> None:
        async with ModelServer(Script(SAID)) as server, platform(workspace, server.url) as built:
            pipeline = Pipeline(GUARDS[guard](built.pipeline.parts))
            events = await collect(pipeline, request(True))
            assert [type(e) for e in events] == [Failed]
            assert isinstance(events[0], Failed)
            assert isinstance(events[0].error, GuardUnavailable)
            assert "medications" not in str(events[0].error)
            assert server.requests == []

    asyncio.run(main())


@pytest.mark.parametrize("stream", [False, True])
def test_when_a_check_is_down_no_answer_is_shown(workspace: Path, stream: bool) -> None:
    async def main() -> None:
        async with ModelServer(Script(SAID)) as server, platform(workspace, server.url) as built:
            pipeline = Pipeline(replace(built.pipeline.parts, guard=Guard([BrokenCheck()])))
            events = await collect(pipeline, request(stream))
            assert [type(e) for e in events] == [Failed]
            assert "medicines" not in str(events[0])

    asyncio.run(main())


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_that_cannot_be_signed_is_not_acknowledged(workspace: Path, stream: bool) -> None:
    async def main() -> None:
        async with ModelServer(Script(SAID)) as server, platform(workspace, server.url) as built:
            audit = FailingAudit(built.pipeline.parts.audit, {"answer", "closed"})
            events = await collect(Pipeline(replace(built.pipeline.parts, audit=audit)), request(stream))
            assert isinstance(events[-1], Failed)
            assert isinstance(events[-1].error, StoreError)
            assert not [e for e in events if isinstance(e, Done)]
            if not stream:
                assert len(events) == 1

    asyncio.run(main())


def test_a_caller_who_goes_away_cancels_the_server_and_is_recorded(workspace: Path) -> None:
    async def main() -> None:
        slow = Script(("One sentence. ",) * 50, pace_s=0.05)
        async with ModelServer(slow) as server, platform(workspace, server.url) as built:
            events = built.pipeline.run(request(True))
            assert isinstance(await anext(events), Piece)
            await events.aclose()
            await asyncio.wait_for(server.left.wait(), 2)
            records = list(built.stores.audit.records())
            assert [r.kind for r in records][-2:] == ["opened", "closed"]
            assert records[-1].body["outcome"] == "abandoned"

    asyncio.run(main())


def test_a_cancelled_plain_request_is_recorded_too(workspace: Path) -> None:
    async def main() -> None:
        async with ModelServer("late", Fault.HANG) as server, platform(workspace, server.url) as built:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(collect(built.pipeline, request(False)), 0.3)
            assert kinds(built)[-2:] == ["opened", "closed"]

    asyncio.run(main())
