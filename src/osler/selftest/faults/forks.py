"""The other side of `fork_server`: processes that start in tens of milliseconds, to be killed at any moment."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from osler.selftest.faults.client import ready
from osler.selftest.faults.site import (
    START_S,
    DidNotStart,
    Ran,
    Site,
    announced,
    clean_environment,
    last_line,
)
from osler.selftest.scenario import Broken


class Forks:
    """A running fork server."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        """Use `forking`."""
        self._process = process

    def start(self, folder: Path, *argv: str) -> "Forked":
        """Run a command in `folder`; its output goes to a file there."""
        log = folder / f"{argv[0]}-{argv[1] if argv[0] == 'osler' else 'out'}.log"
        log.write_bytes(b"")  # there to be read even if the process is killed before it writes
        asked: dict[str, object] = {"argv": list(argv), "cwd": str(folder), "log": str(log)}
        return Forked(pid=self._answer(asked)["pid"], log=log, forks=self)

    def run(self, site: Site, *arguments: str) -> Ran:
        """One `osler` command on a site's workspace, to its end; both of its outputs as one."""
        ran = self.start(site.folder, "osler", *arguments, "--workspace", str(site.workspace))
        code = ran.ended(60)
        if code is None:
            ran.kill()
            raise Broken(f"`osler {arguments[0]}` did not end within 60 seconds")
        said = ran.log.read_text("utf-8", "replace")
        return Ran(code=code, output=said, errors=said)

    def serve(self, site: Site) -> "Forked":
        """Start `osler serve` on a free port, and return at once."""
        return self.start(site.folder, "osler", "serve", "--port", "0", "--workspace", str(site.workspace))

    @contextlib.contextmanager
    def serving(self, site: Site) -> Iterator[str]:
        """The address of a server that is ready; it is killed at the end. Raises DidNotStart."""
        server = self.serve(site)
        try:
            url = server.address()
            while not ready(url):
                if (code := server.ended(0.02)) is not None:
                    raise DidNotStart(code, last_line(server.log))
            yield url
        finally:
            server.kill()

    def wait(self, pid: int, seconds: float) -> int | None:
        """The exit code of a child, minus the signal that killed it; None when it still runs after `seconds`."""
        code: int | None = self._answer({"wait": pid, "seconds": seconds})["code"]
        return code

    def _answer(self, asked: dict[str, object]) -> dict[str, Any]:
        if self._process.stdin is None or self._process.stdout is None:
            raise Broken("the process that starts others has no pipe")
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise Broken("the process that starts others has ended")
        answer: dict[str, Any] = json.loads(line)
        return answer


class Forked:
    """A process that was started: its number, and the file that its output goes to."""

    def __init__(self, *, pid: int, log: Path, forks: Forks) -> None:
        self.pid = pid
        self.log = log
        self._forks = forks
        self._code: int | None = None

    def ended(self, seconds: float = 0.0) -> int | None:
        """Its exit code, None while it still runs after `seconds`."""
        if self._code is None:
            self._code = self._forks.wait(self.pid, seconds)
        return self._code

    def address(self) -> str:
        """Where it serves, once it has said so. Raises DidNotStart."""
        end = time.monotonic() + START_S
        while (url := announced(self.log)) is None:
            code = self.ended(0.01)
            if code is not None or time.monotonic() > end:
                raise DidNotStart(code, last_line(self.log))
        return url

    def kill(self) -> int:
        """Kill it with SIGKILL, and wait until it is gone: its exit code, that of its own end if it came first."""
        if self._code is None:  # it was not waited for yet, so that the number is still its own
            os.kill(self.pid, signal.SIGKILL)
        code = self.ended(30)
        if code is None:
            raise Broken("a process did not die of SIGKILL")
        return code

    def require_running(self, code: int) -> None:
        """Raise Broken when it ended by itself where it should have run until it was killed."""
        if code != -signal.SIGKILL:
            raise Broken(f"a process ended by itself with code {code}: {last_line(self.log)}")


@contextlib.contextmanager
def forking() -> Iterator[Forks]:
    """A fork server until the block ends; what it started ends with it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "osler.selftest.faults.fork_server"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=clean_environment(), text=True,
    )  # fmt: skip
    try:
        if process.stdout is None or not process.stdout.readline():
            raise Broken("the process that starts others did not start")
        yield Forks(process)
    finally:
        if process.stdin is not None:
            process.stdin.close()
        process.wait(timeout=30)
        if process.stdout is not None:
            process.stdout.close()
