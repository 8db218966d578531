"""Dates as people write them: read one into a day and a layout, write another day in the same layout.

`read("Mar. 2nd, 1951")` knows the day 1951-03-02 and how it was put; `write` puts any other day the same way. What
is no real day of the calendar is not read. Months alone, days without year and holidays are read as far as
they go. Nothing here decides whether some digits are meant as a date; that is the date detector's work.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta

MONTHS = tuple(calendar.month_name)[1:]
_BY_PREFIX = {name[:3].lower(): number for number, name in enumerate(MONTHS, 1)}

MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)(?![a-z])"
)
UNITS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = (
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ORDINALS = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
    "twentieth",
    "twenty-first",
    "twenty-second",
    "twenty-third",
    "twenty-fourth",
    "twenty-fifth",
    "twenty-sixth",
    "twenty-seventh",
    "twenty-eighth",
    "twenty-ninth",
    "thirtieth",
    "thirty-first",
]
CARDINALS = (*UNITS, *_TEENS, "twenty", *(f"twenty-{u}" for u in UNITS), "thirty", "thirty-one")
_ORDINAL = (
    "(?:"
    + "|".join(sorted((o.replace("-", "[ -]") for o in _ORDINALS), key=len, reverse=True))
    + r")(?![a-z])"
)
_UNIT, _TEEN, _TEN = (f"(?:{'|'.join(words)})" for words in (UNITS, _TEENS, _TENS))
_PAIR = rf"(?:{_TEN}(?:[ -]{_UNIT})?|{_TEEN}|oh[ -]{_UNIT})"
_YEAR_WORDS = (
    rf"(?:(?:nineteen|twenty)[ -](?:hundred(?: and)?(?: {_PAIR}| {_UNIT})?|{_PAIR})"
    rf"|two thousand(?: and)?(?: {_TEN}(?:[ -]{_UNIT})?| {_TEEN}| {_UNIT})?)(?![a-z])"
)
_CARDINAL = (
    rf"(?:{_TEEN}|twenty[ -]{_UNIT}|thirty[ -]one|{_UNIT}|twenty|thirty)(?![a-z])(?! (?:thousand|hundred))"
)
_DAY = r"(?:3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?(?![\w%]|[.:/]\d|-[a-z])"
_YEAR = rf"(?:(?:1[89]|2[0-2])\d\d(?![\w%]|\.\d)|['’]\d\d(?!\w)|{_YEAR_WORDS})"

MONTH_FIRST = re.compile(
    rf"(?P<m>{MONTH})\.?"
    rf"(?:(?:[ \t]{{1,2}}|\s|[-/]|, ?)(?:the )?(?P<d>{_DAY}|{_ORDINAL}|{_CARDINAL})"
    rf"(?:(?:\s?[-–&]\s?|,? (?:and|to|or|through|thru) (?:the )?){_DAY})?"
    rf"(?:(?:[ \t]{{0,2}},?[ \t]{{0,2}}(?:of )?|,?\n|[-/])(?P<y>(?<=[ ,\-/\n]){_YEAR}"
    rf"|(?<=[-/])\d\d(?!\w)|['’]\d\d(?!\w)))?"
    rf"|(?:[ \t]{{1,2}}(?:of )?|, ?|[-/]|\s)(?P<y2>{_YEAR}))?"
)
"""`March 2, 1951`, `Mar-02-51`, `march second nineteen fifty one`, `March 14-16, 2024`, `Mar 2024`, `March`, folded."""

DAY_FIRST = re.compile(
    rf"\b(?P<d>(?:3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?|(?=[efnst]){_ORDINAL})(?:\s?[-–]\s?{_DAY})?"
    rf"(?:[ \t]{{0,2}}(?:day )?(?:of )?|[-/.])(?P<m>{MONTH})\.?"
    rf"(?:(?:[ \t]{{0,2}},?[ \t]{{0,2}}(?:of )?|[-/.])(?P<y>{_YEAR}|(?<=[-/])\d\d(?!\w)))?"
)
"""`2 March 1951`, `02-Mar-1951`, `02MAR1951`, `the second of march`, folded."""

NUMERIC = re.compile(r"(?P<a>\d{1,4})(?P<s>[/.\-])(?P<b>\d{1,2})(?:(?P=s)(?P<c>\d{4}|\d{1,2}))?(?!\d)")
"""`3/2/1951`, `1951-03-02`, `3/2`, `03/1951` has its own pattern."""

MONTH_YEAR = re.compile(r"(?P<m>0?[1-9]|1[0-2])(?P<s>[/\-])(?P<y>(?:1[89]|2[0-2])\d\d)(?![\d/\-])")
COMPACT = re.compile(r"(?P<y>(?:1[89]|2[0-2])\d\d)(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])(?!\d)")

HOLIDAYS: dict[str, tuple[int, int]] = {
    "christmas eve": (12, 24), "christmas day": (12, 25), "christmas": (12, 25), "xmas": (12, 25),
    "boxing day": (12, 26), "new year's eve": (12, 31), "new years eve": (12, 31),
    "new year's day": (1, 1), "new years day": (1, 1), "new year's": (1, 1), "new years": (1, 1),
    "thanksgiving day": (11, 24), "thanksgiving": (11, 24), "halloween": (10, 31),
    "fourth of july": (7, 4), "4th of july": (7, 4), "independence day": (7, 4), "labor day": (9, 3),
    "memorial day": (5, 28), "valentine's day": (2, 14), "valentines day": (2, 14),
    "mother's day": (5, 11), "mothers day": (5, 11), "father's day": (6, 18), "fathers day": (6, 18),
    "martin luther king day": (1, 18), "mlk day": (1, 18), "presidents' day": (2, 18),
    "presidents day": (2, 18), "president's day": (2, 18), "veterans day": (11, 11),
    "veteran's day": (11, 11), "columbus day": (10, 11), "juneteenth": (6, 19), "cinco de mayo": (5, 5),
    "st. patrick's day": (3, 17), "st patrick's day": (3, 17), "saint patrick's day": (3, 17),
    "easter sunday": (4, 10), "easter": (4, 10), "good friday": (4, 8), "ash wednesday": (2, 24),
    "palm sunday": (4, 3), "mardi gras": (2, 23), "groundhog day": (2, 2), "passover": (4, 15),
    "hanukkah": (12, 14), "chanukah": (12, 14), "yom kippur": (9, 28), "rosh hashanah": (9, 19),
    "rosh hashana": (9, 19), "ramadan": (3, 15), "eid al-fitr": (4, 15), "eid": (4, 15),
    "epiphany": (1, 6), "three kings' day": (1, 6), "three kings": (1, 6), "burns night": (1, 25),
    "candlemas": (2, 2), "super bowl sunday": (2, 7), "super bowl": (2, 7), "shrove tuesday": (2, 23),
    "fat tuesday": (2, 23), "losar": (2, 20), "valentine's": (2, 14), "st. david's day": (3, 1), "lent": (3, 10),
    "purim": (3, 10), "holi": (3, 15), "nowruz": (3, 20), "norooz": (3, 20), "april fools' day": (4, 1),
    "april fools day": (4, 1), "april fool's day": (4, 1), "april fools": (4, 1), "maundy thursday": (4, 7),
    "easter monday": (4, 11), "songkran": (4, 13), "vaisakhi": (4, 14), "baisakhi": (4, 14), "earth day": (4, 22),
    "st. george's day": (4, 23), "may day": (5, 1), "vesak": (5, 15), "wesak": (5, 15), "pentecost": (5, 28),
    "whitsun": (5, 28), "ascension day": (5, 18), "shavuot": (6, 1), "flag day": (6, 14), "canada day": (7, 1),
    "bastille day": (7, 14), "obon": (8, 15), "assumption day": (8, 15), "raksha bandhan": (8, 20),
    "onam": (8, 30), "labour day": (9, 3), "navratri": (10, 5), "durga puja": (10, 10), "dussehra": (10, 12),
    "sukkot": (10, 5), "chuseok": (9, 20), "mid-autumn festival": (9, 20), "moon festival": (9, 20),
    "all saints' day": (11, 1), "all souls' day": (11, 2), "day of the dead": (11, 1), "election day": (11, 5),
    "guy fawkes night": (11, 5), "guy fawkes": (11, 5), "bonfire night": (11, 5), "black friday": (11, 25),
    "cyber monday": (11, 28), "st. andrew's day": (11, 30), "bodhi day": (12, 8), "advent": (12, 5),
    "las posadas": (12, 16), "hogmanay": (12, 31), "eid al-adha": (6, 20), "ashura": (7, 20), "pesach": (4, 15),
    "deepavali": (11, 3), "diwali": (11, 3), "kwanzaa": (12, 26), "chinese new year": (2, 5), "lunar new year": (2, 5),
    "tet": (2, 5),
}  # fmt: skip
"""Holidays to a month and day; for a movable feast a day near its middle, which is all that a shift needs."""

HOLIDAY = re.compile(
    r"(?<![\w'’])(?P<h>" + "|".join(re.escape(h).replace("'", "['’]") for h in sorted(HOLIDAYS, key=len, reverse=True))
    + rf")(?![\w-]|['’]\w)(?:,? (?:of )?(?P<y>{_YEAR}))?"
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A date as it was written, as far as it went: `month` always, `day` and `year` perhaps.

    `layout` is how it was put, with the fields `{Y} {y} {B} {b} {m} {mm} {d} {dd} {o}` for year, two-digit
    year, month name, short month name, month number (plain, padded), day (plain, padded, with suffix);
    `case` is "upper", "lower" or "" for the names. It is empty where it cannot be written again.
    """

    month: int
    day: int | None = None
    year: int | None = None
    layout: str = ""
    case: str = ""

    @property
    def full(self) -> bool:
        """Whether it names one day of one year."""
        return self.year is not None and self.day is not None

    def on(self, year: int) -> date:
        """The day meant, with the middle of the month where no day was written and `year` where no year was."""
        chosen = self.year or year
        last = calendar.monthrange(chosen, self.month)[1]
        return date(chosen, self.month, min(self.day or 15, last))


