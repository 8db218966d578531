"""Many processes on one database, and a server that crashes: one chain, nothing acknowledged lost."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

import osler
import osler_process
import postgres_server
from osler.core.audit import AuditEntry
from osler.core.clock import SystemClock
from osler.core.errors import StoreError
from osler.stores import Database, SqlAuditLog
from postgres_server import Server

CLOCK = SystemClock()
WORKER = Path(__file__).parents[1] / "stores" / "stores_worker.py"
PROCESSES, RECORDS = 4, 5_000


def entry(n: int = 0) -> AuditEntry:
    return AuditEntry(kind="answer", time="", body={"n": n}, request_id=f"r{n}")


@pytest.fixture
def own() -> Iterator[Server]:
    """A server of the test's own, which it may stop."""
    with postgres_server.serving() as server:
        yield server


def test_server_that_crashes_and_comes_back(own: Server, workspace: Path) -> None:
    """Nothing acknowledged is lost, what fails says so, and it goes on without a restart of ours."""
    with (
        Database.open(workspace, url=own.url, busy_timeout_s=2.0) as database,
        SqlAuditLog(database, CLOCK, workspace / "instances") as log,
    ):
        log.append_now(AuditEntry(kind="opened", time="", body={}, request_id="stream"))
        stop, acknowledged, failed = threading.Event(), [], []

        def go_on() -> None:
            while not stop.is_set():
                try:
                    acknowledged.append(asyncio.run(log.append(entry(len(acknowledged)))).hash)
                except StoreError as error:
                    failed.append(error)
                    time.sleep(0.02)

        writing = threading.Thread(target=go_on)
        writing.start()
        time.sleep(0.3)
        postgres_server.stop(own)
        with pytest.raises(StoreError, match=r"cannot be reached|ended the connection"):
            database.check()
        before = len(acknowledged)
        postgres_server.start(own)
        end = time.monotonic() + 20
        while len(acknowledged) < before + 5 and time.monotonic() < end:
            time.sleep(0.02)
        stop.set()
        writing.join()
        assert len(acknowledged) >= before + 5
        assert failed
        database.check(deep=True)
        verdict = log.verify()
        assert verdict.ok
        assert set(acknowledged) <= {record.hash for record in log.records()}
        # its sign of life was lost with its connection, and stands again: its stream is not taken for another's
        time.sleep(5.1)
        log.append_now(entry())
        with SqlAuditLog(database, CLOCK, workspace / "instances") as other:
            assert other.close_interrupted() == 0
            log.close()
            assert other.close_interrupted() == 1


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_four_processes_write_one_chain(kind: str, workspace: Path, request: pytest.FixtureRequest) -> None:
    url = None if kind == "sqlite" else request.getfixturevalue("own").url
    environment = {**os.environ, "PYTHONPATH": str(Path(osler.__file__).parents[1]), "STORE_URL": url or ""}
    with Database.open(workspace, url=url) as database:
        processes = [
            subprocess.Popen(
                [sys.executable, str(WORKER), str(workspace), "append", f"p{n}", str(RECORDS)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
            )
            for n in range(PROCESSES)
        ]  # fmt: skip
        for process in processes:
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            process.stdin.write("\n")
            process.stdin.flush()
        assert [process.communicate()[0] for process in processes] == [f"{RECORDS}\n"] * PROCESSES
        with SqlAuditLog(database, CLOCK, workspace / "instances") as log:
            verdict = log.verify()
            assert (verdict.ok, verdict.records) == (True, PROCESSES * RECORDS)
            written = [record.request_id for record in log.records()]
    assert set(written) == {f"p{p}-{n}" for p in range(PROCESSES) for n in range(RECORDS)}
    assert len(written) == PROCESSES * RECORDS


def test_servers_on_one_database_make_one_chain(own: Server, tmp_path: Path) -> None:
    """Two `osler serve`, each with a workspace folder of its own, as on two machines; one is killed with open streams."""
    config = tmp_path / "osler.toml"
    key = tmp_path / "key"
    key.write_text("c2l4dGVlbiBieXRlcyB4IDIgaXMgMzIgYnl0ZXMgISE=")
    config.write_text(
        f'[stores]\nurl = {{ env = "U" }}\nvault_key = {{ file = "{key}" }}\n', encoding="utf-8"
    )
    places = [tmp_path / "one" / "ws", tmp_path / "two" / "ws"]
    for place in places:
        place.parent.mkdir()
    with osler_process.serving(places[0], config=config, U=own.url) as one:
        with osler_process.serving(places[1], config=config, U=own.url) as two:
            with ThreadsAsking([one, two]) as asking:
                asking.until(40)
                opened = [stream(server.url) for server in (one, two, two)]
                two.process.send_signal(signal.SIGKILL)
                two.process.wait()
            assert asking.answers[one.url] >= 10
            assert asking.answers[two.url] >= 10
        third = tmp_path / "three" / "ws"
        third.parent.mkdir()
        with osler_process.serving(third, config=config, U=own.url) as again:
            assert again.chat("What is hyperkalaemia?")[0] == 200
            for answer in opened:
                with contextlib.suppress(OSError):
                    answer.close()
        with Database.open(third, url=own.url) as database, SqlAuditLog(database, CLOCK, third / "i") as log:
            verdict = log.verify()
            assert verdict.ok
            kept = {record.hash: record for record in log.records()}
            assert asking.hashes <= set(kept)
            assert len({record.instance for record in kept.values() if record.kind == "answer"}) == 3
            interrupted = [r for r in kept.values() if r.kind == "interrupted"]
            assert len({r.body["opened"] for r in interrupted}) == len(interrupted)


class ThreadsAsking:
    """Two threads that ask each server, until their block ends."""

    def __init__(self, servers: list[osler_process.Served]) -> None:
        self.answers = {server.url: 0 for server in servers}
        self.hashes: set[str] = set()
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._ask, args=(server,)) for server in servers for _ in range(2)
        ]

    def _ask(self, server: osler_process.Served) -> None:
        while not self._stop.is_set():
            try:
                status, answer = server.chat("What is a normal potassium?")
            except (OSError, ValueError):
                return
            if status == 200:
                self.hashes.add(answer["osler"]["audit"]["hash"])
                self.answers[server.url] += 1

    def until(self, count: int) -> None:
        end = time.monotonic() + 60
        while sum(self.answers.values()) < count and time.monotonic() < end:
            time.sleep(0.05)

    def __enter__(self) -> "ThreadsAsking":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()


