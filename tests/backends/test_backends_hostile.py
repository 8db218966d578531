"""A model server that means harm: bombs, endless answers, depth, drips. One clear error each, in bounded time and memory."""

import asyncio
import gzip
import json
import re
import resource
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from certificates import certificate
from osler.backends.client.port import Kind
from osler.backends.openai_wire import OpenAIWire
from osler.backends.sse import EventParser, EventTooLarge
from osler.core.errors import UpstreamError, UpstreamTimeout
from osler.core.messages import Message
from osler.core.ports.completer import ModelCall

CALL = ModelCall(model_id="m", messages=(Message(role="user", content="Zythar Quillon"),))
Say = Callable[[asyncio.StreamWriter], AsyncIterator[bytes]]


@asynccontextmanager
async def server(say: Say) -> AsyncIterator[str]:
    """Answers every request with what `say` gives, as fast as it is taken."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            async for piece in say(writer):
                writer.write(piece)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    running = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{running.sockets[0].getsockname()[1]}/v1"
    finally:
        running.close()


def fault(say: Say, *, stream: bool, client: Kind = "lean", **settings: float) -> UpstreamError:
    """The error that the wire makes of it."""

    async def main() -> UpstreamError:
        async with server(say) as url:
            wire = OpenAIWire(url, client=client, **{"timeout_s": 5.0, **settings})
            try:
                with pytest.raises(UpstreamError) as caught:
                    async for _ in wire.complete(CALL, stream=stream):
                        pass
                return caught.value
            finally:
                await wire.aclose()

    error = asyncio.run(main())
    assert "Quillon" not in str(error)
    assert error.remedy
    return error


def head(kind: str, *more: str) -> bytes:
    lines = ("HTTP/1.1 200 OK", f"content-type: {kind}", *more, "connection: close", "", "")
    return "\r\n".join(lines).encode()


def chunk(text: str) -> bytes:
    body = {"choices": [{"index": 0, "delta": {"content": text}}]}
    return f"data: {json.dumps(body)}\n\n".encode()


async def bomb(writer: asyncio.StreamWriter) -> AsyncIterator[bytes]:
    packed = gzip.compress(b"0" * (8 << 20))
    yield head("application/json", "content-encoding: gzip", f"content-length: {len(packed)}") + packed


async def bomb_stream(writer: asyncio.StreamWriter) -> AsyncIterator[bytes]:
    yield head("text/event-stream", "content-encoding: br") + b"\x00" * 1000


async def endless_text(writer: asyncio.StreamWriter) -> AsyncIterator[bytes]:
    yield head("text/event-stream")
    while True:
        yield chunk("word " * 2000)


async def endless_nothing(writer: asyncio.StreamWriter) -> AsyncIterator[bytes]:
    yield head("text/event-stream")
    while True:
        yield chunk("") * 1000


async def endless_comments(writer: asyncio.StreamWriter) -> AsyncIterator[bytes]:
    yield head("text/event-stream")
    while True:
        yield b": still here\n\n"
        await asyncio.sleep(0.01)


async def endless_drip(writer: asyncio.StreamWriter) -> AsyncIterator[bytes]:
    yield head("text/event-stream")
    while True:
        yield chunk("a ")
        await asyncio.sleep(0.02)


async def endless_line(writer: asyncio.StreamWriter) -> AsyncIterator[bytes]:
    yield head("text/event-stream") + b"data: "
    while True:
        yield b"x" * 65536


async def endless_head(writer: asyncio.StreamWriter) -> AsyncIterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\n"
    while True:
        yield b"x-more: yes\r\n" * 1000


async def endless_body(writer: asyncio.StreamWriter) -> AsyncIterator[bytes]:
    yield head("application/json") + b'{"choices": [], "x": "'
    while True:
        yield b"x" * 65536


async def endless_interim(writer: asyncio.StreamWriter) -> AsyncIterator[bytes]:
    while True:
        yield b"HTTP/1.1 100 Continue\r\n\r\n"
        await asyncio.sleep(0.01)


async def slow_body(writer: asyncio.StreamWriter) -> AsyncIterator[bytes]:
    await asyncio.sleep(0.3)
    yield head("application/json") + b"{"
    while True:
        yield b" "
        await asyncio.sleep(0.02)


async def deep(writer: asyncio.StreamWriter) -> AsyncIterator[bytes]:
    yield head("application/json") + b'{"error":' + b"[" * 100_000


async def deep_event(writer: asyncio.StreamWriter) -> AsyncIterator[bytes]:
    yield head("text/event-stream") + b'data: {"error":' + b"[" * 100_000 + b"\n\n"


CASES = [
    (bomb, False, {}, "compressed"),
    (bomb, True, {}, "compressed"),
    (bomb_stream, True, {}, "compressed"),
    (endless_text, True, {"max_answer_mb": 0.5}, "larger than 0.5 MiB"),
    (endless_nothing, True, {"max_answer_mb": 0.0625}, "larger than 0.0625 MiB"),
    (endless_comments, True, {"timeout_s": 0.3}, "fell silent"),
    (endless_drip, True, {"stream_timeout_s": 0.4}, "did not end within 0.4 s"),
    (endless_line, True, {}, "larger than 1 MiB"),
    (endless_head, False, {}, "HTTP as Osler knows it"),
    (endless_body, False, {"max_answer_mb": 0.5}, "larger than 0.5 MiB"),
    (endless_interim, False, {"timeout_s": 0.4}, "in time|HTTP as Osler knows it"),
    (slow_body, False, {"timeout_s": 0.5}, "in time"),
    (deep, False, {}, "another shape"),
    (deep_event, True, {}, "no piece of an answer"),
]


@pytest.mark.parametrize("client", ["lean", "aiohttp"])
@pytest.mark.parametrize(
    ("say", "stream", "settings", "said"), CASES, ids=lambda v: getattr(v, "__name__", "")
)
def test_harm_is_one_clear_error(
    say: Say, stream: bool, settings: dict[str, float], said: str, client: Kind
) -> None:
    begun, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert re.search(said, str(fault(say, stream=stream, client=client, **settings)))
    assert time.monotonic() - begun < 4
    assert (
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 80 << 10
    )  # KiB: less than a whole bomb


def test_a_plain_answers_time_counts_once_for_head_and_body() -> None:
    begun = time.monotonic()
    assert isinstance(fault(slow_body, stream=False, timeout_s=0.6), UpstreamTimeout)
    assert time.monotonic() - begun < 0.6 + 0.25


def test_a_line_that_comes_byte_by_byte_costs_no_more_than_its_length() -> None:
    parser, begun = EventParser(100_000), time.process_time()
    with pytest.raises(EventTooLarge):
        for _ in range(100_001):
            parser.feed(b"x")
    assert time.process_time() - begun < 1.0


def test_a_certificate_that_nobody_vouches_for_ends_the_connection_before_a_text_leaves(
    tmp_path: Path,
) -> None:
    certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    got = bytearray()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.extend(await reader.read())
        writer.close()

    async def main() -> None:
        running = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=context)
        wire = OpenAIWire(f"https://127.0.0.1:{running.sockets[0].getsockname()[1]}/v1", "sk-zythar")
        with pytest.raises(UpstreamError, match="TLS handshake failed"):
            async for _ in wire.complete(CALL, stream=False):
                pass
        await wire.aclose()
        running.close()

    asyncio.run(main())
    assert got == b""
