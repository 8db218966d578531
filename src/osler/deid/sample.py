"""Which documents of a run people should read: drawn at random, uniformly or by strata, reproducibly from a seed.

The documents go by once and only numbers are kept (reservoir sampling), so that a run of any size can be sampled.
By strata each gets an equal part of the sample, as far as it has documents, so that rare kinds are seen too; what is
estimated from it later weighs each stratum by its size (`osler.deid.leak_rate`).
"""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from osler.core.errors import InputError

DOUBTFUL = 0.7
"""Below this score a span is uncertain."""

Trait = Literal["found", "doubt"]
MOST_STRATA = 64
_FOUND = ((0, "none found"), (4, "1 to 4 found"), (14, "5 to 14 found"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """The sample: the numbers drawn with their stratum, in order, and of each stratum its documents and those drawn."""

    chosen: Mapping[int, str]
    strata: Mapping[str, tuple[int, int]]


def stratum(trait: Trait, scores: Iterable[float]) -> str:
    """The stratum of a document in which spans of these scores were found."""
    values = list(scores)
    if trait == "doubt":
        return "uncertain" if any(s < DOUBTFUL for s in values) else "none uncertain"
    return next((name for most, name in _FOUND if len(values) <= most), "15 or more found")


def draw(documents: Iterable[tuple[int, str]], size: int, seed: int) -> Drawn:
    """`size` of the documents, each given by its number and stratum; all of them where there are fewer.

    Raises InputError where there are none, more than 64 strata, or too few to draw two from each stratum.
    """
    reservoirs: dict[str, _Reservoir] = {}
    for number, name in documents:
        if name not in reservoirs:
            if len(reservoirs) == MOST_STRATA:
                raise InputError(
                    f"The documents fall into more than {MOST_STRATA} strata.",
                    remedy="Sample by something that takes few values.",
                )
            reservoirs[name] = _Reservoir(size, f"{seed}/{name}")
        reservoirs[name].offer(number)
    if not reservoirs:
        raise InputError(
            "The output holds no document that could be reviewed.", remedy="Name the --output of a run."
        )
    parts = _parts({name: r.seen for name, r in reservoirs.items()}, size)
    if len(parts) > 1 and any(part < min(2, reservoirs[name].seen) for name, part in parts.items()):
        raise InputError(
            f"The sample is too small for {len(parts)} strata.",
            remedy="Draw at least two of each: raise --size.",
        )
    chosen = {number: name for name, part in parts.items() for number in reservoirs[name].take(part)}
    return Drawn(
        chosen=dict(sorted(chosen.items())),
        strata={name: (reservoirs[name].seen, parts[name]) for name in sorted(parts)},
    )


class _Reservoir:
    """At most `size` of the numbers offered, each as likely as any other."""

    def __init__(self, size: int, seed: str) -> None:
        self._size, self._random = size, random.Random(seed)  # noqa: S311 - drawing documents, not secrets
        self._held: list[int] = []
        self.seen = 0

    def offer(self, number: int) -> None:
        """One more number."""
        self.seen += 1
        if len(self._held) < self._size:
            self._held.append(number)
        elif (place := self._random.randrange(self.seen)) < self._size:
            self._held[place] = number

    def take(self, count: int) -> list[int]:
        """`count` of those held, at random."""
        return self._random.sample(self._held, count)


def _parts(sizes: Mapping[str, int], size: int) -> dict[str, int]:
    """Equal parts of `size`; what a small stratum cannot fill goes to the others."""
    parts: dict[str, int] = {}
    left = size
    for at, (name, documents) in enumerate(sorted(sizes.items(), key=lambda item: (item[1], item[0]))):
        parts[name] = min(documents, left // (len(sizes) - at))
        left -= parts[name]
    return parts
