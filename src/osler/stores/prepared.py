"""Statements of the hot path: written out once, then handed to SQLite's driver as they are.

Each audit record takes half a dozen statements, and what SQLAlchemy does around one takes several times as long as
SQLite takes for it. Only for columns that hold texts and whole numbers: nothing is converted on the way. On PostgreSQL
SQLAlchemy runs them as ever: it knows there when a connection is lost.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Executable
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement

Link = Connection | sqlite3.Connection
"""What prepared statements run on: a connection of SQLAlchemy, or SQLite's own."""

_DIALECT = sqlite.dialect()


class Prepared:
    """One statement. Errors are those of the driver or of SQLAlchemy: run it within `Database.read` or `write`."""

    def __init__(self, statement: ClauseElement) -> None:
        """`statement` is of SQLAlchemy; its parameters have names."""
        if not isinstance(statement, Executable):
            raise TypeError("a statement that can be executed")
        compiled = statement.compile(dialect=_DIALECT)
        if not isinstance(compiled, SQLCompiler):
            raise TypeError("a statement of rows")
        self._statement = statement
        self._text = str(compiled)
        self._names = tuple(compiled.positiontup or ())
        self._fixed = {name: value for name, value in compiled.params.items() if value is not None}

    def run(self, connection: Link, rows: Sequence[Mapping[str, object]]) -> None:
        """Run it once for each row of parameters, at least one."""
        if isinstance(connection, sqlite3.Connection):
            connection.executemany(self._text, [self._given(row) for row in rows]).close()
        elif connection.dialect.name == _DIALECT.name:
            self.run(_raw(connection), rows)
        else:
            connection.execute(self._statement, [dict(row) for row in rows])

    def one(self, connection: Link) -> tuple[Any, ...] | None:
        """The only row that it finds, None where there is none."""
        if isinstance(connection, sqlite3.Connection):
            cursor = connection.execute(self._text, self._given({}))
            first: tuple[Any, ...] | None = cursor.fetchone()
            cursor.close()
            return first
        if connection.dialect.name == _DIALECT.name:
            return self.one(_raw(connection))
        found = connection.execute(self._statement).one_or_none()
        return tuple(found) if found is not None else None

    def _given(self, row: Mapping[str, object]) -> tuple[object, ...]:
        """The parameters in their order. KeyError where one is missing: it must not become NULL."""
        fixed = self._fixed
        return tuple([row[name] if name in row else fixed[name] for name in self._names])


def _raw(connection: Connection) -> sqlite3.Connection:
    raw = connection.connection.driver_connection
    if not isinstance(raw, sqlite3.Connection):
        raise TypeError("not a connection to SQLite")
    return raw
