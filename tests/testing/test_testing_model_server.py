"""The stand-in model server is itself held to the wire, with a raw socket and with http.client."""

import asyncio
import http.client
import json
import socket
import time
from urllib.parse import urlsplit

import pytest

from osler.testing import Echo, Fault, ModelServer, ModelServerThread, Script, SocketCapture
from osler.testing.http_request import take

ASK = {"model": "m", "messages": [{"role": "user", "content": "what is  a normal potassium?"}]}


def post(url: str, path: str, body: object, **headers: str) -> tuple[int, dict[str, str], bytes]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    try:
        connection.request(
            "POST", parts.path + path, json.dumps(body), {"Content-Type": "application/json", **headers}
        )
        answer = connection.getresponse()
        return answer.status, dict(answer.headers), answer.read()
    finally:
        connection.close()


def test_it_echoes_the_last_user_message_and_counts_words():
    with ModelServerThread(Echo()) as server:
        status, _, body = post(server.url, "/chat/completions", ASK)
    answer = json.loads(body)
    assert status == 200
    assert answer["choices"][0] == {
        "index": 0,
        "message": {"role": "assistant", "content": "what is  a normal potassium?"},
        "finish_reason": "stop",
    }
    assert answer["usage"] == {"prompt_tokens": 5, "completion_tokens": 5, "total_tokens": 10}
    assert server.bodies == [ASK]
    assert server.requests[0].startswith(b"POST /v1/chat/completions HTTP/1.1\r\n")
    assert server.requests[0].endswith(json.dumps(ASK).encode())


def test_a_stream_has_one_event_a_piece_then_finish_usage_and_done():
    pieces = ("Potas", "sium ", "3.5–5.0.")
    asked = {**ASK, "stream": True, "stream_options": {"include_usage": True}}
    with ModelServerThread(Script(pieces)) as server:
        _, headers, body = post(server.url, "/chat/completions", asked)
    events = [line.removeprefix("data: ") for line in body.decode().split("\n\n") if line]
    chunks = [json.loads(e) for e in events[:-1]]
    assert headers["Content-Type"] == "text/event-stream"
    assert events[-1] == "[DONE]"
    assert tuple(c["choices"][0]["delta"].get("content", "") for c in chunks[1:4]) == pieces
    assert [c["choices"][0]["finish_reason"] for c in chunks[:5]] == [None, None, None, None, "stop"]
    assert chunks[5]["choices"] == []
    assert chunks[5]["usage"]["completion_tokens"] == 2


def test_pace_spreads_the_pieces_over_time():
    with ModelServerThread(Script(("a", "b", "c"), pace_s=0.03)) as server:
        begun = time.monotonic()
        post(server.url, "/chat/completions", {**ASK, "stream": True})
    assert 0.09 <= time.monotonic() - begun < 2


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/chat/completions", {"messages": ASK["messages"]}, 400),
        ("/chat/completions", {"model": "m", "messages": []}, 400),
        ("/chat/completions", {"model": "m", "messages": [{"role": "nurse", "content": "x"}]}, 400),
        ("/chat/completions", {**ASK, "stream_options": {"include_usage": True}}, 400),
        ("/embeddings", {"model": "m", "input": 7}, 400),
        ("/elsewhere", ASK, 404),
    ],
)
def test_it_refuses_what_a_real_server_refuses(path, body, status):
    with ModelServerThread() as server:
        assert post(server.url, path, body)[0] == status


def test_it_demands_its_key():
    with ModelServerThread(key="sesame") as server:
        assert post(server.url, "/chat/completions", ASK)[0] == 401
        assert post(server.url, "/chat/completions", ASK, Authorization="Bearer sesame")[0] == 200


@pytest.mark.parametrize(
    ("fault", "status"),
    [(Fault.ERROR_500, 500), (Fault.LIMITED_429, 429), (Fault.NOT_FOUND_404, 404), (Fault.REDIRECT_307, 307)],
)
def test_status_faults_repeat_the_question_in_their_body(fault, status):
    with ModelServerThread(fault=fault) as server:
        got, _, body = post(server.url, "/chat/completions", ASK)
    assert got == status
    assert "normal potassium" in body.decode()


def test_refuse_means_that_nothing_listens():
    with ModelServerThread(fault=Fault.REFUSE) as server:
        parts = urlsplit(server.url)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((parts.hostname, parts.port), timeout=5)


def test_reset_is_a_tcp_reset_after_half_the_body():
    with ModelServerThread("word " * 50, Fault.RESET) as server:
        parts = urlsplit(server.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
        connection.request("POST", "/v1/chat/completions", json.dumps(ASK))
        with pytest.raises((ConnectionResetError, http.client.IncompleteRead)):
            connection.getresponse().read()
        connection.close()


def test_it_notices_a_client_that_goes_away():
    async def leave() -> tuple[int, float]:
        async with ModelServer(Script(("a",) * 100, pace_s=0.05)) as server:
            parts = urlsplit(server.url)
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
            body = json.dumps({**ASK, "stream": True}).encode()
            writer.write(
                b"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
            )
            await reader.readuntil(b"data: ")
            writer.close()
            begun = time.monotonic()
            await asyncio.wait_for(server.left.wait(), 3)
            return server.gone, time.monotonic() - begun

    gone, after = asyncio.run(leave())
    assert gone == 1
    assert after < 0.5


def test_requests_on_one_connection_come_apart_whatever_the_packets():
    body = json.dumps(ASK).encode()
    one = b"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    chunked = (
        b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"".join(b"%x\r\n%b\r\n" % (len(p), p) for p in (body[:9], body[9:]))
        + b"0\r\n\r\n"
    )
    for size in (1, 7, 4096):
        buffer, found, whole = bytearray(), [], one + chunked + one
        for at in range(0, len(whole), size):
            buffer += whole[at : at + size]
            while (request := take(buffer)) is not None:
                found.append(request)
        assert [r.raw for r in found] == [one, chunked, one]
        assert [r.body for r in found] == [body] * 3
        assert not buffer


def test_capture_keeps_every_byte_and_answers():
    with SocketCapture("Fine.") as capture:
        status, _, body = post(capture.url, "/chat/completions", ASK, **{"X-Note": "Zoë"})
        _, _, stream = post(capture.url, "/chat/completions", {**ASK, "stream": True})
        with socket.create_connection(("127.0.0.1", urlsplit(capture.url).port or 0), timeout=5) as other:
            other.sendall(b"\x16\x03\x01 not http \r\n\r\n")
            assert other.recv(10) == b""
        assert capture.connections == 3
        assert b"\x16\x03\x01 not http" in capture.raw
        assert capture.raw.count(b"POST /v1/chat/completions") == 2
    assert status == 200
    assert json.loads(body)["choices"][0]["message"]["content"] == "Fine."
    assert stream.rstrip().endswith(b"data: [DONE]")


@pytest.mark.parametrize(
    ("sent", "looked_for", "held"),
    [
        ("Müller", "Müller", True),
        ("MÜLLER", "müller", True),
        ('a"b', 'a"b', True),
        ("Mueller", "Müller", False),
        ("00482913", "00482913", True),
    ],
)
@pytest.mark.parametrize("ascii_only", [True, False])
def test_capture_finds_values_in_any_case_and_json_escape(sent, looked_for, held, ascii_only):
    with SocketCapture() as capture:
        port = urlsplit(capture.url).port or 0
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            body = json.dumps({"messages": [{"content": sent}]}, ensure_ascii=ascii_only).encode()
            connection.sendall(b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
            connection.recv(10)
        assert capture.holds(looked_for) is held
