"""Streams over real sockets: silence is filled, a caller who hangs up is heard at once, small pieces are not held."""

import asyncio
import json
import socket
import threading
import time
from typing import Any

import pytest
import uvicorn
from api_scripted import TEXT, Script, application, events_of
from api_served import WithTimes, listening

from osler.api.errors import error_headers
from osler.api.protocol import LimitedHttp
from osler.api.stream import Patience
from osler.core import errors
from osler.gateway.config import TimeoutsConfig

LATE = {"chat/completions": {"messages": [{"role": "user", "content": "hi"}]}, "responses": {"input": "hi"}}


def sent(port: int, path: str, **body: Any) -> socket.socket:
    data = json.dumps({**LATE[path], **body}).encode()
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    head = f"POST /v1/{path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {len(data)}\r\n\r\n"
    connection.sendall(head.encode() + data)
    return connection


def unchunked(answer: bytes) -> bytes:
    """The body of an answer that came in chunks."""
    rest, body = answer.split(b"\r\n\r\n", 1)[1], b""
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        body, rest = body + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
    return body


def served(script: Script, patience: Patience | None = None) -> Any:
    return listening(WithTimes(application(script, patience), TimeoutsConfig()))


def whole(connection: socket.socket) -> bytes:
    with connection:
        got = b""
        while piece := connection.recv(65536):
            got += piece
    return got


@pytest.mark.parametrize("path", LATE)
def test_silence_is_filled_with_comments_even_before_the_first_event(path: str) -> None:
    with served(Script(pause_s=0.12), Patience(first_s=0.05, beat_s=0.04)) as port:
        body = unchunked(whole(sent(port, path, stream=True)))
    comments = [block for block in body.split(b"\n\n") if block.startswith(b":")]
    assert len(comments) >= 5
    first_text = body.index(b"Metformin")
    assert body.index(b": waiting") < first_text
    bare = b"\n\n".join(block for block in body.split(b"\n\n") if not block.startswith(b":"))
    texts = [
        d["choices"][0]["delta"].get("content", "") if "choices" in d else d.get("delta", "")
        for _, d in events_of(bare)
        if d != "[DONE]"
    ]
    assert "".join(texts) == TEXT


def test_a_stream_that_is_never_silent_has_no_comments() -> None:
    with served(Script(pause_s=0.005), Patience(first_s=5, beat_s=0.5)) as port:
        assert b": waiting" not in whole(sent(port, "chat/completions", stream=True))


@pytest.mark.parametrize("path", LATE)
@pytest.mark.parametrize("stream", [False, True])
def test_a_caller_who_hangs_up_is_heard_within_a_tenth_of_a_second(path: str, stream: bool) -> None:
    script = Script(pause_s=0.4)
    with served(script) as port:
        connection = sent(port, path, stream=stream)
        if stream:
            connection.recv(1)  # the first event is there: what is cancelled is a stream
        else:
            while not script.asked:
                time.sleep(0.001)
        time.sleep(0.05)
        assert script.left == 0
        connection.close()
        gone = time.monotonic()
        while not script.left and time.monotonic() < gone + 2:
            time.sleep(0.001)
        assert time.monotonic() - gone < 0.1
        assert script.left == 1


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_small_pieces_are_sent_at_once(loop: str) -> None:
    """TCP_NODELAY is set on the connections that callers make."""
    seen: list[int] = []

    class Watched(LimitedHttp):
        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            talking = transport.get_extra_info("socket")
            seen.append(talking.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(
            application(Script()), http=Watched, loop=loop, ws="none", log_config=None, access_log=False, lifespan="off"
        )  # fmt: skip
        server = uvicorn.Server(config)

        def serve() -> None:
            with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
                runner.run(
                    server._serve([listener])
                )  # without catching signals, which only a main thread may

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            whole(sent(listener.getsockname()[1], "chat/completions", stream=True))
        finally:
            server.should_exit = True
            thread.join(10)
    assert seen
    assert all(seen)


HEADERS: list[tuple[errors.OslerError, dict[str, str]]] = [
    (errors.PolicyRefused("a"), {"x-should-retry": "false"}),
    (errors.InputError("a"), {"x-should-retry": "false"}),
    (errors.UnknownModel("a"), {"x-should-retry": "false"}),
    (errors.TooLarge("a"), {"x-should-retry": "false"}),
    (errors.UpstreamRefused("a"), {"x-should-retry": "false"}),
    (errors.AuthError("a"), {"x-should-retry": "false", "www-authenticate": "Bearer"}),
    (errors.Forbidden("a"), {"x-should-retry": "false"}),
    (errors.RequestTimeout("a"), {}),
    (errors.RateLimited("a", retry_after_s=2.2), {"retry-after": "3"}),
    (errors.Congested("a", retry_after_s=0.1), {"retry-after": "1"}),
    (errors.Overloaded("a", retry_after_s=4), {"retry-after": "4"}),
    (errors.GuardUnavailable("a"), {"retry-after": "5"}),
    (errors.UpstreamUnavailable("a", retry_after_s=7), {"retry-after": "7"}),
    (errors.UpstreamUnavailable("a"), {"retry-after": "5"}),
    (errors.UpstreamError("a"), {}),
    (errors.UpstreamTimeout("a"), {}),
    (errors.OslerError("a"), {}),
]


@pytest.mark.parametrize(("error", "expected"), HEADERS, ids=[type(e).__name__ for e, _ in HEADERS])
def test_an_error_says_whether_and_when_trying_again_can_help(
    error: errors.OslerError, expected: dict[str, str]
) -> None:
    assert error_headers(error) == expected
