"""Letters without their accents, as registers, logins and file names keep them."""

from __future__ import annotations

import unicodedata

_LETTERS = str.maketrans(
    {
        "đ": "d",
        "Đ": "D",
        "ø": "o",
        "Ø": "O",
        "ł": "l",
        "Ł": "L",
        "ß": "ss",
        "æ": "ae",
        "Æ": "Ae",
        "ð": "d",
        "Ð": "D",
        "þ": "th",
        "Þ": "Th",
        "ı": "i",
        "ə": "a",
        "Ə": "A",
        "‘": "'",
        "ʻ": "'",
        "œ": "oe",
    }
)


def plain(text: str) -> str:
    """`text` without accents, in ASCII where that is possible."""
    decomposed = unicodedata.normalize("NFD", text.translate(_LETTERS))
    return unicodedata.normalize("NFC", "".join(c for c in decomposed if not unicodedata.combining(c)))
