"""What a benchmark is made of.

A benchmark is a module with a function `benchmark(settings)` that is a context manager and yields a
`Benchmark`: its contenders, its cases, its metrics, and the ratios that it wants. What the
contenders share (a server, a scratch database) is started before the `yield` and stopped after it.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from runner.pin import Pins

Round = Callable[[str], Mapping[str, float]]
"""Runs one round of the case that it is given; the figure of each metric by the metric's name.

A metric that does not apply may be left out. Whatever is raised ends the contender, with the reason kept.
"""

Better = Literal["lower", "higher"]
Kind = Literal["peer", "floor"]


class BenchmarkError(Exception):
    """A round could not be run or measured. Its text is the reason that the result gives."""


class Unavailable(BenchmarkError):
    """A contender is not to be had here: not installed, not supported. Listed, and no failure of the run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """A named thing that is measured.

    `start` gives a context manager: entering it starts the contender and gives its `Round`, leaving
    it stops the contender. `cases` are the cases that it takes part in; None: all.
    """

    name: str
    start: Callable[[], AbstractContextManager[Round]]
    cases: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """What a figure counts. `headline` metrics are plotted."""

    name: str
    unit: str
    better: Better
    says: str = ""
    headline: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """A ratio that the result gives: of each contender in `of` to `to`, paired by round.

    `floor`: `to` is the least that the work costs without Osler; `peer`: another way to do it.
    """

    metric: str
    of: tuple[str, ...]
    to: str
    kind: Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """A metric made of another: what each contender has more than `to` in the same round."""

    metric: Metric
    of: str
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """A benchmark that is ready to run. `settings` and `notes` go into the result as they are."""

    title: str
    contenders: tuple[Contender, ...]
    metrics: tuple[Metric, ...]
    cases: tuple[str, ...] = ("all",)
    against: tuple[Against, ...] = ()
    added: tuple[Added, ...] = ()
    settings: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How it is to run. `scratch` is an empty folder that is removed afterwards; `quick`: small sizes."""

    scratch: Path
    pins: Pins = field(default_factory=Pins)
    rounds: int = 8
    warmup: int = 1
    seed: int = 1
    quick: bool = False
