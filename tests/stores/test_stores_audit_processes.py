"""Several processes on one audit log, and processes that die on it."""

import asyncio
import os
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

from stores_cases import on_sqlite

from osler.core.audit import AuditEntry
from osler.core.clock import SystemClock
from osler.stores import Database, SqlAuditLog
from osler.stores.instances import FileCensus, FilePresence

Spawn = Callable[..., "subprocess.Popen[str]"]


def started(process: "subprocess.Popen[str]") -> "subprocess.Popen[str]":
    assert process.stdout.readline() == "ready\n"
    return process


def go(process: "subprocess.Popen[str]") -> None:
    process.stdin.write("\n")
    process.stdin.flush()


def killed(process: "subprocess.Popen[str]") -> None:
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def opened(request_id: str) -> AuditEntry:
    return AuditEntry(kind="opened", time="", body={}, request_id=request_id)


def kinds(log: SqlAuditLog, kind: str) -> list[str]:
    return [r.request_id for r in log.records() if r.kind == kind]


def test_two_processes_write_one_chain(log: SqlAuditLog, spawn: Spawn) -> None:
    processes = [started(spawn("append", name, 500)) for name in "ab"]
    for process in processes:
        go(process)
    assert [process.stdout.readline() for process in processes] == ["500\n", "500\n"]
    assert [process.wait() for process in processes] == [0, 0]
    verdict = log.verify()
    assert (verdict.ok, verdict.records) == (True, 1000)
    written = [r.request_id for r in log.records()]
    assert set(written) == {f"{name}-{i}" for name in "ab" for i in range(500)}
    assert len({r.instance for r in log.records()}) == 2


def test_acknowledged_records_survive_a_kill(log: SqlAuditLog, spawn: Spawn) -> None:
    killed(started(spawn("hold", "a", "b", "c")))
    assert kinds(log, "opened") == ["a", "b", "c"]
    assert log.verify().ok


def test_streams_of_a_killed_process_are_closed_once_and_no_others(log: SqlAuditLog, spawn: Spawn) -> None:
    dead, living = started(spawn("hold", "dead-1", "dead-2")), started(spawn("hold", "living"))
    log.append_now(opened("own"))
    killed(dead)
    assert log.close_interrupted() == 2
    assert kinds(log, "interrupted") == ["dead-1", "dead-2"]
    by_number = {r.number: r for r in log.records()}
    for record in by_number.values():
        if record.kind == "interrupted":
            assert record.instance == log.instance
            assert by_number[record.body["opened"]].request_id == record.request_id
            assert by_number[record.body["opened"]].kind == "opened"
    assert log.close_interrupted() == 0
    go(living)
    assert living.wait() == 0
    assert log.close_interrupted() == 1
    assert kinds(log, "interrupted") == ["dead-1", "dead-2", "living"]
    assert log.verify().open_streams == 1
    assert log.verify().ok


@on_sqlite
def test_lock_files_of_the_dead_are_removed(log: SqlAuditLog, spawn: Spawn, workspace: Path) -> None:
    dead = started(spawn("hold"))
    assert len(list((workspace / "instances").glob("*.lock"))) == 2
    killed(dead)
    assert log.close_interrupted() == 0
    assert [p.stem for p in (workspace / "instances").glob("*.lock")] == [log.instance]


def test_lock_file_that_is_missing_means_dead(log: SqlAuditLog, database: Database) -> None:
    log.append_now(opened("own"))
    with database.write("index") as connection:
        connection.exec_driver_sql("UPDATE audit_open SET instance = '../0123456789abcdef'")
    assert log.close_interrupted() == 1


def test_processes_that_start_together_close_each_stream_once(log: SqlAuditLog, spawn: Spawn) -> None:
    requests = [f"r{i}" for i in range(40)]
    killed(started(spawn("hold", *requests)))
    starting = [started(spawn("interrupt")) for _ in range(2)]
    for process in starting:
        go(process)
    closed = [int(process.stdout.readline()) for process in starting]
    closed.append(log.close_interrupted())
    assert sum(closed) == 40
    assert kinds(log, "interrupted") == requests
    assert log.verify().open_streams == 0


def test_closed_streams_are_not_interrupted(log: SqlAuditLog, database: Database) -> None:
    async def streams() -> None:
        async def one(i: int) -> None:
            await log.append(opened(f"r{i}"))
            if i % 2:
                await log.append(AuditEntry(kind="closed", time="", body={}, request_id=f"r{i}"))

        await asyncio.gather(*(one(i) for i in range(60)))

    with SqlAuditLog(database, SystemClock(), log._folder) as successor:
        asyncio.run(streams())
        assert successor.close_interrupted() == 0  # `log` is alive
        log.close()
        assert successor.close_interrupted() == 30
        assert set(kinds(successor, "interrupted")) == {f"r{i}" for i in range(0, 60, 2)}


def test_opened_and_closed_in_one_commit(log: SqlAuditLog, database: Database) -> None:
    """Entries that wait while another commit runs share the next one, in their order."""
    entries = [
        opened("a"),
        opened("b"),
        AuditEntry(kind="closed", time="", body={}, request_id="a"),
        opened("c"),
    ]

    async def together() -> None:
        with database.write("index"):
            waiting = [asyncio.ensure_future(log.append(e)) for e in [opened("first"), *entries]]
            await asyncio.sleep(0.05)
        await asyncio.gather(*waiting)

    asyncio.run(together())
    with database.read() as connection:
        left = connection.exec_driver_sql("SELECT request_id FROM audit_open ORDER BY number").scalars().all()
    assert left == ["first", "b", "c"]


def test_presence_and_census_do_not_trip_over_each_other(tmp_path: Path) -> None:
    """A census may find a lock file in the moment before its maker locks it."""
    stop = threading.Event()

    def count_the_dead() -> None:
        while not stop.is_set():
            with FileCensus(tmp_path) as census:
                census.remove_dead()

    counting = threading.Thread(target=count_the_dead)
    counting.start()
    try:
        for _ in range(200):
            presence = FilePresence(tmp_path)
            with FileCensus(tmp_path) as census:
                assert census.is_alive(presence.id)
            presence.close()
    finally:
        stop.set()
        counting.join()
