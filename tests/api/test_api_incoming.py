"""Bodies within their limit, refusals that reach who is still sending, and work that ends with its caller."""

import asyncio
from typing import Any

import pytest
from starlette.requests import ClientDisconnect, Request

from osler.api import incoming, wire
from osler.core.errors import AuthError, GuardUnavailable, InputError, TooLarge, UnsupportedFormat
from osler.core.messages import Caller as Sender

LIMIT = 10


class Caller:
    """The receiving end of a connection: pieces of a body, then silence, or the news of a hang-up."""

    def __init__(
        self, *pieces: bytes, whole: bool = True, headers: tuple[tuple[bytes, bytes], ...] = ()
    ) -> None:
        self._left = [
            {"type": "http.request", "body": piece, "more_body": not whole or at + 1 < len(pieces)}
            for at, piece in enumerate(pieces)
        ]
        self.gone = asyncio.Event()
        self.taken = 0
        scope = {"type": "http", "method": "POST", "headers": list(headers)}
        self.request = Request(scope, self._receive)

    async def _receive(self) -> Any:
        if self._left:
            self.taken += 1
            return self._left.pop(0)
        await self.gone.wait()
        return {"type": "http.disconnect"}


@pytest.mark.parametrize(
    "pieces", [(b"",), (b"0123456789",), (b"01234", b"56789"), (b"", b"0123456789", b"")]
)
def test_a_body_within_the_limit_is_read_whole(pieces: tuple[bytes, ...]) -> None:
    async def main() -> bytes:
        return await incoming.read_body(Caller(*pieces).request, LIMIT, 5.0)

    assert asyncio.run(main()) == b"".join(pieces)


@pytest.mark.parametrize("pieces", [(b"0123456789a",), (b"0123456789", b"a", b"b", b"c"), (b"x" * 99,) * 5])
def test_a_larger_one_is_refused_after_all_of_it_was_taken(pieces: tuple[bytes, ...]) -> None:
    async def main() -> None:
        caller = Caller(*pieces)
        with pytest.raises(TooLarge):
            await asyncio.wait_for(incoming.read_body(caller.request, LIMIT, 5.0), 2)
        assert caller.taken == len(pieces)

    asyncio.run(main())


def test_nobody_is_listened_to_without_end() -> None:
    async def main() -> None:
        caller = Caller(*[b"x" * (1 << 20)] * 40)
        with pytest.raises(TooLarge):
            await incoming.read_body(caller.request, LIMIT, 5.0)
        assert caller.taken < 20

    asyncio.run(main())


def test_a_compressed_body_is_refused_by_name() -> None:
    async def main() -> None:
        caller = Caller(b"{}", headers=((b"content-encoding", b"gzip"),))
        with pytest.raises(UnsupportedFormat, match="compressed"):
            await incoming.read_body(caller.request, LIMIT, 5.0)

    asyncio.run(main())


def test_a_caller_who_hangs_up_while_sending_is_no_fault() -> None:
    async def main() -> None:
        caller = Caller(b"half", whole=False)
        caller.gone.set()
        with pytest.raises(ClientDisconnect):
            await incoming.read_body(caller.request, LIMIT, 5.0)

    asyncio.run(main())


class Work:
    """Something that takes as long as it is let, and cleans up when it is cancelled."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.cleaned = False

    async def run(self) -> str:
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0.01)
            self.cleaned = True
            raise
        return "done"


def test_work_is_given_up_when_its_caller_hangs_up() -> None:
    async def main() -> None:
        caller, work = Caller(b""), Work()
        asyncio.get_running_loop().call_later(0.02, caller.gone.set)
        with pytest.raises(ClientDisconnect):
            await asyncio.wait_for(incoming.while_connected(caller.request, work.run()), 2)
        assert work.cleaned

    asyncio.run(main())


def test_work_that_is_done_in_time_is_returned_and_its_error_raised() -> None:
    async def main() -> None:
        work = Work()
        work.go.set()
        assert await incoming.while_connected(Caller(b"").request, work.run()) == "done"

        async def broken() -> None:
            raise InputError("No.")

        with pytest.raises(InputError):
            await incoming.while_connected(Caller(b"").request, broken())
        await asyncio.sleep(0)  # whoever waited for the connection's end is told in the loop's next turn
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(main())


def test_a_server_that_stops_says_so_once_the_work_has_cleaned_up() -> None:
    async def main() -> None:
        work = Work()
        task = asyncio.ensure_future(incoming.while_connected(Caller(b"").request, work.run()))
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(GuardUnavailable, match="stopping"):
            await task
        assert work.cleaned

    asyncio.run(main())


def test_own_headers_are_taken_once() -> None:
    pairs = [("X-Osler-Patient", "a"), ("x-osler-patient", "a"), ("x-other", "1"), ("x-other", "2")]
    assert wire.own_headers(pairs) == {"x-osler-patient": "a"}
    with pytest.raises(InputError, match="twice"):
        wire.own_headers([("x-osler-patient", "a"), ("X-Osler-Patient", "b")])


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("seed", 10**30), ("seed", -(2**63) - 1), ("seed", 1.5), ("seed", True), ("max_tokens", 0), ("max_tokens", -1),
        ("max_tokens", 2.5), ("max_completion_tokens", "5"), ("temperature", "hot"), ("temperature", True),
        ("temperature", 1e308), ("top_p", [1]), ("reasoning_effort", 3), ("reasoning_effort", "x" * 17),
    ],
)  # fmt: skip
def test_a_setting_that_no_server_takes_is_refused_by_name(key: str, value: object) -> None:
    body = {"messages": [{"role": "user", "content": "hi"}], key: value}
    with pytest.raises(InputError) as caught:
        wire.chat_request(body, {}, Sender(), "req_1")
    assert caught.value.param == key


HERE = ["", "localhost", "LOCALHOST:8080", "127.0.0.1:8080", "127.3.2.1", "[::1]:8080", "0.0.0.0:8080"]
ELSEWHERE = [
    "evil.example",
    "evil.example:8080",
    "localhost.evil.example",
    "10.0.0.5:8080",
    "[::2]",
    "[",
    "x",
    "127.0.0.1.nip.io",
]


def named(host: str, origin: str | None = None) -> Request:
    headers = [(b"host", host.encode())] if host else []
    if origin is not None:
        headers.append((b"origin", origin.encode()))
    return Request({"type": "http", "method": "POST", "headers": headers})


@pytest.mark.parametrize("host", HERE)
def test_without_keys_this_machine_is_served(host: str) -> None:
    incoming.require_local(named(host))
    incoming.require_local(named(host, "http://localhost:3000"))


@pytest.mark.parametrize("host", ELSEWHERE)
def test_without_keys_no_web_page_of_another_site_is_served(host: str) -> None:
    with pytest.raises(AuthError, match="on this machine"):
        incoming.require_local(named(host))
    with pytest.raises(AuthError, match="on this machine"):
        incoming.require_local(named("127.0.0.1:8080", f"https://{host}"))


@pytest.mark.parametrize("origin", ["null", "", "file://"])
def test_nor_one_that_hides_its_origin(origin: str) -> None:
    with pytest.raises(AuthError):
        incoming.require_local(named("localhost", origin))
