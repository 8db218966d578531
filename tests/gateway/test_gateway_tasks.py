"""Tasks: what is shipped, how a site changes it, what becomes of a request that names one, and what is refused."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from osler.app import config as configuration
from osler.app.config import Config
from osler.app.configured import build_deidentifier
from osler.app.tasks import load_tasks, task_checks
from osler.core.errors import ConfigError, InputError, PluginError
from osler.core.findings import Severity
from osler.core.messages import ChatRequest, Message
from osler.core.ports.check import Statement
from osler.deid import Deidentifier
from osler.gateway.tasks import Task, Tasks, shipped
from osler.guardrails.checks.output import OutputCheck
from osler.testing import check_check

SIX = {
    "discharge-summary",
    "order-check",
    "patient-question",
    "prior-authorisation-letter",
    "referral-letter",
    "soap-note",
}
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["plan"],
    "properties": {"plan": {"type": "array", "items": {"type": "string"}}},
}
Site = Callable[[str], Tasks]


@pytest.fixture(scope="module")
def deidentifier() -> Deidentifier:
    return build_deidentifier(configuration.parse_text('[deid]\nengine = "fast"'))


@pytest.fixture
def site(tmp_path: Path, deidentifier: Deidentifier) -> Site:
    """Tasks of an osler.toml in a folder that holds a prompt and a schema."""
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "own.md").write_text("Summarise what is given. Invent nothing.\n")
    (tmp_path / "own.json").write_text(json.dumps(SCHEMA))

    def tasks(toml: str) -> Tasks:
        (tmp_path / "osler.toml").write_text(toml)
        return load_tasks(configuration.load(tmp_path / "osler.toml"), deidentifier)

    return tasks


def asked(task: str | None, **more: object) -> ChatRequest:
    return ChatRequest(messages=(Message(role="user", content="Go."),), task=task, **more)  # type: ignore[arg-type]


def test_six_are_shipped_and_hold_no_identifier(deidentifier):
    assert set(shipped()) == SIX
    for task in shipped().values():
        assert len(task.message.content) > 1000
        assert "not stated" in task.message.content or task.name == "patient-question"
        assert not [s for s in deidentifier.find(task.message.content) if s.label != "LOCATION"]


@pytest.mark.ci
def test_the_whole_engine_finds_no_identifier_in_what_is_shipped():
    whole = build_deidentifier(Config())
    for task in shipped().values():
        assert not [s for s in whole.find(task.message.content) if s.label != "LOCATION"]


def test_three_answer_by_a_schema():
    assert {t.name for t in shipped().values() if t.output} == {
        "soap-note",
        "discharge-summary",
        "order-check",
    }


@pytest.mark.parametrize("task", [t for t in shipped().values() if t.output], ids=lambda t: t.name)
def test_a_shipped_schema_is_strict_and_its_prompt_explains_every_key(task: Task):
    assert task.response_format["json_schema"]["strict"] is True
    assert "$schema" not in task.response_format["json_schema"]["schema"]
    assert all(f'"{key}"' in task.message.content for key in task.output["properties"])
    check_check(OutputCheck(task.output, task=task.name))


def test_a_request_that_names_a_task_gets_its_prompt_first_and_its_schema():
    tasks = Tasks(tuple(shipped().values()))
    prepared = tasks.prepare(asked("soap-note", params={"temperature": 0}))
    prompt, question = prepared.messages
    assert (prompt.role, question.content, prepared.question) == ("system", "Go.", "Go.")
    assert prepared.params["temperature"] == 0
    assert prepared.params["response_format"]["json_schema"]["name"] == "soap-note"
    assert tasks.wrote(prompt)
    assert tasks.wrote(prepared.params["response_format"])
    assert not tasks.wrote(question)
    assert not tasks.wrote(Message(role="system", content=prompt.content))
    assert tasks.audited(prepared) == {"name": "soap-note", "sha256": shipped()["soap-note"].version}


def test_what_names_no_task_is_left_as_it_is_and_a_callers_own_format_stays():
    tasks = Tasks(tuple(shipped().values()))
    plain = asked(None)
    assert tasks.prepare(plain) is plain
    assert tasks.audited(plain) is None
    given = {"response_format": {"type": "json_object"}}
    assert tasks.prepare(asked("order-check", params=given)).params == given


def test_a_model_without_schemas_is_asked_by_the_prompt_alone():
    tasks = Tasks(tuple(shipped().values()))
    request = tasks.prepare(asked("soap-note"))
    copied = json.loads(json.dumps(request.params))  # as de-identification makes it anew
    assert tasks.fitted(copied, request, schema=True) == copied
    assert tasks.fitted(copied, request, schema=False) == {}
    own = {"response_format": {"type": "json_schema", "json_schema": {"name": "mine"}}}
    assert tasks.fitted(own, request, schema=False) == own


def test_an_unknown_task_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match="soap-note") as caught:
        Tasks(tuple(shipped().values())).prepare(asked("Zythar Quillon"))
    assert "Zythar" not in str(caught.value)
    assert caught.value.param == "task"
    with pytest.raises(InputError):
        Tasks(tuple(shipped().values())).prepare(asked("soap-note", surface="completions"))


def test_a_site_changes_a_shipped_task_by_key_and_adds_its_own(site: Site):
    tasks = site(
        '[tasks.soap-note]\nprompt = "prompts/own.md"\n[tasks.order-check]\noutput = false\nallow = ["extractive"]\n'
        '[tasks.handover]\nprompt = "prompts/own.md"\noutput = "own.json"\nchecks = ["citations"]\n'
    )
    note, check, own = tasks.get("soap-note"), tasks.get("order-check"), tasks.get("handover")
    assert (note.origin, check.origin, own.origin) == ("changed", "changed", "configured")
    assert note.message.content == "Summarise what is given. Invent nothing."
    assert note.output == shipped()["soap-note"].output
    assert note.version != shipped()["soap-note"].version
    assert (check.output, check.models) == (None, frozenset({"extractive"}))
    assert check.message == shipped()["order-check"].message
    assert own.output == SCHEMA
    assert tasks.models("handover") is None


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ('[tasks.soap-notes]\nallow = ["extractive"]', "Did you mean 'soap-note'"),
        ('[tasks.own]\nprompt = "gone.md"', r"line 2: tasks.own.prompt names a file that cannot be read"),
        ('[tasks.own]\nprompt = "empty.md"', "tasks.own.prompt names an empty file"),
        ('[tasks.own]\nprompt = "latin.md"', "cannot be read"),
        ('[tasks.own]\nprompt = "named.md"', r"seems to hold identifiers \(MRN, NAME\)"),
        ('[tasks.soap-note]\noutput = "broken.json"', "not JSON, line 1"),
        ('[tasks.soap-note]\noutput = "list.json"', "holds no JSON Schema"),
        ('[tasks.soap-note]\noutput = "far.json"', "outside of itself"),
        ('[tasks.soap-note]\noutput = "odd.json"', "not a JSON Schema that can be used"),
        ('[tasks.soap-note]\nprompts = "own.md"', "is not a known key"),
        ("[tasks.soap-note]\noutput = true", "tasks.soap-note.output"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_place(site: Site, tmp_path: Path, toml: str, said: str):
    (tmp_path / "empty.md").write_text(" \n")
    (tmp_path / "latin.md").write_bytes(b"caf\xe9")
    (tmp_path / "named.md").write_text("As for Mrs. Eleanor Whitfield, MRN 00482913, write a summary.\n")
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "list.json").write_text("[]")
    (tmp_path / "far.json").write_text('{"$ref": "http://example.org/schema.json"}')
    (tmp_path / "odd.json").write_text('{"type": "objekt"}')
    with pytest.raises(ConfigError, match=said) as caught:
        site(toml)
    assert "Whitfield" not in str(caught.value)


def test_a_tasks_checks_are_made_with_its_schemas(tmp_path: Path, deidentifier):
    own = configuration.parse_text('[tasks.patient-question]\nchecks = ["citations", "allergy"]')
    assert set(task_checks(own, load_tasks(own, deidentifier))) == {
        "soap-note",
        "discharge-summary",
        "order-check",
    }
    fewer = configuration.parse_text(
        '[guardrails]\nchecks = []\n[tasks.patient-question]\nchecks = ["citations"]'
    )
    [check] = task_checks(fewer, load_tasks(fewer, deidentifier))["patient-question"]
    assert check.name == "citations"
    wrong = configuration.parse_text('[tasks.patient-question]\nchecks = ["citation"]')
    with pytest.raises(PluginError, match=r"tasks.patient-question.checks.*Did you mean 'citations'"):
        task_checks(wrong, load_tasks(wrong, deidentifier))


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ('{"plan": ["Rest."]}', None),
        ("", None),
        ("Rest.", "is not JSON"),
        ('```json\n{"plan": []}\n```', "is not JSON"),
        ('{"plan": "Rest."}', "'type' is not kept at plan"),
        ('{"plan": ["Rest.", 7]}', r"'type' is not kept at plan\[1\]"),
        ("{}", "'required' is not kept at the top"),
        ('{"plan": [], "Eleanor Whitfield": 1}', "'additionalProperties' is not kept at the top"),
        ("[" * 100_000, "is not JSON"),
        ('{"plan": NaN}', "is not JSON"),
    ],
)
def test_an_answer_of_another_shape_is_found_and_nothing_of_it_is_told(answer: str, said: str | None):
    found = list(OutputCheck(SCHEMA, task="own").check(Statement(part="answer", text=answer)))
    if said is None:
        assert found == []
        return
    [finding] = found
    assert (finding.kind, finding.severity, finding.source) == ("output_schema", Severity.WARN, "task: own")
    assert re.search(said, finding.reason)
    assert "Whitfield" not in finding.reason
    assert "Rest" not in finding.reason
