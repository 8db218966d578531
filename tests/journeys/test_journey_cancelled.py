"""Callers who go away at any moment: what was opened is closed once, what was answered is not also abandoned."""

import asyncio
import json
import signal
import socket
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from osler.app.build import Platform, build
from osler.app.config import parse
from osler.core.audit import AuditEntry, AuditRecord, ChainVerdict, Head
from osler.core.errors import GuardUnavailable, StoreError
from osler.core.messages import Caller, ChatRequest, Message
from osler.core.ports.audit_log import AuditLog
from osler.core.spans import Span
from osler.deid import Deidentifier
from osler.gateway.embeddings import EmbeddingService
from osler.gateway.exchange import Done
from osler.gateway.pipeline import Pipeline
from osler.testing import Fault, ModelServer, ModelServerThread, Script
from osler_process import run_osler, serving

SAID = ("One sentence. ",) * 4


class SlowAudit:
    """A real audit log that takes its time to say that a record of some kinds is written."""

    def __init__(self, log: AuditLog, *kinds: str) -> None:
        self._log = log
        self._kinds = kinds
        self.instance = log.instance
        self.writing = asyncio.Event()

    async def append(self, entry: AuditEntry) -> AuditRecord:
        if entry.kind not in self._kinds:
            return await self._log.append(entry)
        written = asyncio.ensure_future(self._log.append(entry))
        self.writing.set()
        await asyncio.sleep(0.2)
        return await written

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


@asynccontextmanager
async def platform(workspace: Path, url: str) -> AsyncIterator[Platform]:
    models = {"m": {"id": "stand-in"}, "e": {"id": "stand-in", "kind": "embedding"}}
    built = build(
        parse({"destinations": {"d": {"url": url, "location": "on-premises", "models": models}}}), workspace
    )
    try:
        yield built
    finally:
        await built.aclose()


def request(*, stream: bool, identifier: str = "req_1") -> ChatRequest:
    asked = (Message(role="user", content="What is metformin for?"),)
    return ChatRequest(messages=asked, stream=stream, request_id=identifier)


async def collect(pipeline: Pipeline, asked: ChatRequest) -> None:
    async for _ in pipeline.run(asked):
        pass


def outcomes(built: Platform) -> list[tuple[str, object]]:
    return [(r.kind, r.body.get("outcome")) for r in built.stores.audit.records()]


@pytest.mark.parametrize(
    ("during", "stream", "expected"),
    [
        ("answer", False, [("answer", "answered")]),
        ("closed", True, [("opened", "opened"), ("closed", "answered")]),
        ("opened", True, [("opened", "opened"), ("closed", "abandoned")]),
    ],
)
def test_a_caller_who_goes_while_a_record_is_written_is_recorded_once(
    workspace: Path, during: str, stream: bool, expected: list[tuple[str, str]]
) -> None:
    async def main() -> None:
        async with ModelServer(Script(SAID)) as server, platform(workspace, server.url) as built:
            audit = SlowAudit(built.pipeline.parts.audit, during)
            pipeline = Pipeline(replace(built.pipeline.parts, audit=audit))
            asking = asyncio.ensure_future(collect(pipeline, request(stream=stream)))
            await audit.writing.wait()
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            await asyncio.sleep(0.1)
            assert outcomes(built) == expected
            assert built.stores.audit.verify().open_streams == 0

    asyncio.run(main())


def test_a_caller_who_goes_while_waiting_for_a_turn_leaves_the_others_theirs(workspace: Path) -> None:
    async def main() -> None:
        async with ModelServer("Yes.") as server, platform(workspace, server.url) as built:
            asking = [
                asyncio.ensure_future(collect(built.pipeline, request(stream=False, identifier=f"req_{n}")))
                for n in range(12)
            ]
            await asyncio.sleep(0)
            for task in asking[::3]:
                task.cancel()
            ended = await asyncio.gather(*asking, return_exceptions=True)
            assert [isinstance(e, asyncio.CancelledError) for e in ended] == [n % 3 == 0 for n in range(12)]
            assert sorted(outcomes(built)) == [("abandoned", "abandoned")] * 4 + [("answer", "answered")] * 8

    asyncio.run(main())


