"""Primitive values of FHIR: what may stay of each, by its type. A value that is not of its type does not stay.

Dates: Safe Harbor leaves the year of a `date` or `dateTime` (both may be a year alone); an `instant` cannot be a year
alone and goes. With surrogates, dates are shifted, their precision, clock time and zone kept. Redaction leaves no date.
Years 90 and more back always go, since they show an age over 89 of whoever was alive then.
"""

import math
import re
from calendar import monthrange
from datetime import date
from decimal import Decimal

from osler.deid.accounting import Outcome
from osler.deid.fhir.references import Links
from osler.deid.fhir.rules import Rules
from osler.deid.session import OLD, Person, Session, over_89

Scalar = str | int | float | Decimal | bool

_DATE = re.compile(
    r"(?P<y>\d{4})(?:-(?P<m>\d\d)(?:-(?P<d>\d\d)"
    r"(?P<t>T(?:[01]\d|2[0-3]):[0-5]\d(?::[0-6]\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?)?)?"
)
_TIME = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d(?::[0-6]\d(?:\.\d+)?)?")
_CODED = re.compile(r"[^\s]{1,64}(?: [^\s]{1,32}){0,2}")
_CLOSED = re.compile(r"[a-z0-9]{1,24}(?:-[a-z0-9]{1,24}){0,5}|[A-Z0-9]{1,6}(?:\.[a-z]{1,10})?|<|<=|>=|>")
_MEDIA = re.compile(r"[a-z]{1,20}/[a-z0-9.+\-]{1,60}(?:; ?charset=[A-Za-z0-9\-]{1,20})?")
_OID = re.compile(r"urn:oid:[0-2](?:\.(?:0|[1-9]\d*))+")
_LEAST = {"positiveInt": 1, "unsignedInt": 0}
_DATES = ("date", "dateTime", "instant", "birthDate")
_LARGEST = 10_000_000
"""Whole numbers from here on are no counts: they may be identifiers."""

Result = tuple[Scalar | None, Outcome]
_GONE: Result = (None, Outcome.REMOVED)


class Primitives:
    """Treats primitive values that are no prose."""

    def __init__(self, session: Session, rules: Rules, links: Links) -> None:
        self._session = session
        self._rules = rules
        self._links = links
        self._named: dict[str, bool] = {}

    def treated(self, kind: str, value: object, person: Person) -> Result:
        """What leaves of `value`, None when nothing does, and how that is booked."""
        if isinstance(value, bool):
            return (value, Outcome.KEPT) if kind == "boolean" else _GONE
        if isinstance(value, int | float | Decimal):
            return self._number(kind, value)
        if not isinstance(value, str):
            return _GONE
        if kind in _DATES:
            return self._date(kind, value, person)
        if kind == "link":
            return _replaced(self._links.link(value))
        if kind in ("id", "uuid"):
            prefix = "urn:uuid:" if value.lower().startswith("urn:uuid:") else ""
            return prefix + self._links.id(value[len(prefix) :]), Outcome.REPLACED
        if kind == "uid":
            return self._session.uid(value), Outcome.REPLACED
        return (value, Outcome.KEPT) if self._stays(kind, value) else _GONE

    def _stays(self, kind: str, value: str) -> bool:
        if kind == "code":
            return self._reads_like_code(value)
        if kind == "coded":
            return _CODED.fullmatch(value) is not None and (value.isdecimal() or not self._names(value))
        if kind == "media":
            return _MEDIA.fullmatch(value) is not None
        if kind == "time":
            return _TIME.fullmatch(value) is not None
        if kind == "oid" and not _OID.fullmatch(value):
            return False
        return (
            kind in ("uri", "url", "canonical", "oid") and self._rules.uri(value) and not self._names(value)
        )

    def _reads_like_code(self, value: str) -> bool:
        """Whether it is one of a closed list by its looks (`in-progress`, `MORN`), or nothing is found in it."""
        if _CLOSED.fullmatch(value) and sum(c.isdecimal() for c in value) < 5:
            return True
        return _CODED.fullmatch(value) is not None and not self._session.edits(value)

    def _names(self, value: str) -> bool:
        """Whether something that the document names stands in it."""
        if value not in self._named:
            self._named[value] = bool(self._session.leaks((value,)))
        return self._named[value]

    def _number(self, kind: str, value: int | float | Decimal) -> Result:
        if kind == "decimal":
            return (value, Outcome.KEPT) if math.isfinite(value) else _GONE
        whole = isinstance(value, int) and _LEAST.get(kind, -_LARGEST) <= value < _LARGEST
        return (value, Outcome.KEPT) if whole and kind in ("integer", *_LEAST) else _GONE

    # -- dates

    def _date(self, kind: str, value: str, person: Person) -> Result:
        match = _DATE.fullmatch(value)
        day = _day(match) if match else None
        if match is None or day is None or self._session.mode == "redact":
            return _GONE
        if over_89(day.year, self._session.today.year) or (kind == "birthDate" and person.over_89):
            return _GONE
        if self._session.mode == "safe-harbor":
            if kind == "instant":
                return _GONE
            return match["y"], Outcome.KEPT if value == match["y"] else Outcome.REPLACED
        shifted = self._session.shifted(day, person)
        if shifted is None:
            return _GONE
        written = shifted.isoformat()[: 10 if match["d"] else 7 if match["m"] else 4]
        return written + (match["t"] or ""), Outcome.REPLACED


def _replaced(value: str | None) -> Result:
    return _GONE if value is None else (value, Outcome.REPLACED)


def _day(match: re.Match[str]) -> date | None:
    """The day meant, the middle of what was left open; None when there is no such day."""
    year, month = int(match["y"]), int(match["m"] or 7)
    if year < 1 or not 1 <= month <= 12:
        return None
    day = int(match["d"] or (15 if match["m"] else 1))
    return date(year, month, day) if 1 <= day <= monthrange(year, month)[1] else None


def year_of(value: object) -> int | None:
    """The year of a FHIR date, None when it is none."""
    match = _DATE.fullmatch(value) if isinstance(value, str) else None
    day = _day(match) if match else None
    return day.year if day else None


_IN_YEARS = {
    "mo": 12.0, "month": 12.0, "months": 12.0, "wk": 52.18, "week": 52.18, "weeks": 52.18, "d": 365.25,
    "day": 365.25, "days": 365.25, "h": 8766.0, "hour": 8766.0, "hours": 8766.0, "min": 525960.0,
}  # fmt: skip


def is_old(value: object, unit: object) -> bool:
    """Whether an age is over 89; a unit that is not known counts as years."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal) or not math.isfinite(value):
        return False
    per_year = _IN_YEARS.get(unit.lower(), 1.0) if isinstance(unit, str) else 1.0
    return float(value) / per_year >= OLD + 1
