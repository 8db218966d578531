"""Reloads of a served Osler by SIGHUP and over /admin: one process and several, streams under way, many signals."""

import json
import signal
import threading
import time
import urllib.request
from pathlib import Path

import pytest

from osler.app.build import open_stores
from osler.app.config import Config
from osler.core.audit import AuditRecord
from osler.testing.model_server import ModelServerThread
from osler.testing.replies import Script
from osler_process import Served, serving

QUESTION = "What is metformin for?"


def table(url: str, rules: str = "") -> str:
    return f"""
[knowledge]
starter = false
[deid]
engine = "fast"
[gateway.estimators]
task = "off"
complexity = "off"
[destinations.up]
url = "{url}"
location = "on-premises"
models.small = {{ id = "small" }}
{rules}
"""


NOWHERE = '[[rules]]\nname = "nowhere"\nallow = []\n'


def records(workspace: Path) -> list[AuditRecord]:
    stores = open_stores(Config(), workspace)
    try:
        assert stores.audit.verify().ok
        return list(stores.audit.records())
    finally:
        stores.close()


def until(said: str, served: Served, count: int) -> None:
    """Wait until the log has so many lines of a kind."""
    end = time.monotonic() + 20
    while served.log.read_text().count(said) < count:
        assert time.monotonic() < end, served.log.read_text()
        time.sleep(0.05)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_signal_reloads_every_process_and_a_bad_file_changes_nothing(
    tmp_path: Path, workspace: Path, workers: int
) -> None:
    config = tmp_path / "osler.toml"
    with ModelServerThread("Metformin lowers glucose.") as upstream:
        config.write_text(table(upstream.url), encoding="utf-8")
        with serving(workspace, "--workers", str(workers), config=config) as served:
            assert served.chat(QUESTION)[0] == 200
            config.write_text(table(upstream.url, "[[rules]]\nname = 3\n"), encoding="utf-8")
            served.process.send_signal(signal.SIGHUP)
            until("configuration refused", served, workers)
            assert {served.chat(QUESTION)[0] for _ in range(6)} == {200}
            config.write_text(table(upstream.url, NOWHERE), encoding="utf-8")
            served.process.send_signal(signal.SIGHUP)
            until("configuration activated", served, workers)
            assert {served.chat(QUESTION)[0] for _ in range(12)} == {403}
            assert served.process.poll() is None
    signed = [r for r in records(workspace) if r.kind == "configuration"]
    assert len(signed) == workers
    assert len({r.instance for r in signed}) == workers
    assert all(r.body["caller"] == {"key": "signal", "role": "operator"} for r in signed)


def test_the_admin_surface_has_the_other_workers_told(tmp_path: Path, workspace: Path) -> None:
    config = tmp_path / "osler.toml"
    stores = open_stores(Config(), workspace)
    key = stores.access.create("root", "admin")[1]
    stores.close()
    with ModelServerThread("Metformin lowers glucose.") as upstream:
        config.write_text(table(upstream.url), encoding="utf-8")
        with serving(workspace, "--workers", "2", config=config) as served:
            assert served.chat(QUESTION)[0] == 200
            config.write_text(table(upstream.url, NOWHERE), encoding="utf-8")
            status, told = served.post("/admin/reload", {}, authorization=f"Bearer {key}")
            assert (status, told["others_told"]) == (200, True)
            until("configuration activated", served, 3)
            assert {served.chat(QUESTION)[0] for _ in range(12)} == {403}


def test_a_stream_ends_by_the_configuration_that_it_came_to(tmp_path: Path, workspace: Path) -> None:
    config = tmp_path / "osler.toml"
    words = [f"word{n} " for n in range(40)]
    with ModelServerThread(Script(words, pace_s=0.05)) as upstream:
        config.write_text(table(upstream.url), encoding="utf-8")
        with serving(workspace, config=config) as served:
            got: list[str] = []
            body = {"model": "auto", "stream": True, "messages": [{"role": "user", "content": QUESTION}]}
            request = urllib.request.Request(
                f"{served.url}/v1/chat/completions", data=json.dumps(body).encode(),
                headers={"content-type": "application/json"},
            )  # fmt: skip

            def read() -> None:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    got.extend(line.decode() for line in answer)

            reader = threading.Thread(target=read)
            reader.start()
            time.sleep(0.5)
            config.write_text(table(upstream.url, NOWHERE), encoding="utf-8")
            served.process.send_signal(signal.SIGHUP)
            until("configuration activated", served, 1)
            assert served.chat(QUESTION)[0] == 403
            reader.join(30)
            assert "data: [DONE]\n" in got
            assert "word39" in "".join(got)
    found = records(workspace)
    (change,) = [r for r in found if r.kind == "configuration"]
    closed = next(r for r in found if r.kind == "closed")
    refused = next(r for r in found if r.kind == "refused")
    assert closed.body["config"] == change.body["old"]
    assert refused.body["config"] == change.body["new"]
    assert closed.number > change.number


def test_signals_in_numbers_end_nothing(tmp_path: Path, workspace: Path) -> None:
    config = tmp_path / "osler.toml"
    with ModelServerThread("Metformin lowers glucose.") as upstream:
        config.write_text(table(upstream.url), encoding="utf-8")
        with serving(workspace, "--workers", "2", config=config) as served:
            for _ in range(20):
                served.process.send_signal(signal.SIGHUP)
                time.sleep(0.02)
            assert served.chat(QUESTION)[0] == 200
            assert served.process.poll() is None
