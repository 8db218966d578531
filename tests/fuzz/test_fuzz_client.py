"""The lean HTTP client against servers that break HTTP: each exchange ends in time, with its own answer or one fault.

Never another exchange's answer, never bytes that came after the answer, never more than what is allowed.
"""

import asyncio
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass

from fuzz_profile import examples
from hypothesis import given
from hypothesis import strategies as st

from osler.backends.client.lean import LeanClient
from osler.backends.client.port import ClientFault, Server

MOST = 4096
PATIENCE_S = 0.4
EVIL = b"evil"
KINDS = (
    "whole", "extra", "extra chunked", "cut", "reset", "two lengths", "length and chunks", "odd coding", "bad chunk",
    "interim", "many interim", "switch", "long head", "long trailer", "no length", "too much", "garbled", "version",
    "negative length", "closing",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One answer: how it is broken, where it is cut into packets, and by how much."""

    kind: str
    step: int
    at: int
    stream: bool


turns = st.lists(
    st.builds(
        Turn,
        kind=st.sampled_from(KINDS),
        step=st.sampled_from((1, 2, 7, 64, 100_000)),
        at=st.integers(0, 200),
        stream=st.booleans(),
    ),
    min_size=1,
    max_size=5,
)


def response(body: bytes, *headers: bytes, framing: bytes | None = None) -> bytes:
    length = b"Content-Length: %d" % len(body) if framing is None else framing
    return b"\r\n".join((b"HTTP/1.1 200 OK", b"Content-Type: text/plain", *headers, length, b"", b"")) + body


def chunked(body: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    middle = len(body) // 2
    parts = b"".join(b"%x\r\n%b\r\n" % (len(p), p) for p in (body[:middle], body[middle:]) if p)
    return response(parts + end, framing=b"Transfer-Encoding: chunked")


def said(turn: Turn, body: bytes) -> bytes:
    """The bytes of one answer."""
    good, wrong = response(body), response(EVIL)
    match turn.kind:
        case "extra":
            return good + wrong
        case "extra chunked":
            return chunked(body) + wrong
        case "cut" | "reset":
            return good[: turn.at % len(good)]
        case "two lengths":
            return response(body + EVIL, b"Content-Length: %d" % len(body), framing=b"Content-Length: 99")
        case "length and chunks":
            return chunked(body).replace(b"Transfer-Encoding", b"Content-Length: 3\r\nTransfer-Encoding")
        case "odd coding":
            return chunked(body).replace(b": chunked", b": gzip, chunked")
        case "bad chunk":
            return chunked(body, end=b"zz\r\n" + EVIL)
        case "interim":
            return b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + good
        case "many interim":
            return b"HTTP/1.1 100 Continue\r\n\r\n" * 40 + good
        case "switch":
            return b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n" + EVIL
        case "long head":
            return response(body, b"X-Long: " + b"y" * 80_000)
        case "long trailer":
            return chunked(body, end=b"0\r\nX-Long: " + b"y" * 80_000 + b"\r\n\r\n")
        case "no length":
            return response(body, framing=b"Connection: close")
        case "too much":
            return response(EVIL * MOST)
        case "garbled":
            at = turn.at % len(good)
            return good[:at] + bytes([good[at] ^ (1 + turn.step % 255)]) + good[at + 1 :]
        case "version":
            return good.replace(b"HTTP/1.1", b"HTTP/0.9")
        case "negative length":
            return response(body, framing=b"Content-Length: -5")
        case "closing":
            return response(body, b"Connection: close") + wrong
    return good if turn.at % 2 else chunked(body)


async def serve(turns: list[Turn], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0]))
            number = int(head.split(b" ")[1].rsplit(b"/", 1)[1])
            turn = turns[number]
            data = said(turn, b"answer %d." % number)
            for at in range(0, len(data), turn.step if len(data) < 2000 else 50_000):
                writer.write(data[at : at + (turn.step if len(data) < 2000 else 50_000)])
                if turn.step < 100_000:
                    await asyncio.sleep(0)
            await writer.drain()
            if turn.kind == "reset":
                raw = writer.get_extra_info("socket")
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
                return
            if turn.kind in ("cut", "no length", "closing") or (turn.kind == "garbled" and turn.at % 3):
                break
    writer.close()


async def got(client: LeanClient, turn: Turn, number: int) -> bytes | None:
    """What the client makes of it; None for a fault."""
    until = asyncio.get_running_loop().time() + PATIENCE_S
    try:
        if not turn.stream:
            reply = await client.post(f"/v1/{number}", b"{}", most=MOST, until=until)
            return reply.body if reply.status == 200 else None
        stream = await client.stream(f"/v1/{number}", b"{}", until=until)
        try:
            held = b""
            while len(held) <= MOST and (chunk := await stream.read(until)):
                held += chunk
            return held if stream.status == 200 else None
        finally:
            stream.close()
    except ClientFault:
        return None


async def exchange(turns: list[Turn]) -> list[bytes | None]:
    running = await asyncio.start_server(lambda r, w: serve(turns, r, w), "127.0.0.1", 0)
    client = LeanClient(Server(url=f"http://127.0.0.1:{running.sockets[0].getsockname()[1]}/v1"))
    try:
        async with asyncio.timeout(len(turns) * (PATIENCE_S + 0.5)):
            return [await got(client, turn, number) for number, turn in enumerate(turns)]
    finally:
        await client.aclose()
        running.close()


FINE = ("whole", "extra", "extra chunked", "interim", "closing", "no length")
"""These give the answer; what follows it is not read."""
REFUSED = (
    "two lengths", "length and chunks", "odd coding", "many interim", "switch", "long head", "version",
    "negative length",
)  # fmt: skip


@examples(25)
@given(turns)
def test_each_exchange_has_its_own_answer_or_a_fault(turns: list[Turn]) -> None:
    for number, (turn, body) in enumerate(zip(turns, asyncio.run(exchange(turns)), strict=True)):
        own = b"answer %d." % number
        if turn.kind in FINE:
            assert body == own, turn
        elif turn.kind in REFUSED or (
            turn.kind in ("reset", "bad chunk", "long trailer") and not turn.stream
        ):
            assert body is None, turn
        elif turn.kind == "too much":
            assert (body is None) == (not turn.stream), turn
        elif body is not None and turn.kind != "garbled":
            assert own.startswith(body), turn
        if body is not None and turn.kind == "garbled":
            others = [b"answer %d." % n for n in range(len(turns)) if n != number]
            assert EVIL not in body
            assert len(body) < 64 or not any(other in body for other in others)
