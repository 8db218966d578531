"""A client of Osler that remembers what it was told: each answer with the audit record that was named for it."""

import contextlib
import http.client
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

TIMEOUT_S = 90.0

Mark = tuple[int, str]
"""An audit record as an answer names it: its number and its hash."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back. `ended` is False for a stream without its end; `mark` stands in an answer that was signed."""

    status: int
    body: dict[str, Any] = field(repr=False)
    request_id: str = ""
    mark: Mark | None = None
    ended: bool = True

    @property
    def error(self) -> str:
        """The error's message, or nothing."""
        found = self.body.get("error")
        return str(found.get("message", "")) if isinstance(found, dict) else ""

    @property
    def code(self) -> str:
        """The error's code, or nothing."""
        found = self.body.get("error")
        return str(found.get("code", "")) if isinstance(found, dict) else ""


def ask(
    url: str,
    text: str,
    *,
    patient: str | None = None,
    stream: bool = False,
    model: str = "auto",
    key: str = "",
) -> Answer:
    """Ask one question. OSError or http.client.HTTPException when the connection breaks before the first byte."""
    body: dict[str, object] = {
        "model": model,
        "messages": [{"role": "user", "content": text}],
        "stream": stream,
    }
    if patient is not None:
        body["metadata"] = {"patient": patient}
    with _posted(url, body, key) as response:
        request_id = response.headers.get("x-request-id", "")
        if stream and response.status == 200:
            return _streamed(response, request_id)
        answer = json.loads(response.read())
    return Answer(status=response.status, body=answer, request_id=request_id, mark=_mark(answer))


def get(url: str, path: str, *, timeout_s: float = 30.0) -> tuple[int, str]:
    """GET: the status and the text."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout_s)
    with contextlib.closing(connection):
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode("utf-8", "replace")


def listens(url: str) -> bool:
    """Whether anything takes connections there."""
    parts = urlsplit(url)
    try:
        with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=5):
            return True
    except OSError:
        return False


def ready(url: str) -> bool:
    """Whether the server says that it is ready."""
    try:
        return get(url, "/readyz")[0] == 200
    except (OSError, http.client.HTTPException):
        return False


@contextlib.contextmanager
def _posted(url: str, body: object, key: str) -> Iterator[http.client.HTTPResponse]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
    with contextlib.closing(connection):
        headers = {"content-type": "application/json"}
        if key:
            headers["authorization"] = f"Bearer {key}"
        connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
        yield connection.getresponse()


def _streamed(response: http.client.HTTPResponse, request_id: str) -> Answer:
    last: dict[str, Any] = {}
    ended = False
    with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
        for line in response:
            if line.startswith(b"data: [DONE]"):
                ended = True
            elif line.startswith(b"data: "):
                event = json.loads(line[6:])
                last = event if "osler" in event or "error" in event else last
    return Answer(
        status=200, body=last, request_id=request_id, mark=_mark(last) if ended else None, ended=ended
    )


def _mark(answer: dict[str, Any]) -> Mark | None:
    audit = answer.get("osler", {}).get("audit") if isinstance(answer.get("osler"), dict) else None
    return (int(audit["number"]), str(audit["hash"])) if isinstance(audit, dict) else None


@dataclass(slots=True)
class Seen:
    """What clients were told: signed answers, streams that began, streams that ended, other answers by status."""

    marks: list[Mark] = field(default_factory=list)
    begun: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)
    refused: list[Answer] = field(default_factory=list)

    def take(self, answer: Answer, *, stream: bool) -> None:
        """Take one answer in."""
        if answer.status != 200:
            self.refused.append(answer)
            return
        if answer.mark is not None:
            self.marks.append(answer.mark)
        if stream:
            self.begun.add(answer.request_id)
            if answer.ended:
                self.ended.add(answer.request_id)


class Load:
    """Threads that ask without a pause, every other one for a stream, until `finish` or until the server is gone."""

    def __init__(self, url: str, text: str, *, patient: str, threads: int = 6) -> None:
        self.seen = Seen()
        self._asked = (url, text, patient)
        self._over = threading.Event()
        self._connected = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(bool(number % 2),), daemon=True)
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def wait_connected(self, seconds: float) -> bool:
        """Wait until the server listens; whether it does."""
        return self._connected.wait(seconds)

    def finish(self) -> Seen:
        """Stop asking, wait for what is under way, and say what was seen."""
        self._over.set()
        for thread in self._threads:
            thread.join(TIMEOUT_S)
        return self.seen

    def _run(self, stream: bool) -> None:
        url, text, patient = self._asked
        while not self._over.is_set() and not listens(url):  # it prints its address before it listens
            self._over.wait(0.01)
        self._connected.set()
        while not self._over.is_set():
            try:
                answer = ask(url, text, patient=patient, stream=stream)
            except (OSError, http.client.HTTPException, ValueError):
                return
            self.seen.take(answer, stream=stream)
