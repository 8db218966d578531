"""What every request passes on its way in and out, whatever its route.

In: an id, and a place among those that are answered at once. Out: the headers that every answer
carries, a line in the log, a count, a trace. What nobody foresaw is answered here too, so that such an answer
has them as well.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from starlette.requests import ClientDisconnect, Request

from osler.api import headers, wire
from osler.api.draining import Drain
from osler.api.errors import error_headers, error_json
from osler.api.incoming import discard_body
from osler.api.logs import log
from osler.api.metrics import Metrics
from osler.api.render import json_response
from osler.api.traces import Traces
from osler.api.trip import TRIP, Trip
from osler.core.errors import OslerError, Overloaded
from osler.gateway.limits import Concurrency, Standing, duration

REQUEST_ID = "osler.request_id"
STANDING = "osler.standing"
"""Keys of the request's scope: its id, and where its caller stands after it."""
_OURS = frozenset({name for name, _ in headers.ALWAYS} | {b"x-request-id"})
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What stands around all requests of a process. `wan_down`: whether clouds cannot be reached just now."""

    metrics: Metrics
    ongoing: Ongoing
    concurrency: Concurrency
    drain: Drain
    wan_down: Callable[[], bool]
    traces: Traces | None = None


class Edge:
    """The outermost ASGI middleware."""

    def __init__(self, app: Any, around: Around) -> None:
        self._app = app
        self._around = around

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        around = self._around
        answer = _Answer(scope, send, around)
        mark = TRIP.set(answer.trip)
        try:
            with around.ongoing.one():
                await self._pass(scope, receive, answer)
        finally:
            TRIP.reset(mark)
            answer.end()

    async def _pass(self, scope: Any, receive: Any, answer: "_Answer") -> None:
        try:
            with self._place(scope):
                await self._app(scope, receive, answer.send)
        except Overloaded as error:
            with contextlib.suppress(ClientDisconnect):
                await discard_body(Request(scope, receive))
                await answer.error(error)
        except Exception as error:
            log.error("unforeseen", error=type(error).__name__, request=answer.trip.id)
            if answer.status:
                raise  # half an answer must not look whole: the connection is closed
            fault = OslerError("Something unforeseen happened.", remedy="The server's log names its kind.")
            await answer.error(fault)

    def _place(self, scope: Any) -> contextlib.AbstractContextManager[None]:
        if scope["path"] in UNCOUNTED:
            return contextlib.nullcontext()
        self._around.drain.require_open()
        return self._around.concurrency.one()


class _Answer:
    """The way out of one request. `status` is 0 until it has begun."""

    def __init__(self, scope: Any, send: Any, around: Around) -> None:
        ident = scope[REQUEST_ID] = wire.new_request_id()
        self.trip = Trip(id=ident, steps=None if around.traces is None else [])
        self.status = 0
        self._scope = scope
        self._send = send
        self._around = around
        self._since = time.monotonic()
        self._since_ns = time.time_ns()

    async def send(self, message: Any) -> None:
        """Send a part of the answer; the first part gets the headers."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*self._own(message.get("headers", [])), *self._added()]
            self._around.metrics.response(self._route, self.status)
        await self._send(message)

    @property
    def _route(self) -> str:
        """The route's pattern: what stands in its place is the caller's."""
        found: str = getattr(self._scope.get("route"), "path", "other")
        return found

    def end(self) -> None:
        """The request is over: a line in the log, and its trace."""
        trip, now = self.trip, time.monotonic()
        if trip.first_s is not None:
            self._around.metrics.first_token(trip.first_s - self._since)
        about: dict[str, Any] = {"route": self._route, "status": self.status}
        about["ms"] = round((now - self._since) * 1000, 1)
        log.info("response" if self.status else "no response", **about, **trip.known(), request=trip.id)
        if self._around.traces is not None:
            self._around.traces.end(trip, self._scope, about["route"], self.status, self._since_ns)

    async def error(self, error: OslerError) -> None:
        """Answer with an error."""
        response = json_response(error_json(error), error.status, headers=error_headers(error))
        await response(self._scope, _silent, self.send)

    def _own(self, given: Any) -> list[tuple[bytes, bytes]]:
        """The answer's own headers; one that is added here is not sent twice."""
        return [(name, value) for name, value in given if name.lower() not in _OURS]

    def _added(self) -> Iterator[tuple[bytes, bytes]]:
        yield from headers.ALWAYS
        if self._scope.get("scheme") == "https":
            yield headers.UNDER_TLS
        yield b"x-request-id", self.trip.id.encode()
        if self._around.wan_down():
            yield b"x-osler-wan", b"down"
        if self._around.drain.leaving:
            yield b"connection", b"close"
        standing: Standing | None = self._scope.get(STANDING)
        if standing is not None:
            yield b"x-ratelimit-limit-requests", b"%d" % standing.limit
            yield b"x-ratelimit-remaining-requests", b"%d" % standing.remaining
            yield b"x-ratelimit-reset-requests", duration(standing.reset_s).encode()


async def _silent() -> Any:
    return {"type": "http.disconnect"}
