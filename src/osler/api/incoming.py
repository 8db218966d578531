"""What a caller sends, and whether the caller is still there."""

import asyncio
import ipaddress
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import lru_cache
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive

from osler.api.nesting import require_plain
from osler.core.errors import AuthError, GuardUnavailable, RequestTimeout, TooLarge, UnsupportedFormat
from osler.gateway.deadlines import within

SPARE = 16 << 20
"""Bytes above the limit that are still read and thrown away before a refusal is sent."""
SPARE_S = 5.0
"""Seconds that this may take."""
CONNECTION = "osler.connection"
"""Key of the request's scope: its Connection, where the server's protocol is ours."""
T = TypeVar("T")


class Connection(Protocol):
    """What a request came on."""

    def when_lost(self, told: Callable[[], None]) -> None:
        """Call `told` once the caller has hung up; soon, where that has happened already."""
        ...

    def forget(self, told: Callable[[], None]) -> None:
        """Do not call it any more."""
        ...


def require_local(request: Request) -> None:
    """Where no key is needed, only this machine's own programs are served. Raises AuthError.

    A web page in a browser on this machine can reach a loopback address too: under a name of its own
    that it lets point here, or by sending without being able to read. Both show in the headers.
    """
    host, origin = request.headers.get("host"), request.headers.get("origin")
    if (host and not _is_here(f"//{host}")) or (origin is not None and not _is_here(origin)):
        raise AuthError(
            "Without API keys only programs on this machine are served, by a loopback address or localhost.",
            remedy='Behind a proxy, or for a web page, set server.keys = "required" and make a key.',
        )


@lru_cache(256)
def _is_here(url: str) -> bool:
    try:
        name = urlsplit(url).hostname or ""
        if name == "localhost":
            return True
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


async def read_body(request: Request, limit: int, seconds: float) -> bytes:
    """The body of at most `limit` bytes, which arrives within so many seconds and is nested no deeper than JSON may be.

    Raises TooLarge, UnsupportedFormat, InputError, RequestTimeout, ClientDisconnect.
    """
    if request.headers.get("content-encoding", "").strip().lower() not in ("", "identity"):
        await discard_body(request)
        raise UnsupportedFormat(
            "The request body is compressed, which is not served.",
            remedy="Send it as it is, without Content-Encoding.",
        )
    try:
        with within(seconds):
            body = await _whole(request, limit)
    except TimeoutError:
        raise RequestTimeout(
            "The request body did not arrive in time.",
            remedy="Send it faster, or raise server.timeouts.body_s.",
        ) from None
    require_plain(body)
    return body


async def _whole(request: Request, limit: int) -> bytes:
    body, more = bytearray(), True
    while more:
        piece, more = await _piece(request)
        if len(body) + len(piece) > limit:
            if more:
                await discard_body(request)
            raise TooLarge(
                f"The request body is larger than {limit // 2**20} MB.",
                remedy="Send less, or raise server.max_body_mb.",
            )
        body += piece
    return bytes(body)


async def discard_body(request: Request) -> None:
    """Read what is still to come of a body that is refused.

    A caller who is still sending when the connection closes sees a reset instead of the answer that
    says why. Only so much is read, for only so long: nobody can keep the server busy this way.
    """
    size, more = 0, True
    with suppress(TimeoutError):
        async with asyncio.timeout(SPARE_S):
            while more and size <= SPARE:
                piece, more = await _piece(request)
                size += len(piece)


async def _piece(request: Request) -> tuple[bytes, bool]:
    """The next piece of the body, and whether there is more of it."""
    message = await request.receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    return message.get("body", b""), message.get("more_body", False)


async def while_connected(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`, which is cancelled when the caller hangs up: nobody would read it.

    The request's body must have been read. Raises ClientDisconnect; GuardUnavailable when the server
    stops before the work is done, which is what cancels a request here.
    """
    task, gone = asyncio.current_task(), False

    def left() -> None:
        nonlocal gone
        gone = True
        if task is not None:
            task.cancel()

    connection: Connection = request.scope.get(CONNECTION) or _Watched(request.receive)
    connection.when_lost(left)
    try:
        return await work
    except asyncio.CancelledError:
        if gone and (task is None or task.uncancel() == 0):
            raise ClientDisconnect from None
        raise GuardUnavailable(
            "The server is stopping; the request was not finished.", remedy="Try again in a moment."
        ) from None
    finally:
        connection.forget(left)


class _Watched:
    """A connection of any other server: a task waits for the message that it has ended."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._watching: asyncio.Task[None] | None = None

    def when_lost(self, told: Callable[[], None]) -> None:
        async def watch() -> None:
            await hung_up(self._receive)
            told()

        self._watching = asyncio.ensure_future(watch())

    def forget(self, told: Callable[[], None]) -> None:
        if self._watching is not None:
            self._watching.cancel()


async def hung_up(receive: Receive) -> None:
    """Returns when the caller has hung up."""
    while (await receive())["type"] != "http.disconnect":
        pass
