"""From what a model thinks of each token to spans: whole words, scores as they are. Pure.

A token's mass is the probability that it belongs to an identifier of any kind. A word takes the highest mass among
its tokens, since half a word left standing gives the word away, and the kind that its tokens together favour. Words
of one kind in a row are one span, unless the model says that an identifier begins, or the sure touch the doubtful.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from osler.backends.detectors.tokens import Tokens
from osler.core.spans import Label, Span

SURE = 0.45
"""Where the engine takes a span without other evidence (`osler.deid.evidence.ACCEPT`). Sure and doubtful words are
never averaged into one span: that would sink the sure, or lift the doubtful."""

_UNSPACED = 0x0E00
"""From Thai upwards, scripts that put no blank between words: there each token is a word of its own."""
_LONGEST_WORD = 128
"""Characters up to which tokens are held to be one word; longer runs are data, not words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Word:
    start: int
    end: int
    kind: int
    mass: float
    begins: bool

    def goes_on(self, last: "_Word") -> bool:
        """Whether this word belongs to the span that `last` ends."""
        return self.kind == last.kind and not self.begins and (self.mass >= SURE) == (last.mass >= SURE)


def spans(
    text: str,
    tokens: Tokens,
    probabilities: NDArray[np.float32],
    begins: NDArray[np.bool_],
    kinds: tuple[Label, ...],
    *,
    threshold: float,
    detector: str,
) -> list[Span]:
    """Spans whose words all have a mass of at least `threshold`; a span's score is the mean mass of its words.

    `probabilities` has the shape (tokens, 1 + kinds), column 0 for "no identifier"; `begins` the shape (tokens,).
    """
    found: list[Span] = []
    run: list[_Word] = []
    for word in [*_words(text, tokens, probabilities, begins), None]:
        taken = word is not None and word.mass >= threshold
        if run and not (taken and word is not None and word.goes_on(run[-1])):
            score = min(1.0, sum(w.mass for w in run) / len(run))
            found.append(
                Span(
                    start=run[0].start,
                    end=run[-1].end,
                    label=kinds[run[0].kind],
                    score=score,
                    detector=detector,
                )
            )
            run = []
        if taken and word is not None:
            run.append(word)
    return found


def _words(
    text: str, tokens: Tokens, probabilities: NDArray[np.float32], begins: NDArray[np.bool_]
) -> Iterator[_Word]:
    places = zip(tokens.starts.tolist(), tokens.ends.tolist(), strict=True)
    group: list[int] = []
    start = end = 0
    for n, (token_start, token_end) in enumerate(places):
        if token_end <= token_start or text[token_start:token_end].isspace():
            continue
        joins = token_start < end or (token_start == end and _within_a_word(text, token_start, start))
        if group and not joins:
            yield _word(text, (start, end), probabilities[group], bool(begins[group[0]]))
            group = []
        start, end = (start, max(end, token_end)) if group else (token_start, token_end)
        group.append(n)
    if group:
        yield _word(text, (start, end), probabilities[group], bool(begins[group[0]]))


def _word(text: str, place: tuple[int, int], rows: NDArray[np.float32], begins: bool) -> _Word:
    start, end = place
    while text[start].isspace():
        start += 1
    while text[end - 1].isspace():
        end -= 1
    kind = int(rows[:, 1:].sum(axis=0).argmax())
    return _Word(start=start, end=end, kind=kind, mass=max(0.0, float(1.0 - rows[:, 0].min())), begins=begins)


def _within_a_word(text: str, at: int, start: int) -> bool:
    return 0 < at - start < _LONGEST_WORD and _joins(text[at - 1]) and _joins(text[at])


def _joins(character: str) -> bool:
    return ord(character) < _UNSPACED and (character.isalnum() or unicodedata.combining(character) > 0)
