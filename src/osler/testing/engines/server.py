"""The socket side of the stand-in engines: real HTTP on 127.0.0.1, every request kept."""

import asyncio
import contextlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from types import TracebackType
from typing import Any, Protocol, Self

from osler.testing.http_request import HttpRequest, take


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What an engine answers: a body, or pieces that are sent one by one."""

    status: int = 200
    kind: str = "application/json"
    body: bytes = field(default=b"", repr=False)
    pieces: tuple[bytes, ...] = field(default=(), repr=False)


class Engine(Protocol):
    """An engine: requests in, answers out. Pure; no sockets."""

    def answer(self, method: str, path: str, body: Any) -> Answered:
        """The answer. `body` is the parsed JSON; None where there was none or it was not JSON."""
        ...


class EngineServer:
    """Serves an engine: `async with EngineServer(VllmEngine()) as server`. `url` is its origin, without a path."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.url = ""
        self.requests: list[HttpRequest] = []
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def bodies(self) -> list[Any]:
        """The parsed bodies of the requests that had one."""
        return [json.loads(r.body) for r in self.requests if r.body]

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        buffer = bytearray()
        try:
            while data := await reader.read(2**16):
                buffer += data
                while (request := take(buffer)) is not None:
                    self.requests.append(request)
                    await self._send(
                        self.engine.answer(request.method, request.path, _parsed(request)), writer
                    )
        except (ConnectionError, ValueError):
            pass
        finally:
            with contextlib.suppress(Exception):
                writer.close()

    async def _send(self, answered: Answered, writer: asyncio.StreamWriter) -> None:
        lines = [
            f"HTTP/1.1 {answered.status} {HTTPStatus(answered.status).phrase}",
            f"Content-Type: {answered.kind}",
            "Transfer-Encoding: chunked" if answered.pieces else f"Content-Length: {len(answered.body)}",
        ]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode() + answered.body)
        for piece in answered.pieces:
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            await writer.drain()
        if answered.pieces:
            writer.write(b"0\r\n\r\n")
        await writer.drain()


def _parsed(request: HttpRequest) -> Any:
    try:
        return json.loads(request.body)
    except ValueError:
        return None


def as_json(value: object, status: int = 200) -> Answered:
    """A JSON answer."""
    return Answered(status=status, body=json.dumps(value).encode())


def words(text: str) -> int:
    """What stands for tokens."""
    return len(text.split())


def said(messages: Sequence[Any]) -> str:
    """The text of the last user message; parts with text are joined."""
    for message in reversed(messages):
        if message.get("role") == "user":
            content = message.get("content")
            if isinstance(content, str):
                return content
            return " ".join(p.get("text", "") for p in content or () if isinstance(p, dict))
    return ""


def pieces_of(text: str) -> list[str]:
    """A text by the word."""
    return [word + " " for word in text.split()]
