"""Both halves over 10,000 random cuttings: everything restored, nothing leaked, nobody else's name."""

import json
import random
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pytest

from osler.core.spans import Span
from osler.deid import AnswerStream, Deidentifier, JsonAnswerStream

sys.path.insert(0, str(Path(__file__).parents[1] / "deid"))
from deid_answer_cases import NOTES, Prepared, answer, as_json, cut, prepared, streamed

pytestmark = pytest.mark.ci

CUTTINGS = 10_000
PER_ANSWER = 10


class Remembering:
    """The engine, asked once for each window of one answer."""

    def __init__(self, engine: Deidentifier) -> None:
        self._engine = engine
        self._known: dict[str, tuple[Span, ...]] = {}

    def find(self, text: str) -> Sequence[Span]:
        if text not in self._known:
            self._known[text] = self._engine.find(text)
        return self._known[text]


def streams(
    case: Prepared, finder: Remembering, *, document: bool
) -> Callable[[], AnswerStream | JsonAnswerStream]:
    make = case.replacer.json_answer_stream if document else case.replacer.answer_stream
    return partial(make, finder=finder, sent=[case.outbound])


def test_ten_thousand_cuttings() -> None:
    engine = Deidentifier.standard()
    people = [{word.strip(".,;:()") for word in note.split()} for note in NOTES]
    done = unlike = unrestored = leaked = strangers = 0
    for seed in range(CUTTINGS // PER_ANSWER):
        rng = random.Random(seed)
        own = seed % len(NOTES)
        case = prepared(engine, NOTES[own], seed)
        text, said = answer(case, rng)
        document = seed % 3 == 0
        given = as_json(text, rng) if document else text
        make = streams(case, Remembering(engine), document=document)
        whole = make().whole(given)
        for _ in range(PER_ANSWER):
            stream = make()
            shown = streamed(stream.feed, stream.finish, cut(given, rng))
            done += 1
            unlike += shown != whole
            read = json.loads(shown)["summary"] if document else shown
            unrestored += case.note not in read
            leaked += any(value in read for value, _ in said)
            words = {word.strip(".,;:()") for word in read.split()}
            others = set().union(*(p for i, p in enumerate(people) if i != own)) - people[own]
            strangers += bool(words & {w for w in others if w.istitle() and len(w) > 5 and w not in text})
    assert (done, unlike, unrestored, leaked, strangers) == (CUTTINGS, 0, 0, 0, 0)
