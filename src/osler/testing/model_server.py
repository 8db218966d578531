"""A model server for tests: the OpenAI wire on loopback, over plain asyncio streams.

It is honest: it reads real HTTP, refuses malformed requests, keeps connections alive, stops when
its client goes away, and keeps the bytes of every request exactly as they came. What it answers is a
`Reply`, how it misbehaves a `Fault`; both may be changed between requests.

It serves `POST /v1/chat/completions` and `POST /v1/completions` (plain and streamed, several choices that say the
same), `POST /v1/embeddings` and `GET /v1/models`. It is no model: it has no tokenizer (usage counts words) and calls
no tools.
"""

import asyncio
import contextlib
import json
import socket
import struct
import threading
from collections.abc import AsyncIterator, Sequence
from types import TracebackType
from typing import Any, Self

from osler.testing import wire
from osler.testing.http_request import HttpRequest, take
from osler.testing.replies import Echo, Fault, Fixed, Reply

REASONS = {
    200: "OK",
    307: "Temporary Redirect",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
JSON = "application/json"
STATUS_FAULTS: dict[Fault, tuple[int, str, tuple[str, ...]]] = {
    Fault.ERROR_500: (500, "server_error", ()),
    Fault.OVERLOADED_503: (503, "overloaded", ()),
    Fault.LIMITED_429: (429, "rate_limit_exceeded", ("Retry-After: 7",)),
    Fault.UNAUTHORIZED_401: (401, "invalid_api_key", ()),
    Fault.NOT_FOUND_404: (404, "model_not_found", ()),
    Fault.INVALID_400: (400, "invalid_request_error", ()),
    Fault.REDIRECT_307: (307, "moved", ("Location: /elsewhere",)),
}


class ModelServer:
    """An OpenAI-wire server on 127.0.0.1, for use as `async with ModelServer(...) as server`.

    `reply` is a Reply or simply the text to say; `fault` how it misbehaves; `models` the ids that it
    lists (it answers for any id); `key` the bearer token that it demands, if any.

    `url` is its base address, ending in `/v1`. `requests` holds the raw bytes of each request
    (head and body), `bodies` the parsed JSON of each (None when it was not JSON), `connections` how
    many were opened, `gone` how many answers were abandoned because the client went away, and
    `left` an event that is set by the first of these.
    """

    def __init__(
        self,
        reply: Reply | str | None = None,
        fault: Fault | None = None,
        *,
        models: Sequence[str] = ("stand-in",),
        key: str | None = None,
        dimensions: int = 8,
    ) -> None:
        self.reply: Reply = Fixed(reply) if isinstance(reply, str) else (reply or Echo())
        self.fault = fault
        self.models = tuple(models)
        self.key = key
        self.dimensions = dimensions
        self.requests: list[bytes] = []
        self.bodies: list[Any] = []
        self.connections = 0
        self.gone = 0
        self.left = asyncio.Event()
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.url = ""

    async def __aenter__(self) -> Self:
        self._socket.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/v1"
        if self.fault is not Fault.REFUSE:
            self._server = await asyncio.start_server(self._connected, sock=self._socket, limit=2**20)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._socket.close()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        incoming = _Incoming(reader)
        try:
            while (request := await incoming.next()) is not None:
                self.requests.append(request.raw)
                self.bodies.append(_parsed(request.body))
                if not await self._answer_unless_gone(request, incoming, writer):
                    break
        except (ConnectionError, ValueError):
            pass
        finally:
            await incoming.close()
            with contextlib.suppress(Exception):
                writer.close()
                await writer.wait_closed()

    async def _answer_unless_gone(
        self, request: HttpRequest, incoming: "_Incoming", writer: asyncio.StreamWriter
    ) -> bool:
        """Answer; whether the connection may be used again."""
        answer = asyncio.create_task(self._answer(request, writer))
        gone = asyncio.create_task(incoming.hang_up())
        try:
            await asyncio.wait({answer, gone}, return_when=asyncio.FIRST_COMPLETED)
            if answer.done():
                return answer.result()
            self.gone += 1
            self.left.set()
            return False
        finally:
            for task in (answer, gone):
                task.cancel()
            await asyncio.gather(answer, gone, return_exceptions=True)

    async def _answer(self, request: HttpRequest, writer: asyncio.StreamWriter) -> bool:
        fault, body = self.fault, _parsed(request.body)
        if fault is Fault.HANG:
            await asyncio.Event().wait()
        if self.key is not None and request.headers.get("authorization") != f"Bearer {self.key}":
            return await _send(writer, 401, wire.encode(wire.error({}, "invalid_api_key")))
        if fault in STATUS_FAULTS:
            status, kind, headers = STATUS_FAULTS[fault]
            asked = body if isinstance(body, dict) else {}
            return await _send(writer, status, wire.encode(wire.error(asked, kind)), headers=headers)
        if fault is Fault.HTML:
            return await _send(writer, 200, b"<html><body>Sign in</body></html>", kind="text/html")
        if fault is Fault.MALFORMED_JSON:
            return await _send(writer, 200, b'{"choices": [{"message": {"content": "half')
        if fault is Fault.WRONG_SHAPE:
            return await _send(writer, 200, b'{"choices": "none", "data": 7}')
        return await self._serve_path(request, body, writer)

    async def _serve_path(self, request: HttpRequest, body: Any, writer: asyncio.StreamWriter) -> bool:
        method, path = request.method, request.path
        if path == "/v1/models":
            return await _send(writer, 200 if method == "GET" else 405, wire.models(self.models))
        if path not in ("/v1/chat/completions", "/v1/completions", "/v1/embeddings"):
            return await _send(writer, 404, wire.encode(wire.error({}, "unknown_path")))
        if method != "POST":
            return await _send(writer, 405, wire.encode(wire.error({}, "method_not_allowed")))
        if problem := wire.problem(body, path):
            return await _send(writer, 400, wire.encode({"error": {"message": problem, "type": "invalid"}}))
        if path == "/v1/embeddings":
            return await self._plain(wire.embeddings(body, self.dimensions), writer)
        if body.get("stream") is True and self.fault is not Fault.JSON_FOR_SSE:
            return await self._stream(body, writer)
        text = "".join(self.reply.pieces(body))
        finish = None if self.fault is Fault.NO_FINISH else "stop"
        return await self._plain(wire.completion(body, text, finish=finish), writer)

    async def _plain(self, body: bytes, writer: asyncio.StreamWriter) -> bool:
        if self.fault not in (Fault.RESET, Fault.STALL):
            return await _send(writer, 200, body)
        writer.write(_head(200, JSON, f"Content-Length: {len(body)}") + body[: len(body) // 2])
        await writer.drain()
        return await self._break_off(writer)

    async def _stream(self, body: dict[str, Any], writer: asyncio.StreamWriter) -> bool:
        writer.write(_head(200, "text/event-stream", "Transfer-Encoding: chunked"))
        async for data in self._events(body):
            writer.write(b"%x\r\n%b\r\n" % (len(data), data))
            await writer.drain()
        if self.fault in (Fault.RESET, Fault.STALL):
            return await self._break_off(writer)
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True

    async def _events(self, body: dict[str, Any]) -> AsyncIterator[bytes]:
        fault, pieces = self.fault, tuple(self.reply.pieces(body))
        broken = fault in (
            Fault.RESET, Fault.STALL, Fault.TRUNCATED, Fault.ERROR_EVENT, Fault.MALFORMED_SSE
        )  # fmt: skip
        if broken:
            pieces = pieces[: max(1, len(pieces) // 2)]
        finish = None if broken or fault is Fault.NO_FINISH else "stop"
        for index, data in enumerate(wire.events(body, pieces, finish=finish)):
            if self.reply.pace_s and index:
                await asyncio.sleep(self.reply.pace_s)
            yield data
        if fault is Fault.ERROR_EVENT:
            yield wire.event(wire.error(body, "server_error"))
        elif fault is Fault.MALFORMED_SSE:
            yield b'data: {"choices": [{"delta": {"content": "half\n\n'
        elif not broken and fault is not Fault.NO_DONE:
            yield b"data: [DONE]\n\n"

    async def _break_off(self, writer: asyncio.StreamWriter) -> bool:
        if self.fault is Fault.STALL:
            await asyncio.Event().wait()
        # A zero linger time makes close() send RST instead of FIN.
        raw = writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
        return False


class ModelServerThread:
    """The same server in a thread of its own, for code without an event loop: `with ModelServerThread(...)`.

    Takes what ModelServer takes; `server` is the ModelServer, whose lists may be read at any time.
    """

    def __init__(
        self,
        reply: Reply | str | None = None,
        fault: Fault | None = None,
        *,
        models: Sequence[str] = ("stand-in",),
        key: str | None = None,
        dimensions: int = 8,
    ) -> None:
        self.server = ModelServer(reply, fault, models=models, key=key, dimensions=dimensions)
        self._thread = threading.Thread(target=self._run, name="model-server", daemon=True)
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()

    @property
    def url(self) -> str:
        """The base address, ending in `/v1`."""
        return self.server.url

    @property
    def requests(self) -> list[bytes]:
        """Raw bytes of the requests so far."""
        return self.server.requests

    @property
    def bodies(self) -> list[Any]:
        """Parsed bodies of the requests so far."""
        return self.server.bodies

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(10):
            raise RuntimeError("the model server did not start within 10 seconds")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.run(self._main())

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        async with self.server:
            self._ready.set()
            await self._stop.wait()


class _Incoming:
    """What a connection's client sends: whole requests, and the news that it hung up."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._buffer = bytearray()
        self._reading: asyncio.Task[bytes] | None = None

    async def next(self) -> HttpRequest | None:
        """The next request; None when the client hung up instead."""
        while (request := take(self._buffer)) is None:
            if not await self._more():
                return None
        return request

    async def hang_up(self) -> None:
        """Return when the client hangs up; bytes that come before that are kept for `next`."""
        while await self._more():
            pass

    async def close(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    async def _more(self) -> bool:
        # The read is a task of its own, so that giving up waiting for it loses no bytes.
        if self._reading is None:
            self._reading = asyncio.create_task(self._reader.read(2**16))
        try:
            data = await asyncio.shield(self._reading)
        except ConnectionError:
            data = b""
        self._reading = None
        self._buffer += data
        return bool(data)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _head(status: int, kind: str, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} {REASONS[status]}", f"Content-Type: {kind}", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def _send(
    writer: asyncio.StreamWriter, status: int, body: bytes, *, kind: str = JSON, headers: Sequence[str] = ()
) -> bool:
    writer.write(_head(status, kind, f"Content-Length: {len(body)}", *headers) + body)
    await writer.drain()
    return True
