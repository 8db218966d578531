"""A server under trial as this process sees it: a child process, capture servers around it, a plain HTTP client."""

import contextlib
import http.client
import json
import os
import secrets
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from osler.app.build import Stores, open_stores
from osler.app.config import Config
from osler.core.audit import AuditEntry
from osler.core.clock import SystemClock, timestamp
from osler.core.ports.access import ADMIN
from osler.selftest.matrix.judge import SENTENCES, Answer, Seen
from osler.selftest.matrix.outages import Outage
from osler.selftest.matrix.routes import FRESH, Ask, Row
from osler.selftest.matrix.site import with_outside
from osler.selftest.scenario import Broken
from osler.testing import SocketCapture

MODULE = "osler.selftest.matrix.served"
START_S = 60.0
END_S = 45.0
"""Seconds within which every request must have ended, one way or another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What is put on trial: the site's configuration and its file, the folder to work in, whether guards may
    wait, and how long they are waited for."""

    config: Config
    file: Path | None
    folder: Path
    waits: bool
    guard_s: float


class Trial:
    """Use it as `with Trial(setting) as trial`. Raises Broken when the server does not start."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._exit = contextlib.ExitStack()
        self._captures: dict[str, SocketCapture] = {}
        self._log_path = setting.folder / "serve.log"
        self._log_at = 0
        self._last = 0
        self.hello: dict[str, Any] = {}

    def __enter__(self) -> Self:
        with self._exit as stack:
            self._setting.folder.mkdir(parents=True, mode=0o700, exist_ok=True)
            for name in with_outside(self._setting.config):
                self._captures[name] = stack.enter_context(SocketCapture(SENTENCES))
            self._process = stack.enter_context(self._started())
            self.hello = self._first_words()
            workspace = self._setting.folder / "workspace"
            self.stores: Stores = stack.enter_context(contextlib.closing(open_stores(Config(), workspace)))
            self._exit = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._exit.close()

    def order(self, outage: Outage | None) -> None:
        """Put one guard down, or all up."""
        self._write(outage.order() if outage else {})
        if self._process.stdout is None or not self._process.stdout.readline():
            raise Broken("the server under trial ended by itself")

    def ask(self, row: Row, ask: Ask) -> Seen:
        """One request, and all that is to be seen of it."""
        path = (ask.path or row.path).replace("{fresh}", self._fresh_key() if "{fresh}" in ask.path else "")
        path = path.replace("{glass}", str(self._broken_glass()) if "{glass}" in ask.path else "")
        before = {name: capture.sizes() for name, capture in self._captures.items()}
        answer = self._request(row.method, path, ask)
        records = tuple(self.stores.audit.records(after=self._last))
        self._last = records[-1].number if records else self._last
        arrived = {name: capture.since(before[name]) for name, capture in self._captures.items()}
        return Seen(answer=answer, arrived=arrived, log=self._new_log(), records=records)

    def _fresh_key(self) -> str:
        return self.stores.access.create("selftest fresh", "clinician")[0].id

    def _broken_glass(self) -> int:
        """The number of an audit record that says that the glass was broken."""
        made = self.stores.audit.append_now(
            AuditEntry(
                kind="refused",
                time=timestamp(SystemClock().now()),
                body={"break_glass": True, "outcome": "refused"},
                request_id=f"selftest_{secrets.token_hex(8)}",
                instance=self.stores.audit.instance,
            )
        )
        self._last = made.number
        return made.number

    def _key(self, role: str) -> str:
        if role == FRESH:
            return self.stores.access.create("selftest fresh", ADMIN)[1]
        return str(self.hello["keys"][role])

    def _request(self, method: str, path: str, ask: Ask) -> Answer:
        begun = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.hello["port"], timeout=END_S)
        data = None if ask.body is None else json.dumps(ask.body).encode()
        headers = {"authorization": f"Bearer {self._key(ask.key)}", "content-type": "application/json"}
        try:
            connection.request(method, path, body=data, headers=headers)
            answer = connection.getresponse()
            found = {key.lower(): value for key, value in answer.getheaders()}
            body = answer.read()
            seconds = time.monotonic() - begun
            return Answer(status=answer.status, headers=found, body=body, seconds=seconds)
        except TimeoutError:
            return Answer(fault=f"it had not ended after {END_S:g} s", seconds=time.monotonic() - begun)
        except (OSError, http.client.HTTPException) as error:
            return Answer(fault=f"the connection broke ({type(error).__name__})")
        finally:
            connection.close()

    def _new_log(self) -> str:
        with self._log_path.open("rb") as log:
            log.seek(self._log_at)
            new = log.read()
        self._log_at += len(new)
        return new.decode("utf-8", "replace")

    @contextlib.contextmanager
    def _started(self) -> Any:
        with self._log_path.open("wb") as log:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own module
                [sys.executable, "-m", MODULE],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        try:
            yield process
        finally:
            with contextlib.suppress(OSError):
                if process.stdin is not None:
                    process.stdin.close()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()

    def _first_words(self) -> dict[str, Any]:
        setting = self._setting
        self._write(
            {
                "config": str(setting.file.absolute()) if setting.file else None,
                "urls": {name: capture.url for name, capture in self._captures.items()},
                "workspace": str(setting.folder / "workspace"),
                "waits": setting.waits,
                "guard_s": setting.guard_s,
            }
        )
        alarm = threading.Timer(START_S, self._process.kill)
        alarm.start()
        line = self._process.stdout.readline() if self._process.stdout else ""
        alarm.cancel()
        if not line:
            raise Broken("the server under trial did not start; `osler config check` says what is wrong")
        found: dict[str, Any] = json.loads(line)
        if set(found["keys"]) != {"clinician", ADMIN}:
            raise Broken("the server under trial made no keys")
        return found

    def _write(self, order: dict[str, Any]) -> None:
        if self._process.stdin is None:
            raise Broken("the server under trial takes no orders")
        try:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
        except OSError:
            raise Broken("the server under trial ended by itself") from None
