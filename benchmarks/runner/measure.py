"""Runs a benchmark: starts the contenders, takes turns, makes the Result.

A contender that cannot start or fails in a round is stopped and listed with the reason; the others
go on. Figures of the rounds that it did end are kept.
"""

import math
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from runner import intervals
from runner.contenders import (
    Against,
    Benchmark,
    BenchmarkError,
    Contender,
    Metric,
    Round,
    Settings,
    Unavailable,
)
from runner.machine import commit, load, machine, versions
from runner.result import Absent, Figure, Ratio, Result
from runner.result import Metric as MetricRow
from runner.schedule import Turn, turns

NOISY = 0.15
"""A figure is marked when the middle half of its rounds spans more than this share of the median."""

Say = Callable[[str], None]
_Key = tuple[str, str, str]


@dataclass(slots=True)
class _Record:
    """What has been measured: figures by contender, case and metric, one for each round, and who is absent."""

    rounds: int
    values: dict[_Key, list[float | None]] = field(default_factory=dict)
    absent: list[Absent] = field(default_factory=list)

    def take(self, turn: Turn, figures: Mapping[str, float]) -> None:
        for metric, value in figures.items():
            row = self.values.setdefault((turn.contender, turn.case, metric), [None] * self.rounds)
            row[turn.round] = float(value)

    def miss(self, contender: str, error: Exception, turn: Turn | None = None) -> None:
        self.absent.append(
            Absent(
                contender=contender,
                kind="missing" if isinstance(error, Unavailable) else "failed",
                case=turn.case if turn else None,
                round=turn.round if turn else None,
                reason=_reason(error),
            )
        )


def run(
    name: str, benchmark: Benchmark, settings: Settings, *, folder: Path, say: Say | None = None
) -> Result:
    """The result of all rounds. `folder` is where the source is whose commit counts; `say` gets progress lines."""
    say = say or _silent
    when, begun, load_before = datetime.now(UTC), time.monotonic(), load()
    record = _take_turns(benchmark, settings, say)
    _add_differences(benchmark, record)
    return Result(
        name=name,
        title=benchmark.title,
        when=when.strftime("%Y-%m-%dT%H:%M:%SZ"),
        seconds=round(time.monotonic() - begun, 1),
        machine=machine(load_before),
        versions=versions(),
        commit=commit(folder),
        settings=_settings(benchmark, settings),
        contenders=tuple(c.name for c in benchmark.contenders),
        cases=benchmark.cases,
        metrics=tuple(_metric_row(m) for m in _metrics(benchmark).values()),
        figures=_figures(benchmark, record, settings.seed),
        ratios=tuple(r for a in benchmark.against for r in _ratios(a, benchmark, record, settings.seed)),
        absent=tuple(record.absent),
        notes=(*benchmark.notes, *([settings.pins.note] if settings.pins.note else [])),
    )


def to_stderr(line: str) -> None:
    """A `say` that writes progress to standard error."""
    print(line, file=sys.stderr, flush=True)


def _silent(line: str) -> None:
    """A `say` that drops the line."""


def _take_turns(benchmark: Benchmark, settings: Settings, say: Say) -> _Record:
    record = _Record(rounds=settings.rounds)
    known = {metric.name for metric in benchmark.metrics}
    with ExitStack() as all_stacks:
        running: dict[str, tuple[Round, ExitStack]] = {}
        for contender in benchmark.contenders:
            say(f"starting {contender.name}")
            stack = all_stacks.enter_context(ExitStack())
            try:
                running[contender.name] = stack.enter_context(contender.start()), stack
            except Exception as error:
                record.miss(contender.name, error)
                say(f"  absent: {record.absent[-1].reason}")
        entered = {
            case: [c.name for c in benchmark.contenders if _enters(c, case)] for case in benchmark.cases
        }
        plan = turns(entered, rounds=settings.rounds, warmup=settings.warmup, seed=settings.seed)
        for turn in plan:
            if turn.contender not in running:
                continue
            one_round, stack = running[turn.contender]
            try:
                figures = _checked(one_round(turn.case), known)
            except Exception as error:
                record.miss(turn.contender, error, turn)
                say(f"  {turn.contender} failed: {record.absent[-1].reason}")
                del running[turn.contender]
                stack.close()
                continue
            if turn.round >= 0:
                record.take(turn, figures)
            say(_line(turn, settings, figures))
    return record


