"""From what several detectors say to what is taken: sure spans stay, doubts count together, overlaps are resolved.

A detector's score is the probability that it gives to "an identifier stands here". Spans below `ACCEPT` are doubts: one
alone is dropped, two of different detectors that overlap are joined as independent evidence (noisy or). So a number
that only looks like an extension is taken when the network too suspects it, and not otherwise.
"""

from collections.abc import Sequence
from dataclasses import replace

from osler.core.spans import Label, Span, resolve

ACCEPT = 0.45
"""From which score on a span is taken; below one half, because a missed identifier costs more than a word too many."""
_EDGE = " \t\r\n,;:()[]{}<>\"'’“”*|"


def accepted(spans: Sequence[Span], least: float = ACCEPT) -> list[Span]:
    """The spans that are sure enough, with the doubts that other evidence lifts over `least`; unordered, may overlap."""
    sure = [s for s in spans if s.score >= least]
    doubts = [s for s in spans if s.score < least]
    if not doubts:
        return sure
    doubts.sort(key=lambda s: (s.start, s.end))
    taken = list(sure)
    for i, span in enumerate(doubts):
        rest = 1.0 - span.score
        for other in doubts[i + 1 :]:
            if other.start >= span.end:
                break
            if other.detector != span.detector:
                rest *= 1.0 - other.score
        if 1.0 - rest >= least:
            end = max(
                [
                    span.end,
                    *(o.end for o in doubts[i + 1 :] if o.start < span.end and o.detector != span.detector),
                ]
            )
            taken.append(replace(span, end=end, score=round(1.0 - rest, 3)))
    return taken


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
                row[-1] = replace(best, start=old.start, end=max(old.end, span.end))
        else:
            row.append(span)
    return [span for row in by_label.values() for span in row]


def _trimmed(text: str, span: Span) -> Span | None:
    start, end = span.start, span.end
    while start < end and text[start] in _EDGE and not (text[start] == "(" and ")" in text[start:end]):
        start += 1
    while end > start and text[end - 1] in _EDGE and not (text[end - 1] == ")" and "(" in text[start:end]):
        end -= 1
    if start == end:
        return None
    return span if (start, end) == (span.start, span.end) else replace(span, start=start, end=end)
