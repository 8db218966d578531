"""In which order the rounds are run: interleaved A B B A, in an order drawn anew for each two rounds.

Whatever slows the machine for a while then hits all contenders alike: each is run once in every
round, close to the others, and as often before them as after them. Pairs of figures are taken within
a round.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One round of one contender at one case. Rounds below 0 are warm-up."""

    round: int
    case: str
    contender: str


def turns(entered: Mapping[str, Sequence[str]], *, rounds: int, warmup: int, seed: int) -> Iterator[Turn]:
    """All turns in order. `entered` names the contenders of each case; the same seed gives the same order."""
    rng = random.Random(seed)
    for number in range(-warmup, 0):
        for case, names in entered.items():
            yield from (Turn(round=number, case=case, contender=name) for name in names)
    orders: dict[str, list[str]] = {}
    for number in range(rounds):
        cases = list(entered)
        rng.shuffle(cases)
        for case in cases:
            if number % 2 == 0:
                orders[case] = rng.sample(list(entered[case]), len(entered[case]))
            order = orders[case] if number % 2 == 0 else orders[case][::-1]
            yield from (Turn(round=number, case=case, contender=name) for name in order)
