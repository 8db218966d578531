"""How much one caller may ask for, and how much is answered at once. Pure: the clock is handed in.

Each caller has a bucket of `burst` tokens, a minute's worth where nothing is said, that fills at
`per_minute`; a request takes one. State is
kept in this process only: several worker processes each hold their own, so that all of them together
let up to that many times more through. Nothing here knows what a caller is: names are opaque texts,
an API key's id or an address, and they are never shown.
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from osler.core.errors import Overloaded

CAPACITY = 10_000
"""Callers that one limiter remembers. Beyond it the one that asked least recently is forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a caller stands after a request. `reset_s`: until the bucket is full again, in seconds;
    `retry_s`: until a request would be let through, 0 where this one was."""

    limit: int
    remaining: int
    reset_s: float
    retry_s: float = 0.0

    @property
    def allowed(self) -> bool:
        """Whether the request was let through."""
        return self.retry_s == 0.0


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class RateLimiter:
    """Token buckets, one a caller. Not for several threads: it belongs to one event loop.

    `per_minute` 0 means no limit. `monotonic` gives seconds on a clock that never goes back; where it
    does all the same, no time counts as passed.
    """

    def __init__(
        self,
        per_minute: int,
        monotonic: Callable[[], float],
        *,
        burst: int | None = None,
        capacity: int = CAPACITY,
    ) -> None:
        self.per_minute = per_minute
        self._burst = burst or per_minute
        self._per_second = per_minute / 60
        self._monotonic = monotonic
        self._capacity = capacity
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def __len__(self) -> int:
        """Callers that are remembered."""
        return len(self._buckets)

    def take(self, name: str) -> Standing | None:
        """Take one token of this caller; None where there is no limit."""
        if not self.per_minute:
            return None
        bucket = self._bucket(name)
        if bucket.tokens < 1:
            return self._standing(bucket, retry_s=(1 - bucket.tokens) / self._per_second)
        bucket.tokens -= 1
        return self._standing(bucket)

    def _bucket(self, name: str) -> _Bucket:
        """The caller's bucket as it is now, filled by the time that passed since it was looked at."""
        now = self._monotonic()
        bucket = self._buckets.get(name)
        if bucket is None:
            while len(self._buckets) >= self._capacity:
                self._buckets.popitem(last=False)
            bucket = self._buckets[name] = _Bucket(tokens=float(self._burst), at=now)
        self._buckets.move_to_end(name)
        gained = max(0.0, now - bucket.at) * self._per_second
        bucket.tokens, bucket.at = min(float(self._burst), bucket.tokens + gained), now
        return bucket

    def _standing(self, bucket: _Bucket, *, retry_s: float = 0.0) -> Standing:
        return Standing(
            limit=self.per_minute,
            remaining=math.floor(bucket.tokens),
            reset_s=(self._burst - bucket.tokens) / self._per_second,
            retry_s=retry_s,
        )


class Concurrency:
    """How many requests are being answered. Belongs to one event loop."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.now = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """A request, until the block ends. Raises Overloaded where there are as many as there may be."""
        if self.now >= self._most:
            raise Overloaded(
                "The server is answering as many requests as it may at once.",
                remedy="Try again in a moment, or raise server.max_concurrent.",
            )
        self.now += 1
        try:
            yield
        finally:
            self.now -= 1


def duration(seconds: float) -> str:
    """A span of time as OpenAI's headers write it: `0s`, `350ms`, `4s`, `1m30s`, `2h0m0s`; rounded up."""
    if seconds < 1:
        ms = math.ceil(seconds * 1000)
        return "0s" if ms <= 0 else f"{ms}ms" if ms < 1000 else "1s"
    whole = math.ceil(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    if hours:
        return f"{hours}h{minutes}m{rest}s"
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
