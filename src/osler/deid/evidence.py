"""From what several detectors say to what is taken: sure spans stay, doubts count together, overlaps are resolved.

A detector's score is the probability that it gives to "an identifier stands here". Spans below a threshold are doubts:
one alone is dropped, two of different detectors that overlap are joined as independent evidence (noisy or). So a number
that only looks like an extension is taken when the network too suspects it, and not otherwise.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace

from osler.core.spans import Label, Span, resolve

ACCEPT = 0.45
"""From which score on a span is taken that is not the network's; two doubts that reach it together are taken too."""
ANCHOR = 0.95
"""From which score on a span speaks for its whole text: where sure identifiers stand, others are likely."""
_ACCEPT = (0.9, 0.35, 0.14)
"""From which score on a mark of the network is taken: in a text without anchors, with few, with many.

Low, for a missed identifier costs more than a word too many; but a text that seems to hold none is not touched for a
single doubt.
"""
_SHORT, _ACCEPT_SHORT = 150, 0.6
"""A question or a sentence has too little in it for anchors, and few words that could be mistaken: below so many
characters a mark needs less."""
_MANY, _SPARSE = 3, 800
"""Many anchors: at least so many, and at least one in so many characters."""
_CLOCK = re.compile(r"(?<=\d)[T ,@-]{1,3}(?:at )?\d{1,2}:\d\d")  # a clock time is no identifier
NETWORKS = frozenset({"tagger", "tagger_small"})
"""The sequence models, by the names of their detectors."""
_PROSE = frozenset({Label.NAME, Label.LOCATION})
_LABELLED = 0.6
_LEAST_VALUE = 5
_NEAR = 4
_EDGE = " \t\r\n,;:()[]{}<>\"'’“”*|"


def threshold(spans: Sequence[Span], length: int) -> float:
    """From which score on the network's marks count in a text of `length` characters in which `spans` were found."""
    anchors = len({s.start for s in spans if s.score >= ANCHOR})
    if anchors >= _MANY and anchors * _SPARSE >= length:
        return _ACCEPT[2]
    if anchors:
        return _ACCEPT[1]
    return _ACCEPT_SHORT if length < _SHORT else _ACCEPT[0]


def is_sure(span: Span, least: float) -> bool:
    """Whether a span is taken without other evidence, where the network's marks need `least`."""
    return span.score >= (least if span.detector in NETWORKS else ACCEPT)


def accepted(spans: Sequence[Span], least: float) -> list[Span]:
    """The spans that are sure enough, with the doubts that other evidence lifts; unordered, they may overlap."""
    sure = [s for s in spans if is_sure(s, least)]
    if len(sure) == len(spans):
        return sure
    doubts = sorted((s for s in spans if not is_sure(s, least)), key=lambda s: (s.start, s.end))
    taken = list(sure)
    for i, span in enumerate(doubts):
        rest, end = 1.0 - span.score, span.end
        for k in range(i + 1, len(doubts)):
            other = doubts[k]
            if other.start >= span.end:
                break
            if other.detector != span.detector:
                rest *= 1.0 - other.score
                end = max(end, other.end)
        if rest < 1.0 - span.score and 1.0 - rest >= ACCEPT:
            taken.append(replace(span, end=end, score=round(1.0 - rest, 3)))
    return taken


def agreed(spans: Sequence[Span]) -> list[Span]:
    """The network's marks under the label of a pattern that they overlap: a field's label knows better what it is.

    Names and places keep their own: there the network is the better judge.
    """
    sure = sorted(
        (s for s in spans if s.detector not in NETWORKS and s.label not in _PROSE and s.score >= _LABELLED),
        key=lambda s: s.start,
    )
    if not sure:
        return list(spans)
    starts = [s.start for s in sure]
    out = []
    for span in spans:
        if span.detector in NETWORKS and span.label not in _PROSE:
            at = bisect_left(starts, span.end)
            near = (s for s in sure[max(0, at - _NEAR) : at] if s.end > span.start)
            other = next(near, None)
            if other is not None and other.label is not span.label:
                span = replace(span, label=other.label)
        out.append(span)
    return out


