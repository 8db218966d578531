"""Full-text search over passages: the table that serves it, its upkeep, its queries. It differs by database.

    phrases    what is looked for
    fts5       SQLite's FTS5
    postgres   PostgreSQL's text search, ranked as FTS5 ranks

The patient filter stands in the query itself, before ranking and LIMIT.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType

from sqlalchemy import Connection, select

from osler.core.ports.index import Hit, Scope
from osler.stores.fulltext import fts5, postgres
from osler.stores.tables import documents, passages

_PAGE = 500


def _of(connection: Connection) -> ModuleType:
    return postgres if connection.dialect.name == "postgresql" else fts5


def create(connection: Connection) -> None:
    """Make the full-text table."""
    _of(connection).create(connection)


def add(connection: Connection, rows: Sequence[Mapping[str, object]]) -> None:
    """Make passages searchable; each row has id, title, section, text, keywords."""
    _of(connection).add(connection, rows)


def remove(connection: Connection, documents: Sequence[int]) -> None:
    """Take the passages of `documents` (ids) out of the search; they must still be in `passages`."""
    _of(connection).remove(connection, documents)


def search(connection: Connection, terms: Sequence[Sequence[str]], scope: Scope, k: int) -> tuple[Hit, ...]:
    """The best `k` passages that hold any of `terms` and that `scope` lets be seen, best first."""
    found: tuple[Hit, ...] = _of(connection).search(connection, terms, scope, k)
    return found


def rebuild(connection: Connection) -> int:
    """Make the full-text table anew from the stored texts, within a write transaction; how many passages it holds."""
    _of(connection).clear(connection)
    create(connection)
    done = 0
    for rows in _pages(connection):
        add(connection, rows)
        done += len(rows)
    return done


def check(connection: Connection, *, deep: bool = False) -> None:
    """Raise StoreError unless the full-text table is there and holds exactly the passages.

    `deep` also compares its content, where the database can do that; it needs a write transaction.
    """
    _of(connection).check(connection, deep=deep)


def _pages(connection: Connection) -> Iterator[list[dict[str, object]]]:
    """All passages with what is searched in them, in pages."""
    columns = (passages.c.id, passages.c.start, passages.c.end, passages.c.section)
    query = (
        select(*columns, documents.c.title, documents.c.text, documents.c.keywords)
        .join(documents, documents.c.id == passages.c.document)
        .order_by(passages.c.id)
        .limit(_PAGE)
    )
    after = -1
    while rows := connection.execute(query.where(passages.c.id > after)).all():
        yield [
            {
                "id": row.id,
                "title": row.title,
                "section": row.section,
                "text": row.text[row.start : row.end],
                "keywords": " ".join(json.loads(row.keywords)),
            }
            for row in rows
        ]
        after = rows[-1].id
