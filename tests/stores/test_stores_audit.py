"""Appending to the audit log and reading it."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from stores_cases import on_sqlite, run

from osler.core import audit
from osler.core.audit import AuditEntry, AuditRecord, Head
from osler.core.clock import SystemClock
from osler.core.errors import StoreError
from osler.stores import Database, SqlAuditLog


def entry(request_id: str = "r", kind: str = "answer", **body: object) -> AuditEntry:
    return AuditEntry(kind=kind, time="2026-01-01T00:00:00.000Z", body=body, request_id=request_id)


def test_empty_log(log: SqlAuditLog) -> None:
    assert log.head() == Head()
    assert list(log.records()) == []
    verdict = log.verify()
    assert (verdict.ok, verdict.records, verdict.head) == (True, 0, Head())


def test_record_is_the_sealed_entry(log: SqlAuditLog) -> None:
    body = {"text": 'é \u2028 \x00 "quoted"', "list": [1, None, True, {"z": {}, "a": []}], "big": 2**80}
    first = log.append_now(entry("r1", **body))
    second = asyncio.run(log.append(entry("r2")))
    assert (first.number, second.number) == (1, 2)
    assert second.prev == first.hash
    assert dict(first.body) == body
    assert first.instance == log.instance
    assert first == audit.seal(
        Head(),
        AuditEntry(kind="answer", time=first.time, body=body, request_id="r1", instance=log.instance),
    )
    assert list(log.records()) == [first, second]
    assert list(log.records(after=1)) == [second]
    assert list(log.records(after=2**70)) == []
    assert log.head() == Head(number=2, hash=second.hash)
    assert log.verify().ok


def test_entry_without_time_or_instance_gets_them(log: SqlAuditLog) -> None:
    record = log.append_now(AuditEntry(kind="start", time="", body={}))
    assert record.time.endswith("Z")
    assert record.instance == log.instance
    named = log.append_now(AuditEntry(kind="start", time="t", body={}, instance="other"))
    assert (named.time, named.instance) == ("t", "other")


def test_record_is_stored_when_it_is_acknowledged(
    log: SqlAuditLog, open_database: Callable[[], Database]
) -> None:
    record = log.append_now(entry())
    with SqlAuditLog(open_database(), SystemClock(), log._folder) as other:
        assert list(other.records()) == [record]


def test_many_waiters_share_commits_in_one_chain(log: SqlAuditLog) -> None:
    async def together() -> list[AuditRecord]:
        return await asyncio.gather(*(log.append(entry(str(i), n=i)) for i in range(1500)))

    records = asyncio.run(together())
    assert [r.number for r in records] == list(range(1, 1501))
    assert [r.body["n"] for r in records] == list(range(1500))
    assert list(log.records()) == records
    assert log.verify().records == 1500


def test_several_loops_and_threads_at_once(log: SqlAuditLog) -> None:
    def in_a_loop(name: str) -> None:
        async def run() -> None:
            await asyncio.gather(*(log.append(entry(f"{name}{i}")) for i in range(50)))

        asyncio.run(run())

    def blocking(name: str) -> None:
        for i in range(25):
            log.append_now(entry(f"{name}{i}"))

    threads = [threading.Thread(target=in_a_loop, args=(n,)) for n in "ab"]
    threads += [threading.Thread(target=blocking, args=(n,)) for n in "cd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert log.verify().records == 150
    assert len({r.request_id for r in log.records()}) == 150


def test_cancelled_waiter_loses_no_record(log: SqlAuditLog) -> None:
    async def run() -> list[object]:
        tasks = [asyncio.create_task(log.append(entry(str(i)))) for i in range(20)]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        return await asyncio.gather(*tasks, return_exceptions=True)

    outcomes = asyncio.run(run())
    assert all(isinstance(o, asyncio.CancelledError) for o in outcomes[::2])
    assert all(isinstance(o, AuditRecord) for o in outcomes[1::2])
    log.append_now(entry("last"))
    assert [r.request_id for r in log.records()] == [*map(str, range(20)), "last"]


def test_loop_that_is_gone_loses_no_record(log: SqlAuditLog) -> None:
    async def leave() -> None:
        asyncio.get_running_loop().call_soon(asyncio.get_running_loop().stop)
        await log.append(entry("left behind"))

    loop = asyncio.new_event_loop()
    task = loop.create_task(leave())
    loop.run_forever()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        loop.run_until_complete(task)
    loop.close()
    assert log.append_now(entry("after")).number == 2


@pytest.mark.parametrize(
    "body",
    [{"x": 0.5}, {"x": b""}, {1: "x"}, {"x": "\ud800"}, {"x": object()}],
    ids=["float", "bytes", "key", "surrogate", "object"],
)
def test_entry_that_cannot_be_hashed_is_refused_alone(log: SqlAuditLog, body: dict[str, object]) -> None:
    async def run() -> list[object]:
        bad = AuditEntry(kind="answer", time="t", body=body)
        return await asyncio.gather(
            *(log.append(e) for e in (entry("a"), bad, entry("b"))), return_exceptions=True
        )

    before, refused, after = asyncio.run(run())
    assert isinstance(refused, StoreError)
    assert "not written" in str(refused)
    assert refused.__suppress_context__
    assert [before.number, after.number] == [1, 2]


def test_body_changed_after_append_was_called_does_not_count(log: SqlAuditLog) -> None:
    async def run() -> AuditRecord:
        body = {"list": [1]}
        waiting = asyncio.ensure_future(log.append(AuditEntry(kind="answer", time="t", body=body)))
        await asyncio.sleep(0)
        body["list"].append(2)
        return await waiting

    assert asyncio.run(run()).body == {"list": [1]}
    assert log.verify().ok


@on_sqlite
def test_failed_commit_reaches_every_waiter_and_the_log_lives_on(
    log: SqlAuditLog, database: Database
) -> None:
    async def many(size: int) -> list[object]:
        text = "x" * size
        return await asyncio.gather(
            *(log.append(entry(str(i), text=text)) for i in range(40)), return_exceptions=True
        )

    log.append_now(entry("before"))
    with database.write_prepared("audit") as connection:
        assert isinstance(connection, sqlite3.Connection)
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
    failed = asyncio.run(many(5000))
    assert all(isinstance(o, StoreError) and "full" in o.message for o in failed)
    assert len({id(o) for o in failed}) == 40
    with pytest.raises(StoreError, match="full"):
        log.append_now(entry("blocked", text="x" * 100_000))
    assert log.head().number == 1
    with database.write_prepared("audit") as connection:
        assert isinstance(connection, sqlite3.Connection)
        connection.execute("PRAGMA max_page_count = 1000000")
    assert [o.number for o in asyncio.run(many(5000))] == list(range(2, 42))
    assert log.verify().records == 41


def test_waits_for_a_lock_held_elsewhere(workspace: Path) -> None:
    with Database.open(workspace, busy_timeout_s=0.1) as database:
        other = sqlite3.connect(workspace / "osler.db", isolation_level=None)
        with SqlAuditLog(database, SystemClock(), workspace / "instances") as log:
            other.execute("BEGIN IMMEDIATE")
            began = time.monotonic()
            with pytest.raises(StoreError, match="locked"):
                log.append_now(entry())
            assert time.monotonic() - began >= 0.19  # tried twice
            other.execute("ROLLBACK")
            assert log.append_now(entry()).number == 1
        other.close()


def test_closed_log(database: Database) -> None:
    log = SqlAuditLog(database, SystemClock(), database.workspace / "instances")
    log.append_now(entry())
    log.close()
    log.close()
    with pytest.raises(StoreError, match="closed"):
        log.append_now(entry())
    with pytest.raises(StoreError, match="closed"):
        asyncio.run(log.append(entry()))
    assert log.head().number == 1


def test_missing_head_stops_appending(log: SqlAuditLog, database: Database) -> None:
    log.append_now(entry())
    with database.write("index") as connection:
        connection.exec_driver_sql("DELETE FROM audit_head")
    with pytest.raises(StoreError, match="head is missing"):
        log.append_now(entry())
    with pytest.raises(StoreError, match="head is missing"):
        log.head()


def test_head_set_back_stops_appending(log: SqlAuditLog, database: Database) -> None:
    first = log.append_now(entry())
    log.append_now(entry())
    with database.write("index") as connection:
        run(connection, "UPDATE audit_head SET number = 1, hash = :hash", hash=first.hash)
    with pytest.raises(StoreError, match="osler audit verify"):
        log.append_now(entry())


def test_reading_is_not_disturbed_by_writing(log: SqlAuditLog) -> None:
    for i in range(3):
        log.append_now(entry(str(i)))
    reading = log.records()
    assert next(reading).number == 1
    log.append_now(entry("later"))
    assert [r.number for r in reading][:2] == [2, 3]
