"""What the tests of the stores share."""

from typing import Any

import pytest
from sqlalchemy import Connection, text

on_sqlite = pytest.mark.parametrize("url", [None], ids=["sqlite"])
"""For a test of what SQLite alone has: its file, its faults."""


def run(connection: Connection, sql: str, **values: object) -> Any:
    """A statement with named values, on any database."""
    return connection.execute(text(sql), values)
