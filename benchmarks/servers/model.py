"""A cheap model server: just enough of OpenAI's wire, over raw asyncio transports, for chat completions.

    python model.py SLOW_S     prints its port; ends when its standard input does

It is no model: its answer repeats up to 600 characters of what it was sent, of the evidence where
there is any, else of the last message, so that an Osler in front has surrogates to turn back. The
model's name picks the pace: `fast` answers at once, `slow` after
`SLOW_S` seconds. Streams have `PIECES`
events; `slow` spreads them evenly over the same time. `paced` repeats whole lines of the last message, 2,000
characters at most, as a stream of `STEPS` events `PACE_S` apart; `delayed` waits `DELAY_S`. It trusts its client: no
limits, no errors.
"""

import asyncio
import json
import sys
from collections import deque
from typing import cast

import uvloop

PIECES = 48
QUOTED = 600
STEPS = 64
PACE_S = 0.01
DELAY_S = 0.02
LINES = 2_000
_CREATED = 1_700_000_000


def quoted(messages: list[dict[str, str]]) -> str:
    """What the answer repeats."""
    for message in messages:
        if message["role"] == "system":
            _, found, evidence = message["content"].partition("\nEvidence:\n")
            if found:
                lines = [line for line in evidence.splitlines() if line.startswith("[")]
                return " ".join(_cited(line) for line in lines)[:QUOTED]
    return messages[-1]["content"][:QUOTED]


def lines(text: str) -> str:
    """Whole lines of a text, `LINES` characters at most."""
    return text[: text.rfind("\n", 0, LINES) + 1] or text[:LINES]


def _cited(line: str) -> str:
    """`[1]* (Title) A sentence.` as `A sentence [1].`"""
    number, _, rest = line.partition("]")
    sentence = rest.partition(") ")[2].rstrip(". ")
    return f"{sentence} {number}]."


def plain(body: dict[str, object], text: str) -> bytes:
    """A chat completion as one response."""
    message = {"role": "assistant", "content": text}
    answer = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": _CREATED,
        "model": body["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 500, "completion_tokens": 150, "total_tokens": 650},
    }
    data = json.dumps(answer).encode()
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (
        len(data),
        data,
    )


def events(body: dict[str, object], text: str, pieces: int = PIECES) -> list[bytes]:
    """The chunks of a streamed response, the head in the first and the end in the last."""
    size = -(-len(text) // pieces)
    parts = [text[i : i + size] for i in range(0, len(text), size)] or [""]
    chunks = [_chunk(body, {"role": "assistant", "content": parts[0]}, None)]
    chunks += [_chunk(body, {"content": part}, None) for part in parts[1:]]
    chunks[0] = _HEAD + chunks[0]
    chunks[-1] += _chunk(body, {}, "stop") + _framed(b"data: [DONE]\n\n") + b"0\r\n\r\n"
    return chunks


_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def _chunk(body: dict[str, object], delta: dict[str, str], finish: str | None) -> bytes:
    event = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": _CREATED,
        "model": body["model"],
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }
    return _framed(b"data: " + json.dumps(event).encode() + b"\n\n")


def _framed(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


class Connection(asyncio.Protocol):
    """One client: requests one after the other, kept alive."""

    def __init__(self, slow_s: float) -> None:
        self._slow_s = slow_s
        self._data = b""
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own class, not derived from it

    def connection_lost(self, exc: Exception | None) -> None:
        """It went away: whatever is still to be sent is dropped."""
        self._transport = None

    def data_received(self, data: bytes) -> None:
        """Answer when a request is whole."""
        self._data += data
        head, found, body = self._data.partition(b"\r\n\r\n")
        if found and len(body) >= _length(head):
            self._data = b""
            self._answer(json.loads(body))

    def _answer(self, body: dict[str, object]) -> None:
        messages = body["messages"]
        text = quoted(messages) if isinstance(messages, list) else ""
        slow = body["model"] == "slow"
        if body["model"] == "paced" and isinstance(messages, list):
            self._paced(events(body, lines(messages[-1]["content"]), STEPS))
        elif body["model"] == "delayed":
            self._loop.call_later(DELAY_S, self._write, plain(body, text))
        elif body.get("stream"):
            chunks = events(body, text)
            if slow:
                # Timers that lie within a millisecond may fire in any order; the chunks go out in theirs.
                paced = deque(chunks)
                for number in range(len(chunks)):
                    self._loop.call_later(self._slow_s * (number + 1) / len(chunks), self._write_next, paced)
            else:
                self._write(b"".join(chunks))
        elif slow:
            self._loop.call_later(self._slow_s, self._write, plain(body, text))
        else:
            self._write(plain(body, text))

    def _paced(self, chunks: list[bytes]) -> None:
        begun, chunk = self._loop.time(), iter(chunks)

        def step(number: int) -> None:
            if (data := next(chunk, None)) is not None and self._transport is not None:
                self._transport.write(data)
                self._loop.call_at(begun + PACE_S * (number + 1), step, number + 1)

        step(0)

    def _write_next(self, paced: deque[bytes]) -> None:
        self._write(paced.popleft())

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


async def serve(slow_s: float) -> None:
    """Serve on a free port of 127.0.0.1 until standard input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(slow_s), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    ended = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), ended.set)
    await ended.wait()
    server.close()


if __name__ == "__main__":
    uvloop.run(serve(float(sys.argv[1])))
