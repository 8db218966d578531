"""The algebra of spans: resolving, replacing, and settling in the engine."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from osler.core.spans import Label, Span, replace, resolve
from osler.deid.pipeline import settle

TEXT = "Anna Bell, 3/14/2024: call 617-555-0123 (home) or anna@bell.example, please!"


@st.composite
def spans(draw: st.DrawFn) -> Span:
    start = draw(st.integers(0, len(TEXT) - 1))
    end = draw(st.integers(start + 1, len(TEXT)))
    label = draw(st.sampled_from([Label.NAME, Label.DATE, Label.PHONE]))
    return Span(start=start, end=end, label=label, score=draw(st.sampled_from([0.5, 0.8, 0.95])))


def covered(found: tuple[Span, ...] | list[Span]) -> set[int]:
    return {i for s in found for i in range(s.start, s.end)}


@given(st.lists(spans(), max_size=12))
def test_resolving_keeps_every_covered_character_and_no_overlap(found: list[Span]) -> None:
    resolved = resolve(found)
    assert covered(resolved) == covered(found)
    assert all(a.end <= b.start for a, b in pairwise(resolved))
    assert resolve(resolved) == resolved


@given(st.lists(spans(), max_size=12))
def test_settling_uncovers_nothing_but_edges(found: list[Span]) -> None:
    settled = settle(TEXT, found)
    assert all(a.end <= b.start for a, b in pairwise(settled))
    lost = covered(found) - covered(settled)
    assert not any(TEXT[i].isalnum() for i in lost)
    assert covered(settled) <= covered(found)


@given(st.lists(spans(), max_size=8))
def test_replacing_by_itself_changes_nothing(found: list[Span]) -> None:
    resolved = resolve(found)
    assert replace(TEXT, resolved, lambda _, value: value) == TEXT
    outside = "".join(c for i, c in enumerate(TEXT) if i not in covered(resolved))
    assert replace(TEXT, resolved, lambda _span, _value: "") == outside
