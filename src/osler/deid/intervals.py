"""95% intervals of rates whose cases come in documents.

Tokens of one note are found or missed together, so that counting them as independent would make intervals far too
narrow. The variance is that of a ratio estimated from clusters (documents), by linearisation, the
interval Wilson's (1927) at the effective number of cases that follows from it, as Korn and Graubard (1998) do with the
exact interval. Where nothing varies (all found, or none) the documents themselves are the cases.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

_Z = 1.959963984540054


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """`hits` of `of` cases, with its 95% interval. All three are None where there are no cases."""

    hits: int
    of: int
    value: float | None
    low: float | None
    high: float | None


def rate(clusters: Iterable[tuple[int, int]], *, value: float | None = None) -> Rate:
    """The rate of all (hits, cases) together, each pair one document's.

    `value` stands for a figure that is all but this rate (an F1), so that its interval is that of the rate, about it.
    """
    pairs = [(hits, cases) for hits, cases in clusters if cases]
    hits, cases = sum(h for h, _ in pairs), sum(c for _, c in pairs)
    if not cases:
        return Rate(hits=0, of=0, value=None, low=None, high=None)
    independent = _effective(pairs, hits / cases, cases)
    value = hits / cases if value is None else value
    low, high = wilson(value, independent)
    return Rate(hits=hits, of=cases, value=value, low=low, high=high)


def wilson(value: float, cases: float) -> tuple[float, float]:
    """Wilson's score interval of a proportion among `cases`."""
    spread = _Z * _Z / cases
    centre = (value + spread / 2) / (1 + spread)
    half = _Z / (1 + spread) * sqrt(value * (1 - value) / cases + spread / (4 * cases))
    return max(0.0, centre - half), min(1.0, centre + half)


def _effective(pairs: list[tuple[int, int]], value: float, cases: int) -> float:
    """How many independent cases would vary as much; at most as many as there are."""
    count = len(pairs)
    if count < 2:
        return float(count)
    if value in (0.0, 1.0):
        return float(count)
    residual = sum((hits - value * of) ** 2 for hits, of in pairs)
    variance = count / (count - 1) * residual / cases**2
    if variance <= 0:
        return float(cases)
    return max(1.0, min(float(cases), value * (1 - value) / variance))
