"""Scoring: tokens, entities, labels, leaks, and intervals that cover what they promise."""

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osler.core.spans import Label, Span
from osler.deid.evaluate import Document, Evaluation, Result
from osler.deid.intervals import rate, wilson

TEXT = "Dr. Ann-Marie Whitfield, 617-555-0142, of Boston. No fever on 3/14."
NAME, PHONE, PLACE, DATE = (4, 23, "NAME"), (25, 37, "PHONE"), (42, 48, "LOCATION"), (62, 66, "DATE")


def spans(*given: tuple[int, int, str]) -> tuple[Span, ...]:
    return tuple(Span(start=a, end=b, label=Label(label)) for a, b, label in given)


def score(
    *documents: tuple[list[tuple[int, int, str]], list[tuple[int, int, str]]], **options: int
) -> Result:
    evaluation = Evaluation(**options)
    for n, (gold, found) in enumerate(documents):
        evaluation.add(Document(id=f"d{n}", text=TEXT, gold=spans(*gold), found=spans(*found)))
    return evaluation.result()


def test_the_text_is_as_the_cases_think() -> None:
    shown = [TEXT[a:b] for a, b, _ in (NAME, PHONE, PLACE, DATE)]
    assert shown == ["Ann-Marie Whitfield", "617-555-0142", "Boston", "3/14"]


