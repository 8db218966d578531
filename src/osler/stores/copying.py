"""Everything that one database holds, copied into another one that is empty: rows as they are, search made anew.

Both sides are one transaction each: of the source one snapshot is read, of the target all is written or nothing.
Whether the copy is whole is then proven: as many rows in each table, the same digest over all of them, and a chain
of audit records that holds up to the same head.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Integer, Row, Table, func, insert, select, text

from osler.core.audit import GENESIS, Head, verify
from osler.core.errors import InputError, StoreError
from osler.stores import audit_chain, fulltext
from osler.stores.tables import audit_head, metadata, store_moved, vault_state

_PAGE = 1000

Progress = Callable[[str, int, int], None]
"""Told the table's name, how many of its rows are done, and how many there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a database holds: rows by table, one digest over all of them, and the head of its audit chain."""

    rows: dict[str, int]
    digest: str
    head: Head


def tables() -> list[Table]:
    """The tables that are copied, those first that others refer to."""
    return [table for table in metadata.sorted_tables if table is not store_moved]


def require_empty(connection: Connection) -> None:
    """Raise InputError unless the database holds nothing but what it was made with."""
    head = audit_chain.read_head(connection)
    made_with = {audit_head.name: 1, vault_state.name: 1}
    if (head.number, head.hash) != (0, GENESIS) or any(
        count != made_with.get(name, 0) for name, count in rows(connection).items()
    ):
        raise InputError(
            "The database to copy into is not empty; nothing was written.",
            remedy="Name an empty one: another workspace (--workspace), database, or schema of a database "
            "(?options=-csearch_path%3DNAME).",
        )


def copy(source: Connection, target: Connection, progress: Progress) -> Content:
    """Copy all rows from `source` into the empty `target`, and make its search anew. Raises InputError, StoreError."""
    require_empty(target)
    for table in (audit_head, vault_state):
        target.execute(table.delete())
    counts: dict[str, int] = {}
    whole = hashlib.sha256()
    for table in tables():
        total = source.execute(select(func.count()).select_from(table)).scalar_one()
        done = 0
        progress(table.name, done, total)
        for page in _pages(source, table):
            target.execute(insert(table), [row._asdict() for row in page])
            _count_in(whole, table, page)
            done += len(page)
            progress(table.name, done, total)
        counts[table.name] = done
    _restart_numbers(target)
    fulltext.rebuild(target)
    return Content(rows=counts, digest=whole.hexdigest(), head=audit_chain.read_head(source))


def content(connection: Connection) -> Content:
    """What a database holds. Raises StoreError when its audit chain does not hold."""
    counts: dict[str, int] = {}
    whole = hashlib.sha256()
    for table in tables():
        counts[table.name] = 0
        for page in _pages(connection, table):
            _count_in(whole, table, page)
            counts[table.name] += len(page)
    head = audit_chain.read_head(connection)
    verdict = verify(audit_chain.walk(connection), head)
    if not verdict.ok:
        raise StoreError(
            f"The audit chain of the copy does not hold: {verdict.reason}.",
            remedy="Run `osler audit verify` on the original: what was copied did not hold there either.",
        )
    return Content(rows=counts, digest=whole.hexdigest(), head=head)


def require_same(copied: Content, found: Content) -> None:
    """Raise StoreError unless what was found in the copy is what was copied."""
    if copied != found:
        different = sorted(name for name in copied.rows if copied.rows[name] != found.rows.get(name))
        where = f" (tables: {', '.join(different)})" if different else ""
        raise StoreError(
            f"The copy is not the same as the original{where}.",
            remedy="Do not use the copy. Try again; if it happens again, check disks and memory.",
        )


def _pages(connection: Connection, table: Table) -> Iterator[list[Row[Any]]]:
    """A table's rows in the order of its key, a page at a time, without holding a cursor open."""
    keys = list(table.primary_key.columns)
    query = select(table).order_by(*keys).limit(_PAGE)
    page = list(connection.execute(query))
    while page:
        yield page
        last = page[-1]._mapping
        beyond = keys[0] > last[keys[0].name]
        for at in range(1, len(keys)):
            same = [key == last[key.name] for key in keys[:at]]
            further = keys[at] > last[keys[at].name]
            for one in same:
                further &= one
            beyond |= further
        page = list(connection.execute(query.where(beyond)))


def _count_in(whole: "hashlib._Hash", table: Table, page: list[Row[Any]]) -> None:
    for row in page:
        values = [table.name, *(value.hex() if isinstance(value, bytes) else value for value in row)]
        whole.update(json.dumps(values, ensure_ascii=True, separators=(",", ":")).encode())
        whole.update(b"\n")


def _restart_numbers(connection: Connection) -> None:
    """Let PostgreSQL number further rows after the copied ones; SQLite does so by itself."""
    if connection.dialect.name != "postgresql":
        return
    for table in tables():
        keys = list(table.primary_key.columns)
        if len(keys) == 1 and isinstance(keys[0].type, Integer) and keys[0].autoincrement is not False:
            highest = connection.execute(select(func.coalesce(func.max(keys[0]), 0))).scalar_one()
            connection.execute(
                text("SELECT setval(pg_get_serial_sequence(:table, :column), :next, false)"),
                {"table": table.name, "column": keys[0].name, "next": highest + 1},
            )


def rows(connection: Connection) -> dict[str, int]:
    """How many rows each table has."""
    return {
        table.name: int(connection.execute(select(func.count()).select_from(table)).scalar_one())
        for table in tables()
    }


def head(connection: Connection) -> Head:
    """The head of the audit chain."""
    return audit_chain.read_head(connection)


def vault_key_id(connection: Connection) -> str:
    """The id of the key that opens the vault; empty where it was never opened."""
    return str(connection.execute(select(vault_state.c.key_id)).scalar_one())
