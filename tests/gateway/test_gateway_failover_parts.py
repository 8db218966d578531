"""The breaker, the budget and the ranks of targets, as values over a time that is handed in."""

import asyncio
from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osler.core.models import Destination, Model, Place
from osler.core.sensitivity import Sensitivity
from osler.gateway.config import BreakerConfig, QueueConfig, RuleConfig
from osler.gateway.failover.breaker import Breaker
from osler.gateway.failover.budget import Budget, pause_s
from osler.gateway.failover.paces import Paces
from osler.gateway.failover.room import Room
from osler.gateway.observe import NullObserver
from osler.gateway.policy import Facts, Policy
from osler.gateway.router import route
from osler.testing import FixedClock


def breaker(**keys: float) -> tuple[Breaker, list[str]]:
    states: list[str] = []
    return Breaker(BreakerConfig(**keys), states.append), states


def test_a_few_failures_among_many_answers_open_nothing() -> None:
    made, states = breaker(failures=5, share=0.5)
    for at in range(100):
        (made.failed if at % 3 == 0 else made.answered)(at / 10, probe=False)
    assert states == []


def test_old_failures_are_forgotten() -> None:
    made, states = breaker(failures=3, window_s=10)
    for at in (0, 1, 20, 21, 40, 41):
        made.failed(at, probe=False)
    assert states == []
    made.failed(41.5, probe=False)
    assert states == ["open"]


def test_an_open_breaker_waits_longer_each_time_up_to_a_bound() -> None:
    made, _ = breaker(failures=1, open_s=2, longest_s=5)
    made.failed(0, probe=False)
    now, waits = 0.0, []
    for _ in range(4):
        waits.append(made.wait_s(now))
        assert not made.admits(now + waits[-1] - 0.01)
        now += waits[-1]
        assert made.admits(now)
        assert made.begin(now)
        assert not made.admits(now)
        made.failed(now, probe=True)
    assert waits == [2, 4, 5, 5]


def test_late_answers_of_calls_made_before_say_nothing() -> None:
    made, states = breaker(failures=1)
    made.failed(0, probe=False)
    made.answered(0.1, probe=False)
    made.failed(0.1, probe=False)
    assert states == ["open"]


def test_a_breaker_of_no_failures_never_opens() -> None:
    made, states = breaker(failures=0)
    for _ in range(50):
        made.failed(0, probe=False)
    assert states == []


def test_nobody_rests_for_longer_than_a_minute() -> None:
    made, _ = breaker()
    made.rest(0, 86_400)
    assert made.wait_s(0) == 60
    assert made.admits(60)


@given(st.lists(st.sampled_from(["fail", "answer", "begin", "give up", "wait"]), max_size=60))
def test_a_breaker_always_comes_back(acts: list[str]) -> None:
    """Whatever happens, once the longest time has passed and nobody tries it, a call is let through."""
    made, _ = breaker(failures=2, share=0.1, open_s=1, longest_s=8)
    now, probes = 0.0, 0
    for act in acts:
        if act == "wait":
            now += 1.5
        elif act == "begin" and made.admits(now):
            probes += made.begin(now)
        elif act == "give up" and probes:
            made.given_up(probe=True)
            probes -= 1
        elif act in ("fail", "answer"):
            (made.failed if act == "fail" else made.answered)(now, probe=bool(probes))
            probes = 0
        assert probes <= 1
    if probes:
        made.given_up(probe=True)
    assert made.admits(now + 8)


def test_a_budget_is_a_share_with_a_little_in_hand() -> None:
    budget = Budget(0.5)
    assert sum(budget.take(0) for _ in range(30)) == 10
    for _ in range(4):
        budget.earn()
    assert sum(budget.take(0) for _ in range(30)) == 2
    assert sum(budget.take(30) for _ in range(30)) == 3
    assert not Budget(0).take(1e9)


def test_pauses_grow_at_random_up_to_the_longest() -> None:
    rng = Random(1)
    for attempt, most in ((1, 0.1), (2, 0.2), (3, 0.4), (9, 2.0), (10_000, 2.0)):
        seen = [pause_s(attempt, 0.1, 2.0, rng) for _ in range(200)]
        assert 0 <= min(seen) < most / 4
        assert most * 3 / 4 < max(seen) <= most


def test_a_place_that_was_just_given_to_one_who_leaves_is_given_back() -> None:
    async def main() -> None:
        room = Room(QueueConfig(), FixedClock(), NullObserver())
        ward = Destination(name="ward", place=Place.ON_PREMISES, max_concurrent=1)
        room.enter(ward)
        waiting = asyncio.ensure_future(room.wait([ward], "interactive", 5.0))
        await asyncio.sleep(0)
        assert (room.at("ward"), room.waiting_for("ward")) == (1, 1)
        room.leave("ward", 0.1)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert (room.at("ward"), room.waiting) == (0, 0)
        assert room.has_place(ward)

    asyncio.run(main())


def test_paces_say_nothing_of_few() -> None:
    paces = Paces()
    for at in range(19):
        paces.note("a", float(at), stream=True)
    assert paces.quantile("a", 0.95, stream=True) is None
    for at in range(19, 100):
        paces.note("a", float(at), stream=True)
    assert paces.quantile("a", 0.95, stream=True) == 95.0
    assert paces.quantile("a", 0.95, stream=False) is None


@pytest.mark.parametrize(
    ("prefer", "ranks"),
    [
        ("cost", [("near", 0), ("twin", 0), ("far", 1), ("other", 2), ("last", 3)]),
        ("latency", [("near", 0), ("twin", 0), ("other", 1), ("far", 2), ("last", 3)]),
    ],
)
def test_equally_preferred_servers_of_one_model_are_one_group(
    prefer: str, ranks: list[tuple[str, int]]
) -> None:
    def at(name: str, place: Place, model: str, price: float) -> Destination:
        return Destination(name=name, place=place, models=(Model(name=model, id=model, price_in=price),))

    destinations = [
        at("near", Place.ON_PREMISES, "m", 0),
        at("twin", Place.ON_PREMISES, "m", 0),
        at("far", Place.PUBLIC_CLOUD, "m", 1),
        at("other", Place.ON_PREMISES, "n", 2),
        at("last", Place.ON_PREMISES, "m", 0),
    ]
    rule = RuleConfig(
        name="r",
        allow=("near", "twin", "far", "other"),
        fallback=("last",),
        prefer=prefer,
    )
    decision = Policy(destinations, [rule]).decide(Facts(sensitivity=Sensitivity.CLEAR), date(2026, 1, 1))
    assert [(t.destination.name, t.rank) for t in route(decision, "auto", "chat")] == ranks
