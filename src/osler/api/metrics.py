"""Prometheus metrics. Labels are configured names, step names and codes; never anything a caller sent."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from osler.api.upstream_metrics import UpstreamMetrics
from osler.app.agreements import agreements
from osler.app.live import Live

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Agreements(Collector):
    """How long the BAAs and determinations of the platform in force still hold."""

    def __init__(self, live: Live) -> None:
        self._live = live

    def collect(self) -> Iterator[Metric]:
        """One sample for each agreement."""
        platform = self._live.newest
        today = platform.pipeline.parts.clock.now().date()
        left = GaugeMetricFamily(
            "osler_agreement_days_left",
            "Days (UTC) after today on which a BAA or a determination still holds; negative once it ended.",
            labels=["destination", "kind"],
        )
        for agreement in agreements(platform.config):
            left.add_metric([agreement.destination, agreement.kind], agreement.days_left(today))
        yield left


class Metrics(UpstreamMetrics):
    """The Observer of the pipeline, and the counters of the HTTP edge."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        super().__init__(self.registry)
        self._steps = Histogram(
            "osler_step_seconds",
            "Time spent in the steps sensitivity, policy, route, ground and surrogate, in seconds.",
            ["step"],
            registry=self.registry, buckets=_BUCKETS,
        )  # fmt: skip
        self._outcomes = Counter(
            "osler_requests_total",
            "Chat requests by how they ended (answered, refused, failed, abandoned) and where they went.",
            ["outcome", "target"],
            registry=self.registry,
        )  # fmt: skip
        self._http = Counter(
            "osler_http_responses_total", "HTTP responses by route and status.", ["route", "status"],
            registry=self.registry,
        )  # fmt: skip
        self._acts = Counter(
            "osler_admin_acts_total",
            "Changes over /admin, and reads of the audit log and the vault, by how they ended (done, failed).",
            ["act", "outcome"],
            registry=self.registry,
        )

        self._reloads = Counter(
            "osler_config_reloads_total",
            "Reloads of the configuration by how they ended (activated, refused).",
            ["outcome"],
            registry=self.registry,
        )
        self._glass = Counter(
            "osler_break_glass_total",
            "Requests that broke the glass, by the caller's role.",
            ["role"],
            registry=self.registry,
        )

    def step(self, name: str, seconds: float) -> None:
        self._steps.labels(name).observe(seconds)

    def outcome(self, kind: str, target: str) -> None:
        self._outcomes.labels(kind, target).inc()

    def response(self, route: str, status: int) -> None:
        """An HTTP response was begun."""
        self._http.labels(route, str(status)).inc()

    def admin_act(self, name: str, outcome: str) -> None:
        """An act over the admin surface ended: done or failed."""
        self._acts.labels(name, outcome).inc()

    def reloaded(self, outcome: str) -> None:
        """A reload of the configuration ended: activated or refused."""
        self._reloads.labels(outcome).inc()

    def broke_glass(self, role: str) -> None:
        """A caller of a configured role broke the glass."""
        self._glass.labels(role).inc()

    def watch(self, collector: Collector) -> None:
        """Ask `collector` too whenever the metrics are read."""
        self.registry.register(collector)

    def text(self) -> bytes:
        """The exposition."""
        return generate_latest(self.registry)
