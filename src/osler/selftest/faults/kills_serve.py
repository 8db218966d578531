"""kill -9 over `osler serve`: what a client was told is recorded, and the next start closes what was cut off, once."""

import random
import time

from osler.selftest.faults import kept
from osler.selftest.faults.client import Load, Seen
from osler.selftest.faults.forks import Forks, forking
from osler.selftest.faults.site import PATIENT, QUESTION, START_S, Site, copied, prepared
from osler.selftest.scenario import Broken, Scene

AFRESH = 8
"""After so many kills the next one meets a fresh copy of the filled workspace."""

WHILE_STARTING = 0.3
"""How many of the kills meet the server while it starts."""

ANSWERS = 10
"""All others come after fewer answers than this, and then within a tenth of a second."""

LATEST_S = 0.8
"""How long after its start a server is killed that is to be killed while it starts, at most."""

PATIENCE_S = 20.0


def run(scene: Scene) -> str:
    """Kill servers while they start and while they answer plain and streamed requests."""
    chance = random.Random(scene.seed)
    filled = site = prepared(scene.folder / "filled")
    answers = streams = cut = 0
    with forking() as forks:
        for number in range(scene.rounds):
            if number % AFRESH == 0:
                if number:
                    _start_once_more(forks, site)
                site = copied(filled, scene.folder / "killed")
            starting = chance.random() < WHILE_STARTING
            if starting:
                seen = _killed_starting(forks, site, moment=chance.uniform(0.0, LATEST_S))
            else:
                moment = chance.uniform(0.0, 0.1)
                seen = _killed(forks, site, answers=chance.randrange(ANSWERS), moment=moment)
            kept.chain(site.workspace).require_seen(seen)
            answers += len(seen.marks)
            streams += len(seen.begun)
            cut += len(seen.begun - seen.ended)
            scene.progress(number + 1, scene.rounds)
        _start_once_more(forks, site)
    return (
        f"{scene.rounds} kills (seed {scene.seed}): {answers} signed answers are all kept; of {streams} streams "
        f"{cut} were cut off, each closed once"
    )


def _killed_starting(forks: Forks, site: Site, *, moment: float) -> Seen:
    server = forks.serve(site)
    time.sleep(moment)
    server.require_running(server.kill())
    return Seen()


def _killed(forks: Forks, site: Site, *, answers: int, moment: float) -> Seen:
    """Start a server, ask without a pause, kill it `moment` seconds after so many answers were complete."""
    server = forks.serve(site)
    load = Load(server.address(), QUESTION, patient=PATIENT)
    if not load.wait_connected(START_S):
        raise Broken("`osler serve` printed its address but does not listen")
    end = time.monotonic() + PATIENCE_S
    while len(load.seen.marks) < answers and time.monotonic() < end:
        time.sleep(0.002)
    time.sleep(moment)
    server.require_running(server.kill())
    seen = load.finish()
    if seen.refused:
        raise Broken(f"before it was killed the server refused a request: {seen.refused[0].code}")
    return seen


def _start_once_more(forks: Forks, site: Site) -> None:
    """After the kills: it starts without help, answers, and has closed what was cut off."""
    server = forks.serve(site)
    end = time.monotonic() + START_S
    load = Load(server.address(), QUESTION, patient=PATIENT, threads=2)
    while not (load.seen.ended and load.seen.marks) and time.monotonic() < end:
        time.sleep(0.01)
    seen = load.finish()
    server.require_running(server.kill())
    if not seen.ended or seen.refused:
        raise Broken("after kills `osler serve` started but did not answer")
    chain = kept.chain(site.workspace)
    chain.require_seen(seen)
    chain.require_ended_once()
