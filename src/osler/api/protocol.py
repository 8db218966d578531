"""HTTP itself: uvicorn's protocol, with limits on what a caller may hold, and errors in our shape.

uvicorn keeps all the header bytes that arrive, waits for ever for the rest of a head, and keeps what a
caller does not take. Whoever can connect could fill the memory, or use up the connections, without a
key. Here a head has a size and a time, so has an idle connection, and what is sent must be taken.
The body's own limits are in `incoming.py`: there it is known when somebody waits for it.
"""

import asyncio
import contextlib
import resource
import socket
from collections.abc import Callable
from typing import Any

import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from osler.api import headers
from osler.api.errors import error_headers, error_json
from osler.api.incoming import CONNECTION
from osler.core.errors import InputError, OslerError, Overloaded, RequestTimeout
from osler.gateway.config import TimeoutsConfig

MAX_HEAD = 512 << 10
"""Bytes of a request's head. What arrives together with its end is counted too, 256 KiB at most."""
MOST_PIPELINED = 16
"""Requests that may wait on one connection behind the one that is being answered."""
LEAST_TAKEN = 8 << 10
"""Bytes that a caller must take of what waits for it, within `timeouts.write_s`."""
TIMEOUTS = "osler.timeouts"
"""Where the application's state holds the TimeoutsConfig."""


def most_connections() -> int:
    """Connections that one process takes: half of the files that it may open, less 64, never below 32.

    The others are for its model servers and its database.
    """
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(32, soft // 2 - 64) if soft != resource.RLIM_INFINITY else 1 << 20


class LimitedHttp(HttpToolsProtocol):
    """uvicorn's protocol on httptools."""

    def __init__(self, config: Any, server_state: Any, app_state: dict[str, Any], _loop: Any = None) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._times: TimeoutsConfig = app_state.get(TIMEOUTS) or TimeoutsConfig()
        self.timeout_keep_alive = self._times.idle_s  # type: ignore[assignment]  # a whole number there, by habit
        self._head = 0
        self._in_head = True
        self._slow: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None
        self._waiting = 0
        self._lost = False
        self._told: list[Callable[[], None]] = []

    def when_lost(self, told: Callable[[], None]) -> None:
        """Call `told` once the caller has hung up; soon, where that has happened already."""
        self._told.append(told)
        if self._lost:
            self.loop.call_soon(told)

    def forget(self, told: Callable[[], None]) -> None:
        """Do not call it any more."""
        self._told.remove(told)

    def connection_made(self, transport: Any) -> None:
        """A caller connects: it has so long to say what it wants."""
        super().connection_made(transport)
        _send_at_once(transport)
        if len(self.connections) > most_connections():
            self._refuse(Overloaded("Too many connections are open.", remedy="Try again in a moment."))
        else:
            self._hurry(self._times.head_s)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone, and with it what was waited for."""
        self._patient()
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
        super().connection_lost(exc)
        self._lost = True
        for told in tuple(self._told):
            told()

    def data_received(self, data: bytes) -> None:
        """Parse, unless the head has grown too long."""
        super().data_received(data)
        if not self._in_head or self.transport.is_closing():
            return
        self._head += len(data)
        if self._head > MAX_HEAD:
            self._refuse(
                InputError("The head of the request is too long.", remedy="Send fewer and shorter headers."),
                431,
            )
        elif self._slow is None and self._idle():
            self._hurry(self._times.head_s)

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self.scope[CONNECTION] = self  # type: ignore[literal-required]  # a key of ours
        self._head, self._in_head = 0, True

    def on_headers_complete(self) -> None:
        """Its head has ended."""
        if len(self.pipeline) >= MOST_PIPELINED:
            raise ValueError(
                "too many requests at once on one connection"
            )  # the parser stops; 400, and closed
        self._in_head = False
        self._patient()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Its body has ended: what follows is another head."""
        super().on_message_complete()
        self._head, self._in_head = 0, True
        self._patient()

    def on_response_complete(self) -> None:
        """The answer was handed over: the rest of its request, if any, and the taking of it are waited for."""
        super().on_response_complete()
        if not self._in_head and not self.transport.is_closing():
            self._hurry(self._times.idle_s)
        self._watch()

    def timeout_keep_alive_handler(self) -> None:
        """Nothing came on an open connection."""
        super().timeout_keep_alive_handler()
        self._watch()

    def pause_writing(self) -> None:
        """More waits for the caller than should."""
        super().pause_writing()
        self._watch()

    def resume_writing(self) -> None:
        """The caller has taken most of it."""
        super().resume_writing()
        if self._unread is not None and not self.transport.is_closing():
            self._unread.cancel()
            self._unread = None

    def send_400_response(self, msg: str) -> None:
        """Answer to what is no HTTP."""
        self._refuse(
            InputError(
                "That is not a valid HTTP request.",
                remedy="Send HTTP/1.1; use https only where Osler has TLS.",
            )
        )

    def _idle(self) -> bool:
        """No request is being answered."""
        return self.cycle is None or self.cycle.response_complete

    def _hurry(self, seconds: float) -> None:
        self._patient()
        self._slow = self.loop.call_later(seconds, self._too_slow)

    def _patient(self) -> None:
        if self._slow is not None:
            self._slow.cancel()
            self._slow = None

    def _too_slow(self) -> None:
        self._slow = None
        if self.transport.is_closing() or not self._idle():
            return
        if self._in_head and self._head:
            self._refuse(
                RequestTimeout("The head of the request did not arrive in time.", remedy="Send it at once.")
            )
        else:
            self.transport.close()
            self._watch()

    def _watch(self) -> None:
        """See to it that what was written is taken."""
        waiting = self.transport.get_write_buffer_size()
        if waiting and self._unread is None:
            self._waiting = waiting
            self._unread = self.loop.call_later(self._times.write_s, self._not_taken)

    def _not_taken(self) -> None:
        self._unread = None
        waiting = self.transport.get_write_buffer_size()
        if not waiting:
            return
        if waiting > self._waiting - LEAST_TAKEN:
            self.transport.abort()
        else:
            self._watch()

    def _refuse(self, error: OslerError, status: int | None = None) -> None:
        """Answer outside of the application, and close."""
        body = msgspec.json.encode(error_json(error))
        more = "".join(f"{name}: {value}\r\n" for name, value in error_headers(error).items()).encode()
        head = (
            b"content-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n" % len(body)
        ) + headers.head(tls=self.scheme == "https")
        self.transport.write(STATUS_LINE[status or error.status] + head + more + b"\r\n" + body)
        self.transport.close()
        self._watch()


def _send_at_once(transport: Any) -> None:
    """Keep the system from holding back small pieces of a stream. asyncio does so by itself for some sockets only."""
    talking = transport.get_extra_info("socket")
    if talking is not None and talking.family in (socket.AF_INET, socket.AF_INET6):
        with contextlib.suppress(OSError):  # gone already
            talking.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
