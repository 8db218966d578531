"""Child processes of a benchmark: pinned, talking JSON lines, and never left behind.

A child is stopped when its block ends. Where the runner is killed without a chance to do that, Linux
stops the child (PR_SET_PDEATHSIG); elsewhere a child that reads its standard input sees its end.
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from runner.contenders import BenchmarkError

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
_STOP_S = 20


class Child:
    """A running child. `log` is where its standard error goes."""

    def __init__(self, process: "subprocess.Popen[str]", name: str, log: Path) -> None:
        self.name = name
        self.pid = process.pid
        self._process = process
        self._log = log

    def line(self) -> str:
        """The next line of its standard output. Raises BenchmarkError when it has ended instead."""
        text = self._process.stdout.readline() if self._process.stdout else ""
        if not text:
            raise BenchmarkError(f"{self.name} ended: {self.last_words()}")
        return text.rstrip("\n")

    def ask(self, question: Mapping[str, object]) -> Any:
        """Send one JSON line and read one; an answer `{"error": …}` is raised as BenchmarkError."""
        try:
            if self._process.stdin:
                self._process.stdin.write(json.dumps(question) + "\n")
                self._process.stdin.flush()
        except BrokenPipeError:
            raise BenchmarkError(f"{self.name} ended: {self.last_words()}") from None
        answer = json.loads(self.line())
        if isinstance(answer, dict) and "error" in answer:
            raise BenchmarkError(f"{self.name}: {answer['error']}")
        return answer

    def finish(self) -> None:
        """Wait until it has ended by itself. Raises BenchmarkError when it did not end well."""
        out, _ = self._process.communicate()
        if self._process.returncode:
            words = (out.strip().splitlines() or [self.last_words()])[-1]
            raise BenchmarkError(f"{self.name} ended with {self._process.returncode}: {words[:300]}")

    def last_words(self) -> str:
        """The last line of its standard error, shortened."""
        lines = [x for x in self._log.read_text(encoding="utf-8", errors="replace").splitlines() if x.strip()]
        return lines[-1].strip()[:300] if lines else "without a word"


@contextmanager
def running(
    command: Sequence[str | Path],
    *,
    name: str,
    scratch: Path,
    cores: frozenset[int] = frozenset(),
    environment: Mapping[str, str] | None = None,
    talks: bool = True,
) -> Iterator[Child]:
    """A child process until the block ends: asked to stop, then killed if it does not.

    One that writes more than a few lines of its own accord does not talk: its standard output goes to the log. In a
    pipe that nobody reads it would stand still after 64 KiB.
    """
    log = scratch / f"{name.replace(' ', '-').replace('/', '-')}.log"
    with log.open("ab") as errors:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if talks else errors,
            stderr=errors,
            env={**os.environ, **(environment or {})},
            cwd=scratch,
            text=True,
            preexec_fn=_before(cores),  # the runner has one thread
        )
    try:
        yield Child(process, name, log)
    finally:
        _stop(process)


def _before(cores: frozenset[int]) -> Callable[[], None] | None:
    """What the child does before it becomes the command."""
    if _LIBC is None:
        return None
    libc = _LIBC

    def before() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if cores:
            os.sched_setaffinity(0, cores)

    return before


def _stop(process: "subprocess.Popen[str]") -> None:
    try:
        if process.stdin:
            process.stdin.close()
    except BrokenPipeError:
        pass
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(timeout=_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()
