"""Traces as a collector gets them: a real OTLP/HTTP receiver on loopback, and one that is not there."""

import gzip
import http.client
import http.server
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from api_served import listening

from osler.api import telemetry_names as names
from osler.api.app import application
from osler.api.metrics import Metrics
from osler.app.build import build
from osler.app.config import parse
from osler.app.tracing import tracing
from osler.core.errors import ConfigError
from osler.testing import Fault, ModelServerThread

SECRET = "617-555-0199"
NOTE = f"Mrs. Quartermain, phone {SECRET}, asks about metformin."
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


class Collector:
    """Takes batches of spans and keeps them."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.heads: list[dict[str, str]] = []
        self.resources: list[dict[str, Any]] = []
        self.spans: list[Any] = []

    def take(self, path: str, head: dict[str, str], body: bytes) -> None:
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (  # noqa: PLC0415
            ExportTraceServiceRequest,
        )

        assert path == "/v1/traces"
        body = gzip.decompress(body) if head.get("content-encoding") == "gzip" else body
        batch = ExportTraceServiceRequest()
        batch.ParseFromString(body)
        for sent in batch.resource_spans:
            self.resources.append(attributes(sent.resource))
            for scope in sent.scope_spans:
                self.spans += scope.spans
        self.heads.append(head)
        self.bodies.append(body)

    def named(self, name: str) -> Any:
        """The one span of this name."""
        (found,) = [span for span in self.spans if span.name == name]
        return found


@contextmanager
def collecting() -> Iterator[tuple[Collector, str]]:
    collector = Collector()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            head = {k.lower(): v for k, v in self.headers.items()}
            collector.take(self.path, head, self.rfile.read(int(head["content-length"])))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield collector, f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def attributes(holder: Any) -> dict[str, Any]:
    """Attributes of a span as plain values."""

    def plain(value: Any) -> Any:
        kind = value.WhichOneof("value")
        return [plain(v) for v in value.array_value.values] if kind == "array_value" else getattr(value, kind)

    return {pair.key: plain(pair.value) for pair in holder.attributes}


def table(otlp: str, url: str, **more: Any) -> dict[str, Any]:
    return {
        "knowledge": {"starter": False},
        "deid": {"engine": "fast"},
        "gateway": {"telemetry": {"otlp": otlp, **more}, "retries": {"per_target": 0}},
        "destinations": {
            "ward": {"location": "on-premises", "url": url, "use": "vllm", "models": {"m": {"id": "model-1"}}}
        },
    }


def ask(port: int, **headers: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    body = json.dumps({"model": "auto", "messages": [{"role": "user", "content": NOTE}]})
    connection.request("POST", "/v1/chat/completions", body=body, headers=headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def trace(workspace: Path, fault: Fault | None = None, **more: Any) -> tuple[Collector, list[bytes]]:
    """What a collector got of one request, and what the model server did."""
    with collecting() as (collector, otlp), ModelServerThread("Ask the ward. ", fault) as server:
        metrics = Metrics()
        platform = build(parse(table(otlp, server.url, **more)), workspace, observer=metrics)
        app = application(platform, metrics, require_keys=False)
        with listening(app) as port:
            ask(port, traceparent=PARENT, tracestate="x=Quartermain")
        return collector, list(server.requests)


def test_a_request_is_a_trace_of_its_steps_and_calls_without_a_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("opentelemetry.sdk", reason="the extra otel")
    monkeypatch.setenv("OTLP_AUTH", "Bearer of-the-collector")
    collector, seen = trace(tmp_path / "ws", headers={"authorization": {"env": "OTLP_AUTH"}})
    assert collector.heads[0]["authorization"] == "Bearer of-the-collector"
    assert collector.resources[0][names.SERVICE_NAME] == "osler"
    root = collector.named("POST /v1/chat/completions")
    assert (root.trace_id.hex(), root.parent_span_id.hex(), root.kind) == (TRACE, "00f067aa0ba902b7", 2)
    about = attributes(root)
    assert about["http.request.method"] == "POST"
    assert about["http.route"] == "/v1/chat/completions"
    assert about["http.response.status_code"] == 200
    assert (about["osler.outcome"], about["osler.destination"], about["osler.phi.found"] > 0) == (
        "answered",
        "ward",
        True,
    )
    steps = [s for s in collector.spans if s.parent_span_id == root.span_id]
    assert [s.name for s in steps] == [
        "sensitivity", "policy", "route", "ground", "surrogate", "open", "verify", "sign", "chat m",
    ]  # fmt: skip
    assert all(root.start_time_unix_nano <= s.start_time_unix_nano <= s.end_time_unix_nano for s in steps)
    assert all(s.end_time_unix_nano <= root.end_time_unix_nano for s in steps)
    call = collector.named("chat m")
    assert call.kind == 3
    said = attributes(call)
    assert {k: v for k, v in said.items() if k.startswith(("gen_ai", "server"))} == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "vllm",
        "gen_ai.request.model": "model-1",
        "gen_ai.usage.input_tokens": said["gen_ai.usage.input_tokens"],
        "gen_ai.usage.output_tokens": 3,
        "gen_ai.response.finish_reasons": ["stop"],
        "server.address": "127.0.0.1",
        "server.port": said["server.port"],
    }
    everything = b"".join(collector.bodies)
    for private in (SECRET, "Quartermain", "metformin", "Ask the ward"):
        assert private.encode() not in everything
    assert TRACE.encode() not in b"".join(seen)
    assert b"traceparent" not in b"".join(seen).lower()


@pytest.mark.ci
def test_with_content_a_trace_holds_what_was_sent_with_its_identifiers_replaced(tmp_path: Path) -> None:
    pytest.importorskip("opentelemetry.sdk", reason="the extra otel")
    collector, _ = trace(tmp_path / "ws", content=True)
    shown = attributes(collector.named("chat m"))["gen_ai.input.messages"]
    assert "metformin" in shown
    everything = b"".join(collector.bodies)
    for private in (SECRET, "Quartermain", "Ask the ward"):
        assert private.encode() not in everything


@pytest.mark.ci
def test_a_call_that_fails_says_how(tmp_path: Path) -> None:
    pytest.importorskip("opentelemetry.sdk", reason="the extra otel")
    collector, _ = trace(tmp_path / "ws", Fault.ERROR_500)
    call, root = collector.named("chat m"), collector.named("POST /v1/chat/completions")
    assert (attributes(call)["error.type"], call.status.code) == ("server", 2)
    assert (attributes(root)["error.type"], attributes(root)["osler.error.code"], root.status.code) == ("502", "upstream_error", 2)  # fmt: skip


@pytest.mark.ci
def test_nothing_is_sent_of_what_is_not_sampled(tmp_path: Path) -> None:
    pytest.importorskip("opentelemetry.sdk", reason="the extra otel")
    with collecting() as (collector, otlp), ModelServerThread("Ask.") as server:
        metrics = Metrics()
        platform = build(parse(table(otlp, server.url, sample=0.0)), tmp_path / "ws", observer=metrics)
        with listening(application(platform, metrics, require_keys=False)) as port:
            assert ask(port) == 200
            assert ask(port, traceparent=PARENT[:-1] + "0") == 200
    assert collector.spans == []


@pytest.mark.ci
def test_a_collector_that_is_down_slows_and_fails_nothing(tmp_path: Path) -> None:
    pytest.importorskip("opentelemetry.sdk", reason="the extra otel")
    with ModelServerThread("Ask.") as server:
        metrics = Metrics()
        platform = build(parse(table("http://127.0.0.1:9", server.url)), tmp_path / "ws", observer=metrics)
        with listening(application(platform, metrics, require_keys=False)) as port:
            ask(port)
            begun = time.monotonic()
            assert [ask(port) for _ in range(5)] == [200] * 5
            assert time.monotonic() - begun < 3
            begun = time.monotonic()
        assert time.monotonic() - begun < 6  # it is not waited for at the end either, but for three seconds


def test_without_a_collector_nothing_of_it_is_imported(tmp_path: Path) -> None:
    assert tracing(parse({})) is None


@pytest.mark.parametrize(
    ("telemetry", "said"),
    [
        ({"otlp": "collector:4318"}, "must be http://"),
        ({"otlp": "http://user:secret@collector:4318"}, "without credentials"),
        ({"otlp": "http://collector:4318", "content": True}, "needs an https address"),
        ({"otlp": "http://collector:4318", "sample": 1.5}, "sample"),
        ({"otlp": "http://collector:4318", "headers": {"a b": {"env": "X"}}}, "headers"),
    ],
)
def test_an_address_that_cannot_be_is_refused(telemetry: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        parse({"gateway": {"telemetry": telemetry}})
    assert "secret" not in str(caught.value)