def century(two_digits: int) -> int:
    """The year meant by two digits: to 2029, else in the 1900s, where most of those over 86 were born."""
    return 2000 + two_digits if two_digits < 30 else 1900 + two_digits


def read(text: str) -> Written | None:
    """The date that `text` is, the whole of it, or None when it is none of the calendar."""
    folded = text.lower().strip()
    if len(folded) != len(text) or not folded or len(folded) > 60:
        return None
    for reader in (_read_numeric, _read_named, _read_holiday):
        written = reader(folded, text)
        if written is not None:
            return written if _exists(written) else None
    return None


def is_holiday(text: str) -> bool:
    """Whether `text` is the name of a holiday, with or without a year."""
    folded = text.lower().strip().removeprefix("the ")
    return HOLIDAY.fullmatch(folded) is not None


def read_recorded(value: str) -> Written | None:
    """As `read`, for a value of a record: of an ISO 8601 date and time the date."""
    return read(value[:10] if _TIMED.match(value) else value)


_TIMED = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d")


def read_all(text: str) -> tuple[Written, ...]:
    """Every reading of `text`: a numeric date may be month first or day first."""
    first = read(text)
    if first is None:
        return ()
    if first.day and first.day <= 12 and first.layout in _SWAPPED:
        other = Written(month=first.day, day=first.month, year=first.year, layout=_SWAPPED[first.layout])
        if _exists(other):
            return first, other
    return (first,)


