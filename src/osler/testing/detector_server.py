"""A detector service for tests: the contract of the detector `remote`, over real sockets on loopback.

It is honest: it reads real HTTP, finds what regular expressions find, counts in Unicode code points, refuses what it
does not know, keeps connections alive, and keeps the bytes of every request. How it misbehaves is a `DetectorFault`,
which may be changed between requests. It is no model.
"""

import contextlib
import json
import re
import socket
import ssl
import struct
import time
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import partial
from typing import Any

from osler.testing.http_request import HttpRequest, take
from osler.testing.listener import Listener

REASONS = {
    200: "OK",
    307: "Temporary Redirect",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    500: "Internal Server Error",
}
PATH = "/find"
DRIP_S = 0.05


class DetectorFault(StrEnum):
    """How the service misbehaves. Error bodies repeat the text, as careless services do: nobody may pass them on."""

    HANG = "hang"
    """The request is read, and nothing is ever said."""
    DRIP = "drip"
    """A whole answer, one byte every 50 ms."""
    RESET = "reset"
    """Half an answer, then a TCP reset."""
    CUT_OFF = "cut off"
    """Half an answer, then a clean end."""
    CLOSE = "close"
    """A whole answer, then the connection is closed without having said so."""
    ERROR_500 = "500"
    REDIRECT_307 = "307"
    """To the service's own address, with the path `/elsewhere`."""
    MALFORMED_JSON = "malformed json"
    WRONG_SHAPE = "wrong shape"
    """Valid JSON without `spans`."""
    UNKNOWN_LABEL = "unknown label"
    OUT_OF_RANGE = "out of range"
    """A span that ends beyond the text."""
    WRONG_SCORE = "wrong score"
    """A score of 7."""
    BYTES = "bytes"
    """Offsets and length in bytes of UTF-8."""
    HTML = "html"
    """A web page with status 200."""


class DetectorServer(Listener):
    """A thread that listens on 127.0.0.1: `with DetectorServer({"NAME": "Jones"}) as server: … server.url`.

    `patterns` maps the service's labels to what it finds for each; all scores are `score`. `key` is the bearer token
    that it demands, `tls` the context of an https server.

    `url` is its address, `texts` what it was asked about, `requests` the raw bytes of each request, `connections`
    how many were opened.
    """

    def __init__(
        self,
        patterns: Mapping[str, str] | None = None,
        fault: DetectorFault | None = None,
        *,
        key: str | None = None,
        score: float | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__("detector-server")
        self.fault = fault
        self.score = score
        self.texts: list[str] = []
        self.requests: list[bytes] = []
        self.connections = 0
        self._patterns = {label: re.compile(pattern) for label, pattern in (patterns or {}).items()}
        self._key = key
        self._tls = tls
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://127.0.0.1:{self.port}{PATH}"

    def _opened(self, connection: socket.socket) -> Callable[[], None]:
        return partial(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        pending = bytearray()
        with contextlib.suppress(OSError, ValueError), connection, self._secured(connection) as talking:
            with self._lock:
                self._open.add(talking)
                self.connections += 1
            try:
                while data := talking.recv(2**16):
                    pending += data
                    while (request := take(pending)) is not None:
                        if not self._answer(talking, request):
                            return
            finally:
                with self._lock:
                    self._open.discard(talking)

    def _secured(self, connection: socket.socket) -> socket.socket:
        return self._tls.wrap_socket(connection, server_side=True) if self._tls else connection

    def _answer(self, connection: socket.socket, request: HttpRequest) -> bool:
        """Answer; whether the connection goes on."""
        status, body = self._judged(request)
        headers = f"Location: {PATH}/elsewhere\r\n" if status == 307 else ""
        kind = "text/html" if self.fault is DetectorFault.HTML else "application/json"
        head = f"HTTP/1.1 {status} {REASONS[status]}\r\nContent-Type: {kind}\r\n{headers}"
        whole = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
        match self.fault:
            case DetectorFault.HANG:
                self._stopped.wait()
                return False
            case DetectorFault.RESET | DetectorFault.CUT_OFF:
                connection.sendall(whole[: len(whole) - len(body) // 2 - 1])
                if self.fault is DetectorFault.RESET:
                    # a zero linger time makes close() send RST instead of FIN
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return False
            case DetectorFault.DRIP:
                for place in range(len(whole)):
                    connection.sendall(whole[place : place + 1])
                    time.sleep(DRIP_S)
                return True
            case _:
                connection.sendall(whole)
                return self.fault is not DetectorFault.CLOSE

    def _judged(self, request: HttpRequest) -> tuple[int, bytes]:
        with self._lock:
            self.requests.append(request.raw)
        if request.path != PATH:
            return 404, b"{}"
        if request.method != "POST":
            return 405, b"{}"
        if self._key is not None and request.headers.get("authorization") != f"Bearer {self._key}":
            return 401, b"{}"
        try:
            text = json.loads(request.body)["text"]
        except (ValueError, KeyError, TypeError):
            return 400, b"{}"
        if not isinstance(text, str):
            return 400, b"{}"
        with self._lock:
            self.texts.append(text)
        return self._found(text)

    def _found(self, text: str) -> tuple[int, bytes]:
        match self.fault:
            case DetectorFault.ERROR_500:
                return 500, _encoded({"error": f"cannot read: {text}"})
            case DetectorFault.REDIRECT_307:
                return 307, _encoded({"error": f"moved: {text}"})
            case DetectorFault.MALFORMED_JSON:
                return 200, b'{"spans": [{"start": 0, "label": "' + text.encode()
            case DetectorFault.WRONG_SHAPE:
                return 200, _encoded({"entities": [], "text": text})
            case DetectorFault.HTML:
                return 200, b"<html>" + text.encode()
            case _:
                return 200, _encoded(self._spans(text))

    def _spans(self, text: str) -> dict[str, Any]:
        def count(end: int) -> int:
            return len(text[:end].encode()) if self.fault is DetectorFault.BYTES else end

        spans: list[dict[str, Any]] = [
            {"start": count(m.start()), "end": count(m.end()), "label": label}
            for label, pattern in self._patterns.items()
            for m in pattern.finditer(text)
            if m.end() > m.start()
        ]
        for span in spans:
            if self.score is not None:
                span["score"] = self.score
            if self.fault is DetectorFault.UNKNOWN_LABEL:
                span["label"] = f"MADE-UP {text}"
            elif self.fault is DetectorFault.OUT_OF_RANGE:
                span["end"] = len(text) + 1
            elif self.fault is DetectorFault.WRONG_SCORE:
                span["score"] = 7
        return {"spans": spans, "length": count(len(text))}


def _encoded(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
