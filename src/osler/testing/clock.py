"""A clock that stands still until it is told to move. Implements the port `osler.core.clock.Clock`."""

from datetime import UTC, datetime, timedelta


class FixedClock:
    """Shows `moment` (timezone-aware) until `advance` or `set` moves it.

    The monotonic reading starts at 0 seconds and follows `advance`; `set` leaves it alone, as
    setting a wall clock does.
    """

    def __init__(self, moment: datetime = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)) -> None:
        self._moment = _aware(moment)
        self._elapsed = 0.0

    def now(self) -> datetime:
        """The moment that the clock shows, in UTC."""
        return self._moment

    def monotonic(self) -> float:
        """Seconds advanced so far."""
        return self._elapsed

    def advance(self, seconds: float) -> None:
        """Move both readings on; ValueError when `seconds` is negative."""
        if seconds < 0:
            raise ValueError("a clock cannot be advanced by a negative time; use set() to turn it back")
        self._moment += timedelta(seconds=seconds)
        self._elapsed += seconds

    def set(self, moment: datetime) -> None:
        """Show `moment` from now on; ValueError when it has no timezone."""
        self._moment = _aware(moment)


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a clock needs a timezone-aware moment")
    return moment.astimezone(UTC)