def _enters(contender: Contender, case: str) -> bool:
    return contender.cases is None or case in contender.cases


def _checked(figures: Mapping[str, float], known: set[str]) -> Mapping[str, float]:
    for name, value in figures.items():
        if name not in known:
            raise BenchmarkError(f"the round gave the metric '{name}', which the benchmark does not name")
        if not math.isfinite(value):
            raise BenchmarkError(f"the round gave no finite number for '{name}'")
    return figures


def _line(turn: Turn, settings: Settings, figures: Mapping[str, float]) -> str:
    number = "warm-up" if turn.round < 0 else f"round {turn.round + 1}/{settings.rounds}"
    shown = ", ".join(f"{name} {value:.4g}" for name, value in figures.items())
    return f"{number}  {turn.case}  {turn.contender}: {shown}"


def _reason(error: Exception) -> str:
    text = str(error).strip()
    words = text.splitlines()[0] if text else "no reason given"
    return (words if isinstance(error, BenchmarkError) else f"{type(error).__name__}: {words}")[:400]


def _add_differences(benchmark: Benchmark, record: _Record) -> None:
    for added in benchmark.added:
        for contender in benchmark.contenders:
            if contender.name == added.to:
                continue
            for case in benchmark.cases:
                own = record.values.get((contender.name, case, added.of))
                base = record.values.get((added.to, case, added.of))
                if own and base:
                    differences = [
                        None if a is None or b is None else a - b for a, b in zip(own, base, strict=True)
                    ]
                    record.values[contender.name, case, added.metric.name] = differences


def _metrics(benchmark: Benchmark) -> dict[str, Metric]:
    return {m.name: m for m in (*benchmark.metrics, *(added.metric for added in benchmark.added))}


def _metric_row(metric: Metric) -> MetricRow:
    return MetricRow(
        name=metric.name, unit=metric.unit, better=metric.better, says=metric.says, headline=metric.headline
    )


def _figures(benchmark: Benchmark, record: _Record, seed: int) -> tuple[Figure, ...]:
    metrics, found = _metrics(benchmark), []
    for metric in metrics.values():
        for case in benchmark.cases:
            for contender in benchmark.contenders:
                values = record.values.get((contender.name, case, metric.name), [])
                kept = [v for v in values if v is not None]
                if kept:
                    own = intervals.seed_of(seed, contender.name, case, metric.name)
                    found.append(_figure(contender.name, case, metric, values, own))
    return tuple(found)


def _figure(contender: str, case: str, metric: Metric, values: list[float | None], seed: int) -> Figure:
    kept = [v for v in values if v is not None]
    middle, spread = intervals.median(kept, seed=seed), intervals.spread(kept)
    return Figure(
        contender=contender,
        case=case,
        metric=metric.name,
        unit=metric.unit,
        better=metric.better,
        values=tuple(values),
        median=middle.value,
        min=min(kept),
        max=max(kept),
        ci=middle.ci,
        noisy=spread is not None and spread > NOISY,
    )


def _ratios(against: Against, benchmark: Benchmark, record: _Record, seed: int) -> list[Ratio]:
    found = []
    for case in benchmark.cases:
        base = record.values.get((against.to, case, against.metric), [])
        for name in against.of:
            own = record.values.get((name, case, against.metric), [])
            pairs = [(a, b) for a, b in zip(own, base, strict=False) if a and b and a > 0 and b > 0]
            if pairs:
                above, below = zip(*pairs, strict=True)
                own_seed = intervals.seed_of(seed, name, against.to, case, against.metric)
                estimate = intervals.ratio(above, below, seed=own_seed)
                found.append(
                    Ratio(
                        contender=name,
                        to=against.to,
                        case=case,
                        metric=against.metric,
                        kind=against.kind,
                        value=estimate.value,
                        ci=estimate.ci,
                        rounds=len(pairs),
                    )
                )
    return found


def _settings(benchmark: Benchmark, settings: Settings) -> dict[str, str | int | float | bool]:
    pins = settings.pins
    return {
        "rounds": settings.rounds,
        "warmup": settings.warmup,
        "seed": settings.seed,
        "quick": settings.quick,
        "cores of what is measured": ", ".join(map(str, sorted(pins.measured))) or "not pinned",
        "cores of the rest": ", ".join(map(str, sorted(pins.others))) or "not pinned",
        **benchmark.settings,
    }
