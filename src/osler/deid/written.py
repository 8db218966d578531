"""Dates as people write them, taken apart so that another day can be put in exactly the same way.

`read("March 14-16, 2021")` gives two mentions whose fields say where day, month and year stand and how they are
written (digits, padded, ordinal, words, short name, two-digit year ...); `put` writes other days into the same
fields. What is no date of the calendar, or has a form that is not known here, is not read at all.
"""

import calendar
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise

from osler.deid.date_words import (
    CARDINAL_DAY,
    MONTH,
    MONTHS,
    ORDINAL,
    ORDINALS,
    PAIR,
    TEEN,
    TEENS,
    TEN,
    TENS,
    UNIT,
    UNITS,
    YEAR_WORDS,
)

FIRST_YEAR, LAST_YEAR = 1800, 2299
"""Years outside of these make a date implausible."""

_CLOCK = r"(?:[ t_]?\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d{1,9})?(?: ?[ap]\.?m\.?)?(?:z|[+-]\d{2}:?\d{2})?)"
_STAMP = r"(?:(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d(?:\.\d{1,6})?)?(?:[+-]\d{4})?)"
_D = r"(?:3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?(?!\d)"
_DAYS = rf"(?:{_D}|{ORDINAL}|{CARDINAL_DAY})"
_Y4 = r"(?:1[89]|2[0-2])\d\d(?!\d)"
_YEARS = rf"(?:{_Y4}|['’]\d\d|{YEAR_WORDS})"
_SMALL = rf"(?:(?:oh |zero )?{UNIT}|{TEEN}|{TEN}(?:[ -]{UNIT})?|\d{{1,2}})"
_MARK = r" (?:slash|dash|stroke|hyphen) "
_GAP = r"[ \t\n.,/-]{1,3}"

