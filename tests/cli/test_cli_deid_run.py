"""`osler deid run` and `osler deid evaluate` as processes: what they write, resume, refuse and say."""

import contextlib
import importlib.util
import json
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from osler.cli.root import app
from osler.core.errors import OslerError
from osler_process import ENVIRONMENT, run_osler

CANARY = "Zebulon Quartermain"
NOTE = "Seen by Dr. Ann Whitfield on 3/14/2021. Call 617-555-0142. "


def notes(path: Path, count: int, *, odd: bool = False) -> Path:
    lines = [
        json.dumps(
            {"id": f"n{n}", "text": NOTE * (1 + n % 7) + f"MRN: {10384000 + n}", "patient_key": f"p{n % 5}"}
        )
        for n in range(count)
    ]
    if odd:
        lines[1:1] = ["", CANARY, '{"id": "x"}', json.dumps({"id": "n0", "text": CANARY + " twice"})]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def osler(folder: Path, *arguments: str, **more: Any) -> "subprocess.CompletedProcess[str]":
    """As a process of its own. Runs take the quick engine: what is tried here does not depend on it."""
    return run_osler("deid", *_quick(arguments), cwd=folder, **more)


def _quick(arguments: tuple[str, ...]) -> list[str]:
    return [*arguments, "--fast"] if arguments[0] == "run" and "--fast" not in arguments else [*arguments]


def here(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """In this process, which is quicker; workers are processes all the same."""
    with contextlib.chdir(folder):
        done = CliRunner().invoke(app, ["deid", *_quick(arguments)])
    fault = done.exception
    if fault is None or isinstance(fault, SystemExit):
        return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)
    assert isinstance(fault, OslerError), fault
    return subprocess.CompletedProcess(arguments, fault.exit_code, done.stdout, done.stderr + str(fault))


def test_each_line_is_answered_and_failures_show_in_the_exit_code(tmp_path: Path) -> None:
    notes(tmp_path / "in.jsonl", 20, odd=True)
    done = osler(tmp_path, "run", "in.jsonl", "--output", "out.jsonl", "--json", "--workers", "2")
    assert done.returncode == 4
    report = json.loads(done.stdout)
    assert (report["records"], report["failed"], report["resumed_from"]) == (24, 3, 0)
    assert sum(report["found"].values()) >= 60
    answers = rows(tmp_path / "out.jsonl")
    assert [a["id"] for a in answers[:6]] == ["n0", 2, 3, "x", "n0", "n1"]
    assert ["error" in a for a in answers[:6]] == [False, True, True, True, False, False]
    everything = done.stdout + done.stderr + (tmp_path / "out.jsonl").read_text()
    assert "Quartermain" not in everything
    assert "Traceback" not in everything
    again = osler(tmp_path, "run", "in.jsonl", "--output", "out.jsonl", "--json")
    assert again.returncode == 4
    assert json.loads(again.stdout)["resumed_from"] == 24


@pytest.mark.parametrize("mode", ["redact", "surrogate", "safe-harbor"])
def test_replaced_text_holds_no_identifier(tmp_path: Path, mode: str) -> None:
    notes(tmp_path / "in.jsonl", 12)
    done = here(tmp_path, "run", "in.jsonl", "--output", "out.jsonl", "--mode", mode)
    assert done.returncode == 0, done.stderr
    assert "164.514(b)" in done.stdout
    assert ("Dates were shifted" in done.stdout) is (mode == "surrogate")
    for given, answer in zip(rows(tmp_path / "in.jsonl"), rows(tmp_path / "out.jsonl"), strict=True):
        assert list(answer) == ["id", "text", "spans"]
        for word in ("Whitfield", "617-555-0142", "3/14/2021", given["text"][-8:]):
            assert word not in answer["text"]


