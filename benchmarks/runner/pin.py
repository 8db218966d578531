"""Which cores a process may use.

What is measured gets a core of its own, its clients and counterparts share the others, so that they
do not take CPU time from it by turns. Where that cannot be done (one core, no affinity calls), it is
left undone and a note says so.
"""

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pins:
    """Cores for what is measured and for everything else; empty: not pinned. `note` says why, if they are not."""

    measured: frozenset[int] = frozenset()
    others: frozenset[int] = frozenset()
    note: str = ""


def allowed() -> frozenset[int]:
    """The cores that this process may use; empty where the system does not tell."""
    return frozenset(os.sched_getaffinity(0)) if sys.platform == "linux" else frozenset()


def choose(wanted: Iterable[int] | None = None) -> Pins:
    """The first core for what is measured, the others for the rest; `wanted` limits and orders the cores.

    Raises ValueError: a core that this process may not use.
    """
    here = allowed()
    cores = list(dict.fromkeys(wanted)) if wanted is not None else sorted(here)
    if not here:
        return Pins(note="Not pinned: this system has no calls for it.")
    foreign = [core for core in cores if core not in here]
    if foreign:
        raise ValueError(f"core {foreign[0]} is not among those that may be used here: {sorted(here)}")
    if len(cores) < 2:
        if wanted is None:
            return Pins(note="Not pinned: there is one core only.")
        one = frozenset(cores)
        return Pins(
            measured=one, others=one, note="One core for all: clients take time from what is measured."
        )
    return Pins(measured=frozenset(cores[:1]), others=frozenset(cores[1:]))


def pin(pid: int, cores: frozenset[int]) -> None:
    """Keep a process, all its threads and what it starts from now on, on `cores`. Empty: does nothing."""
    if not cores or sys.platform != "linux":
        return
    try:
        threads = [int(name) for name in os.listdir(f"/proc/{pid}/task")]
    except FileNotFoundError:
        return
    for thread in threads:
        try:
            os.sched_setaffinity(thread, cores)
        except ProcessLookupError:  # a thread that has ended meanwhile
            continue
