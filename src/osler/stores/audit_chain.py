"""The audit chain as rows: extending it and reading it, within a caller's transaction.

Hashing and verifying are `core.audit`'s; here is only what must happen in one transaction: the head
is read, the records are sealed onto it, and the head is moved.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, or_, select, update

from osler.core.audit import AuditEntry, AuditRecord, Head, canonical_json, seal
from osler.core.errors import StoreError
from osler.stores.prepared import Link, Prepared
from osler.stores.tables import audit, audit_head, audit_open

PAGE = 1000
"""Records read at a time."""

UNREADABLE: Mapping[str, object] = {"unreadable": 0.5}
"""The body of a record whose stored body is not canonical JSON: a float, so that no hash can match it."""

_CLOSING = ("closed", "interrupted")

_READ_HEAD = Prepared(select(audit_head.c.number, audit_head.c.hash).where(audit_head.c.id == 1))
_MOVE_HEAD = Prepared(
    update(audit_head)
    .where(audit_head.c.id == 1)
    .values(number=bindparam("to_number"), hash=bindparam("to_hash"))
)
_ADD = Prepared(insert(audit))
_FORGET = Prepared(delete(audit_open).where(audit_open.c.request_id == bindparam("id")))
_REMEMBER = Prepared(insert(audit_open))


def read_head(connection: Link) -> Head:
    """The stored head; raises StoreError when it is missing."""
    row = _READ_HEAD.one(connection)
    if row is None:
        raise StoreError(
            "The audit log's head is missing from the database.",
            remedy="Run `osler audit verify`, and restore the workspace from a backup.",
        )
    number, digest = row
    return Head(number=number, hash=digest)


def extend(connection: Link, entries: Sequence[AuditEntry], *, holder: str) -> list[AuditRecord]:
    """Append `entries` in order; their records. Needs the only write transaction there is.

    `holder` is the instance whose life vouches for the streams opened here.
    """
    if not entries:
        return []
    head = read_head(connection)
    records: list[AuditRecord] = []
    for entry in entries:
        record = seal(head, entry)
        head = Head(number=record.number, hash=record.hash)
        records.append(record)
    rows = [_row_of(record, entry) for record, entry in zip(records, entries, strict=True)]
    _ADD.run(connection, rows)
    _MOVE_HEAD.run(connection, [{"to_number": head.number, "to_hash": head.hash}])
    _keep_open(connection, records, holder)
    return records


def _keep_open(connection: Link, records: Sequence[AuditRecord], holder: str) -> None:
    """Note the streams that these records leave open, forget those that they close."""
    opened: dict[str, list[AuditRecord]] = {}
    closed: set[str] = set()
    for record in records:
        if record.kind == "opened":
            opened.setdefault(record.request_id, []).append(record)
        elif record.kind in _CLOSING:
            opened.pop(record.request_id, None)
            closed.add(record.request_id)
    if closed:
        _FORGET.run(connection, [{"id": request_id} for request_id in closed])
    left_open = [
        {"number": record.number, "request_id": record.request_id, "instance": holder}
        for left in opened.values()
        for record in left
    ]
    if left_open:
        _REMEMBER.run(connection, left_open)


def still_open(connection: Connection) -> list[tuple[int, str, str]]:
    """Number, request id and instance of each "opened" record that nothing closed yet, in order."""
    rows = connection.execute(select(audit_open).order_by(audit_open.c.number))
    return [(row.number, row.request_id, row.instance) for row in rows]


def page(connection: Connection, *, after: int | None, holding: Sequence[str] = ()) -> list[AuditRecord]:
    """The next `PAGE` records in order; when `after` is None from the very first row, whatever its number.

    `holding`: only those whose stored body has one of these texts in it.
    """
    query = select(audit).order_by(audit.c.number).limit(PAGE)
    if holding:
        query = query.where(or_(*(audit.c.body.contains(text, autoescape=True) for text in holding)))
    if after is not None:
        query = query.where(audit.c.number > after)
    return [_record_of(row) for row in connection.execute(query)]


def walk(connection: Connection) -> Iterator[AuditRecord]:
    """All records in order, on the one connection."""
    records = page(connection, after=None)
    while records:
        yield from records
        records = page(connection, after=records[-1].number)


def _row_of(record: AuditRecord, entry: AuditEntry) -> dict[str, object]:
    return {
        "number": record.number,
        "time": record.time,
        "kind": record.kind,
        "request_id": record.request_id,
        "instance": record.instance,
        "body": entry.text,
        "prev": record.prev,
        "hash": record.hash,
    }


def _record_of(row: Row[Any]) -> AuditRecord:
    return AuditRecord(
        number=row.number,
        kind=row.kind,
        time=row.time,
        request_id=row.request_id,
        instance=row.instance,
        body=_body_of(row.body),
        prev=row.prev,
        hash=row.hash,
    )


def _body_of(stored: object) -> Mapping[str, object]:
    """The stored body; UNREADABLE unless it is an object in canonical form, byte for byte."""
    if not isinstance(stored, str):
        return UNREADABLE
    try:
        body = json.loads(stored)
        if isinstance(body, dict) and canonical_json(body) == stored.encode():
            return body
    except (ValueError, TypeError, RecursionError):
        pass
    return UNREADABLE
