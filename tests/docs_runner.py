"""Runs the commands of one page, in order, in a scratch folder, with the `osler` of this environment.

Shell blocks run in one bash, Python blocks in one interpreter, so that what a block sets is there for the next.
`osler serve` is started in the background on a free port; the port that the page names gives way to it, in later
blocks too. `docs_pages` says which markers there are.
"""

import contextlib
import difflib
import os
import re
import select
import shlex
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import postgres_server
from docs_pages import ROOT, Block, Page
from osler.testing import Fixed, ModelServerThread

PATIENCE_S = 100
SHELL = ("sh", "setup", "bash")
_SERVE = re.compile(r"^\s*osler serve\b[^|&]*$")
_ACTIVATE = """export PATH="$PWD/.venv/bin:$PATH"\n"""
_PYTHON = """
import sys, traceback
names = {"__name__": "__main__"}
for line in sys.stdin:
    path = line.strip()
    try:
        exec(compile(open(path, encoding="utf-8").read(), path, "exec"), names)
        print("\\0 0", flush=True)
    except BaseException:
        traceback.print_exc()
        print("\\0 1", flush=True)
"""


class DocsFault(AssertionError):
    """A page promises something that does not happen."""


@dataclass(slots=True, kw_only=True)
class Runner:
    """One page's shell, interpreter and servers. `run` takes its blocks, one after another."""

    folder: Path
    tools: Path
    shell: "subprocess.Popen[str]"
    python: "subprocess.Popen[str]"
    servers: ExitStack
    addresses: dict[str, str] = field(default_factory=dict)
    printed: str = ""
    count: int = 0

    def run(self, block: Block) -> None:
        """Run one block, or compare or write it, as its language and its markers say."""
        wanted = block.marker("model server")
        if wanted is not None:
            address, model = wanted.split()
            server = self.servers.enter_context(
                ModelServerThread(Fixed("Metformin is on the list [1]."), models=(model,))
            )
            self.addresses[address] = server.url.split("/")[2]
        variable = block.marker("postgresql")
        if variable is not None:
            url = self.servers.enter_context(postgres_server.serving()).fresh()
            self._script(block, f"export {variable}={shlex.quote(url)}", 0)
        if block.marker("not run") is not None:
            return
        name = block.marker("file")
        if name is not None:
            target = self.folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(self._placed(textwrap.dedent(block.text)), encoding="utf-8")
            self.count += 1
        elif block.marker("output") is not None:
            self._compare(block, block.text)
        elif block.language in SHELL:
            self._shell(block)
        elif block.language == "console":
            self._console(block)
        elif block.language == "python":
            self._interpret(block)

    def _shell(self, block: Block) -> None:
        code = int(block.marker("exit") or 0)
        lines = textwrap.dedent(block.text).splitlines()
        begin = 0
        for number, line in enumerate(lines):
            if _SERVE.match(line.split(" #")[0]):
                self._script(block, "\n".join(lines[begin:number]), 0)
                self._serve(block, line.split(" #")[0])
                begin = number + 1
        self._script(block, "\n".join(lines[begin:]), code)

    def _console(self, block: Block) -> None:
        for command, expected in _dialogue(block):
            self._script(block, command, int(block.marker("exit") or 0))
            if expected:
                self._compare(block, expected)

    def _script(self, block: Block, text: str, code: int) -> None:
        """Source a script in the shell of the page and check the exit code that it ends with."""
        if not text.strip():
            return
        self.count += 1
        script, output = self.tools / f"{self.count}.sh", self.tools / f"{self.count}.out"
        script.write_text(self._placed(text) + "\n", encoding="utf-8")
        strict = "set +e" if code else "set -e"
        assert self.shell.stdin
        self.shell.stdin.write(
            f'{strict}\n{{ . {script}; }} > {output} 2>&1 < /dev/null; printf "\\0 %s\\n" "$?"\n'
        )
        self.shell.stdin.flush()
        ended = self._answer(self.shell, block)
        self.printed = output.read_text(encoding="utf-8", errors="replace") if output.exists() else ""
        if ended != code:
            raise DocsFault(
                f"{block.place}: exit code {ended}, not {code}, of\n{text}\n--- printed:\n{self.printed}"
            )

    def _interpret(self, block: Block) -> None:
        self.count += 1
        script = self.tools / f"{self.count}.py"
        script.write_text(self._placed(textwrap.dedent(block.text)), encoding="utf-8")
        assert self.python.stdin
        self.python.stdin.write(f"{script}\n")
        self.python.stdin.flush()
        if (self._answer(self.python, block)) != 0:
            raise DocsFault(f"{block.place}: the Python block fails\n{self.printed}")

    def _answer(self, process: "subprocess.Popen[str]", block: Block) -> int:
        """Read until the process says that the block is done; a process that ended gives its own exit code."""
        assert process.stdout
        text, end = b"", time.monotonic() + PATIENCE_S
        while b"\0" not in text or not text.endswith(b"\n"):
            if not select.select([process.stdout], [], [], max(0, end - time.monotonic()))[0]:
                raise DocsFault(f"{block.place}: no end after {PATIENCE_S} seconds")
            piece = os.read(process.stdout.fileno(), 65536)
            if not piece:
                return process.wait()
            text += piece
        printed, _, code = text.decode("utf-8", "replace").rpartition("\0")
        self.printed = printed
        return int(code)

    def _serve(self, block: Block, line: str) -> None:
        """Start a server as the line says, but on a free port; later blocks find it at the port that it would have had."""
        words = shlex.split(line)
        port = words[words.index("--port") + 1] if "--port" in words else "8080"
        command = re.sub(r"\s--port \d+", "", line) + " --port 0"
        out, log = self.tools / f"serve-{self.count}.out", self.tools / f"serve-{self.count}.log"
        stop = '[ -z "${OSLER_SERVING:-}" ] || { kill "$OSLER_SERVING"; wait "$OSLER_SERVING" || true; }\n'
        self._script(block, f"{stop}{command} > {out} 2> {log} &\nOSLER_SERVING=$!", 0)
        end = time.monotonic() + 40
        while not (found := re.search(r"https?://([^/\s]+)", out.read_text() if out.exists() else "")):
            if time.monotonic() > end:
                raise DocsFault(f"{block.place}: the server does not start\n{log.read_text()}")
            time.sleep(0.02)
        for host in ("127.0.0.1", "localhost"):
            self.addresses[f"{host}:{port}"] = found[1]
        host, _, real = found[1].rpartition(":")
        while time.monotonic() < end:
            with contextlib.suppress(OSError), socket.create_connection((host, int(real)), timeout=1):
                return
            time.sleep(0.02)

    def _compare(self, block: Block, expected: str) -> None:
        wanted, got = textwrap.dedent(expected).rstrip(), self._shown(self.printed).rstrip()
        if not matches(wanted, got):
            difference = "\n".join(difflib.ndiff(wanted.splitlines(), got.splitlines()))
            raise DocsFault(f"{block.place}: the page shows another output\n{difference}")

    def _placed(self, text: str) -> str:
        for named, real in self.addresses.items():
            text = text.replace(named, real)
        return text

    def _shown(self, text: str) -> str:
        for named, real in self.addresses.items():
            text = text.replace(real, named)
        return text.replace(str(self.folder), "/home/me")


