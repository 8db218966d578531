"""A load generator: keep-alive connections over raw asyncio transports, closed loop.

    python load.py        reads a command a line from standard input, writes an answer a line

Command: {"port", "bodies": [JSON texts], "connections", "requests", "spread_s", "headers"}. `headers` (name to value)
may be left out. `requests` are sent over `connections` connections, each sending its next one when the last was
answered; they begin spread evenly over `spread_s` seconds. Bodies are taken in turn.

Answer: {"latency_us": [...], "first_us": [...], "seconds"}: from the first byte written to the last
read, and to the first of the response's body. Anything but a whole 200 without an error in it ends
the command with {"error": "..."}: such a round has no figures.
"""

import asyncio
import json
import sys
import time
from collections import deque
from typing import cast

import uvloop

PATH = "/v1/chat/completions"
_PATIENCE_S = 120


class Load:
    """What is still to be sent, and what came back."""

    def __init__(self, bodies: list[str], requests: int, headers: dict[str, str]) -> None:
        ready = [request_of(body.encode(), headers) for body in bodies]
        self.waiting = deque(ready[i % len(ready)] for i in range(requests))
        self.missing = requests
        self.latency_us: list[float] = []
        self.first_us: list[float] = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def answered(self, latency_us: float, first_us: float) -> None:
        """One response is whole."""
        self.latency_us.append(round(latency_us, 1))
        self.first_us.append(round(first_us, 1))
        self.missing -= 1
        if self.missing == 0 and not self.done.done():
            self.done.set_result(None)

    def fail(self, reason: str) -> None:
        """The round is void."""
        if not self.done.done():
            self.done.set_exception(RuntimeError(reason))


class Connection(asyncio.Protocol):
    """One connection of the load: send, read the whole response, send the next."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._transport: asyncio.Transport | None = None
        self._data = bytearray()
        self._sent = self._first = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own class, not derived from it
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        """A server that hangs up voids the round, unless it is over."""
        self._load.fail("the server closed a connection")

    def data_received(self, data: bytes) -> None:
        """Look whether the response is whole."""
        self._data += data
        end_of_head = self._data.find(b"\r\n\r\n")
        if end_of_head < 0:
            return
        if not self._first and len(self._data) > end_of_head + 4:
            self._first = time.perf_counter_ns()
        if not self._is_whole(end_of_head):
            return
        now = time.perf_counter_ns()
        if not self._data.startswith(b"HTTP/1.1 200 ") or b'"error"' in self._data:
            status = self._data[9:12].decode("ascii", "replace")
            self._load.fail(f"a response was an error (status {status})")
            return
        self._load.answered((now - self._sent) / 1e3, ((self._first or now) - self._sent) / 1e3)
        self._next()

    def _is_whole(self, end_of_head: int) -> bool:
        head = bytes(self._data[:end_of_head]).lower()
        if b"transfer-encoding: chunked" in head:
            return self._data.endswith(b"\r\n0\r\n\r\n")
        at = head.find(b"content-length:")
        if at < 0:
            return False
        length = int(head[at + 15 :].partition(b"\r\n")[0])
        return len(self._data) >= end_of_head + 4 + length

    def _next(self) -> None:
        self._data.clear()
        self._first = 0
        if self._load.waiting and self._transport is not None:
            self._sent = time.perf_counter_ns()
            self._transport.write(self._load.waiting.popleft())


def request_of(body: bytes, headers: dict[str, str]) -> bytes:
    """A request as it is sent."""
    head = f"POST {PATH} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
    more = "".join(f"\r\n{name}: {value}" for name, value in headers.items())
    return (head + more).encode() + b"\r\n\r\n" + body


async def run(command: dict[str, object]) -> dict[str, object]:
    """One command, done."""
    bodies, port = command["bodies"], command["port"]
    if not isinstance(bodies, list) or not isinstance(port, int):
        raise TypeError("a command needs bodies and a port")
    headers = command.get("headers") or {}
    if not isinstance(headers, dict):
        raise TypeError("headers are names and values")
    load = Load(bodies, int(str(command["requests"])), headers)
    loop = asyncio.get_running_loop()
    begun = time.perf_counter()
    made = []
    try:
        count, spread_s = int(str(command["connections"])), float(str(command["spread_s"]))
        for number in range(count):
            await asyncio.sleep(max(0.0, begun + spread_s * number / count - time.perf_counter()))
            transport, _ = await loop.create_connection(lambda: Connection(load), "127.0.0.1", port)
            made.append(transport)
        await asyncio.wait_for(load.done, _PATIENCE_S)
    finally:
        seconds = time.perf_counter() - begun
        for transport in made:
            transport.abort()
    return {"latency_us": load.latency_us, "first_us": load.first_us, "seconds": seconds}


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
