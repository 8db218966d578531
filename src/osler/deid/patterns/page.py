"""A text made ready for the pattern pass: one ASCII byte per code point, so that byte offsets are code-point offsets.

Accents are dropped, typographic quotes, dashes and blanks become their ASCII kin, digits of other scripts become
ASCII digits, and what has no kin becomes `?`. Nothing here fails on any text, lone surrogates and nulls included.
"""

import unicodedata
from dataclasses import dataclass, field

import numpy as np

_KIN = {
    "’": "'", "‘": "'", "ʼ": "'", "′": "'", "´": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‐": "-",
    "‑": "-", "‒": "-", "–": "-", "—": "-", "−": "-", "：": ":", "№": "#", "•": "*", "·": "*", "ß": "s", "ø": "o",
    "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "æ": "a", "Æ": "A", "œ": "o", "Œ": "O", "ı": "i", "þ": "t",
    "º": "o", "°": "o", "\x85": "\n", "\u2028": "\n", "\u2029": "\n", "\ufeff": " ", "\u200b": " ", "\x00": " ",
}  # fmt: skip
_SCRIPTS = (0x0660, 0x06F0, 0x0966, 0x09E6, 0x0E50, 0x17E0, 0xFF10)
"""Where the digits of some scripts start."""


def _table() -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    table = np.full(0x10000, ord("?"), dtype=np.uint8)
    table[:128] = np.arange(128)
    for code in (
        *range(0x80, 0x250),
        *range(0x1E00, 0x1F00),
        *range(0x2000, 0x2070),
        *range(0xFF01, 0xFF5F),
        0x3000,
    ):
        plain = unicodedata.normalize("NFKD", chr(code))[:1]
        if plain and ord(plain) < 128:
            table[code] = ord(plain)
    for char, kin in _KIN.items():
        table[ord(char)] = ord(kin)
    for start in _SCRIPTS:
        table[start : start + 10] = np.arange(48, 58)
    return table


_TABLE = _table()


@dataclass(frozen=True, slots=True)
class Page:
    """`data` is the text in ASCII, `low` the same in lower case, `size` the length of either and of the text."""

    data: bytes = field(repr=False)
    low: bytes = field(repr=False)
    size: int


def page(text: str) -> Page:
    """The page of `text`."""
    if text.isascii():
        data = text.encode("ascii")
    else:
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        data = _TABLE[np.minimum(codes, 0xFFFF)].tobytes()
    return Page(data, data.lower(), len(data))
