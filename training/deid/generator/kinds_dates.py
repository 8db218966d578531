"""Dates and ages, in the forms that notes, systems and dictation give them.

Each maker returns one DATE (or AGE) text. Where a weekday is put before it, or two dates stand in one value,
what belongs to the identifier is marked with IDENTIFIER and END.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from generator.context import Context, Maker
from generator.people import END, IDENTIFIER
from generator.random_text import chance, pick, weighted
from generator.values import values

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_ONES = (
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
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
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ORDINALS = (
    "",
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
)


def number_words(number: int, joint: str = "-") -> str:
    """`number` (0 to 999) in words: 92 -> ninety-two."""
    if number < 20:
        return _ONES[number]
    if number < 100:
        return _TENS[number // 10] + (joint + _ONES[number % 10] if number % 10 else "")
    rest = number % 100
    return f"{_ONES[number // 100]} hundred" + (" " + number_words(rest, joint) if rest else "")


def ordinal_words(number: int, joint: str = "-") -> str:
    """`number` (1 to 39) as an ordinal in words: 31 -> thirty-first."""
    if number <= 20:
        return _ORDINALS[number]
    if number == 30:
        return "thirtieth"
    return _TENS[number // 10] + joint + _ORDINALS[number % 10]


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 11th."""
    if 10 < number % 100 < 14:
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"


def some_day(ctx: Context) -> dt.date:
    """A day that a note would mention: mostly near the visit, sometimes years back or some months ahead."""
    rng = ctx.rng
    spread = weighted(rng, ((5, (-6, 3)), (4, (-90, 45)), (2, (-900, 200)), (1.5, (-9000, 0))))
    return ctx.today + dt.timedelta(days=rng.randint(*spread))


def birthday(ctx: Context) -> dt.date:
    """The patient's day of birth; the same one throughout a document."""

    def make(c: Context) -> str:
        age = weighted(c.rng, ((8, (18, 89)), (2, (0, 17)), (1, (89, 104))))
        return (c.today - dt.timedelta(days=int(c.rng.uniform(*age) * 365.25))).isoformat()

    return dt.date.fromisoformat(ctx.kept("birthday", make, 0.93))


def _cased(ctx: Context, text: str) -> str:
    return weighted(ctx.rng, ((88, text), (6, text.upper()), (6, text.lower())))


def month_name(ctx: Context, month: int) -> str:
    """A month as people write it: in full or short, with or without a dot."""
    name = MONTHS[month - 1]
    way = ctx.rng.random()
    if way < 0.62 or len(name) < 4:
        return name
    short = "Sept" if month == 9 and way < 0.85 else name[:3]
    return short + ("." if way > 0.88 else "")


def _numbers(ctx: Context, day: dt.date) -> tuple[str, str]:
    """Month and day as digits, in the order and with the zeros that the document keeps to."""
    pad = ctx.habits.zero_pad if chance(ctx.rng, 0.85) else chance(ctx.rng, 0.5)
    first, second = (day.day, day.month) if ctx.habits.day_first else (day.month, day.day)
    return (f"{first:02}", f"{second:02}") if pad else (str(first), str(second))


def _separator(ctx: Context) -> str:
    return ctx.habits.date_separator if chance(ctx.rng, 0.85) else pick(ctx.rng, "//-.")


def numeric_of(ctx: Context, day: dt.date) -> str:
    """03/14/2021 and its kin."""
    if chance(ctx.rng, 0.04):
        return f"{day.year}/{day.month:02}/{day.day:02}"
    return _separator(ctx).join((*_numbers(ctx, day), str(day.year)))


def numeric2_of(ctx: Context, day: dt.date) -> str:
    """3/14/21 and its kin."""
    return _separator(ctx).join((*_numbers(ctx, day), f"{day.year % 100:02}"))


def _after_weekday(ctx: Context, day: dt.date, text: str, share: float = 0.1) -> str:
    """`text` with its weekday before it, now and then; the weekday is no identifier."""
    if not chance(ctx.rng, share):
        return text
    name = WEEKDAYS[day.weekday()]
    name = weighted(ctx.rng, ((4, name), (2, name[:3]), (0.7, name[:3] + "."), (0.7, name.lower())))
    return (
        f"{name}{pick(ctx.rng, (', ', ' ', ', the ' if text[:1].isdigit() else ', '))}{IDENTIFIER}{text}{END}"
    )


