"""How long answers take to begin, by model server. Pure."""

from collections import deque

SEEN = 256
ENOUGH = 20
"""Below so many answers nothing is said about the slow ones."""


class Paces:
    """The last times to the first piece, in seconds, of each target."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, bool], deque[float]] = {}

    def note(self, target: str, seconds: float, *, stream: bool) -> None:
        """An answer began after so long; a plain one begins and ends at once."""
        seen = self._seen.get((target, stream))
        if seen is None:
            seen = self._seen[target, stream] = deque(maxlen=SEEN)
        seen.append(seconds)

    def quantile(self, target: str, share: float, *, stream: bool) -> float | None:
        """Within how long this share of the answers began; None before twenty were seen."""
        seen = sorted(self._seen.get((target, stream), ()))
        if len(seen) < ENOUGH:
            return None
        return seen[min(len(seen) - 1, int(share * len(seen)))]
