"""CPU and added latency of the nine steps, against calling the model server directly.

A load generator asks a model server (`servers/`) directly and through `osler serve`, plain and
streamed, one request at a time and 16 at once. One at a time the model answers at once, so that all
that is seen is what Osler adds. With 16 at once it takes a second, as a model does at the least, and
the clients start spread over that second: a closed loop without a pause would only show 16 requests
queueing for one core.
"""

import json
import math
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.contenders import (
    Added,
    Against,
    Benchmark,
    BenchmarkError,
    Contender,
    Metric,
    Round,
    Settings,
)
from runner.cpu import Tree
from runner.processes import Child, running
from servers import model as model_server
from servers import texts

HERE = Path(__file__).resolve().parent
_VARIANTS = 16
_START_S = 60
DIRECT, FREE, NOTE, STEPS = "direct", "Osler, no PHI", "Osler, PHI, surrogates", "Osler, nine steps"
OURS = (FREE, NOTE, STEPS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Plain or streamed, and how many at once; how many requests make a round."""

    name: str
    stream: bool
    connections: int
    requests: int


def cases(*, quick: bool) -> dict[str, Case]:
    """The four cases by name."""
    alone, many = (16, 16) if quick else (100, 112)
    return {
        f"{kind}, {at_once} at once": Case(
            name=f"{kind}, {at_once} at once",
            stream=kind == "streamed",
            connections=at_once,
            requests=alone if at_once == 1 else many,
        )
        for kind in ("plain", "streamed")
        for at_once in (1, 16)
    }


METRICS = (
    Metric(
        name="CPU of Osler", unit="µs per request", better="lower", says="The process tree of `osler serve`."
    ),
    Metric(
        name="CPU of the whole path",
        unit="µs per request",
        better="lower",
        says="Client, Osler where there is one, model server.",
        headline=False,
    ),
    Metric(name="latency p50", unit="ms", better="lower", says="To the last byte.", headline=False),
    Metric(name="latency p99", unit="ms", better="lower", headline=False),
    Metric(name="first byte p50", unit="ms", better="lower", headline=False),
)
ADDED = (
    Added(
        metric=Metric(
            name="added p50", unit="ms", better="lower", says="Latency p50 less that of the direct calls."
        ),
        of="latency p50",
        to=DIRECT,
    ),
    Added(metric=Metric(name="added p99", unit="ms", better="lower"), of="latency p99", to=DIRECT),
    Added(
        metric=Metric(
            name="added first byte p50",
            unit="ms",
            better="lower",
            says="On streams Osler holds a sentence back until the next one has begun.",
            headline=False,
        ),
        of="first byte p50",
        to=DIRECT,
    ),
)


@contextmanager
def benchmark(settings: Settings) -> Iterator[Benchmark]:
    """Start the model server, the load generator and Osler; yield the contenders."""
    pins, scratch, python = settings.pins, settings.scratch, sys.executable
    with ExitStack() as stack:
        model = stack.enter_context(
            running(
                [python, HERE / "servers/model.py", str(_slow_s(settings))],
                name="model server",
                scratch=scratch,
                cores=pins.others,
            )
        )
        model_port = int(model.line())
        load = stack.enter_context(
            running(
                [python, HERE / "servers/load.py"], name="load generator", scratch=scratch, cores=pins.others
            )
        )
        osler, port = stack.enter_context(serving(settings, model_port))
        site = Site(load=load, model=model, cases=cases(quick=settings.quick), slow_s=_slow_s(settings))
        yield Benchmark(
            title="CPU and added latency of Osler",
            contenders=(
                Contender(name=DIRECT, start=lambda: site.contender(None, model_port, _bodies(texts.notes))),
                Contender(
                    name=FREE, start=lambda: site.contender(osler, port, _bodies(texts.plain), _is_free)
                ),
                Contender(
                    name=NOTE, start=lambda: site.contender(osler, port, _bodies(texts.notes), _is_replaced)
                ),
                Contender(name=STEPS, start=lambda: site.contender(osler, port, _questions(), _is_grounded)),
            ),
            cases=tuple(site.cases),
            metrics=METRICS,
            added=ADDED,
            against=(
                Against(metric="CPU of Osler", of=(NOTE, STEPS), to=FREE, kind="peer"),
                Against(metric="CPU of the whole path", of=OURS, to=DIRECT, kind="floor"),
            ),
            settings=_described(site.cases, _slow_s(settings)),
            notes=(
                "Client, model server and Osler's own clients run on this machine; their CPU is counted apart.",
                "Latencies are wall times: other work on the machine lengthens them, p99 most.",
            ),
        )


class Site:
    """What the contenders share."""

    def __init__(self, *, load: Child, model: Child, cases: Mapping[str, Case], slow_s: float) -> None:
        self.cases = cases
        self._slow_s = slow_s
        self._load = load
        self._model = model

    @contextmanager
    def contender(
        self,
        osler: Child | None,
        port: int,
        bodies: Sequence[Mapping[str, object]],
        is_meant: Callable[[Any], bool] | None = None,
    ) -> Iterator[Round]:
        """Rounds of requests to `port`, after `is_meant` has looked at one answer to each body.

        Raises BenchmarkError where it finds an answer that is not what the contender is named for.
        """
        for body in bodies if is_meant else ():
            if is_meant and not is_meant(_asked(port, body)):
                raise BenchmarkError("an answer did not take the steps that this contender is named for")

        def one_round(name: str) -> dict[str, float]:
            return self._round(self.cases[name], osler, port, bodies)

        yield one_round

    def _round(
        self, case: Case, osler: Child | None, port: int, bodies: Sequence[Mapping[str, object]]
    ) -> dict[str, float]:
        pace = "fast" if case.connections == 1 else "slow"
        sent = [json.dumps({**body, "model": pace, "stream": case.stream}) for body in bodies]
        others = Tree([self._load.pid, self._model.pid])
        own = Tree([osler.pid]) if osler else None
        answer = self._load.ask(
            {
                "port": port,
                "bodies": sent,
                "connections": case.connections,
                "requests": case.requests,
                "spread_s": self._slow_s if case.connections > 1 else 0,
            }
        )
        spent = own.seconds() if own else 0.0
        figures = {"CPU of Osler": spent / case.requests * 1e6} if own else {}
        return figures | {
            "CPU of the whole path": (spent + others.seconds()) / case.requests * 1e6,
            "latency p50": percentile(answer["latency_us"], 50) / 1e3,
            "latency p99": percentile(answer["latency_us"], 99) / 1e3,
            "first byte p50": percentile(answer["first_us"], 50) / 1e3,
        }


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that `percent` of 100 do not exceed (nearest rank)."""
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


def _slow_s(settings: Settings) -> float:
    """How long the slow model takes."""
    return 0.1 if settings.quick else 1.0


@contextmanager
def serving(settings: Settings, model_port: int) -> Iterator[tuple[Child, int]]:
    """`osler serve` with the sample records, in front of the model server; the process and its port."""
    scratch, pins = settings.scratch, settings.pins
    (scratch / "osler.toml").write_text(
        f'destinations.ward.url = "http://127.0.0.1:{model_port}/v1"\n'
        'destinations.ward.location = "on-premises"\n'
        'destinations.ward.models.fast = { id = "fast" }\n'
        'destinations.ward.models.slow = { id = "slow" }\n'
        "deid.remember = 0\n",  # the notes come again, and each is to be looked through
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "osler"]
    samples = sorted((HERE.parent / "src/osler/knowledge/data/samples").glob("*.json"))
    with running(
        [*command, "kb", "add", *samples], name="osler kb add", scratch=scratch, cores=pins.others
    ) as adding:
        adding.finish()
    serve = [*command, "serve", "--port", "0"]
    with running(serve, name="osler serve", scratch=scratch, cores=pins.measured) as osler:
        port = osler.line().partition("http://")[2].partition("/")[0].rpartition(":")[2]
        _wait_ready(int(port))
        yield osler, int(port)


def _wait_ready(port: int) -> None:
    until = time.monotonic() + _START_S
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                return
        except OSError:
            if time.monotonic() > until:
                raise BenchmarkError(f"Osler was not ready after {_START_S} s") from None
            time.sleep(0.05)


def _bodies(make: Callable[[int], list[str]]) -> list[dict[str, object]]:
    return [
        {"messages": [{"role": "user", "content": text}], "metadata": {"ground": "off"}}
        for text in make(_VARIANTS)
    ]


def _questions() -> list[dict[str, object]]:
    return [
        {"messages": [{"role": "user", "content": question}], "metadata": {"patient": patient}}
        for patient, question in texts.QUESTIONS
    ]


def _asked(port: int, body: Mapping[str, object]) -> Any:
    """The `osler` object of one plain answer."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/chat/completions",
        data=json.dumps({**body, "model": "fast"}).encode(),
        headers={"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())["osler"]


def _is_free(osler: Any) -> bool:
    return bool(osler["decision"]["sensitivity"] == "clear")


def _is_replaced(osler: Any) -> bool:
    many = sum(osler["decision"]["phi"].values()) >= 10
    return bool(many and osler["answer"].startswith("DISCHARGE SUMMARY\nPatient: "))


def _is_grounded(osler: Any) -> bool:
    return bool(osler["citations"]) and "records" in osler["decision"]["sources"]


def _described(known: Mapping[str, Case], slow_s: float) -> dict[str, str | int | float | bool]:
    return {
        "requests a round": ", ".join(f"{c.requests} ({c.name})" for c in known.values()),
        "answer": f"{model_server.QUOTED} characters, {model_server.PIECES} events when streamed",
        "model": f"answers at once for 1 at once, after {slow_s:g} s for 16 at once",
        "note": f"{len(texts.notes(1)[0])} characters, {_VARIANTS} variants",
    }
