"""`osler deid run --review`, `osler deid sample` and `osler deid report` as processes, over the files that they share."""

import contextlib
import json
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from osler.cli.root import app
from osler.core.errors import OslerError
from osler_process import run_osler

CANARY = "Zebulon Quartermain"
NOTE = "Seen by Dr. Ann Whitfield on 3/14/2021. Call 617-555-0142. MRN: {}. Takes tablets daily. "
# what is denied is found with a score of 0.97, whatever the model thinks
SITE = """[deid]
allow = ["617-555-0142"]
deny = [{ label = "OTHER_ID", values = ["tablets daily"] }]
"""


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def write(path: Path, lines: Iterable[object]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def checked(said: str, code: int, expected: int) -> str:
    assert code == expected, said
    assert "Traceback" not in said
    assert "Quartermain" not in said
    return said


def process(folder: Path, *arguments: str, code: int = 0, **more: Any) -> str:
    done = run_osler("deid", *arguments, cwd=folder, **more)
    return checked(done.stdout + done.stderr, done.returncode, code)


def osler(folder: Path, *arguments: str, code: int = 0) -> str:
    """A command in this process: no engine is needed for it, so that starting one would take most of the time."""
    with contextlib.chdir(folder):
        done = CliRunner().invoke(app, ["deid", *arguments])
    error = done.exception
    assert error is None or isinstance(error, OslerError | SystemExit), error
    return checked(
        f"{done.output}{error or ''}",
        error.exit_code if isinstance(error, OslerError) else done.exit_code,
        code,
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of 40 notes, every fifth without identifiers, and one broken line."""
    folder = tmp_path_factory.mktemp("run")
    notes: list[object] = [
        {
            "id": f"n{n}",
            "text": "No complaints today." if n % 5 == 0 else NOTE.format(10384000 + n) * (1 + n % 3),
            "kind": ["discharge", "letter", CANARY][n % 3],
        }
        for n in range(40)
    ]
    write(folder / "in.jsonl", [*notes, {"id": "broken", "kind": "letter"}])
    (folder / "site.toml").write_text(SITE)
    process(
        folder, "run", "in.jsonl", "--output", "out.jsonl", "--mode", "redact", "--config", "site.toml",
        "--review", "queue.jsonl", "--review-below", "1", "--with-text", code=4,
    )  # fmt: skip
    return folder


@pytest.mark.ci
def test_the_queue_says_where_and_shows_text_only_when_asked(finished: Path, tmp_path: Path) -> None:
    given = {row["id"]: row["text"] for row in rows(finished / "in.jsonl")[:-1]}
    queue = rows(finished / "queue.jsonl")
    assert len(queue) == 32
    for row in queue:
        assert row["text"] == given[row["id"]]
        assert row["spans"]
        for span in row["spans"]:
            assert 0 <= span["start"] < span["end"] <= len(row["text"])
            assert span["taken"] is (span["why"] != "left")
    assert stat.S_IMODE((finished / "queue.jsonl").stat().st_mode) == 0o600
    process(
        finished, "run", "in.jsonl", "--output", str(tmp_path / "o.jsonl"), "--config", "site.toml",
        "--review", str(tmp_path / "q.jsonl"), "--review-below", "1", code=4,
    )  # fmt: skip
    plain = (tmp_path / "q.jsonl").read_text()
    assert '"text"' not in plain
    assert "Whitfield" not in plain
    spans = {row["id"]: row["spans"] for row in rows(tmp_path / "q.jsonl")}
    found = {row["id"]: row["spans"] for row in rows(tmp_path / "o.jsonl") if "error" not in row}
    below = {key: [(s["start"], s["end"]) for s in value if s["score"] < 1] for key, value in found.items()}
    assert {k: [(s["start"], s["end"]) for s in v if s["taken"]] for k, v in spans.items()} == {
        key: value for key, value in below.items() if value
    }


@pytest.mark.ci
def test_the_queue_is_part_of_the_run(finished: Path, tmp_path: Path) -> None:
    notes = str(finished / "in.jsonl")
    (tmp_path / "osler.toml").write_text(SITE)
    command = ("run", notes, "--output", "o.jsonl", "--review", "q.jsonl", "--review-below", "1")
    process(tmp_path, *command, code=4)
    before = (tmp_path / "q.jsonl").read_bytes()
    process(tmp_path, *command, code=4)
    assert (tmp_path / "q.jsonl").read_bytes() == before
    assert "other review" in osler(tmp_path, *command[:-1], "0.9", code=4)
    (tmp_path / "q.jsonl").write_bytes(before[:-10])
    assert "changed" in osler(tmp_path, *command, code=4)
    # and from standard input, of which nothing can be resumed
    piped = ("run", "-", "--output", "p.jsonl", "--review", "pq.jsonl", "--review-below", "1")
    process(tmp_path, *piped, code=4, stdin=(finished / "in.jsonl").read_bytes())
    assert (tmp_path / "pq.jsonl").read_bytes() == before


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--review", "in.jsonl"], "--review is the input"),
        (["--review", "out.jsonl"], "--review is the input, the output"),
        (["--review", "nowhere/q.jsonl"], "does not exist"),
        (["--with-text"], "goes with --review"),
        (["--review", "q.jsonl", "--format", "fhir", "--mode", "redact"], "does not go with --format fhir"),
    ],
)
def test_a_queue_that_cannot_be_written_is_refused(tmp_path: Path, more: list[str], says: str) -> None:
    write(tmp_path / "in.jsonl", [{"id": 1, "text": NOTE}])
    assert says in osler(tmp_path, "run", "in.jsonl", "--output", "out.jsonl", *more, code=4)
    assert rows(tmp_path / "in.jsonl") == [{"id": 1, "text": NOTE}]


def test_from_a_run_to_its_report(finished: Path, tmp_path: Path) -> None:
    out, sample, page = str(finished / "out.jsonl"), tmp_path / "s.jsonl", tmp_path / "r.json"
    said = osler(finished, "sample", out, "--size", "20", "--seed", "5", "--output", str(sample))
    assert "20 of 40 documents, seed 5" in said
    assert stat.S_IMODE(sample.stat().st_mode) == 0o600
    drawn = rows(sample)
    assert len({row["id"] for row in drawn}) == 20
    texts = {row["id"]: row for row in rows(finished / "out.jsonl")}
    for row in drawn:
        assert row["text"] == texts[row["id"]]["text"]
        assert row["spans"] == texts[row["id"]]["spans"]
        assert (row["missed"], row["weight"]) == (None, 2.0)
    # nobody has read it yet
    refused = osler(finished, "report", out, "--reviewed", str(sample), "--output", str(page), code=4)
    assert "No document of the sample was reviewed" in refused
    assert not page.exists()
    for at, row in enumerate(drawn):
        row["missed"] = [["PHONE"], [{"label": "NAME", "note": CANARY}, "DATE"], [], None][
            min(at, 3) if at < 4 else 2
        ]
    write(sample, drawn)
    osler(finished, "report", out, "--reviewed", str(sample), "--output", str(page))
    report = json.loads(page.read_text())
    leaks = report["leaks"]
    assert (leaks["reviewed"], leaks["unreviewed"], leaks["documents"]) == (19, 1, 40)
    assert leaks["missed"] == {"DATE": 1, "NAME": 1, "PHONE": 1}
    assert (leaks["documents_with_a_miss"]["hits"], leaks["documents_with_a_miss"]["of"]) == (2, 19)
    assert "ids" not in leaks
    method = report["method"]
    assert (method["mode"], method["engine"], method["format"]) == ("redact", "full", "jsonl")
    assert method["protocol"]["allowed"] == 1
    assert sum(method["protocol"]["let_through"].values()) == sum(1 + n % 3 for n in range(40) if n % 5)
    output = report["output"]
    assert (output["records"], output["failed"], output["nothing_found"]) == (41, 1, 8)
    found = {k: v for row in report["categories"] for k, v in row["found"].items()}
    assert found["NAME"] == sum(1 + n % 3 for n in range(40) if n % 5)
    assert found["PHONE"] == 0
    assert len(method["sha256"]) == 3


@pytest.mark.parametrize("ending", ["html", "md"])
def test_no_text_and_no_id_stands_in_a_report(finished: Path, tmp_path: Path, ending: str) -> None:
    sample, page = tmp_path / "s.jsonl", tmp_path / f"r.{ending}"
    osler(finished, "sample", "out.jsonl", "--size", "12", "--by", "field:kind", "--input", "in.jsonl",
          "--output", str(sample), "--seed", "1")  # fmt: skip
    drawn = rows(sample)
    assert {row["stratum"]["name"] for row in drawn} == {"discharge", "letter", CANARY}
    assert any("Whitfield" in row["text"] for row in drawn)
    write(sample, [{**row, "missed": ["NAME"]} for row in drawn])
    osler(finished, "report", "out.jsonl", "--reviewed", str(sample), "--output", str(page))
    text = page.read_text()
    assert not [
        word
        for word in ("Whitfield", "Quartermain", "617-555", "1038400", "n1", "n12", "discharge")
        if word in text
    ]
    assert "stratum 3" in text
    osler(
        finished,
        "report",
        "out.jsonl",
        "--reviewed",
        str(sample),
        "--output",
        str(page),
        "--overwrite",
        "--list-ids",
    )
    assert drawn[0]["id"] in page.read_text()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"missed": [{"label": CANARY}]}, "no known label"),
        ({"missed": CANARY}, "no list"),
        ({"missed": [], "spans": CANARY}, "no list of objects"),
        ({"missed": [], "stratum": {"by": "all", "name": "all", "documents": 7, "drawn": 3}}, "another size"),
        ({"missed": [], "stratum": {"by": "all", "name": CANARY}}, "without the number"),
        ({"missed": [], "run": "0" * 64}, "another run"),
    ],
)
def test_a_spoilt_sample_is_refused_and_not_repeated(
    finished: Path, tmp_path: Path, change: dict[str, Any], says: str
) -> None:
    sample = tmp_path / "s.jsonl"
    osler(finished, "sample", "out.jsonl", "--size", "3", "--output", str(sample))
    first, second, third = rows(sample)
    write(sample, [{**first, "missed": []}, {**second, **change}, third])
    said = osler(
        finished, "report", "out.jsonl", "--reviewed", str(sample), "--output", str(tmp_path / "r.md"), code=4
    )
    assert says in said
    assert not (tmp_path / "r.md").exists()


def test_a_stratum_that_was_cut_off_the_sample_is_noticed(finished: Path, tmp_path: Path) -> None:
    sample = tmp_path / "s.jsonl"
    osler(finished, "sample", "out.jsonl", "--size", "12", "--by", "found", "--output", str(sample))
    kept = [{**row, "missed": []} for row in rows(sample) if row["stratum"]["name"] != "none found"]
    write(sample, kept)
    command = ("report", "out.jsonl", "--reviewed", str(sample), "--output", str(tmp_path / "r.md"))
    assert "and the run has 40" in osler(finished, *command, code=4)


def test_a_changed_unfinished_or_foreign_output_is_refused(finished: Path, tmp_path: Path) -> None:
    for name in ("out.jsonl", "out.jsonl.state.json"):
        (tmp_path / name).write_bytes((finished / name).read_bytes())
    state = json.loads((tmp_path / "out.jsonl.state.json").read_text())
    command = ("report", "out.jsonl", "--output", "r.md")
    with (tmp_path / "out.jsonl").open("a") as file:
        file.write("\n")
    assert "was changed" in osler(tmp_path, *command, code=4)
    (tmp_path / "out.jsonl").write_bytes((finished / "out.jsonl").read_bytes())
    (tmp_path / "out.jsonl.state.json").write_text(json.dumps({**state, "finished": False}))
    assert "not finished" in osler(tmp_path, *command, code=4)
    assert "not finished" in osler(tmp_path, "sample", "out.jsonl", "--output", "s.jsonl", code=4)
    write(tmp_path / "notes.jsonl", [{"id": 1, "text": CANARY}])
    assert "Line 1 of the output is no line of a run" in osler(
        tmp_path, "report", "notes.jsonl", "--output", "r.md", code=4
    )
    os.remove(tmp_path / "out.jsonl.state.json")
    osler(tmp_path, *command)
    assert "Nothing is known of the method" in (tmp_path / "r.md").read_text()
    assert "is there already" in osler(tmp_path, *command, code=4)


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["report", "out.jsonl", "--output", "r.pdf"], "no known ending"),
        (["report", "out.jsonl", "--output", "out.jsonl.md", "--sensitive", "a"], "go with --table"),
        (["report", "none.jsonl", "--output", "r.md"], "no such output"),
        (
            ["sample", "out.jsonl", "--output", "in.jsonl", "--input", "in.jsonl", "--overwrite"],
            "replace an input",
        ),
        (["sample", "out.jsonl", "--output", "s.jsonl", "--by", "colour"], "--by is not known"),
        (["sample", "out.jsonl", "--output", "s.jsonl", "--by", "field:kind"], "needs --input"),
        (
            ["sample", "out.jsonl", "--output", "s.jsonl", "--by", "field:no", "--input", "in.jsonl"],
            "does not have",
        ),
        (["sample", "out.jsonl", "--output", "s.jsonl", "--input", "queue.jsonl"], "not what this output"),
    ],
)
def test_what_cannot_be_done_is_refused(finished: Path, command: list[str], says: str) -> None:
    assert says in osler(finished, *command, code=4)
    assert not (finished / "s.jsonl").exists()
    assert len(rows(finished / "in.jsonl")) == 41


@pytest.mark.ci
def test_structured_records_are_reported_by_their_account(tmp_path: Path) -> None:
    message = "MSH|^~\\&|A|B|C|D|20210314||ORU^R01|1|P|2.5\rPID|1||10384000^^^X^MR||Whitfield^Ann\rNTE|1||Seen by Dr. Ann Whitfield\r"
    (tmp_path / "m.hl7").write_text(message * 2)
    process(tmp_path, "run", "m.hl7", "--format", "hl7", "--mode", "redact", "--output", "o.hl7")
    osler(tmp_path, "report", "o.hl7", "--output", "r.json")
    report = json.loads((tmp_path / "r.json").read_text())
    assert report["output"]["values"]["replaced"] > 0
    assert report["output"]["nothing_found"] is None
    assert any("allow-list" in row["text"] for row in report["uncovered"])
    osler(tmp_path, "sample", "o.hl7", "--output", "s.jsonl")
    assert [row["found"] for row in rows(tmp_path / "s.jsonl")] == [
        sum(r["found"].values()) for r in rows(tmp_path / "o.hl7.log.jsonl")
    ]


def test_a_table_of_quasi_identifiers(finished: Path, tmp_path: Path) -> None:
    pytest.importorskip("pycanon", reason="pip install 'osler[anonymity]'")
    table = tmp_path / "t.csv"
    table.write_text(f"age,sex,dx\n30,F,a\n30,F,b\n40,M,a\n40,M,{CANARY}\n")
    command = ("report", "out.jsonl", "--table", str(table), "--quasi-identifiers", "age, sex")
    osler(finished, *command, "--sensitive", "dx", "--output", str(tmp_path / "r.json"))
    text = (tmp_path / "r.json").read_text()
    figures = json.loads(text)["anonymity"]
    assert (figures["k"], figures["sensitive"][0]["l"]) == (2, 2)
    assert "Quartermain" not in text
    assert "not all of the columns" in osler(
        finished, *command, "--sensitive", "no", "--output", str(tmp_path / "s.json"), code=4
    )
    table.write_text(f"age,sex\n30,F\n30\n{CANARY},M\n")
    assert "Row 3" in osler(finished, *command, "--output", str(tmp_path / "s.json"), code=4)