def consistent(texts: Sequence[str], found: Sequence[Sequence[Span]]) -> list[tuple[Span, ...]]:
    """The same number under the same label wherever it stands: the one that a pattern gave it, else the surest."""
    best: dict[str, tuple[bool, float, Label]] = {}
    values = [
        ["" if s.label in _PROSE else _bare(text[s.start : s.end]) for s in spans]
        for text, spans in zip(texts, found, strict=True)
    ]
    for spans, row in zip(found, values, strict=True):
        for span, value in zip(spans, row, strict=True):
            if len(value) >= _LEAST_VALUE:
                rank = (span.detector not in NETWORKS and span.score >= _LABELLED, span.score, span.label)
                best[value] = max(best.get(value, rank), rank)
    return [
        tuple(
            replace(s, label=best[v][2]) if v in best and s.label is not best[v][2] else s
            for s, v in zip(spans, row, strict=True)
        )
        for spans, row in zip(found, values, strict=True)
    ]


def _bare(value: str) -> str:
    """The letters and digits of a value, folded."""
    return value.lower() if value.isalnum() else "".join(filter(str.isalnum, value)).lower()


def bridged(text: str, spans: Sequence[Span]) -> list[Span]:
    """Neighbours of one label that the network marked, with at most a blank or a hyphen between, as one span."""
    out: list[Span] = []
    for span in sorted(spans, key=lambda s: (s.start, s.end)):
        if out and span.detector in NETWORKS:
            last = out[-1]
            near = (
                last.label is span.label
                and last.detector == span.detector
                and 0 <= span.start - last.end <= 1
            )
            if near and text[last.end : span.start] in ("", " ", "-"):
                out[-1] = replace(last, end=max(last.end, span.end), score=max(last.score, span.score))
                continue
        out.append(span)
    return out


def settle(text: str, spans: Sequence[Span]) -> tuple[Span, ...]:
    """Sorted spans without overlap: those of one label joined, the rest resolved, blanks and quotes trimmed off."""
    out: list[Span] = []
    group: list[Span] = []
    end = -1
    for span in sorted(_joined(spans), key=lambda s: (s.start, s.end)):
        if span.start >= end and group:
            out += resolve(group) if len(group) > 1 else group
            group = []
        group.append(span)
        end = max(end, span.end)
    if group:
        out += resolve(group) if len(group) > 1 else group
    return tuple(t for s in out if (t := _trimmed(text, s)) is not None)


def _joined(spans: Sequence[Span]) -> list[Span]:
    """Overlapping spans of one label as one, with the best score among them."""
    by_label: dict[Label, list[Span]] = {}
    for span in sorted(spans, key=lambda s: (s.start, -s.end)):
        row = by_label.setdefault(span.label, [])
        if row and span.start < row[-1].end:
            old = row[-1]
            if span.end > old.end or span.score > old.score:
                best = old if old.score >= span.score else span
                end = max(old.end, span.end)
                same = (best.start, best.end) == (old.start, end)
                row[-1] = best if same else replace(best, start=old.start, end=end)
        else:
            row.append(span)
    return [span for row in by_label.values() for span in row]


def _trimmed(text: str, span: Span) -> Span | None:
    start, end = span.start, span.end
    if span.label is Label.DATE and (clock := _CLOCK.search(text, start, end)):
        end = clock.start()
    while start < end and text[start] in _EDGE and not (text[start] == "(" and ")" in text[start:end]):
        start += 1
    while end > start and text[end - 1] in _EDGE and not (text[end - 1] == ")" and "(" in text[start:end]):
        end -= 1
    if start == end or (span.detector in NETWORKS and _is_crumb(text[start:end], span.label)):
        return None
    return span if (start, end) == (span.start, span.end) else replace(span, start=start, end=end)


def _is_crumb(value: str, label: Label) -> bool:
    """Whether it is signs alone, or one letter as a place: the H in `H&H 12.1`. One letter may be an initial."""
    if len(value) > 1 and value[:2].isalnum():
        return False
    count = sum(map(str.isalnum, value))
    return count == 0 or (count == 1 and label is Label.LOCATION and value.isascii())
