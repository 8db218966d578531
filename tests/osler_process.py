"""A real `osler serve` process, and the command line as a process, for tests of the whole platform."""

import json
import os
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import osler_forks

FORKS = osler_forks.Forks()
ENVIRONMENT = {
    **{k: v for k, v in os.environ.items() if not k.startswith("OSLER_")},
    "PYTHONUNBUFFERED": "1",
    "COLUMNS": "200",
    "NO_COLOR": "1",
}


@dataclass
class Served:
    """A running gateway."""

    url: str
    process: "subprocess.Popen[str]"
    log: Path
    tls: ssl.SSLContext | None = None

    def post(self, path: str, body: object, **headers: str) -> tuple[int, Any]:
        """POST JSON; the status and the parsed body, whatever the status."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}{path}", data=data, method="POST")
        request.add_header("content-type", "application/json")
        for key, value in headers.items():
            request.add_header(key.replace("_", "-"), value)
        try:
            with urllib.request.urlopen(request, timeout=30, context=self.tls) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def chat(self, text: str, *, model: str = "auto", **metadata: str) -> tuple[int, Any]:
        """Ask one question."""
        body = {"model": model, "messages": [{"role": "user", "content": text}], "metadata": metadata}
        return self.post("/v1/chat/completions", body)

    def get(self, path: str) -> tuple[int, str]:
        """GET; the status and the text."""
        try:
            with urllib.request.urlopen(f"{self.url}{path}", timeout=30, context=self.tls) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


@contextmanager
def serving(
    workspace: Path,
    *arguments: str,
    config: Path | None = None,
    tls: ssl.SSLContext | None = None,
    **environment: str,
) -> Iterator[Served]:
    """`osler serve` on a free port until the block ends. `tls`: what to trust, where the configuration has TLS."""
    log = workspace.parent / f"{workspace.name}-serve.log"
    command = [
        sys.executable,
        "-m",
        "osler",
        "serve",
        "--port",
        "0",
        "--workspace",
        str(workspace),
        *arguments,
    ]
    if config is not None:
        command += ["--config", str(config)]
    with log.open("ab") as errors:
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**ENVIRONMENT, **environment},
            cwd=workspace.parent,
            text=True,
        )
        try:
            line = process.stdout.readline() if process.stdout else ""
            scheme = "http" if tls is None else "https"
            assert f"{scheme}://" in line, log.read_text()
            port = line.split(f"{scheme}://", 1)[1].split("/", 1)[0].rsplit(":", 1)[1]
            served = Served(url=f"{scheme}://127.0.0.1:{port}", process=process, log=log, tls=tls)
            _wait_ready(served)
            yield served
        finally:
            if process.poll() is None:
                process.terminate()
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_ready(served: Served) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        assert served.process.poll() is None, served.log.read_text()
        try:
            if served.get("/readyz")[0] == 200:
                return
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(0.05)
    raise AssertionError(served.log.read_text())


def run_osler(
    *arguments: str, cwd: Path, stdin: str | bytes = "", **environment: str
) -> "subprocess.CompletedProcess[str]":
    """One `osler` command as a process of its own."""
    data = stdin.encode() if isinstance(stdin, str) else stdin
    around = {**ENVIRONMENT, **environment}
    if osler_forks.fits(environment):
        done = FORKS.run(list(arguments), cwd=cwd, stdin=data, environment=around, timeout=90)
    else:
        command = [sys.executable, "-m", "osler", *arguments]
        done = subprocess.run(command, cwd=cwd, input=data, capture_output=True, env=around, timeout=90)
    return subprocess.CompletedProcess(
        done.args,
        done.returncode,
        done.stdout.decode("utf-8", "replace"),
        done.stderr.decode("utf-8", "replace"),
    )
