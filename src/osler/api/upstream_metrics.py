"""Metrics of step 6: calls of model servers, which fail, are made again or take long. Labels are configured names."""

from prometheus_client import CollectorRegistry, Counter

from osler.api.times import Times

_BEGINNING = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class UpstreamMetrics:
    """The part of the pipeline's Observer that hears of model servers."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._faults = Counter(
            "osler_upstream_faults_total", "Faults of model servers.", ["destination"], registry=registry
        )
        self._begins = Times(
            "osler_upstream_begin_seconds",
            "From a call of a model to the first piece of its stream, or to its whole plain answer.",
            ("target", "kind"),
            _BEGINNING,
        )
        registry.register(self._begins)
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
        self._breaks = Counter(
            "osler_breaker_changes_total",
            "Changes of circuit breakers, by the state that they came to (closed, open, half-open).",
            ["target", "state"],
            registry=registry,
        )
        self._shed = Counter(
            "osler_requests_shed_total",
            "Requests turned away as all model servers are busy: the queue was full, or they waited too long (late).",
            ["why"],
            registry=registry,
        )

    def upstream_fault(self, destination: str) -> None:
        self._faults.labels(destination).inc()

    def began(self, target: str, seconds: float, *, stream: bool) -> None:
        self._begins.observe(seconds, target, "stream" if stream else "plain")

    def breaker(self, target: str, state: str) -> None:
        self._breaks.labels(target, state).inc()

    def retried(self, target: str) -> None:
        self._retries.labels(target).inc()

    def hedged(self, target: str, *, won: bool) -> None:
        self._hedges.labels(target, "won" if won else "lost").inc()

    def shed(self, why: str) -> None:
        self._shed.labels(why).inc()

    def wan(self, up: bool) -> None:
        """How it stands is read whenever somebody asks."""
