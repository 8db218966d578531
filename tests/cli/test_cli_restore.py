"""`osler deid restore`: originals come back exactly, each time with a reason in the log, or nothing comes at all."""

import json
import re
import sqlite3
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from cli_in_process import Done, osler

from osler.app.build import open_stores
from osler.app.config import Config
from osler.core.spans import Label, Span
from osler.deid.keyed import TextReplacer, record_map, store_maps

KEY = bytes(range(32))
NOTES = {
    "n1": ("p1", "Maria Gonzalez came on 3/14/2021; 7/2 of pain. MRN 00412345."),
    "n2": ("p1", "Mrs. Gonzalez again on 3/18/2021."),
    "n3": (None, "Dr. Okafor called."),
}
VALUES = (("Maria Gonzalez", Label.NAME), ("Gonzalez", Label.NAME), ("Okafor", Label.NAME), ("3/14/2021", Label.DATE),
          ("3/18/2021", Label.DATE), ("00412345", Label.MRN))  # fmt: skip


def spans(text: str) -> tuple[Span, ...]:
    found: list[Span] = []
    for value, label in VALUES:
        at = text.find(value)
        if at >= 0 and not any(s.start <= at < s.end for s in found):
            found.append(Span(start=at, end=at + len(value), label=label))
    return tuple(sorted(found, key=lambda s: s.start))


@pytest.fixture
def run(workspace: Path, tmp_path: Path) -> Path:
    """A workspace with the maps of a run, and its output."""
    stores = open_stores(Config(), workspace)
    replacer = TextReplacer(KEY)
    out = tmp_path / "out.jsonl"
    lines, maps = [], []
    for record, (patient, text) in NOTES.items():
        done = replacer.replace(text, spans(text), patient_key=patient, document=record)
        maps.append(record_map(record, patient, done))
        lines.append(json.dumps({"id": record, "text": done.text, "spans": []}))
    try:
        store_maps(stores.maps, maps, run="r1", ttl=timedelta(days=9))
    finally:
        stores.close()
    out.write_text("\n".join(lines) + '\n{"id":"n4","spans":[],"error":"is empty"}\n')
    return out


class Restore:
    """`osler deid restore` in the folder of the run."""

    def __init__(self, capsys: pytest.CaptureFixture[str], workspace: Path) -> None:
        self._capsys = capsys
        self._workspace = workspace

    def __call__(
        self,
        run: Path,
        *more: str,
        output: str = "back.jsonl",
        reason: str = "adverse event, IRB 24-113",
        workspace: Path | None = None,
    ) -> Done:
        place = "-" if output == "-" else str(run.parent / output)
        where = ("--workspace", str(workspace or self._workspace))
        arguments = ("deid", "restore", str(run), "--output", place, "--reason", reason, *more, *where)
        return osler(self._capsys, *arguments)


@pytest.fixture
def restore(capsys: pytest.CaptureFixture[str], workspace: Path) -> Restore:
    return Restore(capsys, workspace)


def records(workspace: Path) -> list[tuple[str, dict[str, object]]]:
    with sqlite3.connect(workspace / "osler.db") as connection:
        rows = connection.execute("SELECT kind, body FROM audit ORDER BY number").fetchall()
    return [(kind, json.loads(body)) for kind, body in rows]


