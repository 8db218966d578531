"""Another process on a workspace, for the tests: `stores_worker.py WORKSPACE COMMAND [ARGUMENT…]`.

It prints "ready" when it is about to begin, waits for a line, does its work, and prints what came of it.
"""

import asyncio
import os
import sys
from pathlib import Path

from osler.core.audit import AuditEntry
from osler.core.clock import SystemClock
from osler.core.errors import StoreError
from osler.stores import Database, FileKeys, SqlAuditLog, SqlVault, SqlVaultKeeper, load_or_create_key

NOBODY = 65534


def ready() -> None:
    print("ready", flush=True)
    sys.stdin.readline()


def append(workspace: Path, name: str, number: str) -> None:
    """Append records from 16 tasks at a time, and print how many were acknowledged."""
    ready()
    database = Database.open(workspace, url=os.environ["STORE_URL"] or None)
    with database, SqlAuditLog(database, SystemClock(), workspace / "instances") as log:
        print(asyncio.run(_append_all(log, name, int(number))), flush=True)


async def _append_all(log: SqlAuditLog, name: str, number: int) -> int:
    left = iter(range(number))

    async def one() -> int:
        done = 0
        for i in left:
            await log.append(AuditEntry(kind="answer", time="", body={"n": i}, request_id=f"{name}-{i}"))
            done += 1
        return done

    return sum(await asyncio.gather(*(one() for _ in range(16))))


def hold(workspace: Path, *requests: str) -> None:
    """Open a stream for each request, then wait with them open until told to end in good order."""
    database = Database.open(workspace, url=os.environ["STORE_URL"] or None)
    log = SqlAuditLog(database, SystemClock(), workspace / "instances")
    for request in requests:
        log.append_now(AuditEntry(kind="opened", time="", body={}, request_id=request))
    ready()
    log.close()
    database.close()


def subject(workspace: Path, *patients: str) -> None:
    """Print each patient's handle and key."""
    ready()
    with Database.open(workspace, url=os.environ["STORE_URL"] or None) as database:
        vault = SqlVault(database, load_or_create_key(workspace / "vault.key"))
        for patient in patients:
            found = vault.subject(patient)
            print(found.handle, found.key.hex(), flush=True)


def rotate(workspace: Path) -> None:
    """Go over to new master keys, again and again until killed."""
    with Database.open(workspace, url=os.environ["STORE_URL"] or None) as database:
        files = FileKeys(workspace / "vault.key")
        keeper = SqlVaultKeeper(SqlVault(database, files), files)
        ready()
        while True:
            keeper.rotate()


def interrupt(workspace: Path) -> None:
    """Print how many streams this process closed as interrupted."""
    ready()
    database = Database.open(workspace, url=os.environ["STORE_URL"] or None)
    with database, SqlAuditLog(database, SystemClock(), workspace / "instances") as log:
        print(log.close_interrupted(), flush=True)


def unprivileged(workspace: Path) -> None:
    """Open the workspace as a user with no rights to write, and print the error."""
    if os.getuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    try:
        Database.open(workspace, url=os.environ["STORE_URL"] or None).close()
    except StoreError as error:
        print(error, flush=True)
    else:
        print("opened", flush=True)


COMMANDS = {f.__name__: f for f in (append, hold, subject, rotate, interrupt, unprivileged)}

if __name__ == "__main__":
    COMMANDS[sys.argv[2]](Path(sys.argv[1]), *sys.argv[3:])
