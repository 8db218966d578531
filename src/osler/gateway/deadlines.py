"""Time limits of what a request waits for, with one timer for all of them.

`asyncio.timeout` sets a timer of the loop for each use and takes it away again, several times a request, and almost
none of them ever rings. Here a use is an entry in a set; the loop has one timer, for the earliest of them.
"""

import asyncio
import math
import threading
from types import TracebackType


def within(seconds: float) -> "Limit":
    """As `asyncio.timeout(seconds)`, but with a plain `with`: what is awaited in it is cancelled when time is up.

    Raises TimeoutError then.
    """
    return Limit(_HERE, seconds)


class _Deadlines(threading.local):
    """The limits of this thread's event loop. When there is another loop, as in tests, it begins anew."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._open: set[Limit] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._rings = math.inf

    def begin(self, limit: "Limit") -> None:
        """From now on this limit holds."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._timer, self._rings = loop, None, math.inf
            self._open.clear()
        limit.at = loop.time() + limit.seconds
        self._open.add(limit)
        if limit.at < self._rings:
            self._set(loop, limit.at)

    def end(self, limit: "Limit") -> None:
        """It holds no more. Its timer stays: it rings in vain, or for who comes after."""
        self._open.discard(limit)

    def _set(self, loop: asyncio.AbstractEventLoop, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._rings, self._timer = at, loop.call_at(at, self._ring, loop)

    def _ring(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer, self._rings = None, math.inf
        now = loop.time()
        for limit in [limit for limit in self._open if limit.at <= now]:
            self._open.discard(limit)
            limit.expire()
        if self._open:
            # The loop's clock is coarse: a timer for this very moment would ring before the moment is over.
            self._set(loop, max(now + 0.001, min(limit.at for limit in self._open)))


class Limit:
    """One use of a limit."""

    __slots__ = ("_cancelling", "_deadlines", "_task", "at", "expired", "seconds")

    def __init__(self, deadlines: _Deadlines, seconds: float) -> None:
        self._deadlines = deadlines
        self._task: asyncio.Task[object] | None = None
        self._cancelling = 0
        self.seconds = seconds
        self.at = math.inf
        self.expired = False
        """Whether the time was up before the work was done."""

    def expire(self) -> None:
        """The time is up."""
        self.expired = True
        if self._task is not None:
            self._task.cancel()

    def __enter__(self) -> "Limit":
        task = self._task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a time limit needs a task")
        self._cancelling = task.cancelling()
        self._deadlines.begin(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._deadlines.end(self)
        # As asyncio.timeout: when somebody else cancelled the task too, it stays cancelled.
        if self.expired and self._task is not None:
            others = self._task.uncancel() > self._cancelling
            if not others and kind is asyncio.CancelledError:
                raise TimeoutError from error


_HERE = _Deadlines()
