"""Statements of the hot path: written out once, then handed to SQLite's driver as they are.

Each audit record takes half a dozen statements, and what SQLAlchemy does around one takes several times as long as
SQLite takes for it. Only for columns that hold texts and whole numbers: nothing is converted on the way. On PostgreSQL
SQLAlchemy runs them as ever: it knows there when a connection is lost.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Executable
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement

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

    def run(self, connection: Connection, rows: Sequence[Mapping[str, object]]) -> None:
        """Run it once for each row of parameters, at least one."""
        if connection.dialect.name != _DIALECT.name:
            connection.execute(self._statement, [dict(row) for row in rows])
            return
        cursor = _cursor(connection)
        cursor.executemany(self._text, [self._given(row) for row in rows])
        cursor.close()

    def one(self, connection: Connection) -> tuple[Any, ...] | None:
        """The only row that it finds, None where there is none."""
        if connection.dialect.name != _DIALECT.name:
            found = connection.execute(self._statement).one_or_none()
            return tuple(found) if found is not None else None
        cursor = _cursor(connection)
        first: tuple[Any, ...] | None = cursor.execute(self._text, self._given({})).fetchone()
        cursor.close()
        return first

    def _given(self, row: Mapping[str, object]) -> tuple[object, ...]:
        fixed = self._fixed
        return tuple(row[name] if name in row else fixed[name] for name in self._names)


def _cursor(connection: Connection) -> Any:
    return connection.connection.cursor()
