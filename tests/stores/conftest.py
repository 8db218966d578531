"""The databases that the stores are tested on, and the other processes that use them."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import osler
from osler.core.clock import SystemClock
from osler.stores import Database, SqlAuditLog

Open = Callable[[], Database]
Spawn = Callable[..., "subprocess.Popen[str]"]

_WORKER = Path(__file__).with_name("stores_worker.py")


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return tmp_path / "workspace"


@pytest.fixture(params=["sqlite"])
def open_database(request: pytest.FixtureRequest, workspace: Path) -> Iterator[Open]:
    """Opens the same store each time it is called, as another process would."""
    opened: list[Database] = []

    def open_one() -> Database:
        opened.append(Database.open(workspace, busy_timeout_s=5.0))
        return opened[-1]

    yield open_one
    for database in opened:
        database.close()


@pytest.fixture
def database(open_database: Open) -> Database:
    return open_database()


@pytest.fixture
def log(database: Database) -> Iterator[SqlAuditLog]:
    with SqlAuditLog(database, SystemClock(), database.workspace / "instances") as one:
        yield one


@pytest.fixture
def spawn(workspace: Path) -> Iterator[Spawn]:
    """Starts `stores_worker.py` on the workspace: arguments are its command and that command's own."""
    running: list[subprocess.Popen[str]] = []
    source = str(Path(osler.__file__).parent.parent)

    def start(*arguments: object, on: Path = workspace) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, str(_WORKER), str(on), *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": source},
        )
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()
