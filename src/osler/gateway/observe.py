"""What the pipeline tells whoever measures it: step times, outcomes, faults. Names and numbers only, no PHI."""

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


class NullObserver:
    """Measures nothing: for the command line."""

    def step(self, name: str, seconds: float) -> None:
        return

    def outcome(self, kind: str, target: str) -> None:
        return

    def upstream_fault(self, destination: str) -> None:
        return
