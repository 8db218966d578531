"""A text made ready for the pattern pass: one byte per code point, so that byte offsets are code-point offsets.

Typographic quotes, dashes and blanks become their ASCII kin and digits of other scripts become ASCII digits; what
else Latin-1 has not becomes `?`. Nothing here fails on any text, lone surrogates and null bytes included.
"""

from dataclasses import dataclass, field

_KIN = {
    "’": "'", "‘": "'", "ʼ": "'", "′": "'", "“": '"', "”": '"', "„": '"', "‐": "-", "‑": "-", "‒": "-",
    "–": "-", "—": "-", "−": "-", "\u2009": " ", "\u202f": " ", "\u2007": " ", "\u3000": " ", "：": ":",
    "＠": "@", "．": ".", "（": "(", "）": ")", "№": "#", "•": "*", "\ufeff": " ", "\u2028": "\n",
    "\u2029": "\n",
}  # fmt: skip
_BLANKS = bytes.maketrans(b"\xa0\x85\xad\xb4\x00\xba", b" \n-' o")
"""The no-break space and its like, by their Latin-1 bytes."""


def _digits() -> dict[int, str]:
    starts = (0x0660, 0x06F0, 0x0966, 0x09E6, 0x0E50, 0x17E0, 0xFF10)
    return {start + i: str(i) for start in starts for i in range(10)}


_DIGITS = _digits()


@dataclass(frozen=True, slots=True)
class Page:
    """`data` is the text, `low` the same in ASCII lower case, `size` the length of either and of the text."""

    data: bytes = field(repr=False)
    low: bytes = field(repr=False)
    size: int


def page(text: str) -> Page:
    """The page of `text`."""
    if text.isascii():
        data = text.encode("ascii")
        if b"\x00" in data:
            data = data.replace(b"\x00", b" ")
    else:
        data = _encoded(text)
    return Page(data, data.lower(), len(data))


def _encoded(text: str) -> bytes:
    try:
        return text.encode("latin-1").translate(_BLANKS)
    except UnicodeEncodeError:
        for char, kin in _KIN.items():
            text = text.replace(char, kin)
        data = text.encode("latin-1", "replace")
        if data.count(b"?") > text.count("?"):
            data = text.translate(_DIGITS).encode("latin-1", "replace")
        return data.translate(_BLANKS)