MANY = 60


def test_of_many_requests_the_first_is_answered_before_the_last_is_begun(workspace: Path) -> None:
    async def main() -> None:
        built = build(parse({}), workspace)
        ended: list[int] = []
        begun: list[int] = []

        async def one(number: int) -> None:
            async for event in built.pipeline.run(request(stream=False, identifier=f"req_{number}")):
                if isinstance(event, Done):
                    ended.append(number)
                    begun.append(len({r.request_id for r in built.stores.audit.records()}))

        try:
            await one(-1)  # the roster is there from now on: until it is, steps are done beside the loop
            ended.clear()
            begun.clear()
            await asyncio.gather(*(one(n) for n in range(MANY)))
        finally:
            await built.aclose()
        assert sorted(ended) == list(range(MANY))
        assert begun[0] < MANY // 2

    asyncio.run(main())


class Broken:
    """A detector that quotes the text in its error."""

    name = "broken"

    def find(self, text: str) -> tuple[Span, ...]:
        raise ValueError(f"cannot read {text}")


Spoil = Callable[[EmbeddingService], Coroutine[Any, Any, object]]


def embed(service: EmbeddingService, text: str = "Zythar Quillon") -> Coroutine[Any, Any, object]:
    return service.run([text], model="e", caller=Caller(), request_id="req_e")


def test_embeddings_that_are_given_up_are_recorded(workspace: Path) -> None:
    async def main() -> None:
        async with ModelServer(fault=Fault.HANG) as server, platform(workspace, server.url) as built:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(embed(built.embeddings), 0.3)
            assert outcomes(built) == [("opened", "opened"), ("closed", "abandoned")]

    asyncio.run(main())


def test_embeddings_are_not_also_abandoned_once_they_are_made(workspace: Path) -> None:
    async def main() -> None:
        async with ModelServer() as server, platform(workspace, server.url) as built:
            audit = SlowAudit(built.pipeline.parts.audit, "closed")
            service = EmbeddingService(replace(built.pipeline.parts, audit=audit))
            asking = asyncio.ensure_future(embed(service))
            await audit.writing.wait()
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            await asyncio.sleep(0.1)
            assert outcomes(built) == [("opened", "opened"), ("closed", "embedded")]

    asyncio.run(main())


def test_a_broken_detector_stops_embeddings_without_a_word_of_the_text(workspace: Path) -> None:
    async def main() -> None:
        async with ModelServer() as server, platform(workspace, server.url) as built:
            parts = replace(built.pipeline.parts, deidentifier=Deidentifier([Broken()]))
            with pytest.raises(GuardUnavailable) as caught:
                await embed(EmbeddingService(parts))
            assert not isinstance(caught.value, StoreError)
            assert "Zythar" not in str(caught.value)
            assert server.requests == []
            assert outcomes(built) == [("failed", "failed")]

    asyncio.run(main())


def test_long_embeddings_leave_the_event_loop_free(workspace: Path) -> None:
    async def main() -> None:
        async with ModelServer() as server, platform(workspace, server.url) as built:
            await embed(built.embeddings)
            text = "Seen by Dr. Amy Poole on 3/4/2021 at Mercy Hospital, MRN 00482913. " * 4000
            working = asyncio.ensure_future(embed(built.embeddings, text))
            longest, last = 0.0, time.monotonic()
            while not working.done():
                await asyncio.sleep(0.005)
                longest, last = max(longest, time.monotonic() - last), time.monotonic()
            await working
            assert longest < 1.0

    asyncio.run(main())


def post(port: int, path: str, body: object, extra: str = "") -> socket.socket:
    data = json.dumps(body).encode()
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{extra}Content-Length: {len(data)}\r\n\r\n"
    connection.sendall(head.encode() + data)
    return connection


