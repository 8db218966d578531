"""The lane of field labels: finds `label`, mark and the start of a value, then has the value judged."""

import re
from collections.abc import Sequence

from osler.deid.patterns.keyed import SEPARATOR, VALUE_START, Keys, value_at
from osler.deid.patterns.page import Page
from osler.deid.patterns.rule import Hit, compiled, union

_MARKED = re.compile(rb"[:#=|>^\"]|n(?:o|um|br|r)|id|code")


class LabelLane:
    """All labels of all identifiers in one scan."""

    def __init__(self, tables: Sequence[Keys]) -> None:
        self._kinds: list[tuple[Keys, bool]] = []
        strong, named, by_letter = [], [], {}
        groups = []
        for keys in tables:
            for source, sure in ((keys.strong, True), (keys.weak, False)):
                if source:
                    spaced = source.replace(" ", "[ _-]?")
                    groups.append((spaced, keys, sure))
        ids = "|".join(g for g, keys, _ in groups if not keys.words)
        users = "|".join(g for g, keys, _ in groups if keys.words)
        trigger = rf"(?:\b|_)(?:(?:{ids}){SEPARATOR}{VALUE_START}|(?:{users}){SEPARATOR}[a-z0-9@])"
        self._scan = union([trigger])
        self._groups = [(compiled(rf"({source}){SEPARATOR}(?={VALUE_START})" if not keys.words else rf"({source}){SEPARATOR}(?=[a-z0-9@])"), keys, sure) for source, keys, sure in groups]

    def find(self, ready: Page, hits: list[Hit]) -> None:
        """Adds what is found to `hits`."""
        low, size, scan = ready.low, ready.size, self._scan
        at = 0
        while at < size:
            start = scan(low, at, size)
            if start < 0:
                return
            if low[start] == 95:
                start += 1
            hit = None
            end = start + 1
            for pattern, keys, sure in self._groups:
                match = pattern.match(low, start)
                if match is None:
                    continue
                end = max(end, match.end(1))
                marked = _MARKED.search(low, match.end(1), match.end()) is not None
                if not marked and not sure:
                    continue
                hit = value_at(ready, keys, match.end(), marked)
                if hit:
                    hits.append(hit)
                    end = hit[1]
                    break
            at = end
