"""Bad input on the command line: one clear error, the right exit code, nothing half-written, no content repeated."""

import json
import os
import socket
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from osler_process import run_osler

CANARY = "Zebulon Quartermain"


def patient(identifier: str = "p1", **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": identifier, "name": [{"family": "Quartermain"}], **more}


def bundle(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in resources]}


def condition(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "id": "c1",
        "subject": {"reference": "Patient/p1"},
        "code": {"text": CANARY},
        "clinicalStatus": {"coding": [{"code": "active"}]},
        **more,
    }


GOOD = bundle(patient(), condition())
STU3 = bundle(patient(), condition(clinicalStatus="active"))
DSTU2 = bundle(
    patient(), {"resourceType": "MedicationOrder", "id": "m", "patient": {"reference": "Patient/p1"}}
)
R5 = bundle(
    patient(),
    {
        "resourceType": "MedicationRequest",
        "id": "m",
        "status": "active",
        "intent": "order",
        "medication": {"concept": {"text": CANARY}},
        "subject": {"reference": "Patient/p1"},
    },
)

FILES: list[tuple[str, bytes, str]] = [
    ("empty.json", b"", "empty"),
    ("truncated.json", json.dumps(GOOD).encode()[:-40], "line"),
    ("malformed.json", b'{"resourceType": "Bundle", ' + CANARY.encode() + b"}", "line"),
    ("list.json", b"[1, 2, 3]", "FHIR"),
    ("other.json", b'{"hello": "world"}', "FHIR"),
    ("stu3.json", json.dumps(STU3).encode(), "STU3"),
    ("dstu2.json", json.dumps(DSTU2).encode(), "DSTU2"),
    ("r5.json", json.dumps(R5).encode(), "R5"),
    ("wrong-type.json", json.dumps(bundle(patient(name="Quartermain"))).encode(), "entry"),
    ("null.json", json.dumps({"resourceType": "Bundle", "entry": [None]}).encode(), "entry"),
    ("deep.json", b'{"resourceType":"Bundle","entry":' + b"[" * 100_000, ""),
    ("binary.txt", bytes(range(256)) * 40, "binary"),
    ("binary.json", b"\x00\x01\x02" * 1000, ""),
    ("latin.txt", "Zebulon Quartermain na\xefve".encode("latin-1"), "UTF-8"),
    ("image.png", b"\x89PNG\r\n\x1a\n" + bytes(200), "reader"),
    ("front.md", b"+++\nid = [\n+++\n# x\n", ""),
]


@pytest.mark.parametrize(("name", "data", "says"), FILES, ids=[f[0] for f in FILES])
def test_a_bad_file_is_refused_whole(workspace: Path, name: str, data: bytes, says: str) -> None:
    folder = workspace.parent
    (folder / "good.json").write_bytes(json.dumps(GOOD).encode())
    (folder / name).write_bytes(data)
    arguments = ("--workspace", str(workspace))
    done = run_osler("kb", "add", name, "good.json", *arguments, cwd=folder)
    assert done.returncode == 4, done.stderr
    assert name in done.stderr
    assert says.lower() in done.stderr.lower()
    assert "Traceback" not in done.stderr
    assert "unforeseen" not in done.stderr
    assert "Quartermain" not in done.stderr + done.stdout
    listed = json.loads(run_osler("kb", "list", "--json", *arguments, cwd=folder).stdout)
    records = {c["collection"]: c["documents"] for c in listed["collections"]}
    assert set(records) <= {"guidelines", "records"}
    assert listed["patients"] == ["p1"], "the good file went in, and nothing of the bad one"


def test_a_large_file_is_refused_before_it_is_read(workspace: Path) -> None:
    big = workspace.parent / "big.json"
    with big.open("wb") as file:
        file.truncate(200 * 2**20)
    done = run_osler("kb", "add", str(big), "--workspace", str(workspace), cwd=workspace.parent)
    assert done.returncode == 4
    assert "200 MB" in done.stderr
    assert "max_file_mb" in done.stderr


