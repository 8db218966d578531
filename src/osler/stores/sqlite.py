"""Everything about the database that is SQLite's own: the file, its pragmas, its faults.

The file has one lock: writers of all parts are one. They begin with BEGIN IMMEDIATE, so that a
transaction takes the write lock before it reads and two processes never deadlock by both wanting to
upgrade; readers begin with BEGIN, see one snapshot, and cannot write.
"""

import os
import sqlite3
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.exc import DBAPIError

from osler.core.errors import StoreError
from osler.stores.backing import Part
from osler.stores.faults import WRITABLE
from osler.stores.instances import FileCensus, FilePresence

FILE = "osler.db"
"""The database's name in its workspace folder."""

_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_CREATING = threading.Lock()

_RESTORE = (
    "Stop Osler and restore the workspace from a backup (osler store restore), or choose another workspace."
)
_FAULTS: dict[int, tuple[str, str]] = {
    sqlite3.SQLITE_BUSY: (
        "The database is locked by another process.",
        "Wait until that process has finished, or stop it, and try again.",
    ),
    sqlite3.SQLITE_READONLY: ("The workspace's database cannot be written.", WRITABLE),
    sqlite3.SQLITE_PERM: ("The workspace's database cannot be written.", WRITABLE),
    sqlite3.SQLITE_FULL: (
        "The disk that holds the workspace is full.",
        "Free some space and try again; nothing of this write was kept.",
    ),
    sqlite3.SQLITE_CORRUPT: ("The workspace's database is damaged.", _RESTORE),
    sqlite3.SQLITE_NOTADB: ("The file osler.db in the workspace is not a database.", _RESTORE),
    sqlite3.SQLITE_CANTOPEN: (
        "The workspace's database cannot be opened.",
        "Check that the workspace folder exists and that the user who runs Osler may read and write it.",
    ),
    sqlite3.SQLITE_IOERR: (
        "The operating system failed to read or write the workspace's database.",
        "Check the disk that holds the workspace, and its free space.",
    ),
    sqlite3.SQLITE_CONSTRAINT: (
        "The database refused a row that contradicts what it holds.",
        "Run `osler audit verify` and `osler doctor`; the database may have been changed by hand.",
    ),
}
_FAULTS[sqlite3.SQLITE_LOCKED] = _FAULTS[sqlite3.SQLITE_BUSY]


_CHECKPOINT_PAGES = 4000
"""Pages in the write-ahead log from which they are moved into the file (16 MB). SQLite's own 1000 moves the same few
pages of the audit log's end again and again, which is a third of what a record costs."""


