"""Answers that are kept, and identical requests that share one call: over a real model server."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

from osler.app.build import Platform, build
from osler.app.config import parse
from osler.core.messages import Caller, ChatRequest, Delta, Message
from osler.core.models import Destination, Model, Place
from osler.gateway.config.reuse import CacheConfig
from osler.gateway.exchange import Done, Exchange
from osler.gateway.reuse import Call, Reuse, Said
from osler.gateway.router import Target
from osler.testing import Echo, FixedClock, ModelServer

NOTE = "Mrs. Eleanor Whitfield, MRN 00482913, has a cough. What now?"
CLEAR = "What is metformin for?"
TARGET = Target(
    destination=Destination(name="d", place=Place.ON_PREMISES),
    model=Model(name="m", id="m"),
    transform="none",
)


@asynccontextmanager
async def site(folder: Path, url: str, **cache: object) -> AsyncIterator[Platform]:
    table = {"d": {"url": url, "location": "on-premises", "models": {"m": {"id": "stand-in"}}}}
    config = {"destinations": table, "deid": {"engine": "fast"}, "gateway": {"cache": cache}}
    built = build(parse(config), folder)
    try:
        yield built
    finally:
        await built.aclose()


def request(text: str = CLEAR, **more: object) -> ChatRequest:
    given = {"params": {"temperature": 0}, "ground": "off", "request_id": "req_1", **more}
    return ChatRequest(messages=(Message(role="user", content=text),), **given)  # type: ignore[arg-type]


async def ask(built: Platform, asked: ChatRequest) -> Exchange:
    ended = [event async for event in built.pipeline.run(asked)][-1]
    assert isinstance(ended, Done), ended
    return ended.exchange


def test_an_answer_is_kept_per_tenant_until_it_is_too_old_and_each_is_audited(workspace: Path) -> None:
    async def main() -> None:
        async with ModelServer(Echo()) as server, site(workspace, server.url, entries=10) as built:
            first, again = await ask(built, request()), await ask(built, request())
            assert (first.answer, again.answer) == (CLEAR, CLEAR)
            assert len(server.requests) == 1
            assert again.decision_json()["cached"] is True
            assert first.signed
            assert again.signed
            assert again.signed.number > first.signed.number
            bodies = [record.body for record in built.stores.audit.records()]
            assert ["sent" in body for body in bodies] == [True, False]
            await ask(built, request(caller=Caller(tenant="north")))
            await ask(built, request(params={"temperature": 0, "seed": 1}))
            await ask(built, request(reuse="off"))
            assert len(server.requests) == 4
            streamed = [e async for e in built.pipeline.run(request(stream=True))]
            assert isinstance(streamed[-1], Done)
            assert len(server.requests) == 5

    asyncio.run(main())


def test_phi_is_not_kept_unless_that_is_wanted_and_comes_back_restored(workspace: Path) -> None:
    async def main() -> None:
        for wanted, calls in ((False, 2), (True, 1)):
            folder = workspace / str(wanted)
            async with (
                ModelServer(Echo()) as server,
                site(folder, server.url, entries=10, phi=wanted) as built,
            ):
                for _ in range(2):
                    assert (await ask(built, request(NOTE))).answer == NOTE
                assert len(server.requests) == calls
                assert all(b"Whitfield" not in raw for raw in server.requests)

    asyncio.run(main())


def test_identical_requests_at_once_share_a_call_and_each_gets_all_of_it(workspace: Path) -> None:
    async def main() -> None:
        async with ModelServer(Echo()) as server, site(workspace, server.url) as built:
            asked = [request(NOTE, stream=stream) for stream in (False, True) for _ in range(8)]
            answers = await asyncio.gather(*(ask(built, one) for one in asked))
            assert {x.answer for x in answers} == {NOTE}
            assert len(server.requests) < len(asked)
            each = [request(CLEAR, params={}) for _ in range(4)]
            before = len(server.requests)
            await asyncio.gather(*(ask(built, one) for one in each))
            assert len(server.requests) == before + 4  # no temperature 0, no seed: each has its own
            kinds = [r.kind for r in built.stores.audit.records()]
            assert kinds.count("opened") == kinds.count("closed") == len(asked)
            assert built.stores.audit.verify().ok

    asyncio.run(main())


def pieces(texts: list[str], log: list[str]) -> AsyncGenerator[Said, None]:
    async def said() -> AsyncGenerator[Said, None]:
        try:
            for text in texts:
                await asyncio.sleep(0.001)
                yield TARGET, Delta(text=text)
            if texts[-1] == "fail":
                raise ValueError("broken")
            log.append("whole")
        finally:
            log.append("closed")

    return said()


def test_a_call_ends_with_its_last_listener_and_not_before() -> None:
    async def main() -> None:
        log: list[str] = []
        call = Call(pieces(["a", "b", "c"], log), None)

        async def some() -> str:
            async with aclosing(call.listen()) as said:
                async for _, delta in said:
                    return delta.text
            return ""

        async def everything() -> str:
            return "".join([delta.text async for _, delta in call.listen()])

        assert await asyncio.gather(some(), everything()) == ["a", "abc"]
        assert log == ["whole", "closed"]
        assert call.is_whole
        log.clear()
        left = Call(pieces(["a", "b", "c"], log), None)
        async with aclosing(left.listen()) as said:
            await anext(said)
        assert log == ["closed"]
        assert not left.is_open

    asyncio.run(main())


def test_all_who_listen_hear_of_a_fault() -> None:
    async def main() -> None:
        call = Call(pieces(["a", "fail"], []), None)

        async def heard() -> tuple[str, str]:
            text = ""
            try:
                async for _, delta in call.listen():
                    text += delta.text
            except ValueError as error:
                return text, str(error)
            return text, ""

        assert await asyncio.gather(heard(), heard()) == [("afail", "broken")] * 2
        assert not call.is_open

    asyncio.run(main())


def test_what_is_kept_is_bounded_in_number_size_and_age() -> None:
    clock = FixedClock()
    reuse = Reuse(CacheConfig(entries=2, ttl_s=10, max_mb=1), clock.monotonic)
    keys = [reuse.key(n) for n in range(4)]
    assert len(set(keys)) == 4
    assert reuse.key(0) == keys[0]
    for key in keys[:3]:
        reuse.keep(key, [(TARGET, Delta(text="x"))], None)
    assert [reuse.find(k) is not None for k in keys] == [False, True, True, False]
    reuse.keep(keys[3], [(TARGET, Delta(text="x" * 2**20))], None)
    assert reuse.find(keys[3]) is None
    clock.advance(10)
    assert reuse.find(keys[1]) is None
    reuse.keep(keys[0], [(TARGET, Delta(text="x"))], None)
    reuse.clear()
    assert reuse.find(keys[0]) is None
