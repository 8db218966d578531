"""The built-in estimator: words and shape, no model.

The task: phrases of `data/estimate.toml`, each with a weight for one task, counted once each, looked for at the head
and the tail of the last message of the user and at the head of what a system message says; the task with the most
weight, where it has enough and leads. The complexity: points for length, turns, questions, medicines with doses,
results, words of weighing, tools, images and a task that writes or checks, less points for words of looking up.
docs/reference/tasks.md says how often it is right. It reads English only, and at most WINDOW characters of a message,
whatever its length.
"""

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from osler.core.messages import ChatRequest
from osler.core.ports.estimator import Complexity

WINDOW = 3_000
"""Characters of the last message that are read: two thirds at its head, one at its tail."""
INSTRUCTION = 900
"""Characters at head and tail that are read for the task: what is asked stands there, what is pasted between them."""

_WORD = re.compile(r"[a-z]+(?:['’][a-z]+)?|\d+")
_BARE_WORD = re.compile(r"[a-z]+|\d+")
"""The same where no apostrophe stands: twice as fast."""
Phrase = tuple[tuple[str, ...], str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """`data/estimate.toml`. `phrases`: by their first word, the others with what they say for which task."""

    phrases: dict[str, tuple[Phrase, ...]]
    least: float
    lead: float
    lengths: tuple[int, ...]
    medium: float
    high: float
    tasks: dict[str, float]
    hard: dict[str, float]
    easy: dict[str, tuple[tuple[tuple[str, ...], float], ...]]
    doses: frozenset[str]
    results: frozenset[str]


class RulesEstimator:
    """Estimates by rules. Keeps nothing."""

    name = "rules"

    def __init__(self) -> None:
        self._table = _table()

    def task(self, request: ChatRequest) -> str | None:
        """The shipped task that the request seems to be."""
        table = self._table
        text = f"{_system(request)}\n{_ends(request.question, INSTRUCTION, INSTRUCTION // 2)}"
        weights: dict[str, float] = {}
        for task, weight in _said(_words(text), table.phrases):
            weights[task] = weights.get(task, 0.0) + weight
        ranked = sorted(weights.items(), key=lambda item: -item[1])
        if not ranked or ranked[0][1] < table.least:
            return None
        second = ranked[1][1] if len(ranked) > 1 else 0.0
        return ranked[0][0] if ranked[0][1] - second >= table.lead else None

    def complexity(self, request: ChatRequest) -> Complexity:
        """How hard the request seems to be, by its points; `request.task` is stated, or what `task` said."""
        table = self._table
        points = self._shape(request) + self._content(request.question)
        points += table.tasks.get(request.task or "", 0.0)
        return "high" if points >= table.high else "medium" if points >= table.medium else "low"

    def _shape(self, request: ChatRequest) -> float:
        """Points for how long it is, how many turns it has, and what comes with it."""
        length = sum(len(m.content) for m in request.messages if m.role not in ("system", "developer"))
        points = float(sum(length >= limit for limit in self._table.lengths))
        points += 1.0 if sum(m.role == "user" for m in request.messages) > 3 else 0.0
        points += 1.0 if request.params.get("tools") else 0.0
        return points + (2.0 if any(_has_image(m.wire) for m in request.messages) else 0.0)

    def _content(self, question: str) -> float:
        """Points for what the last message speaks of."""
        table = self._table
        text = _ends(question, WINDOW * 2 // 3, WINDOW // 3)
        words = _words(text)
        distinct = set(words)
        points = sum([table.hard[word] for word in distinct.intersection(table.hard)])
        points += min(2.0, 0.5 * sum(map(table.doses.__contains__, words)))
        points += min(2.0, 0.34 * len(distinct & table.results))
        points += 1.0 if text.count("?") >= 3 else 0.0
        for at, word in enumerate(words[:12]):
            for rest, weight in table.easy.get(word, ()):
                if tuple(words[at + 1 : at + 1 + len(rest)]) == rest:
                    points -= weight
        return points


def _words(text: str) -> list[str]:
    low = text.lower()
    return (_WORD if "'" in low or "’" in low else _BARE_WORD).findall(low)


def _ends(text: str, head: int, tail: int) -> str:
    return text if len(text) <= head + tail else f"{text[:head]}\n{text[-tail:]}"


def _system(request: ChatRequest) -> str:
    return next((m.content[:INSTRUCTION] for m in request.messages if m.role in ("system", "developer")), "")


def _said(words: Sequence[str], phrases: dict[str, tuple[Phrase, ...]]) -> Iterator[tuple[str, float]]:
    """What each phrase that stands in `words` says, each phrase once."""
    seen: set[tuple[str, tuple[str, ...], str]] = set()
    words = (*words, "")
    for at, word in [(at, word) for at, word in enumerate(words) if word in phrases]:
        follows = words[at + 1]
        for rest, task, weight in phrases[word]:
            if rest and (rest[0] != follows or words[at + 1 : at + 1 + len(rest)] != rest):
                continue
            key = (word, rest, task)
            if key not in seen:
                seen.add(key)
                yield task, weight


def _has_image(wire: object) -> bool:
    content = wire.get("content") if isinstance(wire, dict) else None
    return isinstance(content, list) and any(
        isinstance(part, dict) and part.get("type") in ("image_url", "input_image") for part in content
    )


@cache
def _table() -> _Table:
    raw = tomllib.loads(resources.files("osler.gateway").joinpath("data/estimate.toml").read_text("utf-8"))
    phrases: dict[str, list[Phrase]] = {}
    for task, weighted in raw["task"]["phrases"].items():
        for weight, texts in weighted.items():
            for text in texts:
                first, *rest = _words(text)
                phrases.setdefault(first, []).append((tuple(rest), task, float(weight)))
    easy: dict[str, list[tuple[tuple[str, ...], float]]] = {}
    shape = raw["complexity"]
    for weight, texts in shape["easy"].items():
        for text in texts:
            first, *rest = _words(text)
            easy.setdefault(first, []).append((tuple(rest), float(weight)))
    return _Table(
        phrases={word: tuple(found) for word, found in phrases.items()},
        least=raw["task"]["least"],
        lead=raw["task"]["lead"],
        lengths=tuple(shape["lengths"]),
        medium=shape["medium"],
        high=shape["high"],
        tasks={task: float(points) for task, points in shape["tasks"].items()},
        hard={word: float(weight) for weight, words in shape["hard"].items() for word in words},
        easy={word: tuple(found) for word, found in easy.items()},
        doses=frozenset(shape["doses"]),
        results=frozenset(shape["results"]),
    )
