"""Token buckets under a clock that the test moves, with bounded memory; as many at once as there may be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osler.core.errors import Overloaded
from osler.gateway.limits import Concurrency, RateLimiter, duration


class Time:
    """Seconds, as the test says."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_minutes_worth_then_one_at_a_time() -> None:
    time = Time()
    limiter = RateLimiter(60, time)
    standings = [limiter.take("a") for _ in range(61)]
    assert [s.allowed for s in standings if s] == [True] * 60 + [False]
    last = standings[-1]
    assert last is not None
    assert (last.limit, last.remaining) == (60, 0)
    assert last.retry_s == pytest.approx(1.0)
    assert last.reset_s == pytest.approx(60.0)
    time.now += 0.9
    assert not limiter.take("a").allowed  # type: ignore[union-attr]
    time.now += 0.1
    assert limiter.take("a").allowed  # type: ignore[union-attr]
    assert not limiter.take("a").allowed  # type: ignore[union-attr]


def test_a_burst_of_its_own_and_callers_apart() -> None:
    limiter = RateLimiter(600, Time(), burst=2)
    assert [limiter.take("a").allowed for _ in range(3)] == [True, True, False]  # type: ignore[union-attr]
    assert limiter.take("b").allowed  # type: ignore[union-attr]


def test_no_limit_takes_no_memory() -> None:
    limiter = RateLimiter(0, Time())
    assert all(limiter.take(str(n)) is None for n in range(100))
    assert len(limiter) == 0


def test_many_callers_do_not_fill_the_memory_and_the_busy_one_is_not_forgotten() -> None:
    limiter = RateLimiter(60, Time(), burst=3, capacity=10)
    for n in range(100):
        standing = limiter.take("busy")
        assert standing is not None
        assert standing.allowed == (n < 3)
        limiter.take(f"other-{n}")
    assert len(limiter) == 10


def test_a_clock_that_goes_back_gives_nothing_away() -> None:
    time = Time()
    limiter = RateLimiter(60, time, burst=1)
    assert limiter.take("a").allowed  # type: ignore[union-attr]
    time.now -= 500
    assert not limiter.take("a").allowed  # type: ignore[union-attr]
    time.now += 1
    assert limiter.take("a").allowed  # type: ignore[union-attr]


@given(
    st.integers(1, 600),
    st.integers(1, 50),
    st.lists(st.floats(0, 30, allow_nan=False), min_size=1, max_size=60),
)
def test_never_more_than_the_burst_and_what_flowed_in(
    per_minute: int, burst: int, pauses: list[float]
) -> None:
    time = Time()
    limiter = RateLimiter(per_minute, time, burst=burst)
    let = 0
    for pause in pauses:
        time.now += pause
        standing = limiter.take("a")
        assert standing is not None
        let += standing.allowed
        assert let <= burst + (time.now - 1000) * per_minute / 60 + 1e-6
        assert 0 <= standing.remaining <= burst
        if not standing.allowed:
            time.now += standing.retry_s + 1e-6
            assert limiter.take("a").allowed  # type: ignore[union-attr]
            let += 1


def test_as_many_at_once_as_there_may_be() -> None:
    concurrency = Concurrency(2)
    with concurrency.one(), concurrency.one():
        with pytest.raises(Overloaded), concurrency.one():
            pass
        assert concurrency.now == 2
    with pytest.raises(ValueError), concurrency.one():
        raise ValueError
    assert concurrency.now == 0


DURATIONS = [
    (0, "0s"), (-1, "0s"), (0.0001, "1ms"), (0.35, "350ms"), (0.9999, "1s"), (1, "1s"), (1.2, "2s"), (60, "1m0s"),
    (90.5, "1m31s"), (3600, "1h0m0s"), (3725, "1h2m5s"),
]  # fmt: skip


@pytest.mark.parametrize(("seconds", "written"), DURATIONS)
def test_durations_as_openai_writes_them(seconds: float, written: str) -> None:
    assert duration(seconds) == written
