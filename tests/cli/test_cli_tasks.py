"""`osler tasks`, and tasks in `osler config check` and `osler ask`."""

import json
from pathlib import Path

import pytest
from cli_in_process import osler

from osler.gateway.tasks import shipped


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_tasks_are_listed_and_shown(capsys):
    listed = json.loads(osler(capsys, "tasks", "list", "--json").stdout)["tasks"]
    assert [t["name"] for t in listed] == list(shipped())
    assert [t["sha256"] for t in listed] == [t.version for t in shipped().values()]
    told = osler(capsys, "tasks", "list").stdout
    assert all(name in told for name in shipped())
    shown = json.loads(osler(capsys, "tasks", "show", "order-check", "--json").stdout)
    assert shown["prompt"] == shipped()["order-check"].message.content
    assert shown["response_format"]["json_schema"]["strict"] is True
    assert '"verdict"' in osler(capsys, "tasks", "show", "order-check").stdout


def test_an_unknown_one_is_refused_with_the_known(capsys):
    done = osler(capsys, "tasks", "show", "soapnote")
    assert done.returncode == 4
    assert "soap-note" in done.stderr


def test_paths_count_from_the_folder_of_the_configuration_and_every_file_is_looked_at(capsys, tmp_path):
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "osler.toml").write_text(
        '[tasks.own]\nprompt = "own.md"\nchecks = ["citations"]\n[deid]\nengine = "fast"\n'
    )
    for command in (("tasks", "list"), ("config", "check")):
        done = osler(capsys, *command, "--config", str(folder / "osler.toml"))
        assert done.returncode == 3
        assert "line 2: tasks.own.prompt" in done.stderr
    (folder / "own.md").write_text("Summarise. Invent nothing.")
    listed = osler(capsys, "tasks", "list", "--json", "--config", str(folder / "osler.toml"))
    [own] = [t for t in json.loads(listed.stdout)["tasks"] if t["name"] == "own"]
    assert (own["origin"], own["structured"], own["checks"]) == ("configured", False, ["citations"])


@pytest.mark.ci
def test_a_question_may_name_a_task(capsys):
    done = osler(capsys, "ask", "--task", "patient-question", "--show-sent", "--json", "May I swim?")
    shown = json.loads(done.stdout)
    assert shown["decision"]["task"] == "patient-question"
    assert shipped()["patient-question"].message.content in [m["content"] for m in shown["sent"]]
    refused = osler(capsys, "ask", "--task", "patient", "May I swim?")
    assert refused.returncode == 4
    assert "patient-question" in refused.stderr