def test_a_run_comes_back_exactly_and_the_log_says_who_and_why(
    run: Path, workspace: Path, restore: Restore
) -> None:
    assert "Gonzalez" not in run.read_text()
    done = restore(run, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {"exact": 3, "edited": 0, "unknown": 0, "patients": 2}
    back = run.parent / "back.jsonl"
    assert stat.S_IMODE(back.stat().st_mode) == 0o600
    rows = [json.loads(line) for line in back.read_text().splitlines()]
    assert {r["id"]: r["text"] for r in rows if "text" in r} == {n: t for n, (_, t) in NOTES.items()}
    assert rows[-1] == {"id": "n4", "spans": [], "error": "is empty"}
    kinds = [(kind, body["stage"]) for kind, body in records(workspace)]
    assert kinds == [("restore", "begun"), ("restore", "named"), ("restore", "done")]
    begun, named, ended = (body for _, body in records(workspace))
    assert begun["reason"] == "adverse event, IRB 24-113"
    assert len(named["patients"]) == 2  # type: ignore[arg-type]
    assert (ended["exact"], ended["patients"]) == (3, 2)
    assert not any("Gonzalez" in json.dumps(body) for _, body in records(workspace))
    assert not [p for p in run.parent.iterdir() if p.name.startswith(".restore")]


def test_only_some_records(run: Path, workspace: Path, restore: Restore) -> None:
    assert restore(run, "--id", "n2").returncode == 0
    back = (run.parent / "back.jsonl").read_text().splitlines()
    assert json.loads(back[1])["text"] == NOTES["n2"][1]
    assert back[0] == run.read_text().splitlines()[0]


def test_standard_output(run: Path, workspace: Path, restore: Restore) -> None:
    done = restore(run, output="-")
    assert "Maria Gonzalez" in done.stdout
    assert "3 texts restored exactly" in done.stderr


def test_a_text_that_was_changed_comes_back_as_far_as_it_shows(
    run: Path, workspace: Path, restore: Restore
) -> None:
    note = json.loads(run.read_text().splitlines()[0])["text"]
    summary = run.parent / "summary.txt"
    surname = note.split()[1]
    summary.write_text(f"Ms. {surname} is well; pain 7/2.")
    done = restore(summary, "--id", "n1", output="back.txt")
    assert done.returncode == 0
    assert (run.parent / "back.txt").read_text() == "Ms. Gonzalez is well; pain 7/2."
    assert "check them" in done.stderr
    exact = run.parent / "exact.txt"
    exact.write_text(note)
    assert restore(exact, output="exact.out").returncode == 0
    assert (run.parent / "exact.out").read_text() == NOTES["n1"][1]


@pytest.mark.parametrize("reason", ["", "   ", "1234", "x" * 501])
def test_no_reason_no_restoring(run: Path, workspace: Path, restore: Restore, reason: str) -> None:
    done = restore(run, reason=reason)
    assert done.returncode == 4
    assert "--reason" in done.stderr
    assert not (run.parent / "back.jsonl").exists()
    assert records(workspace) == []


def test_the_reason_is_no_option_that_can_be_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert osler(capsys, "deid", "restore", "in", "--output", "x").returncode == 2


def test_a_reason_that_names_someone_does_not_stand_in_the_log(
    run: Path, workspace: Path, restore: Restore
) -> None:
    done = restore(run, reason="asked by Dr. Okafor, MRN 00412345")
    assert done.returncode == 0
    assert "labels" in done.stderr
    kept = str(records(workspace)[0][1]["reason"])
    assert "[NAME]" in kept
    assert not {"Okafor", "00412345"} & set(re.findall(r"\w+", kept))


def test_when_the_log_is_down_nothing_is_shown(run: Path, workspace: Path, restore: Restore) -> None:
    with sqlite3.connect(workspace / "osler.db") as connection:
        connection.execute(
            "CREATE TRIGGER down BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'down'); END"
        )
    done = restore(run, output="-")
    assert done.returncode == 9
    assert done.stdout == ""
    assert restore(run).returncode == 9
    assert not (run.parent / "back.jsonl").exists()


def test_when_the_log_goes_down_half_way_nothing_is_shown(
    run: Path, workspace: Path, restore: Restore
) -> None:
    with sqlite3.connect(workspace / "osler.db") as connection:
        connection.execute(
            "CREATE TRIGGER down BEFORE INSERT ON audit WHEN NEW.number > 2 BEGIN SELECT RAISE(ABORT, 'down'); END"
        )
    done = restore(run)
    assert done.returncode == 9
    assert sorted(p.name for p in run.parent.iterdir()) == ["out.jsonl", "ws"]


def test_what_the_vault_does_not_know(run: Path, workspace: Path, restore: Restore) -> None:
    other = run.parent / "other.jsonl"
    other.write_text('{"id": "x", "text": "Nothing of yours."}\n')
    done = restore(other)
    assert done.returncode == 4
    assert not (run.parent / "back.jsonl").exists()
    other.write_text(run.read_text().splitlines()[0] + '\n{"id": "x", "text": "Nothing of yours."}\n')
    done = restore(other)
    assert done.returncode == 4
    assert "1 texts have no way back" in done.stderr
    assert "Gonzalez" in (run.parent / "back.jsonl").read_text()


@pytest.mark.parametrize("content", ["{", "[1]\n", "nonsense\n", "\n\n"])
def test_input_that_is_no_run(run: Path, workspace: Path, restore: Restore, content: str) -> None:
    bad = run.parent / "bad.jsonl"
    bad.write_text(content)
    done = restore(bad)
    assert done.returncode == 4
    assert "osler:" in done.stderr
    assert "Traceback" not in done.stderr


def test_places(run: Path, workspace: Path, restore: Restore) -> None:
    assert restore(run, output=str(run)).returncode == 4
    (run.parent / "back.jsonl").write_text("mine")
    done = restore(run)
    assert (done.returncode, (run.parent / "back.jsonl").read_text()) == (4, "mine")
    assert restore(run, "--overwrite").returncode == 0
    assert restore(run, output="no/such/folder").returncode == 4
    assert restore(run.parent / "none.jsonl", output="b").returncode == 4
    done = restore(run, output="b", workspace=run.parent / "elsewhere")
    assert done.returncode == 4
    assert "no workspace" in done.stderr
