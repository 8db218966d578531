"""BAAs and determinations, and when they end. Days are days of UTC, the last one included."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from osler.app.config import Config

SOON_DAYS = 60
"""Days before its end from which an agreement is warned of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What lets a destination have PHI, or de-identified text. A determination begins at once."""

    destination: str
    kind: Literal["baa", "determination"]
    ends: date
    begins: date | None = None

    def days_left(self, today: date) -> int:
        """Days after today on which it still holds: 0 on its last day, negative once it ended."""
        return (self.ends - today).days


def agreements(config: Config) -> tuple[Agreement, ...]:
    """All that the configuration states, in its order."""
    found = []
    for name, destination in config.destinations.items():
        if destination.baa is not None:
            baa = destination.baa
            found.append(Agreement(destination=name, kind="baa", ends=baa.expires, begins=baa.signed))
        if destination.accepts is not None:
            found.append(Agreement(destination=name, kind="determination", ends=destination.accepts.until))
    return tuple(found)
