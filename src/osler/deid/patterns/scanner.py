"""The pattern pass: every structured identifier of a text in a few multi-pattern scans.

One scan finds where an identifier may stand by its shape, the other where a field label has a value behind it; the
rules of each identifier then judge those places alone. HL7 segments and tables are read where there are any.
"""

import re
from collections.abc import Callable, Iterable, Mapping

from osler.core.spans import Label, Span
from osler.deid.patterns import (
    accounts,
    ages,
    biometrics,
    dates_named,
    dates_numeric,
    dates_spoken,
    devices,
    emails,
    health_plan,
    hl7,
    holidays,
    ips,
    licenses,
    mrn,
    other_ids,
    phones,
    photos,
    ssn,
    streets,
    tables,
    urls,
    vehicles,
    zips,
)
from osler.deid.patterns.labels import LabelLane
from osler.deid.patterns.page import Page, page
from osler.deid.patterns.rule import DIGITS, END, MOST_DIGITS, Hit, Judge, Rule, union

RULES: tuple[Rule, ...] = (
    *emails.RULES, *urls.RULES, *photos.RULES, *ips.RULES, *devices.RULES, *ssn.RULES, *dates_spoken.RULES,
    *phones.RULES, *dates_numeric.RULES, *dates_named.RULES, *holidays.RULES, *ages.RULES,
    *accounts.RULES, *licenses.RULES, *vehicles.RULES, *health_plan.RULES, *zips.RULES,
    *other_ids.RULES,
)  # fmt: skip
KEYS = (
    *ssn.KEYS, *health_plan.KEYS, *mrn.KEYS, *accounts.KEYS, *licenses.KEYS, *vehicles.KEYS, *devices.KEYS,
    *phones.KEYS, *biometrics.KEYS, *photos.KEYS, *zips.KEYS, *dates_numeric.KEYS, *other_ids.KEYS,
)  # fmt: skip


class PatternScanner:
    """Finds structured identifiers. Made once (some tens of milliseconds), then safe from several threads."""

    name = "patterns"
    waits = False
    lasting = True

    def __init__(self) -> None:
        self._shapes = ShapeLane(RULES)
        # apart from the others: what may be a street stays open over five words, which multiplied with all that may
        # begin there makes ten times the states and half the speed
        self._streets = ShapeLane(streets.RULES)
        self._labels = LabelLane(KEYS)

    def find(self, text: str) -> list[Span]:
        """Spans in code points, in no order; they may overlap. Never raises on any text."""
        if not text:
            return []
        ready = page(text)
        hits: list[Hit] = []
        self._labels.find(ready, hits)
        settled = {hit[0]: hit[1] for hit in hits if hit[2] in _SETTLED}
        self._shapes.find(ready, hits, settled)
        self._streets.find(ready, hits, settled)
        hl7.find(ready, hits)
        tables.find(ready, self._labels.named, hits)
        return [
            Span(start=a, end=b, label=label, score=score, detector=name) for a, b, label, score, name in hits
        ]


_SETTLED = frozenset(
    (Label.MRN, Label.ACCOUNT, Label.HEALTH_PLAN, Label.LICENSE, Label.DEVICE, Label.BIOMETRIC, Label.SSN)
)
"""Behind a label of these kinds no other reading of a value can be longer or surer."""


class ShapeLane:
    """Identifiers known by their shape: one automaton of all triggers, then the rules for the place it stopped at."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._scan = union(rule.trigger for rule in rules)
        self._numbers = _table(rules, MOST_DIGITS + 1, _by_run)
        self._words = _table(rules, 256, _by_first)

    def find(self, ready: Page, hits: list[Hit], settled: Mapping[int, int]) -> None:
        """Adds what is found to `hits`; a place that a label has `settled` is passed over, from start to end."""
        low, size, scan = ready.low, ready.size, self._scan
        numbers, words = self._numbers, self._words
        at = 0
        while at < size:
            start = scan(low, at, size)
            if start < 0:
                return
            if start in settled:
                at = settled[start]
                continue
            first = low[start]
            run = _RUN(low, start)
            at = run.end() if run else start + 1
            then = low[at] if at < size else END
            judges = numbers[min(at - start, MOST_DIGITS)][then] if 48 <= first <= 57 else words[first][then]
            for judge in judges:
                hit = judge(ready, start, at)
                if hit is not None:
                    hits.append(hit)
                    if hit[1] > at:
                        at = hit[1]
                    break


_RUN = re.compile(rb"\d+|[a-z]+").match
_Table = tuple[tuple[tuple[Judge, ...], ...], ...]


def _by_run(rule: Rule) -> Iterable[int]:
    return rule.runs if rule.first == DIGITS else ()


def _by_first(rule: Rule) -> Iterable[int]:
    return rule.first if rule.first != DIGITS else ()


def _table(rules: Iterable[Rule], rows: int, places: Callable[[Rule], Iterable[int]]) -> _Table:
    """Judges by row (length of the first digits, or first byte) and by the byte that follows the first run."""
    table: list[list[list[Judge]]] = [[[] for _ in range(END + 1)] for _ in range(rows)]
    for rule in rules:
        for place in places(rule):
            for then in rule.then if rule.then is not None else range(END + 1):
                table[place][then].append(rule.find)
    return tuple(tuple(map(tuple, row)) for row in table)