def long_of(ctx: Context, day: dt.date) -> str:
    """March 14, 2021."""
    number = f"{day.day:02}" if chance(ctx.rng, 0.1) else str(day.day)
    joint = weighted(ctx.rng, ((8, ", "), (2, " "), (0.5, ","), (0.3, " , ")))
    return _cased(ctx, f"{month_name(ctx, day.month)} {number}{joint}{day.year}")


def long_ord_of(ctx: Context, day: dt.date) -> str:
    """March 14th, 2021; the 14th of March, 2021."""
    month = month_name(ctx, day.month)
    form = weighted(
        ctx.rng,
        (
            (6, f"{month} {ordinal(day.day)}, {day.year}"),
            (2, f"{month} {ordinal(day.day)} {day.year}"),
            (2, f"{ordinal(day.day)} of {month}, {day.year}"),
            (1, f"{ordinal(day.day)} {month} {day.year}"),
            (1, f"the {ordinal(day.day)} of {month} {day.year}"),
            (0.5, f"{month} the {ordinal(day.day)}, {day.year}"),
        ),
    )
    return _cased(ctx, form)


def dmy_of(ctx: Context, day: dt.date) -> str:
    """14 March 2021."""
    number = f"{day.day:02}" if chance(ctx.rng, 0.25) else str(day.day)
    year = f"{day.year % 100:02}" if chance(ctx.rng, 0.08) else str(day.year)
    return _cased(ctx, f"{number} {month_name(ctx, day.month)}{pick(ctx.rng, (' ', ' ', ' ', ', '))}{year}")


def dmy_dash_of(ctx: Context, day: dt.date) -> str:
    """14-Mar-2021, 14MAR21."""
    mark = weighted(ctx.rng, ((8, "-"), (1.2, ""), (1, "/"), (0.5, ".")))
    year = f"{day.year % 100:02}" if chance(ctx.rng, 0.3) else str(day.year)
    number = f"{day.day:02}" if mark == "" or chance(ctx.rng, 0.7) else str(day.day)
    month = MONTHS[day.month - 1][:3]
    return mark.join(
        (number, weighted(ctx.rng, ((3, month), (4, month.upper()), (0.6, month.lower()))), year)
    )


def compact_of(ctx: Context, day: dt.date) -> str:
    """20210314, 031421."""
    return weighted(
        ctx.rng, ((7, f"{day:%Y%m%d}"), (1, f"{day:%m%d%Y}"), (1, f"{day:%m%d%y}"), (1, f"{day:%y%m%d}"))
    )


def iso_of(ctx: Context, day: dt.date) -> str:
    """2021-03-14, sometimes with its time (the time belongs to the stamp)."""
    if chance(ctx.rng, 0.12):
        clock = f"{ctx.rng.randint(0, 23):02}:{ctx.rng.randint(0, 59):02}:{ctx.rng.randint(0, 59):02}"
        zone = pick(ctx.rng, ("", "Z", "-05:00"))
        return f"{IDENTIFIER}{day.isoformat()}{END}{pick(ctx.rng, ('T', ' ', 'T'))}{clock}{zone}"
    return day.isoformat()


def year_words(year: int) -> str:
    """1952 -> nineteen fifty two; 2009 -> two thousand nine; 2021 -> twenty twenty one."""
    century, rest = divmod(year, 100)
    if 2000 <= year < 2010:
        return "two thousand" + (" " + _ONES[rest] if rest else "")
    if rest == 0:
        return number_words(century, " ") + " hundred"
    return number_words(century, " ") + (" oh " if rest < 10 else " ") + number_words(rest, " ")


def _spoken_of(ctx: Context, day: dt.date) -> str:
    month = MONTHS[day.month - 1].lower()
    joint = pick(ctx.rng, (" ", "-"))
    nth, number = ordinal_words(day.day, joint), number_words(day.day, joint)
    options = (
        (5, f"{month} {nth}"),
        (3, f"the {nth} of {month}"),
        (2, f"{month} the {nth}"),
        (2, f"{month} {number}"),
        (1, f"{nth} of {month}"),
        (1.5, f"{month} {ordinal(day.day)}"),
    )
    return weighted(ctx.rng, options)


def _spoken(ctx: Context) -> str:
    return _spoken_of(ctx, some_day(ctx))


