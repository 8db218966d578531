"""The schema's history: an ordered list of migrations, each one function in one file.

`schema_version` holds a row for each migration that was applied. All that are missing are applied in
one write transaction, so that of two processes that start together one migrates and the other finds
it done. A migration once released is never changed: it spells out its tables itself instead of
importing `tables`, and a test compares the outcome with `tables`.

Alembic is left out on purpose: it brings a second configuration, a template engine and its own
connection handling for what is a list and a loop here.
"""

from collections.abc import Callable

from sqlalchemy import Column, Connection, Integer, MetaData, Table, Text, func, insert, inspect, select

from osler.core.clock import SystemClock, timestamp
from osler.core.errors import StoreError
from osler.stores.migrations import (
    m0001_first,
    m0002_vault_maps,
    m0003_moved,
    m0004_spending,
    m0005_key_terms,
)

MIGRATIONS: tuple[Callable[[Connection], None], ...] = (
    m0001_first.upgrade,
    m0002_vault_maps.upgrade,
    m0003_moved.upgrade,
    m0004_spending.upgrade,
    m0005_key_terms.upgrade,
)
"""Number n (from 1) brings the schema from version n-1 to n."""

NEWEST = len(MIGRATIONS)

_metadata = MetaData()
schema_version = Table(
    "schema_version",
    _metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("applied", Text, nullable=False),
)


def version(connection: Connection) -> int:
    """The schema's version; 0 for an empty database. Raises StoreError for a database of something else."""
    names = inspect(connection).get_table_names()
    if schema_version.name in names:
        return connection.execute(select(func.max(schema_version.c.version))).scalar() or 0
    if names:
        raise StoreError(
            "The database in the workspace was not made by Osler.",
            remedy="Choose another workspace folder (--workspace).",
        )
    return 0


def require_known(found: int) -> None:
    """Raise StoreError when version `found` is newer than this Osler."""
    if found > NEWEST:
        raise StoreError(
            f"A newer Osler wrote this workspace: its schema is version {found}, "
            f"this Osler knows versions up to {NEWEST}.",
            remedy="Upgrade Osler, or choose another workspace (--workspace).",
        )


def migrate(connection: Connection) -> None:
    """Bring the database to the newest version, within the caller's write transaction. Raises StoreError."""
    found = version(connection)
    require_known(found)
    _metadata.create_all(connection)
    for number in range(found + 1, NEWEST + 1):
        MIGRATIONS[number - 1](connection)
        connection.execute(
            insert(schema_version), {"version": number, "applied": timestamp(SystemClock().now())}
        )
