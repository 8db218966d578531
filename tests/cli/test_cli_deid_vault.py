"""`osler deid run --vault`, then `osler deid restore`: the very texts come back, after kills too."""

import json
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from cli_in_process import Done, osler

from osler_process import ENVIRONMENT, run_osler

NOTE = "Seen by Dr. Ann Whitfield on 3/14/2021. Call 617-555-0142. "
ODD = "Plain words only, 7/2 of them.\r\nÅsa Whitfield\u2028came \U0001f469\u200d\u2695\ufe0f on 3/14/2021."


def notes(path: Path, count: int) -> Path:
    """Notes of five patients and of none; some ids are numbers, and one stands twice."""
    lines = []
    for n in range(count):
        text = (ODD if n % 11 == 3 else NOTE * (1 + n % 7)) + f" MRN: {10384000 + n}"
        line: dict[str, Any] = {"id": n if n % 3 else f"n{n % 30}", "text": text}
        lines.append(line if n % 6 == 5 else {**line, "patient_key": f"p{n % 5}"})
    path.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    return path


def texts(path: Path) -> list[str | None]:
    return [json.loads(line).get("text") for line in path.read_text(encoding="utf-8").split("\n") if line]


class Folder:
    """A folder with a workspace, and commands in it."""

    def __init__(self, capsys: pytest.CaptureFixture[str], path: Path) -> None:
        self._capsys, self.path = capsys, path

    def run(self, given: str, out: str, *more: str) -> Done:
        kind = "jsonl" if given.endswith(".jsonl") else "text"
        command = (
            "run",
            self._at(given),
            "--output",
            self._at(out),
            "--mode",
            "surrogate",
            "--format",
            kind,
            "--fast",
        )
        return self._osler(*command, "--vault", *more)

    def restore(self, out: str, back: str) -> Done:
        return self._osler("restore", self._at(out), "--output", self._at(back), "--reason", "adverse event")

    def maps(self) -> int:
        done = osler(self._capsys, "vault", "list", "--json", "--workspace", self._at("ws"))
        return sum(subject["maps"] for subject in json.loads(done.stdout)["subjects"])

    def _osler(self, *arguments: str) -> Done:
        return osler(self._capsys, "deid", *arguments, "--workspace", self._at("ws"))

    def _at(self, name: str) -> str:
        return str(self.path / name)