def stream(url: str) -> "contextlib.closing[object]":
    """An answer that is being streamed, of which nothing but the head was read."""
    body = {
        "model": "auto", "stream": True,
        "messages": [{"role": "user", "content": "What is hyperkalaemia, and what lowers potassium?"}],
    }  # fmt: skip
    request = urllib.request.Request(
        f"{url}/v1/chat/completions", json.dumps(body).encode(), {"content-type": "application/json"}
    )
    return urllib.request.urlopen(request, timeout=20)


@pytest.mark.parametrize("how", ["stopped", "hanging"])
def test_server_whose_database_is_away_refuses_and_recovers(own: Server, tmp_path: Path, how: str) -> None:
    """503 with a remedy for questions and /readyz, /healthz as ever; afterwards it goes on without a restart."""
    config = tmp_path / "osler.toml"
    config.write_text('[stores]\nurl = { env = "U" }\n[server.timeouts]\nguard_s = 3\n', encoding="utf-8")
    with osler_process.serving(tmp_path / "ws", config=config, U=own.url) as served:
        assert served.chat("What is hyperkalaemia?")[0] == 200
        backends = [int(pid) for pid in (own.folder / "postmaster.pid").read_text().split()[:1]]
        try:
            if how == "stopped":
                postgres_server.stop(own)
            else:
                family = psutil.Process(backends[0])
                backends += [child.pid for child in family.children(recursive=True)]
                for pid in backends:
                    os.kill(pid, signal.SIGSTOP)
            begun = time.monotonic()
            status, answer = served.chat("Mrs. Quartermain asks: what is hyperkalaemia?")
            assert (status, time.monotonic() - begun < 25) == (503, True), answer
            assert "Quartermain" not in json.dumps(answer)
            assert answer["error"]["code"] in ("store_unavailable", "guard_unavailable"), answer
            assert served.get("/healthz")[0] == 200
            assert served.get("/readyz")[0] == 503
        finally:
            if how == "stopped":
                postgres_server.start(own)
            else:
                for pid in backends:
                    os.kill(pid, signal.SIGCONT)
        end = time.monotonic() + 30
        while served.chat("What is hyperkalaemia?")[0] != 200:
            assert time.monotonic() < end
            time.sleep(0.2)
        assert served.get("/readyz")[0] == 200
    with (
        Database.open(tmp_path / "ws", url=own.url) as database,
        SqlAuditLog(database, CLOCK, tmp_path / "i") as log,
    ):
        assert log.verify().ok
