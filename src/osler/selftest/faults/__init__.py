"""One file per kind of fault. `SCENARIOS` lists them in the order in which they are run.

    kills_serve, kills_add, kills_audit   kill -9 at random moments; the rounds are shared out among them
    full_disk, read_only, slow_disk       what a disk can do
    clock_back                            what a clock can do
    second_process                        what others can do on the same workspace
    damage, lost                          what can happen to the files

All run real `osler` processes (`site`, `forks`) over scratch folders on SQLite, ask over sockets (`client`), and look
at what is left from outside (`kept`). What a workspace in PostgreSQL goes through is that server's to survive.
"""

from dataclasses import replace

from osler.selftest.faults import (
    clock_back,
    damage,
    full_disk,
    kills_add,
    kills_audit,
    kills_serve,
    lost,
    read_only,
    second_process,
    slow_disk,
)
from osler.selftest.scenario import Scenario, Scene

_RESTART = (
    "Start Osler again. If `osler audit verify` or `osler doctor` then finds a fault, keep the workspace as it is and "
    "report what the self-test says."
)
_REPORT = "Do not rely on this installation; report what the self-test says."


def _serve(scene: Scene) -> str:
    return kills_serve.run(_share(scene, scene.rounds // 4))


def _add(scene: Scene) -> str:
    return kills_add.run(_share(scene, scene.rounds // 4))


def _audit(scene: Scene) -> str:
    return kills_audit.run(_share(scene, scene.rounds - 2 * (scene.rounds // 4)))


def _share(scene: Scene, rounds: int) -> Scene:
    return replace(scene, rounds=max(1, rounds))


SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        name="kill-serve",
        promise="kill -9 of a server loses no signed answer; streams that it cut off are closed once at the next start",
        run=_serve,
        remedy=_RESTART,
    ),
    Scenario(
        name="kill-add",
        promise="kill -9 of `osler kb add` leaves each file whole or not at all; the same command again adds the rest",
        run=_add,
        remedy=_RESTART,
    ),
    Scenario(
        name="kill-audit",
        promise="kill -9 of a process that writes the audit log loses no record that it was told of",
        run=_audit,
        remedy=_RESTART,
    ),
    Scenario(
        name="full-disk",
        promise="on a full disk requests are refused with the remedy; with room again it goes on without a restart",
        run=full_disk.run,
        remedy="Keep the workspace on a disk with room to spare, and watch it. " + _REPORT,
    ),
    Scenario(
        name="read-only",
        promise="a read-only workspace is named, and nothing in it changes",
        run=read_only.run,
        remedy="Make the workspace writable for the user who runs Osler. " + _REPORT,
    ),
    Scenario(
        name="slow-disk",
        promise="on a slow disk answers come late but right, and those that wait share an fsync",
        run=slow_disk.run,
        remedy="Put the workspace on a local disk. " + _REPORT,
    ),
    Scenario(
        name="clock-back",
        promise="a clock that goes back breaks no chain and lets nothing expire early; it is named",
        run=clock_back.run,
        remedy="Keep this machine's clock right (NTP). " + _REPORT,
    ),
    Scenario(
        name="second-process",
        promise="processes on one workspace write one chain and lose nothing; a lock that is held gives a clear error",
        run=second_process.run,
        remedy="Run one `osler serve` per workspace until this is understood. " + _REPORT,
    ),
    Scenario(
        name="damaged-database",
        promise="a damaged database is named, not written to, and gives no wrong answer",
        run=damage.run,
        remedy="Keep backups (`osler store backup`) and heads of the audit log elsewhere. " + _REPORT,
    ),
    Scenario(
        name="lost-search",
        promise="a lost or damaged search is named, and made anew by `osler kb rebuild`",
        run=lost.search,
        remedy=_REPORT,
    ),
    Scenario(
        name="lost-vault-key",
        promise="a lost, cut or foreign vault key is named and never replaced; with the right one all is there",
        run=lost.keys,
        remedy="Keep a copy of vault.key apart from the workspace. " + _REPORT,
    ),
    Scenario(
        name="lost-locks",
        promise="the folder of locks may be lost at any time",
        run=lost.locks,
        remedy=_REPORT,
    ),
)
