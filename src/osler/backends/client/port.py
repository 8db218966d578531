"""What a backend asks of an HTTP client, and the faults that it may meet. No message, no text of anybody in a fault."""

import ssl
from dataclasses import dataclass, field
from typing import Literal, Protocol

Kind = Literal["lean", "aiohttp"]

FaultKind = Literal[
    "timeout",
    "connect-timeout",
    "dns",
    "connect",
    "tls",
    "proxy",
    "protocol",
    "closed",
    "cut",
    "too-large",
    "packed",
]
"""Too late; too late to be connected; no such host; no connection; no secure one; none through the proxy; no HTTP as it
should be; closed without an answer; closed in mid-answer; more than may come; compressed though nobody asked for it."""

MAX_HEAD = 64 << 10
"""Most bytes of the head of an answer."""
MAX_REFUSAL = 64 << 10
"""Most bytes that are read of an answer whose status is not 200."""
# uvicorn closes an idle connection after 5 s; ours must be given up before that, or a request may
# be written into a connection that is just being closed.
KEEP_ALIVE_S = 4.0
DRAIN_S = 0.05
"""How long the end of a stream may follow what ends the answer, so that the connection can be used again."""


class ClientFault(Exception):
    """An exchange that failed. `kind` says how; nothing of what was sent or received is in it."""

    def __init__(self, kind: FaultKind) -> None:
        super().__init__(kind)
        self.kind: FaultKind = kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Whom a client talks to. `url` is checked already: http or https, a host, no credentials, no query.

    `token` is sent as a bearer token. `tls` is the context of https. `proxy` is an http address without credentials,
    `proxy_auth` is NAME:PASSWORD for it.
    """

    url: str
    token: str | None = field(default=None, repr=False)
    connect_timeout_s: float = 5.0
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    proxy: str | None = None
    proxy_auth: str | None = field(default=None, repr=False)

    def headers(self) -> dict[str, str]:
        """What every request carries, beside `Host` and what its body needs."""
        always = {
            "User-Agent": "osler",
            "Accept": "application/json, text/event-stream",
            # What is compressed though nobody asked could be a thousand times longer than it came.
            "Accept-Encoding": "identity",
        }
        return always if self.token is None else {**always, "Authorization": f"Bearer {self.token}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A whole answer. `kind` is its media type in lower case, `retry_after` that header's value.

    Where `status` is not 200, `body` may be only its first part.
    """

    status: int
    kind: str
    retry_after: str = field(repr=False)
    body: bytes = field(repr=False)


class StreamReply(Protocol):
    """An answer whose body is still to be read."""

    status: int
    kind: str
    retry_after: str

    async def read(self, until: float) -> bytes:
        """The next bytes, as they came; b"" at the end. `until` is a moment of the loop's clock. Raises ClientFault."""
        ...

    async def settle(self) -> None:
        """All that is wanted was read: use the connection again if the end of the body follows within `DRAIN_S`."""
        ...

    def close(self) -> None:
        """Give up what was not read: the connection is closed at once. After the end, or `settle`, it does nothing."""
        ...


class HttpClient(Protocol):
    """Talks to one server over connections that it keeps. Safe for concurrent use, and in several event loops.

    `path` begins with a slash and is the whole path. `until` is a moment of the running loop's clock. `most` bounds
    the body of a whole answer (bytes). All raise ClientFault. A task that is cancelled closes its connection at once.
    """

    async def get(self, path: str, *, most: int, until: float) -> Reply:
        """A whole answer to GET."""
        ...

    async def post(self, path: str, body: bytes, *, most: int, until: float) -> Reply:
        """A whole answer to a POST of JSON."""
        ...

    async def stream(self, path: str, body: bytes, *, until: float) -> StreamReply:
        """The head of the answer to a POST of JSON; the caller closes it, whatever comes."""
        ...

    async def aclose(self) -> None:
        """Close this event loop's connections, and those of loops that are gone."""
        ...


def media_type(content_type: str) -> str:
    """`text/html; charset=utf-8` → `text/html`."""
    return content_type.partition(";")[0].strip().lower()


def is_packed(content_encoding: str) -> bool:
    """Whether a body is compressed, by that header."""
    return content_encoding.strip().lower() not in ("", "identity")