def matches(wanted: str, got: str) -> bool:
    """Whether an output is as shown: a line that is `…` stands for any lines, `…` in a line for any characters.

    Space at the ends of lines does not count.
    """
    pattern = ""
    for line in wanted.splitlines():
        if line.strip() == "…":
            pattern += r"(?:[^\n]*\n)*?"
        else:
            pattern += ".*?".join(re.escape(part) for part in line.rstrip().split("…")) + r"[ \t]*\n"
    return re.fullmatch(pattern, "".join(f"{line.rstrip()}\n" for line in got.splitlines())) is not None


def _dialogue(block: Block) -> Iterator[tuple[str, str]]:
    """The commands of a console block, each with what is shown below it."""
    command, shown = "", ""
    for line in textwrap.dedent(block.text).splitlines():
        if line.startswith("$ "):
            if command:
                yield command, shown
            command, shown = line[2:] + "\n", ""
        elif line.startswith("> ") and not shown:
            command += line[2:] + "\n"
        else:
            shown += line + "\n"
    if command:
        yield command, shown


@contextmanager
def runner(page: Page, folder: Path) -> Iterator[Runner]:
    """A runner in a new folder; whatever it started is stopped at the end."""
    work, tools = folder / "work", folder / "tools"
    for made in (work, tools, folder / "home"):
        made.mkdir(parents=True)
    _programs(tools)
    if "in a clone" in page.comments:
        _clone(work, tools)
    environment = {
        k: v for k, v in os.environ.items() if not k.startswith(("OSLER_", "PYTEST", "VIRTUAL_ENV"))
    }
    environment |= {
        "PATH": f"{tools / 'bin'}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(folder / "home"),
        "NO_COLOR": "1",
        "COLUMNS": "120",
        "LC_ALL": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "REPO": str(ROOT),
    }
    with ExitStack() as stack:
        yield Runner(
            folder=work,
            tools=tools,
            shell=_process(stack, ["bash", "--noprofile", "--norc"], work, environment),
            python=_process(stack, [sys.executable, "-u", "-c", _PYTHON], work, environment),
            servers=stack,
        )


def _process(
    stack: ExitStack, command: list[str], folder: Path, environment: dict[str, str]
) -> "subprocess.Popen[str]":
    """A process in a group of its own, which is ended with all that it started."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    stack.callback(_end, process)
    return process


def _end(process: "subprocess.Popen[str]") -> None:
    for sign in (15, 9):
        try:
            os.killpg(process.pid, sign)
        except ProcessLookupError:
            break
        time.sleep(0.2)
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream:
            stream.close()


def _programs(tools: Path) -> None:
    """`osler`, `python` and `python3` of this environment, and nothing else of it."""
    (tools / "bin").mkdir()
    for name, rest in (("osler", "-m osler"), ("python", ""), ("python3", "")):
        program = tools / "bin" / name
        program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {rest} "$@"\n')
        program.chmod(0o755)
    pip = tools / "bin" / "pip"
    pip.write_text("#!/bin/sh\necho 'nothing is installed by the tests of the documentation' >&2\nexit 97\n")
    pip.chmod(0o755)


def _clone(work: Path, tools: Path) -> None:
    """What stands at the root of a clone, with `.venv` as `make` leaves it; `.ci/run` installs it for real."""
    for path in ROOT.iterdir():
        if not path.name.startswith("."):
            (work / path.name).symlink_to(path)
    (work / ".venv").mkdir()
    (work / ".venv" / "bin").symlink_to(tools / "bin")
    (tools / "bin" / "activate").write_text(_ACTIVATE)
    for stamp in (".demo", ".test", ".docs"):
        (work / ".venv" / stamp).touch()
