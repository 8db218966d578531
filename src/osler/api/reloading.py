"""Reloads as a served process sees them: the signal, the other processes, and the platform that a request stays with.

SIGHUP reloads. With several worker processes it is sent to the process that started them, which hands it on to each;
each then reloads for itself. `POST /admin/reload` does it in the process that it reached, and if that went well it
has all of them told.
"""

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from osler.api.logs import log
from osler.app.live import Live
from osler.app.reload import Reloaded, Reloader
from osler.core.errors import OslerError

BY_SIGNAL = {"key": "signal", "role": "operator"}
"""Who wanted it, as the audit record names them: whoever may send this process a signal."""


class OnePlatform:
    """ASGI middleware: a request is answered by one platform from its start to its end."""

    def __init__(self, app: Any, live: Live) -> None:
        self._app = app
        self._live = live

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        async with self._live.request():
            await self._app(scope, receive, send)


def reload_on_hangup(reloader: Reloader) -> Callable[[], None]:
    """Reload whenever SIGHUP comes; what ends that. Does nothing outside of a main thread, which gets no signals."""
    if threading.current_thread() is not threading.main_thread():
        return lambda: None
    loop = asyncio.get_running_loop()
    tasks: set[asyncio.Task[None]] = set()

    def begin() -> None:
        task = loop.create_task(_reload(reloader))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    def hung_up(signum: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(begin)

    def stop() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # one that comes while it drains must not end it

    # Not the loop's own add_signal_handler: uvloop crashes when uvicorn's handlers stand beside it.
    signal.signal(signal.SIGHUP, hung_up)
    # The process that starts workers blocks it for them, lest one that comes before this line ends them.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})
    return stop


def tell_others() -> bool:
    """Have the other worker processes of this machine reload too; whether there are any."""
    if os.environ.get("OSLER_WORKER") != "1":
        return False
    os.kill(os.getppid(), signal.SIGHUP)
    return True


def note(done: Reloaded) -> None:
    """A line in the log."""
    log.info("configuration activated", config=done.new, before=done.old, changed=" ".join(done.changed))


async def _reload(reloader: Reloader) -> None:
    try:
        note(await reloader.reload(BY_SIGNAL))
    except OslerError as error:
        log.error("configuration refused", error=str(error))
