"""A text as arrays of tokens: where they are, what they look like, and a hash of their folded letters.

A token is a run of letters (with their combining marks), a run of digits, or one other character that is no blank.
All work is done on whole arrays, so that a megabyte takes milliseconds; nothing here knows of identifiers.
"""

import unicodedata
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]
U32 = NDArray[np.uint32]
U64 = NDArray[np.uint64]
I64 = NDArray[np.int64]

BLANK, NEWLINE, LOWER, UPPER, LETTER, MARK, DIGIT, OTHER = range(8)
"""Classes of characters. LETTER: a letter without case. MARK: a combining mark, part of the word that it stands on."""

WORD, NUMBER, SIGN = range(3)
"""Kinds of tokens."""

_TABLE = 0x3000  # beyond stand CJK letters and symbols, told apart by range
_SYMBOLS = 0x1F000
_POSITIONS = 64
_RETURN, _FEED = 13, 10
_MIX = np.uint64(0x9E3779B97F4A7C15)
_SPECIAL = {
    "ł": "l",
    "ø": "o",
    "đ": "d",
    "æ": "a",
    "œ": "o",
    "ı": "i",
    "ð": "d",
    "þ": "t",
    "ß": "s",
    "’": "'",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Characters:
    """Per code point below `_TABLE`: its class, and its folded form (lower case, without accents)."""

    kinds: U8
    folded: U32


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenTable:
    """The tokens of one text, in parallel arrays of length T.

    `start`, `end`: code-point offsets. `kind`: WORD, NUMBER, SIGN. `key`: 64-bit hash of the folded token.
    `case`: 0 none, 1 lower, 2 Title, 3 UPPER, 4 one capital, 5 mixed. `gap`: what stands before: 0 nothing, 1 a blank,
    2 several blanks or a tab, 3 a line end, 4 an empty line or the start of the text.
    `folded` holds the folded code points of the whole text.
    """

    start: I64
    end: I64
    kind: U8
    key: U64 = field(repr=False)
    case: U8 = field(repr=False)
    gap: U8 = field(repr=False)
    folded: U32 = field(repr=False)

    def __len__(self) -> int:
        return len(self.start)


@cache
def characters() -> Characters:
    """The table of characters of this Python's Unicode; made once."""
    kinds = np.full(_TABLE, OTHER, np.uint8)
    folded = np.arange(_TABLE, dtype=np.uint32)
    for code in range(_TABLE):
        char = chr(code)
        kinds[code] = _kind(char)
        lower = char.lower()
        base = _SPECIAL.get(lower) or unicodedata.normalize("NFKD", lower)
        folded[code] = ord(base[0]) if base and ord(base[0]) < _TABLE else code
    return Characters(kinds=kinds, folded=folded)


def _kind(char: str) -> int:
    category = unicodedata.category(char)
    if char in "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029":
        return NEWLINE
    if category[0] in "ZC":
        return BLANK
    if category[0] == "M":
        return MARK
    if category[0] == "L":
        return {"Ll": LOWER, "Lu": UPPER, "Lt": UPPER}.get(category, LETTER)
    return DIGIT if category == "Nd" else OTHER


def _positions() -> U64:
    """One odd 64-bit factor per position in a token, from a fixed multiplicative sequence."""
    factor = np.empty(_POSITIONS, np.uint64)
    state = 0x9E3779B97F4A7C15
    for i in range(_POSITIONS):
        state = (state * 6364136223846793005 + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
        factor[i] = (state ^ (state >> 29)) | 1
    return factor


_FACTORS = _positions()


def tokenize(text: str) -> TokenTable:
    """The tokens of `text`, any Unicode, lone surrogates included."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    table = characters()
    beyond = len(codes) > 0 and int(codes.max()) >= _TABLE
    near = np.minimum(codes, _TABLE - 1) if beyond else codes
    kinds, folded = table.kinds.take(near), table.folded.take(near)
    if "\r\n" in text:
        kinds[:-1][(codes[:-1] == _RETURN) & (codes[1:] == _FEED)] = BLANK  # CRLF is one line end
    if beyond:
        far = codes >= _TABLE
        symbol = (
            (codes >= _SYMBOLS)
            | ((codes >= 0xD800) & (codes < 0xF900))
            | ((codes >= 0xFE00) & (codes < 0xFE70))
        )
        kinds = np.where(far, np.where(symbol, OTHER, LETTER), kinds).astype(np.uint8)
        folded = np.where(far, codes, folded)
    return _cut(kinds, folded)


_GROUP = np.array([0, 1, 2, 2, 2, 2, 3, 4], np.uint8)
_KIND_OF_GROUP = np.array([0, 0, WORD, NUMBER, SIGN], np.uint8)


def _cut(kinds: U8, folded: U32) -> TokenTable:
    size = len(kinds)
    group = _GROUP.take(kinds)
    begins = group == 4
    begins[:1] = True
    begins[1:] |= group[1:] != group[:-1]
    runs = np.flatnonzero(begins)
    ends = np.append(runs[1:], size)
    of_run = group.take(runs)
    solid = np.flatnonzero(of_run >= 2)
    start = runs.take(solid)
    if not len(start):
        return _none(folded)
    end = ends.take(solid)
    return TokenTable(
        start=start,
        end=end,
        kind=_KIND_OF_GROUP.take(of_run.take(solid)),
        key=_keys(folded, runs, ends).take(solid),
        case=_cases(kinds, runs).take(solid),
        gap=_gaps(kinds, start, end),
        folded=folded,
    )


def _none(folded: U32) -> TokenTable:
    offsets, small = np.empty(0, np.int64), np.empty(0, np.uint8)
    return TokenTable(
        start=offsets,
        end=offsets,
        kind=small,
        key=np.empty(0, np.uint64),
        case=small,
        gap=small,
        folded=folded,
    )


def _keys(folded: U32, runs: I64, ends: I64) -> U64:
    """A hash per run: of its characters, each by its place in the run."""
    places = np.arange(len(folded))
    places -= np.repeat(runs, ends - runs)
    places &= _POSITIONS - 1
    parts = folded.astype(np.uint64)
    parts += np.uint64(0x51)
    parts *= _FACTORS.take(places)
    sums: U64 = np.add.reduceat(parts, runs)
    sums ^= sums >> np.uint64(31)
    sums *= _MIX
    sums ^= sums >> np.uint64(29)
    return sums


_LOWS = 32
_COUNTED = np.array([(kind == UPPER) + ((kind == LOWER) << _LOWS) for kind in range(8)], np.int64)
"""One addition counts both: capitals in the low half, small letters in the high one."""
_CASES = np.array([0, 0, 1, 1, 5, 4, 5, 2, 3, 3, 5, 5], np.uint8)
"""By number of capitals (0, 1, more) times 4, whether there are small letters times 2, whether a capital is first."""


def _cases(kinds: U8, runs: I64) -> U8:
    counted = np.add.reduceat(_COUNTED.take(kinds), runs)
    which = np.minimum(counted & ((1 << _LOWS) - 1), 2)
    which <<= 2
    which += (counted >= 1 << _LOWS) * 2
    which += kinds.take(runs) == UPPER
    case: U8 = _CASES.take(which)
    return case


def _gaps(kinds: U8, start: I64, end: I64) -> U8:
    width = start.copy()
    width[1:] -= end[:-1]
    gap = np.empty(len(start) + 1, np.uint8)  # the last one is for what stands behind all tokens
    np.minimum(width, 2, out=gap[:-1], casting="unsafe")
    # before which token each line ends, in order: what comes twice has an empty line before it
    at = np.searchsorted(start, np.flatnonzero(kinds == NEWLINE))
    gap[at] = 3
    gap[at[1:][at[1:] == at[:-1]]] = 4
    gap[0] = 4
    return gap[:-1]
