"""schemathesis against both OpenAPI documents of a really served Osler: all its checks, and one of ours.

No 5xx, no status, type or field that is not documented, no valid request refused and no invalid one taken, no
hang, nothing of a request in an error or in the log. `OSLER_EXAMPLES` sets how many requests for each operation.
"""

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from osler.api import openapi
from osler.api.admin.app import document_alone
from osler.testing import ModelServerThread
from osler_process import Served, run_osler, serving

pytestmark = pytest.mark.timeout(600)  # a machine that does other things too takes its time
HOOKS = Path(__file__).with_name("schemathesis_hooks.py")
EXAMPLES = os.environ.get("OSLER_EXAMPLES") or ("500" if os.environ.get("OSLER_NIGHTLY") == "1" else "25")
SEED = os.environ.get("OSLER_SEED", "3")
COSTLY = "/admin/(config/check|reload|route/explain)$"
NEWER = "/v1/(responses|completions)$"
CANARY = ("Quartermain", "Zebulon", "900-27")
LIMITS = """
[server.rate_limit]
per_minute = 0
keyless_per_minute = 0
admin_per_minute = 0
refused_per_minute = 0
"""
WARD = """
[destinations.ward]
url = "{url}"
location = "on-premises"
models.stand-in = {{ id = "stand-in" }}
models.vectors = {{ id = "vectors", kind = "embedding" }}
"""


def documents(folder: Path) -> str:
    """A file with every word that an error may say by itself."""
    path = folder / "known-words.json"
    path.write_text(json.dumps([openapi.document(), document_alone()]), encoding="utf-8")
    return str(path)


def run(url: str, surface: str, folder: Path, *options: str) -> tuple[int, str]:
    """The exit status and the report of schemathesis."""
    command = [
        str(Path(sys.executable).with_name("schemathesis")), "run", f"{url}/{surface}/openapi.json",
        "--max-examples", EXAMPLES, "--seed", SEED, "--request-timeout", "30", "--max-response-time", "20",
        "--continue-on-failure", "--checks", "all", "--no-color", "--output-truncate", "false", *options,
    ]  # fmt: skip
    environment = {
        **os.environ, "SCHEMATHESIS_HOOKS": str(HOOKS), "OSLER_KNOWN_WORDS": documents(folder), "COLUMNS": "160",
    }  # fmt: skip
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=3000)
    return done.returncode, f"seed {SEED}\n{done.stdout[-12_000:]}\n{done.stderr[-3_000:]}"


def tried(served: Served, surface: str, *options: str) -> str:
    """What schemathesis reports. It must have found nothing."""
    status, report = run(served.url, surface, served.log.parent, *options)
    assert status == 0, report
    log = served.log.read_text(encoding="utf-8")
    assert "unforeseen" not in log
    assert not [word for word in CANARY if word in log]
    return report


def configured(workspace: Path, text: str) -> Path:
    config = workspace.parent / "osler.toml"
    config.write_text(text, encoding="utf-8")
    return config


def loaded(workspace: Path, samples: Path) -> None:
    done = run_osler("kb", "add", str(samples), "--workspace", str(workspace), cwd=workspace.parent)
    assert done.returncode == 0, done.stderr


def test_v1_over_the_extractive_model(workspace: Path, samples: Path) -> None:
    loaded(workspace, samples)
    with serving(workspace, config=configured(workspace, LIMITS)) as served:
        report = tried(served, "v1", "--exclude-path-regex", NEWER)
        assert "7 selected" in report
        # Each field of these two was tried on the route above: a few requests of many fields are enough.
        report = tried(served, "v1", "--include-path-regex", NEWER, "--phases", "fuzzing")
        assert "2 selected" in report


def test_v1_over_a_model_server(workspace: Path, samples: Path) -> None:
    loaded(workspace, samples)
    with ModelServerThread() as model:
        config = configured(workspace, WARD.format(url=model.url) + LIMITS)
        with serving(workspace, config=config) as served:
            # The model server has its own mind about what is valid: what it refuses is a 400 too.
            tried(
                served, "v1", "--include-path-regex", "completions|responses|embeddings", "--phases", "fuzzing",
                "--exclude-checks", "positive_data_acceptance",
            )  # fmt: skip
        assert model.bodies, "nothing reached the model server"


def test_admin(workspace: Path, samples: Path) -> None:
    loaded(workspace, samples)
    folder = workspace.parent
    made = run_osler("keys", "create", "--role", "admin", "--json", "--workspace", str(workspace), cwd=folder)
    key = json.loads(made.stdout)["key"]
    with serving(workspace, config=configured(workspace, LIMITS)) as served:
        report = tried(served, "admin", "-H", f"Authorization: Bearer {key}", "--exclude-path-regex", COSTLY)
        assert key not in served.log.read_text(encoding="utf-8")
    assert "15 selected" in report
    verdict = run_osler("audit", "verify", "--json", "--workspace", str(workspace), cwd=folder)
    assert json.loads(verdict.stdout)["ok"] is True


def test_what_costs_an_administrator_seconds(workspace: Path) -> None:
    """Each request starts a process, makes every part anew, or has the many fields of a chat completion: few of them."""
    folder = workspace.parent
    made = run_osler("keys", "create", "--role", "admin", "--json", "--workspace", str(workspace), cwd=folder)
    key = json.loads(made.stdout)["key"]
    with serving(workspace, config=configured(workspace, LIMITS)) as served:
        tried(
            served, "admin", "-H", f"Authorization: Bearer {key}", "--include-path-regex", COSTLY,
            "--max-examples", "3", "--phases", "fuzzing", "--no-shrink",
        )  # fmt: skip


class Chatty(BaseHTTPRequestHandler):
    """What Osler must not be: it serves our document, and its errors repeat what was sent."""

    def do_GET(self) -> None:
        self._say(200, openapi.document())

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers.get("content-length", 0))).decode("utf-8", "replace")
        fault = {"message": f"Cannot embed {sent}.", "type": "x", "param": None, "code": "invalid_input"}
        self._say(400, {"error": fault})

    def _say(self, status: int, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


def test_an_error_that_repeats_what_was_sent_is_found(tmp_path: Path) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Chatty)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        status, report = run(
            url, "v1", tmp_path, "--include-path", "/v1/embeddings", "--phases", "fuzzing", "--max-examples", "3",
            "--no-shrink", "--checks", "errors_repeat_nothing",
        )  # fmt: skip
    finally:
        server.shutdown()
        server.server_close()
    assert status == 1, report
    assert "repeats what was sent" in report
