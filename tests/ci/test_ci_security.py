"""Security that takes longer: a crowd of slow callers, secrets in what commands print, TLS over several workers."""

import contextlib
import json
import socket
import ssl
import time
from pathlib import Path

import psutil
import pytest

from certificates import certificate
from osler.testing import ModelServerThread, Script, SocketCapture
from osler_process import Served, run_osler, serving

QUICK = """
[server]
max_concurrent = 40
timeouts = { head_s = 2, body_s = 2, idle_s = 2, write_s = 2 }
[knowledge]
starter = false
"""


def config(folder: Path, text: str) -> Path:
    path = folder / "osler.toml"
    path.write_text(text)
    return path


def connect(served: Served) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(served.url.rpartition(":")[2])), timeout=10)


def memory(served: Served) -> int:
    return int(psutil.Process(served.process.pid).memory_info().rss)


def test_a_crowd_of_slow_callers_holds_nothing_for_long_and_nobody_else_up(workspace: Path) -> None:
    table = config(workspace.parent, QUICK)
    with serving(workspace, config=table) as served, contextlib.ExitStack() as crowd:
        assert served.chat("hello")[0] == 200
        before = memory(served)
        sockets = [crowd.enter_context(connect(served)) for _ in range(400)]
        for number, one in enumerate(sockets):
            kinds = (
                b"",
                b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nx: " + b"x" * 60_000,
                b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: 8000000\r\n\r\n"
                + b"[" * 60_000,
                b"GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n" * 10,
            )
            one.sendall(kinds[number % 4])
        slowest, codes = 0.0, set()
        for _ in range(10):
            begun = time.monotonic()
            codes.add(served.get("/healthz")[0])
            slowest = max(slowest, time.monotonic() - begun)
        assert codes == {200}
        assert slowest < 10
        assert memory(served) - before < 120 << 20
        for one in sockets:
            one.setblocking(False)
        left, end = sockets, time.monotonic() + 40
        while left and time.monotonic() < end:
            left = [one for one in left if not _is_closed(one)]
            time.sleep(0.2)
        assert not left
        assert served.chat("hello")[0] == 200


def _is_closed(one: socket.socket) -> bool:
    """Whether the other side is done with it, once all that it sent has been taken."""
    try:
        while one.recv(1 << 20):
            pass
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def test_readers_that_stop_reading_a_stream_are_let_go_and_so_is_the_model(workspace: Path) -> None:
    piece = "x" * 1990 + ". "
    with ModelServerThread(Script((piece,) * 20_000)) as model:
        table = config(
            workspace.parent,
            QUICK
            + f'[destinations.ward]\nurl = "{model.url}"\nlocation = "on-premises"\nmodels.m = {{ id = "m" }}\n'
            "options.max_answer_mb = 64\n",
        )
        with serving(workspace, config=table) as served, contextlib.ExitStack() as readers:
            body = json.dumps({"messages": [{"role": "user", "content": "go on"}], "stream": True}).encode()
            head = (
                b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: %d\r\n\r\n"
                % len(body)
            )
            before = memory(served)
            for _ in range(2):
                one = readers.enter_context(connect(served))
                one.sendall(head + body)
            end = time.monotonic() + 60
            done = 'osler_requests_total{destination="ward",model="m",outcome="abandoned"} 2.0'
            while done not in served.get("/metrics")[1] and time.monotonic() < end:
                time.sleep(0.5)
            assert done in served.get("/metrics")[1]
            assert memory(served) - before < 100 << 20


SECRETS = {
    "CANARY_TOKEN": "sk-canary-zythar-destination",
    "CANARY_DETECTOR": "sk-canary-zythar-detector",
    "CANARY_VAULT": "Q0FOQVJZQ0FOQVJZQ0FOQVJZQ0FOQVJZQ0FOQVJZQ0E=",
}


def test_no_command_prints_a_secret(workspace: Path) -> None:
    folder = workspace.parent
    with SocketCapture() as ward:
        config(
            folder,
            f"""
            [stores]
            vault_key = {{ env = "CANARY_VAULT" }}
            [destinations.ward]
            url = "{ward.url}"
            location = "on-premises"
            auth = {{ env = "CANARY_TOKEN" }}
            models.m = {{ id = "m" }}
            [destinations.closed]
            url = "http://127.0.0.1:9/v1"
            location = "on-premises"
            auth = {{ env = "CANARY_TOKEN" }}
            models.closed = {{ id = "m" }}
            [deid]
            extra_detectors = ["remote"]
            options.remote = {{ url = "http://127.0.0.1:9/find", auth = {{ env = "CANARY_DETECTOR" }} }}
            """,
        )
        said = ""
        for command in (
            ("config", "show", "--json"), ("config", "check"), ("doctor",), ("ask", "hello", "--model", "closed"),
            ("audit", "show", "--json"), ("vault", "list"), ("deid", "text", "-"),
        ):  # fmt: skip
            done = run_osler(*command, cwd=folder, **SECRETS, OSLER_DEBUG="1", OSLER_WORKSPACE=str(workspace))
            assert done.returncode in (0, 1, 3, 6, 9), (command, done.stderr)
            assert done.stdout + done.stderr, command
            said += done.stdout + done.stderr
        bad = {**SECRETS, "CANARY_VAULT": "sk-canary-zythar-vault", "OSLER_WORKSPACE": str(workspace)}
        wrong = run_osler("vault", "list", cwd=folder, **bad)
        assert wrong.returncode == 3, wrong.stderr
        said += wrong.stderr
    assert "CANARY_TOKEN" in said
    for secret in (*SECRETS.values(), "sk-canary", "CANARYCANARY"):
        assert secret not in said, secret[:12]


def test_several_workers_speak_tls_and_count_each_for_itself(workspace: Path) -> None:
    trusted: ssl.SSLContext = certificate(workspace.parent)
    table = config(
        workspace.parent,
        '[server]\nkeys = "required"\nworkers = 2\ntls = { cert = "cert.pem", key = "key.pem" }\n'
        "rate_limit = { per_minute = 5 }\n[knowledge]\nstarter = false\n",
    )
    made = run_osler("keys", "create", "w", "--json", "--workspace", str(workspace), cwd=workspace.parent)
    bearer = {"authorization": f"Bearer {json.loads(made.stdout)['key']}"}
    with serving(workspace, "--host", "0.0.0.0", config=table, tls=trusted) as served:
        body = {"messages": [{"role": "user", "content": "hello"}]}
        statuses = [served.post("/v1/chat/completions", body, **bearer)[0] for _ in range(24)]
    assert set(statuses) == {200, 429}
    assert 5 <= statuses.count(200) <= 10 + 2  # two shares of five, and what flowed in meanwhile
    with pytest.raises(OSError):
        connect(served)
