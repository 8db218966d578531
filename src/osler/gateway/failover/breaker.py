"""A circuit breaker: what keeps failing is left alone for a while, then tried with one call. Pure: time is handed in.

    closed ── too many failures ──▶ open ── open_s later ──▶ half-open (one call)
      ▲                                                        │
      └──────────────── it answered ◀──────────────────────────┤
                                    open, twice as long ◀── it failed

Times are seconds on a clock that never goes back.
"""

from collections.abc import Callable
from typing import Literal

from osler.gateway.config import BreakerConfig

State = Literal["closed", "open", "half-open"]
LONGEST_REST_S = 60.0
"""A server that asks to be left alone for longer is asked again after so many seconds all the same."""


class Breaker:
    """The breaker of one model at one destination. `changed` is told of each new state."""

    def __init__(self, config: BreakerConfig, changed: Callable[[State], None]) -> None:
        self._config = config
        self._changed = changed
        self.state: State = "closed"
        self._until = 0.0
        self._resting_until = 0.0
        self._open_s = config.open_s
        self._probing = False
        self._half_s = config.window_s / 2
        self._begun = 0.0
        self._now = [0, 0]  # calls and failures in this half of the window, and in the half before
        self._before = [0, 0]

    def admits(self, now: float) -> bool:
        """Whether a call would be let through."""
        if now < self._resting_until:
            return False
        return self.state == "closed" or (not self._probing and now >= self._until)

    def begin(self, now: float) -> bool:
        """A call that was admitted begins; whether it is the one that tries an open breaker."""
        if self.state == "closed":
            return False
        self._probing = True
        self._become("half-open")
        return True

    def answered(self, now: float, *, probe: bool) -> None:
        """The call got an answer, or the beginning of one."""
        if probe:
            self._probing, self._open_s = False, self._config.open_s
            self._now, self._before, self._begun = [0, 0], [0, 0], now
            self._become("closed")
        elif self.state == "closed":
            self._roll(now)
            self._now[0] += 1

    def failed(self, now: float, *, probe: bool) -> None:
        """The call failed in a way that speaks against the server."""
        if probe:
            self._probing = False
            self._open_s = min(self._open_s * 2, self._config.longest_s)
            self._open(now)
        elif self.state == "closed":
            self._roll(now)
            self._now[0] += 1
            self._now[1] += 1
            calls, failures = self._now[0] + self._before[0], self._now[1] + self._before[1]
            most = self._config.failures
            if most and failures >= most and failures >= self._config.share * calls:
                self._open(now)

    def given_up(self, *, probe: bool) -> None:
        """The call was ended from our side and says nothing of the server: the next one may try."""
        if probe:
            self._probing = False
            self._become("open")

    def rest(self, now: float, seconds: float) -> None:
        """The server asks to be left alone for so long; that is no failure."""
        self._resting_until = max(self._resting_until, now + min(seconds, LONGEST_REST_S))

    def wait_s(self, now: float) -> float:
        """How long until a call may be let through; 0 where one is now."""
        opens = self._until if self.state != "closed" else 0.0
        return max(0.0, opens - now, self._resting_until - now)

    def _open(self, now: float) -> None:
        self._until = now + self._open_s
        self._become("open")

    def _become(self, state: State) -> None:
        if state != self.state:
            self.state = state
            self._changed(state)

    def _roll(self, now: float) -> None:
        """Forget what is older than the window."""
        age = now - self._begun
        if age >= self._half_s:
            self._before = self._now if age < 2 * self._half_s else [0, 0]
            self._now, self._begun = [0, 0], now
