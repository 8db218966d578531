"""A served Osler that is stopped: who asks whether it is ready is told no at once, streams end whole or say that they do not."""

import http.client
import json
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from osler.app.build import open_stores
from osler.app.config import Config
from osler.testing import ModelServerThread, Script
from osler_process import Served, serving

WORDS = tuple(f"Sentence {n} is said. " for n in range(12))
CANARY = "Quartermain"


@contextmanager
def site(folder: Path, *, pace_s: float, server: str, arguments: tuple[str, ...] = ()) -> Iterator[Served]:
    with ModelServerThread(Script(script=WORDS, pace_s=pace_s)) as model:
        config = folder / "osler.toml"
        config.write_text(
            f"[server]\n{server}\n[knowledge]\nstarter = false\n[deid]\nengine = 'fast'\n[destinations.ward]\n"
            f"url = '{model.url}'\nlocation = 'on-premises'\nmodels.m = {{ id = 'm' }}\n"
        )
        with serving(folder / "ws", *arguments, config=config) as served:
            yield served


class Stream:
    """A streamed request that is read in a thread of its own."""

    def __init__(self, served: Served) -> None:
        self.connection = http.client.HTTPConnection(served.url.removeprefix("http://"), timeout=60)
        body = {
            "model": "m",
            "stream": True,
            "messages": [{"role": "user", "content": f"{CANARY}, tell me."}],
        }
        self.connection.request("POST", "/v1/chat/completions", body=json.dumps(body))
        self.answer = self.connection.getresponse()
        self.first = self.answer.readline()
        self.text = b""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        self.text = self.first + self.answer.read()

    def events(self) -> list[Any]:
        """What was sent, once it has ended."""
        self._thread.join(30)
        assert not self._thread.is_alive(), "the stream does not end"
        data = [line[6:] for line in self.text.decode().splitlines() if line.startswith("data: ")]
        return [d if d == "[DONE]" else json.loads(d) for d in data]


def outcomes(folder: Path) -> list[tuple[str, object]]:
    stores = open_stores(Config(), folder / "ws")
    try:
        assert stores.audit.verify().ok
        assert stores.audit.verify().open_streams == 0
        return [
            (r.kind, r.body.get("outcome")) for r in stores.audit.records() if r.kind in ("opened", "closed")
        ]
    finally:
        stores.close()


def test_streams_end_whole_while_readiness_says_no_and_new_requests_are_taken_for_a_while(
    tmp_path: Path,
) -> None:
    with site(tmp_path, pace_s=0.2, server="drain_wait_s = 1.0\ndrain_s = 20") as served:
        stream = Stream(served)
        assert served.get("/readyz") == (200, "ready\n")
        served.process.send_signal(signal.SIGTERM)
        time.sleep(0.2)  # of the second for which it still listens
        assert served.get("/readyz") == (503, "not ready: the server is stopping\n")
        assert served.get("/healthz")[0] == 200
        found = served.chat("What is metformin for?")
        assert found[0] == 200, found  # who has not noticed yet is still served
        events = stream.events()
        assert events[-1] == "[DONE]"
        assert "osler" in events[-2] or "osler" in events[-3]
        assert served.process.wait(10) == 0
    assert outcomes(tmp_path)[:1] == [("opened", "opened")]
    assert {outcome for kind, outcome in outcomes(tmp_path) if kind == "closed"} == {"answered"}
    log = served.log.read_text()
    assert CANARY not in log
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    streamed = [line for line in lines if line.get("outcome") == "answered"]
    assert len(streamed) == 2
    assert {"request", "route", "status", "ms", "destination", "model", "tokens_out"} <= set(streamed[0])


def test_a_stream_that_does_not_end_in_time_says_so_and_is_signed(tmp_path: Path) -> None:
    with site(tmp_path, pace_s=1.0, server="drain_s = 1") as served:
        stream = Stream(served)
        served.process.send_signal(signal.SIGTERM)
        events = stream.events()
        assert events[-1]["error"]["code"] == "guard_unavailable"
        assert "stopping" in events[-1]["error"]["message"]
        assert "[DONE]" not in events
        assert served.process.wait(10) == 0
    assert outcomes(tmp_path) == [("opened", "opened"), ("closed", "abandoned")]


def test_a_second_signal_does_not_wait(tmp_path: Path) -> None:
    with site(tmp_path, pace_s=0.0, server="drain_wait_s = 60.0") as served:
        served.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        assert served.process.poll() is None
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(10) == 0


def test_workers_leave_as_one_process_does_and_lines_for_reading_hold_no_text(tmp_path: Path) -> None:
    more = ("--workers", "2", "--log-format", "console")
    with site(tmp_path, pace_s=0.3, server="drain_wait_s = 3.0", arguments=more) as served:
        stream = Stream(served)
        served.process.send_signal(signal.SIGTERM)
        told = time.monotonic()
        while served.get("/readyz")[0] != 503:  # fails as nobody listens once the time to leave is over
            assert time.monotonic() < told + 2
            time.sleep(0.05)
        assert stream.events()[-1] == "[DONE]"
        assert served.process.wait(15) == 0
    log = served.log.read_text()
    assert 'outcome="answered"' in log
    assert CANARY not in log
    assert not [line for line in log.splitlines() if line.startswith("{")]
