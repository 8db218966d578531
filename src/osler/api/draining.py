"""Stopping: whoever asks whether this process is ready is told no at once, while what is under way goes on to its end.

    open ── SIGTERM ──▶ leaving ── server.drain_wait_s later ──▶ closed ── server.drain_s at most ──▶ the process ends

While it is leaving it still answers, so that load balancers have the time to notice. Once it is closed no
connection is taken any more, and a request that still comes on an open one is told to go elsewhere. A second signal
closes it at once.
"""

import asyncio
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from osler.api.logs import log
from osler.core.errors import Overloaded


class Drain:
    """Whether this process stops. `leaving`: it does, or will; `closed`: it takes nothing more."""

    def __init__(self) -> None:
        self.leaving = False
        self.closed = False

    def require_open(self) -> None:
        """Raise Overloaded where nothing more is taken."""
        if self.closed:
            raise Overloaded(
                "The server is stopping and takes no more requests.",
                remedy="Try again in a moment: another server, or this one once it is back, answers.",
            )


def drain_on_stop(drain: Drain, wait_s: float) -> Callable[[], None]:
    """Begin to drain when a signal wants the process to stop, and hand the signal on `wait_s` later; what ends that.

    Ctrl-C is handed on at once. Does nothing outside of a main thread, which gets no signals.
    """
    if threading.current_thread() is not threading.main_thread():
        return lambda: None
    loop = asyncio.get_running_loop()
    before: dict[int, Any] = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def hand_on(signum: int, frame: FrameType | None) -> None:
        drain.closed = True
        then = before[signum]
        if callable(then):
            then(signum, frame)

    def begin(signum: int, frame: FrameType | None) -> None:
        first, drain.leaving = not drain.leaving, True
        if first and signum == signal.SIGTERM and wait_s > 0:
            loop.call_soon_threadsafe(_later, loop, wait_s, lambda: hand_on(signum, None))
        else:
            hand_on(signum, frame)

    for number, then in before.items():
        if callable(then):
            signal.signal(number, begin)

    def stop() -> None:
        for number, then in before.items():
            if callable(then):
                signal.signal(number, then)

    return stop


def _later(loop: asyncio.AbstractEventLoop, wait_s: float, work: Callable[[], None]) -> None:
    log.info("leaving", wait_s=wait_s)
    loop.call_later(wait_s, work)
