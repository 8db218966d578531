"""Budgets: who is let in, what is counted, how sums are shared and kept."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from osler.app.build import Swap, build
from osler.app.config import parse
from osler.core.errors import BudgetSpent
from osler.core.messages import Caller, ChatRequest, Message, Usage
from osler.core.models import Model
from osler.core.ports.estimator import Complexity
from osler.core.ports.spending import Spent
from osler.gateway.budgets import Budgets
from osler.gateway.config.budgets import BudgetConfig
from osler.gateway.estimate import Estimators
from osler.gateway.exchange import Failed
from osler.gateway.tokens import Size
from osler.stores import Database, SqlSpending
from osler.testing.clock import FixedClock

SIZE = Size(least=50, likely=100, answer=100)
MODEL = Model(name="m", id="m", price_in=2.0, price_out=10.0)
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.fixture
def spending(tmp_path: Path) -> SqlSpending:
    return SqlSpending(Database.open(tmp_path))


def _budgets(spending: SqlSpending, clock: FixedClock | None = None, **given: object) -> Budgets:
    config = BudgetConfig.model_validate({"tokens": 1_000, **given})
    return Budgets({"ward": config}, spending, clock or FixedClock(NOON))


def test_a_budget_admits_until_it_is_used_up_and_says_when_it_begins_anew(spending: SqlSpending) -> None:
    budgets, caller = _budgets(spending), Caller(key="k1")
    for _ in range(5):
        ticket = budgets.admit(caller, SIZE)
        budgets.settle(ticket, Usage(prompt=150, completion=50), MODEL, SIZE)
    with pytest.raises(BudgetSpent) as refused:
        budgets.admit(caller, SIZE)
    assert refused.value.retry_after_s == 12 * 3600
    assert budgets.admit(Caller(key="k2"), SIZE).held == 200


def test_what_is_in_flight_counts(spending: SqlSpending) -> None:
    budgets, caller = _budgets(spending), Caller(key="k1")
    tickets = [budgets.admit(caller, SIZE) for _ in range(5)]
    with pytest.raises(BudgetSpent):
        budgets.admit(caller, SIZE)
    for ticket in tickets:  # they failed: nothing was used
        budgets.settle(ticket, Usage(), None, None)
    assert not budgets.admit(caller, SIZE).over


def test_money_is_counted_in_millionths_of_a_dollar(spending: SqlSpending) -> None:
    budgets = _budgets(spending, tokens=None, usd=0.001)
    ticket = budgets.admit(Caller(), SIZE)
    budgets.settle(ticket, Usage(prompt=100, completion=80), MODEL, SIZE)
    with pytest.raises(BudgetSpent):
        budgets.admit(Caller(), SIZE)


def test_a_server_that_counts_nothing_is_counted_by_the_estimate(spending: SqlSpending) -> None:
    budgets = _budgets(spending, tokens=100)
    budgets.settle(budgets.admit(Caller(), SIZE), Usage(), MODEL, SIZE)
    with pytest.raises(BudgetSpent):
        budgets.admit(Caller(), SIZE)


def test_sums_survive_the_process_and_are_shared(spending: SqlSpending) -> None:
    one, two = _budgets(spending, each="all"), _budgets(spending, each="all")
    one.settle(one.admit(Caller(key="a"), SIZE), Usage(prompt=500, completion=0), MODEL, SIZE)
    two.settle(two.admit(Caller(key="b"), SIZE), Usage(prompt=500, completion=0), MODEL, SIZE)
    one.sync()
    two.sync()
    one.sync()
    for budgets in (one, two, _budgets(spending, each="all")):
        with pytest.raises(BudgetSpent):
            budgets.admit(Caller(key="c"), SIZE)


def test_a_new_period_begins_anew(spending: SqlSpending) -> None:
    for per, day in (("day", 1), ("month", 1)):
        clock = FixedClock(NOON)
        budgets = _budgets(spending, clock, per=per, tokens=100, keys=(per,))
        budgets.settle(budgets.admit(Caller(key=per), SIZE), Usage(prompt=100, completion=0), MODEL, SIZE)
        with pytest.raises(BudgetSpent):
            budgets.admit(Caller(key=per), SIZE)
        clock.set(datetime(2026, 12, day, 0, 0, 1, tzinfo=UTC))
        assert budgets.admit(Caller(key=per), SIZE).places


def test_the_rules_may_decide_what_happens_then(spending: SqlSpending) -> None:
    budgets = _budgets(spending, tokens=100, on_over="route")
    assert not budgets.admit(Caller(), SIZE).over
    assert budgets.admit(Caller(), SIZE).over


def test_only_those_whom_it_names_are_bound(spending: SqlSpending) -> None:
    budgets = _budgets(spending, tenants=("north",), roles=("service",))
    assert not budgets.admit(Caller(tenant="south", role="service"), SIZE).places
    assert budgets.admit(Caller(tenant="north", role="service"), SIZE).places


def test_sums_of_a_store_add_up_and_are_forgotten_by_period(spending: SqlSpending) -> None:
    place = ("ward:k1", "2026-11-30")
    spending.add({place: Spent(tokens=3, micro_usd=4), ("ward:k1", "2026-10"): Spent(tokens=1)})
    spending.add({place: Spent(tokens=3, micro_usd=4)})
    assert spending.read([place, ("other", "2026-11")]) == {place: Spent(tokens=6, micro_usd=8)}
    spending.forget(before="2026-11")
    assert list(spending.read([place, ("ward:k1", "2026-10")])) == [place]


class DownEstimator:
    """An estimator that is down."""

    name = "down"

    def task(self, request: ChatRequest) -> str | None:
        raise ValueError("down")

    def complexity(self, request: ChatRequest) -> Complexity:
        raise ValueError("down")


async def failed_in_step_1(workspace: Path) -> None:
    table = {"gateway": {"budgets": {"ward": {"tokens": 1_000}}}, "deid": {"engine": "fast"}}
    down = DownEstimator()
    swap = Swap(parts=lambda parts: replace(parts, estimators=Estimators(task=down, complexity=down)))
    platform = build(parse(table), workspace, swap=swap)
    try:
        request = ChatRequest(messages=(Message(role="user", content="Hello?"),), request_id="req_1")
        events = [event async for event in platform.pipeline.run(request)]
        assert isinstance(events[-1], Failed)
        budgets = platform.pipeline.parts.budgets
        assert all(share == 0 for shares in budgets.left().values() for share in shares.values())
        ticket = budgets.admit(request.caller, SIZE)
        held = {name: dict(shares) for name, shares in budgets.left().items()}
        assert held["ward"]["local"] == pytest.approx(SIZE.expected / 1_000)
        budgets.settle(ticket, Usage(), None, None)
    finally:
        await platform.aclose()


def test_what_fails_in_step_1_holds_nothing_of_a_budget(workspace: Path) -> None:
    asyncio.run(failed_in_step_1(workspace))
