"""Prometheus metrics. Labels are configured names, step names and codes; never anything a caller sent."""

from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.registry import Collector

from osler.api.children import Children
from osler.api.times import Times
from osler.api.trip import TRIP
from osler.api.upstream_metrics import UpstreamMetrics
from osler.gateway.observe import Ended

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_LONG = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)


class _RequestMetrics:
    """What is counted when a request has ended."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, what: str, *labels: str) -> Children[Counter]:
            return Children(Counter(name, what, labels, registry=registry))

        self._outcomes = counter(
            "osler_requests_total",
            "Requests of /v1 that go through the nine steps by how they ended (answered, refused, failed, abandoned: "
            "the caller went away) and where they went.",
            "outcome",
            "destination",
            "model",
        )
        self._tokens = counter(
            "osler_tokens_total",
            "Tokens as model servers counted them, by direction (in, out).",
            "direction",
            "model",
        )
        self._cost = counter(
            "osler_cost_usd_total",
            "US dollars, by these tokens and the configured prices.",
            "destination",
            "model",
        )
        self._phi = counter("osler_phi_found_total", "Identifiers found in requests, by kind.", "kind")
        self._redacted = counter(
            "osler_phi_redacted_total",
            "Identifiers that a model made up and that were taken out of its answer, by kind.",
            "kind",
        )
        self._refusals = counter(
            "osler_refusals_total",
            "Requests that were refused or failed, by the error's code and the rule that had decided, if any.",
            "code",
            "rule",
        )
        self._findings = counter("osler_findings_total", "What checks found.", "kind", "severity")
        self._reused = counter(
            "osler_reused_total",
            "Requests answered without a call of their own: from an answer kept from before (kept), or by a call "
            "shared with identical requests (shared).",
            "how",
        )
        self._time(registry)

    def _time(self, registry: CollectorRegistry) -> None:
        def times(name: str, what: str, buckets: tuple[float, ...], *labels: str) -> Times:
            made = Times(name, what, labels, buckets)
            registry.register(made)
            return made

        self._whole = times(
            "osler_request_seconds",
            "From a request to the end of its answer, as `plain` or `stream`.",
            _LONG,
            "kind",
        )
        self._own = times(
            "osler_added_seconds",
            "The part of an answered request's time in which no model server was waited for, as `plain` or "
            "`stream`; a caller who is slow to take a stream is in it too.",
            _BUCKETS,
            "kind",
        )
        self._first = times(
            "osler_first_token_seconds",
            "From a streamed request to the first piece of its answer that is sent to the caller.",
            _LONG,
        )

    def ended(self, request: Ended) -> None:
        """A request ended."""
        trip = TRIP.get()
        if trip is not None:
            trip.ended = request
        destination, model = request.destination, request.model
        self._outcomes[request.outcome, destination, model].inc()
        kind = "stream" if request.stream else "plain"
        self._whole.observe(request.ended_s - request.begun_s, kind)
        if request.outcome == "answered":
            self._own.observe(request.own_s, kind)
        if request.usage.prompt:
            self._tokens["in", model].inc(request.usage.prompt)
        if request.usage.completion:
            self._tokens["out", model].inc(request.usage.completion)
        if request.usd:
            self._cost[destination, model].inc(request.usd)
        for label, count in request.phi.items():
            self._phi[label,].inc(count)
        for label, count in request.redacted.items():
            self._redacted[label,].inc(count)
        for finding in request.findings:
            self._findings[finding].inc()
        if request.code:
            self._refusals[request.code, request.rule].inc()
        if request.reused:
            self._reused[request.reused,].inc()

    def first_token(self, seconds: float) -> None:
        """The first piece of a stream was sent."""
        self._first.observe(seconds)


class Metrics(UpstreamMetrics, _RequestMetrics):
    """The Observer of the pipeline, and the counters of the HTTP edge."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        _RequestMetrics.__init__(self, self.registry)
        UpstreamMetrics.__init__(self, self.registry)
        self._steps = Times(
            "osler_step_seconds",
            "Time spent in a step: sensitivity, policy, route, ground, surrogate; open (the audit record before "
            "the call), verify (the end of steps 7 and 8), sign.",
            ("step",),
            _BUCKETS,
        )
        self.registry.register(self._steps)
        self._http = Children(
            Counter(
                "osler_http_responses_total",
                "HTTP responses by route and status.",
                ["route", "status"],
                registry=self.registry,
            )
        )
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
        self._steps.observe(seconds, name)
        trip = TRIP.get()
        if trip is not None and trip.steps is not None:
            trip.step(name, seconds)

    def response(self, route: str, status: int) -> None:
        """An HTTP response was begun."""
        self._http[route, str(status)].inc()

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
