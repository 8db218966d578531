"""One request's way through this process, as the edge and whoever measures see it. Names and numbers only."""

import time
from contextvars import ContextVar
from dataclasses import dataclass

from osler.core.messages import Caller
from osler.gateway.observe import Ended


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTaken:
    """A step: when it ended, in nanoseconds since 1970, and how long it took, in seconds."""

    name: str
    ended_ns: int
    seconds: float


@dataclass(slots=True, kw_only=True)
class Trip:
    """What is learned of a request on its way. `steps` is None where nobody wants them one by one.

    `first_s` is when the first piece of a stream was sent, on the monotonic clock.
    """

    id: str
    caller: Caller | None = None
    ended: Ended | None = None
    first_s: float | None = None
    steps: list[StepTaken] | None = None

    def step(self, name: str, seconds: float) -> None:
        """A step has just ended that took so long."""
        if self.steps is not None:
            self.steps.append(StepTaken(name=name, ended_ns=time.time_ns(), seconds=seconds))

    def first_piece(self) -> None:
        """A piece of a stream is sent."""
        if self.first_s is None:
            self.first_s = time.monotonic()

    def known(self) -> dict[str, object]:
        """For the log: whose request it was, how it ended and where it went; without anything of its text."""
        shown: dict[str, object] = {}
        if self.caller is not None:
            shown = {"key": self.caller.key, "tenant": self.caller.tenant}
        ended = self.ended
        if ended is None:
            return shown
        shown |= {"outcome": ended.outcome, "destination": ended.destination, "model": ended.model}
        if ended.usage.prompt is not None:
            shown["tokens_in"] = ended.usage.prompt
        if ended.usage.completion is not None:
            shown["tokens_out"] = ended.usage.completion
        if ended.code:
            shown["error"] = ended.code
        if ended.reused:
            shown["reused"] = ended.reused
        return shown


TRIP: ContextVar[Trip | None] = ContextVar("osler_trip", default=None)
"""That of the request which is being answered. Tasks that a request starts see it too."""
