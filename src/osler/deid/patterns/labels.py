"""The lane of field labels: finds `label`, mark and the start of a value, then has the value judged."""

import re
from collections.abc import Mapping, Sequence

from osler.deid.patterns.keyed import CODE_START, MARK, SEPARATOR, VALUE_START, Keys, value_at
from osler.deid.patterns.page import Page
from osler.deid.patterns.rule import Hit, compiled, union

_MARKED = re.compile(rb"[:#=|>^\"]|n(?:o|um|br|r)\b|numb|\bids?\b|ident|code|ref")
_SAID = re.compile(rb"\b(?:is|was|are)\b")
_DIRECT = r"\d"
_PLAIN = r"(?: is| =)?[ \t]{1,3}(?:\r?\n[ \t]{0,8})?"


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
        groups: dict[tuple[str, bool], list[str]] = {}
        for row, keys, sure in rows:
            groups.setdefault((keys.value_start, sure), []).append(row)
        self._scan = union(_trigger(names, start, sure) for (start, sure), names in groups.items())
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
            tried = 0
            for place, (pattern, kinds) in enumerate(by_letter[low[start]]):
                match = pattern.match(low, start) if place >= tried else None
                if match is None:
                    continue
                index = match.lastindex or 1
                tried = index + 1
                keys, sure = kinds[index - 1]
                label_end, value = match.end(index), match.end()
                if label_end - start < 4 and start and low[start - 1] in b"/@.":
                    continue
                at = max(at, label_end)
                marked = _MARKED.search(low, start, value) is not None
                if not marked and _SAID.search(low, label_end, value):
                    marked = True
                hit = value_at(ready, keys, value, marked, sure)
                if hit is not None:
                    hits.append(hit)
                    at = hit[1]
                    break

    def named(self, heading: bytes) -> Keys | None:
        """The labels that `heading`, folded, is one of; None if it names no identifier."""
        probe = heading.rstrip(b" .:") + b": 12345"
        for pattern, kinds in self._by_letter[heading[0]]:
            match = pattern.match(probe)
            if match is not None and match.end() == len(probe) - 5:
                return kinds[(match.lastindex or 1) - 1][0]
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


def first_letters(source: str) -> set[str]:
    """The letters that a match of `source` may start with; of the syntax that labels use, read from the left."""
    if source.startswith("(?:"):
        end = _closing(source)
        letters = set().union(*map(first_letters, alternatives(source[3:end])))
        rest = source[end + 1 :]
    else:
        letters, rest = {source[:1]}, source[1:]
    return letters | first_letters(rest[1:]) if rest.startswith("?") else letters


def _closing(source: str) -> int:
    """Where the group that opens `source` ends."""
    depth = 0
    for i, char in enumerate(source):
        depth += (char == "(") - (char == ")")
        if depth == 0:
            break
    return i


def _trigger(names: Sequence[str], start: str, sure: bool) -> str:
    """Where the lane stops: a label, what may stand between, the start of a value."""
    direct = rf"|{_DIRECT}" if sure and start == VALUE_START else ""
    code = rf"|{_PLAIN}{CODE_START}" if not sure and start == VALUE_START else ""
    return rf"(?:\b|_)(?:{'|'.join(names)})(?:(?:\b|[_.#]){SEPARATOR if sure else MARK}{start}{direct}{code})"


_Kinds = tuple[tuple[Keys, bool], ...]
_Row = tuple[re.Pattern[bytes], _Kinds]


def _by_letter(rows: Sequence[tuple[str, Keys, bool]]) -> tuple[tuple[_Row, ...], ...]:
    """For each byte the labels that can start with it: first all in one pattern, then each kind by itself.

    The first pattern finds the kind of most labels at once; where its value is refused, the others have their turn.
    """
    table: list[dict[tuple[int, bool], tuple[Keys, list[str]]]] = [{} for _ in range(256)]
    for source, keys, sure in rows:
        for letter in first_letters(source):
            table[ord(letter)].setdefault((id(keys), sure), (keys, []))[1].append(source)
    return tuple(_patterns(groups) for groups in table)


def _patterns(groups: Mapping[tuple[int, bool], tuple[Keys, list[str]]]) -> tuple[_Row, ...]:
    kinds = [(keys, sure) for (_, sure), (keys, _) in groups.items()]
    wholes = [_whole(keys, sure, sources) for (_, sure), (keys, sources) in groups.items()]
    if not kinds:
        return ()
    singles = [(compiled(whole), (kind,)) for whole, kind in zip(wholes, kinds, strict=True)]
    return ((compiled("|".join(wholes)), tuple(kinds)), *singles)


def _whole(keys: Keys, sure: bool, sources: Sequence[str]) -> str:
    start = keys.value_start
    direct = rf"|(?={_DIRECT})" if sure and start == VALUE_START else ""
    code = rf"|{_PLAIN}(?={CODE_START})" if not sure and start == VALUE_START else ""
    return rf"({'|'.join(sources)})(?:(?![a-z0-9]){SEPARATOR if sure else MARK}(?={start}){direct}{code})"
