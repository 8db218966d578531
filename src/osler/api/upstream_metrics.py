"""Metrics of step 6: model servers that fail, are left alone or are busy. Labels are configured names and states."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class UpstreamMetrics:
    """The part of the pipeline's Observer that hears of model servers."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._faults = Counter(
            "osler_upstream_faults_total", "Faults of model servers.", ["destination"], registry=registry
        )
        self._breakers = Gauge(
            "osler_breaker_state",
            "1 for the state of a model's circuit breaker that has changed: closed, open or half-open.",
            ["target", "state"],
            registry=registry,
        )
        self._retries = Counter(
            "osler_upstream_retries_total",
            "Calls made again for the same request at the same model.",
            ["target"],
            registry=registry,
        )
        self._hedges = Counter(
            "osler_upstream_hedges_total",
            "Second calls of latency-critical requests, by whether they were the first to answer (won, lost).",
            ["target", "outcome"],
            registry=registry,
        )
        self._shed = Counter(
            "osler_requests_shed_total",
            "Requests turned away as all model servers are busy: the queue was full, or they waited too long (late).",
            ["why"],
            registry=registry,
        )
        self._wan = Gauge("osler_wan_up", "1 while clouds can be reached, else 0.", registry=registry)

    def upstream_fault(self, destination: str) -> None:
        self._faults.labels(destination).inc()

    def breaker(self, target: str, state: str) -> None:
        for each in ("closed", "open", "half-open"):
            self._breakers.labels(target, each).set(each == state)

    def retried(self, target: str) -> None:
        self._retries.labels(target).inc()

    def hedged(self, target: str, *, won: bool) -> None:
        self._hedges.labels(target, "won" if won else "lost").inc()

    def shed(self, why: str) -> None:
        self._shed.labels(why).inc()

    def wan(self, up: bool) -> None:
        self._wan.set(up)
