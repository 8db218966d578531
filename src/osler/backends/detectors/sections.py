"""Long texts in pieces, cut between words where there are any. Pure; offsets are code points."""

import re
from collections.abc import Iterator

_LONE = re.compile("[\ud800-\udfff]")


def encodable(text: str) -> str:
    """`text`, of the same length, with lone surrogates (which have no UTF-8) as U+FFFD."""
    return _LONE.sub("\ufffd", text)


def sections(text: str, most: int, overlap: int = 0) -> Iterator[tuple[int, str]]:
    """Pieces of at most `most` characters, each with its place; together they cover the text.

    Each begins up to `overlap` characters before the one before it ends (`2 * overlap <= most`). A piece ends before
    a blank where there is one in its last quarter, and begins at one where there is one in the overlap.
    """
    start = 0
    while len(text) - start > most:
        end = _last_blank(text, start + most - most // 4, start + most)
        yield start, text[start:end]
        start = _first_blank(text, end - overlap, end)
    yield start, text[start:]


def _last_blank(text: str, low: int, high: int) -> int:
    return next((at for at in range(high, low, -1) if text[at].isspace()), high)


def _first_blank(text: str, low: int, high: int) -> int:
    return next((at for at in range(low, high) if text[at].isspace()), low)
