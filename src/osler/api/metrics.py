"""Prometheus metrics. Labels are configured names, step names and codes; never anything a caller sent."""

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """The Observer of the pipeline, and the counters of the HTTP edge."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
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
        self._faults = Counter(
            "osler_upstream_faults_total", "Faults of model servers.", ["destination"], registry=self.registry
        )
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

    def step(self, name: str, seconds: float) -> None:
        self._steps.labels(name).observe(seconds)

    def outcome(self, kind: str, target: str) -> None:
        self._outcomes.labels(kind, target).inc()

    def upstream_fault(self, destination: str) -> None:
        self._faults.labels(destination).inc()

    def response(self, route: str, status: int) -> None:
        """An HTTP response was begun."""
        self._http.labels(route, str(status)).inc()

    def admin_act(self, name: str, outcome: str) -> None:
        """An act over the admin surface ended: done or failed."""
        self._acts.labels(name, outcome).inc()

    def text(self) -> bytes:
        """The exposition."""
        return generate_latest(self.registry)
