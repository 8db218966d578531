"""Writing past SQLAlchemy: what fails leaves nothing behind, and the next writer goes on."""

import sqlite3
from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import insert

from osler.core.errors import StoreError
from osler.stores import Database
from osler.stores.prepared import Prepared
from osler.stores.tables import audit_open

ADD = Prepared(insert(audit_open))


def row(number: int) -> Mapping[str, object]:
    return {"number": number, "request_id": f"req_{number}", "instance": "0123456789abcdef"}


def count(database: Database) -> int:
    with database.read() as connection:
        found: int = connection.exec_driver_sql("SELECT count(*) FROM audit_open").scalar_one()
    return found


def test_a_block_that_raises_leaves_nothing_and_the_next_one_goes_on(database: Database) -> None:
    with database.write_prepared("audit") as connection:
        ADD.run(connection, [row(1), row(2)])
    with pytest.raises(ZeroDivisionError), database.write_prepared("audit") as connection:
        ADD.run(connection, [row(3)])
        raise ZeroDivisionError
    with pytest.raises(StoreError), database.write_prepared("audit") as connection:
        ADD.run(connection, [row(4), row(4)])
    assert count(database) == 2
    with database.write_prepared("audit") as connection:
        ADD.run(connection, [row(3)])
    assert count(database) == 3


def test_a_parameter_that_is_missing_is_no_null(workspace: Path) -> None:
    with Database.open(workspace) as database:
        with pytest.raises(KeyError), database.write_prepared("audit") as connection:
            assert isinstance(connection, sqlite3.Connection)
            ADD.run(connection, [{"number": 1, "instance": "0123456789abcdef"}])
        assert count(database) == 0
