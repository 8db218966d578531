"""Many streams at once: each is read to its end, then judged.

    python streams.py        reads a command a line from standard input, writes an answer a line

Command: {"port", "requests": [HTTP as text], "expect": [texts], "streams", "spread_s", "gap_ms"}. So many streams are
opened, a connection each, spread over `spread_s` seconds; requests are taken in turn.

Answer: {"lossless", "first_us", "gap_ms", "events"}: how many streams gave the expected text, every character in order
and once, and had 95 of 100 gaps between arrivals within `gap_ms`; the time to the first text of each; the 95th
percentile of all gaps; data events in all. While the streams run, only what arrives and when is noted: it is read
afterwards. A stream that ended early, or with an error, is not lossless.
"""

import asyncio
import json
import math
import sys
import time
from functools import partial
from typing import cast

import httptools
import uvloop

_PATIENCE_S = 60


class Stream(asyncio.Protocol):
    """One request and what came back, as it came."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self.sent = 0.0
        self.arrived: list[tuple[float, bytes]] = []
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask."""
        self._transport = cast(asyncio.Transport, transport)
        self.sent = time.perf_counter()
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Note it."""
        self.arrived.append((time.perf_counter(), data))
        if data.endswith(b"0\r\n\r\n") or b"[DONE]" in data:
            self._end()

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever hangs up ends the stream too."""
        self._end()

    def _end(self) -> None:
        if not self.ended.done():
            self.ended.set_result(None)
        if self._transport is not None:
            self._transport.close()


def judged(stream: Stream, expect: str, gap_ms: float) -> tuple[bool, float | None, list[float], int]:
    """Whether it was lossless, µs to its first text, ms between arrivals of text, and how many events it had."""
    text, first, gaps, events, last = "", None, list[float](), 0, 0.0
    rest, whole, body = b"", False, _Body()
    for at, data in stream.arrived:
        *lines, rest = (rest + body.fed(data)).split(b"\n")
        new = ""
        for line in lines:
            if line.startswith(b"data: {"):
                events += 1
                new += _content(line[6:])
            whole = whole or line.startswith(b"data: [DONE]")
        if new:
            if first is None:
                first = (at - stream.sent) * 1e6
            else:
                gaps.append((at - last) * 1e3)
            last, text = at, text + new
    on_time = not gaps or percentile(gaps, 95) <= gap_ms
    return whole and text == expect and on_time, first, gaps, events


class _Body:
    """A response's body out of its chunks."""

    def __init__(self) -> None:
        self._new = b""
        self._parser = httptools.HttpResponseParser(self)

    def on_body(self, data: bytes) -> None:
        """The parser gives what is of the body."""
        self._new += data

    def fed(self, data: bytes) -> bytes:
        """What of the body is in these bytes."""
        self._new = b""
        self._parser.feed_data(data)
        return self._new


def _content(line: bytes) -> str:
    choices = json.loads(line).get("choices") or [{}]
    return (choices[0].get("delta") or {}).get("content") or ""


def percentile(values: list[float], percent: int) -> float:
    """The value that `percent` of 100 do not exceed (nearest rank)."""
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


async def run(command: dict[str, object]) -> dict[str, object]:
    """One command, done."""
    texts, expect = command["requests"], command["expect"]
    port, count = command["port"], int(str(command["streams"]))
    if not isinstance(texts, list) or not isinstance(expect, list) or not isinstance(port, int):
        raise TypeError("a command needs a port, requests and what to expect of each")
    requests = [text.encode() for text in texts]
    loop, begun, spread_s = asyncio.get_running_loop(), time.perf_counter(), float(str(command["spread_s"]))
    made: list[Stream] = []
    for number in range(count):
        await asyncio.sleep(max(0.0, begun + spread_s * number / count - time.perf_counter()))
        request = requests[number % len(requests)]
        _, stream = await loop.create_connection(partial(Stream, request), "127.0.0.1", port)
        made.append(stream)
    await asyncio.wait([s.ended for s in made], timeout=_PATIENCE_S)
    limit = float(str(command["gap_ms"]))
    rows = [judged(s, str(expect[i % len(expect)]), limit) for i, s in enumerate(made)]
    gaps = [gap for _, _, own, _ in rows for gap in own]
    return {
        "lossless": sum(row[0] for row in rows),
        "first_us": [round(row[1], 1) for row in rows if row[1] is not None],
        "gap_ms": round(percentile(gaps, 95), 3) if gaps else None,
        "events": sum(row[3] for row in rows),
    }


def main() -> None:
    """Commands from standard input until it ends."""
    for line in sys.stdin:
        try:
            answer = uvloop.run(run(json.loads(line)))
        except Exception as error:
            answer = {"error": str(error) or type(error).__name__}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
