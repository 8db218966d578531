"""Several processes on one workspace: they write one chain and lose nothing; a held lock gives a clear error."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from osler.selftest.faults import kept
from osler.selftest.faults.client import Load, ask
from osler.selftest.faults.site import PATIENT, QUESTION, Ran, Server, Site, clean_environment, prepared
from osler.selftest.scenario import Broken, Scene

RECORDS = 300
THREADS = 3
NOTES = 25
HELD_S = 85.0
"""Nobody waits longer for the lock than this: `osler kb add` ends with an error, a request with 503."""


def run(scene: Scene) -> str:
    """Two servers, an addition and a process that appends, all at once; then everyone against a lock that is held."""
    site = prepared(scene.folder)
    notes = _notes(scene.folder / "notes")
    second = Site(folder=scene.folder / "second")
    second.folder.mkdir()
    second.workspace.symlink_to(site.workspace)
    with site.serving() as one, second.serving("--workers", "2") as two:
        loads = [Load(server.url, QUESTION, patient=PATIENT, threads=4) for server in (one, two)]
        with ThreadPoolExecutor(2) as pool:
            adding = pool.submit(site.run, "kb", "add", str(notes))
            appending = pool.submit(_append, site.workspace)
            added, marks = adding.result(), appending.result()
        seen = [load.finish() for load in loads]
        _require_added(added)
        if any(found.refused for found in seen):
            raise Broken(
                f"with others at work a server refused a request: {seen[0].refused or seen[1].refused}"
            )
        held = _against_a_lock(site, one)
    chain = kept.chain(site.workspace)
    chain.require(marks)
    for found in seen:
        chain.require_seen(found)
    chain.require_ended_once()
    kept.texts(site.database)
    answers = sum(len(found.marks) for found in seen)
    return (
        f"two servers (3 processes), an addition and an appender made one chain of {len(chain.records)} records, with "
        f"all {answers} answers and {len(marks)} appends in it; {held}"
    )


def _notes(folder: Path) -> Path:
    folder.mkdir()
    for number in range(NOTES):
        (folder / f"note-{number}.txt").write_text(f"Note {number} says nothing of anybody. " * 40)
    return folder


def _append(workspace: Path) -> list[tuple[int, str]]:
    code = "import sys; from osler.selftest.faults import appender; appender.main(*sys.argv[1:])"
    done = subprocess.run(
        [sys.executable, "-c", code, str(workspace), str(THREADS), str(RECORDS // THREADS)],
        env=clean_environment(), capture_output=True, timeout=180, text=True,
    )  # fmt: skip
    lines = [line.split() for line in done.stdout.splitlines()]
    if done.returncode or len(lines) != RECORDS:
        raise Broken("with others at work an append to the audit log failed")
    return [(int(number), hash_) for number, hash_ in lines]


def _require_added(done: Ran) -> None:
    if done.code:
        raise Broken(
            f"with others at work `osler kb add` ended with {done.code}: {done.errors.strip()[-200:]}"
        )


def _against_a_lock(site: Site, server: Server) -> str:
    """Hold the write lock until an addition and a request have given up; then both work again."""
    note = site.folder / "late.txt"
    note.write_text("This says nothing of anybody either.")
    begun = time.monotonic()
    with kept.sql(site.database, write=True) as connection, ThreadPoolExecutor(2) as pool:
        connection.execute("BEGIN IMMEDIATE")
        adding = pool.submit(site.run, "kb", "add", str(note))
        asking = pool.submit(ask, server.url, QUESTION, patient=PATIENT)
        added, answer = adding.result(), asking.result()
        connection.execute("ROLLBACK")
    waited = time.monotonic() - begun
    if added.code != 9 or "locked by another process" not in added.errors:
        raise Broken(
            f"against a held lock `osler kb add` ends with {added.code}: {added.errors.strip()[-200:]}"
        )
    if answer.status != 503 or waited > HELD_S:
        raise Broken(
            f"against a held lock a request gives {answer.status} after {waited:.0f} s: {answer.error}"
        )
    _require_added(site.run("kb", "add", str(note)))
    if ask(server.url, QUESTION, patient=PATIENT).mark is None:
        raise Broken("the lock is free again, but the server does not answer")
    return f"a lock held on and on gave one clear error each within {waited:.0f} s, and no harm"
