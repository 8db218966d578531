"""That a store's content was moved to another database: so noted in the one that was left, which is then not used.

Two databases that both go on would be two chains with one beginning.
"""

from sqlalchemy import Connection, delete, insert, select

from osler.core.errors import StoreError
from osler.stores.prepared import Link, Prepared
from osler.stores.tables import store_moved

_NOTE = Prepared(select(store_moved.c.destination, store_moved.c.moved))


def require_here(connection: Link) -> None:
    """Raise StoreError when what the database holds was moved elsewhere."""
    row = _NOTE.one(connection)
    if row is not None:
        destination, when = row
        raise StoreError(
            f"What this workspace held was moved to a {destination} database on {when[:10]}.",
            remedy="Name that database as stores.url in osler.toml. To use the old one again all the same: "
            "osler store reopen.",
        )


def note(connection: Connection, *, destination: str, when: str) -> None:
    """Note the move, within the caller's write transaction."""
    connection.execute(delete(store_moved))
    connection.execute(insert(store_moved), {"id": 1, "destination": destination, "moved": when})


def forget(connection: Connection) -> bool:
    """Take the note away; whether there was one."""
    return connection.execute(delete(store_moved)).rowcount > 0
