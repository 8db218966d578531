"""The review queue as a stream of a run, and the count of what a site's protocol let through."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from osler.core.spans import Label, Span
from osler.deid import Deidentifier
from osler.deid.config import DeidConfig
from osler.deid.keyed import ReplaceOptions
from osler.deid.site import SiteProtocol
from osler.jobs import Batch, Done, Position, Record, Seed, Tally
from osler.jobs import state as states
from osler.jobs.deid import DeidTask
from osler.jobs.reviewing import Review
from osler.jobs.state import State

SEED = Seed(key=b"k" * 32, day=date(2026, 1, 2))


class Words:
    """Finds words with the score that stands behind them: `Whitfield:0.6`."""

    name = "words"

    def find(self, text: str) -> Iterator[Span]:
        if "explode" in text:
            raise ValueError(text)
        at = 0
        for word in text.split(" "):
            name, _, score = word.partition(":")
            if score:
                label = Label.PHONE if name.isdigit() else Label.NAME
                yield Span(start=at, end=at + len(name), label=label, score=float(score), detector=self.name)
            at += len(word) + 1


def engine() -> Deidentifier:
    return Deidentifier([Words()], site=SiteProtocol.of(DeidConfig.model_validate({"keep": ["PHONE"]})))


def work(*texts: str, **options: Any) -> Done:
    task = DeidTask(**{"engine": engine, "format": "jsonl", "seed": SEED, "review": Review(), **options})
    lines = [json.dumps({"id": f"n{n}", "text": text}).encode() for n, text in enumerate(texts)]
    records = tuple(Record(number=n, data=line) for n, line in enumerate(lines, 1))
    return task.start()(Batch(records=records, after=Position()))


def queue(done: Done) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.streams[-1].splitlines()]


TEXTS = (
    "seen by Whitfield:0.6 today",
    "by Okoro:0.99 today",
    "by Amadi:0.4 and 5550142:0.9",
    "explode Okoro:0.6",
)


@pytest.mark.parametrize("options", [None, ReplaceOptions(mode="redact"), ReplaceOptions(mode="surrogate")])
def test_a_line_for_each_text_with_something_uncertain(options: ReplaceOptions | None) -> None:
    done = work(*TEXTS, options=options)
    assert [
        (row["id"], [(s["why"], s["taken"], s["score"]) for s in row["spans"]]) for row in queue(done)
    ] == [
        ("n0", [("score", True, 0.6)]),
        ("n2", [("left", False, 0.4)]),
    ]
    assert b'"text"' not in done.streams[-1]
    for row in queue(done):
        given = TEXTS[int(row["id"][1:])]
        assert [given[s["start"] : s["end"]] for s in row["spans"]] in (["Whitfield"], ["Amadi"])
    assert done.tally == Tally(records=4, failed=1, found={"NAME": 2}, let_through={"PHONE": 1})
    assert len(done.streams[0].splitlines()) == 4


def test_the_text_is_added_only_when_asked_and_thresholds_decide() -> None:
    (row,) = queue(work(*TEXTS[:3], review=Review(below=0.5, above=0.3, with_text=True)))
    assert (row["id"], row["text"]) == ("n2", TEXTS[2])
    assert queue(work(*TEXTS[:3], review=Review(below=0.0, above=1.0))) == []


def test_the_queue_comes_behind_the_other_streams() -> None:
    done = work(*TEXTS[:2], options=ReplaceOptions(mode="redact"), layout="beside")
    assert len(done.streams) == 3
    assert queue(done)[0]["id"] == "n0"
    assert len(work(TEXTS[0], review=None).streams) == 1


def test_what_was_let_through_is_counted_only_when_it_is_weighed() -> None:
    assert work(TEXTS[2], review=None).tally.let_through == {}
    assert work(TEXTS[2], review=None, weigh=True).tally.let_through == {"PHONE": 1}


@pytest.mark.parametrize("parts", [((1, 2), (3,)), ((), (1,))])
def test_counts_add_up_and_are_kept(tmp_path: Path, parts: Sequence[Sequence[int]]) -> None:
    tally = Tally()
    for row in parts:
        for count in row:
            tally = tally.plus(Tally(records=1, let_through={"NAME": count}))
    assert tally.let_through == ({"NAME": sum(map(sum, parts))})
    state = State(identity={"mode": "spans"}, stamp="", seed=SEED, tally=tally)
    states.save(tmp_path / "s.json", state)
    assert states.load(tmp_path / "s.json") == replace(state, tally=tally)
