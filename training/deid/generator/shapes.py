"""Numbers and codes in the shapes that systems print (values/shapes.txt), and some in shapes made up on the spot."""

from __future__ import annotations

from random import Random

from generator.random_text import chance, pick, shape, unplanned
from generator.values import values


def shaped(rng: Random, part: str, unusual: float = 0.0) -> str:
    """A value in one of the shapes of `part`; with probability `unusual`, in a shape that nobody planned."""
    if unusual and chance(rng, unusual):
        return unplanned(rng)
    return shape(rng, pick(rng, values("shapes", part)))
