"""Once accepted, a name is found again in the same text: its surname alone, in capitals, in lower case, possessive.

Words that are everyday English too are found again only with a capital inside a sentence; an eponym is left alone
where it names a disease, a sign or a device.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence

from osler.core.ports.detector import KnownIdentifier
from osler.core.spans import Label, Span
from osler.deid import dates, gazetteers
from osler.deid.gazetteers import In
from osler.deid.name_words import (
    CREDENTIALS,
    EPONYM_NOUNS,
    NAME_VERBS,
    NEVER,
    PARTICLES,
    SUFFIXES,
    TITLES,
)
from osler.deid.tokens import WORD, fold

DETECTOR = "propagated"
_LEAST_SCORE = 0.7
_NEXT = re.compile(r"[^\w\n]{0,40}([^\W\d_][\w'’\-]*)")
_SENTENCE_END = re.compile(r"[.!?:;\n•*|]\s*\Z")


_AGAIN_LITERALLY = frozenset(Label) - {Label.NAME, Label.LOCATION, Label.DATE, Label.AGE}
_CARRIED = _AGAIN_LITERALLY | {Label.LOCATION, Label.DATE}
_LEAST_NUMBER = 5
_LEAST_PLACE = 0.85
_LITERAL_SCORE = 0.8


def carried(
    texts: Sequence[str],
    found: Sequence[Sequence[Span]],
    read: Callable[[str], dates.Written | None] = dates.read,
) -> tuple[KnownIdentifier, ...]:
    """What was found surely enough in one text to be looked for in all of them; names are not in it.

    `read` may remember the dates that it read.
    """
    lists = gazetteers.load()
    values = {
        (span.label, value)
        for text, spans in zip(texts, found, strict=True)
        for span in spans
        if span.label in _CARRIED and _carries(lists, span, value := text[span.start : span.end], read)
    }
    return tuple(KnownIdentifier(label=label, value=value) for label, value in sorted(values))


def _carries(
    lists: gazetteers.Gazetteers,
    span: Span,
    value: str,
    read: Callable[[str], dates.Written | None] = dates.read,
) -> bool:
    if span.label is Label.LOCATION:
        alone = len(value) >= 4 and value[0].isupper() and not lists.is_ordinary(value.lower())
        return span.score >= _LEAST_PLACE and (" " in value or alone)
    if span.label is Label.DATE:
        written = read(value)
        return written is not None and written.full
    return span.label in _AGAIN_LITERALLY and sum(map(str.isalnum, value)) >= _LEAST_NUMBER


def beyond(spans: Sequence[Span], more: Iterable[Span]) -> Iterator[Span]:
    """Those of `more` that cover what `spans` (sorted, without overlap) do not."""
    starts = [s.start for s in spans]
    for span in more:
        at = bisect_right(starts, span.start) - 1
        if at < 0 or spans[at].end < span.end:
            yield Span(
                start=span.start, end=span.end, label=span.label, score=_LITERAL_SCORE, detector=DETECTOR
            )


def name_words(text: str, spans: Iterable[Span]) -> dict[str, float]:
    """The folded words of the accepted names in `text`, each with the best score of a name that holds it."""
    found: dict[str, float] = {}
    for span in spans:
        if span.label is not Label.NAME or span.score < _LEAST_SCORE:
            continue
        for match in WORD.finditer(fold(text[span.start : span.end])):
            word = match.group().removesuffix("'s").removesuffix("’s").rstrip("0123456789")
            for part in (word, *word.split("-")) if "-" in word else (word,):
                if len(part) > 2 and part not in _NOT_ALONE:
                    found[part] = max(found.get(part, 0.0), span.score)
    return found


_NOT_ALONE = PARTICLES | SUFFIXES | CREDENTIALS | TITLES | NEVER


def again(text: str, spans: Sequence[Span], wanted: dict[str, float]) -> Iterator[Span]:
    """Further spans of the words `wanted` in `text`, outside of `spans` (sorted, without overlap)."""
    if not wanted:
        return
    places = Places(fold(text), len(wanted))
    starts = [s.start for s in spans]
    for word, score in wanted.items():
        for start, end in places.of(word):
            at = bisect_right(starts, start) - 1
            if (at < 0 or spans[at].end < end) and _allowed(text, start, end, word):
                yield Span(start=start, end=end, label=Label.NAME, score=min(score, 0.8), detector=DETECTOR)


def literally(text: str, spans: Sequence[Span]) -> Iterator[Span]:
    """Where a code, number or place that was surely found in `text` stands once more."""
    if not spans:
        return
    lists = gazetteers.load()
    low = fold(text)
    starts = [s.start for s in spans]
    values = {(s.label, low[s.start : s.end]): s for s in spans if s.label in _CARRIED}
    places = Places(low, len(values))
    for span in values.values():
        folded = low[span.start : span.end]
        found = list(places.of(folded))
        if len(found) < 2 or not _carries(lists, span, text[span.start : span.end]):
            continue
        for start, end in found:
            at = bisect_right(starts, start) - 1
            if at < 0 or spans[at].end < end:
                yield Span(start=start, end=end, label=span.label, score=_LITERAL_SCORE, detector=DETECTOR)


class Places:
    """Where words stand in a text, for as many words as there are: the time does not grow with their number.

    A few words in a short text are searched for one by one, which is quicker than to index it.
    """

    def __init__(self, text: str, words: int) -> None:
        self._text = text
        self._starts: dict[str, list[int]] | None = None
        if words * len(text) > _SEARCHED:
            self._starts = {}
            for match in _RUN.finditer(text):
                self._starts.setdefault(match.group(), []).append(match.start())

    def of(self, word: str) -> Iterator[tuple[int, int]]:
        """As `occurrences`."""
        if self._starts is None:
            return occurrences(self._text, word)
        return self._indexed(word, self._starts)

    def _indexed(self, word: str, starts: dict[str, list[int]]) -> Iterator[tuple[int, int]]:
        runs = list(_RUN.finditer(word))
        if not runs:
            return
        # the run that is met least
        rare = min(runs, key=lambda run: len(starts.get(run.group(), ())))
        text = self._text
        for run in starts.get(rare.group(), ()):
            at = run - rare.start()
            end = at + len(word)
            apart = (at <= 0 or not text[at - 1].isalnum()) and (end >= len(text) or not text[end].isalnum())
            if at >= 0 and apart and text.startswith(word, at):
                yield at, end


_RUN = re.compile(r"[^\W_]+")
_SEARCHED = 1 << 20
"""Words times characters from which on a text is indexed."""


def occurrences(text: str, word: str) -> Iterator[tuple[int, int]]:
    """Where `word` stands in `text` as a whole: no letter or digit touches it, but for a possessive."""
    at = text.find(word)
    size = len(text)
    while at >= 0:
        end = at + len(word)
        open_before = at == 0 or not text[at - 1].isalnum()
        open_after = end == size or not text[end].isalnum()
        if open_before and open_after:
            yield at, end
        at = text.find(word, at + 1)


def _allowed(text: str, start: int, end: int, low: str) -> bool:
    word = text[start:end]
    lists = gazetteers.load()
    bits = lists.evidence(low)
    after = _next_word(text, end)
    if after in EPONYM_NOUNS and bits & (In.EPONYM | In.ORDINARY | In.WORD):
        return False
    if bits & (In.ORDINARY | In.WORD):
        before = text[max(0, start - 8) : start]
        starts = start == 0 or _SENTENCE_END.search(before) is not None
        at_ease = not starts or after in NAME_VERBS
        return word[0].isupper() and at_ease and not (len(word) > 1 and word.isupper())
    if word[0].isupper() and not word.isupper():
        return True
    return len(low) >= 4


def _next_word(text: str, end: int) -> str:
    """The word after `end` on the same line, folded."""
    match = _NEXT.match(text, end)
    return match.group(1).lower() if match else ""
