"""What every request passes on its way in and out, whatever its route.

In: an id, and a place among those that are answered at once. Out: the headers that every answer
carries, a line in the log, a count. What nobody foresaw is answered here too, so that such an answer
has them as well.
"""

import asyncio
import contextlib
import time
from collections.abc import Iterator
from typing import Any

from starlette.requests import ClientDisconnect, Request

from osler.api import headers, wire
from osler.api.errors import error_headers, error_json
from osler.api.incoming import discard_body
from osler.api.logs import log
from osler.api.metrics import Metrics
from osler.api.render import json_response
from osler.core.errors import OslerError, Overloaded
from osler.gateway.limits import Concurrency, Standing, duration

REQUEST_ID = "osler.request_id"
STANDING = "osler.standing"
"""Keys of the request's scope: its id, and where its caller stands after it."""
UNCOUNTED = frozenset({"/healthz", "/readyz", "/metrics"})
"""Answered however much there is to do: whoever watches must not take a busy server for a dead one."""


def request_id(request: Request) -> str:
    """The id of a request, as its answer, the log and the audit record carry it."""
    found: str = request.scope.get(REQUEST_ID) or wire.new_request_id()
    return found


class Ongoing:
    """Requests that are being answered. The stores are closed after the last: each signs how it ended."""

    def __init__(self) -> None:
        self._count = 0
        self._none = asyncio.Event()
        self._none.set()

    @contextlib.contextmanager
    def one(self) -> Iterator[None]:
        """A request, until the block ends."""
        self._count += 1
        self._none.clear()
        try:
            yield
        finally:
            self._count -= 1
            if not self._count:
                self._none.set()

    async def ended(self, seconds: float) -> None:
        """Wait until there is none, so many seconds at most."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._none.wait()


class Edge:
    """The outermost ASGI middleware."""

    def __init__(self, app: Any, metrics: Metrics, ongoing: Ongoing, concurrency: Concurrency) -> None:
        self._app = app
        self._metrics = metrics
        self._ongoing = ongoing
        self._concurrency = concurrency

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(scope, send, self._metrics)
        with self._ongoing.one():
            try:
                with self._place(scope):
                    await self._app(scope, receive, answer.send)
            except Overloaded as error:
                with contextlib.suppress(ClientDisconnect):
                    await discard_body(Request(scope, receive))
                    await answer.error(error)
            except Exception as error:
                log.error("unforeseen", error=type(error).__name__, request=answer.id)
                if answer.begun:
                    raise  # half an answer must not look whole: the connection is closed
                fault = OslerError(
                    "Something unforeseen happened.", remedy="The server's log names its kind."
                )
                await answer.error(fault)

    def _place(self, scope: Any) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext() if scope["path"] in UNCOUNTED else self._concurrency.one()


class _Answer:
    """The way out of one request."""

    def __init__(self, scope: Any, send: Any, metrics: Metrics) -> None:
        self.id = scope[REQUEST_ID] = wire.new_request_id()
        self.begun = False
        self._scope = scope
        self._send = send
        self._metrics = metrics
        self._since = time.monotonic()

    async def send(self, message: Any) -> None:
        """Send a part of the answer; the first part gets the headers."""
        if message["type"] == "http.response.start":
            self.begun = True
            message["headers"] = [*self._own(message.get("headers", [])), *self._added()]
            route = getattr(self._scope.get("route"), "path", "other")
            self._metrics.response(route, message["status"])
            ms = round((time.monotonic() - self._since) * 1000, 1)
            log.info("response", route=route, status=message["status"], ms=ms, request=self.id)
        await self._send(message)

    async def error(self, error: OslerError) -> None:
        """Answer with an error."""
        response = json_response(error_json(error), error.status, headers=error_headers(error))
        await response(self._scope, _silent, self.send)

    def _own(self, given: Any) -> list[tuple[bytes, bytes]]:
        """The answer's own headers; one that is added here is not sent twice."""
        ours = {name for name, _ in headers.ALWAYS} | {b"x-request-id"}
        return [(name, value) for name, value in given if name.lower() not in ours]

    def _added(self) -> Iterator[tuple[bytes, bytes]]:
        yield from headers.ALWAYS
        if self._scope.get("scheme") == "https":
            yield headers.UNDER_TLS
        yield b"x-request-id", self.id.encode()
        standing: Standing | None = self._scope.get(STANDING)
        if standing is not None:
            yield b"x-ratelimit-limit-requests", b"%d" % standing.limit
            yield b"x-ratelimit-remaining-requests", b"%d" % standing.remaining
            yield b"x-ratelimit-reset-requests", duration(standing.reset_s).encode()


async def _silent() -> Any:
    return {"type": "http.disconnect"}