CHAT = {"messages": [{"role": "user", "content": "What is metformin for?"}]}
ASKED = [
    ("/v1/chat/completions", CHAT),
    ("/v1/chat/completions", {**CHAT, "stream": True}),
    ("/v1/embeddings", {"input": "x"}),
]


@pytest.mark.slow
@pytest.mark.ci
def test_a_model_server_is_let_go_when_a_caller_hangs_up_before_the_first_byte(workspace: Path) -> None:
    config = workspace.parent / "osler.toml"
    with ModelServerThread(fault=Fault.HANG) as model:
        config.write_text(
            f'[destinations.d]\nurl = "{model.url}"\nlocation = "on-premises"\n'
            'models = { m = { id = "m" }, e = { id = "e", kind = "embedding" } }\n'
        )
        with serving(workspace, config=config) as served:
            port = int(served.url.rpartition(":")[2])
            for number, (path, body) in enumerate(ASKED, 1):
                with post(port, path, body):
                    wait(lambda expected=number: len(model.requests) == expected)
                wait(lambda expected=number: model.server.gone == expected)
            served.process.send_signal(signal.SIGTERM)
            assert served.process.wait(timeout=15) == 0
    done = run_osler("audit", "show", "--json", "--workspace", str(workspace), cwd=workspace.parent)
    ended = [(r["kind"], r["body"]["outcome"]) for r in json.loads(done.stdout)]
    assert ended == [
        ("abandoned", "abandoned"),
        ("opened", "opened"),
        ("closed", "abandoned"),
        ("abandoned", "abandoned"),
    ]


def wait(until: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not until():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.ci
@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_being_stopped_is_no_fault(workspace: Path, workers: str, stop: signal.Signals) -> None:
    config = workspace.parent / "osler.toml"
    with ModelServerThread(fault=Fault.HANG) as model:
        config.write_text(
            "[server]\ndrain_s = 1\n"
            f'[destinations.d]\nurl = "{model.url}"\nlocation = "on-premises"\nmodels.m = {{ id = "m" }}\n'
        )
        with serving(workspace, "--workers", workers, config=config) as served:
            port = int(served.url.rpartition(":")[2])
            with post(port, *ASKED[0]) as connection:
                wait(lambda: len(model.requests) == 1)
                served.process.send_signal(stop)
                assert b"The server is stopping" in everything(connection)
            assert served.process.wait(timeout=15) == 0
    assert all(line.startswith("{") for line in served.log.read_text().splitlines())
    verdict = run_osler("audit", "show", "--json", "--workspace", str(workspace), cwd=workspace.parent)
    assert [r["kind"] for r in json.loads(verdict.stdout)] == ["abandoned"]


@pytest.mark.ci
@pytest.mark.slow
def test_refusals_reach_a_caller_who_is_still_sending(workspace: Path) -> None:
    with serving(workspace) as served:
        port = int(served.url.rpartition(":")[2])
        data = b'{"messages": "' + b"x" * 9_000_000 + b'"}'
        large = urllib.request.Request(f"{served.url}/v1/chat/completions", data=data)  # Connection: close
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(large, timeout=20)
        assert caught.value.code == 413
        for head, status in (
            (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 5_000_000, b"431"),
            (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + b"A: b\r\n" * 200_000, b"431"),
            (b"\x16\x03\x01\x02\x00" + b"\x00" * 100, b"400"),
        ):
            with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
                try:
                    connection.sendall(head)
                    answer = everything(connection)
                except OSError:
                    answer = b""
                assert not answer or (
                    status in answer.split(b"\r\n")[0] and b'"invalid_request_error"' in answer
                )
        assert served.get("/healthz") == (200, "ok\n")
        twice = "x-osler-patient: a\r\nx-osler-patient: b\r\nConnection: close\r\n"
        with post(port, *ASKED[0], extra=twice) as connection:
            assert everything(connection).startswith(b"HTTP/1.1 400")
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(b"PUT /v1/models HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert b"\r\nallow: " in everything(connection).lower()


def everything(connection: socket.socket) -> bytes:
    received = b""
    while piece := connection.recv(65536):
        received += piece
    return received
