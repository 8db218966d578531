"""The HTTP client over aiohttp. It serves where a proxy is named, and where `client = "aiohttp"` says so."""

import asyncio
import base64
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import aiohttp

from osler.backends.client.port import (
    DRAIN_S,
    KEEP_ALIVE_S,
    MAX_REFUSAL,
    ClientFault,
    FaultKind,
    Reply,
    Server,
    is_packed,
    media_type,
)

_JSON = {"Content-Type": "application/json"}


class AioClient:
    """Implements `port.HttpClient`."""

    def __init__(self, server: Server) -> None:
        parts = urlsplit(server.url)
        self._server = server
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._headers = server.headers()
        self._proxy_headers = {"User-Agent": "osler"}
        if server.proxy_auth is not None:
            secret = base64.b64encode(server.proxy_auth.encode()).decode()
            self._proxy_headers["Proxy-Authorization"] = f"Basic {secret}"
        self._sessions: WeakKeyDictionary[asyncio.AbstractEventLoop, aiohttp.ClientSession]
        self._sessions = WeakKeyDictionary()

    async def get(self, path: str, *, most: int, until: float) -> Reply:
        """A whole answer to GET."""
        return await self._whole("GET", path, None, most, until)

    async def post(self, path: str, body: bytes, *, most: int, until: float) -> Reply:
        """A whole answer to a POST of JSON."""
        return await self._whole("POST", path, body, most, until)

    async def stream(self, path: str, body: bytes, *, until: float) -> "AioStream":
        """The head of the answer to a POST of JSON."""
        return AioStream(await self._sent("POST", path, body, until))

    async def aclose(self) -> None:
        """Close this event loop's connections, and those of loops that are gone."""
        own = asyncio.get_running_loop()
        await self._close(lambda loop: loop is own or loop.is_closed())
        # Sockets are closed by the loop's next turn, which a loop that ends now would not have.
        await asyncio.sleep(0)

    async def _whole(self, method: str, path: str, body: bytes | None, most: int, until: float) -> Reply:
        response = await self._sent(method, path, body, until)
        try:
            good = response.status == 200
            held = bytearray()
            with _faults():
                async with asyncio.timeout_at(until):
                    while chunk := await response.content.readany():
                        held += chunk
                        if len(held) > (most if good else MAX_REFUSAL):
                            break
            if good and len(held) > most:
                raise ClientFault("too-large")
            return Reply(
                status=response.status,
                kind=media_type(response.headers.get("Content-Type", "")),
                retry_after=response.headers.get("Retry-After", ""),
                body=bytes(held),
            )
        finally:
            # Read to its end, the response has given its connection back; else this closes it.
            response.close()

    async def _sent(self, method: str, path: str, body: bytes | None, until: float) -> aiohttp.ClientResponse:
        session = await self._session()
        with _faults():
            async with asyncio.timeout_at(until):
                response = await session.request(
                    method,
                    self._origin + path,
                    data=body,
                    headers={**self._headers, **_JSON} if body is not None else self._headers,
                    allow_redirects=False,
                    proxy=self._server.proxy,
                    proxy_headers=self._proxy_headers if self._server.proxy is not None else None,
                )
        if response.status == 200 and is_packed(response.headers.get("Content-Encoding", "")):
            response.close()
            raise ClientFault("packed")
        return response

    async def _session(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        session = self._sessions.get(loop)
        if session is None or session.closed:
            await self._close(lambda other: other.is_closed())
            # No headers of the session's own: aiohttp would send them, the token too, to the proxy.
            session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=None, connect=self._server.connect_timeout_s),
                # No limit: how many requests run at once is for the gateway to say, not for a hidden queue.
                connector=aiohttp.TCPConnector(
                    limit=0, keepalive_timeout=KEEP_ALIVE_S, ssl=self._server.tls or True
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
            )
            self._sessions[loop] = session
        return session

    async def _close(self, which: Callable[[asyncio.AbstractEventLoop], bool]) -> None:
        for loop in [loop for loop in self._sessions if which(loop)]:
            await self._sessions.pop(loop).close()


class AioStream:
    """Implements `port.StreamReply`."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.status = response.status
        self.kind = media_type(response.headers.get("Content-Type", ""))
        self.retry_after = response.headers.get("Retry-After", "")
        self._begun = False

    async def read(self, until: float) -> bytes:
        """The next bytes; b"" at the end."""
        with _faults(begun=self._begun):
            async with asyncio.timeout_at(until):
                chunk = await self._response.content.readany()
        self._begun = True
        return chunk

    async def settle(self) -> None:
        """Read the end of the body, which should follow at once, so that the connection can be used again."""
        try:
            with _faults():
                async with asyncio.timeout(DRAIN_S):
                    while await self._response.content.readany():
                        pass
        except ClientFault:
            return  # the answer is whole; the connection is then closed instead

    def close(self) -> None:
        """Read to its end, the response has given its connection back; else this closes it."""
        self._response.close()


@contextmanager
def _faults(*, begun: bool = False) -> Iterator[None]:
    """Turn aiohttp's exceptions into ours; `from None`, as theirs may carry headers and bodies."""
    try:
        yield
    except (aiohttp.ClientError, OSError, TimeoutError, ssl.SSLError) as error:
        raise ClientFault(_kind(error, begun=begun)) from None


def _kind(error: BaseException, *, begun: bool) -> FaultKind:
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return "connect-timeout"
    if isinstance(error, TimeoutError):
        return "timeout"
    if begun:
        return "cut"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "dns"
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        return "tls"
    if isinstance(error, aiohttp.ClientProxyConnectionError | aiohttp.ClientHttpProxyError):
        return "proxy"
    if isinstance(error, aiohttp.ClientConnectorError):
        broken = isinstance(error.os_error, ConnectionResetError) and error.ssl is not False
        return "tls" if broken else "connect"
    if isinstance(error, aiohttp.ClientResponseError):
        return "protocol"
    return "cut" if isinstance(error, aiohttp.ClientPayloadError) else "closed"
