"""What the commands print when all is well: the contract's JSON, help that is fast, text that people read."""

import hashlib
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from osler_process import ENVIRONMENT, run_osler

HELP = [
    (),
    ("demo",),
    ("serve",),
    ("ask",),
    ("doctor",),
    *((g,) for g in ("kb", "deid", "audit", "config", "keys")),
    *(("kb", c) for c in ("add", "search", "list", "show")),
    ("deid", "text"),
    *(("audit", c) for c in ("verify", "show")),
    *(("config", c) for c in ("check", "show", "schema")),
    *(("keys", c) for c in ("create", "list", "revoke")),
]


@pytest.mark.parametrize("path", HELP, ids=" ".join)
def test_help_everywhere_without_loading_the_platform(path: tuple[str, ...]) -> None:
    """A light import set is what makes it fast; the time itself is measured in benchmarks, not here."""
    code = (
        "import sys; sys.argv = ['osler', *sys.argv[1:]]\n"
        "from osler.cli import main\n"
        "try: main()\n"
        "finally: print(sorted(set(sys.modules) & {'sqlalchemy','aiohttp','starlette','rich','msgspec','uvicorn'}), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *path, "--help"],
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        timeout=30,
    )
    assert done.returncode == 0
    assert "--help" in done.stdout
    assert done.stderr.strip().endswith("[]")


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> Path:
    workspace = tmp_path_factory.mktemp("cli") / "ws"
    done = run_osler("kb", "add", str(samples), "--workspace", str(workspace), cwd=workspace.parent)
    assert done.returncode == 0, done.stderr
    return workspace


def test_ask_json_is_the_contract_and_its_citations_can_be_checked(loaded: Path) -> None:
    arguments = ("--workspace", str(loaded), "--json")
    question = "Is it safe to start ibuprofen for her knee pain?"
    done = run_osler("ask", question, "--patient", "Patient/sample-ckd", *arguments, cwd=loaded.parent)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert set(answer) == {"answer", "citations", "findings", "decision", "audit"}
    assert answer["citations"]
    for citation in answer["citations"]:
        assert {"n", "doc", "title", "quote", "start", "end", "sha256"} <= set(citation)
        shown = run_osler(
            "kb", "show", citation["doc"], "--patient", "sample-ckd", *arguments, cwd=loaded.parent
        )
        source = json.loads(shown.stdout)
        assert source["text"][citation["start"] : citation["end"]] == citation["quote"]
        assert hashlib.sha256(source["text"].encode()).hexdigest() == citation["sha256"] == source["sha256"]
    assert set(answer["audit"]) == {"number", "hash"}


def test_ask_is_deterministic(loaded: Path) -> None:
    def once() -> tuple[object, object]:
        done = run_osler(
            "ask", "What is his last potassium?", "--patient", "sample-af", "--json", "--workspace", str(loaded),
            cwd=loaded.parent,
        )  # fmt: skip
        answer = json.loads(done.stdout)
        return answer["answer"], answer["citations"]

    assert once() == once()


def test_the_other_patients_stay_unseen(loaded: Path) -> None:
    arguments = ("--json", "--workspace", str(loaded))
    done = run_osler("kb", "search", "semaglutide empagliflozin retinopathy", *arguments, cwd=loaded.parent)
    assert all("/" in hit["doc"] and hit["collection"] != "records" for hit in json.loads(done.stdout))
    done = run_osler(
        "kb", "search", "semaglutide", "--patient", "sample-ckd", "--k", "50", *arguments, cwd=loaded.parent
    )
    assert not [h for h in json.loads(done.stdout) if h["doc"].split("/")[1].startswith("dm")]
    hidden = run_osler("kb", "show", "Patient/sample-ckd", *arguments, cwd=loaded.parent)
    assert hidden.returncode == 4


def test_deid_text(tmp_path: Path) -> None:
    note = "Mrs. Maria Quartermain, MRN 00482913, seen 2026-03-04. Call (555) 201-9988."
    (tmp_path / "note.txt").write_text(note)
    plain = run_osler("deid", "text", "note.txt", cwd=tmp_path)
    assert plain.returncode == 0
    assert "Quartermain" not in plain.stdout
    assert "00482913" not in plain.stdout
    assert "[NAME]" in plain.stdout
    piped = run_osler("deid", "text", "-", "--json", cwd=tmp_path, stdin=note)
    spans = json.loads(piped.stdout)["spans"]
    assert {s["label"] for s in spans} >= {"NAME", "MRN", "DATE", "PHONE"}
    assert all(note[s["start"] : s["end"]].strip() for s in spans)
    surrogates = run_osler("deid", "text", "-", "--mode", "surrogate", cwd=tmp_path, stdin=note).stdout
    assert "Quartermain" not in surrogates
    assert run_osler("deid", "text", "-", "--mode", "nonsense", cwd=tmp_path, stdin=note).returncode == 4


def test_doctor_is_content_with_the_defaults(loaded: Path) -> None:
    done = run_osler("doctor", "--json", "--workspace", str(loaded), cwd=loaded.parent)
    lines = json.loads(done.stdout)
    assert done.returncode == 0, [line for line in lines if line["state"] == "fail"]
    assert {"configuration", "database", "vault", "audit", "rules"} <= {line["what"] for line in lines}


def test_the_workspace_is_private(loaded: Path) -> None:
    assert loaded.stat().st_mode & 0o077 == 0
    for file in loaded.iterdir():
        assert file.stat().st_mode & 0o077 == 0, file.name


def test_version_and_speed_of_start() -> None:
    begun = time.monotonic()
    done = run_osler("--version", cwd=Path.cwd())
    assert done.stdout.startswith("osler ")
    assert time.monotonic() - begun < 5


@pytest.mark.ci
def test_a_terminal_that_is_not_utf8_gets_a_remedy_and_no_traceback(tmp_path: Path) -> None:
    done = run_osler("deid", "text", "-", cwd=tmp_path, stdin="A café.", PYTHONIOENCODING="utf-8:strict")
    assert (done.returncode, done.stdout.strip()) == (0, "A café.")
    done = run_osler("deid", "text", "-", cwd=tmp_path, stdin="A café.", PYTHONIOENCODING="ascii")
    assert done.returncode == 1
    assert "PYTHONIOENCODING=utf-8" in done.stderr
    assert "unforeseen" not in done.stderr
