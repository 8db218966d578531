"""What every scenario of the self-test is given, and what comes of it.

A scenario brings about one kind of fault in a scratch folder and looks at what is left: nothing acknowledged lost,
nothing half-visible, and one sentence that says what to do. It touches nothing outside its folder.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

State = Literal["ok", "fail", "skipped"]


class Broken(Exception):
    """Something did not hold. The text says what, for an engineer; it holds no input and no PHI."""


class NotHere(Exception):
    """The fault cannot be brought about on this machine. The text says why; the scenario is counted as skipped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Where a scenario works: an empty folder of its own, and how hard to try.

    `rounds` is how often a fault at a random moment is tried; `seed` makes the moments the same again;
    `progress` is told how many of how many are done.
    """

    folder: Path
    seed: int = 0
    rounds: int = 10
    progress: Callable[[int, int], None] = lambda done, total: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one scenario."""

    name: str
    state: State
    found: str
    remedy: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One fault. `run` returns what it found in a sentence, or raises Broken or NotHere.

    `promise` says what must hold; `remedy` what the reader does when it does not.
    """

    name: str
    promise: str
    run: Callable[[Scene], str]
    remedy: str = ""


def outcome(scenario: Scenario, scene: Scene) -> Outcome:
    """Run one scenario. What it raises without meaning to is a failure too, named by its type only."""
    begun = time.monotonic()
    state: State = "ok"
    try:
        found = scenario.run(scene)
    except NotHere as reason:
        state, found = "skipped", str(reason)
    except Broken as fault:
        state, found = "fail", str(fault)
    except Exception as error:
        state, found = "fail", f"unforeseen {type(error).__name__}"
    remedy = scenario.remedy if state == "fail" else ""
    return Outcome(
        name=scenario.name, state=state, found=found, remedy=remedy, seconds=time.monotonic() - begun
    )