@pytest.mark.parametrize(
    ("option", "named"),
    [
        (["--mode", "redact"], "mode"),
        (["--mode", "surrogate", "--whole-weeks"], "mode, replacing"),
        (["--roster", "roster.jsonl"], "roster"),
        (["--config", "other.toml"], "configuration"),
    ],
)
def test_an_output_of_other_options_is_refused(tmp_path: Path, option: list[str], named: str) -> None:
    notes(tmp_path / "in.jsonl", 3)
    (tmp_path / "roster.jsonl").write_text('{"names": ["Ann Whitfield"]}\n')
    (tmp_path / "other.toml").write_text('[deid]\nallow = ["Mercy Protocol"]\n')
    command = ("run", "in.jsonl", "--output", "out.jsonl")
    assert here(tmp_path, *command).returncode == 0
    before = (tmp_path / "out.jsonl").read_bytes()
    refused = here(tmp_path, *command, *option)
    assert refused.returncode == 4
    assert named in refused.stderr
    assert "--overwrite" in refused.stderr
    assert (tmp_path / "out.jsonl").read_bytes() == before


def test_a_file_that_is_no_output_is_not_touched_without_overwrite(tmp_path: Path) -> None:
    notes(tmp_path / "in.jsonl", 3)
    (tmp_path / "out.jsonl").write_text("precious")
    command = ("run", "in.jsonl", "--output", "out.jsonl")
    assert here(tmp_path, *command).returncode == 4
    assert (tmp_path / "out.jsonl").read_text() == "precious"
    assert here(tmp_path, *command, "--overwrite").returncode == 0
    assert len(rows(tmp_path / "out.jsonl")) == 3


