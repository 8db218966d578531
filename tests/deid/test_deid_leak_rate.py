"""Intervals against published values and the binomial; estimates by strata; samples; what is refused."""

from collections import Counter
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osler.core.errors import InputError
from osler.core.spans import Label
from osler.deid.exact import clopper_pearson
from osler.deid.intervals import wilson
from osler.deid.leak_rate import Reviewed, estimate
from osler.deid.sample import draw, stratum

NAME = Label.NAME


@pytest.mark.parametrize(
    ("hits", "cases", "low", "high"),
    [
        (0, 10, 0.0, 0.3085),
        (1, 20, 0.0013, 0.2487),
        (5, 10, 0.1871, 0.8129),
        (10, 100, 0.0490, 0.1762),
        (81, 263, 0.2527, 0.3676),
        (20, 20, 0.8316, 1.0),
        (0, 3000, 0.0, 0.001229),
    ],
)
def test_exact_interval_against_published_values(hits: int, cases: int, low: float, high: float) -> None:
    assert clopper_pearson(hits, cases) == pytest.approx((low, high), abs=6e-5)


@given(st.integers(1, 120).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_exact_interval_leaves_two_and_a_half_per_cent_on_each_side(case: tuple[int, int]) -> None:
    hits, cases = case
    low, high = clopper_pearson(hits, cases)

    def tail(p: float, numbers: range) -> float:
        return sum(comb(cases, k) * p**k * (1 - p) ** (cases - k) for k in numbers)

    assert low <= hits / cases <= high
    if hits:
        assert tail(low, range(hits, cases + 1)) == pytest.approx(0.025, rel=1e-6)
    if hits < cases:
        assert tail(high, range(hits + 1)) == pytest.approx(0.025, rel=1e-6)


def documents(stratum: str, *misses: int, found: int | None = 10, wrong: int = 0) -> list[Reviewed]:
    return [
        Reviewed(id=f'"{stratum}{n}"', stratum=stratum, found=found, wrong=wrong, missed=(NAME,) * count)
        for n, count in enumerate(misses)
    ]


def test_uniform_sample_is_a_plain_proportion() -> None:
    rate = estimate(documents("all", *[1] * 6, *[0] * 94), {"all": 5000})
    assert (rate.leaking.hits, rate.leaking.of, rate.leaking.value) == (6, 100, 0.06)
    assert rate.leaking.exact == clopper_pearson(6, 100)
    assert rate.leaking.wilson == wilson(0.06, 100)
    assert rate.identifiers is not None
    assert rate.identifiers.of == 100 * 10 + 6
    assert rate.missed == {NAME: 6}
    assert len(rate.ids) == 6


def test_misses_that_come_together_widen_the_interval_of_identifiers() -> None:
    apart = estimate(documents("all", *[1] * 20, *[0] * 80), {"all": 1000}).identifiers
    together = estimate(documents("all", *[10] * 2, *[0] * 98), {"all": 1000}).identifiers
    assert apart is not None
    assert together is not None
    assert apart.value == pytest.approx(together.value)
    assert together.effective < apart.effective / 4
    assert together.exact[1] > apart.exact[1] * 1.5


def test_without_a_miss_the_documents_are_the_cases() -> None:
    rate = estimate(documents("all", *[0] * 200), {"all": 10_000})
    assert rate.identifiers is not None
    assert rate.identifiers.effective == 200
    assert rate.identifiers.exact == clopper_pearson(0, 200)
    assert rate.leaking.exact[1] == pytest.approx(0.0183, abs=1e-4)


def test_strata_weigh_by_their_size() -> None:
    sampled = [*documents("common", *[0] * 49, 1), *documents("rare", *[1] * 25, *[0] * 25)]
    rate = estimate(sampled, {"common": 9900, "rare": 100})
    # 2 % of 99 in a hundred, 50 % of one
    assert rate.leaking.value == pytest.approx(0.99 * 0.02 + 0.01 * 0.5)
    assert (rate.leaking.hits, rate.leaking.of) == (26, 100)
    assert rate.leaking.exact[0] < rate.leaking.value < rate.leaking.exact[1]
    # variance of a stratified proportion, by the textbook (Cochran 1977, 5.52, without the finite correction)
    variance = 0.99**2 * 0.02 * 0.98 / 49 + 0.01**2 * 0.25 / 49
    assert rate.leaking.effective == pytest.approx(rate.leaking.value * (1 - rate.leaking.value) / variance)


def test_unequal_weights_count_less_where_nothing_varies() -> None:
    rate = estimate([*documents("a", *[0] * 50), *documents("b", *[0] * 50)], {"a": 9900, "b": 100})
    assert 50 < rate.leaking.effective < 52
    assert rate.leaking.exact[1] > clopper_pearson(0, 100)[1]


def test_what_is_wrongly_found_does_not_count_as_found() -> None:
    rate = estimate(documents("all", *[1] * 10, found=10, wrong=5), {"all": 10})
    assert rate.identifiers is not None
    assert rate.wrong is not None
    assert rate.identifiers.value == pytest.approx(1 / 6)
    assert rate.wrong.value == pytest.approx(0.5)


def test_where_what_was_found_is_not_known_only_documents_are_estimated() -> None:
    rate = estimate(documents("all", 1, 0, found=None), {"all": 5})
    assert rate.identifiers is None
    assert rate.leaking.value == 0.5


@pytest.mark.parametrize(
    ("sampled", "strata", "named"),
    [
        ([], {"all": 5}, "No document"),
        (documents("all", 0, 0), {"all": 1}, "More documents"),
        (documents("x", 0), {"all": 3}, "More documents"),
    ],
)
def test_what_cannot_be_estimated_is_refused(
    sampled: list[Reviewed], strata: dict[str, int], named: str
) -> None:
    with pytest.raises(InputError, match=named):
        estimate(sampled, strata)


def test_a_stratum_that_nobody_read_is_told() -> None:
    rate = estimate(documents("a", 0, 0), {"a": 10, "b": 10}, unreviewed=3)
    assert (rate.unseen_strata, rate.unreviewed, rate.documents) == (1, 3, 20)


# -- samples


@given(
    st.lists(st.sampled_from("abc"), min_size=1, max_size=200),
    st.integers(6, 60),
    st.integers(0, 1000),
)
def test_samples_are_of_the_asked_size_and_come_again(names: list[str], size: int, seed: int) -> None:
    rows = list(enumerate(names, 1))
    drawn = draw(iter(rows), size, seed)
    assert drawn == draw(iter(rows), size, seed)
    assert len(drawn.chosen) == min(size, len(rows))
    assert all(names[number - 1] == name for number, name in drawn.chosen.items())
    assert {name: n for name, (n, _) in drawn.strata.items()} == Counter(names)
    assert Counter(drawn.chosen.values()) == Counter({name: k for name, (_, k) in drawn.strata.items() if k})


def test_each_document_is_drawn_as_often_as_any_other() -> None:
    times = Counter(n for seed in range(4000) for n in draw(((n, "all") for n in range(20)), 5, seed).chosen)
    assert len(times) == 20
    assert all(abs(count - 1000) < 150 for count in times.values())


def test_small_strata_are_read_whole_and_the_rest_goes_to_others() -> None:
    rows = [*((n, "rare") for n in range(4)), *((n, "common") for n in range(4, 5000))]
    assert draw(iter(rows), 50, 7).strata == {"common": (4996, 46), "rare": (4, 4)}


def test_too_small_a_sample_or_too_many_strata_are_refused() -> None:
    with pytest.raises(InputError, match="too small"):
        draw(((n, "abc"[n % 3]) for n in range(90)), 5, 1)
    with pytest.raises(InputError, match="64 strata"):
        draw(((n, str(n)) for n in range(70)), 10, 1)
    with pytest.raises(InputError, match="no document"):
        draw(iter(()), 10, 1)


@pytest.mark.parametrize(
    ("trait", "scores", "name"),
    [
        ("found", [], "none found"),
        ("found", [0.9] * 4, "1 to 4 found"),
        ("found", [0.9] * 5, "5 to 14 found"),
        ("found", [0.9] * 15, "15 or more found"),
        ("doubt", [0.9, 0.69], "uncertain"),
        ("doubt", [0.9, 0.7], "none uncertain"),
        ("doubt", [], "none uncertain"),
    ],
)
def test_strata(trait: str, scores: list[float], name: str) -> None:
    assert stratum(trait, scores) == name  # type: ignore[arg-type]
