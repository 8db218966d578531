"""The sequence model as a detector: features, network, and spans from the tokens that it marks."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np
from numpy.typing import NDArray

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
        begins = np.cumsum([0, *(len(text) + len(_BETWEEN) for text in texts[:-1])])
        firsts = np.append(np.searchsorted(table.start, begins), len(table))
        lengths = np.diff(firsts).tolist()
        marks = self._network.probabilities(features(table, self._lists), lengths)
        out: list[list[Span]] = [[] for _ in texts]
        offsets = begins.tolist()
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
        self, text: str, table: TokenTable, marks: F32, firsts: NDArray[np.int64]
    ) -> Iterator[tuple[int, int, int, Label, float]]:
        """Runs of marked tokens of one label: number of the text, start, end, label, score."""
        some = 1.0 - marks[:, 0]
        label = marks[:, 1:].argmax(axis=1) + 1
        level = (some >= WEAK).astype(np.int8) + (some >= SURE)
        _join(text, table, level, label)
        where = np.flatnonzero(level)
        if not len(where):
            return
        of_text = np.searchsorted(firsts, where, side="right") - 1
        breaks = (np.diff(where) != 1) | (np.diff(label[where]) != 0) | (np.diff(level[where]) != 0)
        breaks |= (table.gap[where][1:] >= 4) | (np.diff(of_text) != 0)
        heads = np.concatenate(([0], np.flatnonzero(breaks) + 1))
        tails = np.append(heads[1:], len(where)) - 1
        best = np.maximum.reduceat(some[where], heads)
        signs = np.minimum.reduceat((table.kind[where] == SIGN).astype(np.int8), heads)
        first, last = where[heads], where[tails]
        rows = zip(
            of_text[heads].tolist(), table.start[first].tolist(), table.end[last].tolist(),
            label[first].tolist(), best.tolist(), signs.tolist(), strict=True,
        )  # fmt: skip
        for number, start, end, index, score, only_signs in rows:
            kind = self._labels[index]
            if kind is not None and not only_signs:
                yield number, start, end, kind, round(score, 3)


class SmallTagger(Tagger):
    """Detector `tagger_small`: the same with a tenth of the arithmetic; what `--fast` uses."""

    name = "tagger_small"


def _plain(value: str) -> bool:
    """Whether a value that stands by itself may as well be a code or a word: there no context speaks for a name."""
    return len(value) < 4 or gazetteers.load().is_ordinary(value.lower())


def _join(text: str, table: TokenTable, level: NDArray[np.int8], label: NDArray[np.int64]) -> None:
    """A sign that is glued between two sure tokens of one label belongs to them (`Smith-Jones`, `12-4471`)."""
    if len(table) < 3:
        return
    sure = level == 2
    middle = sure[:-2] & sure[2:] & ~sure[1:-1] & (label[:-2] == label[2:])
    middle &= (table.kind[1:-1] == SIGN) & (table.gap[1:-1] == 0) & (table.gap[2:] == 0)
    for i in (np.flatnonzero(middle) + 1).tolist():
        if text[int(table.start[i])] in _JOINERS:
            level[i], label[i] = 2, label[i - 1]


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