@pytest.mark.ci
def test_kill_9_then_resume(tmp_path: Path) -> None:
    """Whatever was done is kept, and what comes is what would have come; the surrogates too."""
    notes(tmp_path / "in.jsonl", 600)
    command = ["run", "in.jsonl", "--mode", "surrogate", "--workers", "2", "--output"]
    out, state = tmp_path / "out.jsonl", tmp_path / "out.jsonl.state.json"
    chance = random.Random(5)
    reached = [0]
    while len(reached) < 3:
        running = subprocess.Popen(
            [sys.executable, "-m", "osler", "deid", *command, out.name, "--fast"],
            cwd=tmp_path, env=ENVIRONMENT, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        end = time.monotonic() + 60
        while running.poll() is None and at(state) == reached[-1] and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.1))
        running.kill()
        running.wait()
        reached.append(at(state))
    assert 0 < reached[1] < reached[2]
    saved = json.loads(state.read_text())
    done = osler(tmp_path, *command, out.name, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["resumed_from"] == reached[-1]
    # an uninterrupted run with the same secret: a state that has come nowhere yet
    whole = tmp_path / "whole.jsonl"
    whole.touch()
    nowhere = {"offset": 0, "number": 0}
    saved |= {"at": nowhere, "written": [0], "tally": {"records": 0, "failed": 0, "found": {}}}
    (tmp_path / "whole.jsonl.state.json").write_text(json.dumps(saved))
    assert saved["key"]
    assert osler(tmp_path, *command, whole.name).returncode == 0
    assert len(rows(whole)) == 600
    assert whole.read_bytes() == out.read_bytes()


def at(state: Path) -> int:
    """How many records a run has surely done."""
    done: int = json.loads(state.read_text())["at"]["number"] if state.exists() else 0
    return done


@pytest.mark.ci
def test_through_a_pipe(tmp_path: Path) -> None:
    notes(tmp_path / "in.jsonl", 5)
    assert osler(tmp_path, "run", "in.jsonl", "--output", "out.jsonl").returncode == 0
    piped = osler(tmp_path, "run", "-", "--output", "-", "--json", stdin=(tmp_path / "in.jsonl").read_bytes())
    assert piped.returncode == 0, piped.stderr
    assert piped.stdout == (tmp_path / "out.jsonl").read_text()
    assert json.loads(piped.stderr[piped.stderr.index("{") :])["records"] == 5


@pytest.mark.ci
def test_texts_of_a_folder(tmp_path: Path) -> None:
    given = tmp_path / "notes"
    (given / "ward").mkdir(parents=True)
    (given / "a.txt").write_bytes(NOTE.encode() + b"\r\n")
    (given / "ward" / "b.txt").write_text(NOTE)
    (given / "ward" / "bad.txt").write_bytes(b"\xff\xff" + CANARY.encode())
    command = ("run", "notes", "--format", "text", "--mode", "redact", "--output")
    done = here(tmp_path, *command, "clean")
    assert done.returncode == 4, done.stderr
    clean = tmp_path / "clean"
    assert (clean / "000001.txt").read_bytes() == b"Seen by Dr. [NAME] on [DATE]. Call [PHONE]. \r\n"
    assert sorted(p.name for p in clean.glob("*.txt")) == ["000001.txt", "000002.txt"]
    assert [a["id"] for a in rows(clean / "log.jsonl")] == [1, 2, 3]
    assert here(tmp_path, *command, "named", "--keep-names").returncode == 4
    named = tmp_path / "named"
    assert (named / "ward" / "b.txt").exists()
    assert not (named / "ward" / "bad.txt").exists()
    assert [a["id"] for a in rows(named / "log.jsonl")] == ["a.txt", "ward/b.txt", "ward/bad.txt"]
    assert here(tmp_path, *command, "lines.jsonl").returncode == 4
    assert [a.get("text", "")[:19] for a in rows(tmp_path / "lines.jsonl")][1] == "Seen by Dr. [NAME] "
    one = here(tmp_path, "run", "notes/a.txt", "--format", "text", "--mode", "redact", "--output", "a.out")
    assert one.returncode == 0
    assert (tmp_path / "a.out").read_bytes() == (clean / "000001.txt").read_bytes()
    assert rows(tmp_path / "a.out.log.jsonl")[0]["id"] == 1


PATIENT = {"resourceType": "Patient", "id": "p1", "name": [{"family": "Quartermain", "given": ["Zebulon"]}]}
SEEN = {
    "resourceType": "Observation",
    "id": "o1",
    "status": "final",
    "code": {"text": "Heart rate"},
    "subject": {"reference": "Patient/p1"},
}
MESSAGE = (
    "MSH|^~\\&|LAB|MERCY|EHR|MERCY|20210405103000||ORU^R01|MSG00{n}|P|2.5\r"
    "PID|1||10384472^^^MERCY^MR||Quartermain^Zebulon||19700305|M\r"
)


def test_fhir_of_a_folder_stays_joined(tmp_path: Path) -> None:
    (tmp_path / "bulk").mkdir()
    (tmp_path / "bulk" / "Patient.ndjson").write_text(json.dumps(PATIENT) + "\n")
    (tmp_path / "bulk" / "Observation.ndjson").write_text(json.dumps(SEEN) + "\n{\n" + json.dumps(SEEN))
    command = ("run", "bulk", "--format", "fhir", "--mode", "surrogate", "--workers", "2", "--output")
    done = here(tmp_path, *command, "out.ndjson")
    assert done.returncode == 4
    seen, bad, again, patient = rows(tmp_path / "out.ndjson")
    assert seen == again
    assert seen["subject"]["reference"] == f"Patient/{patient['id']}"
    assert patient["id"] != "p1"
    assert set(bad) == {"id", "spans", "error"}
    assert "Quartermain" not in (tmp_path / "out.ndjson").read_text()


def test_a_fhir_bundle(tmp_path: Path) -> None:
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": PATIENT}]}
    (tmp_path / "Quartermain.json").write_text(json.dumps(bundle, indent=1))
    command = ("run", "Quartermain.json", "--format", "fhir", "--mode", "redact", "--output")
    assert here(tmp_path, *command, "out.json").returncode == 0
    out = json.loads((tmp_path / "out.json").read_text())
    assert out["resourceType"] == "Bundle"
    assert "Quartermain" not in json.dumps(out) + (tmp_path / "out.json.log.jsonl").read_text()
    assert here(tmp_path, *command, "out.ndjson").returncode == 0
    assert rows(tmp_path / "out.ndjson")[0]["resourceType"] == "Bundle"


def test_hl7_messages(tmp_path: Path) -> None:
    data = "".join(MESSAGE.replace("{n}", str(n)) for n in range(5)).encode()
    (tmp_path / "in.hl7").write_bytes(data)
    command = ("--format", "hl7", "--mode", "redact", "--output")
    done = osler(tmp_path, "run", "in.hl7", *command, "out.hl7")
    assert done.returncode == 0, done.stderr
    out = (tmp_path / "out.hl7").read_bytes()
    assert out.count(b"MSH|") == out.count(b"PID|") == 5
    assert b"Quartermain" not in out
    assert [a["id"] for a in rows(tmp_path / "out.hl7.log.jsonl")] == [1, 2, 3, 4, 5]
    piped = osler(tmp_path, "run", "-", *command, "-", stdin=data)
    assert [json.loads(line)["text"][:4] for line in piped.stdout.splitlines()] == ["MSH|"] * 5


BAD: list[tuple[list[str], str]] = [
    (["none.jsonl", "--output", "o"], "no such input"),
    (["in.jsonl", "--output", "in.jsonl"], "into the input"),
    (["in.jsonl", "--output", "folder"], "is a folder"),
    (["in.jsonl", "--output", "nowhere/o"], "does not exist"),
    (["in.jsonl", "--output", "o.gz"], "not packed"),
    (["in.jsonl", "--output", ""], "empty"),
    (["folder", "--output", "o"], "folder"),
    (["folder", "--format", "text", "--output", "o"], "no file that ends in"),
    (["in.jsonl", "--output", "o", "--mode", "safe"], "--mode"),
    (["in.jsonl", "--output", "o", "--format", "csv"], "--format"),
    (["in.jsonl", "--output", "o", "--engine", "spark"], "--engine"),
    (["in.jsonl", "--output", "o", "--mode", "surrogate", "--vary", "always"], "vary"),
    (["in.jsonl", "--output", "o", "--mode", "surrogate", "--date-shift", "0"], "date shift"),
    (["in.jsonl", "--output", "o", "--mode", "redact", "--format", "hl7", "--vary", "document"], "--vary"),
    (["in.jsonl", "--output", "o", "--roster", "none"], "roster"),
    (["in.jsonl", "--output", "o", "--roster", "bad.jsonl"], "Line 1 of the roster"),
    (["wide.jsonl", "--output", "o"], "UTF-16"),
]


@pytest.mark.parametrize(("arguments", "says"), BAD, ids=range(len(BAD)))
def test_what_cannot_be_run_is_refused(tmp_path: Path, arguments: list[str], says: str) -> None:
    notes(tmp_path / "in.jsonl", 2)
    (tmp_path / "folder").mkdir()
    (tmp_path / "bad.jsonl").write_text(json.dumps({"name": CANARY}))
    (tmp_path / "wide.jsonl").write_text(CANARY, encoding="utf-16")
    before = (tmp_path / "in.jsonl").read_bytes()
    done = here(tmp_path, "run", *arguments)
    assert done.returncode in (3, 4), done.stderr
    assert says in done.stderr
    assert "Quartermain" not in done.stderr
    assert (tmp_path / "in.jsonl").read_bytes() == before
    assert not (tmp_path / "o").exists()


@pytest.mark.skipif(importlib.util.find_spec("ray") is not None, reason="Ray is installed")
def test_without_ray_it_says_how_to_get_it(tmp_path: Path) -> None:
    notes(tmp_path / "in.jsonl", 2)
    done = here(tmp_path, "run", "in.jsonl", "--output", "o", "--engine", "ray")
    assert done.returncode == 3
    assert "pip install 'osler[ray]'" in done.stderr
    assert not (tmp_path / "o").exists()


def test_a_broken_configuration_is_told_once(tmp_path: Path) -> None:
    notes(tmp_path / "in.jsonl", 2)
    (tmp_path / "osler.toml").write_text('[deid]\nextra_detectors = ["none-such"]\n')
    done = osler(tmp_path, "run", "in.jsonl", "--output", "o")
    assert done.returncode == 3
    assert "none-such" in done.stderr
    assert "Traceback" not in done.stderr


# -- evaluate


def gold(path: Path) -> Path:
    text = "Dr. Ann Whitfield saw Tom Oyelaran of Boston. 617-555-0142. No fever."
    spans = [(4, 17, "NAME"), (22, 34, "NAME"), (38, 44, "LOCATION"), (46, 58, "PHONE")]
    listed = [{"start": a, "end": b, "label": label} for a, b, label in spans]
    lines = [{"id": 1, "text": text, "spans": listed}, {"id": "two", "text": CANARY, "spans": []}]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def predictions(path: Path) -> Path:
    spans = [(4, 17, "NAME"), (26, 34, "NAME"), (46, 58, "FAX"), (60, 62, "NAME")]
    listed = [{"start": a, "end": b, "label": label, "score": 1.0, "detector": "x"} for a, b, label in spans]
    path.write_text(json.dumps({"id": 1, "spans": listed}) + "\n" + '{"id": "extra", "spans": []}\n')
    return path


def test_evaluate(tmp_path: Path) -> None:
    gold(tmp_path / "g"), predictions(tmp_path / "p")
    done = osler(tmp_path, "evaluate", "--gold", "g", "--pred", "p", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["documents"]["count"] == 2
    assert result["documents"]["without_prediction"] == 1
    assert result["documents"]["predictions_not_in_gold"] == 1
    assert (result["tokens"]["recall"]["hits"], result["tokens"]["recall"]["of"]) == (6, 8)
    assert [(m["label"], m["uncovered"]) for m in result["misses"]] == [("LOCATION", 6), ("NAME", 4)]
    assert "Boston" not in done.stdout
    shown = osler(tmp_path, "evaluate", "--gold", "g", "--pred", "p", "--show-text")
    assert shown.returncode == 0
    assert "Boston" in shown.stdout
    plain = osler(tmp_path, "evaluate", "--gold", "g", "--pred", "p", "--worst", "1")
    assert "token recall" in plain.stdout
    assert "LOCATION" in plain.stdout
    assert not {"Boston", "Tom", "Quartermain"} & set(plain.stdout.replace(",", " ").split())


def test_a_run_s_output_can_be_evaluated(tmp_path: Path) -> None:
    gold(tmp_path / "g")
    assert here(tmp_path, "run", "g", "--output", "p").returncode == 0
    done = here(tmp_path, "evaluate", "--gold", "g", "--pred", "p", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["documents"]["without_prediction"] == 0


BAD_GOLD = [
    CANARY,
    json.dumps([CANARY]),
    json.dumps({"id": 1, "spans": []}),
    json.dumps({"id": 1, "text": CANARY}),
    json.dumps({"id": 1, "text": CANARY, "spans": [{"start": 0, "end": 99, "label": "NAME"}]}),
    json.dumps({"id": 1, "text": CANARY, "spans": [{"start": 3, "end": 3, "label": "NAME"}]}),
    json.dumps({"id": 1, "text": CANARY, "spans": [{"start": 0, "end": 3, "label": CANARY}]}),
    json.dumps({"id": 1, "text": CANARY, "spans": [CANARY]}),
    json.dumps({"id": 1, "text": "short", "spans": []}),
    "",
]


@pytest.mark.parametrize("line", BAD_GOLD, ids=range(len(BAD_GOLD)))
def test_what_cannot_be_evaluated_is_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / "g").write_text(line + "\n")
    predictions(tmp_path / "p")
    done = here(tmp_path, "evaluate", "--gold", "g", "--pred", "p")
    assert done.returncode == 4
    assert "Quartermain" not in done.stderr + done.stdout
