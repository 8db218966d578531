"""Osler beside LiteLLM's proxy, Portkey and TensorZero, and beside calling the model server directly.

A load generator asks a model server (`servers/`) directly and through each gateway: one request at a time, 16 at once
(there the model takes 20 ms), and many streams of 64 events 10 ms apart. Each request has a note of 2 KB that was not
sent before, so that nothing is known from memory; "seen before" is the same with 64 notes that come again and again, as
the history of a conversation does. Gateways stand on one core, clients and model server on the other.
"""

import json
import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psutil
from runner.contenders import Added, Against, Benchmark, BenchmarkError, Contender, Metric, Round, Settings
from runner.cpu import Tree
from runner.processes import Child, running
from servers import model as model_server
from servers import texts
from servers.load import request_of

from gateway import sites
from gateway.sites import Site

HERE = Path(__file__).resolve().parent
_VARIANTS = 64
_PACE_MS = model_server.PACE_S * 1e3
DIRECT, OFF, FULL, SEEN, BOTH, STEPS = (
    "direct",
    "Osler, PHI off",
    "Osler, full pipeline",
    "Osler, full pipeline, seen before",
    "Osler, both halves",
    "Osler, nine steps",
)
LITELLM, PORTKEY, TENSORZERO = "LiteLLM proxy", "Portkey", "TensorZero, embedded"
ONE, MANY = "1 at once", "16 at once"
Body = Mapping[str, object]
Bodies = Callable[[int], Sequence[Body]]
"""So many bodies of requests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """So many requests, or so many streams, at once. `requests` 0: streams."""

    at_once: int
    requests: int = 0


def cases(*, quick: bool) -> dict[str, Case]:
    """All cases by name."""
    plain = {
        ONE: Case(at_once=1, requests=16 if quick else 150),
        MANY: Case(at_once=16, requests=32 if quick else 320),
    }
    counts = (4,) if quick else (32, 64, 128, 256)
    return plain | {f"{n} streams": Case(at_once=n) for n in counts}


METRICS = (
    Metric(
        name="CPU",
        unit="µs per request",
        better="lower",
        says="The gateway's process tree. TensorZero's holds its Python client too.",
    ),
    Metric(name="requests", unit="requests/s", better="higher", says="Wall time.", headline=False),
    Metric(name="latency p50", unit="ms", better="lower", headline=False),
    Metric(name="latency p99", unit="ms", better="lower", headline=False),
    Metric(name="first byte p50", unit="ms", better="lower", headline=False),
    Metric(
        name="memory",
        unit="MiB",
        better="lower",
        says="Resident, of the process tree, after the round.",
        headline=False,
    ),
    Metric(
        name="lossless",
        unit="% of streams",
        better="higher",
        says="Every character in order and once, and 95 of 100 gaps within three paces.",
    ),
    Metric(
        name="gap p95",
        unit="ms",
        better="lower",
        says="Between arrivals of text; the model's pace is 10 ms.",
        headline=False,
    ),
    Metric(name="first text p50", unit="ms", better="lower", headline=False),
    Metric(
        name="CPU of an event",
        unit="µs per event",
        better="lower",
        says="Events of the model server, 64 a stream.",
        headline=False,
    ),
)
ADDED = (
    Added(metric=Metric(name="added p50", unit="ms", better="lower"), of="latency p50", to=DIRECT),
    Added(metric=Metric(name="added p99", unit="ms", better="lower"), of="latency p99", to=DIRECT),
    Added(
        metric=Metric(name="added first byte p50", unit="ms", better="lower", headline=False),
        of="first byte p50",
        to=DIRECT,
    ),
    Added(
        metric=Metric(name="added first text p50", unit="ms", better="lower"), of="first text p50", to=DIRECT
    ),
)


@contextmanager
def benchmark(settings: Settings) -> Iterator[Benchmark]:
    """Start the model server and the load generators; yield the contenders."""
    known = cases(quick=settings.quick)
    with ExitStack() as stack:
        child = partial(_child, settings, stack)
        model = child("model server", "model.py", "1")
        bench = _Bench(
            settings=settings,
            model_port=int(model.line()),
            load=child("load generator", "load.py"),
            streams=child("streams", "streams.py"),
            cases=known,
        )
        yield Benchmark(
            title="gateways beside each other",
            contenders=_contenders(bench),
            cases=tuple(known),
            metrics=METRICS,
            added=ADDED,
            against=(
                Against(metric="CPU", of=(FULL, SEEN, OFF), to=LITELLM, kind="peer"),
                Against(metric="CPU", of=(OFF,), to=PORTKEY, kind="peer"),
                Against(metric="CPU", of=(OFF,), to=TENSORZERO, kind="peer"),
            ),
            settings={
                "requests a round": ", ".join(f"{c.requests} ({n})" for n, c in known.items() if c.requests),
                "model": f"answers at once for {ONE}, after {model_server.DELAY_S * 1e3:g} ms for {MANY}",
                "streams": f"{model_server.STEPS} events, {_PACE_MS:g} ms apart",
                "note": f"{len(texts.notes(1)[0])} characters, each another one; {_VARIANTS} where seen before",
            },
            notes=(
                "Latencies and gaps are wall times: other work on the machine lengthens them, p99 most.",
                "Portkey takes part in no streams: as npm installs 1.15.2, with Node 20, it answers them with 500.",
                "Streams of one contender run while the other gateways wait; client and model server share a core.",
            ),
        )


def _child(settings: Settings, stack: ExitStack, name: str, file: str, *arguments: str) -> Child:
    command = [sys.executable, str(HERE.parent / "servers" / file), *arguments]
    return stack.enter_context(
        running(command, name=name, scratch=settings.scratch, cores=settings.pins.others)
    )


def _contenders(bench: "_Bench") -> tuple[Contender, ...]:
    plain = frozenset(name for name, case in bench.cases.items() if case.requests)
    settings, port = bench.settings, bench.model_port
    osler = partial(sites.osler, settings, port)

    def entry(
        name: str,
        start: Callable[[], AbstractContextManager[Site]],
        *,
        bodies: Bodies | None = None,
        is_meant: Callable[[Any], bool] | None = None,
        among: frozenset[str] | None = None,
    ) -> Contender:
        return Contender(
            name=name, start=lambda: bench.contender(start, bodies or _unseen(), is_meant), cases=among
        )

    return (
        entry(DIRECT, lambda: _direct(port)),
        entry(OFF, lambda: osler("off", sites.OFF), is_meant=_is_unlooked),
        entry(FULL, lambda: osler("full", sites.FULL), is_meant=_is_replaced),
        entry(SEEN, lambda: osler("seen", sites.FULL), bodies=_seen, is_meant=_is_replaced, among=plain),
        entry(BOTH, lambda: osler("both", sites.BOTH), is_meant=_is_replaced),
        entry(STEPS, lambda: osler("steps", sites.STEPS), bodies=_questions, is_meant=_is_grounded, among=plain),
        entry(PORTKEY, lambda: sites.portkey(settings, port), among=plain),
        entry(LITELLM, lambda: sites.litellm(settings, port)),
        entry(TENSORZERO, lambda: sites.tensorzero(settings, port), among=plain),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bench:
    """What the contenders share."""

    settings: Settings
    model_port: int
    load: Child
    streams: Child
    cases: Mapping[str, Case]

    @contextmanager
    def contender(
        self,
        start: Callable[[], AbstractContextManager[Site]],
        bodies: Bodies,
        is_meant: Callable[[Any], bool] | None,
    ) -> Iterator[Round]:
        """Rounds through one gateway, after a look at one answer to each body."""
        with start() as site:
            if is_meant is not None:
                sites.looked_at(site, bodies(8), is_meant)

            def one_round(name: str) -> dict[str, float]:
                case = self.cases[name]
                if case.requests:
                    return self._plain(case, site, bodies(case.requests))
                return self._streamed(case, site, bodies(case.at_once))

            yield one_round

    def _plain(self, case: Case, site: Site, bodies: Sequence[Body]) -> dict[str, float]:
        pace = "fast" if case.at_once == 1 else "delayed"
        tree = Tree([site.pid]) if site.pid else None
        answer = (site.ask or self.load).ask(
            {
                "port": site.port,
                "bodies": [json.dumps({**body, "model": pace}) for body in bodies],
                "connections": case.at_once,
                "requests": case.requests,
                "spread_s": 0.02 if case.at_once > 1 else 0,
                "headers": dict(site.headers),
            }
        )
        return _of_gateway(site, tree, case.requests, "CPU") | {
            "requests": case.requests / answer["seconds"],
            "latency p50": percentile(answer["latency_us"], 50) / 1e3,
            "latency p99": percentile(answer["latency_us"], 99) / 1e3,
            "first byte p50": percentile(answer["first_us"], 50) / 1e3,
        }

    def _streamed(self, case: Case, site: Site, bodies: Sequence[Body]) -> dict[str, float]:
        tree = Tree([site.pid]) if site.pid else None
        answer = self.streams.ask(
            {
                "port": site.port,
                "requests": [_streamed(body, site.headers) for body in bodies],
                "expect": [model_server.lines(_text(body)) for body in bodies],
                "streams": case.at_once,
                "spread_s": model_server.STEPS * model_server.PACE_S,
                "gap_ms": 3 * _PACE_MS,
            }
        )
        if not answer["first_us"]:
            raise BenchmarkError("no stream had any text")
        return _of_gateway(site, tree, case.at_once * model_server.STEPS, "CPU of an event") | {
            "lossless": 100 * answer["lossless"] / case.at_once,
            "gap p95": answer["gap_ms"] or 0.0,
            "first text p50": percentile(answer["first_us"], 50) / 1e3,
        }


def _of_gateway(site: Site, tree: Tree | None, count: int, cpu: str) -> dict[str, float]:
    """What is told of the gateway's processes; nothing where there is none."""
    if tree is None:
        return {}
    root = psutil.Process(site.pid)
    resident = sum(p.memory_info().rss for p in (root, *root.children(recursive=True)))
    return {cpu: tree.seconds() / count * 1e6, "memory": resident / 2**20}


