"""The demo, as a newcomer runs it; and with an allergy changed, the answer and the findings change."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from osler_process import run_osler

NSAID = "nonsteroidal"


def demo(tmp_path: Path, *arguments: str) -> dict[str, Any]:
    done = run_osler("demo", "--workspace", str(tmp_path / "demo"), "--json", *arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return demo(tmp_path_factory.mktemp("shipped"))


def test_the_record_question_is_answered_from_the_record(shipped: dict[str, Any]) -> None:
    record = shipped["results"][0]
    docs = {c["doc"].split("/")[0] for c in record["citations"]}
    assert {"AllergyIntolerance", "Condition", "MedicationRequest"} <= docs
    text = record["answer"].lower()
    assert NSAID in text
    assert "kidney disease" in text
    assert "lisinopril" in text
    assert [f["kind"] for f in record["findings"]].count("drug_allergy") >= 1
    assert any(c["doc"].startswith("guideline/") for c in record["citations"])


def test_citations_are_numbered_in_the_answer(shipped: dict[str, Any]) -> None:
    for result in (shipped["results"][i] for i in (0, 1, 3)):
        assert result["citations"]
        for citation in result["citations"]:
            assert f"[{citation['n']}]" in result["answer"]
            assert citation["end"] - citation["start"] == len(citation["quote"])


def test_the_guideline_question_is_answered_from_guidelines_only(shipped: dict[str, Any]) -> None:
    guideline = shipped["results"][1]
    assert guideline["decision"]["sensitivity"] == "clear"
    assert all(c["doc"].startswith("guideline/") for c in guideline["citations"])
    assert "metformin" in guideline["answer"].lower()


def test_policy_refuses_the_third_and_nothing_reaches_the_cloud(shipped: dict[str, Any]) -> None:
    refused = shipped["results"][2]
    assert refused["status"] == 403
    assert {"destination": "cloud", "reason": "public cloud without a BAA"} in refused["decision"]["refused"]
    assert refused["audit"]["number"] > 0
    assert shipped["cloud_requests"] == 0


def test_the_model_saw_surrogates_and_the_user_the_names(shipped: dict[str, Any]) -> None:
    streamed = shipped["results"][3]
    name = streamed["question"].split("medications is ")[1].split(" on,")[0]
    assert streamed["decision"]["phi"]["NAME"] >= 1
    sent = " ".join(m["content"] for m in streamed["sent"])
    assert name not in sent
    assert name.split()[-1] not in sent
    assert "metformin" in streamed["answer"].lower()
    assert "6.8" in streamed["answer"]


def test_the_chain_holds_and_numbers_are_in_order(shipped: dict[str, Any]) -> None:
    assert shipped["audit"]["ok"]
    numbers = [r["audit"]["number"] for r in shipped["results"]]
    assert numbers == sorted(numbers)
    assert shipped["audit"]["records"] >= max(numbers)


@pytest.mark.ci
def test_another_allergy_changes_the_answer_and_the_findings(tmp_path: Path, samples: Path) -> None:
    folder = tmp_path / "samples"
    shutil.copytree(samples, folder)
    file = folder / "ckd-knee-pain.json"
    bundle = json.loads(file.read_text())
    for entry in bundle["entry"]:
        resource = entry["resource"]
        if resource["resourceType"] == "AllergyIntolerance" and NSAID in json.dumps(resource).lower():
            resource["code"] = {"text": "Peanut"}
            resource.pop("reaction", None)
            resource.pop("note", None)
    file.write_text(json.dumps(bundle))
    record = demo(tmp_path, "--samples", str(folder))["results"][0]
    assert not [f for f in record["findings"] if f["kind"] == "drug_allergy"]
    assert "peanut" in record["answer"].lower()
    allergies = [c["quote"] for c in record["citations"] if c["doc"].startswith("AllergyIntolerance/")]
    assert allergies
    assert not any(NSAID in quote.lower() for quote in allergies)


@pytest.mark.ci
def test_for_people_it_prints_everything_the_issue_names(tmp_path: Path) -> None:
    done = run_osler("demo", "--workspace", str(tmp_path / "d"), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for wanted in (
        "identifiers found",
        "may not",
        "the model was sent",
        "you see",
        "Citations",
        "Guardrail findings",
        "Audit record",
        "holds; head",
        "osler serve",
        "destinations.ward.url",
    ):
        assert wanted in done.stdout, wanted


@pytest.mark.ci
def test_a_folder_that_is_not_empty_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("kept")
    done = run_osler("demo", "--workspace", str(tmp_path), "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    inner = Path(json.loads(done.stdout)["workspace"])
    assert inner.parent == tmp_path
    assert (tmp_path / "mine.txt").read_text() == "kept"
    assert not (tmp_path / "osler.db").exists()
