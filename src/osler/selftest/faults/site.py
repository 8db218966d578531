"""A small workspace in a scratch folder, and real `osler` processes over it, started as a user would start them."""

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from osler.app.build import build_library, open_stores
from osler.app.config import Config
from osler.knowledge.ingest import sample_sources, starter_sources
from osler.selftest.faults.client import ready
from osler.selftest.scenario import Broken

PATIENT = "sample-ckd"
QUESTION = "What medications is this patient on?"
START_S = 90.0
"""Seconds that a server has to become ready."""


class DidNotStart(Broken):
    """`osler serve` ended before it was ready. `code` is its exit code, `said` its last line."""

    def __init__(self, code: int | None, said: str) -> None:
        super().__init__(f"`osler serve` did not start (code {code}): {said}")
        self.code = code
        self.said = said


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a command came to."""

    code: int
    output: str = field(repr=False)
    errors: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running `osler serve`."""

    url: str
    process: "subprocess.Popen[bytes]"
    log: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A folder with a workspace in it. `before` stands in front of each command, `environment` is added to its own."""

    folder: Path
    before: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    config: Path | None = None

    @property
    def workspace(self) -> Path:
        """Where the state is."""
        return self.folder / "ws"

    @property
    def database(self) -> Path:
        """The workspace's database file."""
        return self.workspace / "osler.db"

    def run(self, *arguments: str, timeout_s: float = 180) -> Ran:
        """One `osler` command, to its end. Raises Broken when it has none."""
        try:
            done = subprocess.run(
                self._command(arguments), cwd=self.folder, env=self._environment(), timeout=timeout_s,
                stdin=subprocess.DEVNULL, capture_output=True,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise Broken(f"`osler {arguments[0]}` did not end within {timeout_s:.0f} seconds") from None
        return Ran(
            code=done.returncode,
            output=done.stdout.decode("utf-8", "replace"),
            errors=done.stderr.decode("utf-8", "replace"),
        )

    @contextlib.contextmanager
    def serving(self, *arguments: str) -> Iterator[Server]:
        """`osler serve` on a free port, ready to answer, until the block ends. Raises DidNotStart."""
        log = self.folder / "serve.log"
        log.unlink(missing_ok=True)
        with log.open("wb") as out:
            process = subprocess.Popen(
                self._command(("serve", "--port", "0", *arguments)), cwd=self.folder, env=self._environment(),
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
            )  # fmt: skip
        try:
            url = _until_ready(process, log)
            yield Server(url=url, process=process, log=log)
        finally:
            stop(process)

    def _command(self, arguments: Sequence[str]) -> list[str]:
        named = ["--workspace", str(self.workspace)]
        if self.config is not None:
            named += ["--config", str(self.config)]
        return [*self.before, sys.executable, "-m", "osler", *arguments, *named]

    def _environment(self) -> dict[str, str]:
        return clean_environment() | dict(self.environment)


def clean_environment() -> dict[str, str]:
    """This process's environment without what would point Osler at the site's own workspace and configuration."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OSLER_")}
    return kept | {"PYTHONUNBUFFERED": "1", "COLUMNS": "250", "NO_COLOR": "1"}


def prepared(folder: Path, **more: object) -> Site:
    """A site whose workspace holds the shipped sample records and the starter pack."""
    site = Site(folder=folder, **more)  # type: ignore[arg-type]
    fill(site.workspace)
    return site


def fill(workspace: Path) -> None:
    """Put the shipped sample records and the starter pack into a workspace."""
    config = Config()
    stores = open_stores(config, workspace)
    try:
        library = build_library(config, stores)
        for source in (*starter_sources(), *sample_sources()):
            library.add(source)
    finally:
        stores.close()


def copied(site: Site, folder: Path) -> Site:
    """The same site once more in another folder. Nobody may be using it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copytree(site.workspace, folder / "ws")
    return Site(folder=folder)


def stop(process: "subprocess.Popen[bytes]") -> None:
    """End a server as its user would; kill it when it does not end."""
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def announced(log: Path) -> str | None:
    """The address that a server has printed, None while it has not."""
    if not log.exists():
        return None
    _, found, rest = log.read_text("utf-8", "replace").partition("http://")
    address, end, _ = rest.partition("/v1 ")
    return f"http://{address}" if found and end else None


def last_line(log: Path) -> str:
    """What a server said last."""
    lines = log.read_text("utf-8", "replace").strip().splitlines() if log.exists() else []
    return lines[-1] if lines else "it said nothing"


def _until_ready(process: "subprocess.Popen[bytes]", log: Path) -> str:
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        if process.poll() is not None:
            raise DidNotStart(process.returncode, last_line(log))
        url = announced(log)
        if url is not None and ready(url):
            return url
        time.sleep(0.03)
    raise Broken(f"`osler serve` was not ready within {START_S:.0f} seconds: {last_line(log)}")
