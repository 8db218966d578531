"""One HTTP address that is sent text and answers with JSON: connections kept, everything bounded, nothing repeated.

No redirects, no proxies from the environment, no cookies, no compression. No error holds what was sent or received.
"""

import http.client
import io
import socket
import ssl
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, urlsplit

from osler.core.errors import GuardUnavailable

MAX_ANSWER = 32 << 20
"""Most bytes of an answer."""
# uvicorn closes an idle connection after 5 s; ours must be given up before that
KEEP_ALIVE_S = 4.0
_CLOSED = (
    http.client.RemoteDisconnected,
    BrokenPipeError,
    ConnectionResetError,
    ConnectionAbortedError,
    ssl.SSLEOFError,
    ssl.SSLZeroReturnError,
)
_LOGS = "Nothing was let through. Look into the service's own log."


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Where to ask, and how. `timeout_s` bounds a whole call; `ca_file` replaces the system's authorities."""

    url: str
    timeout_s: float
    token: str | None = field(default=None, repr=False)
    ca_file: str | None = None


class HttpService:
    """POSTs JSON to one address. Safe for several threads: each call has a connection to itself."""

    def __init__(self, who: str, service: Service) -> None:
        """`who` names the caller in errors. Raises OSError or ssl.SSLError when `ca_file` cannot be used."""
        self._who = who
        self._service = service
        self._parts = urlsplit(service.url)
        self._tls = _tls(self._parts, service.ca_file)
        self._headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": "osler",
        }
        if service.token is not None:
            self._headers["Authorization"] = f"Bearer {service.token}"
        self._idle: deque[_Connection] = deque()
        self._lock = threading.Lock()

    def post(self, body: bytes) -> bytes:
        """The body of the answer, which was complete and had status 200. GuardUnavailable for everything else."""
        deadline = time.monotonic() + self._service.timeout_s
        try:
            kept = self._kept()
            if kept is not None:
                try:
                    return self._exchange(kept, body, deadline)
                except _CLOSED:  # by the service, while it was idle; asking again changes nothing there
                    kept.close()
            return self._exchange(_Connection(self._parts, self._tls, deadline), body, deadline)
        except (OSError, http.client.HTTPException) as error:
            raise self._fault(error) from None

    def close(self) -> None:
        """Close idle connections."""
        with self._lock:
            idle, self._idle = self._idle, deque()
        for connection in idle:
            connection.close()

    def _kept(self) -> "_Connection | None":
        stale = []
        with self._lock:
            while self._idle and time.monotonic() - self._idle[0].used > KEEP_ALIVE_S:
                stale.append(self._idle.popleft())
            found = self._idle.pop() if self._idle else None
        for connection in stale:
            connection.close()
        return found

    def _exchange(self, connection: "_Connection", body: bytes, deadline: float) -> bytes:
        whole = False
        try:
            response = connection.ask(self._path(), body, self._headers, deadline)
            if response.status != 200:
                raise self._refused(response.status)
            answer = response.read(MAX_ANSWER + 1)
            if len(answer) > MAX_ANSWER:
                raise GuardUnavailable(
                    f"The answer to {self._who} is larger than {MAX_ANSWER >> 20} MiB and was given up.",
                    remedy=_LOGS,
                )
            if response.length:
                raise http.client.IncompleteRead(b"")
            whole = response.isclosed() and not response.will_close
            return answer
        finally:
            if whole:
                connection.used = time.monotonic()
                with self._lock:
                    self._idle.append(connection)
            else:
                connection.close()

    def _path(self) -> str:
        return self._parts.path or "/"

    def _refused(self, status: int) -> GuardUnavailable:
        remedies = {
            401: "Check the secret that its option `auth` names.",
            403: "Check the secret that its option `auth` names.",
            404: "Check the path in its option `url`.",
            405: "Check the path in its option `url`.",
            413: "Lower its option `max_chars`.",
            429: "The service asks to be spared: give it more capacity.",
        }
        remedy = remedies.get(status, "Set `url` to the final address." if 300 <= status < 400 else _LOGS)
        return GuardUnavailable(
            f"{self._who}: the service at {self._service.url} answered with HTTP {status}.", remedy=remedy
        )

    def _fault(self, error: Exception) -> GuardUnavailable:
        service = f"{self._who}: the service at {self._service.url}"
        if isinstance(error, ssl.SSLError) and not isinstance(error, TimeoutError):
            return GuardUnavailable(
                f"{service} could not be connected to securely.",
                remedy="Check its certificate (name, expiry, authority); `ca_file` names an authority of your own.",
            )
        if isinstance(error, TimeoutError):
            return GuardUnavailable(
                f"{service} did not answer within {self._service.timeout_s:g} s.",
                remedy="Nothing was let through. Raise `timeout_s`, or give the service more capacity.",
            )
        if isinstance(error, http.client.HTTPException) and not isinstance(error, ConnectionError):
            return GuardUnavailable(f"{service} broke off, or does not speak HTTP.", remedy=_LOGS)
        return GuardUnavailable(
            f"{service} cannot be reached ({type(error).__name__}).",
            remedy="Nothing was let through. Is it running?",
        )


class _Connection:
    """One connection, with a deadline over everything that is read from it and written to it."""

    def __init__(self, parts: SplitResult, tls: ssl.SSLContext | None, deadline: float) -> None:
        host, port = parts.hostname or "", parts.port
        left = max(0.001, deadline - time.monotonic())
        self._http = (
            http.client.HTTPSConnection(host, port, timeout=left, context=tls)
            if tls is not None
            else http.client.HTTPConnection(host, port, timeout=left)
        )
        self._http.connect()
        self._socket: socket.socket = self._http.sock
        self.used = time.monotonic()

    def ask(
        self, path: str, body: bytes, headers: dict[str, str], deadline: float
    ) -> http.client.HTTPResponse:
        """Send a request and read the head of its answer."""
        timed: Any = _Timed(self._socket, deadline)
        self._http.sock = timed
        self._http.request("POST", path, body=body, headers=headers)
        return self._http.getresponse()

    def close(self) -> None:
        """Close it, whatever is still to be read."""
        self._http.close()
        self._socket.close()


class _Timed:
    """A socket, as http.client uses one, that gives up at a point in time rather than after a silence."""

    def __init__(self, raw: socket.socket, deadline: float) -> None:
        self._raw = raw
        self._deadline = deadline

    def sendall(self, data: bytes) -> None:
        """Send it all; TimeoutError at the deadline."""
        self._arm()
        self._raw.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        """What the answer is read from; `mode` is always rb."""
        return io.BufferedReader(_Incoming(self))

    def recv_into(self, buffer: Any) -> int:
        """Some bytes; TimeoutError at the deadline."""
        self._arm()
        return self._raw.recv_into(buffer)

    def close(self) -> None:
        """Nothing: http.client calls it before it has read the answer; the connection closes the socket."""

    def _arm(self) -> None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._raw.settimeout(left)


class _Incoming(io.RawIOBase):
    def __init__(self, timed: _Timed) -> None:
        self._timed = timed

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._timed.recv_into(buffer)


def _tls(parts: SplitResult, ca_file: str | None) -> ssl.SSLContext | None:
    return ssl.create_default_context(cafile=ca_file) if parts.scheme == "https" else None
