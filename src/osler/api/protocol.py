"""HTTP itself: uvicorn's protocol, with a limit on the head of a request and errors in our shape.

uvicorn keeps all the header bytes that arrive, so that anyone who can connect could fill the memory.
"""

import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from osler.api.errors import error_json
from osler.core.errors import InputError

MAX_HEAD = 512 << 10
"""Bytes of a request's head. What arrives together with its end is counted too, 256 KiB at most."""


class LimitedHttp(HttpToolsProtocol):
    """uvicorn's protocol on httptools."""

    _head = 0
    _in_head = True

    def data_received(self, data: bytes) -> None:
        """Parse, unless the head has grown too long."""
        super().data_received(data)
        if not self._in_head or self.transport.is_closing():
            return
        self._head += len(data)
        if self._head > MAX_HEAD:
            self._refuse(431, "The head of the request is too long.", "Send fewer and shorter headers.")

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._head, self._in_head = 0, True

    def on_headers_complete(self) -> None:
        """Its head has ended."""
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Its body has ended: what follows is another head."""
        super().on_message_complete()
        self._head, self._in_head = 0, True

    def send_400_response(self, msg: str) -> None:
        """Answer to what is no HTTP."""
        self._refuse(400, "That is not a valid HTTP request.", "Send HTTP/1.1, without TLS.")

    def _refuse(self, status: int, message: str, remedy: str) -> None:
        body = msgspec.json.encode(error_json(InputError(message, remedy=remedy)))
        head = (
            b"content-type: application/json\r\nconnection: close\r\ncache-control: no-store\r\n"
            b"content-length: %d\r\n\r\n" % len(body)
        )
        self.transport.write(STATUS_LINE[status] + head + body)
        self.transport.close()
