"""Guards that hang, audit logs that misbehave, and what is on record before anything leaves."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from osler.app.build import Platform, build
from osler.app.config import parse
from osler.core.errors import GuardUnavailable, OslerError
from osler.core.messages import Caller, ChatRequest, Message
from osler.deid import Deidentifier
from osler.deid.patterns import PatternScanner
from osler.gateway.bounds import Bounds, length_of
from osler.gateway.embeddings import EmbeddingService
from osler.gateway.exchange import Done, Event, Failed
from osler.gateway.parts import Parts
from osler.gateway.pipeline import Pipeline
from osler.guardrails import Guard
from osler.testing import (
    FailingAudit,
    FailingCheck,
    FailingDetector,
    FailingVault,
    Manner,
    ModelServer,
    Switch,
)

PHI = "Is ibuprofen safe for her, SSN 900-27-6614?"
CLEAR = "What is metformin for?"


@asynccontextmanager
async def platform(workspace: Path, url: str) -> AsyncIterator[Platform]:
    models = {"m": {"id": "stand-in"}, "e": {"id": "stand-in", "kind": "embedding"}}
    table = {"d": {"url": url, "location": "on-premises", "models": models}}
    built = build(parse({"destinations": table, "deid": {"engine": "fast"}}), workspace)
    try:
        yield built
    finally:
        await built.aclose()


def kinds(built: Platform) -> list[str]:
    return [record.kind for record in built.stores.audit.records()]


async def asked(parts: Parts, text: str, *, stream: bool = False) -> Event:
    request = ChatRequest(
        messages=(Message(role="user", content=text),), stream=stream, ground="off", request_id="req_1"
    )
    return [event async for event in Pipeline(parts).run(request)][-1]


async def embedded(parts: Parts, text: str) -> OslerError | None:
    try:
        await EmbeddingService(parts).run([text], model="e", caller=Caller(), request_id="req_e")
    except OslerError as error:
        return error
    return None


def test_what_may_hold_phi_is_on_record_before_it_leaves(workspace: Path) -> None:
    async def main() -> None:
        async with ModelServer("Yes.") as server, platform(workspace, server.url) as built:
            parts = built.pipeline.parts
            assert isinstance(await asked(parts, CLEAR), Done)
            assert isinstance(await asked(parts, PHI), Done)
            assert await embedded(parts, CLEAR) is None
            assert await embedded(parts, PHI) is None
            assert kinds(built) == ["answer", "opened", "closed", "embeddings", "opened", "closed"]
            closed = list(built.stores.audit.records())[-1]
            assert (closed.body["outcome"], closed.body["opened"]) == ("embedded", 5)

    asyncio.run(main())


Spoil = Callable[[Parts, Switch], Parts]
SPOILT: dict[str, Spoil] = {
    "detector": lambda p, s: replace(p, deidentifier=Deidentifier([FailingDetector(s)])),
    "vault": lambda p, s: replace(p, vault=FailingVault(p.vault, s), waits=True),
    "audit": lambda p, s: replace(p, audit=FailingAudit(p.audit, s)),
}


def test_a_guard_that_is_down_ends_the_request_and_nothing_leaves(workspace: Path) -> None:
    async def main() -> None:
        async with ModelServer("Yes.") as server, platform(workspace, server.url) as built:
            for guard, spoil in SPOILT.items():
                for manner in (Manner.HANGS, Manner.RAISES, Manner.RUBBISH):
                    await is_closed(built, guard, spoil, manner)
            assert server.requests == []

    asyncio.run(main())


async def is_closed(built: Platform, guard: str, spoil: Spoil, manner: Manner) -> None:
    switch, before = Switch(), len(kinds(built))
    parts = spoil(replace(built.pipeline.parts, patience_s=0.1), switch)
    switch.down(manner)
    begun = time.monotonic()
    ended = await asked(parts, PHI), await asked(parts, PHI, stream=True)
    fault = await embedded(parts, PHI)
    assert time.monotonic() - begun < 5
    switch.up()
    for event in ended:
        assert isinstance(event, Failed), (guard, manner)
        assert isinstance(event.error, OslerError)
        assert "900-27" not in str(event.error)
        assert event.error.remedy
    assert fault is not None, (guard, manner)
    assert kinds(built)[before:] == ([] if guard == "audit" else ["failed"] * 3), (guard, manner)


def test_a_check_that_hangs_ends_the_request_and_others_go_on(workspace: Path) -> None:
    async def main() -> None:
        async with ModelServer("One. Two. Three.") as server, platform(workspace, server.url) as built:
            switch, parts = Switch(), built.pipeline.parts
            switch.down(Manner.HANGS, after=1)
            down = replace(parts, guard=Guard([FailingCheck(switch)]), patience_s=1.5)
            hanging = asyncio.ensure_future(asked(down, PHI, stream=True))
            while not kinds(built):  # ["opened"], once it is on its way to the check that hangs
                await asyncio.sleep(0.05)
            assert isinstance(await asked(parts, CLEAR), Done)
            assert not hanging.done()
            event = await hanging
            switch.up()
            assert isinstance(event, Failed)
            assert isinstance(event.error, GuardUnavailable)
            assert kinds(built) == ["opened", "answer", "closed"]

    asyncio.run(main())


def test_what_only_computes_stays_in_the_event_loop() -> None:
    switch = Switch()
    quick = Deidentifier([PatternScanner()])
    assert not quick.waits
    assert quick.joined_by(FailingDetector(switch)).waits
    assert not quick.joined_by(FailingDetector(switch, waits=False)).waits
    assert Guard([FailingCheck(switch)]).waits
    assert not Guard([]).joined_by(FailingCheck(switch, waits=False)).waits


def test_a_long_text_has_more_patience() -> None:
    async def main() -> None:
        bounds = Bounds(waits=False, patience_s=0.1)
        assert await bounds.run(lambda: time.sleep(0.2) or "done", length=100_000) == "done"
        with pytest.raises(GuardUnavailable):
            await bounds.run(lambda: time.sleep(0.5), length=20_001)

    asyncio.run(main())


def test_what_is_not_ready_yet_is_waited_for_beside_the_loop() -> None:
    async def main() -> None:
        made = threading.Event()
        bounds = Bounds(waits=False, patience_s=2.0, is_ready=made.is_set)
        waiting = asyncio.create_task(bounds.run(lambda: made.wait(2)))
        await asyncio.sleep(0.05)
        assert not waiting.done(), "the loop goes on meanwhile"
        made.set()
        assert await waiting
        assert await bounds.run(threading.get_ident) == threading.get_ident()
        hanging = Bounds(waits=False, patience_s=0.05, is_ready=lambda: False)
        with pytest.raises(GuardUnavailable):
            await hanging.run(lambda: time.sleep(0.3))

    asyncio.run(main())


def test_the_length_of_a_request_is_that_of_all_it_holds() -> None:
    tools = [{"type": "function", "function": {"name": "f" * 100, "parameters": {"k" * 50: ["v" * 25]}}}]
    wire = {"role": "user", "content": [{"type": "text", "text": "t" * 1000}]}
    request = ChatRequest(
        messages=(Message(role="system", content="s" * 10), Message(role="user", content="", wire=wire)),
        params={"tools": tools, "seed": 7},
    )
    assert 1185 <= length_of(request) < 1400