ALL = [NAME, PHONE, PLACE, DATE]
# gold, found, tokens covered / gold, tokens right / found, entities whole, partly, missed, exact
CASES = [
    ("all", ALL, ALL, (9, 9), (9, 9), (4, 0, 0, 4)),
    ("none", ALL, [], (0, 9), (0, 0), (0, 0, 4, 0)),
    ("nothing to find", [], [], (0, 0), (0, 0), (0, 0, 0, 0)),
    ("nothing to find, something found", [], [NAME], (0, 0), (0, 3), (0, 0, 0, 0)),
    ("another label", ALL, [NAME, (25, 37, "FAX"), PLACE, DATE], (9, 9), (9, 9), (4, 0, 0, 3)),
    ("a part of a name", [NAME], [(14, 23, "NAME")], (1, 3), (1, 1), (0, 1, 0, 0)),
    ("punctuation left out", [NAME], [(4, 7, "NAME"), (8, 13, "NAME"), (14, 23, "NAME")], (3, 3), (3, 3), (1, 0, 0, 0)),
    ("half of a token", [PLACE], [(42, 45, "LOCATION")], (0, 1), (1, 1), (0, 1, 0, 0)),
    ("two halves of a token", [PLACE], [(42, 45, "NAME"), (45, 48, "DATE")], (1, 1), (1, 1), (1, 0, 0, 0)),
    ("too much", [PLACE], [(39, 52, "LOCATION")], (1, 1), (1, 3), (1, 0, 0, 0)),
    ("overlapping gold", [NAME, (14, 23, "NAME")], [NAME], (3, 3), (3, 3), (2, 0, 0, 1)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("gold", "found", "recall", "precision", "entities"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_counts(
    gold: list[tuple[int, int, str]],
    found: list[tuple[int, int, str]],
    recall: tuple[int, int],
    precision: tuple[int, int],
    entities: tuple[int, int, int, int],
) -> None:
    result = score((gold, found))
    assert (result.tokens.recall.hits, result.tokens.recall.of) == recall
    assert (result.tokens.precision.hits, result.tokens.precision.of) == precision
    counted = (
        result.entities_whole.hits,
        result.entities_partly,
        result.entities_missed,
        result.exact.recall.hits,
    )
    assert counted == entities


def test_labels_count_where_they_are_said_to() -> None:
    result = score((ALL, [NAME, (25, 37, "FAX"), PLACE]))
    phone, fax = result.labels[Label.PHONE], result.labels[Label.FAX]
    assert phone.covered.value == 1.0
    assert phone.labelled.recall.value == 0.0
    assert phone.whole.value == 1.0
    assert phone.exact.recall.value == 0.0
    assert fax.labelled.precision.value == 0.0
    assert fax.covered.value is None
    assert result.labels[Label.NAME].exact.f1.value == 1.0
    assert result.labels[Label.DATE].missed == 1


def test_documents() -> None:
    result = score(
        (ALL, ALL), (ALL, [NAME, PHONE, PLACE]), ([PLACE], [(42, 45, "NAME")]), ([], []), ([], [NAME])
    )
    assert result.documents == 5
    assert (result.leaking.hits, result.leaking.of) == (2, 3)
    assert (result.missing_whole.hits, result.missing_whole.of) == (1, 3)
    assert (result.free_touched.hits, result.free_touched.of) == (1, 2)
    tokens = len(re.findall(r"\w+", TEXT))
    assert result.over_redaction.of == 5 * tokens - 9 - 9 - 1
    assert result.over_redaction.hits == 3
    assert result.leakiest == (("d1", 1), ("d2", 1))


def test_f1_is_the_harmonic_mean() -> None:
    result = score((ALL, [NAME, PHONE, (0, 3, "NAME"), (49, 52, "NAME")]))
    p, r = result.tokens.precision.value, result.tokens.recall.value
    assert p
    assert r
    assert result.tokens.f1.value == pytest.approx(2 * p * r / (p + r))


def test_the_worst_misses_come_first_and_show_text_only_when_asked() -> None:
    found = [(14, 23, "NAME")]
    result = score((ALL, found), ([PLACE], []), worst=4)
    assert [(m.id, m.label.value, m.whole) for m in result.misses] == [
        ("d0", "PHONE", True),
        ("d0", "LOCATION", True),
        ("d1", "LOCATION", True),
        ("d0", "DATE", True),
    ]
    assert not any(m.context for m in result.misses)
    shown = score((ALL, found), worst=9, context=4).misses
    assert shown[0].context == "ld, 617-555-0142, of"
    assert (shown[-1].label, shown[-1].uncovered) == (Label.NAME, 10)
    assert "Whitfield" not in repr(shown)


@given(
    st.lists(
        st.tuples(st.integers(0, 60), st.integers(1, 9), st.sampled_from(list(Label))).map(
            lambda t: (t[0], min(t[0] + t[1], len(TEXT)), t[2].value)
        ),
        max_size=8,
    ),
    st.lists(
        st.tuples(st.integers(0, 60), st.integers(1, 9), st.sampled_from(list(Label))).map(
            lambda t: (t[0], min(t[0] + t[1], len(TEXT)), t[2].value)
        ),
        max_size=8,
    ),
)
def test_any_spans_add_up(gold: list[tuple[int, int, str]], found: list[tuple[int, int, str]]) -> None:
    result = score((gold, found))
    whole = result.entities_whole
    assert whole.hits + result.entities_partly + result.entities_missed == whole.of == len(set(gold))
    assert sum(r.whole.of for r in result.labels.values()) == len(set(gold))
    assert result.tokens.recall.hits <= result.tokens.precision.hits <= result.tokens.precision.of
    perfect = score((gold, gold))
    assert perfect.tokens.recall.value in (None, 1.0)
    assert perfect.entities_missed == perfect.entities_partly == 0
    assert perfect.over_redaction.hits == 0


# -- intervals


def test_wilson_is_as_published() -> None:
    """Newcombe (1998), Statistics in Medicine 17:857, table I, method 3: 81 of 263, 15 of 148, 0 of 20, 1 of 29."""
    for hits, of, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)):  # fmt: skip
        got = wilson(hits / of, of)
        assert got == pytest.approx((low, high), abs=5e-5)


def test_independent_cases_are_wilson_s() -> None:
    got = rate([(1, 1)] * 81 + [(0, 1)] * 182)
    assert (got.low, got.high) == pytest.approx((0.2553, 0.3662), abs=2e-3)


@pytest.mark.parametrize("documents", [1, 2, 50])
def test_all_found_is_no_proof(documents: int) -> None:
    got = rate([(40, 40)] * documents)
    assert got.value == got.high == 1.0
    assert got.low == pytest.approx(wilson(1.0, documents)[0])


def test_no_case_is_no_rate() -> None:
    got = rate([(0, 0), (0, 0)])
    assert (got.value, got.low, got.high) == (None, None, None)


def test_intervals_of_clustered_cases_cover() -> None:
    """Tokens that are found or missed by documents: 95% of the intervals hold the truth, where naive ones do not."""
    chance = random.Random(3)
    covered = naive = 0
    runs = 400
    for _ in range(runs):
        pairs = []
        for _ in range(80):
            likely = chance.betavariate(9, 1)
            of = chance.randint(3, 30)
            pairs.append((sum(chance.random() < likely for _ in range(of)), of))
        got = rate(pairs)
        assert got.low
        assert got.high
        assert got.value
        covered += got.low <= 0.9 <= got.high
        low, high = wilson(got.value, got.of)
        naive += low <= 0.9 <= high
    assert 0.92 <= covered / runs <= 0.985
    assert naive / runs < 0.8
