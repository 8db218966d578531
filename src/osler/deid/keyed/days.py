"""The dates of one document, all moved by the patient's secret number of days and written exactly as before.

Only dates that are days of the calendar are moved: a look-alike that was moved would show the shift. Whatever
cannot be read becomes `[DATE]`. A holiday becomes the one nearest to where it would come to stand, for everybody
knows the day of a holiday and could reckon back. **A shift is not Safe Harbor de-identification** (45 CFR
164.514(b)(2)(i)(C) asks that all elements of dates but the year are removed).
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from osler.core.errors import ConfigError
from osler.core.spans import Label, Span
from osler.deid import dates, written
from osler.deid.keyed.draw import Draw
from osler.deid.written import Mention

MOST_DAYS = 36_500
"""A shift goes no further than a hundred years."""

_WEEK = 7
_YEAR = 2020
"""The year that a date is reckoned in where a document names none: a leap year, so that no day is lost."""

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEKDAY_BEFORE = re.compile(
    r"(?i)(?<![a-z])(mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(day)?(?=\.?,? (?:the |on )?\Z|\.?,?\Z)"
)
_WEEKDAY_AFTER = re.compile(
    r"(?i)(?:,? \(?|\()(mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(day)?(?![a-z])"
)
_HOLIDAYS: tuple[tuple[int, int, str], ...] = (
    (1, 1, "New Year's Day"), (1, 18, "Martin Luther King Day"), (2, 2, "Groundhog Day"), (2, 14, "Valentine's Day"),
    (3, 17, "St. Patrick's Day"), (4, 10, "Easter"), (5, 11, "Mother's Day"), (5, 28, "Memorial Day"),
    (6, 19, "Juneteenth"), (7, 4, "the Fourth of July"), (9, 3, "Labor Day"), (10, 11, "Columbus Day"),
    (10, 31, "Halloween"), (11, 11, "Veterans Day"), (11, 24, "Thanksgiving"), (12, 25, "Christmas"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class DateEdit:
    """`text[start:end]` gives way to `new`; `label` as that of a date."""

    start: int
    end: int
    new: str


def shift_of(key: bytes, most: int, *, whole_weeks: bool) -> int:
    """The number of days, never 0 and at most `most` either way, that a patient's key makes. Raises ConfigError."""
    step = _WEEK if whole_weeks else 1
    if not step <= most <= MOST_DAYS:
        raise ConfigError(
            f"A date shift must be {step} to {MOST_DAYS} days.",
            remedy="Choose a number of days in that range.",
        )
    draw = Draw(key, "date shift", "weeks" if whole_weeks else "days", str(most))
    days = step * (draw.below(most // step) + 1)
    return days if draw.below(2) else -days


class DocumentDays:
    """The dates of one text."""

    def __init__(self, text: str, spans: Sequence[Span], shift: int) -> None:
        """`spans` are those of the text's dates, sorted."""
        self._text = text
        self._shift = shift
        rows = [(s.start, text[s.start : s.end]) for s in spans if s.label is Label.DATE]
        readings = [(at, written.read(value)) for at, value in rows]
        found = [(at, m) for at, ms in readings for m in ms]
        self._day_first = _day_first(m for _, m in found)
        if self._day_first:
            readings = [(at, written.read(value, day_first=True)) for at, value in rows]
            found = [(at, m) for at, ms in readings for m in ms]
        self._read = dict(readings)
        self._padded = not any(
            f.style == "n" and f.part in "md" and m.numeric for _, m in found for f in m.fields
        )
        self._full = [(at, m.on(_YEAR)) for at, m in found if m.year and m.month]
        self._partly = [(at, m) for at, m in found if m.month and m.day]

    def edits(self, span: Span) -> tuple[DateEdit, ...]:
        """What to replace for one date: the date itself, and the day of the week that stands beside it."""
        value = self._text[span.start : span.end]
        mentions = () if dates.is_holiday(value) else self._read.get(span.start) or ()
        try:
            moved = [self._day(span.start, m) + timedelta(days=self._shift) for m in mentions]
        except (OverflowError, ValueError, LookupError):
            moved = []
        if any(not written.FIRST_YEAR <= day.year <= written.LAST_YEAR for day in moved):
            moved = []
        if not moved:
            new = self._holiday(span.start, value) or f"[{Label.DATE.value}]"
            return (DateEdit(start=span.start, end=span.end, new=new),)
        edit = DateEdit(
            start=span.start, end=span.end, new=written.put(value, mentions, moved, padded=self._padded)
        )
        whole = len(mentions) == 1 and mentions[0].day is not None
        return (*(self._weekdays(span) if whole else ()), edit)

    def _day(self, at: int, mention: Mention) -> date:
        if mention.month is None:
            # "the 14th": of the month that the text spoke of last
            near = [(place, m) for place, m in self._partly if place < at] or self._partly
            if not near:
                return mention.on(_YEAR, 1)
            place, last = near[-1] if near[0][0] < at else near[0]
            return mention.on(self._year(place, last), last.month or 1)
        return mention.on(self._year(at, mention))

    def _year(self, at: int, mention: Mention) -> int:
        """The year meant where none is written: that of the nearest full date, or the one around it that
        comes closer."""
        if mention.year is not None:
            return mention.year
        if not self._full:
            return _YEAR
        place = bisect_left(self._full, (at, date.min))
        near = self._full[max(0, place - 1) : place + 1] or self._full[-1:]
        day = min(near, key=lambda pair: abs(pair[0] - at))[1]
        years = (day.year, day.year - 1, day.year + 1)
        return min(years, key=lambda y: abs((mention.on(y, mention.month or 1) - day).days))

    def _weekdays(self, span: Span) -> tuple[DateEdit, ...]:
        """A day of the week beside a moved date would tell the shift but for whole weeks: it moves along."""
        if not self._shift % _WEEK:
            return ()
        out = []
        before = self._text[max(0, span.start - 20) : span.start]
        match = _WEEKDAY_BEFORE.search(before)
        if match:
            out.append(self._weekday(match, span.start - len(before)))
        match = _WEEKDAY_AFTER.match(self._text, span.end)
        if match:
            out.append(self._weekday(match, 0))
        return tuple(out)

    def _weekday(self, match: re.Match[str], at: int) -> DateEdit:
        start, end = match.start(1) + at, match.end(2 if match[2] else 1) + at
        old = self._text[start:end]
        index = next(i for i, day in enumerate(_WEEKDAYS) if day.startswith(match[1].lower()[:3]))
        name = _WEEKDAYS[(index + self._shift) % _WEEK]
        new = name if match[2] else name[:3]
        new = new.upper() if old.isupper() else new if old.islower() else new.capitalize()
        return DateEdit(start=start, end=end, new=new)

    def _holiday(self, at: int, value: str) -> str:
        """Another holiday, nearest to where this one would come to stand; "" for what is none."""
        folded = value.lower()
        match = dates.HOLIDAY.search(folded) if len(folded) == len(value) else None
        if match is None:
            return ""
        month, day = dates.HOLIDAYS[match["h"].replace("’", "'")]
        year = dates.read(match.group())
        mention = Mention(year=year.year if year else None, month=month, day=day)
        try:
            moved = self._day(at, mention) + timedelta(days=self._shift)
        except (OverflowError, ValueError):
            return ""
        others = [h for h in _HOLIDAYS if abs((date(_YEAR, *h[:2]) - date(_YEAR, month, day)).days) > _WEEK]
        name = min(others, key=lambda h: _apart(moved, h))[2]
        if match.start() and folded[: match.start()].endswith("the "):
            name = name.removeprefix("the ")
        name = name.upper() if value.isupper() else name.lower() if value.islower() else name
        end = match.end("h")
        rest = value[end:]
        if mention.year is not None:
            rest = value[end : match.start("y")] + str(moved.year) + value[match.end("y") :]
        return value[: match.start()] + name + rest


def _apart(day: date, holiday: tuple[int, int, str]) -> int:
    """Days from `day` to the holiday of its year, or of the year before or after."""
    return min(
        abs((date(day.year + y, *holiday[:2]) - day).days) for y in (-1, 0, 1) if 1 <= day.year + y <= 9999
    )


def _day_first(mentions: Iterable[Mention]) -> bool:
    """Whether the numeric dates of a document are written day first, as far as they show it."""
    first = second = 0
    for m in mentions:
        if m.numeric and m.day is not None and m.day > 12:
            places = {f.part: f.start for f in m.fields}
            if places["d"] < places["m"]:
                first += 1
            elif places.get("y", 99) > places["d"]:
                second += 1
    return first > second
