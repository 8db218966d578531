"""Surrogates of dates and ages over 89.

All dates of one request move by one random whole number of weeks into the years from 2100 on: intervals, weekdays
and layouts stay, and no surrogate date can be a real one. A date without a year gets its surrogate year, so
that it can be told from any other pair of numbers. A shift is not Safe Harbor de-identification.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from itertools import chain

from osler.core.errors import GuardUnavailable
from osler.deid import dates
from osler.deid.restore import Table
from osler.deid.surrogates import Pool

FIRST_YEAR, LAST_YEAR = 2100, 2199
_FALLBACK_YEAR = 2024
_FAR = 2300
_TRIES = 40
_LAYOUTS = (
    "{B} {d}, {Y}",
    "{d} {B} {Y}",
    "{Y}-{mm}-{dd}",
    "{m}/{d}/{Y}",
    "{mm}/{dd}/{Y}",
    "{b} {d}, {Y}",
    "{d}-{b}-{Y}",
    "{B} {o}, {Y}",
    "{o} of {B} {Y}",
)
_MONTH_LAYOUTS = ("{B} {Y}", "{b} {Y}", "{mm}/{Y}", "{B} of {Y}", "{b}. {Y}")


class Calendar:
    """The surrogate dates of one request."""

    def __init__(
        self,
        pool: Pool,
        table: Table,
        written: Iterable[dates.Written | None],
        avoided: frozenset[int] = frozenset(),
        *,
        read: Callable[[str], dates.Written | None] = dates.read,
    ) -> None:
        """`avoided` are years that no surrogate should show, since a number of the record looks like them.

        `read` may remember the dates that it read.
        """
        self._read = read
        self._pool = pool
        self._table = table
        self._surrogates: dict[str, str] = {}
        known = [w for w in written if w is not None]
        years = sorted({w.year for w in known if w.year is not None})
        self._latest = max((w.on(_FALLBACK_YEAR) for w in known if w.full), default=None)
        low, high = (years[0], years[-1]) if years else (_FALLBACK_YEAR, _FALLBACK_YEAR)
        self._days = self._draw(low - 1, high + 1)
        days = [w.on(_FALLBACK_YEAR) for w in known] if avoided else []
        for _ in range(_TRIES):
            if not any(dates.shift(day, self._days).year in avoided for day in days if day.year < _FAR):
                break
            self._days = self._draw(low - 1, high + 1)
        first = max(FIRST_YEAR, low)
        self._years = range(first, max(LAST_YEAR, high + self._days // 365 + 2) + 1)
        table.shifted(self._days, self._years)

    def _draw(self, low: int, high: int) -> int:
        """A number of days, whole weeks, that moves all years `low` to `high` behind 2100 and off each other."""
        weeks_to = (
            date(max(FIRST_YEAR, min(low, 9000)), 1, 7) - date(max(1, min(low, 9000)), 1, 1)
        ).days // 7
        room = max((LAST_YEAR - FIRST_YEAR) - (high - low), 10) * 52
        least = max(weeks_to, (high - low + 1) * 53 if high >= FIRST_YEAR else 0)
        return 7 * (least + self._pool.rng.randrange(1, room))

    def of(self, value: str) -> str:
        """The surrogate of a date as it stands."""
        if value not in self._surrogates:
            self._surrogates[value] = self._made(value)
        return self._surrogates[value]

    def _made(self, value: str) -> str:
        written = self._read(value)
        if written is None:
            day = date(self._years[0], 1, 1) + timedelta(
                days=self._pool.rng.randrange(len(self._years) * 365)
            )
            return self._claimed(value, None, day, _LAYOUTS)
        try:
            real = written.on(self._year_near(written))
            day = dates.shift(real, self._days)
        except (OverflowError, ValueError):
            day = date(self._years[-1], self._pool.rng.randint(1, 12), 1)
            return self._claimed(value, None, day, _LAYOUTS)
        if written.day is None:
            return self._claimed(value, written, day, _MONTH_LAYOUTS)
        surrogate = self._claimed(value, written, day, _LAYOUTS)
        self._alternatives(written, real, day)
        return surrogate

    def _year_near(self, written: dates.Written) -> int:
        """The year that a date without one most likely means: that of the latest full date, or the year around it."""
        if written.year is not None:
            return written.year
        if self._latest is None:
            return _FALLBACK_YEAR
        latest = self._latest
        return min(
            (latest.year, latest.year - 1, latest.year + 1), key=lambda y: abs((written.on(y) - latest).days)
        )

    def _claimed(self, value: str, written: dates.Written | None, day: date, layouts: Sequence[str]) -> str:
        own = (_with_year(written),) if written is not None else ()
        # nearly always the first one does
        for layout in chain(own, (dates.Written(month=1, layout=layout) for layout in layouts)):
            surrogate = dates.write(layout, day)
            if self._pool.absent(surrogate) and self._table.claim(surrogate, value):
                return surrogate
        for step in range(1, 400):
            surrogate = dates.write(
                dates.Written(month=1, layout=layouts[0]), day + timedelta(days=7 * step * len(self._years))
            )
            if self._table.claim(surrogate, value):
                return surrogate
        raise GuardUnavailable(
            "No surrogate date could be found that is told apart from the others.",
            remedy="Send shorter texts, or use the transform 'redact'.",
        )

    def _alternatives(self, written: dates.Written, real: date, day: date) -> None:
        """Shorter ways in which a model may write a surrogate date: month and year, month and day."""
        dated = written.year is not None
        pairs = zip(dates.alternatives(day, dated=dated), dates.alternatives(real, dated=dated), strict=True)
        for surrogate, original in pairs:
            self._table.also(surrogate, original)
        if written.year is None:
            # a model may complete a date that had no year; it gets back what was written
            for layout in _LAYOUTS:
                shape = dates.Written(month=1, layout=layout)
                bare = dates.Written(month=1, layout=re.sub(r"[ ,/\-]*(?:of )?\{Y\}-?", "", layout))
                self._table.also(dates.write(shape, day), dates.write(bare, real))


def _with_year(written: dates.Written) -> dates.Written:
    """The same layout with the year in it."""
    layout = written.layout
    if written.year is not None:
        return written
    if layout:
        if "/" in layout or "-" in layout or "." in layout.replace("{b}.", ""):
            layout += ("/" if "/" in layout else "-") + "{Y}"
        elif written.day is None:
            layout += " {Y}"
        else:
            layout += ", {Y}"
    return dates.Written(
        month=written.month, day=written.day, year=written.year, layout=layout, case=written.case
    )


_AGE_BEFORE = re.compile(r"(?:\baged?|age is|age was|age|turned|turning|turns)(?:\s?[:=]\s?|\s)\Z", re.I)
_AGE_AFTER = re.compile(
    r"\s?-?\s?(?:years?|yrs?|yr)\b\.?(?:\s?-?\s?(?:olds?|of age))?|\s?-?\s?y\.?\s?/?\s?o\b\.?"
    r"|\s?-?\s?yo[fm]?\b|\s?[fm]\b|(?:th|st|nd|rd) birthday",
    re.I,
)
_SPELLED = {
    n: ("ninety" + ("" if n == 90 else "-" + w))
    for n, w in zip(range(90, 100), ("", *dates.UNITS), strict=True)
}
_VARIANTS = (
    "{}-year-old",
    "{} year old",
    "{} years old",
    "{} y/o",
    "{} yo",
    "{}yo",
    "aged {}",
    "age {}",
    "{} years of age",
    "{}-year old",
)


class Ages:
    """The surrogate ages of one request: other ages over 89."""

    def __init__(self, pool: Pool, table: Table, values: Iterable[str]) -> None:
        self._pool = pool
        self._table = table
        self._numbers: dict[str, int] = {}
        self._real = {int(v) for v in values if v.isdecimal()}

    def of(self, value: str, before: str, after: str) -> str:
        """The surrogate of an age between `before` and `after`.

        It is put back only together with the words that make it an age (`94-year-old`), for a bare 94 in
        an answer may be anything; where there are no such words it is spelled out.
        """
        left, right = _AGE_BEFORE.search(before[-12:]), _AGE_AFTER.match(after)
        lead, trail = left.group() if left else "", right.group() if right else ""
        spelled = not value.isdecimal() or not (lead or trail)
        for _ in range(200):
            number = self._numbers.get(value.lower()) or self._fresh()
            surrogate = _SPELLED.get(number, str(number)) if spelled else str(number)
            if value.isupper() and spelled:
                surrogate = surrogate.upper()
            if self._table.claim(lead + surrogate + trail, lead + value + trail):
                self._numbers[value.lower()] = number
                for variant in _VARIANTS:
                    self._table.also(variant.format(surrogate), variant.format(value))
                return surrogate
            self._numbers.pop(value.lower(), None)
        raise GuardUnavailable(
            "No surrogate age could be found that is told apart from the others.",
            remedy="Use the transform 'safe-harbor' or 'redact'.",
        )

    def _fresh(self) -> int:
        taken = self._real | set(self._numbers.values())
        free = [n for n in range(90, 100) if n not in taken]
        if not free:
            free = [n for n in range(100, 1000) if n not in taken]
        return self._pool.rng.choice(free) if free else 0
