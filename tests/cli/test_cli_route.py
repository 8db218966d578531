"""`osler route explain`: the decision trace from a file, without a workspace, a model server or its secrets."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cli_in_process import osler

CONFIG = """
[knowledge]
starter = false
[deid]
engine = "fast"
[destinations.ward]
url = "http://127.0.0.1:1/v1"
location = "on-premises"
models.small = { id = "s" }
[destinations.east]
url = "https://east.example.org/v1"
location = "public-cloud"
region = "us-east"
auth = { env = "OSLER_TEST_NOT_SET" }
models.large = { id = "l", price_in = 2.5, price_out = 10.0, images = true }
"""
TEXT = "Mrs. Zebulon Quartermain, SSN 900-27-6614, asks about ibuprofen"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "osler.toml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def run(folder: Path, capsys: pytest.CaptureFixture[str], body: object, *more: str) -> tuple[int, str, str]:
    request = folder / "request.json"
    request.write_text(body if isinstance(body, str) else json.dumps(body), encoding="utf-8")
    done = osler(
        capsys, "route", "explain", "--request", str(request), "--config", str(folder / "osler.toml"),
        "--workspace", str(folder / "ws"), *more,
    )  # fmt: skip
    assert not (folder / "ws").exists()
    return done.returncode, done.stdout, done.stderr


def body(text: str = TEXT, **more: Any) -> dict[str, Any]:
    return {"model": "auto", "messages": [{"role": "user", "content": text}], **more}


def test_the_trace_for_programs_and_for_people(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(folder, capsys, body(), "--json")
    told = json.loads(out)
    assert (code, told["permitted"], told["replaced"]["SSN"]) == (0, True, 1)
    assert [t["destination"] for t in told["targets"]] == ["ward"]
    assert told["refused"] == [{"destination": "east", "reason": "public cloud without a BAA"}]
    code, shown, _ = run(folder, capsys, body())
    assert code == 0
    for word in ("permitted", "PHI stays inside", "decides", "without a BAA", "ward/small"):
        assert word in shown
    for secret in ("Zebulon", "Quartermain", "6614", "ibuprofen"):
        assert secret not in out + shown


@pytest.mark.ci
def test_roles_headers_and_costs_count(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = json.loads(run(folder, capsys, body("hello"), "--json", "--role", "porter")[1])
    assert (told["permitted"], "porter" in told["refusal"]) == (False, True)
    header = ("--header", "x-osler-purpose: research")
    told = json.loads(run(folder, capsys, body("hello"), "--json", *header)[1])
    assert told["facts"]["purpose"] == "research"
    costs = {t["destination"]: t["cost_usd"] for t in told["targets"]}
    assert costs["ward"] == 0 < costs["east"]
    assert "refused" in run(folder, capsys, body(model="large"))[1]


@pytest.mark.ci
def test_it_reads_standard_input(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "osler", "route", "explain", "--request", "-", "--json"],
        cwd=folder, input=json.dumps(body("hello")), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout)["permitted"] is True


@pytest.mark.parametrize(
    ("request_body", "more", "said"),
    [
        ("{", (), "not valid JSON"),
        ("[]", (), "not a JSON object"),
        ({"messages": []}, (), "messages"),
        pytest.param(body(model="nowhere"), (), "No destination serves", marks=pytest.mark.ci),
        pytest.param(body(metadata={"patient": "p1"}), (), "No record of that patient", marks=pytest.mark.ci),
        (body(), ("--header", "authorization: x"), "x-osler-"),
        (body(metadata={"break_glass": "short"}), (), "break_glass"),
    ],
)
def test_what_cannot_be_explained_says_why(
    folder: Path, capsys: pytest.CaptureFixture[str], request_body: object, more: tuple[str, ...], said: str
) -> None:
    code, out, err = run(folder, capsys, request_body, *more)
    assert code == 4
    assert said in err
    assert not out
    assert "Quartermain" not in err


def test_a_file_that_is_not_there(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = osler(capsys, "route", "explain", "--request", str(folder / "none.json"))
    assert (done.returncode, "cannot be read" in done.stderr) == (4, True)