def _exists(written: Written) -> bool:
    if not 1 <= written.month <= 12:
        return False
    year = written.year or 2000
    return 1 <= year <= 2400 and 1 <= (written.day or 1) <= calendar.monthrange(year, written.month)[1]


def _pad(digits: str, field: str) -> str:
    return "{" + field * (2 if len(digits) == 2 and digits[0] == "0" else 1) + "}"


def _read_numeric(folded: str, _: str) -> Written | None:
    if match := COMPACT.fullmatch(folded):
        return Written(year=int(match["y"]), month=int(match["m"]), day=int(match["d"]), layout="{Y}{mm}{dd}")
    if match := MONTH_YEAR.fullmatch(folded):
        layout = _pad(match["m"], "m") + match["s"] + "{Y}"
        return Written(year=int(match["y"]), month=int(match["m"]), layout=layout)
    match = NUMERIC.fullmatch(folded)
    if match is None:
        return None
    a, b, c, mark = match["a"], match["b"], match["c"], match["s"]
    if len(a) == 4:
        if c is None:
            return Written(year=int(a), month=int(b), layout=f"{{Y}}{mark}{{mm}}") if len(b) == 2 else None
        padded = len(b) == 2 and len(c) == 2
        layout = f"{{Y}}{mark}{{mm}}{mark}{{dd}}" if padded else f"{{Y}}{mark}{{m}}{mark}{{d}}"
        return Written(year=int(a), month=int(b), day=int(c), layout=layout) if len(c) < 3 else None
    if len(a) == 3:
        return None
    year = None if c is None else int(c) if len(c) == 4 else century(int(c)) if len(c) == 2 else -1
    tail = "" if c is None else mark + ("{Y}" if len(c) == 4 else "{y}")
    if int(a) > 12:
        layout = _pad(a, "d") + mark + _pad(b, "m") + tail
        return Written(year=year, month=int(b), day=int(a), layout=layout)
    return Written(year=year, month=int(a), day=int(b), layout=_pad(a, "m") + mark + _pad(b, "d") + tail)


