"""A caller who hangs up, over the whole platform: the model server sees its connection closed within a tenth of a second."""

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from api_served import listening

from osler.api.app import application
from osler.api.metrics import Metrics
from osler.app.build import build
from osler.app.config import parse
from osler.testing import Fault, ModelServerThread, Script

pytestmark = pytest.mark.ci

PIECES = tuple(f"word {at}, " for at in range(200))


@pytest.fixture
def model() -> Iterator[ModelServerThread]:
    with ModelServerThread(Script(PIECES, pace_s=0.05)) as server:
        yield server


@pytest.fixture
def port(model: ModelServerThread, tmp_path: Path) -> Iterator[int]:
    table = {
        "knowledge": {"starter": False, "ground": False},
        "deid": {"engine": "fast"},
        "destinations": {
            "ward": {"url": model.url, "location": "on-premises", "models": {"m": {"id": "stand-in"}}}
        },
    }
    platform = build(parse(table), tmp_path / "ws")
    with listening(application(platform, Metrics(), require_keys=False)) as found:
        yield found


def sent(port: int, path: str, body: dict[str, Any]) -> socket.socket:
    data = json.dumps({"model": "m", **body}).encode()
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    head = f"POST /v1/{path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {len(data)}\r\n\r\n"
    connection.sendall(head.encode() + data)
    return connection


def until(condition: Any, seconds: float) -> float:
    """Seconds until it holds, so many at most."""
    begun = time.monotonic()
    while not condition() and time.monotonic() < begun + seconds:
        time.sleep(0.001)
    return time.monotonic() - begun


def test_the_model_server_is_let_go_at_once(port: int, model: ModelServerThread) -> None:
    streamed: list[tuple[str, dict[str, Any]]] = [
        ("chat/completions", {"messages": [{"role": "user", "content": "hi"}], "stream": True}),
        ("responses", {"input": "hi", "stream": True}),
    ]
    for path, body in streamed:
        before = model.server.gone
        connection = sent(port, path, body)
        connection.recv(1)
        connection.close()
        assert until(lambda before=before: model.server.gone > before, 2) < 0.1, path

    model.server.fault = Fault.HANG
    plain = {"messages": [{"role": "user", "content": "hi"}]}
    for path, body in (
        ("chat/completions", plain),
        ("chat/completions", {**plain, "stream": True}),
        ("responses", {"input": "hi"}),
    ):
        before, asked = model.server.gone, len(model.server.bodies)
        connection = sent(port, path, body)
        until(lambda asked=asked: len(model.server.bodies) > asked, 5)
        connection.close()
        assert until(lambda before=before: model.server.gone > before, 2) < 0.1, path
