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
from postgres_server import Server, serving

Open = Callable[[], Database]
Spawn = Callable[..., "subprocess.Popen[str]"]

KINDS = ("sqlite", "postgresql")

_WORKER = Path(__file__).with_name("stores_worker.py")


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return tmp_path / "workspace"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A real server, one for each process of the test run."""
    with serving() as server:
        yield server


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest) -> str | None:
    """Where the store is: None for SQLite in the workspace, else the URL of an empty PostgreSQL schema."""
    return None if request.param == "sqlite" else request.getfixturevalue("postgres").fresh()


@pytest.fixture
def open_database(url: str | None, workspace: Path) -> Iterator[Open]:
    """Opens the same store each time it is called, as another process would."""
    opened: list[Database] = []

    def open_one() -> Database:
        opened.append(Database.open(workspace, url=url, busy_timeout_s=5.0))
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
def spawn(workspace: Path, url: str | None) -> Iterator[Spawn]:
    """Starts `stores_worker.py` on the workspace: arguments are its command and that command's own."""
    running: list[subprocess.Popen[str]] = []
    source = str(Path(osler.__file__).parent.parent)

    def start(*arguments: object, on: Path = workspace) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, str(_WORKER), str(on), *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": source, "STORE_URL": url or ""},
        )
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


@pytest.fixture
def stored(url: str | None, workspace: Path, request: pytest.FixtureRequest) -> Callable[[], bytes]:
    """Everything that the store's own files hold at the moment, but for a server's log of what it wrote before."""

    def of_sqlite() -> bytes:
        return b"".join(path.read_bytes() for path in workspace.glob("osler.db*"))

    def of_postgres() -> bytes:
        server: Server = request.getfixturevalue("postgres")
        server.execute("CHECKPOINT")
        files = [path for path in (server.folder / "base").rglob("*") if path.is_file()]
        return b"".join(path.read_bytes() for path in files)

    return of_sqlite if url is None else of_postgres
