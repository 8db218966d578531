"""A model server that goes wrong on the wire as told, request by request, over plain sockets.

`ModelServer` is an honest server with some faults; this one writes every byte itself, so that it can send what no HTTP
library would: half a head, a body that never ends, an answer that nobody asked for. It runs in threads of its own.
It answers chat completions, plain and streamed, and lists one model; whatever else is asked gets the same answers.
"""

import contextlib
import json
import socket
import ssl
import struct
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from typing import Self

from osler.testing import wire
from osler.testing.http_request import HttpRequest, take
from osler.testing.listener import Listener
from osler.testing.troubles import ONLY_PLAIN, ONLY_STREAMS, Trouble

JSON = "application/json"
EVENTS = "text/event-stream"
UNASKED = "Nobody asked for this."
"""What the answer behind the answer says."""
_HUGE_CHUNKS = 600
_CHUNK = 2**16

_STATUS: dict[Trouble, tuple[str, tuple[str, ...]]] = {
    Trouble.ERROR_500: ("500 Internal Server Error", ()),
    Trouble.LOADING_503: ("503 Service Unavailable", ("Retry-After: 1",)),
    Trouble.BUSY: ("429 Too Many Requests", ()),
    Trouble.BUSY_SECONDS: ("429 Too Many Requests", ("Retry-After: 1",)),
    Trouble.BUSY_LONG: ("429 Too Many Requests", ("Retry-After: 30",)),
    Trouble.INVALID_400: ("400 Bad Request", ()),
    Trouble.UNPROCESSABLE_422: ("422 Unprocessable Entity", ()),
    Trouble.UNAUTHORIZED_401: ("401 Unauthorized", ()),
    Trouble.REDIRECT: ("307 Temporary Redirect", ("Location: http://127.0.0.1:9/v1/chat/completions",)),
}


