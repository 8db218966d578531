"""kill -9 over appends to the audit log: what an append returned is in the chain, and the chain holds."""

import random
import shutil
import time
from pathlib import Path

from osler.selftest.faults import kept
from osler.selftest.faults.client import Mark
from osler.selftest.faults.forks import Forked, Forks, forking
from osler.selftest.faults.site import Site
from osler.selftest.scenario import Scene

AFRESH = 4
"""After so many kills the next one meets a new workspace."""

LATEST_S = 0.25
THREADS = "4"


def run(scene: Scene) -> str:
    """Kill, of two processes that append to one log, now one and now the other; the second one goes on."""
    chance = random.Random(scene.seed)
    site = Site(folder=scene.folder)
    marks: list[Mark] = []
    told = most = 0
    with forking() as forks:
        other: Forked | None = None
        for number in range(scene.rounds):
            if other is None or number % AFRESH == 0:
                _ended(other)
                told, marks = told + len(marks), []
                shutil.rmtree(site.workspace, ignore_errors=True)
                other = _appending(forks, site, "a")
            killed = _appending(forks, site, "b" if number % 2 else "c")
            time.sleep(chance.uniform(0.0, LATEST_S))
            if chance.random() < 0.5:
                killed, other = other, killed
            killed.require_running(killed.kill())
            marks += _told(killed)
            if site.database.exists():
                chain = kept.chain(site.workspace)
                chain.require(marks)
                most = max(most, len(chain.records))
            scene.progress(number + 1, scene.rounds)
        _ended(other)
        kept.chain(site.workspace).require([*marks, *(_told(other) if other else ())])
    return (
        f"{scene.rounds} kills (seed {scene.seed}): {told + len(marks)} records that a killed process had been told of "
        f"are all in chains that hold (the longest {most})"
    )


def _appending(forks: Forks, site: Site, name: str) -> Forked:
    folder = site.folder / f"{name}-{time.monotonic_ns()}"
    folder.mkdir()
    return forks.start(folder, "appender", str(site.workspace), THREADS)


def _ended(process: Forked | None) -> None:
    if process is not None:
        process.require_running(process.kill())


def _told(process: Forked) -> list[Mark]:
    """The records that the process said were kept; its last line may be cut off."""
    return _marks(process.log)


def _marks(log: Path) -> list[Mark]:
    whole = log.read_text().rpartition("\n")[0]
    return [(int(number), hash_) for number, _, hash_ in (line.partition(" ") for line in whole.splitlines())]
