"""One call of one model server. Before its first real piece nothing of it is given out: another may still take over."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Literal

from osler.core.clock import Clock
from osler.core.errors import OslerError, UpstreamError, UpstreamTimeout
from osler.core.messages import Delta
from osler.gateway.deadlines import within
from osler.gateway.router import Target

Outcome = Literal["begun", "answered", "failed", "given up"]
Told = Callable[["Attempt", Outcome, UpstreamError | None], None]
FIRST_LOOK_S = 60.0
"""How long a stream has been waited for when its pace is looked at first."""


def is_real(delta: Delta) -> bool:
    """Whether a piece says anything: some servers begin with empty ones long before they answer."""
    return bool(delta.text or delta.finish or delta.tools or delta.refusal or delta.reasoning)


class Attempt:
    """A call that is made. `told` hears once that it began, and once how it ended.

    Use: `begin`, then `pieces`, and `close` whatever happens. `stream`: it is given out from its first piece on, a
    plain answer only when it is whole. `probe`: it tries an open breaker.
    """

    def __init__(
        self,
        target: Target,
        answer: AsyncGenerator[Delta, None],
        clock: Clock,
        told: Told,
        *,
        stream: bool,
        probe: bool,
    ) -> None:
        self.target = target
        self.probe = probe
        self.started = clock.monotonic()
        self.waited_s = 0.0
        """Seconds of it in which the server was waited for."""
        self._answer = answer
        self._clock = clock
        self._told = told
        self._stream = stream
        self._held: list[Delta] = []
        self._ended = False

    def elapsed_s(self) -> float:
        """Seconds since it was made."""
        return self._clock.monotonic() - self.started

    async def begin(self, within_s: float, why: str) -> None:
        """Wait until it can be given out. UpstreamError when it fails or takes too long; `why` says what to do then."""
        try:
            with within(within_s):
                async for delta in self._answer:
                    self._held.append(delta)
                    if self._stream and is_real(delta):
                        break
        except TimeoutError:
            late = UpstreamTimeout(
                f"The model server '{self.target.destination.name}' did not begin to answer within {within_s:g} s.",
                remedy=why,
            )
            self._fail(late)
            raise late from None
        except UpstreamError as error:
            self._fail(error)
            raise
        finally:
            self.waited_s = self.elapsed_s()
        self._told(self, "begun", None)

    def whole(self) -> Sequence[Delta]:
        """All pieces of a plain answer, which is whole once it has begun."""
        self._end("answered", None)
        return self._held

    async def pieces(self, slowest: float) -> AsyncGenerator[Delta, None]:
        """All pieces of a stream, those held first. `slowest`: characters a second that must come on average."""
        length = sum(map(_length, self._held))
        for delta in self._held:
            yield delta
        waited, clock = 0.0, self._clock.monotonic
        asked = clock()
        try:
            async for delta in self._answer:
                # Only the time that the server took: a slow reader makes no slow server.
                took = clock() - asked
                waited += took
                self.waited_s += took
                length += _length(delta)
                if waited > FIRST_LOOK_S and length < slowest * waited:
                    raise _crawling(self.target.destination.name)
                yield delta
                asked = clock()
        except UpstreamError as error:
            self._fail(error)
            raise
        self._end("answered", None)

    async def close(self) -> None:
        """End the call, if it has not ended."""
        self._end("given up", None)
        await self._answer.aclose()

    def _fail(self, error: UpstreamError) -> None:
        self.waited_s = self.waited_s or self.elapsed_s()
        self._end("failed", error)

    def _end(self, outcome: Outcome, error: UpstreamError | None) -> None:
        if not self._ended:
            self._ended = True
            self._told(self, outcome, error)


async def race(
    first: Attempt, second: Callable[[], Attempt | None], *, after_s: float, within_s: float, why: str
) -> Attempt:
    """The one that begins to answer first; the other is ended.

    `second` makes the second call once the first has been silent for `after_s`, or nothing. The first one's error is
    raised when both fail.
    """
    leader = asyncio.ensure_future(first.begin(within_s, why))
    running = {leader: first}
    winner: Attempt | None = None
    try:
        await asyncio.wait({leader}, timeout=after_s)
        if not leader.done() and (other := second()) is not None:
            running[asyncio.ensure_future(other.begin(within_s, why))] = other
        waiting = set(running)
        while waiting:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            won = [task for task in running if task in done and task.exception() is None]
            if won:
                winner = running[won[0]]
                return winner
        leader.result()
        raise RuntimeError("a race without an end")
    finally:
        losers = [task for task, attempt in running.items() if attempt is not winner]
        for task in losers:
            task.cancel()
        await asyncio.gather(*losers, return_exceptions=True)
        for task in losers:
            await running[task].close()


def _length(delta: Delta) -> int:
    tools = sum(len(t.arguments) + len(t.name) for t in delta.tools) if delta.tools else 0
    return len(delta.text) + len(delta.reasoning) + len(delta.refusal) + tools


def _crawling(destination: str) -> OslerError:
    return UpstreamTimeout(
        f"The stream of the model server '{destination}' came too slowly and was given up.",
        remedy="Look into the server's log, or lower gateway.retries.slowest.",
    )
