"""Traces: one for each request, made when it has ended and sent to an OpenTelemetry collector over OTLP/HTTP.

The caller's `traceparent` is taken as the parent and goes no further: model servers are never sent one. A span holds
configured names, codes and numbers; no text, no key, no patient. With `gateway.telemetry.content` it holds what a
model was sent, but only where identifiers had been replaced.

OpenTelemetry (the extra `otel`) is imported when there is somewhere to send to, and not before. Spans are queued, sent
by a thread of its own, and thrown away when the collector does not take them: no request waits for it or fails by it.
"""

import asyncio
import importlib
import json
import logging
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from osler import __version__
from osler.api import telemetry_names as names
from osler.api.trip import Trip
from osler.app.live import Live
from osler.app.tracing import Tracing
from osler.core.messages import Message
from osler.gateway.observe import Call, Ended

_UNTRACED = frozenset({"/healthz", "/readyz", "/metrics"})
_SEND_S = 5.0
_EVERY_MS = 1_000
_FLUSH_S = 3.0
"""Seconds that spans have to be sent when the process stops."""
_FAILED_FROM = 500
_NANO = 1_000_000_000


class Traces:
    """Makes the traces of one process."""

    def __init__(self, tracing: Tracing, live: Live) -> None:
        """Imports OpenTelemetry, and begins to send."""
        self._live = live
        self._content = tracing.content
        self._api = importlib.import_module("opentelemetry.trace")
        propagation = importlib.import_module("opentelemetry.trace.propagation.tracecontext")
        self._parents = propagation.TraceContextTextMapPropagator()
        self._provider = _provider(tracing, live.newest.stores.audit.instance)
        self._tracer = self._provider.get_tracer("osler", __version__, schema_url=names.SCHEMA)

    def end(self, trip: Trip, scope: Any, route: str, status: int, since_ns: int) -> None:
        """A request ended just now that began at `since_ns` (nanoseconds since 1970): its spans."""
        if scope["path"] in _UNTRACED:
            return
        now = time.time_ns()
        # Of what callers send only the ids: a `tracestate` could hold anything.
        given = [v.decode("latin-1") for k, v in scope["headers"] if k == names.TRACEPARENT.encode()]
        parent = self._parents.extract({names.TRACEPARENT: given[0]} if len(given) == 1 else {})
        method = str(scope["method"])
        root = self._tracer.start_span(
            f"{method} {route}",
            context=parent,
            kind=self._api.SpanKind.SERVER,
            attributes={
                names.HTTP_METHOD: method,
                names.HTTP_ROUTE: route,
                names.HTTP_STATUS: status,
                names.URL_SCHEME: str(scope.get("scheme", "http")),
                names.REQUEST_ID: trip.id,
                **(_of_request(trip.ended) if trip.ended is not None else {}),
            },
            start_time=since_ns,
        )
        if root.is_recording():
            self._inside(root, trip)
        if status >= _FAILED_FROM or not status:
            root.set_attribute(names.ERROR_TYPE, str(status or "disconnected"))
            root.set_status(self._api.StatusCode.ERROR)
        root.end(now)

    async def aclose(self) -> None:
        """Send what is queued, as far as that takes no longer than a few seconds."""
        last = threading.Thread(target=self._provider.shutdown, daemon=True)
        last.start()
        until = time.monotonic() + _FLUSH_S
        while last.is_alive() and time.monotonic() < until:  # noqa: ASYNC110 - a thread of another library
            await asyncio.sleep(0.02)

    def _inside(self, root: Any, trip: Trip) -> None:
        """The steps, and the calls of model servers."""
        around = self._api.set_span_in_context(root)
        for step in trip.steps or ():
            begun = step.ended_ns - int(step.seconds * _NANO)
            self._tracer.start_span(step.name, context=around, start_time=begun).end(step.ended_ns)
        ended = trip.ended
        if ended is None:
            return
        offset = time.time_ns() - time.monotonic_ns()  # from the gateway's clock to the time of day
        for call in ended.calls:
            span = self._tracer.start_span(
                f"{_operation(ended)} {call.model}",
                context=around,
                kind=self._api.SpanKind.CLIENT,
                attributes=dict(self._of_call(call, ended)),
                start_time=offset + int(call.begun_s * _NANO),
            )
            if call.outcome not in ("answered", "given up"):
                span.set_status(self._api.StatusCode.ERROR)
            span.end(offset + int(call.ended_s * _NANO))

    def _of_call(self, call: Call, ended: Ended) -> Iterator[tuple[str, Any]]:
        destination = self._live.newest.config.destinations.get(call.destination)
        yield names.GEN_AI_OPERATION, _operation(ended)
        yield names.DESTINATION, call.destination
        yield names.CALL_OUTCOME, call.outcome
        model = destination.models.get(call.model) if destination is not None else None
        yield names.GEN_AI_REQUEST_MODEL, model.id if model is not None else call.model
        if destination is not None:
            yield names.GEN_AI_PROVIDER, names.PROVIDERS.get(destination.use, destination.use)
            yield from _address(destination.url)
        if call.outcome not in ("answered", "given up"):
            yield names.ERROR_TYPE, call.outcome
        if call.outcome != "answered":
            return
        if ended.usage.prompt is not None:
            yield names.GEN_AI_INPUT_TOKENS, ended.usage.prompt
        if ended.usage.completion is not None:
            yield names.GEN_AI_OUTPUT_TOKENS, ended.usage.completion
        if ended.finish:
            yield names.GEN_AI_FINISH_REASONS, (ended.finish,)
        if self._content and ended.sent:
            yield names.GEN_AI_INPUT_MESSAGES, json.dumps([_shown(m) for m in ended.sent], ensure_ascii=False)


