"""Small ways to draw text: a weighted choice, digits and letters by a shape, a shape that nobody planned.

Every function takes the `random.Random` of the document, so that a document follows from its seed alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")

UPPER = "ABCDEFGHJKLMNPRSTUVWXYZ"
_ALNUM = "0123456789ABCDEFGHJKLMNPRSTUVWXYZ"
_SETS = {"#": "0123456789", "&": "123456789", "@": UPPER, "%": _ALNUM, "~": "0123456789abcdef"}


def chance(rng: Random, probability: float) -> bool:
    """True with that probability."""
    return rng.random() < probability


def pick(rng: Random, options: Sequence[T]) -> T:
    """One of `options`, all alike."""
    return options[int(rng.random() * len(options))]


def weighted(rng: Random, options: Sequence[tuple[float, T]]) -> T:
    """One of (weight, value) pairs."""
    point = rng.random() * sum(weight for weight, _ in options)
    for weight, value in options:
        point -= weight
        if point < 0:
            return value
    return options[-1][1]


def frequent(rng: Random, options: Sequence[T]) -> T:
    """One of `options`, the first ones far more often: half of the draws fall in the first eighth."""
    return options[int(len(options) * rng.random() ** 3)]


def shape(rng: Random, pattern: str) -> str:
    """`pattern` with '#' a digit, '&' a digit but 0, '@' a capital, '%' either, '~' a hexadecimal digit."""
    return "".join(pick(rng, _SETS[c]) if c in _SETS else c for c in pattern)


def digits(rng: Random, shortest: int, longest: int) -> str:
    """Between `shortest` and `longest` digits, leading zeros possible."""
    return shape(rng, "#" * rng.randint(shortest, longest))


def unplanned(rng: Random, shortest: int = 6, longest: int = 12) -> str:
    """An identifier of a shape made up on the spot: groups of digits and letters, some separators.

    It has at least three digits, so that it cannot be taken for a word.
    """
    groups: list[str] = []
    length = rng.randint(shortest, longest)
    while sum(map(len, groups)) < length:
        size = min(rng.randint(1, 6), length - sum(map(len, groups)))
        groups.append(pick(rng, ("#", "#", "#", "@", "%")) * max(1, size))
    if sum(g.count("#") for g in groups) < 3:
        groups.append("###")
    separator = weighted(rng, ((5, ""), (3, "-"), (0.6, "/"), (0.6, "."), (0.4, "_"), (0.3, " ")))
    text = shape(rng, separator.join(groups))
    return text.lower() if chance(rng, 0.1) else text


def initial_upper(text: str) -> str:
    """`text` with its first letter a capital and the rest as it is."""
    return text[:1].upper() + text[1:]
