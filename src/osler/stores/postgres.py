"""Everything about the database that is PostgreSQL's own: connections, locks, signs of life.

A writer takes an advisory lock of its part before it reads, so that there is one writer of a part as with
SQLite; those of different parts do not wait for each other. Readers see one snapshot (REPEATABLE READ, READ
ONLY). A process shows that it lives by an advisory lock of its session, which the server drops with the
connection: a pooler between Osler and the server has to keep sessions apart ("session pooling").

Tables lie in the schema that comes first in the search path of the URL's user, `public` by default; another one
is named by `?options=-csearch_path%3Dosler`.
"""

import importlib.util
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from osler.core.errors import ConfigError, OslerError, StoreError
from osler.stores import postgres_faults
from osler.stores.backing import PARTS, Part

OLDEST = 140000
"""The oldest server that is served: PostgreSQL 14, by its `server_version_num`."""

_DRIVER = "postgresql+psycopg"
_READERS = 8
_CONNECT_S = 10
_SEEN_FOR_S = 5.0
_IDLE_S = 60
"""A writer that stands still this long within its transaction loses it, and its lock with it."""

_LOCK_PART = text("SELECT pg_advisory_xact_lock(hashtext('osler ' || current_schema()), :part)")
_SHOW_LIFE = text("SELECT pg_try_advisory_lock(:key)")
_HIDE_LIFE = text("SELECT pg_advisory_unlock(:key)")


def parsed(url: str) -> URL:
    """The address of a database. Raises ConfigError, without repeating it: it may hold a password."""
    try:
        found = make_url(url)
    except (ArgumentError, ValueError):
        found = None
    if found is None or found.drivername not in ("postgresql", "postgres", _DRIVER) or not found.database:
        raise ConfigError(
            "The database's address is no URL of a PostgreSQL database.",
            remedy="Write it as postgresql://USER:PASSWORD@HOST:5432/DATABASE.",
        )
    if importlib.util.find_spec("psycopg") is None:
        raise ConfigError(
            "PostgreSQL is configured, but its driver is not installed.",
            remedy="pip install 'osler[postgres]'",
        )
    return found.set(drivername=_DRIVER)


class PostgresBacking:
    """A PostgreSQL database: implements Backing. See there for what its methods promise."""

    name = "postgresql"

    def __init__(self, url: str, *, busy_timeout_s: float) -> None:
        address = parsed(url)
        self._patience_s = busy_timeout_s
        self._reader = self._engine(address, _READERS).execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        writer = self._engine(address, len(PARTS), idle_s=_IDLE_S)
        event.listen(writer, "begin", _become_writer)
        self._writers = {
            part: writer.execution_options(osler_part=number) for number, part in enumerate(PARTS)
        }
        self._alone = self._engine(address, 4).execution_options(isolation_level="AUTOCOMMIT")

    def _engine(self, address: URL, size: int, *, idle_s: int = 0) -> Engine:
        made = create_engine(
            address,
            pool_size=size,
            max_overflow=size,
            pool_timeout=self._patience_s,
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args={
                "connect_timeout": _CONNECT_S,
                "application_name": "osler",
                "keepalives_idle": 30,
                "keepalives_interval": 10,
                "keepalives_count": 3,
                "client_encoding": "utf8",
            },
        )
        settings = (
            f"SET lock_timeout = {int(self._patience_s * 1000)}; "
            f"SET idle_in_transaction_session_timeout = {idle_s * 1000}; "
            "SET synchronous_commit = on; "
            "SET standard_conforming_strings = on"
        )

        @event.listens_for(made, "connect")
        def connected(connection: Any, record: object) -> None:
            before, connection.autocommit = connection.autocommit, True
            connection.execute(settings)
            connection.autocommit = before

        return made

    def prepare(self) -> None:
        """See that the server answers, is new enough and keeps text as UTF-8."""
        with self._alone.connect() as connection:
            version = int(connection.exec_driver_sql("SHOW server_version_num").scalar_one())
            encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
            schema = connection.exec_driver_sql("SELECT current_schema()").scalar()
        if version < OLDEST:
            raise StoreError(
                f"The PostgreSQL server is of version {version // 10000}; {OLDEST // 10000} or newer is needed.",
                remedy="Upgrade the server, or use another one.",
            )
        if encoding != "UTF8":
            raise StoreError(
                f"The PostgreSQL database keeps its text as {encoding}, not as UTF-8.",
                remedy="Make another one: CREATE DATABASE osler ENCODING 'UTF8' TEMPLATE template0;",
            )
        if schema is None:
            raise StoreError(
                "No schema of the search path exists in the PostgreSQL database, or none that its user may use.",
                remedy="Create it (CREATE SCHEMA … AUTHORIZATION …), or correct `search_path` in the database's URL.",
            )

    def reader(self) -> Engine:
        return self._reader

    def writer(self, part: Part) -> Engine:
        return self._writers[part]

    def require_same(self) -> None:
        """A server's database cannot be replaced under an open connection."""

    def quick_writer(self, part: Part) -> AbstractContextManager[Connection]:
        """The same as any other: SQLAlchemy knows when a connection was lost."""
        return self.writer(part).begin()

    def lock_all(self, connection: Connection) -> None:
        # Whoever copies everything may be busy elsewhere for long.
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        for number in range(len(PARTS)):
            connection.execute(_LOCK_PART, {"part": number})

    def copy_file(self, to: Path) -> bool:
        return False

    def is_busy(self, error: Exception) -> bool:
        return postgres_faults.is_busy(error)

    def busy(self) -> StoreError:
        return postgres_faults.busy()

    def fault(self, error: Exception) -> OslerError:
        return postgres_faults.fault(error)

    def is_sound(self, connection: Connection) -> bool:
        """Read every row of every table; a damaged page makes the server raise, which ends in a StoreError."""
        tables = connection.exec_driver_sql(
            "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = current_schema()"
        ).scalars()
        for table in tables.all():
            # The text of the whole row is made, so that values stored apart are read too.
            connection.exec_driver_sql(f"SELECT sum(length(t::text)) FROM {table} AS t").all()  # noqa: S608 - own names
        return True

    def overwrite_deleted(self, connection: Connection) -> None:
        """Nothing can be overwritten in place: `erase_deleted` writes the tables anew."""

    def erase_deleted(self) -> bool:
        """Write the vault's tables anew, without what was deleted.

        The server's write-ahead log, replicas and backups still hold it, for as long as their keeper keeps them.
        """
        try:
            with self._alone.connect() as connection:
                for table in ("surrogate_maps", "vault"):
                    connection.exec_driver_sql(f"VACUUM (FULL) {table}")
        except SQLAlchemyError as error:
            if self.is_busy(error):
                return False
            raise
        return True

    @contextmanager
    def undecodable_kept(self, connection: Connection) -> Iterator[None]:
        """The server holds no text that is not UTF-8."""
        yield

    def presence(self, folder: Path) -> "SessionPresence":
        return SessionPresence(self._alone, self.fault)

    @contextmanager
    def census(self, folder: Path) -> "Iterator[SessionCensus]":
        with SessionCensus(self._alone, self.fault) as census:
            yield census

    def close(self) -> None:
        for engine in (self._reader, self._writers["schema"], self._alone):
            engine.dispose()


