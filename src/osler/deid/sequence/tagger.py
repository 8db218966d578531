"""The sequence model as a detector: features, network, and spans from the tokens that it marks."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cache, partial
from importlib.resources import files
from itertools import accumulate, pairwise
from typing import Final, NamedTuple

import numpy as np

from osler.core.spans import Label, Span
from osler.deid import gazetteers
from osler.deid.sequence import wordlist
from osler.deid.sequence.features import features
from osler.deid.sequence.network import F32, Network
from osler.deid.sequence.rejecters import rejected
from osler.deid.sequence.tokenize import SIGN, TokenTable, tokenize

SURE: Final = 0.45
"""From which probability of "some identifier" on a token is taken by the model alone; below one half, for recall."""
WEAK: Final = 0.08
"""From which on it counts together with another detector's doubt (see `osler.deid.pipeline`)."""
_STATE = re.compile(rf", ?(?:{'|'.join(sorted(gazetteers.state_codes()))})\b")  # `Salem, OR` is a town
_BETWEEN = "\n\n"
_BARE = 3
"""Texts of so few tokens (a field's value) have no context to judge by."""
_SURE_LEVEL, _APART = 2, 4
_JOINERS = frozenset("-'’./&")
_CODES = frozenset({
    Label.MRN, Label.ACCOUNT, Label.HEALTH_PLAN, Label.LICENSE, Label.VEHICLE, Label.DEVICE, Label.OTHER_ID,
    Label.BIOMETRIC, Label.PHOTO, Label.SSN,
})  # fmt: skip


@cache
def network(name: str) -> Network:
    """The weights of this installation, `tagger` or `tagger_small`; read once, then shared by all threads."""
    return Network.read((files("osler.deid") / "data" / f"{name}.npz").read_bytes())


@cache
def lists(name: str) -> wordlist.WordLists:
    """The lists of this installation with the vocabulary of a model; made once, then shared by all threads."""
    return wordlist.load().with_words(network(name).words)


class Tagger:
    """Detector `tagger`: a small convolutional network over the tokens of a text. Thread-safe, keeps no text."""

    name = "tagger"
    waits = False
    lasting = True

    def __init__(self) -> None:
        self._network = network(self.name)
        self._lists = lists(self.name)
        self._labels = tuple(None if name == "O" else Label(name) for name in self._network.labels)

    def find(self, text: str) -> list[Span]:
        """Spans of all labels with their probability as score, from `WEAK` on; sorted, without overlap."""
        return self.find_many((text,))[0]

    def find_many(self, texts: Sequence[str]) -> list[list[Span]]:
        """As `find`, for many texts at once, which is several times faster for short ones."""
        joined = _BETWEEN.join(texts)
        table = tokenize(joined)
        if not len(table):
            return [[] for _ in texts]
        offsets = [0, *accumulate(len(text) + len(_BETWEEN) for text in texts[:-1])]
        firsts = [0, len(table)]
        if len(texts) > 1:
            firsts = [*np.searchsorted(table.start, offsets).tolist(), len(table)]
        lengths = [b - a for a, b in pairwise(firsts)]
        marks = self._network.probabilities(features(table, self._lists), lengths)
        out: list[list[Span]] = [[] for _ in texts]
        for text, start, end, kind, score in self._runs(joined, table, marks, firsts):
            if kind in _CODES:
                start, end = _whole(joined, start, end)
            elif kind is Label.NAME and _STATE.match(joined, end):
                kind = Label.LOCATION
            if rejected(joined, start, end, kind) or (lengths[text] <= _BARE and _plain(joined[start:end])):
                continue
            at = offsets[text]
            out[text].append(
                Span(start=start - at, end=end - at, label=kind, score=score, detector=self.name)
            )
        return out

    def _runs(
        self, text: str, table: TokenTable, marks: F32, firsts: Sequence[int]
    ) -> Iterator[tuple[int, int, int, Label, float]]:
        """Runs of marked tokens of one label: number of the text, start, end, label, score."""
        found = _joined(text, table, _marked(table, marks))
        number, begin, size = 0, 0, len(found)
        for end in range(1, size + 1):
            last = found[end - 1]
            if last.token >= firsts[number + 1]:
                number = bisect_right(firsts, last.token) - 1
            if end < size and found[end].carries_on(last) and found[end].token < firsts[number + 1]:
                continue
            run, first = found[begin:end], found[begin]
            begin = end
            kind = self._labels[first.label]
            if kind is not None and any(not one.sign for one in run):
                yield number, first.start, last.end, kind, round(max([one.score for one in run]), 3)


class SmallTagger(Tagger):
    """Detector `tagger_small`: the same with a tenth of the arithmetic; what `--fast` uses."""

    name = "tagger_small"


def _plain(value: str) -> bool:
    """Whether a value that stands by itself may as well be a code or a word: there no context speaks for a name."""
    return len(value) < 4 or gazetteers.load().is_ordinary(value.lower())


class _Mark(NamedTuple):
    """A token that the network marks. `level`: 2 where it is sure, else 1. `label` is a column of the network's."""

    token: int
    start: int
    end: int
    label: int
    level: int
    score: float
    sign: bool
    gap: int

    def carries_on(self, before: "_Mark") -> bool:
        """Whether it is the next token after `before` and belongs to the same run."""
        follows = self.token == before.token + 1 and self.gap < _APART
        return follows and self.label == before.label and self.level == before.level


_MADE = partial(tuple.__new__, _Mark)  # as `_Mark._make`, in a third of the time


def _marked(table: TokenTable, marks: F32) -> list[_Mark]:
    some = 1.0 - marks[:, 0]
    where = np.flatnonzero(some >= WEAK)
    if not len(where):
        return []
    scores = some.take(where)
    rows = zip(
        where.tolist(), table.start.take(where).tolist(), table.end.take(where).tolist(),
        (marks.take(where, axis=0)[:, 1:].argmax(axis=1) + 1).tolist(), ((scores >= SURE) + 1).tolist(),
        scores.tolist(), (table.kind.take(where) == SIGN).tolist(), table.gap.take(where).tolist(), strict=True,
    )  # fmt: skip
    return list(map(_MADE, rows))


def _joined(text: str, table: TokenTable, marks: list[_Mark]) -> list[_Mark]:
    """With the sign that is glued between two sure tokens of one label (`Smith-Jones`, `12-4471`), which belongs."""
    sure = [mark for mark in marks if mark.level == _SURE_LEVEL]
    between = {}
    for left, right in pairwise(sure):
        token = left.token + 1
        if right.token != token + 1 or left.label != right.label or right.gap:
            continue
        start = int(table.start[token])
        if table.kind[token] == SIGN and not table.gap[token] and text[start] in _JOINERS:
            between[token] = _Mark(token, start, start + 1, left.label, _SURE_LEVEL, 0.0, sign=True, gap=0)
    if not between:
        return marks
    score = {mark.token: mark.score for mark in marks}
    between = {token: mark._replace(score=score.get(token, 0.0)) for token, mark in between.items()}
    return sorted([*(mark for mark in marks if mark.token not in between), *between.values()])


def _whole(text: str, start: int, end: int) -> tuple[int, int]:
    """A code is taken whole: as far as letters, digits and inner hyphens go."""
    while start > 0 and (
        text[start - 1].isalnum() or (text[start - 1] == "-" and start > 1 and text[start - 2].isalnum())
    ):
        start -= 1
    size = len(text)
    while end < size and (
        text[end].isalnum() or (text[end] == "-" and end + 1 < size and text[end + 1].isalnum())
    ):
        end += 1
    return start, end
