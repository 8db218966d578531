"""The pattern pass: every structured identifier of a text in two multi-pattern scans.

One scan finds where an identifier may stand by its shape, the other where a field label has a value behind it; the
rules of each identifier then judge those places alone. HL7 segments and tables are read where there are any.
"""

from collections.abc import Iterable

from osler.core.spans import Span
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
from osler.deid.patterns.rule import Hit, Judge, Rule, union

RULES: tuple[Rule, ...] = (
    *emails.RULES, *urls.RULES, *photos.RULES, *ips.RULES, *devices.RULES, *ssn.RULES, *phones.RULES,
    *dates_numeric.RULES, *dates_named.RULES, *holidays.RULES, *dates_spoken.RULES, *ages.RULES,
    *accounts.RULES, *licenses.RULES, *vehicles.RULES, *health_plan.RULES, *streets.RULES, *zips.RULES,
    *other_ids.RULES,
)  # fmt: skip
KEYS = (
    *ssn.KEYS, *health_plan.KEYS, *mrn.KEYS, *accounts.KEYS, *licenses.KEYS, *vehicles.KEYS, *devices.KEYS, *phones.KEYS,
    *biometrics.KEYS, *photos.KEYS, *zips.KEYS, *dates_numeric.KEYS, *other_ids.KEYS,
)  # fmt: skip


class PatternScanner:
    """Finds structured identifiers. Made once (some tens of milliseconds), then safe from several threads."""

    def __init__(self) -> None:
        self._shapes = ShapeLane(RULES)
        self._labels = LabelLane(KEYS)

    def find(self, text: str) -> list[Span]:
        """Spans in code points, in no order; they may overlap. Never raises on any text."""
        if not text:
            return []
        ready = page(text)
        hits: list[Hit] = []
        self._shapes.find(ready, hits)
        self._labels.find(ready, hits)
        hl7.find(ready, hits)
        tables.find(ready, self._labels.named, hits)
        return [Span(start=a, end=b, label=label, score=score, detector=name) for a, b, label, score, name in hits]


class ShapeLane:
    """Identifiers known by their shape: one automaton of all triggers, then the rules for the place it stopped at."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._scan = union(rule.trigger for rule in rules)
        table: list[list[Judge]] = [[] for _ in range(257)]
        for rule in rules:
            for key in {*rule.keys, *((256,) if len(rule.keys) > 200 else ())}:
                table[key].append(rule.find)
        self._judges = tuple(map(tuple, table))

    def find(self, ready: Page, hits: list[Hit]) -> None:
        """Adds what is found to `hits`."""
        low, size, scan, judges = ready.low, ready.size, self._scan, self._judges
        at = 0
        while at < size:
            start = scan(low, at, size)
            if start < 0:
                return
            first = low[start]
            if 48 <= first <= 57:
                run_end = start + 1
                while run_end < size and 48 <= low[run_end] <= 57:
                    run_end += 1
                key = low[run_end] if run_end < size else 256
            else:
                run_end = start + 1
                key = first
            at = run_end
            for judge in judges[key]:
                hit = judge(ready, start, run_end)
                if hit is not None:
                    hits.append(hit)
                    if hit[1] > at:
                        at = hit[1]
                    break
