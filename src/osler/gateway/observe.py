"""What the gateway tells whoever measures it: step times, outcomes, faults. Names and numbers only, no PHI."""

from typing import Protocol


class Observer(Protocol):
    """Told of what happens; must not fail and must not block."""

    def step(self, name: str, seconds: float) -> None:
        """A step took so long."""
        ...

    def outcome(self, kind: str, target: str) -> None:
        """A request ended: answered, refused, failed or abandoned."""
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

    def outcome(self, kind: str, target: str) -> None:
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
