"""One `osler` command as a process of its own, forked from one that has imported everything: tens of milliseconds
instead of the second that imports take.

`python tests/osler_forks.py` reads a JSON line for each command, `{"argv", "cwd", "env", "stdin", "out", "err"}` (the
last three are files), runs it in a child as `python -m osler` would, and answers with its exit code. It ends when its
standard input does. What an interpreter reads at its start (PYTHON…, locale) is out of reach: `run` says so.
"""

import atexit
import json
import os
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

_ONLY_AT_START = ("PYTHON", "LC_", "LANG", "TZ", "OSLER_DEBUG")


def fits(environment: dict[str, str]) -> bool:
    """Whether a command with this environment can be forked, and need not be a new interpreter."""
    return not any(name.startswith(_ONLY_AT_START) for name in environment)


class Forks:
    """The process that forks; started at first use, ended with this one."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def run(
        self, arguments: list[str], *, cwd: Path, stdin: bytes, environment: dict[str, str], timeout: float
    ) -> "subprocess.CompletedProcess[bytes]":
        """Run a command to its end."""
        with tempfile.TemporaryDirectory(prefix="osler-run-") as folder:
            files = {name: Path(folder, name) for name in ("stdin", "out", "err")}
            files["stdin"].write_bytes(stdin)
            asked = {
                "argv": ["osler", *arguments],
                "cwd": str(cwd),
                "env": environment,
                "seconds": timeout,
                **{name: str(path) for name, path in files.items()},
            }
            process = self._running()
            process.stdin.write(json.dumps(asked) + "\n")
            process.stdin.flush()
            code = json.loads(process.stdout.readline())
            if code is None:
                raise subprocess.TimeoutExpired(arguments, timeout)
            return subprocess.CompletedProcess(
                arguments, code, files["out"].read_bytes(), files["err"].read_bytes()
            )

    def _running(self) -> "subprocess.Popen[str]":
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            atexit.register(self._process.stdin.close)
        return self._process


def _main() -> None:
    from osler import cli  # noqa: PLC0415 - here only where it forks
    from osler.cli import root  # noqa: PLC0415

    for module in cli.WORK.values():
        __import__(module)
    assert root.app
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if not child:
            _child(asked, cli.main)
        print(json.dumps(_waited(child, asked["seconds"])), flush=True)


def _waited(child: int, seconds: float) -> int | None:
    import signal  # noqa: PLC0415
    import time  # noqa: PLC0415

    end = time.monotonic() + seconds
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > end:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return None
        time.sleep(0.002)


def _child(asked: dict[str, Any], main: Any) -> None:
    code = 1
    try:
        for number, (name, flags) in enumerate(
            (("stdin", os.O_RDONLY), ("out", os.O_WRONLY | os.O_CREAT), ("err", os.O_WRONLY | os.O_CREAT))
        ):
            os.dup2(os.open(asked[name], flags, 0o600), number)
        os.closerange(3, 64)
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - as an interpreter has them
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115
        os.chdir(asked["cwd"])
        os.environ.clear()
        os.environ.update(asked["env"])
        sys.argv = asked["argv"]
        code = _run(main)
    finally:
        os._exit(code)


def _run(main: Any) -> int:
    code: object = 0
    try:
        main()
    except SystemExit as end:
        code = end.code
    except BaseException:
        traceback.print_exc()
        code = 1
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    if code is None:
        return 0
    return code if isinstance(code, int) else 1


if __name__ == "__main__":
    _main()
