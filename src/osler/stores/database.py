"""The workspace's database: opening it, and transactions on it.

`read()` gives a connection that sees one state of the database however long it is used; `write()`
gives the only writer, of all threads and processes, until its block ends: what it reads cannot
change under it. A block that ends normally is committed and durable, one that raises is rolled back.

Whatever the database or the operating system raise becomes StoreError, with a remedy and without
any value or SQL text.
"""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import SQLAlchemyError

from osler.core.errors import InputError, StoreError
from osler.stores import migrations, sqlite
from osler.stores.tables import audit_head

BUSY_TIMEOUT_S = 10.0
"""How long a writer waits for another one."""


class Database:
    """An open database. Safe for threads; not to be carried over a fork."""

    def __init__(self, path: Path, *, busy_timeout_s: float) -> None:
        """Use `open`, which also prepares the file."""
        self.path = path
        self.workspace = path.parent
        self._patience_s = busy_timeout_s
        self._file = _identity(path)
        self._reader: Engine = sqlite.engine(path, writer=False, busy_timeout_s=busy_timeout_s)
        self._writer: Engine = sqlite.engine(path, writer=True, busy_timeout_s=busy_timeout_s)
        # Threads queue here rather than at SQLite's lock, which can only be polled.
        self._turn = threading.Lock()
        self._closed = False

    @classmethod
    def open(cls, workspace: Path, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> Self:
        """The database of `workspace`, created or brought to this version's schema where needed.

        Raises StoreError: the folder or the file cannot be used, or a newer Osler wrote it.
        """
        with _faults():
            path = sqlite.create_file(workspace.absolute())
            sqlite.enter_wal(path, patience_s=busy_timeout_s)
            database = cls(path, busy_timeout_s=busy_timeout_s)
        try:
            database._migrate()
        except BaseException:
            database.close()
            raise
        return database

    def _migrate(self) -> None:
        with self.read() as connection:
            version = migrations.version(connection)
            migrations.require_known(version)
        if version != migrations.NEWEST:
            with self.write() as connection:
                migrations.migrate(connection)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection on one snapshot of the database; it cannot write. Raises StoreError."""
        self._require_open()
        with _faults(), self._reader.begin() as connection:
            yield connection

    @contextmanager
    def write(self, *, attempts: int = 1) -> Iterator[Connection]:
        """The one writing connection; committed when the block ends, rolled back when it raises.

        `attempts` is how many times to wait for the lock, `busy_timeout_s` each. Blocks do not nest.
        Raises StoreError.
        """
        self._require_open()
        if not self._turn.acquire(timeout=self._patience_s * attempts):
            raise sqlite.busy()
        try:
            self._require_same_file()
            with _faults(), ExitStack() as stack:
                yield self._begin(stack, attempts)
        finally:
            self._turn.release()

    def _begin(self, stack: ExitStack, attempts: int) -> Connection:
        for _ in range(attempts - 1):
            try:
                return stack.enter_context(self._writer.begin())
            except SQLAlchemyError as error:
                if not sqlite.is_busy(error):
                    raise
        return stack.enter_context(self._writer.begin())

    def check(self, *, deep: bool = False) -> None:
        """Raise StoreError unless the database can be read and is the file that was opened.

        `deep` also walks its whole structure, in time proportional to its size.
        """
        self._require_same_file()
        with self.read() as connection:
            migrations.require_known(migrations.version(connection))
            connection.execute(select(audit_head.c.number)).all()
            if deep and not sqlite.is_sound(connection):
                raise StoreError(
                    "The workspace's database is damaged.",
                    remedy="Stop Osler and restore the workspace from a backup.",
                )

    def close(self) -> None:
        """Release all idle connections; later use raises StoreError."""
        self._closed = True
        self._reader.dispose()
        self._writer.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _require_open(self) -> None:
        if self._closed:
            raise StoreError("The database is closed.", remedy="Start Osler again.")

    def _require_same_file(self) -> None:
        # SQLite goes on writing into a file that was deleted: durable nowhere, yet acknowledged.
        try:
            same = _identity(self.path) == self._file
        except OSError:
            same = False
        if not same:
            raise StoreError(
                "The database file was removed or replaced while Osler was running.",
                remedy="Stop every process that uses the workspace, then put the file back or restart.",
            )


def _identity(path: Path) -> tuple[int, int]:
    found = os.stat(path)
    return found.st_dev, found.st_ino


@contextmanager
def _faults() -> Iterator[None]:
    """Turn what the database and the operating system raise into Osler's errors."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise sqlite.fault(error) from None
    except UnicodeEncodeError:
        # The error itself would carry the whole text.
        raise InputError(
            "A text that was to be stored or looked up is not valid Unicode.",
            remedy="Send well-formed UTF-8, without lone surrogates.",
        ) from None
