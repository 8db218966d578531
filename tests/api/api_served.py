"""An ASGI application on a real socket, in a thread of this process, through Osler's own protocol class."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import uvicorn

from osler.api.protocol import TIMEOUTS, LimitedHttp
from osler.gateway.config import TimeoutsConfig


class WithTimes:
    """An application that has no life span of its own, with timeouts where the protocol looks for them."""

    def __init__(self, app: Any, times: TimeoutsConfig) -> None:
        self._app = app
        self._times = times

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        await receive()
        scope["state"][TIMEOUTS] = self._times
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})


@contextlib.contextmanager
def listening(app: Any) -> Iterator[int]:
    """The port that the application listens on until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(
            app, http=LimitedHttp, ws="none", log_config=None, access_log=False, server_header=False,
            lifespan="on", timeout_graceful_shutdown=1,
        )  # fmt: skip
        server = uvicorn.Server(config)

        def serve() -> None:
            asyncio.run(server._serve([listener]))  # without catching signals, which only a main thread may

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        end = time.monotonic() + 10
        while not server.started:
            assert time.monotonic() < end, "the server did not start"
            assert thread.is_alive(), "the server ended"
            time.sleep(0.01)
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(10)
            assert not thread.is_alive(), "the server does not stop"


def exchange(port: int, *pieces: bytes, pause_s: float = 0.0, seconds: float = 5.0) -> bytes:
    """Send pieces, with a pause after each, and read until the other side closes (or so many seconds)."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        for piece in pieces:
            with contextlib.suppress(OSError):
                connection.sendall(piece)
            time.sleep(pause_s)
        return until_closed(connection)


def until_closed(connection: socket.socket) -> bytes:
    """What comes until the other side closes; TimeoutError when it stays open."""
    got = bytearray()
    with contextlib.suppress(ConnectionError):
        while piece := connection.recv(65536):
            got += piece
    return bytes(got)


def head_of(answer: bytes) -> tuple[int, dict[str, str]]:
    """Status and headers of a raw answer; names in lower case."""
    first, *rest = answer.split(b"\r\n\r\n", 1)[0].decode().split("\r\n")
    pairs = (line.partition(":") for line in rest)
    return int(first.split()[1]), {name.lower(): value.strip() for name, _, value in pairs}
