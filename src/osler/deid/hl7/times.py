"""Dates and times of HL7 v2 (`YYYY[MM[DD[HH[MM[SS[.S]]]]]][+/-ZZZZ]`)."""

import re
from calendar import monthrange
from datetime import date

from osler.deid.session import Person, Session, over_89

_DATE = re.compile(
    r"(?P<y>\d{4})(?:(?P<m>\d\d)(?:(?P<d>\d\d)(?P<t>(?:[01]\d|2[0-4])(?:[0-5]\d(?:[0-6]\d(?:\.\d{1,6})?)?)?)?)?)?"
    r"(?P<z>[+-]\d{4})?"
)


def treated_date(value: str, session: Session, person: Person, *, birth: bool = False) -> str | None:
    """The year alone, or the date shifted with its precision, time and zone kept; None when nothing may stay.

    A value that is no date of the calendar does not stay, nor a year 90 or more back.
    """
    match = _DATE.fullmatch(value)
    day = _day(match) if match else None
    if match is None or day is None or session.mode == "redact":
        return None
    if over_89(day.year, session.today.year) or (birth and person.over_89):
        return None
    if session.mode == "safe-harbor":
        return match["y"]
    shifted = session.shifted(day, person)
    if shifted is None:
        return None
    written = shifted.strftime("%Y%m%d")[: 8 if match["d"] else 6 if match["m"] else 4]
    return written.rjust(4, "0") + (match["t"] or "") + (match["z"] or "")


def year_of(value: str) -> int | None:
    """The year of a date, None when it is none."""
    match = _DATE.fullmatch(value)
    day = _day(match) if match else None
    return day.year if day else None


def iso_day(value: str) -> str | None:
    """`YYYY-MM-DD` of a date that names a day."""
    match = _DATE.fullmatch(value)
    day = _day(match) if match and match["d"] else None
    return day.isoformat() if day else None


def _day(match: re.Match[str]) -> date | None:
    year, month = int(match["y"]), int(match["m"] or 7)
    if year < 1 or not 1 <= month <= 12:
        return None
    day = int(match["d"] or (15 if match["m"] else 1))
    return date(year, month, day) if 1 <= day <= monthrange(year, month)[1] else None
