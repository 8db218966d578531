"""What a kind of database has to offer so that everything else here need not know which one it is.

`sqlite.py` and `postgres.py` implement it, and `fulltext/` has a module for each: nothing else in this room names a
database.
"""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Literal, Protocol

from sqlalchemy import Connection, Engine

from osler.core.errors import OslerError, StoreError
from osler.stores.prepared import Link

Part = Literal["schema", "audit", "vault", "index", "access"]
"""What a write transaction is about. Writers of one part wait for each other; where the database can, those of
different parts do not. A transaction writes tables of its own part only."""

PARTS: tuple[Part, ...] = ("schema", "audit", "vault", "index", "access")


class Presence(Protocol):
    """A process's sign of life, by which others know that its open streams are still its own."""

    id: str

    def renew(self) -> None:
        """See that the sign still stands, and set it up again where it was lost. Raises StoreError."""
        ...

    def close(self) -> None:
        """Take the sign away."""
        ...


class Census(Protocol):
    """Tells the living from the dead, as a context manager."""

    def is_alive(self, instance: str) -> bool:
        """Whether some process still has that sign of life. Raises StoreError."""
        ...

    def remove_dead(self) -> None:
        """Remove what the dead left behind."""
        ...


class Backing(Protocol):
    """One database, opened."""

    name: str
    """`sqlite` or `postgresql`."""

    def prepare(self) -> None:
        """Make the database ready to be used: what must be there before the first connection."""
        ...

    def reader(self) -> Engine:
        """Connections that see one state of the database and cannot write."""
        ...

    def writer(self, part: Part) -> Engine:
        """Connections whose transactions begin by becoming the only writer of `part`."""
        ...

    def quick_writer(self, part: Part) -> AbstractContextManager[Link]:
        """A transaction of a writer, for prepared statements only; committed when the block ends, else rolled back."""
        ...

    def require_same(self) -> None:
        """Raise StoreError when it is not the database any more that was opened."""
        ...

    def lock_all(self, connection: Connection) -> None:
        """Make a connection that is the only writer of "schema" that of all parts."""
        ...

    def copy_file(self, to: Path) -> bool:
        """Copy the database to a new file while others use it, where it is a file; False where it is none."""
        ...

    def is_busy(self, error: Exception) -> bool:
        """Whether `error` only says that another writer holds the lock."""
        ...

    def busy(self) -> StoreError:
        """What a writer is told who waited in vain."""
        ...

    def fault(self, error: Exception) -> OslerError:
        """What the database or its driver raised, without values and SQL."""
        ...

    def is_sound(self, connection: Connection) -> bool:
        """Whether everything stored can be read; takes time in proportion to its size."""
        ...

    def overwrite_deleted(self, connection: Connection) -> None:
        """From now on what this connection deletes is overwritten, where the database can do that."""
        ...

    def erase_deleted(self) -> bool:
        """Remove what deleted rows left in the database's own files; False when others stand in the way."""
        ...

    def undecodable_kept(self, connection: Connection) -> AbstractContextManager[None]:
        """Within this block text that is not UTF-8 is read with surrogates in it instead of failing."""
        ...

    def presence(self, folder: Path) -> Presence:
        """This process's sign of life. Raises StoreError."""
        ...

    def census(self, folder: Path) -> AbstractContextManager[Census]:
        """Who else lives."""
        ...

    def close(self) -> None:
        """Let go of all idle connections."""
        ...
