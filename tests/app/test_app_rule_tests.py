"""Rule tests: every fact that a rule looks at can be stated, and every expectation can fail."""

from datetime import date
from typing import Any

import pytest

from osler.app import rule_tests
from osler.app.config import Config, parse
from osler.app.configured import build_deidentifier
from osler.core.errors import ConfigError
from osler.deid import Deidentifier

TODAY = date(2026, 11, 20)
TABLE: dict[str, Any] = {
    "deid": {"engine": "fast"},
    "gateway": {
        "estimators": {"task": "off", "complexity": "off"},
        "roles": {"service": {"purposes": ["operations"]}, "reviewer": {"patients": False, "break_glass": True}},
    },
    "destinations": {
        "ward": {
            "use": "extractive", "location": "on-premises",
            "models": {"text": {"id": "t"}, "eye": {"id": "e", "images": True, "price_in": 1.0}},
        },
        "lab": {"use": "extractive", "location": "on-premises", "models": {"other": {"id": "o"}}},
    },
    "rules": [
        {"name": "task", "when": {"task": ["soap-note"]}, "allow": ["lab"]},
        {"name": "specialty", "when": {"specialty": ["oncology"]}, "allow": ["lab"]},
        {"name": "complexity", "when": {"complexity": ["high"]}, "allow": ["lab"]},
        {"name": "latency", "when": {"latency": ["batch"]}, "allow": ["lab"]},
        {"name": "tenant", "when": {"tenant": ["north"]}, "allow": ["lab"]},
        {"name": "budget", "when": {"over_budget": True}, "allow": ["lab"]},
        {"name": "glass", "when": {"break_glass": True}, "allow": ["lab"]},
        {"name": "rest", "allow": ["ward"]},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def deidentifier() -> Deidentifier:
    return build_deidentifier(parse(TABLE))


def config(request: dict[str, Any], expect: dict[str, Any]) -> Config:
    return parse({**TABLE, "tests": [{"request": {"text": "hello", **request}, "expect": expect}]})


HOLD = [
    ({"task": "soap-note"}, {"rule": "task", "destination": ["lab"]}),
    ({"specialty": "oncology"}, {"rule": "specialty"}),
    ({"complexity": "high"}, {"rule": "complexity"}),
    ({"latency": "batch"}, {"rule": "latency"}),
    ({"tenant": "north"}, {"rule": "tenant"}),
    ({"over_budget": True}, {"rule": "budget"}),
    ({"break_glass": True}, {"rule": "glass", "model": ["other"]}),
    ({}, {"rule": "rest", "model": ["text", "ward/eye"]}),
    ({"images": True}, {"model": ["ward/eye"], "transform": "surrogate"}),
    ({"images": True, "model": "text"}, {"refused": True}),
    ({"role": "service"}, {"refused": True}),
    ({"role": "service", "purpose": "operations"}, {"refused": False}),
    ({"role": "reviewer", "patient": True}, {"refused": True}),
    ({"role": "reviewer", "patient": True, "break_glass": True}, {"destination": ["lab"]}),
]


@pytest.mark.parametrize(("request_", "expect"), HOLD)
def test_what_is_expected_holds(
    deidentifier: Deidentifier, request_: dict[str, Any], expect: dict[str, Any]
) -> None:
    assert rule_tests.run(config(request_, expect), deidentifier, TODAY) == 1


FAIL = [
    ({}, {"model": ["eye"]}, "expected the model eye, but it is text"),
    ({}, {"rule": "task"}, "expected the rule 'task', but 'rest' decides"),
    ({}, {"refused": True}, "it goes to ward/text"),
    ({"task": "soap-note"}, {"destination": ["ward"]}, "it goes to lab"),
    ({"role": "service"}, {"rule": "rest"}, "may not ask for this purpose"),
    ({"task": "no-such-task"}, {"rule": "rest"}, "no task of that name"),
]


@pytest.mark.parametrize(("request_", "expect", "said"), FAIL, ids=[said for _, _, said in FAIL])
def test_what_does_not_hold_is_said(
    deidentifier: Deidentifier, request_: dict[str, Any], expect: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        rule_tests.run(config(request_, expect), deidentifier, TODAY)
    assert said in refused.value.message
    assert "test 1" in refused.value.message


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"rules": [{"name": "r", "models": ["txt"]}]}, "did you mean 'text'?"),
        (
            {"tests": [{"request": {}, "expect": {"model": ["nobody"]}}]},
            "no destination serves the model 'nobody'",
        ),
        ({"gateway": {"roles": {"clinician": {"destinations": ["wrd"]}}}}, "did you mean 'ward'?"),
        ({"gateway": {"roles": {"clinician": {"purposes": ["fun"]}}}}, "purposes"),
    ],
)
def test_names_that_nothing_has_are_refused_when_the_file_is_read(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse({**TABLE, **changed})
    assert said in refused.value.message
