"""The exact (Clopper-Pearson) 95% interval of a proportion, also for an effective number of cases that is no integer.

The quantiles are those of the beta distribution, from its incomplete function (continued fraction, modified Lentz) by
bisection. Korn and Graubard (1998) use the same interval at the effective size of a sample that is stratified or
comes in clusters.
"""

from math import exp, lgamma, log

_TAIL = 0.025
_TINY = 1e-300


def clopper_pearson(hits: float, cases: float) -> tuple[float, float]:
    """The interval of `hits` among `cases`, 0 <= hits <= cases, cases > 0. Never narrower than 95% asks."""
    low = 0.0 if hits <= 0 else _quantile(_TAIL, hits, cases - hits + 1)
    high = 1.0 if hits >= cases else _quantile(1 - _TAIL, hits + 1, cases - hits)
    return low, high


def _quantile(probability: float, a: float, b: float) -> float:
    low, high = 0.0, 1.0
    for _ in range(80):
        middle = (low + high) / 2
        if _incomplete_beta(middle, a, b) < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _incomplete_beta(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function, 0 <= x <= 1."""
    if x <= 0 or x >= 1:
        return min(max(x, 0.0), 1.0)
    if x > (a + 1) / (a + b + 2):  # where the fraction converges slowly the other tail does not
        return 1 - _incomplete_beta(1 - x, b, a)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(1 - x))
    return front * _fraction(x, a, b) / a


def _fraction(x: float, a: float, b: float) -> float:
    c, d = 1.0, 1 / _away(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, 10_000):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / _away(1 + term * d)
            c = _away(1 + term / c)
            value *= c * d
        if abs(c * d - 1) < 1e-14:
            break
    return value


def _away(value: float) -> float:
    """The value, not so near to zero that it cannot be divided by."""
    return value if abs(value) > _TINY else _TINY
