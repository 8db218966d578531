"""Medians and ratios over rounds, with 95 % bootstrap intervals.

A ratio is the median of the rounds' ratios, not the ratio of medians: two figures of one round were
taken close to each other, so what slows the machine for a while cancels out. Its interval resamples
rounds. Below five rounds no interval of 95 % can be had from medians, and none is given.
"""

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FEWEST = 5
"""Rounds that an interval needs."""

_RESAMPLES = 4000
_LEVELS = (0.025, 0.975)
Interval = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A median, and its 95 % interval where there were rounds enough."""

    value: float
    ci: Interval | None


def median(values: Sequence[float], *, seed: int) -> Estimate:
    """The median of the rounds' figures. Raises ValueError for none."""
    if not values:
        raise ValueError("no figures")
    data = np.asarray(values, dtype=np.float64)
    return Estimate(value=float(np.median(data)), ci=_interval(data, seed))


def ratio(of: Sequence[float], to: Sequence[float], *, seed: int) -> Estimate:
    """The median of `of[i] / to[i]` over the rounds. Raises ValueError unless all are above 0, and of equal number."""
    if len(of) != len(to) or not of or min(of) <= 0 or min(to) <= 0:
        raise ValueError("a ratio needs pairs of figures above 0")
    logs = np.log(np.asarray(of, dtype=np.float64) / np.asarray(to, dtype=np.float64))
    ci = _interval(logs, seed)
    return Estimate(value=math.exp(float(np.median(logs))), ci=ci and (math.exp(ci[0]), math.exp(ci[1])))


def unpaired(of: Sequence[float], to: Sequence[float], *, seed: int) -> Estimate:
    """The ratio of two medians whose rounds have nothing to do with each other. Raises ValueError as `ratio` does."""
    if not of or not to or min(of) <= 0 or min(to) <= 0:
        raise ValueError("a ratio needs figures above 0")
    above, below = np.log(np.asarray(of, dtype=np.float64)), np.log(np.asarray(to, dtype=np.float64))
    value = math.exp(float(np.median(above) - np.median(below)))
    if min(len(of), len(to)) < FEWEST:
        return Estimate(value=value, ci=None)
    rng = np.random.default_rng([seed, 1])
    drawn = _medians(above, rng) - _medians(below, rng)
    low, high = np.quantile(drawn, _LEVELS)
    return Estimate(value=value, ci=(math.exp(float(low)), math.exp(float(high))))


def spread(values: Sequence[float]) -> float | None:
    """How much the rounds differ: the range of the middle half, in shares of the median; None where that is 0."""
    low, middle, high = np.quantile(np.asarray(values, dtype=np.float64), (0.25, 0.5, 0.75))
    return float((high - low) / abs(middle)) if middle else None


def seed_of(seed: int, *names: str) -> int:
    """A seed of its own for each figure, the same whatever else is measured."""
    return zlib.crc32("\x1f".join((str(seed), *names)).encode())


def _interval(data: NDArray[np.float64], seed: int) -> Interval | None:
    if len(data) < FEWEST:
        return None
    low, high = np.quantile(_medians(data, np.random.default_rng(seed)), _LEVELS)
    return float(low), float(high)


def _medians(data: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    picked = rng.integers(0, len(data), (_RESAMPLES, len(data)))
    return np.asarray(np.median(data[picked], axis=1), dtype=np.float64)
