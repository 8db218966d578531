"""The workspace's database: opening it, and transactions on it.

`read()` gives a connection that sees one state of the database however long it is used; `write(part)`
gives the only writer of that part, of all threads and processes, until its block ends: what it reads
there cannot change under it. A block that ends normally is committed and durable, one that raises is
rolled back.

Whatever the database or the operating system raise becomes an OslerError, with a remedy and without
any value or SQL text.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError

from osler.core.errors import InputError, StoreError
from osler.stores import faults, folder, migrations, moved, postgres
from osler.stores.backing import PARTS, Backing, Census, Part, Presence
from osler.stores.prepared import Link
from osler.stores.sqlite import SqliteBacking
from osler.stores.tables import audit_head

L = TypeVar("L", bound=Link)
BUSY_TIMEOUT_S = 10.0
"""How long a writer waits for another one."""


class Database:
    """An open database. Safe for threads; not to be carried over a fork."""

    def __init__(self, workspace: Path, backing: Backing, *, busy_timeout_s: float) -> None:
        """Use `open`, which also prepares the database."""
        self.workspace = workspace
        self._backing = backing
        self._patience_s = busy_timeout_s
        # Threads queue here rather than at the database's lock, which SQLite can only poll.
        one = threading.Lock()
        self._turns = {part: one if backing.name == "sqlite" else threading.Lock() for part in PARTS}
        self._closed = False
        self._even_if_moved = False

    @classmethod
    def open(
        cls,
        workspace: Path,
        *,
        url: str | None = None,
        busy_timeout_s: float = BUSY_TIMEOUT_S,
        even_if_moved: bool = False,
    ) -> Self:
        """The database of `workspace`, created or brought to this version's schema where needed.

        `url` names a PostgreSQL database; without it SQLite serves, in the workspace's folder. Raises
        StoreError: the folder, the file or the server cannot be used, a newer Osler wrote it, or what
        it held was moved elsewhere.
        """
        workspace = workspace.absolute()
        backing: Backing
        if url is None:
            backing = SqliteBacking(workspace, busy_timeout_s=busy_timeout_s)
        else:
            backing = postgres.PostgresBacking(url, busy_timeout_s=busy_timeout_s)
        database = cls(workspace, backing, busy_timeout_s=busy_timeout_s)
        database._even_if_moved = even_if_moved
        try:
            with database._faults():
                folder.create(workspace)
                backing.prepare()
            database._migrate()
            if not even_if_moved:
                with database.read() as connection:
                    moved.require_here(connection)
        except BaseException:
            database.close()
            raise
        return database

    def copy_file(self, to: Path) -> bool:
        """Copy the database to a new SQLite file while others use it, where it is one; False where it is none."""
        with self._faults():
            return self._backing.copy_file(to)

    @property
    def kind(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._backing.name

    def _migrate(self) -> None:
        with self.read() as connection:
            version = migrations.version(connection)
            migrations.require_known(version)
        if version != migrations.NEWEST:
            with self.write("schema") as connection:
                migrations.migrate(connection)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection on one snapshot of the database; it cannot write. Raises StoreError."""
        self._require_open()
        with self._faults(), self._backing.reader().begin() as connection:
            yield connection

    def write(self, part: Part, *, attempts: int = 1) -> AbstractContextManager[Connection]:
        """The one writing connection of `part`; committed when the block ends, rolled back when it raises.

        `attempts` is how many times to wait for the lock, `busy_timeout_s` each. Blocks do not nest.
        Raises StoreError.
        """
        return self._written(part, attempts, lambda part: self._backing.writer(part).begin())

    def write_prepared(self, part: Part, *, attempts: int = 1) -> AbstractContextManager[Link]:
        """The same for prepared statements only, at a fraction of the cost."""
        return self._written(part, attempts, self._backing.quick_writer)

    @contextmanager
    def _written(
        self, part: Part, attempts: int, writer: Callable[[Part], AbstractContextManager[L]]
    ) -> Iterator[L]:
        self._require_open()
        turn = self._turns[part]
        if not turn.acquire(timeout=self._patience_s * attempts):
            raise self._backing.busy()
        try:
            self._backing.require_same()
            with self._faults(), ExitStack() as stack:
                connection = self._begin(stack, part, attempts, writer)
                if part != "schema" and not self._even_if_moved:
                    moved.require_here(connection)  # a process that was running when it was moved
                yield connection
        finally:
            turn.release()

    @contextmanager
    def write_all(self) -> Iterator[Connection]:
        """The one writing connection of all parts: meanwhile nobody else writes anything. Raises StoreError."""
        with ExitStack() as turns:
            for turn in dict.fromkeys(self._turns.values()):
                if not turn.acquire(timeout=self._patience_s):
                    raise self._backing.busy()
                turns.callback(turn.release)
            self._require_open()
            self._backing.require_same()
            with self._faults(), self._backing.writer("schema").begin() as connection:
                self._backing.lock_all(connection)
                yield connection

    def _begin(
        self, stack: ExitStack, part: Part, attempts: int, writer: Callable[[Part], AbstractContextManager[L]]
    ) -> L:
        for _ in range(attempts - 1):
            try:
                return stack.enter_context(writer(part))
            except (SQLAlchemyError, sqlite3.Error) as error:
                if not self._backing.is_busy(error):
                    raise
        return stack.enter_context(writer(part))

    def check(self, *, deep: bool = False) -> None:
        """Raise StoreError unless the database can be read and is the one that was opened.

        `deep` also walks everything in it, in time proportional to its size.
        """
        self._require_open()
        self._backing.require_same()
        with self.read() as connection:
            migrations.require_known(migrations.version(connection))
            connection.execute(select(audit_head.c.number)).all()
            if deep and not self._backing.is_sound(connection):
                raise StoreError(
                    "The workspace's database is damaged.",
                    remedy="Stop Osler and restore the workspace from a backup (osler store restore).",
                )

    def overwrite_deleted(self, connection: Connection) -> None:
        """From now on what this connection deletes is overwritten, where the database can do that."""
        self._backing.overwrite_deleted(connection)

    def erase_deleted(self) -> bool:
        """Remove what deleted rows left in the database's own files; False when others stand in the way."""
        with self._faults():
            return self._backing.erase_deleted()

    def undecodable_kept(self, connection: Connection) -> AbstractContextManager[None]:
        """Within this block text that is not UTF-8 is read with surrogates in it instead of failing."""
        return self._backing.undecodable_kept(connection)

    def presence(self, instances: Path) -> Presence:
        """This process's sign of life. Raises StoreError."""
        with self._faults():
            return self._backing.presence(instances)

    def census(self, instances: Path) -> AbstractContextManager[Census]:
        """Which processes live."""
        return self._backing.census(instances)

    def close(self) -> None:
        """Release all idle connections; later use raises StoreError."""
        self._closed = True
        self._backing.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _require_open(self) -> None:
        if self._closed:
            raise StoreError("The database is closed.", remedy="Start Osler again.")

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """Turn what the database and the operating system raise into Osler's errors."""
        try:
            yield
        except OSError as error:
            raise faults.of_system(error) from None
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise self._backing.fault(error) from None
        except UnicodeEncodeError:
            # The error itself would carry the whole text.
            raise InputError(
                "A text that was to be stored or looked up is not valid Unicode.",
                remedy="Send well-formed UTF-8, without lone surrogates.",
            ) from None
