"""The Safe Harbor rendering of 45 CFR 164.514(b)(2)(i), and plain redaction to labels.

Years stay, other elements of dates go; ages over 89 become one category; a ZIP code keeps its first three digits
unless its area is small (`data/zip3_restricted_2000.txt`); everything else becomes its label. For a person over 89
no date element stays, the year included, nor a bare year of birth. Text so rendered is not thereby de-identified:
that is the site's determination (no actual knowledge, (b)(2)(ii)).
"""

import re
from functools import cache

from osler.core.spans import Label, Span
from osler.deid import dates, gazetteers

OVER_89 = "90 or older"

_ZIP = re.compile(r"(?<!\d)(\d{3})\d{2}(?:-\d{4})?(?!\d)")
_WHOLE_ZIP = re.compile(r"(\d{3})\d{2}(?:-\d{4})?")
_YEAR = re.compile(r"(?<!\d)(?:1[89]|2[0-2])\d\d(?!\d)")
_AGE_TAIL = re.compile(
    r"(?:\s?-?\s?(?:years?|yrs?|yr)\b\.?(?:\s?-?\s?(?:olds?\b|of age\b))?|\s?-?\s?y\.?\s?/?\s?o\b\.?"
    r"|\s?-?\s?yo\b)",
    re.I,
)
_BIRTH = re.compile(
    r"(?:\bborn(?: in| on)?|\bbirth(?: ?(?:year|date|day))?|\bdob\b|\bd\.o\.b\.?|date of birth|year "
    r"of birth)[\s:=,]{0,4}(?:in |is |was |of )?"
    r"((?:18|19|20)\d\d)(?!\d|[-/.]\d)",
    re.I,
)


@cache
def restricted() -> frozenset[str]:
    """Three-digit ZIP areas of 20,000 people or fewer, census of 2000."""
    return frozenset(gazetteers.tokens("zip3_restricted_2000.txt"))


def label(span: Span) -> str:
    """The label that stands in for an identifier, as in `[NAME]`."""
    return f"[{span.label.value}]"


def rendered(span: Span, value: str, *, over_89: bool) -> str:
    """What Safe Harbor leaves of the identifier `value`."""
    if span.label is Label.DATE:
        return label(span) if over_89 else _year(value) or label(span)
    if span.label is Label.AGE:
        return OVER_89
    if span.label is Label.LOCATION:
        whole = _WHOLE_ZIP.fullmatch(value.strip())
        if whole:
            return _area(whole[1])
        inner = list(_ZIP.finditer(value))
        return f"{label(span)} {_area(inner[-1][1])}" if inner and inner[-1].start() > 0 else label(span)
    return label(span)


def _area(first_three: str) -> str:
    return "000" if first_three in restricted() else first_three


def _year(value: str) -> str:
    written = dates.read(value)
    if written is not None:
        return str(written.year) if written.year is not None else ""
    years = _YEAR.findall(value)
    return years[-1] if years else ""


def age_end(text: str, span: Span) -> int:
    """Where the words end that belong to an age (`-year-old`), for "90 or older" takes their place too."""
    match = _AGE_TAIL.match(text, span.end)
    return match.end() if match else span.end


def birth_years(text: str, years: frozenset[int]) -> list[tuple[int, int]]:
    """Places of bare years of birth: behind a word of birth, or one of `years` known as such."""
    found = {match.span(1) for match in _BIRTH.finditer(text)}
    found |= {match.span() for match in _YEAR.finditer(text) if int(match.group()) in years}
    return sorted(found)
