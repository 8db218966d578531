"""The HTTP client over httptools: HTTP/1.1, one exchange at a time on a connection, and nothing that is not needed.

It refuses what is odd rather than guess: bodies with two lengths, codings other than `chunked`, heads above a limit,
bytes that nobody asked for. A connection is used again only if the answer ended where its framing says and nothing
followed. It goes through no proxy.
"""

import asyncio
import socket
import ssl
from typing import cast
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from osler.backends.client.answer import Answer
from osler.backends.client.port import KEEP_ALIVE_S, ClientFault, Reply, Server

STALE_S = 0.1
"""A kept connection that is closed within this time of a request, before any byte of an answer, was closed while it
was idle: the news had only not arrived. The request is then sent once more, on a new connection."""


class LeanClient:
    """Implements `port.HttpClient`."""

    def __init__(self, server: Server) -> None:
        parts = urlsplit(server.url)
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._tls = (server.tls or ssl.create_default_context()) if parts.scheme == "https" else None
        self._connect_timeout_s = server.connect_timeout_s
        lines = [f"Host: {parts.netloc}", *(f"{name}: {value}" for name, value in server.headers().items())]
        self._head = "\r\n".join(lines).encode("ascii")
        self._pools: WeakKeyDictionary[asyncio.AbstractEventLoop, _Pool] = WeakKeyDictionary()

    async def get(self, path: str, *, most: int, until: float) -> Reply:
        """A whole answer to GET."""
        return self._reply(await self._exchange(self._request("GET", path, None), most=most, until=until))

    async def post(self, path: str, body: bytes, *, most: int, until: float) -> Reply:
        """A whole answer to a POST of JSON."""
        return self._reply(await self._exchange(self._request("POST", path, body), most=most, until=until))

    async def stream(self, path: str, body: bytes, *, until: float) -> Answer:
        """The head of the answer to a POST of JSON."""
        return await self._exchange(self._request("POST", path, body), most=None, until=until)

    async def aclose(self) -> None:
        """Close this event loop's connections, and those of loops that are gone."""
        own = asyncio.get_running_loop()
        for loop in [loop for loop in self._pools if loop is own or loop.is_closed()]:
            self._pools.pop(loop).close()
        # Sockets are closed by the loop's next turn, which a loop that ends now would not have.
        await asyncio.sleep(0)

    def _request(self, method: str, path: str, body: bytes | None) -> bytes:
        if body is None:
            return b"%b %b HTTP/1.1\r\n%b\r\n\r\n" % (method.encode(), path.encode("ascii"), self._head)
        return b"%b %b HTTP/1.1\r\n%b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
            method.encode(), path.encode("ascii"), self._head, len(body), body,
        )  # fmt: skip

    @staticmethod
    def _reply(answer: Answer) -> Reply:
        return Reply(
            status=answer.status, kind=answer.kind, retry_after=answer.retry_after, body=answer.taken()
        )

    async def _exchange(self, request: bytes, *, most: int | None, until: float) -> Answer:
        """Send and wait: for the whole answer, of at most `most` bytes, or without `most` for its head."""
        loop = asyncio.get_running_loop()
        pool = self._pools.get(loop)
        if pool is None:
            pool = self._pools[loop] = _Pool(loop)
        kept = pool.take()
        connection = kept or await self._connected(pool, until)
        sent = loop.time()
        answer = connection.ask(request, most)
        try:
            await answer.wait(until)
        except ClientFault as fault:
            connection.abort()
            if kept is None or answer.begun or fault.kind != "closed" or loop.time() - sent > STALE_S:
                raise
        except BaseException:
            connection.abort()
            raise
        else:
            return answer
        return await self._again(pool, request, most, until)

    async def _again(self, pool: "_Pool", request: bytes, most: int | None, until: float) -> Answer:
        connection = await self._connected(pool, until)
        answer = connection.ask(request, most)
        try:
            await answer.wait(until)
        except BaseException:
            connection.abort()
            raise
        return answer

    async def _connected(self, pool: "_Pool", until: float) -> "_Connection":
        loop = pool.loop
        connection = _Connection(pool)
        try:
            async with asyncio.timeout_at(min(until, loop.time() + self._connect_timeout_s)):
                await loop.create_connection(
                    lambda: connection,
                    self._host,
                    self._port,
                    ssl=self._tls,
                    server_hostname=self._host if self._tls is not None else None,
                )
        except TimeoutError:
            raise ClientFault("connect-timeout") from None
        except ssl.SSLError:
            raise ClientFault("tls") from None
        except (socket.gaierror, UnicodeError):
            raise ClientFault("dns") from None
        except OSError as error:
            # A refusal comes before the handshake, a reset in the middle of it.
            broken = self._tls is not None and isinstance(error, ConnectionResetError)
            raise ClientFault("tls" if broken else "connect") from None
        return connection


