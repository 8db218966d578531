"""What leaves, seen from the other side of the wire by a plain socket server."""

import base64
import json
import re
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

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
    bundles = [str(file) for file in sorted(samples.glob("*.json"))]
    done = run_osler("kb", "add", *bundles, "--workspace", str(workspace), cwd=workspace.parent)
    assert done.returncode == 0, done.stderr


def identifiers(*files: Path) -> set[str]:
    """Every identifier that bundles state in structured fields, and every date, read without Osler's own code."""
    found: set[str] = set()
    for file in files:
        text = file.read_text()
        for year, month, day in re.findall(r'"((?:19|20)\d\d)-(\d\d)-(\d\d)', text):
            found |= {f"{year}-{month}-{day}", f"{month}/{day}/{year}", f"{int(month)}/{int(day)}/{year}"}
        for entry in json.loads(text)["entry"]:
            found |= of_resource(entry["resource"])
    return found


def of_resource(resource: dict[str, Any]) -> set[str]:
    found = {resource["id"], *(i["value"] for i in resource.get("identifier", []) if "value" in i)}
    if resource["resourceType"] == "Organization":
        return found | {resource["name"], *of_person({**resource, "name": []})}
    if resource["resourceType"] in ("Patient", "Practitioner"):
        for person in (resource, *resource.get("contact", [])):
            found |= of_person(person)
    return found


def of_person(person: dict[str, Any]) -> set[str]:
    found = {t["value"] for t in person.get("telecom", []) if "value" in t}
    names, addresses = person.get("name", []), person.get("address", [])
    for name in names if isinstance(names, list) else [names]:
        words = [name.get("family", ""), *name.get("given", []), *name.get("text", "").split()]
        found |= {
            word for word in words if len(word) > 2 and word.rstrip(".") not in ("MD", "Mrs", "DNP", "FNP")
        }
    for address in addresses if isinstance(addresses, list) else [addresses]:
        found |= {*address.get("line", []), address.get("postalCode", "no code")}
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
@pytest.mark.ci
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
            for file in sorted(samples.glob("*.json")):
                patient = next(
                    e["resource"]["id"]
                    for e in json.loads(file.read_text())["entry"]
                    if e["resource"]["resourceType"] == "Patient"
                )
                before = len(capture.raw)
                for question in QUESTIONS:
                    status, body = served.chat(question, patient=patient)
                    assert status == 200, body
                    assert body["osler"]["decision"]["transform"] == standard
                raw = capture.raw[before:]
                # by chance the port of the capturing server may be somebody's postal code
                raw = raw.replace(urlsplit(capture.url).netloc.encode(), b"the server itself")
                assert raw.count(b"POST ") == len(QUESTIONS)
                wanted = identifiers(file)
                assert len(wanted) > 60
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


@pytest.mark.ci
@pytest.mark.slow
def test_logs_metrics_and_audit_hold_no_identifier(workspace: Path, samples: Path) -> None:
    load(workspace, samples)
    wanted = identifiers(*samples.glob("*.json"))
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
