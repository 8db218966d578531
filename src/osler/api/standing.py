"""Metrics that are read when they are asked for: how the platform in force stands at that moment."""

from collections.abc import Callable, Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from osler.app.agreements import agreements
from osler.app.build import Platform
from osler.app.live import Live

_BREAKER = ("closed", "open", "half-open")
DESCRIBED: dict[str, tuple[str, tuple[str, ...]]] = {
    "osler_requests_in_flight": (
        "Requests that this process is answering; health, readiness and metrics are not counted.",
        (),
    ),
    "osler_agreement_days_left": (
        "Days (UTC) after today on which a BAA or a determination still holds; negative once it ended.",
        ("destination", "kind"),
    ),
    "osler_breaker_state": (
        "1 for the state of a model's circuit breaker (closed, open, half-open), else 0.",
        ("target", "state"),
    ),
    "osler_upstream_in_flight": ("Requests that are at a destination.", ("destination",)),
    "osler_upstream_waiting": ("Requests that wait for a place at a destination.", ("destination",)),
    "osler_wan_up": ("1 while clouds can be reached, else 0.", ()),
    "osler_budget_used_ratio": (
        "The share of a budget that is used up (1: all of it), of whoever has used most of theirs.",
        ("budget",),
    ),
}
"""Meaning and labels of each."""


class Standing(Collector):
    """Agreements, breakers, the WAN, queues, budgets and requests in flight."""

    def __init__(self, live: Live, in_flight: Callable[[], int]) -> None:
        self._live = live
        self._in_flight = in_flight

    def collect(self) -> Iterator[Metric]:
        """Each as it is now."""
        yield from standing(self._live.newest, self._in_flight())


def standing(platform: Platform, in_flight: int) -> Iterator[Metric]:
    """The metrics of a platform that answers so many requests."""
    parts = platform.pipeline.parts
    flying = _family("osler_requests_in_flight")
    flying.add_metric([], in_flight)
    breakers, at = _family("osler_breaker_state"), _family("osler_upstream_in_flight")
    waiting, wan = _family("osler_upstream_waiting"), _family("osler_wan_up")
    seen = set[str]()
    for state in parts.failover.states():
        for each in _BREAKER:
            breakers.add_metric([f"{state.destination}/{state.model}", each], float(each == state.breaker))
        if state.destination not in seen:
            seen.add(state.destination)
            at.add_metric([state.destination], state.in_flight)
            waiting.add_metric([state.destination], state.waiting)
    wan.add_metric([], not parts.failover.wan_down)
    budgets = _family("osler_budget_used_ratio")
    for name, shares in parts.budgets.left().items():
        budgets.add_metric([name], max(shares.values(), default=0.0))
    yield from (flying, _agreements(platform), breakers, at, waiting, wan, budgets)


def _agreements(platform: Platform) -> Metric:
    """How long BAAs and determinations still hold."""
    today = platform.pipeline.parts.clock.now().date()
    left = _family("osler_agreement_days_left")
    for agreement in agreements(platform.config):
        left.add_metric([agreement.destination, agreement.kind], agreement.days_left(today))
    return left


def _family(name: str) -> GaugeMetricFamily:
    meaning, labels = DESCRIBED[name]
    return GaugeMetricFamily(name, meaning, labels=labels)