def _provider(tracing: Tracing, instance: str) -> Any:
    """The SDK's tracer provider with its queue and its exporter, none of which looks at the environment."""
    sdk = importlib.import_module("opentelemetry.sdk.trace")
    export = importlib.import_module("opentelemetry.sdk.trace.export")
    sampling = importlib.import_module("opentelemetry.sdk.trace.sampling")
    resources = importlib.import_module("opentelemetry.sdk.resources")
    otlp = importlib.import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")
    requests = importlib.import_module("requests")
    session = requests.Session()
    session.trust_env = False  # no proxies, and no .netrc, that the environment names
    logging.getLogger("opentelemetry").setLevel(
        logging.CRITICAL
    )  # a collector that is down is no news each second
    exporter = otlp.OTLPSpanExporter(
        endpoint=tracing.endpoint, headers=dict(tracing.headers), timeout=_SEND_S, session=session
    )
    about = {
        names.SERVICE_NAME: "osler",
        names.SERVICE_VERSION: __version__,
        names.SERVICE_INSTANCE: instance,
    }
    provider = sdk.TracerProvider(
        sampler=sampling.ParentBased(sampling.TraceIdRatioBased(tracing.sample)),
        resource=resources.Resource(about, names.SCHEMA),
        shutdown_on_exit=False,
    )
    queue = export.BatchSpanProcessor(exporter, schedule_delay_millis=_EVERY_MS)
    provider.add_span_processor(queue)
    return provider


def _of_request(ended: Ended) -> dict[str, Any]:
    found: dict[str, Any] = {names.OUTCOME: ended.outcome}
    for name, value in (
        (names.DESTINATION, ended.destination), (names.MODEL, ended.model), (names.RULE, ended.rule),
        (names.CODE, ended.code), (names.REUSED, ended.reused), (names.COST, ended.usd),
    ):  # fmt: skip
        if value:
            found[name] = value
    found[names.IDENTIFIERS] = sum(ended.phi.values())
    return found


def _operation(ended: Ended) -> str:
    return names.TEXT_COMPLETION if ended.surface == "completions" else names.CHAT


def _address(url: str | None) -> Iterator[tuple[str, Any]]:
    parts = urlsplit(url or "")
    if parts.hostname:
        yield names.SERVER_ADDRESS, parts.hostname
        yield names.SERVER_PORT, parts.port or (443 if parts.scheme == "https" else 80)


def _shown(message: Message) -> Mapping[str, object]:
    return {"role": message.role, "parts": [{"type": "text", "content": message.content}]}
