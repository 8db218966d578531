"""What one caller can hold or take: heads, bodies, silence, answers that nobody reads, nesting, share, guesses."""

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from api_served import WithTimes, exchange, head_of, listening, until_closed
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from osler.api.admission import Admission
from osler.api.draining import Drain
from osler.api.edge import STANDING, Around, Edge, Ongoing
from osler.api.incoming import read_body
from osler.api.metrics import Metrics
from osler.api.nesting import DEEPEST, MOST, require_plain
from osler.api.protocol import LEAST_TAKEN
from osler.core.errors import AuthError, GuardUnavailable, InputError, RateLimited, RequestTimeout
from osler.core.messages import Caller
from osler.core.ports.access import ApiKey
from osler.gateway.bounds import Bounds
from osler.gateway.config import RateLimitConfig, ServerConfig, TimeoutsConfig
from osler.gateway.limits import Concurrency

TIMES = TimeoutsConfig(head_s=0.3, body_s=0.3, idle_s=0.3, write_s=0.3)
GET = b"GET /quick HTTP/1.1\r\nhost: localhost\r\n\r\n"
SENT = 64 << 20


class Pieces:
    """Endless pieces of an answer, and whether their source was let go."""

    def __init__(self) -> None:
        self.closed = 0

    async def __call__(self) -> Any:
        try:
            for _ in range(SENT // 65536):
                yield b"x" * 65536
                await asyncio.sleep(0)
        finally:
            self.closed += 1


PIECES = Pieces()
GATE = Concurrency(3)


async def quick(request: Request) -> Response:
    return Response(b"ok")


async def takes(request: Request) -> Response:
    return Response(str(len(await read_body(request, 1 << 20, TIMES.body_s))))


async def large(request: Request) -> Response:
    return Response(b"x" * SENT)


async def stream(request: Request) -> Response:
    return StreamingResponse(PIECES())


async def slow(request: Request) -> Response:
    await asyncio.sleep(0.6)
    return Response(b"slept")


async def fails(request: Request) -> Response:
    raise ValueError("Zebulon Quartermain")


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    async def known(request: Request, error: Exception) -> Response:
        return Response(type(error).__name__, error.status)  # type: ignore[attr-defined]

    routes = [
        Route(f"/{f.__name__}", f, methods=["GET", "POST"])
        for f in (quick, takes, large, stream, slow, fails)
    ]
    app = Starlette(
        routes=[*routes, Route("/healthz", quick)],
        exception_handlers=dict.fromkeys((InputError, RequestTimeout), known),
    )
    around = Around(
        metrics=Metrics(), ongoing=Ongoing(), concurrency=GATE, drain=Drain(), wan_down=lambda: False
    )
    app.add_middleware(Edge, around=around)
    with listening(WithTimes(app, TIMES)) as found:
        yield found


SLOW_HEADS = {
    "half a line": (b"GET / HT",),
    "no end": (b"GET /quick HTTP/1.1\r\nhost: x\r\n",),
    "line after line": (b"GET /quick HTTP/1.1\r\n", *(b"a: b\r\n" for _ in range(9))),
    "after a whole request": (GET, b"GET /quick HTTP/1.1\r\nhost:"),
    "empty lines only": (GET, *(b"\r\n" for _ in range(9))),
}


@pytest.mark.parametrize("pieces", SLOW_HEADS.values(), ids=SLOW_HEADS)
def test_a_head_that_does_not_end_is_given_up(port: int, pieces: tuple[bytes, ...]) -> None:
    begun = time.monotonic()
    answer = exchange(port, *pieces, pause_s=0.1)
    assert time.monotonic() - begun < 2.5
    last = answer[answer.rindex(b"HTTP/1.1 ") :]
    status, headers = head_of(last)
    if pieces[-1] == b"\r\n":
        assert status in (200, 408)  # empty lines begin no request: the open connection may just be closed
        return
    assert status == 408
    assert headers["connection"] == "close"
    assert headers["content-security-policy"]
    assert json.loads(last.split(b"\r\n\r\n", 1)[1])["error"]["code"] == "request_timeout"


def test_silence_is_given_up_without_a_word(port: int) -> None:
    assert exchange(port) == b""
    answer = exchange(port, GET)
    assert answer.count(b"HTTP/1.1 200") == 1


def test_a_long_answer_is_no_silence(port: int) -> None:
    answer = exchange(port, GET.replace(b"quick", b"slow"))
    assert answer.endswith(b"slept")


def test_few_requests_may_wait_behind_another_on_one_connection(port: int) -> None:
    close = GET.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n")
    assert exchange(port, GET * 10 + close).count(b"HTTP/1.1 200") == 11
    begun = time.monotonic()
    flood = exchange(port, GET * 3000)
    assert flood.count(b"HTTP/1.1 200") <= 1
    assert b"HTTP/1.1 400" in flood
    assert time.monotonic() - begun < 2.5


def test_a_body_that_does_not_end_is_given_up(port: int) -> None:
    head = b"POST /takes HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n"
    begun = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(head + b"{")
        answer = connection.recv(65536)
        assert time.monotonic() - begun < 2.5
        assert head_of(answer)[0] == 408


def test_a_body_that_nobody_waits_for_does_not_hold_the_connection(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=9) as connection:
        connection.sendall(GET.replace(b"\r\n\r\n", b"\r\ncontent-length: 9999\r\n\r\n"))
        assert head_of(connection.recv(65536))[0] == 200
        connection.sendall(b"x")
        begun = time.monotonic()
        assert until_closed(connection) in (b"", b"ok")
        assert time.monotonic() - begun < 2.5


@pytest.mark.parametrize("path", [b"large", b"stream"])
def test_an_answer_that_nobody_takes_is_given_up_and_its_source_let_go(port: int, path: bytes) -> None:
    before = PIECES.closed
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(GET.replace(b"quick", path))
        assert connection.recv(100)
        time.sleep(1.2)
        got = len(until_closed(connection))
    assert got < SENT // 2
    if path == b"stream":
        end = time.monotonic() + 3
        while PIECES.closed == before and time.monotonic() < end:
            time.sleep(0.02)
        assert PIECES.closed == before + 1


def test_an_answer_that_is_taken_slowly_arrives_whole(port: int) -> None:
    got = 0
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        connection.sendall(
            GET.replace(b"quick", b"large").replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n")
        )
        while piece := connection.recv(1 << 20):
            got += len(piece)
            if got < 8 << 20:
                time.sleep(0.05)  # about 20 MB a second: slower than it could be sent, faster than too slow
    assert got > SENT > LEAST_TAKEN


def test_above_the_number_at_once_the_next_is_told_so_and_health_still_answers(port: int) -> None:
    waiting = [socket.create_connection(("127.0.0.1", port), timeout=5) for _ in range(3)]
    try:
        for connection in waiting:
            connection.sendall(GET.replace(b"quick", b"slow"))
        end = time.monotonic() + 3
        while GATE.now < 3 and time.monotonic() < end:
            time.sleep(0.01)
        answer = exchange(port, GET)
        status, headers = head_of(answer)
        assert status == 503
        assert int(headers["retry-after"]) >= 1
        assert headers["cache-control"] == "no-store"
        assert "x-should-retry" not in headers
        assert b'"code":"overloaded"' in answer
        assert head_of(exchange(port, GET.replace(b"quick", b"healthz")))[0] == 200
        assert [head_of(connection.recv(65536))[0] for connection in waiting] == [200, 200, 200]
    finally:
        for connection in waiting:
            connection.close()
    assert GATE.now == 0
    assert head_of(exchange(port, GET))[0] == 200


def test_what_nobody_foresaw_is_answered_with_all_headers_and_without_its_text(port: int) -> None:
    answer = exchange(port, GET.replace(b"quick", b"fails"))
    status, headers = head_of(answer)
    assert status == 500
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["x-request-id"].startswith("req_")
    assert b"Quartermain" not in answer


DEEP: list[tuple[bytes, bool]] = [
    (b"[" * DEEPEST + b"]" * DEEPEST, True),
    (b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1), False),
    (b'{"a":' * DEEPEST + b"1" + b"}" * DEEPEST, True),
    (b'{"a":' * (DEEPEST + 1) + b"1" + b"}" * (DEEPEST + 1), False),
    (b'[{"a":' * 33 + b"1" + b"}]" * 33, False),
    (b"[" * 200_000, False),
    (json.dumps({"a": "[{" * 5000 + '"\\'}).encode(), True),
    (json.dumps({"a": ["[" * 100, '\\"' * 99 + "[" * 99]}).encode(), True),
    (json.dumps({"[" * 70: '"' + "]" * 70}).encode(), True),
    (json.dumps([{"role": "user", "content": "x"}] * 3000).encode(), True),
    (b"[" + b"0," * MOST + b"0]", False),
    (b"[" + b'"",' * MOST + b'""]', False),
    (b'"' * (5 * MOST) + b"[" * 100, False),
    (b"", True),
]


