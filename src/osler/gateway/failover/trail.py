"""What was tried for one request, for the audit log. Names and numbers only."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempted:
    """One call of one target. `outcome`: `answered`, `given up`, or the kind of its fault; `ms` until then.

    `begun_s` and `ended_s` are seconds on the gateway's clock that never goes back; for `waited_s` of them the server
    was waited for.
    """

    destination: str
    model: str
    outcome: str
    ms: int
    begun_s: float = 0.0
    ended_s: float = 0.0
    waited_s: float = 0.0

    def to_json(self) -> dict[str, object]:
        """Ready for the audit log."""
        return {
            "destination": self.destination,
            "model": self.model,
            "outcome": self.outcome,
            "ms": self.ms,
        }


Trail = list[Attempted]
"""In the order in which the calls ended. Each destination in it was sent the text."""
