"""One answer of HTTP/1.1 on its way in, as httptools reads it. Fed with bytes; waited for by one task.

The parser is strict (llhttp without leniencies); what it lets pass and this client will not have is refused here.
"""

import asyncio
import ssl
from typing import Protocol

import httptools

from osler.backends.client.port import (
    DRAIN_S,
    MAX_HEAD,
    MAX_REFUSAL,
    ClientFault,
    FaultKind,
    is_packed,
    media_type,
)

PAUSE = 256 << 10
"""So many bytes of a stream that nobody has read stop the reading."""
MAX_INTERIM = 16
"""Answers of status 1xx that may come before the real one."""
MAX_DRAIN = 4 << 10
"""Bytes that may follow what ends a stream's answer."""
_WHOLE, _HEAD, _BYTES = range(3)


class Line(Protocol):
    """What an answer asks of the connection that it comes on."""

    def answered(self, answer: "Answer", *, reusable: bool) -> None: ...

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def abort(self) -> None: ...


class Answer:
    """An answer, whole (`most` bounds its body, in bytes) or as a stream (without `most`).

    `status`, `kind` and `retry_after` hold once `wait` has returned. Implements `port.StreamReply`.
    """

    __slots__ = (
        "_chunks", "_coded", "_done", "_fault", "_fed", "_framed", "_head", "_head_size", "_interim", "_keep",
        "_length", "_line", "_loop", "_most", "_packed", "_parser", "_paused", "_settled", "_size", "_timer",
        "_timer_at", "_unread", "_until", "_waiter", "_wants", "begun", "kind", "retry_after", "status",
    )  # fmt: skip

    def __init__(self, loop: asyncio.AbstractEventLoop, line: Line, most: int | None) -> None:
        self.status, self.kind, self.retry_after = 0, "", ""
        self.begun = False
        self._loop, self._line, self._most = loop, line, most
        # None once the answer has ended: the two hold each other.
        self._parser: httptools.HttpResponseParser | None = httptools.HttpResponseParser(self)
        self._head = self._done = self._paused = self._settled = False
        self._head_size = self._fed = self._size = self._unread = self._interim = 0
        self._length = self._coded = self._packed = self._framed = self._keep = False
        self._chunks: list[bytes] = []
        self._fault: FaultKind | None = None
        self._wants = _HEAD if most is None else _WHOLE
        self._waiter: asyncio.Future[None] | None = None
        self._until = self._timer_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    # what a task asks

    async def wait(self, until: float) -> None:
        """Return when the answer is whole, or of a stream when its head is there. Raises ClientFault."""
        await self._come(until)
        if self._fault is not None and not (self._most is None and self._head):
            raise ClientFault(self._fault)

    def taken(self) -> bytes:
        """The body so far; it is given once."""
        chunks, self._chunks = self._chunks, []
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    async def read(self, until: float) -> bytes:
        """The next bytes; b"" at the end."""
        if not self._chunks and not self._done and self._fault is None:
            self._wants = _BYTES
            await self._come(until)
        if self._chunks:
            self._unread = 0
            if self._paused:
                self._paused = False
                self._line.resume()
            return self.taken()
        if self._fault is not None:
            raise ClientFault(self._fault)
        return b""

    async def settle(self) -> None:
        """Let the end of the body come, for a short while, and use the connection again if it does."""
        if self._done or self._fault is not None:
            return
        self._settled = True
        self._chunks.clear()
        self._size = 0
        if self._paused:
            self._paused = False
            self._line.resume()
        self._set_timer(self._loop.time() + DRAIN_S)

    def close(self) -> None:
        """Give up what has not come; after `settle` its timer does that."""
        if not self._done and not self._settled:
            self._stop_timer()
            self._line.abort()

    # what the connection tells

    def feed(self, data: bytes) -> None:
        """Bytes have come."""
        if self._parser is None:
            return
        self.begun = True
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._keep = False
            if not self._done:
                self._fault = self._fault or ("cut" if self._head else "protocol")
        if not self._head:
            self._fed += len(data)
            if self._fed > MAX_HEAD:
                self._fault = self._fault or "protocol"
        self._advance()

    def ended(self, error: Exception | None) -> None:
        """The connection has ended. A body without a length ends with it, and is as whole as can be known."""
        if self._done:
            return
        if self._head and not self._framed and error is None:
            self._done = True
        elif isinstance(error, ssl.SSLError):
            self._fault = self._fault or "tls"
        else:
            self._fault = self._fault or ("cut" if self._head else "closed")
        self._advance()

    def fail(self, fault: FaultKind) -> None:
        """Nothing more will come."""
        if not self._done:
            self._fault = self._fault or fault
            self._parser = None
            self._stop_timer()
            self._wake()

    # what the parser tells

    def on_header(self, name: bytes, value: bytes) -> None:
        """Of the head, and of what follows a chunked body."""
        self._head_size += len(name) + len(value)
        if self._head_size > MAX_HEAD:
            self._refuse("protocol")
        if self._head:
            return
        match name.lower():
            case b"content-type":
                self.kind = media_type(value.decode("latin-1"))
            case b"retry-after":
                self.retry_after = value.decode("latin-1")
            case b"content-encoding":
                self._packed = self._packed or is_packed(value.decode("latin-1"))
            case b"content-length":
                if self._length or self._coded:
                    self._refuse("protocol")
                self._length = True
            case b"transfer-encoding":
                if self._length or self._coded or value.strip().lower() != b"chunked":
                    self._refuse("protocol")
                self._coded = True

    def on_headers_complete(self) -> None:
        """The head is there."""
        parser = self._parser
        if parser is None:
            return
        status = parser.get_status_code()
        if status < 200:
            self._interim += 1
            if self._interim > MAX_INTERIM or status < 100 or self._length or self._coded:
                self._refuse("protocol")
            self.kind = self.retry_after = ""
            self._packed = False
            return
        if self._done or parser.get_http_version() not in ("1.1", "1.0"):
            self._refuse("protocol")
        self.status, self._head, self._head_size = status, True, 0
        self._framed = self._length or self._coded or status in (204, 304)
        self._keep = self._framed and parser.should_keep_alive()
        if status == 200 and self._packed:
            self._refuse("packed")
        if status != 200 and self._most is not None:
            self._most = MAX_REFUSAL

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        self._size += len(data)
        if self._settled:
            if self._size > MAX_DRAIN:
                self._refuse("cut")
            return
        if self._most is not None and self._size > self._most:
            if self.status == 200:
                self._refuse("too-large")
            # Of a refusal its first part is enough.
            self._done, self._keep = True, False
            return
        self._chunks.append(data)
        self._unread += len(data)

    def on_message_begin(self) -> None:
        """Of the answer, or of one that nobody asked for."""
        if self._done:
            self._keep = False

    def on_message_complete(self) -> None:
        """The answer, or one of status 1xx, has ended."""
        if self._head:
            self._done = True

    # inside

    def _refuse(self, fault: FaultKind) -> None:
        """Stop the parser, which wraps what is raised here. What follows a whole answer does it no harm."""
        if not self._done:
            self._fault = self._fault or fault
        raise ClientFault(fault)

    def _advance(self) -> None:
        if self._done or self._fault is not None:
            self._parser = None
            self._stop_timer()
            if self._paused:
                self._paused = False
                self._line.resume()
            if self._done and self._fault is None:
                self._line.answered(self, reusable=self._keep)
            else:
                self._line.abort()
            self._wake()
            return
        if self._most is None and self._unread > PAUSE and not self._paused:
            self._paused = True
            self._line.pause()
        if (self._wants == _HEAD and self._head) or (self._wants == _BYTES and self._chunks):
            self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def _come(self, until: float) -> None:
        """Wait for what `_wants` says, the end, a fault, or the moment `until`."""
        if self._done or self._fault is not None:
            return
        self._until = until
        if self._timer is None or self._timer_at > until:
            self._set_timer(until)
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _set_timer(self, at: float) -> None:
        self._stop_timer()
        self._until = self._timer_at = at
        self._timer = self._loop.call_at(at, self._expire)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expire(self) -> None:
        """The moment has come; or it has moved on since, as it does with each event of a stream."""
        self._timer = None
        if self._done or self._fault is not None:
            return
        if self._settled:
            self._line.abort()
        elif self._waiter is not None:
            if self._loop.time() < self._until - 0.001:
                self._set_timer(self._until)
            else:
                self._fault = "timeout"
                self._line.abort()
