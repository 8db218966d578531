"""Starts many short-lived `osler` processes quickly: `python -m osler.selftest.faults.fork_server`.

It imports everything and answers one question once, in a workspace that it throws away. Then it forks for each JSON
line on standard input: `{"argv", "cwd", "log"}` runs that command, as the `osler` command would, and answers
`{"pid"}`; `{"wait", "seconds"}` answers `{"code"}`, null while the process runs. A command `appender` is not Osler's:
see `appender`. It ends, and ends what it started, when standard input does.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from osler import cli
from osler.api import app
from osler.app.build import build
from osler.app.config import Config
from osler.cli import root
from osler.cli.work import kb, serve
from osler.core.messages import ChatRequest, Message
from osler.gateway.exchange import Done
from osler.knowledge.ingest import sample_sources
from osler.selftest.faults import appender
from osler.selftest.faults.site import PATIENT, QUESTION

LOADED = (app.create, root.app, kb.add, serve.serve)
"""What the children need, so that it is imported before they are forked."""


def main() -> None:
    """Serve until standard input ends."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_answer_once(Path(folder)))
    children: set[int] = set()
    print(json.dumps({"ready": True}), flush=True)
    try:
        for line in sys.stdin:
            asked = json.loads(line)
            if "wait" in asked:
                answer = {"code": _waited(asked["wait"], asked["seconds"], children)}
            else:
                child = _forked(asked)
                children.add(child)
                answer = {"pid": child}
            print(json.dumps(answer), flush=True)
    finally:
        for child in children:
            with contextlib.suppress(OSError):
                os.kill(child, signal.SIGKILL)


async def _answer_once(folder: Path) -> None:
    """Fill every cache that an answer needs: the children then have them too. No thread is left running."""
    platform = build(Config(), folder)
    try:
        for source in sample_sources():
            platform.library.add(source)
        asked = ChatRequest(
            messages=(Message(role="user", content=QUESTION),), patient=PATIENT, request_id="req_first"
        )
        events = [event async for event in platform.pipeline.run(asked)]
        if not isinstance(events[-1], Done):
            raise RuntimeError("the first question was not answered")
    finally:
        await platform.aclose()


def _forked(asked: dict[str, Any]) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        log = os.open(asked["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        null = os.open(os.devnull, os.O_RDONLY)
        for wanted, here in ((null, 0), (log, 1), (log, 2)):
            os.dup2(wanted, here)
        os.chdir(asked["cwd"])
        code = _run(asked["argv"])
    finally:
        os._exit(code)


def _run(argv: list[str]) -> int:
    sys.argv = argv
    try:
        appender.main(*argv[1:]) if argv[0] == "appender" else cli.main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    sys.stdout.flush()
    return 0


def _waited(child: int, seconds: float, children: set[int]) -> int | None:
    end = time.monotonic() + seconds
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            children.discard(child)
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() >= end:
            return None
        time.sleep(0.005)


if __name__ == "__main__":
    main()
