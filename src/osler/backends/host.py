"""One model server over HTTP, whatever its wire: deadlines, limits, and faults as the port says.

What leaves is the ModelCall and nothing else: no user, no request id, no header beyond what HTTP needs. What comes
back is bounded in size and time.
"""

import asyncio
import inspect
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar
from urllib.parse import urlsplit

import msgspec

from osler.backends import upstream
from osler.backends.address import HostOptions, options_of
from osler.backends.client import make
from osler.backends.client.port import MAX_REFUSAL, ClientFault, Reply, StreamReply
from osler.core.errors import InputError
from osler.core.ports.completer import ModelCall

MAX_BODY = 32 << 20
"""Most bytes of vectors, or of a list of models."""
MAX_EVENT = 1 << 20
"""Most bytes of one event of a stream."""
FRAMING = 64
"""A stream may be so many times longer than its text may be: each word comes in an event of its own."""
REFUSAL_S = 2.0
"""How long the body of a refusal is waited for; it is only looked through for the reason."""
T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class Gauge:
    """How much of a stream has come, and until when it may go on (the loop's clock)."""

    step_s: float
    end: float
    size: int = 0
    begun: bool = False


class ModelHost:
    """What the backends that talk HTTP share. Takes `HostOptions` as keyword arguments; `url` and `token` may come
    first, unnamed. ConfigError when the address, a file or a setting cannot be used."""

    __signature__: ClassVar[inspect.Signature] = inspect.signature(HostOptions)

    def __init__(self, url: str, token: str | None = None, **more: Any) -> None:
        self._options = options_of({"url": url, "token": token, **more})
        server = self._options.server()
        self._url = server.url
        self._path = urlsplit(server.url).path
        self._client = make(server, self._options.client)
        self._most = int(self._options.max_answer_mb * 2**20)

    async def aclose(self) -> None:
        """Close this event loop's connections, and those of loops that are gone."""
        await self._client.aclose()

    def _patience(self, call: ModelCall | None = None) -> float:
        """Seconds: what the destination allows, or what the request has left where that is less."""
        seconds = self._options.timeout_s
        return seconds if call is None or call.wait_s is None else max(0.001, min(seconds, call.wait_s))

    async def _asked(self, path: str, body: bytes, *, most: int, patience_s: float) -> Reply:
        """A whole answer to a POST, of status 200."""
        until = asyncio.get_running_loop().time() + patience_s
        try:
            reply = await self._client.post(path, body, most=most, until=until)
        except ClientFault as fault:
            raise upstream.client_fault(self._url, fault.kind, most=most) from None
        return self._good(reply)

    async def _got(self, path: str, *, most: int = MAX_BODY) -> Reply:
        """A whole answer to a GET, of status 200."""
        until = asyncio.get_running_loop().time() + self._patience()
        try:
            reply = await self._client.get(path, most=most, until=until)
        except ClientFault as fault:
            raise upstream.client_fault(self._url, fault.kind, most=most) from None
        return self._good(reply)

    def _good(self, reply: Reply) -> Reply:
        if reply.status != 200:
            raise upstream.status_error(
                self._url, reply.status, retry_after=reply.retry_after, body=reply.body
            )
        return reply

    async def _opened(self, path: str, body: bytes, gauge: Gauge) -> StreamReply:
        """A stream whose head says that it is good."""
        until = min(asyncio.get_running_loop().time() + gauge.step_s, gauge.end)
        try:
            reply = await self._client.stream(path, body, until=until)
        except ClientFault as fault:
            raise upstream.client_fault(self._url, fault.kind) from None
        if reply.status == 200:
            return reply
        held = b""
        try:
            with suppress(ClientFault):
                wait = asyncio.get_running_loop().time() + REFUSAL_S
                while len(held) < MAX_REFUSAL and (chunk := await reply.read(wait)):
                    held += chunk
        finally:
            reply.close()
        raise upstream.status_error(self._url, reply.status, retry_after=reply.retry_after, body=held)

    def _gauge(self, call: ModelCall) -> Gauge:
        end = asyncio.get_running_loop().time() + self._options.stream_timeout_s
        return Gauge(step_s=self._patience(call), end=end)

    async def _next(self, reply: StreamReply, until: float, gauge: Gauge) -> bytes:
        """The next bytes of a stream; b"" at its end. `until` is when the next event must be there."""
        if until >= gauge.end:
            until = gauge.end
        try:
            chunk = await reply.read(until)
        except ClientFault as fault:
            if fault.kind == "timeout" and until >= gauge.end:
                raise upstream.endless(self._url, self._options.stream_timeout_s) from None
            raise upstream.client_fault(self._url, fault.kind, begun=gauge.begun) from None
        gauge.begun = True
        gauge.size += len(chunk)
        if gauge.size > self._most * FRAMING:
            raise upstream.too_large(self._url, self._most)
        if asyncio.get_running_loop().time() > gauge.end:
            raise upstream.endless(self._url, self._options.stream_timeout_s)
        return chunk

    async def _rest(self, reply: StreamReply, gauge: Gauge, first: bytes) -> Reply:
        """A whole body that comes where a stream was asked for; `first` is what was read of it."""
        held = bytearray(first)
        until = asyncio.get_running_loop().time() + gauge.step_s
        while chunk := await self._next(reply, until, gauge):
            held += chunk
            if len(held) > self._most:
                raise upstream.too_large(self._url, self._most)
        return Reply(status=200, kind=reply.kind, retry_after="", body=bytes(held))

    def _decoded(self, reply: Reply, decoder: msgspec.json.Decoder[T]) -> T:
        try:
            return decoder.decode(reply.body)
        except (msgspec.ValidationError, RecursionError):
            what = "JSON of another shape than it should have"
        except (msgspec.DecodeError, UnicodeDecodeError):
            html = reply.kind in ("text/html", "application/xhtml+xml")
            what = "a web page" if html else "something that is not JSON"
        raise upstream.not_the_wire(self._url, what)


def encoded(body: dict[str, object]) -> bytes:
    """A body as JSON. InputError when it has no form in JSON."""
    try:
        return msgspec.json.encode(body)
    except (TypeError, ValueError, RecursionError):
        # The original names the offending text.
        raise InputError(
            "The request holds text that is not valid Unicode, or a parameter that has no form in JSON.",
            remedy="Send UTF-8 text and JSON parameters.",
        ) from None
