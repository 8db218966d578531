"""Embeddings without a model: words and pairs of words, hashed into a vector. A lexical stand-in.

Texts that share word stems come out close; texts that mean the same in other words do not. It serves
to run a pipeline end to end without weights, not to search by meaning.
"""

import hashlib
import math
from itertools import chain, pairwise

from osler.backends.words import stems

DIMENSIONS = 384


def embed(text: str) -> tuple[float, ...]:
    """The vector of `text`: 384 numbers of length 1 in all, the same on every machine.

    A text without a word has the vector of the empty word, so that no vector is zero.
    """
    own = stems(text) or [""]
    counts: dict[str, int] = {}
    for feature in chain(own, (f"{a} {b}" for a, b in pairwise(own))):
        counts[feature] = counts.get(feature, 0) + 1
    vector = [0.0] * DIMENSIONS
    for feature, count in counts.items():
        place, sign = _slot(feature)
        vector[place] += sign * (1.0 + math.log(count))
    length = math.sqrt(sum(x * x for x in vector))
    if length == 0.0:  # features that cancel each other out exactly
        vector[_slot(" ".join(own))[0]] = length = 1.0
    return tuple(x / length for x in vector)


def _slot(feature: str) -> tuple[int, float]:
    digest = hashlib.blake2b(feature.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    number = int.from_bytes(digest, "big")
    return (number >> 1) % DIMENSIONS, 1.0 if number & 1 else -1.0