@pytest.mark.parametrize(("data", "fine"), DEEP, ids=range(len(DEEP)))
def test_nesting_and_width_are_limited_before_anything_is_parsed(data: bytes, fine: bool) -> None:
    if fine:
        require_plain(data)
        return
    with pytest.raises(InputError):
        require_plain(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet='[]{}",\\:a\n ', max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text('[{"\\', max_size=4), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(JSON, st.integers(0, 70))
def test_depth_is_what_json_itself_says(value: Any, wrapped: int) -> None:
    for _ in range(wrapped):
        value = [value]

    def depth(v: Any) -> int:
        inner = v.values() if isinstance(v, dict) else v if isinstance(v, list) else None
        return 0 if inner is None else 1 + max(map(depth, inner), default=0)

    data = json.dumps(value).encode()
    try:
        require_plain(data)
    except InputError:
        assert depth(value) > DEEPEST
    else:
        assert depth(value) <= DEEPEST


class Keys:
    """An Access that knows two keys."""

    def create(self, name: str, role: str) -> tuple[ApiKey, str]:
        raise AssertionError

    def list(self) -> tuple[ApiKey, ...]:
        return ()

    def revoke(self, key_id: str) -> ApiKey:
        raise AssertionError

    def authenticate(self, secret: str) -> Caller | None:
        return {"one": Caller(key="k1"), "two": Caller(key="k2", role="admin")}.get(secret)


def request(key: str | None = None, address: str = "192.0.2.1", seen: str | None = None) -> Request:
    headers = [(b"host", b"localhost")]
    if key is not None:
        headers.append((b"authorization", f"Bearer {key}".encode()))
    if seen is not None:
        headers.append((b"x-forwarded-for", seen.encode()))
    return Request({"type": "http", "method": "GET", "headers": headers, "client": (address, 1)})


class Door:
    """An admission, asked outside of an event loop."""

    def __init__(self, inner: Admission) -> None:
        self._inner = inner

    def caller(self, asked: Request) -> Caller:
        return asyncio.run(self._inner.caller(asked, "chat"))

    def admin(self, asked: Request) -> Caller:
        return asyncio.run(self._inner.admin(asked))


def admission(*, keys: bool = True, proxy: bool = False, **limits: int) -> Door:
    server = ServerConfig(rate_limit=RateLimitConfig(**limits), behind_tls_proxy=proxy)
    bounds = Bounds(waits=False, patience_s=1.0)
    return Door(Admission(Keys(), server, require_keys=keys, monotonic=lambda: 0.0, bounds=bounds))


def test_each_key_has_a_share_of_its_own_whatever_its_address() -> None:
    door = admission(per_minute=2)
    assert [door.caller(request("one", f"192.0.2.{n}")).key for n in range(2)] == ["k1", "k1"]
    with pytest.raises(RateLimited) as caught:
        door.caller(request("one", "192.0.2.9"))
    assert caught.value.retry_after_s == pytest.approx(30)
    assert door.caller(request("two")).key == "k2"


def test_the_admin_surface_is_counted_apart_and_wants_a_key_where_keys_are_off() -> None:
    door = admission(keys=False, keyless_per_minute=1, admin_per_minute=1)
    assert door.caller(request()).key == "local"
    with pytest.raises(RateLimited):
        door.caller(request())
    assert door.admin(request("two")).role == "admin"
    with pytest.raises(RateLimited):
        door.admin(request("two"))
    with pytest.raises(AuthError):
        door.admin(request())


def test_guesses_are_limited_by_address_and_lock_nobody_out() -> None:
    door = admission(refused_per_minute=3)
    for _ in range(3):
        with pytest.raises(AuthError):
            door.caller(request("wrong"))
    with pytest.raises(RateLimited):
        door.caller(request("wrong"))
    with pytest.raises(RateLimited):
        door.admin(request())
    with pytest.raises(AuthError):
        door.caller(request("wrong", "192.0.2.2"))
    assert door.caller(request("one")).key == "k1"


def test_an_ipv6_network_is_one_caller_and_a_proxys_last_word_counts() -> None:
    door = admission(refused_per_minute=1)
    for address, kind in (
        ("2001:db8::1", AuthError),
        ("2001:db8::2", RateLimited),
        ("2001:db8:0:1::1", AuthError),
    ):
        with pytest.raises(kind):
            door.caller(request("wrong", address))
    proxied = admission(refused_per_minute=1, proxy=True)
    for seen, kind in (
        ("1.2.3.4, 192.0.2.7", AuthError),
        ("9.9.9.9,192.0.2.7", RateLimited),
        ("192.0.2.8", AuthError),
    ):
        with pytest.raises(kind):
            proxied.caller(request("wrong", seen=seen))
    direct = admission(refused_per_minute=1)
    for seen, kind in (("192.0.2.7", AuthError), ("192.0.2.8", RateLimited)):
        with pytest.raises(kind):
            direct.caller(request("wrong", seen=seen))


def test_where_one_stands_goes_with_the_request() -> None:
    door, asked = admission(per_minute=5), request("one")
    door.caller(asked)
    assert asked.scope[STANDING].remaining == 4


def test_a_database_of_keys_that_hangs_stops_one_request_and_no_other() -> None:
    class Hanging(Keys):
        def authenticate(self, secret: str) -> Caller | None:
            time.sleep(0.5)
            return None

    bounds = Bounds(waits=True, patience_s=0.05)
    inner = Admission(Hanging(), ServerConfig(), require_keys=True, monotonic=lambda: 0.0, bounds=bounds)

    async def both() -> float:
        begun = time.monotonic()
        waiting = asyncio.ensure_future(inner.caller(request("one"), "chat"))
        await asyncio.sleep(0.01)
        meanwhile = time.monotonic() - begun
        with pytest.raises(GuardUnavailable):
            await waiting
        return meanwhile

    assert asyncio.run(both()) < 0.3