class SqliteBacking:
    """The file `osler.db` of a workspace: implements Backing. See there for what its methods promise."""

    name = "sqlite"

    def __init__(self, workspace: Path, *, busy_timeout_s: float) -> None:
        self.path = workspace / FILE
        self._workspace = workspace
        self._patience_s = busy_timeout_s
        self._file: tuple[int, int] | None = None
        self._reader = _engine(self.path, writer=False, busy_timeout_s=busy_timeout_s)
        self._writer = _engine(self.path, writer=True, busy_timeout_s=busy_timeout_s)
        self._quick: sqlite3.Connection | None = None
        self._closed = False

    def prepare(self) -> None:
        """Create the file where it is missing, closed to others, and put it in WAL mode."""
        _create_file(self.path)
        _enter_wal(self.path, patience_s=self._patience_s)
        self._file = _identity(self.path)

    def reader(self) -> Engine:
        return self._reader

    def writer(self, part: Part) -> Engine:
        return self._writer

    @contextmanager
    def quick_writer(self, part: Part) -> Iterator[sqlite3.Connection]:
        """One connection of its own, kept open. Writers of this process take turns, so nobody else has it."""
        connection, self._quick = self._quick, None
        if connection is None:
            connection = _connect(self.path, writer=True, busy_timeout_s=self._patience_s)
            connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            if _rolled_back(connection) and not self._closed:
                self._quick = connection
            else:
                connection.close()
            raise
        if self._closed:
            connection.close()
        else:
            self._quick = connection

    def require_same(self) -> None:
        """SQLite goes on writing into a file that was deleted: durable nowhere, yet acknowledged."""
        try:
            same = _identity(self.path) == self._file
        except OSError:
            same = False
        if not same:
            raise StoreError(
                "The database file was removed or replaced while Osler was running.",
                remedy="Stop every process that uses the workspace, then put the file back or restart.",
            )

    def lock_all(self, connection: Connection) -> None:
        """The file has one lock for all parts."""

    def copy_file(self, to: Path) -> bool:
        """By SQLite's online backup: readers and writers go on, and the copy is of one state."""
        with (
            closing(_connect(self.path, writer=False, busy_timeout_s=self._patience_s)) as source,
            closing(sqlite3.connect(to)) as target,
        ):
            source.backup(target, pages=4096, sleep=0.005)
        return True

    def is_busy(self, error: Exception) -> bool:
        return is_busy(error)

    def busy(self) -> StoreError:
        message, remedy = _FAULTS[sqlite3.SQLITE_BUSY]
        return StoreError(message, remedy=remedy)

    def fault(self, error: Exception) -> StoreError:
        return _fault(error)

    def is_sound(self, connection: Connection) -> bool:
        return connection.exec_driver_sql("PRAGMA quick_check(1)").scalar() == "ok"

    def overwrite_deleted(self, connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA secure_delete = ON")

    def erase_deleted(self) -> bool:
        """Move the whole write-ahead log into the file and cut it to nothing, so that no older page stays in it."""
        with closing(_connect(self.path, writer=True, busy_timeout_s=1.0)) as connection:
            busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy

    @contextmanager
    def undecodable_kept(self, connection: Connection) -> Iterator[None]:
        """So that a damaged audit record can be named rather than end the walk."""
        raw = connection.connection.driver_connection
        if not isinstance(raw, sqlite3.Connection):
            raise TypeError("not a connection to SQLite")
        usual = raw.text_factory
        raw.text_factory = _decode
        try:
            yield
        finally:
            raw.text_factory = usual

    def presence(self, folder: Path) -> FilePresence:
        return FilePresence(folder)

    def census(self, folder: Path) -> FileCensus:
        return FileCensus(folder)

    def close(self) -> None:
        self._closed = True
        self._reader.dispose()
        self._writer.dispose()
        quick, self._quick = self._quick, None
        if quick is not None:
            quick.close()


def _identity(path: Path) -> tuple[int, int]:
    found = os.stat(path)
    return found.st_dev, found.st_ino


def _create_file(path: Path) -> None:
    """Make an empty database file (0600) unless there is one. Raises OSError."""
    # An existing file is never opened here: closing any descriptor of it would drop the locks that
    # SQLite holds on it elsewhere in this process (sqlite.org/howtocorrupt.html, 2.2).
    with _CREATING:
        if not path.exists():
            with suppress(FileExistsError):  # another process was first
                os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        path.chmod(0o600)


def _enter_wal(path: Path, *, patience_s: float) -> None:
    """Put the database in WAL mode, which it then stays in. Raises sqlite3.Error, StoreError.

    SQLite does not wait for other processes when it changes the mode, so this does.
    """
    until = time.monotonic() + patience_s
    with closing(_connect(path, writer=True, busy_timeout_s=patience_s)) as connection:
        _require_fts5(connection)
        while True:
            try:
                mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
                break
            except sqlite3.OperationalError as error:
                if _primary(error) not in _BUSY or time.monotonic() > until:
                    raise
                time.sleep(0.02)
    if mode != "wal":
        raise StoreError(
            "The file system of the workspace does not let SQLite keep a write-ahead log.",
            remedy="Put the workspace on a local disk; network file systems do not serve.",
        )


def _require_fts5(connection: sqlite3.Connection) -> None:
    if not connection.execute("SELECT sqlite_compileoption_used('ENABLE_FTS5')").fetchone()[0]:
        raise StoreError(
            "The SQLite library of this Python was built without full-text search (FTS5).",
            remedy="Use a Python whose sqlite3 module has FTS5; those of python.org and of distributions do.",
        )


def _engine(path: Path, *, writer: bool, busy_timeout_s: float) -> Engine:
    """An engine on the file at `path` with pooled connections, for writing or for reading only."""

    def connect() -> sqlite3.Connection:
        return _connect(path, writer=writer, busy_timeout_s=busy_timeout_s)

    made = create_engine(
        "sqlite://",
        creator=connect,
        poolclass=QueuePool,
        pool_size=1 if writer else 8,
        max_overflow=-1,
        hide_parameters=True,
    )
    statement = "BEGIN IMMEDIATE" if writer else "BEGIN"

    @event.listens_for(made, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(statement)

    return made


def _connect(path: Path, *, writer: bool, busy_timeout_s: float) -> sqlite3.Connection:
    """A connection that begins no transaction by itself and never creates the file."""
    connection = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode=rw",
        uri=True,
        timeout=busy_timeout_s,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        if not writer:
            connection.execute("PRAGMA query_only = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def _rolled_back(connection: sqlite3.Connection) -> bool:
    """Whether the connection may be used again. SQLite has rolled back itself after some errors."""
    try:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    except sqlite3.Error:
        return False
    return not connection.in_transaction


def _fault(error: Exception) -> StoreError:
    """`error` (SQLAlchemy's or sqlite3's) as a StoreError without values or SQL."""
    code = _primary(error)
    if code in _FAULTS:
        message, remedy = _FAULTS[code]
        return StoreError(message, remedy=remedy)
    cause = error.orig if isinstance(error, DBAPIError) else error
    return StoreError(
        f"The database failed ({type(cause).__name__}, code {code}).",
        remedy="Run `osler doctor`; if it finds nothing, report this message.",
    )


def is_busy(error: Exception) -> bool:
    """Whether `error` only says that someone else holds the lock."""
    return _primary(error) in _BUSY


def is_search(error: Exception) -> bool:
    """Whether `error` says that the full-text table is not there, or is damaged, and not the file around it."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    extended = getattr(cause, "sqlite_errorcode", 0)
    return extended == sqlite3.SQLITE_CORRUPT_VTAB or _primary(error) == sqlite3.SQLITE_ERROR


def _primary(error: Exception) -> int:
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.OperationalError) and str(cause).startswith("Could not decode to UTF-8"):
        return sqlite3.SQLITE_CORRUPT  # Python's own complaint of a text that was damaged, without a code
    code = getattr(cause, "sqlite_errorcode", 0)
    return int(code) & 0xFF if isinstance(code, int) else 0


def _decode(text: bytes) -> str:
    return text.decode("utf-8", "surrogateescape")


def as_one_file(path: Path) -> None:
    """Take a database that nobody uses out of WAL mode, so that it is one file. Raises sqlite3.Error."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