def _spoken_year_of(ctx: Context, day: dt.date) -> str:
    year = year_words(day.year)
    if 2000 < day.year < 2010 and chance(ctx.rng, 0.4):
        year = f"two thousand and {_ONES[day.year % 100]}"
    if chance(ctx.rng, 0.15):
        last = number_words(day.year % 100, " ") if day.year % 100 > 9 else "oh " + _ONES[day.year % 100]
        oh = "oh " if day.month < 10 and chance(ctx.rng, 0.3) else ""
        return (
            f"{oh}{number_words(day.month, ' ')} {number_words(day.day, ' ')} {pick(ctx.rng, (year, last))}"
        )
    year = str(day.year) if chance(ctx.rng, 0.15) else year
    return f"{_spoken_of(ctx, day)} {'of ' if chance(ctx.rng, 0.06) else ''}{year}"


def _month_year(ctx: Context) -> str:
    day = some_day(ctx)
    month = month_name(ctx, day.month)
    return weighted(
        ctx.rng,
        (
            (5, _cased(ctx, f"{month} {day.year}")),
            (1, f"{month}, {day.year}"),
            (1, f"{month} of {day.year}"),
            (2, f"{day.month:02}/{day.year}"),
            (1.5, f"{day.month}/{day.year}"),
            (0.7, f"{day.year}-{day.month:02}"),
            (0.6, f"{month[:3]}-{day.year % 100:02}"),
            (0.8, f"{month[:3]} '{day.year % 100:02}"),
            (0.5, f"{day.month}/{day.year % 100:02}"),
            (0.4, f"{month[:3].upper()}{day.year}"),
        ),
    )


def _month_day(ctx: Context) -> str:
    """3/14; a dot or a dash stands between the numbers now and then."""
    day = some_day(ctx)
    mark = weighted(ctx.rng, ((94, "/"), (5, "-"), (0.6, ".")))
    return mark.join(_numbers(ctx, day))


def _month_day_long(ctx: Context) -> str:
    day = some_day(ctx)
    month = month_name(ctx, day.month)
    text = weighted(
        ctx.rng,
        (
            (7, f"{month} {day.day}"),
            (3, f"{month} {ordinal(day.day)}"),
            (1.5, f"{day.day} {month}"),
            (0.4, f"{month} {day.day:02}"),
        ),
    )
    return _after_weekday(ctx, day, _cased(ctx, text))


def _month_day_ordinal(ctx: Context) -> str:
    day = some_day(ctx)
    month = month_name(ctx, day.month)
    return weighted(
        ctx.rng,
        (
            (4, f"the {ordinal(day.day)} of {month}"),
            (3, f"{ordinal(day.day)} of {month}"),
            (2, f"{month} {ordinal(day.day)}"),
            (1, f"{month} the {ordinal(day.day)}"),
            (1, f"the {ordinal_words(day.day)} of {month}"),
        ),
    )


def _partial_day(ctx: Context) -> str:
    day = some_day(ctx).day
    return weighted(
        ctx.rng, ((6, f"the {ordinal(day)}"), (1.5, f"the {ordinal_words(day)}"), (1, ordinal(day)))
    )


def _range(ctx: Context) -> str:
    first = some_day(ctx)
    last = first + dt.timedelta(days=ctx.rng.randint(1, 30))
    dash = weighted(
        ctx.rng,
        ((5, "-"), (2, " - "), (2, "–"), (1, " to "), (0.7, " through "), (0.4, "—"), (0.4, " thru ")),
    )
    short = f"{first.month}/{first.day}"
    month = month_name(ctx, first.month)
    options = [
        (4, f"{short}{dash}{last.month}/{last.day}/{last.year % 100:02}"),
        (3, f"{short}{dash}{last.month}/{last.day}"),
        (2, f"{numeric_of(ctx, first)}{dash}{numeric_of(ctx, last)}"),
        (1.5, f"{numeric2_of(ctx, first)}{dash}{numeric2_of(ctx, last)}"),
        (1, f"{long_of(ctx, first)}{dash}{long_of(ctx, last)}"),
    ]
    if first.month == last.month:
        options.append((2, f"{month} {first.day}{dash}{last.day}, {last.year}"))
        options.append((1.5, f"{month} {first.day}{dash}{last.day}"))
    return weighted(ctx.rng, options)


def _holiday(ctx: Context) -> str:
    name = pick(ctx.rng, values("holidays", "usual" if chance(ctx.rng, 0.6) else "other"))
    return _cased(ctx, name) if chance(ctx.rng, 0.3) else name


def _holiday_year(ctx: Context) -> str:
    year = some_day(ctx).year
    return weighted(
        ctx.rng,
        ((6, f"{_holiday(ctx)} {year}"), (2, f"{_holiday(ctx)} of {year}"), (1, f"{_holiday(ctx)}, {year}")),
    )


