"""The lane of field labels: finds `label`, mark and the start of a value, then has the value judged."""

import re
from collections.abc import Sequence

from osler.deid.patterns.keyed import SEPARATOR, VALUE_START, Keys, value_at
from osler.deid.patterns.page import Page
from osler.deid.patterns.rule import Hit, compiled, first_bytes, union

_MARKED = re.compile(rb"[:#=|>^\"]|n(?:o|um|br|r)\b|numb|\bids?\b|ident|code|ref")
_SAID = re.compile(rb"\b(?:is|was|are)\b")
_WORD_START = r"[a-z0-9@]"
_DIRECT = r"\d"


class LabelLane:
    """All labels of all identifiers in one scan."""

    def __init__(self, tables: Sequence[Keys]) -> None:
        rows = [
            (alternative.replace(" ", "[ _-]?"), keys, sure)
            for keys in tables
            for source, sure in ((keys.strong, True), (keys.weak, False))
            if source
            for alternative in alternatives(source)
        ]
        ids = "|".join(row for row, keys, _ in rows if not keys.words)
        users = "|".join(row for row, keys, _ in rows if keys.words)
        self._scan = union(
            [rf"(?:\b|_)(?:(?:{ids})(?:(?:\b|[_.#]){SEPARATOR}{VALUE_START}|{_DIRECT})|(?:{users})(?:\b|_){SEPARATOR}{_WORD_START})"]
        )
        self._by_letter = _by_letter(rows)

    def find(self, ready: Page, hits: list[Hit]) -> None:
        """Adds what is found to `hits`."""
        low, size, scan, by_letter = ready.low, ready.size, self._scan, self._by_letter
        at = 0
        while at < size:
            start = scan(low, at, size)
            if start < 0:
                return
            if low[start] == 95:
                start += 1
            at = start + 1
            for pattern, keys, sure in by_letter[low[start]]:
                match = pattern.match(low, start)
                if match is None:
                    continue
                label_end, value = match.end(1), match.end()
                at = max(at, label_end)
                marked = _MARKED.search(low, label_end, value) is not None
                if not marked and not sure and not keys.words:
                    continue
                if not marked and _SAID.search(low, label_end, value):
                    marked = True
                hit = value_at(ready, keys, value, marked)
                if hit is not None:
                    hits.append(hit)
                    at = hit[1]
                    break


    def named(self, heading: bytes) -> Keys | None:
        """The labels that `heading`, folded, is one of; None if it names no identifier."""
        probe = heading.rstrip(b" .:") + b": 12345"
        for pattern, keys, _ in self._by_letter[heading[0]]:
            match = pattern.match(probe)
            if match is not None and match.end() == len(probe) - 5:
                return keys
        return None


def alternatives(source: str) -> list[str]:
    """The alternatives of a pattern, parted at its outermost bars."""
    out, depth, start, inside = [], 0, 0, False
    for i, char in enumerate(source):
        if source[i - 1 : i] == "\\":
            continue
        if char == "[":
            inside = True
        elif char == "]":
            inside = False
        elif inside:
            continue
        elif char in "()":
            depth += 1 if char == "(" else -1
        elif char == "|" and depth == 0:
            out.append(source[start:i])
            start = i + 1
    return [*out, source[start:]]


_Row = tuple[re.Pattern[bytes], Keys, bool]


def _by_letter(rows: Sequence[tuple[str, Keys, bool]]) -> tuple[tuple[_Row, ...], ...]:
    """For each byte the labels that can start with it, so that a place asks only a few patterns."""
    table: list[dict[tuple[int, bool], tuple[Keys, list[str]]]] = [{} for _ in range(256)]
    for source, keys, sure in rows:
        for byte in first_bytes(source):
            table[byte].setdefault((id(keys), sure), (keys, []))[1].append(source)
    patterns: dict[str, re.Pattern[bytes]] = {}
    out: list[tuple[_Row, ...]] = []
    for groups in table:
        row: list[_Row] = []
        for (_, sure), (keys, sources) in groups.items():
            start = _WORD_START if keys.words else VALUE_START
            whole = rf"({'|'.join(sources)})(?:(?![a-z0-9]){SEPARATOR}(?={start})|(?={_DIRECT}))"
            if whole not in patterns:
                patterns[whole] = compiled(whole)
            row.append((patterns[whole], keys, sure))
        out.append(tuple(row))
    return tuple(out)