_SWAPPED = {
    f"{m}{s}{d}{t}": f"{d.replace('d', 'x').replace('x', 'd')}{s}{m}{t}"
    for m in ("{m}", "{mm}")
    for d in ("{d}", "{dd}")
    for s in "/.-"
    for t in ("", f"{s}{{Y}}", f"{s}{{y}}")
}


def _read_named(folded: str, text: str) -> Written | None:
    for pattern in (MONTH_FIRST, DAY_FIRST):
        match = pattern.fullmatch(folded)
        if match is None:
            continue
        groups = match.groupdict()
        name = text[match.start("m") : match.end("m")]
        case = "upper" if name.isupper() and len(name) > 1 else "lower" if name.islower() else ""
        fields = [
            (match.start("m"), match.end("m"), "{B}" if len(name) > 4 or name.lower() in _SHORT else "{b}")
        ]
        day = year = None
        if groups["d"]:
            day, field = _day(groups["d"])
            fields.append((match.start("d"), match.end("d"), field))
        for key in ("y", "y2"):
            if groups.get(key):
                year, field = _year(groups[key])
                fields.append((match.start(key), match.end(key), field))
        month = _BY_PREFIX[name[:3].lower()]
        return Written(year=year, month=month, day=day, layout=_lay_out(text, fields), case=case)
    return None


_SHORT = ("may", "june", "july")


def _read_holiday(folded: str, _: str) -> Written | None:
    match = HOLIDAY.fullmatch(folded)
    if match is None:
        return None
    month, day = HOLIDAYS[match["h"].replace("’", "'")]
    year = _year(match["y"])[0] if match["y"] else None
    return Written(year=year, month=month, day=day, layout="")


def _lay_out(text: str, fields: list[tuple[int, int, str]]) -> str:
    out, at = [], 0
    for start, end, field in sorted(fields):
        out += [text[at:start], field]
        at = end
    layout = "".join([*out, text[at:]])
    # a range ("March 14-16") has a second day, which no one layout of a single day can hold
    return layout if not any(map(str.isdecimal, layout)) else ""


