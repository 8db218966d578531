"""What the gateway tells whoever measures it: step times, outcomes, faults. Names and numbers only, no PHI."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from osler.core.messages import Message, Usage

Outcome = Literal["answered", "refused", "failed", "abandoned"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a model server: when, in seconds on a clock that never goes back, and how it ended.

    For `waited_s` of these seconds the server was waited for; in the others what it had said was worked on.
    """

    destination: str
    model: str
    outcome: str
    begun_s: float
    ended_s: float
    waited_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a request ended, and what is known of it by then. Empty where it did not come so far.

    Times are seconds on a clock that never goes back. `usage` and `usd` are what the model servers were asked for this
    very request: nothing where the answer was `kept` from before or the call was `shared` (`reused`). `code` is the
    error's. `phi` counts identifiers found, `redacted` those that the model made up and that were taken out of its
    answer, by kind; `findings` are kind and severity. `sent` is the text that left, only where its identifiers were
    replaced: it still counts as PHI, and is for whoever was told to keep it.
    """

    outcome: Outcome
    destination: str
    model: str
    model_id: str
    surface: str
    stream: bool
    begun_s: float
    ended_s: float
    usage: Usage
    usd: float
    rule: str
    code: str
    phi: Mapping[str, int]
    redacted: Mapping[str, int]
    findings: tuple[tuple[str, str], ...]
    reused: Literal["kept", "shared", ""]
    calls: tuple[Call, ...]
    finish: str
    sent: tuple[Message, ...] = field(repr=False)

    @property
    def own_s(self) -> float:
        """Seconds of the request in which no model server was waited for: what Osler itself added.

        A caller who is slow to take a stream is in it too.
        """
        inside, until = 0.0, self.begun_s
        for call in sorted(self.calls, key=lambda c: c.begun_s):
            end = call.begun_s + call.waited_s
            inside += max(0.0, end - max(call.begun_s, until))
            until = max(until, end)
        return max(0.0, self.ended_s - self.begun_s - inside)


class Observer(Protocol):
    """Told of what happens; must not fail and must not block."""

    def step(self, name: str, seconds: float) -> None:
        """A step took so long."""
        ...

    def ended(self, request: Ended) -> None:
        """A request ended."""
        ...

    def began(self, target: str, seconds: float, *, stream: bool) -> None:
        """A `destination/model` began to answer so long after it was called; a plain answer begins when it is whole."""
        ...

    def upstream_fault(self, destination: str) -> None:
        """A model server failed."""
        ...

    def breaker(self, target: str, state: str) -> None:
        """The circuit breaker of a `destination/model` is closed, open or half-open from now on."""
        ...

    def retried(self, target: str) -> None:
        """A `destination/model` that failed is asked again for the same request."""
        ...

    def hedged(self, target: str, *, won: bool) -> None:
        """A second call was made to a `destination/model`; whether it was the first to answer."""
        ...

    def shed(self, why: str) -> None:
        """A request was turned away as all servers are busy: the queue was `full`, or it waited too long (`late`)."""
        ...

    def wan(self, up: bool) -> None:
        """The clouds can be reached from now on, or cannot."""
        ...

    def broke_glass(self, role: str) -> None:
        """A caller of this role broke the glass, and policy let the request go on."""
        ...


class NullObserver:
    """Measures nothing: for the command line."""

    def step(self, name: str, seconds: float) -> None:
        return

    def ended(self, request: Ended) -> None:
        return

    def began(self, target: str, seconds: float, *, stream: bool) -> None:
        return

    def upstream_fault(self, destination: str) -> None:
        return

    def breaker(self, target: str, state: str) -> None:
        return

    def retried(self, target: str) -> None:
        return

    def hedged(self, target: str, *, won: bool) -> None:
        return

    def shed(self, why: str) -> None:
        return

    def wan(self, up: bool) -> None:
        return

    def broke_glass(self, role: str) -> None:
        return
