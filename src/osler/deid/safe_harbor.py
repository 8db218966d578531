"""The Safe Harbor rendering of 45 CFR 164.514(b)(2)(i), and plain redaction to labels.

Years stay, other elements of dates go; ages over 89 become one category; a ZIP code keeps its first three digits
unless its area is small (`data/zip3_restricted_2000.txt`); everything else becomes its label. For a person over 89
no date element stays, the year included, nor a bare year of birth, nor one beside the age. Text so rendered is not
thereby de-identified: that is the site's determination (no actual knowledge, (b)(2)(ii)).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

from osler.core.ports.detector import KnownIdentifier
from osler.core.spans import Label, Span
from osler.deid import dates, gazetteers, written

OVER_89 = "90+"
"""The one category of ages over 89."""

CENSUS = "2000"
"""The census behind the list of small ZIP areas: the last one for which HHS has published such a list."""

_OLD = 89
_ZIP = re.compile(r"(?<!\d)(\d{3})\d{2}(?:-\d{4})?(?!\d)")
_WHOLE_ZIP = re.compile(r"(\d{3})\d{2}(?:-\d{4})?")
_YEAR = re.compile(r"(?<!\d)(?:1[89]|2[0-2])\d\d(?!\d)")
_BIRTH_WORD = (
    r"(?:\bborn(?: in| on)?|\bbirth(?: ?(?:year|date|day))?|\bdob\b|\bd\.o\.b\.?|date of birth|year of birth)"
)
_BIRTH = re.compile(_BIRTH_WORD + r"[\s:=,]{0,4}(?:in |is |was |of )?((?:18|19|20)\d\d)(?!\d|[-/.]\d)", re.I)
_BIRTH_BEFORE = re.compile(_BIRTH_WORD + r"[\s:=,|]{0,6}(?:in |is |was |of |on )?\Z", re.I)
_RELATIVE = re.compile(
    r"\b(?:grand)?(?:mother|father|mom|dad|parents?|ma|pa|aunt|uncle|husband|wife|spouse|partner|brothers?|sisters?|siblings?"
    r"|cousin|neighbou?r|friend|roommate|caregiver)(?:'s|-in-law)?\b[^.;\n]{0,40}\Z",
    re.I,
)
_BESIDE = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Whom a text is about, as far as dates are concerned: whether over 89, known years of birth, the latest year."""

    over_89: bool = False
    births: frozenset[int] = frozenset()
    until: int = 0

    @classmethod
    def of(
        cls,
        text: str,
        spans: Sequence[Span],
        known: Sequence[KnownIdentifier] = (),
        today: date | None = None,
    ) -> "Person":
        """What the text and the record say. `today` is the year until which ages count; else the text's latest."""
        until = today.year if today is not None else _latest(text, spans)
        recorded = (dates.read_recorded(k.value) for k in known if k.label is Label.DATE and k.birth)
        births = {w.year for w in recorded if w is not None and w.year is not None}
        births |= {year for year, _ in _born(text, spans, until)}
        old = any(s.label is Label.AGE and not _of_a_relative(text, s) for s in spans)
        return cls(
            over_89=old or any(until - year > _OLD for year in births), births=frozenset(births), until=until
        )


@cache
def restricted() -> frozenset[str]:
    """Three-digit ZIP areas of 20,000 people or fewer, census of 2000."""
    return frozenset(gazetteers.tokens("zip3_restricted_2000.txt"))


def label(span: Span) -> str:
    """The label that stands in for an identifier, as in `[NAME]`."""
    return f"[{span.label.value}]"


def rendering(text: str, spans: Sequence[Span], person: Person) -> Iterator[tuple[Span, str]]:
    """Each span with what Safe Harbor leaves of it, and further spans of years that would tell an age over 89."""
    rows = list(spans)
    if person.over_89:
        taken = [(s.start, s.end) for s in rows]
        for start, end in sorted({*birth_years(text, person.births), *_years_beside(text, spans)}):
            if all(end <= a or start >= b for a, b in taken):
                rows.append(Span(start=start, end=end, label=Label.DATE))
    for span in sorted(rows, key=lambda s: s.start):
        value = text[span.start : span.end]
        yield span, rendered(span, value, over_89=person.over_89, until=person.until)


def rendered(span: Span, value: str, *, over_89: bool, until: int = 0) -> str:
    """What Safe Harbor leaves of the identifier `value`.

    A year of two digits that would lie behind `until` is of the century before.
    """
    if span.label is Label.DATE:
        return label(span) if over_89 else _years(value, until) or label(span)
    if span.label is Label.AGE:
        return OVER_89
    if span.label is Label.LOCATION:
        whole = _WHOLE_ZIP.fullmatch(value.strip())
        if whole:
            return area(whole[1])
        inner = list(_ZIP.finditer(value))
        return f"{label(span)} {area(inner[-1][1])}" if inner and inner[-1].start() > 0 else label(span)
    return label(span)


def area(first_three: str) -> str:
    """The first three digits of a ZIP code, or 000 where so few people live that they would tell too much."""
    return "000" if first_three in restricted() else first_three


def age_end(text: str, span: Span) -> int:
    """Where an age ends: the words behind it (`-year-old`) stay."""
    return span.end


def birth_years(text: str, years: frozenset[int]) -> list[tuple[int, int]]:
    """Places of bare years of birth: behind a word of birth, or one of `years` known as such."""
    found = {match.span(1) for match in _BIRTH.finditer(text)}
    found |= {match.span() for match in _YEAR.finditer(text) if int(match.group()) in years}
    return sorted(found)


def _years(value: str, until: int) -> str:
    """The year of a date, or the years of a range."""
    mentions = written.read(value)
    if not mentions:
        years = _YEAR.findall(value)
        return str(years[-1]) if years else ""
    short = until > 0 and any(f.style.startswith("y2") for m in mentions for f in m.fields)
    found = [m.year for m in mentions if m.year is not None]
    return "-".join(dict.fromkeys(str(y - 100 if short and y > until + 1 else y) for y in found))


def _latest(text: str, spans: Sequence[Span]) -> int:
    years = [int(y) for y in _YEAR.findall(text)]
    for span in spans:
        if span.label is Label.DATE:
            years += [m.year for m in written.read(text[span.start : span.end]) if m.year is not None]
    return max(years, default=0)


def _born(text: str, spans: Sequence[Span], until: int) -> Iterator[tuple[int, Span]]:
    """Years of birth in dates that stand behind a word of birth."""
    for span in spans:
        if span.label is Label.DATE and _BIRTH_BEFORE.search(text[max(0, span.start - 24) : span.start]):
            years = _years(text[span.start : span.end], until)
            if years.isdecimal():
                yield int(years), span


def _of_a_relative(text: str, span: Span) -> bool:
    """Whether an age is said of someone else, as far as the words before it in the sentence show."""
    return _RELATIVE.search(text[max(0, span.start - 60) : span.start]) is not None


def _years_beside(text: str, spans: Sequence[Span]) -> Iterator[tuple[int, int]]:
    """Bare years in the same sentence as an age over 89: from both the year of birth could be reckoned."""
    for span in spans:
        if span.label is Label.AGE:
            behind = re.split(r"[.;\n]", text[span.end : span.end + _BESIDE])[0]
            before = re.split(r"[.;\n]", text[max(0, span.start - _BESIDE) : span.start])[-1]
            for at, part in ((span.end, behind), (span.start - len(before), before)):
                for match in _YEAR.finditer(part):
                    yield at + match.start(), at + match.end()