class FaultServer(Listener):
    """Use as `with FaultServer(Trouble.HANG) as server: … server.url`.

    `plan` says what goes wrong with each request in turn, None for nothing; its last entry holds for all that follow.
    `text` is the right answer. With `tls` it speaks TLS by that context. `requests` holds the raw bytes of each
    request, `drip_s` is the time between two bytes of what drips.
    """

    def __init__(
        self,
        *plan: Trouble | None,
        text: str = "The answer.",
        tls: ssl.SSLContext | None = None,
        drip_s: float = 0.02,
    ) -> None:
        super().__init__("fault-server")
        self.plan = plan or (None,)
        self.text = text
        self.requests: list[bytes] = []
        self._tls = tls
        self._drip_s = drip_s
        self._address = int(self._listener.getsockname()[1])
        secure = tls is not None or Trouble.PLAIN_ON_TLS in self.plan
        self.url = f"{'https' if secure else 'http'}://127.0.0.1:{self._address}/v1"

    def __enter__(self) -> Self:
        if Trouble.REFUSE not in self.plan:
            return super().__enter__()
        # The port stays taken, so that nobody else listens there, but nothing does.
        self._listener.close()
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", self._address))
        self._thread.start()
        return self

    def _opened(self, connection: socket.socket) -> Callable[[], None]:
        with self._lock:
            self._open.add(connection)
        return partial(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        try:
            with contextlib.suppress(OSError, ValueError):
                spoken = self._tls.wrap_socket(connection, server_side=True) if self._tls else connection
                with spoken:
                    if Trouble.PLAIN_ON_TLS in self.plan:
                        spoken.recv(2**16)  # the beginning of a handshake, which to HTTP is no request
                        spoken.sendall(_response("400 Bad Request", "text/plain", b""))
                        return
                    pending = bytearray()
                    while (request := self._next(spoken, pending)) is not None:
                        with self._lock:
                            trouble = self.plan[min(len(self.requests), len(self.plan) - 1)]
                            self.requests.append(request.raw)
                        if not self._answer(spoken, request, trouble):
                            break
        finally:
            with self._lock:
                self._open.discard(connection)

    def _next(self, connection: socket.socket, pending: bytearray) -> HttpRequest | None:
        while (request := take(pending)) is None:
            data = connection.recv(2**16)
            if not data:
                return None
            pending += data
        return request

    def _answer(self, connection: socket.socket, request: HttpRequest, trouble: Trouble | None) -> bool:
        """Answer, well or not; whether the connection may be used again."""
        asked = _asked(request)
        stream = asked.get("stream") is True
        if trouble in (ONLY_PLAIN if stream else ONLY_STREAMS):
            trouble = None
        if trouble is None or trouble is Trouble.UNASKED_ANSWER:
            connection.sendall(self._right(request, asked, stream=stream))
            if trouble is not None:
                connection.sendall(_response("200 OK", JSON, wire.completion(asked, UNASKED)))
            return True
        if trouble in _STATUS or trouble is Trouble.BUSY_DATE:
            connection.sendall(_status(trouble, asked))
            return True
        whole = self._bodies(asked, trouble)
        if whole is not None:
            connection.sendall(whole)
            return True
        for data in self._broken(connection, self._right(request, asked, stream=stream), trouble):
            connection.sendall(data)
        return False

    def _right(self, request: HttpRequest, asked: dict[str, object], *, stream: bool) -> bytes:
        if request.path.endswith("/models"):
            return _response("200 OK", JSON, wire.models(("stand-in",)))
        if not stream:
            return _response("200 OK", JSON, wire.completion(asked, self.text))
        events = wire.events(asked, self.text.split(" ", 1)[:1] + [f" {w}" for w in self.text.split(" ")[1:]])
        return _response("200 OK", EVENTS, b"".join(events) + b"data: [DONE]\n\n")

    def _bodies(self, asked: dict[str, object], trouble: Trouble) -> bytes | None:
        """Whole HTTP answers that are no answers; None for what breaks off."""
        piece = wire.events(asked, ("Half",), finish=None)
        right = wire.completion(asked, self.text)
        latin = right.replace(b'"content": "', b'"content": "\xe9', 1)
        page = b"<html><body>Bad gateway</body></html>"
        made: dict[Trouble, tuple[str, str, bytes]] = {
            Trouble.HTML_502: ("502 Bad Gateway", "text/html", page),
            Trouble.WRONG_TYPE: ("200 OK", "text/html", page),
            Trouble.MALFORMED_JSON: ("200 OK", JSON, right[: len(right) // 2]),
            Trouble.EMPTY_BODY: ("200 OK", JSON, b""),
            Trouble.WRONG_SHAPE: ("200 OK", JSON, b'{"choices": "none", "data": 7}'),
            Trouble.WRONG_CHARSET: ("200 OK", f"{JSON}; charset=iso-8859-1", latin),
            Trouble.COMPRESSED: ("200 OK", f"{JSON}\r\nContent-Encoding: gzip", right),
            Trouble.MALFORMED_SSE: ("200 OK", EVENTS, b"".join(piece) + b'data: {"choi\n\ndata: [DONE]\n\n'),
            Trouble.TRUNCATED_SSE: ("200 OK", EVENTS, b"".join(piece)),
            Trouble.ERROR_EVENT: ("200 OK", EVENTS, b"".join(piece) + wire.event(wire.error(asked, "server_error"))),
            Trouble.JSON_FOR_STREAM: ("200 OK", JSON, right),
            Trouble.SSE_FOR_PLAIN: ("200 OK", EVENTS, b"".join(wire.events(asked, (self.text,)))),
        }  # fmt: skip
        return _response(*made[trouble]) if trouble in made else None

    def _broken(self, connection: socket.socket, right: bytes, trouble: Trouble) -> Iterator[bytes]:
        """What is sent before the connection ends, in its way."""
        head_end = right.index(b"\r\n\r\n") + 4
        middle = (head_end + len(right)) // 2
        if trouble is Trouble.NOT_HTTP:
            yield b"220 mail.example.org ESMTP ready\r\n\r\n"
        elif trouble in (Trouble.RESET_MID_HEAD, Trouble.DRIP_HEAD):
            yield right[: head_end // 2]
        elif trouble in (Trouble.RESET_MID_BODY, Trouble.CLOSE_MID_BODY, Trouble.HANG_MID_BODY):
            yield right[:middle]
        elif trouble is Trouble.HANG_AFTER_HEAD:
            yield right[:head_end]
        elif trouble is Trouble.HUGE_BODY:
            yield from _huge()
        elif trouble is Trouble.DRIP_BODY:
            yield b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 999999\r\n\r\n{"
        if trouble in (Trouble.DRIP_HEAD, Trouble.DRIP_BODY):
            letter = b"x" if trouble is Trouble.DRIP_HEAD else b" "
            while not self._stopped.wait(self._drip_s):
                yield letter
        if trouble in (Trouble.HANG, Trouble.HANG_AFTER_HEAD, Trouble.HANG_MID_BODY):
            connection.recv(1)  # until the other side, or the end of this server, closes it
        if trouble in (Trouble.RESET_AT_ONCE, Trouble.RESET_MID_HEAD, Trouble.RESET_MID_BODY):
            # A zero linger time makes close() send RST instead of FIN.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _huge() -> Iterator[bytes]:
    """The text of a plain answer, of 37 MiB and without an end."""
    yield b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    opening = b'{"choices": [{"index": 0, "finish_reason": "stop", "message": {"content": "'
    yield b"%x\r\n%b\r\n" % (len(opening), opening)
    for _ in range(_HUGE_CHUNKS):
        yield b"%x\r\n%b\r\n" % (_CHUNK, b"a" * _CHUNK)


def _asked(request: HttpRequest) -> dict[str, object]:
    try:
        body = json.loads(request.body)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _status(trouble: Trouble, asked: dict[str, object]) -> bytes:
    line, headers = _STATUS[Trouble.BUSY if trouble is Trouble.BUSY_DATE else trouble]
    if trouble is Trouble.BUSY_DATE:
        soon = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
        headers = (f"Retry-After: {soon}",)
    return _response(line, "\r\n".join((JSON, *headers)), wire.encode(wire.error(asked, trouble.value)))


def _response(status: str, kind: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode("latin-1") + body
