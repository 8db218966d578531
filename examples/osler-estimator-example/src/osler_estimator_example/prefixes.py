"""Tells the task by the word that a request begins with, as a ward has agreed on it: "DS: …" is a discharge summary.

How hard a request is it tells by its length alone. It sees real identifiers and keeps nothing.
"""

from osler.core.errors import ConfigError
from osler.core.messages import ChatRequest
from osler.core.ports.estimator import Complexity

MEDIUM, HIGH = 600, 4000
"""Characters of a conversation."""


class PrefixEstimator:
    """`words` gives the agreed words and their tasks: `{ DS = "discharge-summary" }`."""

    name = "prefixes"

    def __init__(self, *, words: dict[str, str]) -> None:
        if not words or not all(word.isalnum() for word in words):
            raise ConfigError(
                "The estimator 'prefixes' needs words of letters and digits.",
                remedy="Correct [gateway.estimators.options.prefixes].",
            )
        self._tasks = {word.lower(): task for word, task in words.items()}

    def task(self, request: ChatRequest) -> str | None:
        """The task of the word before the first colon."""
        word, colon, _ = request.question.lstrip().partition(":")
        return self._tasks.get(word.strip().lower()) if colon else None

    def complexity(self, request: ChatRequest) -> Complexity:
        """By the characters of all messages."""
        length = sum(len(message.content) for message in request.messages)
        return "high" if length >= HIGH else "medium" if length >= MEDIUM else "low"
