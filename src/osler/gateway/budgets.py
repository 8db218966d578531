"""Budgets of tokens and money: who may still ask, and what each request has used up.

A request is admitted while the budget is not used up by what was counted and by what requests in flight are held to
take; what it really took is counted when it has ended. Sums are kept in the database. A process writes what it
counted once a second, and reads what others counted: a process that is killed loses at most that second of sums
(the audit records have the usage of each request), and several processes may together overdraw a budget by what
they admit within it.
"""

import math
import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from osler.core.clock import Clock
from osler.core.errors import BudgetSpent, OslerError
from osler.core.messages import Caller, Usage
from osler.core.models import Model
from osler.core.ports.spending import Spending, Spent
from osler.gateway.config.budgets import BudgetConfig
from osler.gateway.tokens import Size

SYNC_S = 1.0
"""Seconds between two times that sums are written and read."""
_NOTHING = Spent()
_MILLION = 1_000_000
Place = tuple[str, str]
"""An account and a period."""


@dataclass(slots=True)
class _Sum:
    """What is known of one account in one period."""

    stored: Spent = _NOTHING
    pending: Spent = _NOTHING
    held: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A request that was admitted: the places that it counts in, and the tokens that are held for it there."""

    places: tuple[Place, ...] = ()
    held: int = 0
    over: bool = field(default=False)
    """A budget that binds it is used up, and leaves it to the rules."""


NO_TICKET = Ticket()


class Budgets:
    """The budgets of a site, as one process sees them. Safe for threads."""

    def __init__(self, budgets: Mapping[str, BudgetConfig], spending: Spending, clock: Clock) -> None:
        self._budgets = dict(budgets)
        self._spending = spending
        self._clock = clock
        self._sums: dict[Place, _Sum] = {}
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._synced = -math.inf

    @property
    def is_idle(self) -> bool:
        """Whether there is no budget."""
        return not self._budgets

    @property
    def is_due(self) -> bool:
        """Whether sums are to be written and read: `sync` does it."""
        return not self.is_idle and self._clock.monotonic() - self._synced >= SYNC_S

    def admit(self, caller: Caller, size: Size) -> Ticket:
        """Let a request in that is held to take so much. Raises BudgetSpent, StoreError."""
        if self.is_idle:
            return NO_TICKET
        now = self._clock.now()
        bound = {
            _place(name, b, caller, now): (name, b) for name, b in self._budgets.items() if _binds(b, caller)
        }
        self._learn(tuple(bound))
        over = False
        with self._lock:
            for place, (name, budget) in bound.items():
                if not _is_spent(self._sums[place], budget):
                    continue
                if budget.on_over == "refuse":
                    raise BudgetSpent(
                        f"The budget '{name}' is used up for this {budget.per}.",
                        remedy=f"Wait until the next {budget.per} begins (UTC), or raise gateway.budgets.{name}.",
                        retry_after_s=_until_next(budget, now),
                    )
                over = True
            for place in bound:
                self._sums[place].held += size.expected
        return Ticket(places=tuple(bound), held=size.expected, over=over)

    def settle(self, ticket: Ticket, usage: Usage, model: Model | None, size: Size | None) -> None:
        """Count what a request took; where the model server did not say, what it was held to take in."""
        if not ticket.places:
            return
        spent = _NOTHING if model is None else _spent(usage, model, size)
        with self._lock:
            for place in ticket.places:
                known = self._sums[place]
                known.held -= ticket.held
                known.pending += spent

    def sync(self) -> None:
        """Write what was counted and read what others counted. What cannot be written is kept, and tried again."""
        if not self._writing.acquire(blocking=False):
            return
        try:
            self._synced = self._clock.monotonic()
            with self._lock:
                pending = {p: s.pending for p, s in self._sums.items() if s.pending != _NOTHING}
                places = tuple(self._sums)
            try:
                self._spending.add(pending)
            except OslerError:
                return
            with self._lock:
                for place, written in pending.items():
                    known = self._sums[place]
                    known.stored += written
                    known.pending = Spent(
                        tokens=known.pending.tokens - written.tokens,
                        micro_usd=known.pending.micro_usd - written.micro_usd,
                    )
            stored = self._spending.read(places)
            with self._lock:
                for place in places:
                    self._sums[place].stored = stored.get(place, _NOTHING)
                self._forget_past()
        except OslerError:
            return
        finally:
            self._writing.release()

    def left(self) -> Mapping[str, Mapping[str, float]]:
        """Of each budget the share that is used up, by account: for metrics and the admin surface."""
        shares: dict[str, dict[str, float]] = defaultdict(dict)
        with self._lock:
            for (account, period), known in self._sums.items():
                name, _, whose = account.partition(":")
                budget = self._budgets.get(name)
                if budget is not None and period == _period(budget, self._clock.now()):
                    shares[name][whose] = _share(known, budget)
        return shares

    def _learn(self, places: tuple[Place, ...]) -> None:
        """Read the sums of accounts that this process has not met."""
        with self._lock:
            new = [place for place in places if place not in self._sums]
        if new:
            stored = self._spending.read(new)
            with self._lock:
                for place in new:
                    self._sums.setdefault(place, _Sum(stored=stored.get(place, _NOTHING)))

    def _forget_past(self) -> None:
        """Periods that are over, once nothing is held or pending in them."""
        now = self._clock.now()
        current = {_period(b, now) for b in self._budgets.values()}
        for place, known in list(self._sums.items()):
            if place[1] not in current and not known.held and known.pending == _NOTHING:
                del self._sums[place]


def _binds(budget: BudgetConfig, caller: Caller) -> bool:
    named = ((budget.keys, caller.key), (budget.tenants, caller.tenant), (budget.roles, caller.role))
    return all(names is None or own in names for names, own in named)


def _place(name: str, budget: BudgetConfig, caller: Caller, now: datetime) -> Place:
    whose = {"key": caller.key, "tenant": caller.tenant, "all": "all"}[budget.each]
    return f"{name}:{whose}", _period(budget, now)


def _period(budget: BudgetConfig, now: datetime) -> str:
    day = now.astimezone(UTC).date().isoformat()
    return day if budget.per == "day" else day[:7]


def _until_next(budget: BudgetConfig, now: datetime) -> float:
    now = now.astimezone(UTC)
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    begins = day + timedelta(days=1) if budget.per == "day" else _next_month(day)
    return max(1.0, (begins - now).total_seconds())


def _next_month(day: datetime) -> datetime:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def _is_spent(known: _Sum, budget: BudgetConfig) -> bool:
    return _share(known, budget) >= 1


def _share(known: _Sum, budget: BudgetConfig) -> float:
    spent = known.stored + known.pending
    shares = [0.0]
    if budget.tokens is not None:
        shares.append((spent.tokens + known.held) / budget.tokens)
    if budget.usd is not None:
        shares.append(spent.micro_usd / (budget.usd * _MILLION))
    return max(shares)


def _spent(usage: Usage, model: Model, size: Size | None) -> Spent:
    sent = usage.prompt if usage.prompt is not None else (size.likely if size else 0)
    got = usage.completion or 0
    # A price per million tokens in dollars is one of millionths of a dollar per token.
    return Spent(tokens=sent + got, micro_usd=math.ceil(sent * model.price_in + got * model.price_out))