@contextmanager
def _direct(port: int) -> Iterator[Site]:
    yield Site(pid=0, port=port)


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that `percent` of 100 do not exceed (nearest rank)."""
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


def _unseen() -> Bodies:
    """Notes, each another one."""
    sent = 0

    def bodies(count: int) -> list[Body]:
        nonlocal sent
        first, sent = sent, sent + count
        return [_asking(text) for text in texts.notes(count, first)]

    return bodies


def _seen(count: int) -> list[Body]:
    return [_asking(text) for text in texts.notes(min(count, _VARIANTS))]


def _asking(text: str) -> Body:
    return {"messages": [{"role": "user", "content": text}]}


def _questions(_: int) -> list[Body]:
    return [
        {"messages": [{"role": "user", "content": question}], "metadata": {"patient": patient}}
        for patient, question in texts.QUESTIONS
    ]


def _streamed(body: Body, headers: Mapping[str, str]) -> str:
    data = json.dumps({**body, "model": "paced", "stream": True}).encode()
    return request_of(data, dict(headers)).decode()


def _text(body: Body) -> str:
    messages = body["messages"]
    return str(messages[-1]["content"]) if isinstance(messages, list) else ""


def _is_unlooked(answer: Any) -> bool:
    decision = answer["osler"]["decision"]
    return bool(decision["sensitivity"] == "phi" and not decision["phi"] and decision["transform"] == "none")


def _is_replaced(answer: Any) -> bool:
    decision = answer["osler"]["decision"]
    many = sum(decision["phi"].values()) >= 10 and decision["transform"] == "surrogate"
    return bool(many and answer["osler"]["answer"].startswith("DISCHARGE SUMMARY\nPatient: "))


def _is_grounded(answer: Any) -> bool:
    return bool(answer["osler"]["citations"]) and "records" in answer["osler"]["decision"]["sources"]
