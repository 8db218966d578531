"""The lane of field labels: finds `label`, mark and the start of a value, then has the value judged."""

import re
from collections.abc import Iterable, Sequence

from osler.deid.patterns.keyed import CODE_START, MARK, SEPARATOR, VALUE_START, Keys, value_at
from osler.deid.patterns.page import Page
from osler.deid.patterns.rule import Hit, compiled, union

_MARKED = re.compile(rb"[:#=|>^\"]|n(?:o|um|br|r)\b|numb|\bids?\b|ident|code|ref")
_SAID = re.compile(rb"\b(?:is|was|are)\b")
_DIRECT = r"\d"
_PLAIN = r"(?: is| =)?[ \t]{1,3}(?:\r?\n[ \t]{0,8})?"

_Row = tuple[re.Pattern[bytes], tuple[Keys, ...], bool]
"""A pattern of labels that share how a value starts, the kind of each of its groups, whether they are sure."""
_Groups = dict[tuple[bool, str], dict[int, tuple[Keys, list[str]]]]
"""Sure or not and how a value starts, to the labels of each kind."""


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
        self._groups = _by_letter(rows)
        self._rows: list[tuple[_Row, ...] | None] = [None] * 256

    def _starting(self, letter: int) -> tuple[_Row, ...]:
        """The labels that can start with a byte; compiled when first asked for, since most texts need a few."""
        rows = self._rows[letter]
        if rows is None:
            rows = self._rows[letter] = tuple(
                _row(*key, group.values()) for key, group in self._groups[letter].items()
            )
        return rows

    def find(self, ready: Page, hits: list[Hit]) -> None:
        """Adds what is found to `hits`."""
        low, size, scan, starting = ready.low, ready.size, self._scan, self._starting
        at = 0
        while at < size:
            start = scan(low, at, size)
            if start < 0:
                return
            if low[start] == 95:
                start += 1
            at = start + 1
            for pattern, kinds, sure in starting(low[start]):
                match = pattern.match(low, start)
                if match is None:
                    continue
                index = match.lastindex or 1
                label_end, value = match.end(index), match.end()
                if label_end - start < 4 and start and low[start - 1] in b"/@.":
                    continue
                if label_end > at:
                    at = label_end
                marked = _MARKED.search(low, start, value) or _SAID.search(low, label_end, value)
                hit = value_at(ready, kinds[index - 1], value, marked is not None, sure)
                if hit is not None:
                    hits.append(hit)
                    at = hit[1]
                    break

    def named(self, heading: bytes) -> Keys | None:
        """The labels that `heading`, folded, is one of; None if it names no identifier."""
        probe = heading.rstrip(b" .:") + b": 12345"
        for pattern, kinds, _ in self._starting(heading[0]):
            match = pattern.match(probe)
            if match is not None and match.end() == len(probe) - 5:
                return kinds[(match.lastindex or 1) - 1]
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
    depth, i = 1, 0
    while depth:
        i += 1
        depth += (source[i] == "(") - (source[i] == ")")
    return i


def _by_letter(rows: Sequence[tuple[str, Keys, bool]]) -> list[_Groups]:
    """For each byte the labels that can start with it, those that need no mark first."""
    table: list[_Groups] = [{} for _ in range(256)]
    for source, keys, sure in sorted(rows, key=lambda row: not row[2]):
        for letter in first_letters(source):
            group = table[ord(letter)].setdefault((sure, keys.value_start), {})
            group.setdefault(id(keys), (keys, []))[1].append(source)
    return table


def _row(sure: bool, start: str, group: Iterable[tuple[Keys, list[str]]]) -> _Row:
    kinds = tuple(keys for keys, _ in group)
    names = "|".join(f"({'|'.join(sources)})" for _, sources in group)
    plain = start == VALUE_START
    direct = rf"|(?={_DIRECT})" if sure and plain else ""
    code = rf"|{_PLAIN}(?={CODE_START})" if not sure and plain else ""
    between = SEPARATOR if sure else MARK
    return compiled(rf"(?:{names})(?:(?![a-z0-9]){between}(?={start}){direct}{code})"), kinds, sure


def _trigger(names: Sequence[str], start: str, sure: bool) -> str:
    """Where the lane stops: a label, what may stand between, the start of a value."""
    plain = start == VALUE_START
    direct = rf"|{_DIRECT}" if sure and plain else ""
    code = rf"|{_PLAIN}{CODE_START}" if not sure and plain else ""
    return rf"(?:\b|_)(?:{'|'.join(names)})(?:(?:\b|[_.#]){SEPARATOR if sure else MARK}{start}{direct}{code})"
