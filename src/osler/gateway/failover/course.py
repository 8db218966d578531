"""Which target next, for one request. Values and choices; nothing here calls anybody."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from osler.core.errors import UpstreamError
from osler.core.messages import Latency
from osler.core.models import Destination
from osler.core.ports.completer import ModelCall
from osler.gateway.failover.trail import Trail
from osler.gateway.router import Target

AGAIN = frozenset({"unreachable", "cut", "server", "busy"})
"""Faults after which the same server may do better at once. Silence costs too much to be tried twice."""
AGAINST = frozenset({"unreachable", "cut", "silent", "server", "access", "garbled"})
"""Faults that speak against the server. A request that it will not have is the request's own."""


@dataclass(slots=True, kw_only=True)
class Course:
    """How far a request has come. `deadline` is on the gateway's monotonic clock, in seconds.

    `hurried`: the request has its own time, which the server is told.
    """

    targets: Sequence[Target]
    make_call: Callable[[Target], ModelCall] = field(repr=False)
    stream: bool
    latency: Latency
    deadline: float
    hurried: bool
    permitted: Callable[[Target], bool]
    trail: Trail
    tries: dict[str, int] = field(default_factory=dict)
    paused: dict[str, int] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)
    last: UpstreamError | None = None
    barred: bool = False

    def failed(self, target: Target, error: UpstreamError, *, per_target: int) -> None:
        """A call failed: the target may be tried again, or it is done with."""
        self.last = error
        if error.fault not in AGAIN or self.tries.get(target.name, 0) > per_target:
            self.done.add(target.name)

    def forbid(self, target: Target) -> None:
        """The target may not take this request any more."""
        self.barred = True
        self.done.add(target.name)


def preferred(
    able: Sequence[Target], tries: dict[str, int], has_place: Callable[[Destination], bool]
) -> list[Target]:
    """Those of the best rank that has a place, the least tried of them; empty where there is no place anywhere."""
    if len(able) == 1:
        return [able[0]] if has_place(able[0].destination) else []
    placed = [t for t in able if has_place(t.destination)]
    if not placed:
        return []
    best = placed[0].rank
    group = [t for t in placed if t.rank == best]
    if not tries or len(group) == 1:
        return group
    least = min(tries.get(t.name, 0) for t in group)
    return [t for t in group if tries.get(t.name, 0) == least]


class Balance:
    """Spreads requests over equals: the least busy for its weight first, ties in turn by weight."""

    def __init__(self, at: Callable[[str], int]) -> None:
        self._at = at
        self._credit: dict[str, float] = {}

    def pick(self, equals: Sequence[Target]) -> Target:
        """One of them."""
        if len(equals) == 1:
            return equals[0]
        loads = [self._at(t.destination.name) / t.destination.weight for t in equals]
        least = min(loads)
        tied = [t for t, load in zip(equals, loads, strict=True) if load == least]
        if len(tied) == 1:
            return tied[0]
        # Smooth weighted round robin, as nginx does it: by weight, and never many in a row to the same.
        credit = self._credit
        for target in tied:
            credit[target.name] = credit.get(target.name, 0.0) + target.destination.weight
        chosen = max(tied, key=lambda t: credit[t.name])
        credit[chosen.name] -= sum(t.destination.weight for t in tied)
        return chosen
