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
    near = np.minimum(codes, _TABLE - 1)
    kinds = table.kinds[near]
    kinds[:-1][(codes[:-1] == _RETURN) & (codes[1:] == _FEED)] = BLANK  # CRLF is one line end
    folded = table.folded[near]
    if len(codes) and int(codes.max()) >= _TABLE:
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
    group = _GROUP[kinds]
    begins = np.empty(size, np.bool_)
    if size:
        begins[0] = True
        np.not_equal(group[1:], group[:-1], out=begins[1:])
        begins |= group == 4
    runs = np.flatnonzero(begins)
    ends = np.append(runs[1:], size)
    of_run = group[runs]
    solid = of_run >= 2
    start, end = runs[solid], ends[solid]
    kind = _KIND_OF_GROUP[of_run[solid]]
    return TokenTable(
        start=start,
        end=end,
        kind=kind,
        key=_keys(folded, start, end),
        case=_cases(kinds, start, end, kind),
        gap=_gaps(kinds, start, end),
        folded=folded,
    )


def _keys(folded: U32, start: I64, end: I64) -> U64:
    if not len(start):
        return np.empty(0, np.uint64)
    length = end - start
    where = np.arange(int(length.sum())) - np.repeat(np.cumsum(length) - length, length)
    codes = folded[np.repeat(start, length) + where].astype(np.uint64)
    parts = (codes + np.uint64(0x51)) * _FACTORS[where & (_POSITIONS - 1)]
    sums: U64 = np.add.reduceat(parts, np.cumsum(length) - length)
    sums ^= sums >> np.uint64(31)
    sums *= _MIX
    sums ^= sums >> np.uint64(29)
    return sums


def _cases(kinds: U8, start: I64, end: I64, kind: U8) -> U8:
    if not len(start):
        return np.empty(0, np.uint8)
    upper = np.concatenate(([0], np.cumsum(kinds == UPPER)))
    lower = np.concatenate(([0], np.cumsum(kinds == LOWER)))
    ups, lows = upper[end] - upper[start], lower[end] - lower[start]
    first = kinds[start] == UPPER
    case = np.full(len(start), 5, np.uint8)
    case[(ups == 0) & (lows > 0)] = 1
    case[first & (ups == 1) & (lows > 0)] = 2
    case[(ups > 1) & (lows == 0)] = 3
    case[first & (ups == 1) & (lows == 0)] = 4
    case[(kind != WORD) | ((ups == 0) & (lows == 0))] = 0
    return case


def _gaps(kinds: U8, start: I64, end: I64) -> U8:
    if not len(start):
        return np.empty(0, np.uint8)
    before = np.concatenate(([0], end[:-1]))
    lines = np.concatenate(([0], np.cumsum(kinds == NEWLINE)))
    width = start - before
    ends = lines[start] - lines[before]
    gap = np.minimum(width, 2).astype(np.uint8)
    gap[ends == 1] = 3
    gap[ends > 1] = 4
    gap[0] = 4
    return gap
