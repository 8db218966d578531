"""The fault server sends what it says it sends: else a test with it shows nothing."""

import json
import socket
import time

import pytest

from osler.testing import FaultServer, Trouble
from osler.testing.fault_server import UNASKED

QUESTION = json.dumps({"model": "m", "messages": [{"role": "user", "content": "Zythar?"}]}).encode()
STREAMED = QUESTION.replace(b'{"model"', b'{"stream": true, "model"')


def ask(server: FaultServer, body: bytes = QUESTION, *, seconds: float = 0.15) -> tuple[bytes, str]:
    """What comes back, and how the connection ended: `closed`, `reset`, or `open` after so many seconds."""
    port = int(server.url.split(":")[2].split("/")[0])
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    got, end = bytearray(), time.monotonic() + seconds
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        connection.sendall(head.encode() + body)
        while time.monotonic() < end and len(got) < 100_000:
            try:
                piece = connection.recv(2**16)
            except ConnectionResetError:
                return bytes(got), "reset"
            except TimeoutError:
                break
            if not piece:
                return bytes(got), "closed"
            got += piece
    return bytes(got), "open"


@pytest.mark.parametrize(
    ("trouble", "body", "begins", "holds", "end"),
    [
        (None, QUESTION, b"HTTP/1.1 200", b'"content": "The answer."', "open"),
        (None, STREAMED, b"HTTP/1.1 200", b"[DONE]", "open"),
        (Trouble.RESET_AT_ONCE, QUESTION, b"", b"", "reset"),
        (Trouble.CLOSE_AT_ONCE, QUESTION, b"", b"", "closed"),
        (Trouble.RESET_MID_HEAD, QUESTION, b"HTTP/1.1", b"", "reset"),
        (Trouble.RESET_MID_BODY, QUESTION, b"HTTP/1.1 200", b"", "reset"),
        (Trouble.CLOSE_MID_BODY, STREAMED, b"HTTP/1.1 200", b"", "closed"),
        (Trouble.HANG, QUESTION, b"", b"", "open"),
        (Trouble.HANG_AFTER_HEAD, QUESTION, b"HTTP/1.1 200", b"\r\n\r\n", "open"),
        (Trouble.HANG_MID_BODY, STREAMED, b"HTTP/1.1 200", b"data: {", "open"),
        (Trouble.DRIP_HEAD, QUESTION, b"HTTP/1.1", b"x", "open"),
        (Trouble.DRIP_BODY, QUESTION, b"HTTP/1.1 200", b"{  ", "open"),
        (Trouble.BUSY_DATE, QUESTION, b"HTTP/1.1 429", b" GMT\r\n", "open"),
        (Trouble.BUSY_LONG, QUESTION, b"HTTP/1.1 429", b"Retry-After: 30\r\n", "open"),
        (Trouble.HTML_502, STREAMED, b"HTTP/1.1 502", b"text/html", "open"),
        (Trouble.ERROR_500, QUESTION, b"HTTP/1.1 500", b"Zythar?", "open"),
        (Trouble.NOT_HTTP, QUESTION, b"220 mail", b"", "closed"),
        (Trouble.WRONG_CHARSET, QUESTION, b"HTTP/1.1 200", b"\xe9", "open"),
        (Trouble.MALFORMED_SSE, STREAMED, b"HTTP/1.1 200", b'{"choi\n\ndata: [DONE]', "open"),
        (Trouble.TRUNCATED_SSE, QUESTION, b"HTTP/1.1 200", b"The answer.", "open"),
        (Trouble.SSE_FOR_PLAIN, QUESTION, b"HTTP/1.1 200", b"data: ", "open"),
        (Trouble.UNASKED_ANSWER, QUESTION, b"HTTP/1.1 200", UNASKED.encode(), "open"),
        (Trouble.PLAIN_ON_TLS, QUESTION, b"HTTP/1.1 400", b"", "closed"),
    ],
)  # fmt: skip
def test_each_trouble_is_what_it_says(
    trouble: Trouble | None, body: bytes, begins: bytes, holds: bytes, end: str
) -> None:
    with FaultServer(trouble) as server:
        got, ended = ask(server, body)
    assert got.startswith(begins)
    assert holds in got
    assert ended == end
    assert bool(got) == bool(begins)


def test_a_truncated_stream_has_neither_finish_nor_done() -> None:
    with FaultServer(Trouble.TRUNCATED_SSE) as server:
        got, _ = ask(server, STREAMED)
    assert b"Half" in got
    assert b"DONE" not in got
    assert b'"finish_reason": null' in got
    assert b'"stop"' not in got


def test_nobody_listens_where_it_refuses() -> None:
    with FaultServer(Trouble.REFUSE) as server, pytest.raises(ConnectionRefusedError):
        ask(server)


def test_each_request_has_its_own_trouble() -> None:
    with FaultServer(Trouble.ERROR_500, Trouble.BUSY, None) as server:
        heads = [ask(server)[0][:12] for _ in range(4)]
    assert heads == [b"HTTP/1.1 500", b"HTTP/1.1 429", b"HTTP/1.1 200", b"HTTP/1.1 200"]
    assert len(server.requests) == 4


def test_a_huge_body_is_huge() -> None:
    with FaultServer(Trouble.HUGE_BODY) as server:
        got, ended = ask(server, seconds=2)
    assert len(got) >= 100_000
    assert ended == "open"
