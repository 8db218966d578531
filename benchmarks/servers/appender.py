"""Appends audit records: by Osler's audit log, or the same rows raw, as the floor.

    python appender.py osler FOLDER     Osler's audit log; OSLER_DATABASE_URL: on that database
    python appender.py sqlite FOLDER    raw SQLite: WAL, synchronous = FULL
    python appender.py postgres URL     raw PostgreSQL over psycopg

Says `ready`, then takes a command a line and writes an answer a line. Osler: {"events", "waiters"}:
so many tasks append one after the other. Raw: {"events", "group"}: so many rows by INSERT before each
COMMIT. Answer: {"seconds", "commits", "cpu"}; commits are counted, not computed; `cpu` is this
process's, all threads, in seconds. The rows of the floors are made, hashes and all, before the clocks
start: only writing them is timed.
"""

import asyncio
import json
import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from osler.app import config as configuration
from osler.app.build import open_stores
from osler.core.audit import AuditEntry, AuditRecord, Head, canonical_json, seal
from osler.core.ports.audit_log import AuditLog
from osler.stores import SqlAuditLog

_COLUMNS = ("number", "time", "kind", "request_id", "instance", "body", "prev", "hash")
_NAME = f"raw_audit_{os.getpid()}"  # floors may share a database
_TEXTS = ", ".join(f"{column} TEXT NOT NULL" for column in _COLUMNS[1:])
_TABLE = f"CREATE TABLE {_NAME} (number BIGINT PRIMARY KEY, {_TEXTS})"
Command = dict[str, int]
Row = tuple[object, ...]


def entry(number: int) -> AuditEntry:
    """What a grounded answer records, about 2 KB of JSON; see osler.gateway.signing."""
    digest = f"{number:064x}"
    body = {
        "answer": digest,
        "caller": {"key": "local", "role": "clinician"},
        "cited": [1, 2, 5],
        "config": digest,
        "decision": {
            "allowed": [{"destination": "ward", "reason": "on-premises", "transform": "surrogate"}],
            "destination": "ward",
            "model": "fast",
            "phi": {"DATE": 4, "NAME": 3},
            "purpose": "treatment",
            "refused": [],
            "replaced": {"DATE": 16, "NAME": 3, "OTHER_ID": 1},
            "role": "clinician",
            "rule": "PHI stays inside or under a BAA",
            "sensitivity": "phi",
            "sources": ["records", "guidelines"],
            "transform": "surrogate",
        },
        "evidence": [{"doc": digest, "n": n, "sha256": digest} for n in range(1, 9)],
        "findings": [{"kind": "allergy", "severity": "warning", "where": "answer"}],
        "finish": "stop",
        "ms": 412,
        "outcome": "answered",
        "patient": digest[:32],
        "question": digest,
        "sent": digest,
        "usage": {"completion": 150, "prompt": 900},
    }
    return AuditEntry(
        kind="answer", time="2026-03-01T12:00:00.000Z", body=body, request_id=f"req_{number:024x}"
    )


@contextmanager
def osler(folder: Path) -> Iterator[Callable[[Command], dict[str, float]]]:
    """Osler's own audit log, opened as `osler serve` opens it."""
    url = {"url": {"env": "OSLER_DATABASE_URL"}} if os.environ.get("OSLER_DATABASE_URL") else {}
    stores = open_stores(configuration.parse({"stores": url}), folder)
    log = stores.audit
    if not isinstance(log, SqlAuditLog):
        raise TypeError("an audit log of another kind")

    def run(command: Command) -> dict[str, float]:
        before, entries = log.commits, [entry(n) for n in range(command["events"])]
        cpu, begun = time.process_time(), time.perf_counter()
        asyncio.run(_append(log, entries, command["waiters"]))
        seconds = time.perf_counter() - begun
        return {"seconds": seconds, "commits": log.commits - before, "cpu": time.process_time() - cpu}

    try:
        yield run
    finally:
        stores.close()


async def _append(log: AuditLog, entries: list[AuditEntry], waiters: int) -> None:
    """All entries, each task taking the next one when its last is durable."""
    waiting = iter(entries)

    async def one() -> None:
        for following in waiting:
            await log.append(following)

    await asyncio.gather(*(one() for _ in range(waiters)))


@contextmanager
def sqlite(folder: Path) -> Iterator[Callable[[Command], dict[str, float]]]:
    """The floor on SQLite."""
    folder.mkdir(exist_ok=True)
    connection = sqlite3.connect(folder / "raw.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(_TABLE)
    insert = f"INSERT INTO {_NAME} VALUES ({', '.join('?' * len(_COLUMNS))})"

    def write(rows: list[Row]) -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(insert, rows)
        connection.execute("COMMIT")

    yield _raw(write)
    connection.close()


@contextmanager
def postgres(url: str) -> Iterator[Callable[[Command], dict[str, float]]]:
    """The floor on PostgreSQL."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_TABLE)
        insert = f"INSERT INTO {_NAME} VALUES ({', '.join(['%s'] * len(_COLUMNS))})"

        def write(rows: list[Row]) -> None:
            with connection.transaction(), connection.cursor() as cursor:
                cursor.executemany(insert, rows)

        yield _raw(write)


def _raw(write: Callable[[list[Row]], None]) -> Callable[[Command], dict[str, float]]:
    head = Head()

    def run(command: Command) -> dict[str, float]:
        nonlocal head
        rows: list[Row] = []
        for number in range(command["events"]):
            record = seal(head, entry(number))
            head = Head(number=record.number, hash=record.hash)
            rows.append(_row(record))
        groups = [rows[i : i + command["group"]] for i in range(0, len(rows), command["group"])]
        cpu, begun = time.process_time(), time.perf_counter()
        for group in groups:
            write(group)
        seconds = time.perf_counter() - begun
        return {"seconds": seconds, "commits": len(groups), "cpu": time.process_time() - cpu}

    return run


def _row(record: AuditRecord) -> Row:
    body = canonical_json(record.body).decode()
    return (record.number, record.time, record.kind, record.request_id, "raw", body, record.prev, record.hash)


def main() -> None:
    """Commands from standard input until it ends."""
    kind, place = sys.argv[1:3]
    opened = postgres(place) if kind == "postgres" else {"osler": osler, "sqlite": sqlite}[kind](Path(place))
    with opened as run:
        print("ready", flush=True)
        for line in sys.stdin:
            print(json.dumps(run(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