def _day(words: str) -> tuple[int, str]:
    if words[0].isdigit():
        digits = words[:2] if words[:2].isdigit() else words[:1]
        return int(digits), "{o}" if words[-1].isalpha() else _pad(digits, "d")
    plain = words.replace(" ", "-")
    return (_ORDINALS.index(plain) if plain in _ORDINALS else CARDINALS.index(plain)) + 1, "{o}"


def _year(words: str) -> tuple[int, str]:
    if words[0] in "'’":
        return century(int(words[1:])), "{Y}"
    if words.isdigit():
        return (int(words), "{Y}") if len(words) == 4 else (century(int(words)), "{y}")
    total = 0
    parts = words.replace("-", " ").split()
    if parts[:2] == ["two", "thousand"]:
        total, parts = 2000, parts[2:]
    else:
        total, parts = {"nineteen": 1900, "twenty": 2000}[parts[0]], parts[1:]
    for part in parts:
        for words_of, base, step in ((UNITS, 1, 1), (_TEENS, 10, 1), (_TENS, 20, 10)):
            if part in words_of:
                total += base + step * words_of.index(part)
    return total, "{Y}"


def write(written: Written, day: date) -> str:
    """`day` in the layout of `written`; ISO 8601 where that layout cannot be written again.

    Years are always written with four digits and spelled-out numbers with figures, so that what is
    written can be read without guessing.
    """
    if not written.layout:
        return f"{MONTHS[day.month - 1]} {day.day}, {day.year}"
    name = MONTHS[day.month - 1]
    short = name[:3]
    if written.case:
        name, short = getattr(name, written.case)(), getattr(short, written.case)()
    values = {
        "Y": f"{day.year:04d}", "y": f"{day.year:04d}", "B": name, "b": short, "m": str(day.month),
        "mm": f"{day.month:02d}", "d": str(day.day), "dd": f"{day.day:02d}", "o": _ordinal(day.day),
    }  # fmt: skip
    return written.layout.format_map(values)


def alternatives(day: date, *, dated: bool) -> tuple[str, ...]:
    """Shorter ways to write a day: month and year (with `dated`), then month and day. In a fixed order."""
    name, d = MONTHS[day.month - 1], day.day
    short, o = name[:3], _ordinal(d)
    bare = (f"{name} {d}", f"{short} {d}", f"{name} {o}", f"{d} {name}")
    if not dated:
        return bare
    y = f"{day.year:04d}"
    return (f"{name} {y}", f"{short} {y}", f"{y}-{day.month:02d}", *bare)


def _ordinal(day: int) -> str:
    suffix = "th" if 10 <= day % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{suffix}"


def shift(day: date, days: int) -> date:
    """`day` moved by a number of days; OverflowError outside of the years 1 to 9999."""
    return day + timedelta(days=days)


def forms(day: date) -> tuple[str, ...]:
    """The common ways to write one day, in lower case: for literal search, so without any pattern."""
    y, m, d = f"{day.year:04d}", day.month, day.day
    name = MONTHS[m - 1].lower()
    numeric = {
        sep.join(parts)
        for sep in "/-."
        for parts in (
            (f"{m:02d}", f"{d:02d}", y), (str(m), str(d), y), (f"{m:02d}", f"{d:02d}", y[2:]), (str(m), str(d), y[2:]),
            (y, f"{m:02d}", f"{d:02d}"), (f"{d:02d}", f"{m:02d}", y),
        )
    }  # fmt: skip
    named = {
        form
        for n in (name, name[:3], name[:3] + ".")
        for o in (str(d), f"{d:02d}", _ordinal(d))
        for form in (
            f"{n} {o}, {y}",
            f"{n} {o} {y}",
            f"{o} {n} {y}",
            f"{o}-{n}-{y}",
            f"{o} of {n} {y}",
            f"{o} {n}, {y}",
        )
    }
    return tuple(sorted(numeric | named | {f"{y}{m:02d}{d:02d}", f"{d:02d}{name[:3]}{y}"}))