def test_another_patient_s_resource_is_not_taken_over(workspace: Path) -> None:
    folder = workspace.parent
    (folder / "a.json").write_text(json.dumps(GOOD))
    other = condition(subject={"reference": "Patient/p2"}, code={"text": "Asthma"})
    (folder / "b.json").write_text(json.dumps(bundle(patient("p2"), other)))
    arguments = ("--workspace", str(workspace))
    assert run_osler("kb", "add", "a.json", *arguments, cwd=folder).returncode == 0
    done = run_osler("kb", "add", "b.json", *arguments, cwd=folder)
    assert done.returncode == 4
    assert "would change the patient it belongs to" in done.stderr
    listed = json.loads(run_osler("kb", "list", "--json", *arguments, cwd=folder).stdout)
    assert listed["patients"] == ["p1"]


def test_a_patient_may_stand_in_a_later_file_than_what_is_theirs(workspace: Path) -> None:
    folder = workspace.parent / f"{workspace.name}-single"
    folder.mkdir()
    (folder / "a.json").write_text(json.dumps(condition()))
    (folder / "b.json").write_text(json.dumps(patient()))
    done = run_osler("--workspace", str(workspace), "kb", "add", str(folder), "--json", cwd=workspace.parent)
    told = json.loads(done.stdout)
    assert (told["files"], told["new"], told["unchanged"], told["skipped"]) == (2, 2, 0, {})
    again = run_osler("--workspace", str(workspace), "kb", "add", str(folder), "--json", cwd=workspace.parent)
    told = json.loads(again.stdout)
    assert (told["files"], told["new"], told["unchanged"], told["skipped"]) == (2, 0, 2, {})


def test_adding_again_changes_nothing(workspace: Path) -> None:
    folder = workspace.parent
    (folder / "a.json").write_text(json.dumps(GOOD))
    first = json.loads(
        run_osler("kb", "add", "a.json", "--json", "--workspace", str(workspace), cwd=folder).stdout
    )
    again = json.loads(
        run_osler("kb", "add", "a.json", "--json", "--workspace", str(workspace), cwd=folder).stdout
    )
    assert first["new"] == 2
    assert (again["new"], again["changed"], again["unchanged"]) == (0, 0, 2)


CONFIGS = [
    ("[server]\nkyes = 1\n", "did you mean 'keys'? `"),
    ("[sever]\nkeys = 'off'\n", "did you mean 'server'? `"),
    ("[server]\nport = 'x'\n", "server.port"),
    ("[server\n", "not valid TOML"),
    ("[destinations.w]\nurl = 'http://127.0.0.1:1/v1'\n", "location is missing"),
    (
        "destinations.w = { url = 'http://127.0.0.1:1/v1', location = 'on-premises', models.m = { id = 'm' } }\n"
        "[[rules]]\nname = 'r'\nallow = ['wz']\n",
        "did you mean 'w'",
    ),
    (
        "destinations.w = { use = 'nonsense', location = 'on-premises', models.m = { id = 'm' } }\n",
        "extractive, llama_cpp, ollama, openai_wire",
    ),
    ("destinations.w = { url = 'ftp://x', location = 'on-premises', models.m = { id = 'm' } }\n", "http"),
    (
        "destinations.w = { url = 'http://127.0.0.1:1/v1', location = 'on-premises', models.m = { id = 'm' },"
        " auth = { env = 'OSLER_TEST_UNSET' } }\n",
        "OSLER_TEST_UNSET",
    ),
    ("[[tests]]\nrequest = { text = 'x' }\nexpect = { refused = true }\n", "test 1"),
    ("[guardrails]\nchecks = ['alergy']\n", "allergy"),
]


@pytest.mark.parametrize(("text", "says"), CONFIGS, ids=range(len(CONFIGS)))
def test_a_wrong_configuration_is_refused_everywhere(workspace: Path, text: str, says: str) -> None:
    folder = workspace.parent
    (folder / "osler.toml").write_text(text)
    for arguments in (("config", "check"), ("serve", "--port", "0"), ("ask", "x")):
        done = run_osler(*arguments, cwd=folder)
        assert done.returncode == 3, (arguments, done.stderr)
        assert says in done.stderr, (arguments, done.stderr)
        assert "Traceback" not in done.stderr
    assert not (folder / ".osler" / "osler.db").exists()


