"""A model server that says back what it was sent of a patient, in many variants, in pieces of any size.

It reads `Patient: Mrs. GIVEN FAMILY; MRN: NUMBER;` out of the last user message, and remembers whom it saw. Its answers
are cut at random: the text into events of one to five characters, the bytes into writes of one to forty, so that names,
characters of several bytes and escapes of JSON come in two halves.
"""

import asyncio
import json
import random
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from osler.testing.http_request import take

Json = dict[str, Any]
SEEN = re.compile(r"Patient: (?:Mrs\. )?(\S+) ([^;]+); MRN: ([^;]+);")
MADE_UP = "Ask Dr. Oswin Parrish, 614-783-2291, about SSN 321-54-9876."
"""Identifiers that nobody supplied."""


def variants(given: str, family: str, number: str) -> str:
    """What it says of somebody."""
    return (
        f"{given} {family} is well. {given} {family}'s chart ({number}) says so. For Mrs. {family}: rest. "
        f"{family}, {given}: see {number}. {given.upper()} {family.upper()} agreed. Dear {given}, thank you."
    )


class Mirror:
    """`seen` holds who it was told of, `url` where it listens."""

    def __init__(self, *, seed: int, made_up: bool = False) -> None:
        self.seen: list[tuple[str, str, str]] = []
        self.url = ""
        self.made_up = made_up
        self._chance = random.Random(seed)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        buffer = bytearray()
        with suppress(ConnectionError):
            while data := await reader.read(2**16):
                buffer += data
                while (request := take(buffer)) is not None:
                    await self._answer(json.loads(request.body), writer)
        writer.close()

    async def _answer(self, body: Json, writer: asyncio.StreamWriter) -> None:
        last = [m["content"] for m in body["messages"] if m["role"] == "user"][-1]
        found = SEEN.search(last)
        who = found.groups() if found else ("nobody", "known", "0")
        self.seen.append((who[0], who[1], who[2]))
        text = variants(*who) + (f" {MADE_UP}" if self.made_up else "")
        message: Json = {"role": "assistant", "content": text}
        if body.get("tools"):
            message = {"role": "assistant", "content": None, "tool_calls": [_call(who, text)]}
        elif body.get("response_format"):
            message["content"] = json.dumps({"who": f"{who[0]} {who[1]}", "notes": [text], who[2]: True})
        if body.get("stream"):
            await self._stream(message, writer)
        else:
            finish = "tool_calls" if body.get("tools") else "stop"
            answer = {
                "id": "x",
                "model": "m",
                "choices": [{"index": 0, "message": message, "finish_reason": finish}],
            }
            data = json.dumps(answer).encode()
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
            writer.write(head.encode() + data)
            await writer.drain()

    async def _stream(self, message: Json, writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        data = b"".join(self._events(message)) + b"data: [DONE]\n\n"
        while data:
            size = self._chance.choice((1, 2, 3, 7, 40, 400))
            part, data = data[:size], data[size:]
            writer.write(b"%x\r\n%b\r\n" % (len(part), part))
            if self._chance.random() < 0.05:
                await writer.drain()
                await asyncio.sleep(0)
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    def _events(self, message: Json) -> Iterator[bytes]:
        yield self._event({"role": "assistant", "content": ""})
        for piece in self._pieces(message["content"] or ""):
            yield self._event({"content": piece})
        for call in message.get("tool_calls", ()):
            function = call["function"]
            yield self._event(
                {"tool_calls": [{"index": 0, **call, "function": {**function, "arguments": ""}}]}
            )
            for piece in self._pieces(function["arguments"]):
                yield self._event({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
        yield self._event({}, "tool_calls" if message.get("tool_calls") else "stop")

    def _pieces(self, text: str) -> Iterator[str]:
        at = 0
        while at < len(text):
            size = self._chance.randint(1, 5)
            yield text[at : at + size]
            at += size

    def _event(self, delta: Json, finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        value = {"id": "x", "object": "chat.completion.chunk", "model": "m", "choices": [choice]}
        return b"data: " + json.dumps(value, ensure_ascii=self._chance.random() < 0.5).encode() + b"\n\n"


def _call(who: tuple[str, str, str], text: str) -> Json:
    arguments = {"name": f"{who[0]} {who[1]}", "ids": [who[2]], "text": text, who[1]: {"n": 1}}
    function = {"name": "note", "arguments": json.dumps(arguments)}
    return {"id": "call_abcdef12", "type": "function", "function": function}


@contextmanager
def serving(*, seed: int, made_up: bool = False) -> Iterator[Mirror]:
    """The server, in a thread with a loop of its own."""
    mirror, ready = Mirror(seed=seed, made_up=made_up), threading.Event()
    loop = asyncio.new_event_loop()

    def run() -> None:
        async def begin() -> asyncio.Server:
            return await asyncio.start_server(mirror.serve, "127.0.0.1", 0, backlog=512)

        server = loop.run_until_complete(begin())
        mirror.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        ready.set()
        loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield mirror
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
