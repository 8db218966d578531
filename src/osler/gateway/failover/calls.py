"""The calls of one request, until one answers: which server, when again, when a second one, when not at all."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from random import Random

from osler.core.clock import Clock
from osler.core.errors import (
    PolicyRefused,
    UpstreamError,
    UpstreamRefused,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from osler.core.messages import Delta, Latency
from osler.core.models import Destination, Place
from osler.core.ports.completer import Completer, ModelCall
from osler.gateway.config import GatewayConfig
from osler.gateway.failover.attempt import Attempt, Outcome, race
from osler.gateway.failover.breaker import Breaker, State
from osler.gateway.failover.budget import Budget, pause_s
from osler.gateway.failover.course import AGAINST, Balance, Course, preferred
from osler.gateway.failover.paces import Paces
from osler.gateway.failover.room import Room
from osler.gateway.failover.trail import Attempted, Trail
from osler.gateway.failover.wan import Wan
from osler.gateway.observe import Observer
from osler.gateway.router import Target
from osler.gateway.upstream import pieces

_SLOW_SHARE = 0.95
_LATE = "Look into the server's log, or raise gateway.retries.first_piece_s, deadline_s or the destination's timeout_s."


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetState:
    """How a model at a destination stands. `retry_s`: until it may be asked again, 0 where it may now.

    `in_flight` and `waiting` are requests at, and waiting for, the destination as a whole.
    """

    destination: str
    model: str
    breaker: State
    retry_s: float
    in_flight: int
    waiting: int


def _always(_: Target) -> bool:
    return True


class Failover:
    """Calls model servers. One per process, for one event loop; what it learns of servers it keeps.

    `completers` are the backends by destination, `destinations` all that are configured, `options` the table
    `[gateway]`.
    """

    def __init__(
        self,
        completers: Mapping[str, Completer],
        destinations: Sequence[Destination],
        options: GatewayConfig,
        observer: Observer,
        clock: Clock,
        rng: Random | None = None,
    ) -> None:
        self._completers = completers
        self._destinations = tuple(destinations)
        self._options = options
        self._observer = observer
        self._clock = clock
        self._rng = rng or Random()  # noqa: S311 - jitter, no secret
        self._breakers: dict[str, Breaker] = {}
        self._faults: dict[str, UpstreamError] = {}
        self._paces = Paces()
        self._retries = Budget(options.retries.budget)
        self._hedges = Budget(options.hedging.share)
        self._room = Room(options.queue, clock, observer)
        self._balance = Balance(self._room.at)
        away = (d.name for d in destinations if d.place is not Place.ON_PREMISES)
        clouds = {name: completers[name] for name in away if name in completers}
        self._wan = Wan(options.wan, clouds, clock, observer)

    @property
    def wan_down(self) -> bool:
        """Whether clouds are left out: they cannot be reached, or the configuration says so."""
        return self._wan.down

    def latency_of(self, target: Target) -> float | None:
        """The usual time until a target's streams begin, else until its plain answers are there, in seconds.

        None before twenty were seen.
        """
        streamed = self._paces.quantile(target.name, 0.5, stream=True)
        return streamed if streamed is not None else self._paces.quantile(target.name, 0.5, stream=False)

    def states(self) -> list[TargetState]:
        """How each model stands, in configured order."""
        now, room = self._clock.monotonic(), self._room
        return [
            TargetState(
                destination=d.name,
                model=m.name,
                breaker=known.state if (known := self._breakers.get(f"{d.name}/{m.name}")) else "closed",
                retry_s=known.wait_s(now) if known else 0.0,
                in_flight=room.at(d.name),
                waiting=room.waiting_for(d.name),
            )
            for d in self._destinations
            for m in d.models
        ]

    async def aclose(self) -> None:
        """Stop what runs beside requests."""
        await self._wan.aclose()

    async def calls(
        self,
        targets: Sequence[Target],
        make_call: Callable[[Target], ModelCall],
        *,
        stream: bool,
        latency: Latency = "interactive",
        wait_s: float | None = None,
        permitted: Callable[[Target], bool] = _always,
        trail: Trail | None = None,
    ) -> AsyncGenerator[tuple[Target, Delta], None]:
        """The answer's pieces, each with the target that gave it, which is the same one for all.

        `targets` stand in the order of preference, `wait_s` is the time that the request has left, `permitted` is asked
        right before each call, `trail` is filled with what was tried. Raises UpstreamError (UpstreamRefused where the
        request is at fault), Congested, PolicyRefused.
        """
        retries = self._options.retries
        now = self._clock.monotonic()
        course = Course(
            targets=targets,
            make_call=make_call,
            stream=stream,
            latency=latency,
            deadline=now + min(retries.deadline_s, wait_s if wait_s is not None else retries.deadline_s),
            hurried=wait_s is not None,
            permitted=permitted,
            trail=trail if trail is not None else [],
        )
        self._retries.earn()
        if latency == "critical":
            self._hedges.earn()
        self._wan.tick()
        while True:
            attempt = await self._attempt(course)
            try:
                try:
                    attempt = await self._begun(course, attempt)
                except UpstreamRefused:
                    raise
                except UpstreamError:
                    continue
                if not stream:
                    for delta in attempt.whole():
                        yield attempt.target, delta
                    return
                async with aclosing(attempt.pieces(retries.slowest)) as given:
                    async for delta in given:
                        yield attempt.target, delta
                return
            finally:
                await attempt.close()

    async def _attempt(self, course: Course) -> Attempt:
        """The next call, made. Raises what is to be said where there is none."""
        while True:
            target, placed = await self._next(course)
            if not course.permitted(target):
                course.forbid(target)
            elif not placed or self._breaker(target).admits(self._clock.monotonic()):
                if not placed:
                    self._room.enter(target.destination)
                return self._made(course, target)
            if placed:
                self._room.leave(target.destination.name, 0.0)

    async def _next(self, course: Course) -> tuple[Target, bool]:
        """The target to try, and whether a place there is taken already. Waits for one where all are busy."""
        while True:
            now = self._clock.monotonic()
            able = [t for t in course.targets if self._may(course, t, now)]
            if not able or now >= course.deadline:
                raise self._nothing_left(course, now)
            best = preferred(able, course.tries, self._room.has_place)
            if not best:
                places, left = [t.destination for t in able], course.deadline - now
                name = await self._room.wait(places, course.latency, left)
                return next(t for t in able if t.destination.name == name), True
            target = self._balance.pick(best)
            if not course.tries or await self._is_due(course, target):
                return target, False

    def _may(self, course: Course, target: Target, now: float) -> bool:
        return (
            target.name not in course.done
            and self._wan.allows(target.destination.place)
            and self._breaker(target).admits(now)
        )

    async def _is_due(self, course: Course, target: Target) -> bool:
        """Whether it may be tried now. A retry costs a pause and some of the budget; then all is looked at anew."""
        tries = course.tries.get(target.name, 0)
        if course.paused.get(target.name, 0) == tries:
            return True
        retries, now = self._options.retries, self._clock.monotonic()
        asked = course.last.retry_after_s if course.last is not None else None
        pause = max(pause_s(tries, retries.base_s, retries.longest_s, self._rng), asked or 0.0)
        if now + pause >= course.deadline or not self._retries.take(now):
            course.done.add(target.name)
            return False
        self._observer.retried(target.name)
        await asyncio.sleep(pause)
        course.paused[target.name] = tries
        return False

    def _made(self, course: Course, target: Target) -> Attempt:
        """Make the call; its place is taken."""
        now = self._clock.monotonic()
        name = target.name
        course.tries[name] = course.tries.get(name, 0) + 1
        destination = target.destination.name
        probe = self._breaker(target).begin(now)

        def told(attempt: Attempt, outcome: Outcome, error: UpstreamError | None) -> None:
            self._told(course, attempt, outcome, error)

        call = course.make_call(target)
        if course.hurried:
            call = replace(call, wait_s=max(0.001, course.deadline - now))
        answer = pieces(self._completers[destination], call, stream=course.stream, destination=destination)
        return Attempt(target, answer, self._clock, told, stream=course.stream, probe=probe)

    async def _begun(self, course: Course, attempt: Attempt) -> Attempt:
        """The call that began to answer: the one made, or a second one that was faster."""
        left = max(0.0, course.deadline - self._clock.monotonic())
        within = left
        if course.stream and self._has_another(course, attempt.target):
            within = min(left, self._options.retries.first_piece_s)
        after = self._hedge_after_s(course, attempt.target)
        if after is None:
            await attempt.begin(within, _LATE)
            return attempt
        second: list[Attempt] = []

        def make() -> Attempt | None:
            second.extend(self._second(course, attempt.target))
            return second[0] if second else None

        won = await race(attempt, make, after_s=after, within_s=within, why=_LATE)
        if second:
            self._observer.hedged(second[0].target.name, won=won is second[0])
        return won

    def _has_another(self, course: Course, target: Target) -> bool:
        """Whether a silent server can be left for another one; else it is worth waiting for."""
        if len(course.targets) == 1:
            return False
        now = self._clock.monotonic()
        for other in course.targets:
            if other is not target and other.name not in course.tries and self._may(course, other, now):
                return True
        return False

    def _hedge_after_s(self, course: Course, target: Target) -> float | None:
        """How long the first server may be silent before a second is asked; None where none will be."""
        if course.latency != "critical" or len(course.targets) < 2 or not self._options.hedging.share:
            return None
        after_ms = self._options.hedging.after_ms
        return (
            after_ms / 1000
            if after_ms is not None
            else (self._paces.quantile(target.name, _SLOW_SHARE, stream=course.stream))
        )

    def _second(self, course: Course, first: Target) -> list[Attempt]:
        """A second call, where another target may take it at once and the share allows it."""
        now = self._clock.monotonic()
        others = [t for t in course.targets if t.name != first.name and self._may(course, t, now)]
        best = preferred(others, course.tries, self._room.has_place)
        if not best:
            return []
        target = self._balance.pick(best)
        if not course.permitted(target) or not self._hedges.take(now):
            return []
        self._room.enter(target.destination)
        return [self._made(course, target)]

    def _told(self, course: Course, attempt: Attempt, outcome: Outcome, error: UpstreamError | None) -> None:
        """What a call says of its server, and of the request."""
        now, target = self._clock.monotonic(), attempt.target
        name = target.destination.name
        if outcome == "begun":
            self._paces.note(target.name, now - attempt.started, stream=course.stream)
            self._observer.began(target.name, now - attempt.started, stream=course.stream)
            self._wan.reached(name)
            self._breaker(target).answered(now, probe=attempt.probe)
            attempt.probe = False
            return
        self._room.leave(name, now - attempt.started)
        if error is not None:
            self._failed(course, attempt, error, now)
        elif outcome == "given up":
            self._breaker(target).given_up(probe=attempt.probe)
        course.trail.append(
            Attempted(
                destination=name,
                model=target.model.name,
                outcome=error.fault if error is not None else outcome,
                ms=round((now - attempt.started) * 1000),
                begun_s=attempt.started,
                ended_s=now,
                waited_s=attempt.waited_s,
            )
        )

    def _failed(self, course: Course, attempt: Attempt, error: UpstreamError, now: float) -> None:
        target, breaker = attempt.target, self._breaker(attempt.target)
        self._observer.upstream_fault(target.destination.name)
        (self._wan.missed if error.fault == "unreachable" else self._wan.reached)(target.destination.name)
        asked = error.retry_after_s
        if asked is not None and asked > self._options.retries.longest_s:
            breaker.rest(now, asked)
        self._faults[target.name] = error
        if error.fault in AGAINST or (error.fault == "busy" and asked is None):
            breaker.failed(now, probe=attempt.probe)
        else:
            breaker.answered(now, probe=attempt.probe)
        course.failed(target, error, per_target=self._options.retries.per_target)

    def _breaker(self, target: Target) -> Breaker:
        name = target.name
        breaker = self._breakers.get(name)
        if breaker is None:
            observer = self._observer
            breaker = self._breakers[name] = Breaker(
                self._options.breaker, lambda state: observer.breaker(name, state)
            )
        return breaker

    def _nothing_left(self, course: Course, now: float) -> UpstreamError | PolicyRefused:
        """Why no server is asked any more."""
        if course.last is not None:
            return course.last
        if course.barred and len(course.done) == len(course.targets):
            return PolicyRefused(
                "Policy refuses: what allowed the request has ended while it waited; nothing was sent.",
                remedy="Ask again; `osler doctor` says which agreements have ended.",
            )
        if not course.targets:
            return UpstreamError("No model server is configured.", remedy="Add a destination to osler.toml.")
        if now >= course.deadline:
            return UpstreamTimeout("The request's time was over before a model server took it.", remedy=_LATE)
        if not any(self._wan.allows(t.destination.place) for t in course.targets):
            return UpstreamUnavailable(
                "The WAN is down, and only clouds may take this request.",
                remedy="Ask for a model that is on-premises, or try again later.",
                fault="unreachable",
                retry_after_s=self._wan.retry_s,
            )
        waits = {self._breaker(t).wait_s(now): t.name for t in course.targets if t.name not in course.done}
        soonest = min(waits, default=0.0)
        fault = self._faults.get(waits.get(soonest, ""))
        why = f" The last fault: {fault.message}" if fault is not None else ""
        return UpstreamUnavailable(
            "Each model server that may take this request failed too often, or asked to be left alone for now."
            + why,
            remedy="Try again as retry-after says; `osler doctor` says which servers answer.",
            retry_after_s=max(1.0, soonest),
        )