def test_config_show_is_a_file_that_loads(workspace: Path) -> None:
    folder = workspace.parent
    shown = run_osler("config", "show", cwd=folder).stdout
    (folder / "osler.toml").write_text(shown)
    done = run_osler("config", "check", "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    (folder / "osler.toml").unlink()
    embedded = run_osler("config", "check", "--json", cwd=folder)
    assert json.loads(done.stdout)["digest"] == json.loads(embedded.stdout)["digest"]
    assert json.loads(run_osler("config", "schema", cwd=folder).stdout)["properties"]


def test_keys_off_beyond_loopback_and_a_taken_port_are_refused(workspace: Path) -> None:
    folder = workspace.parent
    (folder / "osler.toml").write_text('[server]\nkeys = "off"\n')
    done = run_osler("serve", "--host", "0.0.0.0", "--port", "0", cwd=folder)
    assert done.returncode == 3
    assert "keys" in done.stderr
    (folder / "osler.toml").unlink()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run_osler("serve", "--port", str(taken.getsockname()[1]), cwd=folder)
    assert done.returncode == 3
    assert "--port" in done.stderr


def test_questions_and_patients_that_are_none(workspace: Path) -> None:
    folder = workspace.parent
    for arguments, code in (
        (("ask", " "), 4),
        (("ask", "x", "--patient", "nobody"), 4),
        (("ask", "x", "--patient", "../etc"), 4),
        (("ask", "x", "--model", "gpt-unknown"), 4),
        (("audit", "verify", "--workspace", "nowhere"), 4),
        (("kb", "add", "nowhere.json"), 4),
        (("kb", "search", "x", "--k", "0"), 2),
        (("nonsense",), 2),
        (("deid", "text", "nowhere.txt"), 4),
    ):
        done = run_osler(*arguments, cwd=folder)
        assert done.returncode == code, (arguments, done.stderr)
        assert "Traceback" not in done.stderr


@pytest.mark.ci
def test_a_tampered_audit_record_is_named(workspace: Path) -> None:
    folder, arguments = workspace.parent, ("--workspace", str(workspace))
    for n in range(5):
        assert (
            run_osler("ask", f"When is metformin contraindicated? {n}", *arguments, cwd=folder).returncode
            == 0
        )
    verdict = json.loads(run_osler("audit", "verify", "--json", *arguments, cwd=folder).stdout)
    assert verdict["ok"]
    head = f"{verdict['head']['number']}:{verdict['head']['hash']}"
    with sqlite3.connect(workspace / "osler.db") as database:
        database.execute("UPDATE audit SET body = replace(body, 'answered', 'denied') WHERE number = 3")
    database.close()
    done = run_osler("audit", "verify", *arguments, cwd=folder)
    assert done.returncode == 7
    assert "record 3" in done.stderr
    assert run_osler("audit", "verify", "--head", head, *arguments, cwd=folder).returncode == 7


@pytest.mark.ci
def test_a_read_only_workspace_and_a_corrupt_database(workspace: Path) -> None:
    folder, arguments = workspace.parent, ("--workspace", str(workspace))
    assert run_osler("ask", "When is metformin contraindicated?", *arguments, cwd=folder).returncode == 0
    (workspace / "osler.db").write_bytes(b"this is no database at all" * 500)
    for leftover in ("osler.db-wal", "osler.db-shm"):
        (workspace / leftover).unlink(missing_ok=True)
    done = run_osler("ask", "x", *arguments, cwd=folder)
    assert done.returncode == 9
    assert "Traceback" not in done.stderr
    assert run_osler("doctor", *arguments, cwd=folder).returncode == 3
    if os.geteuid() != 0:
        workspace.chmod(0o500)
        assert run_osler("ask", "x", *arguments, cwd=folder).returncode == 9
