"""Tables in text: values below a heading that names an identifier, parted by pipes, tabs, commas or wide blanks.

A heading line has two cells or more, at least one of which is a field label; the rows below it must have as many
cells. Only the columns of labelled identifiers are read; dates, phones and the like are known by their shape.
"""

import re
from collections.abc import Callable

from osler.deid.patterns.keyed import Keys, value_at
from osler.deid.patterns.page import Page
from osler.deid.patterns.rule import Hit

Naming = Callable[[bytes], Keys | None]
"""What a heading names, if it names an identifier."""

_WIDE = re.compile(rb" {2,}|\t+")
_CELL_EDGE = b" \"'*_`\r"
_HEADING = re.compile(rb"[a-z][a-z0-9 #./_()'-]{0,38}")
_RULE = re.compile(rb"[\s|:=+-]+")
_LONGEST = 400


def find(page: Page, naming: Naming, hits: list[Hit]) -> None:
    """Adds the values in labelled columns to `hits`; at once done where no line looks like a heading."""
    low = page.low
    for mark in (b"|", b"\t", b",", b"  "):
        if mark in low and b"\n" in low:
            _by_mark(page, mark, naming, hits)


def _by_mark(page: Page, mark: bytes, naming: Naming, hits: list[Hit]) -> None:
    low, at = page.low, 0
    while True:
        found = low.find(mark, at)
        if found < 0:
            return
        start = low.rfind(b"\n", at, found) + 1 or (at if at == 0 or low[at - 1] == 10 else 0) or at
        end = low.find(b"\n", found)
        if end < 0:
            return
        columns = _columns(low[start:end], mark, naming) if end - start < _LONGEST else None
        at = end + 1
        if columns:
            at = _rows(page, at, mark, columns, hits)


_Columns = list[Keys | None]


def _cells(line: bytes, mark: bytes) -> list[tuple[int, bytes]]:
    """The cells of a line with their offsets, edges trimmed."""
    out = []
    at = 0
    for piece in _WIDE.split(line) if mark == b"  " else line.split(mark):
        begin = line.find(piece, at)
        cell = piece.strip(_CELL_EDGE)
        out.append((begin + (piece.find(cell) if cell else 0), cell))
        at = begin + len(piece)
    return out


def _columns(line: bytes, mark: bytes, naming: Naming) -> _Columns | None:
    """The identifier of each column if the line is a heading, else None."""
    cells = _cells(line, mark)
    if len(cells) < 2:
        return None
    if any(cell and not _HEADING.fullmatch(cell) for _, cell in cells):
        return None
    columns = [naming(cell) if cell else None for _, cell in cells]
    return columns if any(columns) else None


def _rows(page: Page, at: int, mark: bytes, columns: _Columns, hits: list[Hit]) -> int:
    """Reads rows from `at` on until one has other cells; returns where the table ends."""
    low, size = page.low, page.size
    while at < size:
        end = low.find(b"\n", at)
        end = size if end < 0 else end
        line = low[at:end]
        if len(line) > _LONGEST * 4:
            return at
        if not (line and _RULE.fullmatch(line)):
            cells = _cells(line, mark)
            if len(cells) != len(columns):
                return at
            for (offset, cell), keys in zip(cells, columns, strict=True):
                if keys is not None and cell:
                    _read(page, at + offset, cell, keys, hits)
        at = end + 1
    return at


def _read(page: Page, at: int, cell: bytes, keys: Keys, hits: list[Hit]) -> None:
    hit = value_at(page, keys, at, marked=True)
    if hit is not None and hit[1] <= at + len(cell):
        hits.append(hit)
