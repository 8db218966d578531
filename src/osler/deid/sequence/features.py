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

from osler.deid.sequence.tokenize import I64, NUMBER, SIGN, U8, U32, U64, TokenTable
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
    one, two, three = (codes.take(np.minimum(table.start + i, last)) for i in range(3))
    ultimate, second, third = (codes.take(np.maximum(last - i, table.start)) for i in range(3))
    short = np.minimum(length, _LONGEST)
    mixed = _mixed(
        np.concatenate((one, ultimate, one)),
        np.concatenate((two, second, ultimate)),
        np.concatenate((three, third, short.view(np.uint64))),
    ).reshape(3, -1)
    for column, hashed, size in zip((1, 2, 5), mixed, (PREFIXES, SUFFIXES, ENDS), strict=True):
        ids[:, column] = hashed & np.uint64(size - 1)
    shape = table.case * np.int64(14)
    shape += short
    shape %= _NUMBER_SHAPES
    _number_shapes(shape, table, codes, length)
    ids[:, 3] = shape
    ids[:, 4] = table.gap * 5
    ids[:-1, 4] += table.gap[1:]
    ids[-1, 4] += 4
    return Features(ids=ids, bits=bits)


def _mixed(a: U64, b: U64, c: U64) -> U64:
    """Hashes of three characters each; a power of two takes its low bits."""
    mixed: U64 = a * np.uint64(31337)
    mixed += b
    mixed *= np.uint64(31337)
    mixed += c
    mixed *= np.uint64(0x9E3779B97F4A7C15)
    mixed >>= np.uint64(40)
    return mixed


def _number_shapes(shapes: I64, table: TokenTable, codes: U64, length: I64) -> None:
    """Shapes of numbers: up to four digits by their value, longer ones by how many digits they have; 150 for signs."""
    shapes[table.kind == SIGN] = 150
    where = np.flatnonzero(table.kind == NUMBER)
    if not len(where):
        return
    size, start = length.take(where), table.start.take(where)
    few = np.minimum(size, 4)
    places = np.minimum(start[:, None] + _FOUR, (start + size - 1)[:, None])
    digits = codes.take(places).view(np.int64)
    digits -= 48
    value = (digits * _POWERS.take(few, axis=0)).sum(axis=1)
    small = few * 9 + np.searchsorted(_BOUNDS, value, side="right")
    small += _NUMBER_SHAPES - 9
    padded = (size > 1) & (digits[:, 0] == 0)
    shape = np.where(padded, size + (_NUMBER_SHAPES + 50), small)
    shapes[where] = np.where(size > 4, np.minimum(size, 17) + (_NUMBER_SHAPES + 31), shape)


_FOUR = np.arange(4)
_POWERS = np.array([[10 ** (n - 1 - i) if i < n else 0 for i in range(4)] for n in range(5)], np.int64)
"""What each of the first four digits of a number of n digits is worth."""


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
