"""What leaves, seen from the other side of the wire by a plain socket server."""

import base64
import json
import re
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from osler.testing import SocketCapture
from osler_process import run_osler, serving

PATIENTS = ("sample-ckd", "sample-diabetes", "sample-asthma", "sample-af", "sample-healthy")
QUESTIONS = (
    "Is it safe to start ibuprofen for her knee pain?",
    "What medications is this patient on?",
    "Summarise the notes: who called, when, and about what?",
    "What was the last visit about, and where was it?",
    "Who is the next of kin and how can they be reached?",
)


def config(folder: Path, text: str) -> Path:
    path = folder / "osler.toml"
    path.write_text(text, encoding="utf-8")
    return path


def load(workspace: Path, samples: Path) -> None:
    done = run_osler("kb", "add", str(samples), "--workspace", str(workspace), cwd=workspace.parent)
    # The folder's README is a document too, and harmless; every bundle must load.
    assert done.returncode == 0, done.stderr


def identifiers(samples: Path) -> set[str]:
    """Every identifier that the sample bundles state in structured fields, read without Osler's own code."""
    found: set[str] = set()
    for file in samples.glob("*.json"):
        for entry in json.loads(file.read_text())["entry"]:
            resource = entry["resource"]
            found.add(resource["id"])
            found |= {i["value"] for i in resource.get("identifier", []) if "value" in i}
            if resource["resourceType"] not in ("Patient", "Practitioner", "Organization"):
                continue
            people = [resource, *resource.get("contact", [])]
            for person in people:
                found |= {t["value"] for t in person.get("telecom", []) if "value" in t}
                names = person.get("name", [])
                for name in [names] if isinstance(names, dict) else names if isinstance(names, list) else []:
                    found.add(name["family"])
                    found |= {g for g in name.get("given", []) if len(g) > 2}
                addresses = person.get("address", [])
                for address in [addresses] if isinstance(addresses, dict) else addresses:
                    found |= set(address.get("line", []))
                    found.add(address["postalCode"])
            if "birthDate" in resource:
                found.add(resource["birthDate"])
            if resource["resourceType"] == "Organization":
                found.add(resource["name"])
    return found


def standing(raw: bytes, wanted: set[str]) -> set[str]:
    """Which identifiers stand in raw bytes: as they are, JSON-escaped, or as bare digits."""
    text = raw.decode("utf-8", "replace")
    text += json.dumps(text) + text.encode().decode("unicode_escape", "replace")
    digits = re.sub(r"[^0-9\n]", "", text)
    hits = set()
    for value in wanted:
        if re.search(rf"(?<![A-Za-z0-9]){re.escape(value)}(?![A-Za-z0-9])", text, re.IGNORECASE):
            hits.add(value)
        bare = re.sub(r"\D", "", value)
        if len(bare) >= 9 and bare in digits:
            hits.add(value)
        if base64.b64encode(value.encode()) in raw:
            hits.add(value)
    return hits


@pytest.mark.slow
@pytest.mark.parametrize("standard", ["safe-harbor", "surrogate", "redact"])
def test_no_identifier_of_a_record_stands_in_what_a_deidentified_only_destination_gets(
    workspace: Path, samples: Path, standard: str
) -> None:
    load(workspace, samples)
    with SocketCapture() as capture:
        toml = config(
            workspace.parent,
            f"""
            [destinations.research]
            url = "{capture.url}"
            location = "public-cloud"
            accepts = {{ deidentified = "{standard}", determination = "d.pdf", owner = "o", until = 2099-01-31 }}
            models.open = {{ id = "open-70b" }}
            """,
        )
        with serving(workspace, config=toml) as served:
            for patient in PATIENTS:
                for question in QUESTIONS:
                    status, body = served.chat(question, patient=patient)
                    assert status == 200, body
                    assert body["osler"]["decision"]["transform"] == standard
        raw = capture.raw
    assert raw.count(b"POST ") == len(PATIENTS) * len(QUESTIONS)
    wanted = identifiers(samples)
    assert len(wanted) > 400
    assert standing(raw, wanted) == set()


@pytest.mark.slow
def test_a_named_patient_is_phi_though_the_question_holds_no_identifier(
    workspace: Path, samples: Path
) -> None:
    load(workspace, samples)
    with SocketCapture() as cloud, SocketCapture() as ward:
        toml = config(
            workspace.parent,
            f"""
            destinations.cloud = {{ url = "{cloud.url}", location = "public-cloud", models.large = {{ id = "l" }} }}
            destinations.ward = {{ url = "{ward.url}", location = "on-premises", models.small = {{ id = "s" }} }}
            """,
        )
        with serving(workspace, config=toml) as served:
            question = "Which medicines are active?"
            assert served.chat(question, patient="sample-af")[0] == 200
            assert served.chat(question, patient="Patient/sample-af", ground="off")[0] == 200
            for model in ("large", "cloud/large"):
                status, body = served.chat(question, model=model, patient="sample-af")
                assert status == 403, body
                assert body["error"]["code"] == "policy_refused"
                assert body["osler"]["audit"]["number"] > 0
                status, body = stream(served.url, question, model)
                assert status == 403, body
            assert cloud.raw == b""
            assert ward.raw.count(b"POST ") == 2
            # And without a patient the same question is not PHI, so the cloud may have it.
            assert served.chat("When is metformin contraindicated?", model="large")[0] == 200
            assert cloud.raw.count(b"POST ") == 1


def stream(url: str, question: str, model: str) -> tuple[int, Any]:
    body = {
        "model": model,
        "stream": True,
        "messages": [{"role": "user", "content": question}],
        "metadata": {"patient": "sample-af"},
    }
    request = urllib.request.Request(f"{url}/v1/chat/completions", json.dumps(body).encode(), method="POST")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


@pytest.mark.slow
def test_logs_metrics_and_audit_hold_no_identifier(workspace: Path, samples: Path) -> None:
    load(workspace, samples)
    wanted = identifiers(samples)
    with serving(workspace) as served:
        for patient in PATIENTS:
            served.chat(
                "Is it safe to start ibuprofen? Call Mrs. Zebulon Quartermain, SSN 900-27-6614.",
                patient=patient,
            )
            served.chat("Who?", patient="not-a-patient-here")
            served.chat("Who?", patient="not/valid/at all")
        served.get("/v1/models/Quartermain")
        served.get("/Quartermain")
        metrics = served.get("/metrics")[1]
    log = served.log.read_text()
    audit = run_osler(
        "audit", "show", "--last", "1000", "--json", "--workspace", str(workspace), cwd=workspace.parent
    ).stdout
    for text in (log, metrics, audit):
        assert "Quartermain" not in text
        assert "not-a-patient" not in text
        assert standing(text.encode(), wanted) == set()
    assert "pt_" in audit
