"""Scoring found identifiers against annotated ones: recall, precision, F1, leaks, over-redaction, with intervals.

A **token** is a run of letters and digits. A gold token has a character in a gold span; it is covered when predictions
cover all its characters that gold covers, whatever their labels. A predicted token has a character in a prediction.
An **entity** is a gold span: found whole when each of its characters that is no blank or punctuation is covered, missed
when none is, partly found else. Labels count only where the words `labelled` or `exact` say so.

What the figures cannot show: identifiers that the annotators missed too, and notes unlike those that were annotated.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from osler.core.spans import Label, Span
from osler.deid.intervals import Rate, rate

_TOKEN = re.compile(r"[^\W_]+")
_GRAVEST = (
    Label.NAME, Label.SSN, Label.MRN, Label.HEALTH_PLAN, Label.ACCOUNT, Label.LICENSE, Label.EMAIL, Label.PHONE,
    Label.FAX, Label.BIOMETRIC, Label.PHOTO, Label.LOCATION, Label.DATE,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A text with its annotated and its found identifiers. `id` is as the files have it."""

    id: str
    text: str = field(repr=False)
    gold: tuple[Span, ...]
    found: tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Recall, precision and their harmonic mean."""

    recall: Rate
    precision: Rate
    f1: Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelResult:
    """How one label fared. `covered` and `whole` are whatever label the prediction has."""

    covered: Rate
    labelled: Scores
    whole: Rate
    partly: int
    missed: int
    exact: Scores


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """A gold span that was not found whole: where it stands, and how many of its characters are uncovered."""

    id: str
    start: int
    end: int
    label: Label
    uncovered: int
    context: str = field(default="", repr=False)

    @property
    def whole(self) -> bool:
        """Whether nothing of it was found."""
        return self.uncovered == self.end - self.start


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """All figures of an evaluation."""

    documents: int
    leaking: Rate
    missing_whole: Rate
    free_touched: Rate
    tokens: Scores
    over_redaction: Rate
    entities_whole: Rate
    entities_partly: int
    entities_missed: int
    exact: Scores
    labels: dict[Label, LabelResult]
    misses: tuple[Miss, ...]
    leakiest: tuple[tuple[str, int], ...]


@dataclass(slots=True)
class _Counts:
    """Of one document and one label, or of all labels together."""

    gold_tokens: int = 0
    covered: int = 0
    same_label: int = 0
    found_tokens: int = 0
    right_label: int = 0
    entities: int = 0
    whole: int = 0
    missed: int = 0
    exact: int = 0
    found: int = 0


class Evaluation:
    """Takes documents one by one; keeps counts of each, and the worst misses."""

    def __init__(self, *, worst: int = 20, context: int = 0) -> None:
        """`worst` misses are listed, each with `context` characters of text around it (0: no text at all)."""
        self._worst, self._context = worst, context
        self._labels: dict[Label, list[_Counts]] = {}
        self._all: list[_Counts] = []
        self._free: list[tuple[int, int]] = []
        self._misses: list[Miss] = []
        self._leaks: list[tuple[str, int]] = []
        self._untouched: list[tuple[int, int]] = []

    def add(self, document: Document) -> None:
        """Count a document in. Spans must lie within its text; one that is given twice counts once."""
        document = replace(document, gold=_distinct(document.gold), found=_distinct(document.found))
        view = _View(document)
        whole = _Counts()
        per_label = {
            label: _Counts() for label in sorted({s.label for s in (*document.gold, *document.found)})
        }
        view.count_tokens(whole, per_label)
        misses = list(view.count_entities(whole, per_label, self._context))
        self._all.append(whole)
        for label, counted in per_label.items():
            self._labels.setdefault(label, []).append(counted)
        others = len(view.tokens) - whole.gold_tokens
        self._free.append((whole.found_tokens - whole.right_label, others))
        if not document.gold:
            self._untouched.append((1 if document.found else 0, 1))
        if misses:
            self._leaks.append((document.id, len(misses)))
            self._misses = sorted((*self._misses, *misses), key=_gravity)[: self._worst]

    def result(self) -> Result:
        """The figures of all documents so far."""
        with_phi = [c for c in self._all if c.entities]
        return Result(
            documents=len(self._all),
            leaking=rate((1 if c.whole < c.entities else 0, 1) for c in with_phi),
            missing_whole=rate((1 if c.missed else 0, 1) for c in with_phi),
            free_touched=rate(self._untouched),
            tokens=_scores([(c.covered, c.gold_tokens, c.right_label, c.found_tokens) for c in self._all]),
            over_redaction=rate(self._free),
            entities_whole=rate((c.whole, c.entities) for c in self._all),
            entities_partly=sum(c.entities - c.whole - c.missed for c in self._all),
            entities_missed=sum(c.missed for c in self._all),
            exact=_scores([(c.exact, c.entities, c.exact, c.found) for c in self._all]),
            labels={label: _label_result(rows) for label, rows in sorted(self._labels.items())},
            misses=tuple(self._misses),
            leakiest=tuple(sorted(self._leaks, key=lambda leak: (-leak[1], leak[0]))[: self._worst]),
        )


class _View:
    """One document, its characters marked."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._gold = _marked(len(document.text), document.gold)
        self._found = _marked(len(document.text), document.found)
        self._bare = _marked(len(document.text), document.gold)
        for span in document.found:
            self._bare[span.start : span.end] = bytes(span.end - span.start)
        self.tokens = [match.span() for match in _TOKEN.finditer(document.text)]
        self._starts = [start for start, _ in self.tokens]

    def count_tokens(self, whole: _Counts, per_label: dict[Label, _Counts]) -> None:
        """Tokens into the counts."""
        for start, end in self.tokens:
            gold, found = 1 in self._gold[start:end], 1 in self._found[start:end]
            covered = gold and 1 not in self._bare[start:end]
            whole.gold_tokens += gold
            whole.covered += covered
            whole.found_tokens += found
            whole.right_label += gold and found
        gold_labels = self._labels(self._document.gold)
        found_labels = self._labels(self._document.found)
        for at, labels in gold_labels.items():
            start, end = self.tokens[at]
            for label in labels:
                counts = per_label[label]
                counts.gold_tokens += 1
                counts.covered += 1 not in self._bare[start:end]
                counts.same_label += label in found_labels.get(at, ())
        for at, labels in found_labels.items():
            for label in labels:
                per_label[label].found_tokens += 1
                per_label[label].right_label += label in gold_labels.get(at, ())

    def _labels(self, spans: Iterable[Span]) -> dict[int, set[Label]]:
        """The labels of each token, by its place in `tokens`."""
        labels: dict[int, set[Label]] = {}
        for span in spans:
            for at in self._within(span):
                labels.setdefault(at, set()).add(span.label)
        return labels

    def _within(self, span: Span) -> Iterator[int]:
        at = max(0, bisect_left(self._starts, span.start) - 1)
        while at < len(self.tokens) and self.tokens[at][0] < span.end:
            if self.tokens[at][1] > span.start:
                yield at
            at += 1

    def count_entities(self, whole: _Counts, per_label: dict[Label, _Counts], context: int) -> Iterator[Miss]:
        """Entities into the counts; those that were not found whole."""
        found = {(s.start, s.end, s.label) for s in self._document.found}
        for span in self._document.found:
            for counts in (whole, per_label[span.label]):
                counts.found += 1
        for span in self._document.gold:
            told = [i for i in range(span.start, span.end) if self._document.text[i].isalnum()]
            told = told or list(range(span.start, span.end))
            bare = sum(self._bare[i] for i in told)
            for counts in (whole, per_label[span.label]):
                counts.entities += 1
                counts.whole += not bare
                counts.missed += bare == len(told)
                counts.exact += (span.start, span.end, span.label) in found
            if bare:
                yield self._miss(span, bare == len(told), context)

    def _miss(self, span: Span, entirely: bool, context: int) -> Miss:
        text = self._document.text
        length = span.end - span.start
        around = text[max(0, span.start - context) : span.end + context] if context else ""
        return Miss(
            id=self._document.id,
            start=span.start,
            end=span.end,
            label=span.label,
            uncovered=length if entirely else self._bare[span.start : span.end].count(1),
            context=around,
        )


