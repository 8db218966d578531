"""A plain socket server that keeps every byte it gets: the witness to what really leaves.

It knows nothing of Osler, of JSON or of identifiers, so it cannot share a mistake with the code
under test. It answers each HTTP request with one canned chat completion, as JSON or as a stream; a
request to a path that ends in `/embeddings` with a canned vector a text.
"""

import contextlib
import json
import socket
from collections.abc import Callable, Sequence
from functools import partial

from osler.testing import wire
from osler.testing.http_request import HttpRequest, take
from osler.testing.listener import Listener


class SocketCapture(Listener):
    """A thread that listens on 127.0.0.1: `with SocketCapture() as capture: … capture.raw`.

    `url` is an OpenAI base address ending in `/v1`; `text` what the canned completion says, in the pieces that a
    stream sends.
    """

    def __init__(self, text: str | Sequence[str] = "Noted.") -> None:
        super().__init__("socket-capture")
        self._pieces = (text,) if isinstance(text, str) else tuple(text)
        self._received: list[bytearray] = []
        self.url = f"http://127.0.0.1:{self.port}/v1"

    @property
    def raw(self) -> bytes:
        """All bytes received so far, connection after connection, in the order they were opened."""
        with self._lock:
            return b"".join(bytes(b) for b in self._received)

    @property
    def connections(self) -> int:
        """How many connections were opened."""
        with self._lock:
            return len(self._received)

    def since(self, sizes: Sequence[int]) -> bytes:
        """The bytes that came after `sizes()` was asked, all connections together."""
        with self._lock:
            return b"".join(
                bytes(received[sizes[n] if n < len(sizes) else 0 :])
                for n, received in enumerate(self._received)
            )

    def sizes(self) -> tuple[int, ...]:
        """How many bytes came on each connection so far."""
        with self._lock:
            return tuple(len(received) for received in self._received)

    def holds(self, value: str) -> bool:
        """Whether `value` stands in the bytes, in any case: as UTF-8, or escaped as JSON may escape it."""
        raw = self.raw.decode("utf-8", "replace").casefold()
        cases = (value, value.lower(), value.upper())
        forms = [form for case in cases for form in (case, json.dumps(case)[1:-1])]
        forms.append(json.dumps(value, ensure_ascii=False)[1:-1])
        return any(form.casefold() in raw for form in forms)

    def _opened(self, connection: socket.socket) -> Callable[[], None]:
        received = bytearray()
        with self._lock:
            self._received.append(received)
            self._open.add(connection)
        return partial(self._serve, connection, received)

    def _serve(self, connection: socket.socket, received: bytearray) -> None:
        pending = bytearray()
        with contextlib.suppress(OSError, ValueError), connection:
            while data := connection.recv(2**16):
                with self._lock:
                    received += data
                pending += data
                while (request := take(pending)) is not None:
                    connection.sendall(self._answer(request))
        with self._lock:
            self._open.discard(connection)

    def _answer(self, request: HttpRequest) -> bytes:
        if request.path.endswith("/embeddings"):
            return _response("application/json", wire.embeddings(json.loads(request.body), 8).decode())
        common = {"id": "chatcmpl-capture", "created": 0, "model": "capture"}
        if b'"stream":true' in request.body.replace(b" ", b""):
            deltas = [{"role": "assistant", "content": piece} for piece in self._pieces]
            choices: list[dict[str, object]] = [
                {"index": 0, "delta": delta, "finish_reason": None} for delta in deltas
            ]
            choices.append({"index": 0, "delta": {}, "finish_reason": "stop"})
            lines = [{**common, "object": "chat.completion.chunk", "choices": [c]} for c in choices]
            body = "".join(f"data: {json.dumps(line)}\n\n" for line in lines) + "data: [DONE]\n\n"
            return _response("text/event-stream", body)
        message = {"role": "assistant", "content": "".join(self._pieces)}
        answer = {
            **common,
            "object": "chat.completion",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        }
        return _response("application/json", json.dumps(answer))


def _response(kind: str, body: str) -> bytes:
    data = body.encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(data)}\r\n\r\n"
    return head.encode() + data
