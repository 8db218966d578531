"""What the network sees of each token: six small numbers and a row of bits.

    columns 0 word     place of the token in the model's vocabulary, 0 for a word that it does not hold
            1 prefix   hash of the first three folded characters
            2 suffix   hash of the last three
            3 shape    kind, case and length; for numbers their size and how many digits
            4 gap      what stands before and after
            5 ends     hash of first and last character with the length

The vocabulary holds the words that carriers of identifiers use ("seen by", "lives in"), never the identifiers, so
that a name is judged by its lists, its looks and what stands around it.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from osler.deid.sequence.tokenize import NUMBER, SIGN, U8, U32, TokenTable
from osler.deid.sequence.wordlist import WordLists

I32 = NDArray[np.int32]

PREFIXES, SUFFIXES, ENDS = 2048, 4096, 1024
SHAPES, GAPS = 160, 25
COLUMNS = 6
_LONGEST = 12
_NUMBER_SHAPES = 84
_BOUNDS = np.array([13, 32, 60, 90, 121, 1000, 1900, 2036], np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """`ids`: T x COLUMNS indices into the embedding tables. `bits`: T list bits (see `wordlist`)."""

    ids: I32 = field(repr=False)
    bits: U32 = field(repr=False)

    def __len__(self) -> int:
        return len(self.bits)


def features(table: TokenTable, lists: WordLists) -> Features:
    """The features of the tokens of one text; `lists` hold the model's vocabulary too."""
    ids = np.empty((len(table), COLUMNS), np.int32)
    if not len(table):
        return Features(ids=ids, bits=np.empty(0, np.uint32))
    ids[:, 0], bits = lists.look(table)
    length = table.end - table.start
    last = table.end - 1
    codes = table.folded.astype(np.uint64)
    one, two, three = (codes[np.minimum(table.start + i, last)] for i in range(3))
    ids[:, 1] = _hashed(one, two, three, PREFIXES)
    ultimate, second, third = (codes[np.maximum(last - i, table.start)] for i in range(3))
    ids[:, 2] = _hashed(ultimate, second, third, SUFFIXES)
    short = np.minimum(length, _LONGEST)
    ids[:, 3] = (table.case.astype(np.int64) * 14 + short) % _NUMBER_SHAPES
    _number_shapes(ids, table, codes, length)
    after = np.append(table.gap[1:], 4)
    ids[:, 4] = table.gap * 5 + after
    ids[:, 5] = _hashed(one, ultimate, short.astype(np.uint64), ENDS)
    return Features(ids=ids, bits=bits)


def _hashed(
    a: NDArray[np.uint64], b: NDArray[np.uint64], c: NDArray[np.uint64], size: int
) -> NDArray[np.uint64]:
    mixed = (a * np.uint64(31337) + b) * np.uint64(31337) + c
    mixed *= np.uint64(0x9E3779B97F4A7C15)
    return (mixed >> np.uint64(40)) % np.uint64(size)


def _number_shapes(ids: I32, table: TokenTable, codes: NDArray[np.uint64], length: NDArray[np.int64]) -> None:
    """Shapes of numbers: up to four digits by their value, longer ones by how many digits they have; 150 for signs."""
    ids[table.kind == SIGN, 3] = 150
    where = np.flatnonzero(table.kind == NUMBER)
    size = length[where]
    value = np.zeros(len(where), np.int64)
    for i in range(4):
        digit = codes[np.minimum(table.start[where] + i, table.end[where] - 1)].astype(np.int64) - 48
        value = np.where(i < size, value * 10 + digit, value)
    bucket = np.searchsorted(_BOUNDS, value, side="right")
    zero = (codes[table.start[where]] == 48).astype(np.int64)
    small = _NUMBER_SHAPES + (np.minimum(size, 4) - 1) * 9 + bucket
    large = _NUMBER_SHAPES + 36 + np.minimum(size, 17) - 5
    shape = np.where(size <= 4, small, large)
    ids[where, 3] = np.where((size <= 4) & (zero == 1) & (size > 1), _NUMBER_SHAPES + 50 + size, shape)


__all__ = [
    "COLUMNS",
    "ENDS",
    "GAPS",
    "PREFIXES",
    "SHAPES",
    "SUFFIXES",
    "U8",
    "Features",
    "features",
]
