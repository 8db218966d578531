"""Tables in text: values below a heading that names an identifier, parted by pipes, tabs, commas or wide blanks.

A heading line has two cells or more, at least one of which is a field label; the rows below it must have as many
cells. Only the columns of labelled identifiers are read; dates, phones and the like are known by their shape.
"""

import re
from collections.abc import Callable

from osler.deid.patterns.keyed import Keys, value_at
from osler.deid.patterns.page import Page
from osler.deid.patterns.rule import Hit, union

Naming = Callable[[bytes], Keys | None]
"""What a heading names, if it names an identifier."""

_CELL = r"[\"*_` ]{0,3}[a-z][a-z0-9 #./_()'-]*[\"*_` ]{0,3}"
# nothing here crosses the end of a line, so that repetition without bound costs no second look
_HEADING = union(
    [
        rf"(?m:^)[ ]?\|?{_CELL}(?:\|{_CELL})+\|?[ \r]{{0,3}}\n",
        rf"(?m:^){_CELL}(?:\t{_CELL})+\r?\n",
        r"(?m:^)\"?[a-z][a-z0-9 #./_()'-]*\"?(?:,\"?[a-z][a-z0-9 #./_()'-]*\"?)+\r?\n",
        r"(?m:^)[a-z][a-z#./_()'-]*(?: [a-z#./_()'-]+){0,3}(?:  +[a-z][a-z#./_()'-]*(?: "
        r"[a-z#./_()'-]+){0,3})+[ \r]*\n",
    ]
)
_WIDE = re.compile(rb" {2,}|\t+")
_CELL_EDGE = b" \"'*_`\r"
_RULE = re.compile(rb"[\s|:=+-]+")
_LONGEST = 2000
_Columns = list[Keys | None]


def find(page: Page, naming: Naming, hits: list[Hit]) -> None:
    """Adds the values in labelled columns to `hits`; one quick scan where no line looks like a heading."""
    low, size, at = page.low, page.size, 0
    while at < size:
        start = _HEADING(low, at, size)
        if start < 0:
            return
        end = low.find(b"\n", start, size)
        at = end + 1
        line = low[start:end]
        mark = next((m for m in (b"|", b"\t", b",") if m in line), b"  ")
        columns = [naming(cell) if cell else None for _, cell in _cells(line, mark)]
        if any(columns):
            at = _rows(page, at, mark, columns, hits)


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


def _rows(page: Page, at: int, mark: bytes, columns: _Columns, hits: list[Hit]) -> int:
    """Reads rows from `at` on until one has other cells; returns where the table ends."""
    low, size = page.low, page.size
    while at < size:
        end = low.find(b"\n", at, min(size, at + _LONGEST))
        if end < 0:
            end = size
            if size - at > _LONGEST:
                return at
        line = low[at:end]
        if not (line and _RULE.fullmatch(line)):
            cells = _cells(line, mark)
            if len(cells) != len(columns):
                return at
            for (offset, cell), keys in zip(cells, columns, strict=True):
                if keys is not None and cell:
                    _read(page, at + offset, cell, keys, hits)
        at = end + 1
    return at


_VALUE = re.compile(rb"(?=[a-z-]*\d)[a-z0-9][a-z0-9-]{1,39}")


def _read(page: Page, at: int, cell: bytes, keys: Keys, hits: list[Hit]) -> None:
    hit = value_at(page, keys, at, marked=True)
    if hit is not None and hit[1] <= at + len(cell):
        hits.append(hit)
    elif keys.read is None and _VALUE.fullmatch(cell):
        hits.append((at, at + len(cell), keys.label, keys.score - 0.1, keys.detector))
