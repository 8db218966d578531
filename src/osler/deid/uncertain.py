"""What is worth a second look: spans taken on weak evidence, doubts left in the text, and what the site let through."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from osler.core.spans import Span
from osler.deid.evidence import accepted, is_sure, settle, threshold

Why = Literal["score", "joined", "left"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """What was found in a text. `spans` are taken, as `Deidentifier.find` gives them.

    joined       spans among those that no detector was sure of alone: doubts of several added up
    left         doubts that were not taken: they stand in the text still
    let_through  what would have been taken, had the site's protocol not said that it stays
    """

    spans: tuple[Span, ...]
    joined: frozenset[Span] = frozenset()
    left: tuple[Span, ...] = ()
    let_through: tuple[Span, ...] = ()

    def uncertain(self, *, below: float, above: float) -> Iterator[tuple[Span, Why]]:
        """Spans with a score under `below`, joined ones, and doubts of at least `above` that were left; in order."""
        found: list[tuple[Span, Why]] = [(s, "left") for s in self.left if s.score >= above]
        for span in self.spans:
            if span in self.joined:
                found.append((span, "joined"))
            elif span.score < below:
                found.append((span, "score"))
        yield from sorted(found, key=lambda row: row[0].start)


def weighed(
    text: str, evidence: Sequence[Span], spans: tuple[Span, ...], stays: Callable[[Span], bool]
) -> Weighed:
    """From all that detectors said of a text, what was taken of it, and which spans stay by the site's protocol."""
    least = threshold(evidence, len(text))
    through = [s for s in accepted(evidence, least) if stays(s)]
    doubts = [s for s in evidence if not is_sure(s, least) and not stays(s)]
    sure = _overlapping([s for s in evidence if is_sure(s, least)])
    weak = _overlapping(doubts)
    taken = _overlapping(spans)
    return Weighed(
        spans=spans,
        joined=frozenset(s for s in spans if not sure(s) and any(d.detector == s.detector for d in weak(s))),
        left=settle(text, [d for d in doubts if not taken(d)]),
        let_through=tuple(s for s in settle(text, through) if not taken(s)) if through else (),
    )


def _overlapping(spans: Sequence[Span]) -> Callable[[Span], list[Span]]:
    """A look-up of the spans that overlap a given one. Quick, as spans are short and their number by place is small."""
    places: dict[int, list[Span]] = {}
    for span in spans:
        for place in range(span.start >> _SHIFT, (span.end - 1 >> _SHIFT) + 1):
            places.setdefault(place, []).append(span)

    def look(span: Span) -> list[Span]:
        near = range(span.start >> _SHIFT, (span.end - 1 >> _SHIFT) + 1)
        return [
            s for place in near for s in places.get(place, ()) if s.start < span.end and span.start < s.end
        ]

    return look


_SHIFT = 6
"""Places are 64 characters long."""
