"""Estimators: how often the rules are right on requests that they were not written on, and what is held to the port."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from osler.core.errors import GuardUnavailable, PluginError
from osler.core.messages import ChatRequest, Message
from osler.gateway.estimate import Estimators
from osler.gateway.estimate.rules import RulesEstimator
from osler.gateway.tasks import shipped
from osler.testing import check_estimator

HERE = Path(__file__).parent


def examples(name: str) -> list[tuple[str | None, str, str]]:
    lines = [line for line in (HERE / name).read_text().splitlines() if line and not line.startswith("#")]
    rows = [line.split("|", 2) for line in lines]
    return [(None if task == "-" else task, complexity, text) for task, complexity, text in rows]


def asked(*texts: str, task: str | None = None, **more: object) -> ChatRequest:
    messages = tuple(Message(role="user", content=text) for text in texts)
    return ChatRequest(messages=messages, task=task, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "right", "wrong", "complexity"),
    [("estimate_dev.txt", 0.97, 1, 0.9), ("estimate_test.txt", 0.78, 1, 0.79)],
)
def test_the_rules_are_right_as_often_as_the_docs_say(name, right, wrong, complexity):
    both, rows = Estimators(task=RulesEstimator(), complexity=RulesEstimator()), examples(name)
    facts = [(row, both.facts(asked(row[2]))) for row in rows]
    tasks = [(stated, guessed) for (stated, _, _), (guessed, _) in facts]
    assert {task for task, _ in tasks} == {None, *shipped()}
    assert sum(stated == guessed for stated, guessed in tasks) >= right * len(rows)
    assert sum(stated != guessed is not None for stated, guessed in tasks) <= wrong
    hard = Counter((stated, guessed) for (_, stated, _), (_, guessed) in facts)
    assert sum(count for (stated, guessed), count in hard.items() if stated == guessed) >= complexity * len(
        rows
    )
    assert hard["high", "low"] == hard["low", "high"] == 0


def test_the_rules_keep_the_ports_contract():
    check_estimator(RulesEstimator())


def test_what_comes_along_makes_a_request_harder():
    rules = RulesEstimator()
    assert rules.complexity(asked("What is the dose?")) == "low"
    image = Message(
        role="user",
        content="What is the dose?",
        wire={
            "role": "user",
            "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,"}}],
        },
    )
    assert rules.complexity(ChatRequest(messages=(image,), params={"tools": [{}]})) == "medium"
    assert rules.complexity(asked("She is on warfarin. " * 300)) != "low"
    assert rules.complexity(asked(*["And then?"] * 5)) == "low"


def test_a_pasted_note_does_not_hide_what_is_asked():
    note = "Seen in clinic. Discharge summary attached. Referral to cardiology was made. " * 60
    assert RulesEstimator().task(asked(f"Check these orders before I sign.\n{note}")) == "order-check"
    assert (
        RulesEstimator().task(asked(f"{note}\nAny interactions in this list? Check for interactions."))
        != "soap-note"
    )


@dataclass
class Odd:
    """An estimator that answers what it is told to."""

    says: object = None
    hard: object = "low"
    name: str = "odd"

    def task(self, request: ChatRequest) -> str | None:
        if isinstance(self.says, Exception):
            raise self.says
        return self.says  # type: ignore[return-value]

    def complexity(self, request: ChatRequest) -> str:
        return self.hard  # type: ignore[return-value]


def test_what_a_request_states_is_not_estimated():
    odd = Odd(says="soap-note", hard="high")
    assert Estimators(task=odd, complexity=odd).facts(asked("x", task="own")) == ("own", "high")
    assert Estimators(task=odd, complexity=odd).facts(asked("x")) == ("soap-note", "high")
    assert Estimators(task=None, complexity=None).facts(asked("x")) == (None, "low")


def test_an_estimator_that_fails_or_answers_something_else_stops_the_request():
    with pytest.raises(GuardUnavailable, match="'odd'") as caught:
        Estimators(task=Odd(ValueError("Zythar Quillon")), complexity=None).facts(asked("x"))
    assert "Zythar" not in str(caught.value)
    for odd in (Odd(says=7), Odd(says=""), Odd(hard="hard"), Odd(hard=None)):
        with pytest.raises(PluginError, match="'odd'"):
            Estimators(task=odd, complexity=odd).facts(asked("x"))