def _month(ctx: Context) -> str:
    return month_name(ctx, some_day(ctx).month) if chance(ctx.rng, 0.25) else MONTHS[some_day(ctx).month - 1]


def _compact_time(ctx: Context) -> str:
    rng = ctx.rng
    text = f"{some_day(ctx):%Y%m%d}{rng.randint(0, 23):02}{rng.randint(0, 59):02}"
    return text + weighted(
        rng,
        (
            (4, ""),
            (4, f"{rng.randint(0, 59):02}"),
            (1, f"{rng.randint(0, 59):02}-0500"),
            (0.5, f"{rng.randint(0, 59):02}.{rng.randint(0, 999):03}"),
        ),
    )


def _lower(ctx: Context) -> str:
    day = some_day(ctx)
    month = MONTHS[day.month - 1].lower()
    month = month[:3] if chance(ctx.rng, 0.25) else month
    return weighted(
        ctx.rng,
        (
            (5, f"{month} {day.day}"),
            (3, f"{month} {ordinal(day.day)}"),
            (1, f"{day.day} {month}"),
            (1, f"the {ordinal(day.day)} of {month}"),
            (1, f"{month} {day.day} {day.year}"),
        ),
    )


def _dob(ctx: Context) -> str:
    day = birthday(ctx)
    form = weighted(
        ctx.rng,
        (
            (10, numeric_of),
            (3, numeric2_of),
            (2, long_of),
            (1.5, dmy_of),
            (1.5, dmy_dash_of),
            (2, iso_of),
            (0.4, compact_of),
        ),
    )
    return form(ctx, day)


def _any(ctx: Context) -> str:
    maker = weighted(
        ctx.rng,
        (
            (5, "numeric"),
            (4, "numeric2"),
            (1.5, "iso"),
            (3, "long"),
            (1, "long_ord"),
            (1, "dmy"),
            (1, "dmy_dash"),
            (2, "md"),
            (2, "md_long"),
            (0.7, "md_ord"),
            (1, "my"),
        ),
    )
    return KINDS[f"DATE:{maker}"](ctx)


def _age_over_89(ctx: Context) -> str:
    return str(
        weighted(
            ctx.rng,
            ((8, ctx.rng.randint(90, 97)), (2, ctx.rng.randint(98, 104)), (0.4, ctx.rng.randint(105, 112))),
        )
    )


def _age_over_89_words(ctx: Context) -> str:
    age = ctx.rng.randint(90, 99) if chance(ctx.rng, 0.8) else ctx.rng.randint(100, 108)
    text = number_words(age, pick(ctx.rng, ("-", " ")))
    if age >= 100 and chance(ctx.rng, 0.4):
        text = text.replace("hundred ", "hundred and ")
    return text.replace("one hundred", "a hundred") if chance(ctx.rng, 0.2) else text


KINDS: Mapping[str, Maker] = {
    "DATE:any": _any,
    "DATE:numeric": lambda c: numeric_of(c, some_day(c)),
    "DATE:numeric2": lambda c: numeric2_of(c, some_day(c)),
    "DATE:iso": lambda c: iso_of(c, some_day(c)),
    "DATE:long": lambda c: _after_weekday(c, c.today, long_of(c, some_day(c)), 0.06),
    "DATE:long_ord": lambda c: long_ord_of(c, some_day(c)),
    "DATE:dmy": lambda c: dmy_of(c, some_day(c)),
    "DATE:dmy_dash": lambda c: dmy_dash_of(c, some_day(c)),
    "DATE:md": _month_day,
    "DATE:md_long": _month_day_long,
    "DATE:md_ord": _month_day_ordinal,
    "DATE:my": _month_year,
    "DATE:month": _month,
    "DATE:holiday": _holiday,
    "DATE:holiday_year": _holiday_year,
    "DATE:spoken": _spoken,
    "DATE:spoken_year": lambda c: _spoken_year_of(c, birthday(c) if chance(c.rng, 0.5) else some_day(c)),
    "DATE:dob": _dob,
    "DATE:dob_iso": lambda c: birthday(c).isoformat(),
    "DATE:dob_compact": lambda c: f"{birthday(c):%Y%m%d}",
    "DATE:dob_spoken": lambda c: _spoken_year_of(c, birthday(c)),
    "DATE:compact": lambda c: compact_of(c, some_day(c)),
    "DATE:compact_time": _compact_time,
    "DATE:range": _range,
    "DATE:lower": _lower,
    "DATE:partial_day": _partial_day,
    "AGE:over89": _age_over_89,
    "AGE:over89_words": _age_over_89_words,
}