_FORMS = tuple(
    re.compile(form)
    for form in (
        rf"(?P<a>\d{{1,4}})(?P<s> ?[-/.] ?)(?P<b>\d{{1,2}})(?P=s)(?P<c>\d{{4}}|\d{{1,2}}){_CLOCK}?",
        r"(?P<a>\d{1,2})[-/.](?P<b>\d{1,2})",
        rf"(?P<m>0?[1-9]|1[0-2])[-/.](?P<y>{_Y4})",
        rf"(?P<y>{_Y4})[-/](?P<m>0?[1-9]|1[0-2])",
        rf"(?P<y>(?:1[89]|2[0-2])\d\d)(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01]){_STAMP}?",
        r"(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])(?P<y>(?:19|20)\d\d|\d\d)",
        r"(?P<y>\d\d)(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])",
        rf"(?P<m>{MONTH})(?:{_GAP})?(?:the )?(?P<d>{_DAYS})"
        rf"(?:[ ,]{{1,3}}(?:of |in )?(?P<y>{_YEARS})|[-/.](?P<y2>{_Y4}|\d\d)|,? ?(?P<y3>['’]\d\d))?{_CLOCK}?",
        rf"(?P<m>{MONTH})(?:{_GAP}| of |,? ?)(?P<y>{_YEARS})|(?P<m2>{MONTH})-(?P<y2>\d\d)",
        rf"(?P<m>{MONTH})\.? (?:the )?(?P<d>{_DAYS}),? (?P<y>\d\d|{PAIR})",
        rf"(?P<m>{MONTH})\.?",
        rf"(?:the )?(?P<d>{_DAYS})(?: day)?(?: ?[-/.,] ?|[ \t]{{0,2}}(?:of |in )?(?:the )?)(?P<m>{MONTH})"
        rf"(?:[ ,.\n]{{1,3}}(?:of |in )?(?P<y>{_YEARS})|[ ]?[-/. ,]?[ ]?(?P<y2>{_Y4}|\d\d)"
        rf"|,? ?(?P<y3>['’]\d\d))?{_CLOCK}?",
        rf"(?P<y>{_Y4}){_GAP}(?P<m>{MONTH})(?:{_GAP}(?P<d>{_D}))?",
        rf"(?P<m>{_SMALL}){_MARK}(?P<d>{_SMALL})(?:{_MARK}(?P<y>{YEAR_WORDS}|{_Y4}|{PAIR}|{_SMALL}))?",
        rf"(?P<m>{_SMALL}),? (?P<d>{_SMALL}),? (?P<y>{YEAR_WORDS}|{_Y4}|{PAIR})",
        rf"(?:the )?(?P<d>(?:3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)|{ORDINAL})(?: day)?",
    )
)
_CONNECTOR = re.compile(r" ?[-–—&] ?|,? (?:and|to|or|through|thru|until|till) (?:the )?|, ")
_DAY_YEAR = re.compile(rf"(?P<d>{_D})(?:,? (?P<y>{_YEARS}))?")
_DAY_MONTH_LESS = re.compile(rf"(?P<d>{_DAYS})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Where one part of a date stands, which (`y`, `m`, `d`), and how it is written."""

    start: int
    end: int
    part: str
    style: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """One date as written: its numbers as far as they are written, and its fields in the whole text."""

    year: int | None = field(default=None, repr=False)
    month: int | None = field(default=None, repr=False)
    day: int | None = field(default=None, repr=False)
    fields: tuple[Field, ...] = field(default=(), repr=False)
    numeric: bool = False
    """Whether month and day are both digits, so that their order is a matter of habit."""

    def on(self, year: int, month: int = 1) -> date:
        """The day meant: `year` and `month` where none is written, the middle of the month where no day is."""
        y, m = self.year or year, self.month or month
        if self.month == 2 and self.day == 29 and self.year is None and not calendar.isleap(y):
            y -= y % 4
        return date(y, m, min(self.day or 15, calendar.monthrange(y, m)[1]))

    def swapped(self) -> "Mention | None":
        """The same digits day first, if that is a date as well."""
        if not self.numeric or self.month is None or self.day is None or self.day > 12:
            return None
        other = {"m": "d", "d": "m"}
        fields = tuple(replace(f, part=other.get(f.part, f.part)) for f in self.fields)
        return replace(self, month=self.day, day=self.month, fields=fields)


def read(text: str, *, day_first: bool = False) -> tuple[Mention, ...]:
    """The date or the two dates (of a range) that `text` is, the whole of it; empty for anything else."""
    folded = text.lower()
    if len(folded) != len(text) or not 0 < len(text) <= 80:
        return ()
    one = _one(text, folded, 0, len(text), day_first)
    if one is not None:
        return (one,)
    return _two(text, folded, day_first)


def put(text: str, mentions: Sequence[Mention], days: Sequence[date], *, padded: bool = True) -> str:
    """`text` with the fields of each mention written anew for the day that goes with it.

    `padded` says whether digits get leading zeros where the text itself does not tell (`12/10/2021`).
    """
    apart = len({(day.year, day.month) for day in days}) > 1
    edits = sorted(
        (f.start, f.end, _field(text[f.start : f.end], f, day, padded))
        for mention, day in zip(mentions, days, strict=True)
        for f in mention.fields
        if apart or f.start < f.end
    )
    out, at = [], 0
    for start, end, new in edits:
        out += [text[at:start], new]
        at = end
    return "".join((*out, text[at:]))


# -- reading


def _one(text: str, folded: str, start: int, end: int, day_first: bool) -> Mention | None:
    for form in _FORMS:
        match = form.fullmatch(folded, start, end)
        if match is not None:
            mention = _mention(text, match, day_first)
            if mention is not None and _exists(mention):
                return mention
    return None


def _two(text: str, folded: str, day_first: bool) -> tuple[Mention, ...]:
    for match in _CONNECTOR.finditer(folded):
        left = _one(text, folded, 0, match.start(), day_first)
        right = _one(text, folded, match.end(), len(text), day_first)
        if left is not None and right is None:
            right = _rest(text, folded, match.end(), left)
        if left is None and right is not None and right.month:
            bare = _DAY_MONTH_LESS.fullmatch(folded, 0, match.start())
            if bare:
                left = replace(_bare(text, bare), month=right.month, year=right.year)
                left = replace(left, fields=(*left.fields, *_inserted(right, match.start(), " {}")))
        if left is None or right is None:
            continue
        if left.year is None and right.year is not None and left.month is not None:
            earlier = right.month is not None and (left.month, left.day or 0) <= (
                right.month,
                right.day or 32,
            )
            left = replace(left, year=right.year if earlier else right.year - 1)
        if left.month is not None and _exists(left) and _exists(right):
            return left, right
    return ()


def _rest(text: str, folded: str, at: int, left: Mention) -> Mention | None:
    """The end of a range that has its month from the beginning: `March 14-16, 2021`."""
    match = _DAY_YEAR.fullmatch(folded, at)
    if match is None or left.month is None:
        return None
    right = _bare(text, match)
    fields = (*_inserted(left, at, "{} "), *right.fields)
    return replace(right, month=left.month, year=right.year or left.year, fields=fields)


def _inserted(other: Mention, at: int, around: str) -> Iterator[Field]:
    """The month of the other end of a range, to be written here too where the two ends come to differ."""
    for f in other.fields:
        if f.part == "m" and f.style.startswith("name"):
            yield Field(start=at, end=at, part="m", style=f"{f.style}|{around}")


def _bare(text: str, match: re.Match[str]) -> Mention:
    groups = match.groupdict()
    fields = []
    day, style = _day(match["d"])
    fields.append(Field(start=match.start("d"), end=match.end("d"), part="d", style=style))
    year = None
    if groups.get("y"):
        year, style = _year(match["y"])
        fields.append(Field(start=match.start("y"), end=match.end("y"), part="y", style=style))
    return Mention(year=year, day=day, fields=tuple(fields))


def _mention(text: str, match: re.Match[str], day_first: bool) -> Mention | None:
    groups = {k: v for k, v in match.groupdict().items() if v is not None and k != "s"}
    if "a" in groups:
        return _numeric(match, groups, day_first)
    year = month = day = None
    fields: list[Field] = []
    for name, written in groups.items():
        part = name[0]
        if part == "y":
            year, style = _year(written)
        elif part == "m":
            month, style = _month(written, match.group())
        else:
            day, style = _day(written)
        fields.append(Field(start=match.start(name), end=match.end(name), part=part, style=style))
    digits = [f for f in fields if f.part in "md" and f.style.startswith("n")]
    return Mention(year=year, month=month, day=day, fields=_padded(text, fields), numeric=len(digits) == 2)


def _numeric(match: re.Match[str], groups: Mapping[str, str], day_first: bool) -> Mention | None:
    a, b, c = groups["a"], groups["b"], groups.get("c")
    if len(a) == 4 or (len(a) == 2 and int(a) > 31 and c is not None):
        order = ("y", "m", "d") if int(b) <= 12 else ("y", "d", "m")
    elif len(a) == 3 or (c is not None and len(c) == 1):
        return None
    elif int(a) > 12 or (day_first and int(b) <= 12):
        order = ("d", "m", "y")
    else:
        order = ("m", "d", "y")
    values: dict[str, int] = {}
    fields = []
    for name, part in zip(("a", "b", "c"), order, strict=True):
        if name not in groups:
            continue
        written = groups[name]
        style = "n"
        if part == "y":
            values["y"], style = _year(written)
        else:
            values[part] = int(written)
        fields.append(Field(start=match.start(name), end=match.end(name), part=part, style=style))
    if len(a) == 4 and c is None:
        return None
    whole = _padded(match.string, fields)
    return Mention(year=values.get("y"), month=values["m"], day=values["d"], fields=whole, numeric=True)


def _padded(text: str, fields: Sequence[Field]) -> tuple[Field, ...]:
    """Fields of digits with leading zeros (`nn`), without (`n`), or with either (`n?`), as far as the date tells."""
    digits = [text[f.start : f.end] for f in fields if f.style == "n"]
    style = "nn" if any(d[0] == "0" for d in digits) else "n"
    if style == "n" and digits and all(len(d) == 2 for d in digits):
        styles = {f.style for f in fields}
        parts = [f.part for f in sorted(fields, key=lambda f: f.start)]
        joined = all(a.end == b.start for a, b in pairwise(sorted(fields, key=lambda f: f.start)))
        # ISO dates, stamps and the short form of forms (14MAR2021, 14-Mar-21) always have zeros, prose never
        named = styles & {"name", "name4"}
        fixed = (parts[0] == "y" and not named) or joined or "name3" in styles
        style = "nn" if fixed else "n" if named else "n?"
    return tuple(replace(f, style=style) if f.style == "n" else f for f in fields)


def _exists(mention: Mention) -> bool:
    if mention.month is not None and not 1 <= mention.month <= 12:
        return False
    year = 2000 if mention.year is None else mention.year
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return False
    return mention.day is None or 1 <= mention.day <= calendar.monthrange(year, mention.month or 1)[1]


def _month(written: str, whole: str) -> tuple[int, str]:
    if written in MONTHS or written.rstrip(".") in MONTHS:
        short = len(written) <= 3 and not (written in ("may",) and not re.search(r"[-/]|\d[a-z]", whole))
        return MONTHS[written], "name3" if short else "name4" if written == "sept" else "name"
    number, style = _small(written)
    return number, style


def _day(written: str) -> tuple[int, str]:
    if written[0].isdecimal():
        number = int(written.rstrip("stndrh"))
        return number, "th" if written[-1].isalpha() else "n"
    plain = written.replace(" ", "-")
    if plain in ORDINALS:
        return ORDINALS.index(plain) + 1, "ordinal-" if "-" in written else "ordinal "
    return _small(written)


def _small(written: str) -> tuple[int, str]:
    """A number below 100 in words or digits."""
    if written.isdecimal():
        return int(written), "n"
    words = [w for w in re.split(r"[ -]", written) if w not in ("oh", "o", "zero")]
    total = 0
    for word in words:
        for names, base, step in ((UNITS, 1, 1), (TEENS, 10, 1), (TENS, 20, 10)):
            if word in names:
                total += base + step * names.index(word)
    style = "words-" if "-" in written else "words "
    return total, style + ("oh" if written.startswith(("oh ", "zero ")) else "")


def _year(written: str) -> tuple[int, str]:
    if written[0] in "'’":
        return _century(int(written[1:])), "y2'"
    if written.isdecimal():
        return (int(written), "y4") if len(written) == 4 else (_century(int(written)), "y2")
    parts = written.replace("-", " ").split()
    if parts[:2] == ["two", "thousand"]:
        rest = [p for p in parts[2:] if p != "and"]
        return 2000 + _small(" ".join(rest))[0], "year and" if "and" in parts else "year thousand"
    hundreds = {"eighteen": 1800, "nineteen": 1900, "twenty": 2000}.get(parts[0])
    if hundreds is None or (len(parts) < 2 and parts[0] != "twenty"):
        return _century(_small(written)[0]), "words oh year"
    if len(parts) == 2 and parts[0] == "twenty" and parts[1] in UNITS and hundreds == 2000:
        return _century(20 + UNITS.index(parts[1]) + 1), "words oh year"
    rest = [p for p in parts[1:] if p not in ("hundred", "and")]
    return hundreds + _small(" ".join(rest))[0], "year"


def _century(two_digits: int) -> int:
    return 2000 + two_digits if two_digits < 30 else 1900 + two_digits


# -- writing


def _field(old: str, field_: Field, day: date, padded: bool = True) -> str:
    value = {"y": day.year, "m": day.month, "d": day.day}[field_.part]
    style = field_.style
    if "|" in style:
        style, _, around = style.partition("|")
        return around.format(_field("Xx", replace(field_, style=style), day))
    if style.startswith("name"):
        name = calendar.month_name[value]
        if style == "name3":
            name = name[:3]
        elif style == "name4":
            name = "Sept" if value == 9 else name[:3] if value not in (6, 7) else name
        return _cased(name, old)
    if style.startswith("y"):
        return _year_text(value, style, old)
    if style == "nn" or (style == "n?" and padded):
        return f"{value:02d}"
    if style in ("n", "n?"):
        return str(value)
    if style == "th":
        return f"{value}{_cased(_suffix(value), old[-2:])}"
    if style.startswith("ordinal"):
        return _cased(ORDINALS[value - 1].replace("-", style[-1]), old)
    if style == "words oh year":
        return _cased(_pair(value % 100, "-" if "-" in old else " "), old)
    oh = "oh " if style.endswith("oh") and value < 10 else ""
    return _cased(oh + _pair(value, style[5] if len(style) > 5 else " ", plain=True), old)


def _year_text(value: int, style: str, old: str) -> str:
    if style == "y4":
        return f"{value:04d}"
    if style in ("y2", "y2'"):
        return (old[0] if style == "y2'" else "") + f"{value % 100:02d}"
    century, rest = divmod(value, 100)
    if 2000 <= value < (2010 if style == "year" else 2100):
        joint = " and " if style == "year and" else " "
        words = "two thousand" + (joint + _pair(rest, " ", plain=True) if rest else "")
    else:
        words = _pair(century, " ", plain=True) + (" hundred" if not rest else " " + _pair(rest, " "))
    return _cased(words, old)


def _pair(value: int, joint: str, *, plain: bool = False) -> str:
    """A number below 100 in words; `oh five` for those of one digit, unless `plain`."""
    if value < 10:
        word = UNITS[value - 1] if value else "zero"
        return word if plain else f"oh {word}" if value else "hundred"
    if value < 20:
        return TEENS[value - 10]
    ten, unit = divmod(value, 10)
    return TENS[ten - 2] + (joint + UNITS[unit - 1] if unit else "")


def _suffix(day: int) -> str:
    return "th" if 10 <= day % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


def _cased(word: str, like: str) -> str:
    if like.isupper() and len(like) > 1:
        return word.upper()
    if like.islower():
        return word.lower()
    if " " in like and like.istitle():
        return " ".join(w.capitalize() for w in word.split(" "))
    return word[:1].upper() + word[1:]


def years(text: str) -> Iterator[int]:
    """The years that the dates in `text` name, with four digits or in full."""
    for mention in read(text):
        if mention.year is not None:
            yield mention.year