def _distinct(spans: Iterable[Span]) -> tuple[Span, ...]:
    return tuple({(s.start, s.end, s.label): s for s in spans}.values())


def _marked(length: int, spans: Iterable[Span]) -> bytearray:
    marks = bytearray(length)
    for span in spans:
        marks[span.start : span.end] = b"\1" * (span.end - span.start)
    return marks


def _label_result(rows: Sequence[_Counts]) -> LabelResult:
    return LabelResult(
        covered=rate((c.covered, c.gold_tokens) for c in rows),
        labelled=_scores([(c.same_label, c.gold_tokens, c.right_label, c.found_tokens) for c in rows]),
        whole=rate((c.whole, c.entities) for c in rows),
        partly=sum(c.entities - c.whole - c.missed for c in rows),
        missed=sum(c.missed for c in rows),
        exact=_scores([(c.exact, c.entities, c.exact, c.found) for c in rows]),
    )


def _scores(rows: Sequence[tuple[int, int, int, int]]) -> Scores:
    """From (hits, gold, right, found) of each document; F1 is the harmonic mean of the two rates."""
    recall = rate((hits, gold) for hits, gold, _, _ in rows)
    precision = rate((right, found) for _, _, right, found in rows)
    both = (recall.value or 0.0) + (precision.value or 0.0)
    mean = 2 * (recall.value or 0.0) * (precision.value or 0.0) / both if both else 0.0
    return Scores(
        recall=recall,
        precision=precision,
        f1=rate(((hits + right, gold + found) for hits, gold, right, found in rows), value=mean),
    )


def _gravity(miss: Miss) -> tuple[bool, int, int, str, int]:
    """The worst first: nothing of it found, then the kinds that lead to a person soonest, then the longest."""
    kind = _GRAVEST.index(miss.label) if miss.label in _GRAVEST else len(_GRAVEST)
    return (not miss.whole, kind, -miss.uncovered, miss.id, miss.start)