class _Pool:
    """The connections of one event loop: those that are idle, the one that was used last at the end."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.all: set[_Connection] = set()
        self._idle: list[_Connection] = []
        self._sweeper: asyncio.TimerHandle | None = None

    def take(self) -> "_Connection | None":
        """A connection that may be used again; None when there is none."""
        while self._idle:
            connection = self._idle.pop()
            if connection.usable(self.loop.time()):
                return connection
            connection.abort()
        return None

    def keep(self, connection: "_Connection") -> None:
        """An answer has ended as it should: the connection may carry the next one."""
        connection.idle_since = self.loop.time()
        self._idle.append(connection)
        if self._sweeper is None:
            self._sweeper = self.loop.call_later(KEEP_ALIVE_S, self._sweep)

    def close(self) -> None:
        """Close all connections, whatever they carry."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
        self._idle.clear()
        for connection in tuple(self.all):
            connection.abort()
        self.all.clear()

    def _sweep(self) -> None:
        self._sweeper = None
        now = self.loop.time()
        idle, self._idle = self._idle, []
        for connection in idle:
            if connection.usable(now):
                self._idle.append(connection)
            else:
                connection.abort()
        if self._idle:
            self._sweeper = self.loop.call_later(KEEP_ALIVE_S / 4, self._sweep)


class _Connection(asyncio.Protocol):
    """One connection. It knows the answer that is on its way, and passes bytes on to it."""

    __slots__ = ("_answer", "_gone", "_pool", "_transport", "idle_since")

    def __init__(self, pool: _Pool) -> None:
        self._pool = pool
        self._transport: asyncio.Transport | None = None
        self._answer: Answer | None = None
        self._gone = False
        self.idle_since = 0.0

    def usable(self, now: float) -> bool:
        """Whether it may carry another request."""
        gone = self._gone or self._transport is None or self._transport.is_closing()
        return not gone and now - self.idle_since < KEEP_ALIVE_S

    def ask(self, request: bytes, most: int | None) -> Answer:
        """Send a request; its answer is filled as bytes come."""
        answer = self._answer = Answer(self._pool.loop, self, most)
        if self._gone or self._transport is None:
            answer.fail("closed")
        else:
            self._transport.write(request)
        return answer

    def answered(self, answer: Answer, *, reusable: bool) -> None:
        """The answer has ended; what comes now was not asked for."""
        if self._answer is not answer:
            return
        self._answer = None
        transport = self._transport
        if reusable and transport is not None and not self._gone and transport.get_write_buffer_size() == 0:
            self._pool.keep(self)
        else:
            self.abort()

    def pause(self) -> None:
        """Read no more for now."""
        if self._transport is not None and not self._gone:
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        if self._transport is not None and not self._gone:
            self._transport.resume_reading()

    def abort(self) -> None:
        """Close at once; whatever is on its way is lost."""
        answer, self._answer = self._answer, None
        if answer is not None:
            answer.fail("closed")
        if not self._gone and self._transport is not None and not self._pool.loop.is_closed():
            self._gone = True
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        # uvloop's transports are none of asyncio's class.
        self._transport = cast(asyncio.Transport, transport)
        self._pool.all.add(self)
        raw = transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        """Called by the loop."""
        if self._answer is None:
            self.abort()  # nobody asked
        else:
            self._answer.feed(data)

    def eof_received(self) -> None:
        """Called by the loop: the server sends no more."""
        if self._answer is not None:
            self._answer.ended(None)
        self.abort()

    def connection_lost(self, error: Exception | None) -> None:
        """Called by the loop."""
        self._gone = True
        self._pool.all.discard(self)
        if self._answer is not None:
            self._answer.ended(error)
            self._answer = None