@pytest.fixture
def folder(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Folder:
    return Folder(capsys, tmp_path)


def test_a_run_with_the_vault_comes_back_as_it_was(folder: Folder) -> None:
    given = notes(folder.path / "in.jsonl", 60)
    given.write_text(given.read_text() + "\nno line\n")
    done = folder.run("in.jsonl", "out.jsonl", "--workers", "2", "--ttl", "30d")
    assert done.returncode == 4, done.stderr
    assert "osler deid restore" in done.stdout
    assert "Whitfield" not in (folder.path / "out.jsonl").read_text()
    assert folder.maps() == 60
    assert folder.restore("out.jsonl", "back.jsonl").returncode == 0
    originals = [json.loads(line)["text"] for line in given.read_text().splitlines()[:-1]]
    assert texts(folder.path / "back.jsonl") == [*originals, None]


@pytest.mark.parametrize("layout", ["file", "lines", "folder"])
def test_texts_come_back_from_every_layout(folder: Folder, layout: str) -> None:
    (folder.path / "in").mkdir()
    for name, text in {"a": NOTE, "b": ODD}.items():
        (folder.path / "in" / f"{name}.txt").write_bytes(text.encode())
    if layout == "file":
        assert folder.run("in/b.txt", "out.txt").returncode == 0
        backs = [("out.txt", ODD)]
    elif layout == "folder":
        assert folder.run("in", "out").returncode == 0
        backs = [("out/000001.txt", NOTE), ("out/000002.txt", ODD)]
    else:
        assert folder.run("in", "out.jsonl").returncode == 0
        assert folder.restore("out.jsonl", "back.jsonl").returncode == 0
        assert texts(folder.path / "back.jsonl") == [NOTE, ODD]
        return
    for n, (out, text) in enumerate(backs):
        assert folder.restore(out, f"back{n}.txt").returncode == 0
        assert (folder.path / f"back{n}.txt").read_bytes() == text.encode()


@pytest.mark.ci
def test_after_kill_9_every_line_has_its_way_back_once(tmp_path: Path) -> None:
    given = notes(tmp_path / "in.jsonl", 900)
    out, state = tmp_path / "out.jsonl", tmp_path / "out.jsonl.state.json"
    command = ["deid", "run", "in.jsonl", "--output", "out.jsonl", "--mode", "surrogate", "--fast", "--vault"]
    chance = random.Random(7)
    reached = [0]
    for _ in range(2):
        running = subprocess.Popen(
            [sys.executable, "-m", "osler", *command, "--workers", "2"],
            cwd=tmp_path, env=ENVIRONMENT, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        end = time.monotonic() + 60
        while running.poll() is None and done_in(state) == reached[-1] and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.05))
        running.kill()
        running.wait()
        reached.append(done_in(state))
    assert 0 < reached[1] < reached[2]
    # whatever is in the output by now can be restored already
    lines = out.read_text(encoding="utf-8").split("\n")[:-1]
    (tmp_path / "part.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    why = ("--reason", "adverse event")
    part = run_osler("deid", "restore", "part.jsonl", "--output", "part-back.jsonl", *why, cwd=tmp_path)
    assert part.returncode == 0, part.stderr
    assert texts(tmp_path / "part-back.jsonl") == texts(given)[: len(lines)]
    done = run_osler(*command, "--workers", "1", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["resumed_from"] >= reached[-1] > 0
    back = run_osler("deid", "restore", "out.jsonl", "--output", "back.jsonl", *why, "--json", cwd=tmp_path)
    assert back.returncode == 0, back.stderr
    assert json.loads(back.stdout)["exact"] == 900
    assert texts(tmp_path / "back.jsonl") == texts(given)
    listed = run_osler("vault", "list", "--json", cwd=tmp_path)
    subjects = json.loads(listed.stdout)["subjects"]
    assert sum(subject["maps"] for subject in subjects) == 900
    # five patients, the run itself for texts of nobody, and the workspace
    assert len(subjects) == 7


def done_in(state: Path) -> int:
    return int(json.loads(state.read_text())["tally"]["records"]) if state.exists() else 0


def test_what_the_vault_keeps_belongs_to_the_run(folder: Folder) -> None:
    notes(folder.path / "in.jsonl", 4)
    assert folder.run("in.jsonl", "out.jsonl", "--ttl", "30d").returncode == 0
    other = folder.run("in.jsonl", "out.jsonl", "--ttl", "8w")
    assert other.returncode == 4
    assert "other ttl" in other.stderr
    assert folder.run("in.jsonl", "out.jsonl", "--ttl", "30d").returncode == 0
    # a new run of the same input: other surrogates, other maps; the first ones stay
    assert folder.run("in.jsonl", "out.jsonl", "--overwrite").returncode == 0
    assert folder.maps() == 8


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--mode", "spans", "--vault"], "--mode spans"),
        (["--mode", "redact", "--vault"], "--mode redact"),
        (["--mode", "safe-harbor", "--vault"], "--mode safe-harbor"),
        (["--mode", "surrogate", "--vault", "--format", "fhir"], "--format fhir"),
        (["--mode", "surrogate", "--vault", "--format", "hl7"], "--format hl7"),
        (["--mode", "surrogate", "--ttl", "30d"], "--ttl"),
        (["--mode", "surrogate", "--vault", "--ttl", "soon"], "--ttl"),
    ],
)
def test_what_has_no_way_back_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, options: list[str], named: str
) -> None:
    given, out = notes(tmp_path / "in.jsonl", 2), tmp_path / "out.jsonl"
    place = ("--workspace", str(tmp_path / "ws"))
    done = osler(capsys, "deid", "run", str(given), "--output", str(out), "--fast", *options, *place)
    assert done.returncode == 4
    assert named in done.stderr
    assert not out.exists()


def test_without_the_vault_no_workspace_is_made(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    given, place = notes(tmp_path / "in.jsonl", 2), ("--workspace", str(tmp_path / "ws"))
    out = str(tmp_path / "out.jsonl")
    done = osler(capsys, "deid", "run", str(given), "--output", out, "--mode", "surrogate", "--fast", *place)
    assert done.returncode == 0
    assert not (tmp_path / "ws").exists()
