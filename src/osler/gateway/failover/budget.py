"""Shares of requests: how many retries, or second calls, there may be. Pure; the time is handed in."""

from random import Random

BURST = 10.0
PER_SECOND = 0.1
"""A quiet gateway may still retry: one in ten seconds."""


class Budget:
    """A bucket of retries, `share` of one for each request. What is not used is kept, up to ten."""

    def __init__(self, share: float) -> None:
        self._share = share
        self._left = BURST if share else 0.0
        self._at = 0.0

    def earn(self) -> None:
        """A request came."""
        self._left = min(BURST, self._left + self._share)

    def take(self, now: float) -> bool:
        """Take one; False where none is left."""
        if self._share:
            gained = max(0.0, now - self._at) * PER_SECOND
            self._left, self._at = min(BURST, self._left + gained), now
        if self._left < 1:
            return False
        self._left -= 1
        return True


def pause_s(attempt: int, base_s: float, longest_s: float, rng: Random) -> float:
    """How long to wait before the `attempt`th retry (from 1): a random part of a time that doubles (full jitter)."""
    return rng.uniform(0.0, min(longest_s, base_s * 2.0 ** min(attempt - 1, 30)))