def _become_writer(connection: Connection) -> None:
    connection.execute(_LOCK_PART, {"part": connection.get_execution_options()["osler_part"]})


def _key(instance: str) -> int:
    """The number under which an instance's lock is known: its 64 bits as PostgreSQL counts them."""
    return int.from_bytes(bytes.fromhex(instance), "big", signed=True)


class SessionPresence:
    """A process's lock, held by one session of the server for as long as its connection lasts."""

    def __init__(self, engine: Engine, fault: Any) -> None:
        self.id = secrets.token_hex(8)
        self._engine = engine
        self._fault = fault
        self._gate = threading.Lock()
        self._held = False
        self._session = self._shown()
        self._seen = time.monotonic()

    def renew(self) -> None:
        """Where the connection was lost, show life by a new one. Raises StoreError."""
        with self._gate:
            if time.monotonic() - self._seen < _SEEN_FOR_S:
                return
            try:
                try:
                    if self._held:
                        self._session.exec_driver_sql("SELECT 1")
                    else:
                        self._held = self._taken(self._session)
                except SQLAlchemyError:
                    with suppress(SQLAlchemyError):
                        self._session.invalidate()
                        self._session.close()
                    self._session = self._shown()
            except SQLAlchemyError as error:
                raise self._fault(error) from None
            self._seen = time.monotonic()

    def _shown(self) -> Connection:
        session = self._engine.connect()
        try:
            # Not to be had while the server has not noticed that the earlier connection is gone: until it does, that
            # one stands for us, and `renew` tries again.
            self._held = self._taken(session)
        except BaseException:
            session.close()
            raise
        return session

    def _taken(self, session: Connection) -> bool:
        return bool(session.execute(_SHOW_LIFE, {"key": _key(self.id)}).scalar())

    def close(self) -> None:
        """End the session, and the lock with it."""
        with self._gate, suppress(SQLAlchemyError):
            if not self._session.closed:
                self._session.execute(_HIDE_LIFE, {"key": _key(self.id)})
                self._session.close()


class SessionCensus:
    """Tells the living from the dead by trying their locks; holds those of the dead until its block ends."""

    def __init__(self, engine: Engine, fault: Any) -> None:
        self._engine = engine
        self._fault = fault
        self._dead: set[int] = set()

    def is_alive(self, instance: str) -> bool:
        """Whether some session holds that instance's lock. Raises StoreError."""
        try:
            key = _key(instance)
        except (ValueError, OverflowError):
            return False
        if len(instance) != 16 or key in self._dead:
            return False
        try:
            taken = bool(self._session.execute(_SHOW_LIFE, {"key": key}).scalar())
        except SQLAlchemyError as error:
            raise self._fault(error) from None
        if taken:
            self._dead.add(key)
        return not taken

    def remove_dead(self) -> None:
        """Nothing is left behind: a session's locks go with it."""

    def __enter__(self) -> Self:
        try:
            self._session = self._engine.connect()
        except SQLAlchemyError as error:
            raise self._fault(error) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(SQLAlchemyError):
            for key in self._dead:
                self._session.execute(_HIDE_LIFE, {"key": key})
        self._session.close()
