"""The estimator against its port's contract, and against a table of cases."""

import pytest
from osler_estimator_example.prefixes import PrefixEstimator

from osler.core.errors import ConfigError
from osler.core.messages import ChatRequest, Message
from osler.testing import check_estimator

WORDS = {"DS": "discharge-summary", "ref": "referral-letter"}


def asked(text: str) -> ChatRequest:
    return ChatRequest(messages=(Message(role="user", content=text),))


def test_it_keeps_the_contract() -> None:
    check_estimator(PrefixEstimator(words=WORDS))


@pytest.mark.parametrize(
    ("text", "task"),
    [
        ("DS: three days, cellulitis", "discharge-summary"),
        (" ref : to cardiology", "referral-letter"),
        ("DS three days", None),
        ("Note: DS", None),
        ("", None),
    ],
)
def test_tasks(text: str, task: str | None) -> None:
    assert PrefixEstimator(words=WORDS).task(asked(text)) == task


@pytest.mark.parametrize(("length", "complexity"), [(0, "low"), (600, "medium"), (4000, "high")])
def test_complexity_is_by_length(length: int, complexity: str) -> None:
    assert PrefixEstimator(words=WORDS).complexity(asked("x" * length)) == complexity


@pytest.mark.parametrize("words", [{}, {"D S": "discharge-summary"}])
def test_words_that_make_no_sense_are_refused(words: dict[str, str]) -> None:
    with pytest.raises(ConfigError):
        PrefixEstimator(words=words)
