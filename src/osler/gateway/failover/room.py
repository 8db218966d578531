"""Places at destinations, and the queue for them.

A destination with `max_concurrent` has so many places in this process. Who finds none waits: the critical before the
interactive before batches, then who came first. A queue that is full refuses, or lets go of its least urgent; who waits
too long is told so. Belongs to one event loop.
"""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from osler.core.clock import Clock
from osler.core.errors import Congested
from osler.core.messages import Latency
from osler.core.models import Destination
from osler.gateway.config import QueueConfig
from osler.gateway.observe import Observer

_URGENCY: dict[Latency, int] = {"critical": 0, "interactive": 1, "batch": 2}
_SMOOTHING = 0.1
_LONGEST_RETRY_S = 60.0
Why = Literal["full", "late"]


@dataclass(slots=True, eq=False)
class _Waiter:
    names: frozenset[str]
    urgency: int
    place: "asyncio.Future[str]" = field(repr=False)


class Room:
    """Who is at which destination, and who waits."""

    def __init__(self, config: QueueConfig, clock: Clock, observer: Observer) -> None:
        self._config = config
        self._clock = clock
        self._observer = observer
        self._at: dict[str, int] = {}
        self._most: dict[str, int] = {}
        self._waiting: tuple[dict[_Waiter, None], ...] = tuple({} for _ in _URGENCY)
        self._held_s = 1.0  # how long a place is kept, smoothed

    def at(self, name: str) -> int:
        """Requests that are at a destination."""
        return self._at.get(name, 0)

    @property
    def waiting(self) -> int:
        """Requests that wait."""
        return sum(map(len, self._waiting))

    def waiting_for(self, name: str) -> int:
        """Requests that would take a place at this destination."""
        return sum(name in waiter.names for queue in self._waiting for waiter in queue)

    def has_place(self, destination: Destination) -> bool:
        """Whether one more may go there now. Nobody passes those who wait for it."""
        most = destination.max_concurrent
        return most is None or self._at.get(destination.name, 0) < most

    def enter(self, destination: Destination) -> None:
        """Take a place."""
        name = destination.name
        self._at[name] = self._at.get(name, 0) + 1
        if destination.max_concurrent is not None:
            self._most[name] = destination.max_concurrent

    def leave(self, name: str, held_s: float) -> None:
        """Give a place back after so many seconds: whoever waits for it has it at once."""
        self._held_s += _SMOOTHING * (held_s - self._held_s)
        for queue in self._waiting:
            for waiter in queue:
                if name in waiter.names:
                    del queue[waiter]
                    waiter.place.set_result(name)
                    return
        self._at[name] -= 1

    async def wait(self, destinations: Sequence[Destination], latency: Latency, longest_s: float) -> str:
        """Wait for a place at any of them and take it: its name. Raises Congested."""
        names = frozenset(d.name for d in destinations)
        waiter = _Waiter(names, _URGENCY[latency], asyncio.get_running_loop().create_future())
        if self.waiting >= self._config.waiting and not self._let_go(waiter.urgency):
            raise self._congested("full")
        queue = self._waiting[waiter.urgency]
        queue[waiter] = None
        try:
            await asyncio.wait({waiter.place}, timeout=min(longest_s, self._config.deadline_s))
        except asyncio.CancelledError:
            if waiter.place.done() and waiter.place.exception() is None:
                self.leave(waiter.place.result(), self._held_s)
            raise
        finally:
            queue.pop(waiter, None)
        if not waiter.place.done():
            raise self._congested("late")
        return waiter.place.result()

    def _let_go(self, urgency: int) -> bool:
        """Refuse the last of the least urgent, so that a more urgent one can wait; False where there is none."""
        for worse in range(len(self._waiting) - 1, urgency, -1):
            if queue := self._waiting[worse]:
                waiter, _ = queue.popitem()
                waiter.place.set_exception(self._congested("full"))
                return True
        return False

    def _congested(self, why: Why) -> Congested:
        self._observer.shed(why)
        places = sum(self._most.values()) or 1
        after = (self.waiting + 1) * self._held_s / places
        what = "too many wait for them already" if why == "full" else "this request waited in vain"
        return Congested(
            f"The model servers that may take this request are busy, and {what}.",
            remedy="Try again as retry-after says; raise max_concurrent or gateway.queue, or add a server.",
            retry_after_s=min(_LONGEST_RETRY_S, max(1.0, math.ceil(after))),
        )
