"""Dates in digits: `3/14/2021`, `2021-03-14T10:30Z`, `20210314103055`, `03/2021`, and `3/14` by its context.

Scores, blood pressures, ratios, doses, spine levels, versions and lab ranges are no dates; a bare year is none.
"""

from osler.core.spans import Label
from osler.deid.patterns.contexts import (
    NUMERIC_NOT,
    OF_WHAT,
    SCORE_SKIP,
    SCORED,
    SCORED_AFTER,
    STRONG,
    UNITS_AFTER,
    WEAK,
    following,
)
from osler.deid.patterns.keyed import Keys
from osler.deid.patterns.lexemes import PAIR, SMALL, YEAR_WORDS
from osler.deid.patterns.page import Page
from osler.deid.patterns.rule import compiled, number, words_before, Hit

_DAYS = (0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_THREE = compiled(r"(\d{1,4})( ?[-/.] ?)(\d{1,2})\2(\d{4}|\d{1,2})(?!\d)")
_CLOCK = compiled(
    r"[t_]\d{2}:?\d{2}(?::?\d{2}(?:[.,]\d{1,9})?)?(?:z\b|[+-]\d{2}:?\d{2})?(?![\d:])"
)
_TWO = compiled(r"(\d{1,2})/(\d{1,2})(?!\d)")
_RANGE = compiled(r"( ?- ?)(\d{1,2})/(\d{1,2})(?:/(\d{4}|\d{2}))?(?![\d/])")
_MONTH_YEAR = compiled(r"(0?[1-9]|1[0-2])([-/.])((?:1[89]|20|21)\d\d)(?![\d/\-]|\.\d)")
_YEAR_MONTH = compiled(r"((?:1[89]|20)\d\d)([-/])(0[1-9]|1[0-2])(?![\d/\-]|\.\d)")
_COMPACT = compiled(
    r"((?:1[89]|20)\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])"
    r"(?:(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d(?:\.\d{1,6})?)?(?:[+-]\d{4})?)?(?!\d)"
)
_BEFORE_RANGE = compiled(r".*\d{1,2}/\d{1,2}(?:/\d{2,4})? ?(?:-|to|through|thru|until|and|&|,|or) ?\Z")
_SHARE = compiled(r" ?\(\d|, ?\d{1,3}(?:\.\d+)?%| out of|\)? ?(?:vs|versus) ")
_SELDOM = frozenset((7, 8, 9, 11, 12))
_TELLING = compiled(r".*[a-z]{3} ?\Z")
_COUNTED = compiled(r".*(?:\bin|\bof|\bthe|\ball|\bwith|\bwas|\bis|\bfor) ?\Z")
_PLURAL = compiled(r" (?:[a-z]{3,}s\b|\d{1,2}/\d)|/|-\d")


def _told(low: bytes, s: int, end: int) -> bool:
    """Whether `3/11` stands behind a plain word and before nothing that it might count."""
    start = max(0, s - 12)
    return (
        _TELLING.match(low, start, s) is not None
        and _COUNTED.match(low, start, s) is None
        and _PLURAL.match(low, end) is None
    )


_SHORT = frozenset((2, 3, 4, 5, 6, 8, 10))
_ROUND = frozenset((12, 14, 15, 16, 18, 20, 21, 24, 25, 27, 28, 30))


def _hit(start: int, end: int, score: float) -> Hit:
    return start, end, Label.DATE, score, "dates"


def _day_of(month: int, day: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= _DAYS[month]


def three_parts(page: Page, s: int, run_end: int) -> Hit | None:
    """`3/14/2021`, `14.03.21`, `2021-03-14T10:30:00Z`."""
    low = page.low
    match = _THREE.match(low, s)
    if match is None or not _joinable(low, s, match.end()):
        return None
    a, mark, b, c = match[1], match[2].strip(), int(match[3]), match[4]
    if len(a) == 4:
        if len(c) > 2 or not (1800 <= int(a) <= 2199) or not (_day_of(b, int(c)) or _day_of(int(c), b)):
            return None
        clock = _CLOCK.match(low, match.end())
        return _hit(s, clock.end() if clock else match.end(), 0.97)
    if len(a) > 2 or len(c) == 1:
        return None
    if not (_day_of(int(a), b) or _day_of(b, int(a))) or (len(c) == 4 and not 1800 <= int(c) <= 2199):
        return None
    end = match.end()
    if low[end : end + 2] == b"t0" or low[end : end + 2] == b"t1":
        clock = _CLOCK.match(low, end)
        end = clock.end() if clock else end
    if len(c) == 4:
        return _hit(s, end, 0.97)
    return _short_year(low, s, end, match, mark)


def _short_year(low: bytes, s: int, end: int, match: "object", mark: bytes) -> Hit | None:
    before = words_before(low, s)
    last = before[-1] if before else b""
    if mark == b"/":
        return _hit(s, end, 0.94)
    if following(low, end) in UNITS_AFTER or last in NUMERIC_NOT:
        return None
    if last in WEAK:
        return _hit(s, end, 0.9)
    first = low[s : s + 2]
    if mark == b".":
        return _hit(s, end, 0.65) if first.isdigit() and low[end - 3] == 46 and low[s + 2] == 46 else None
    return _hit(s, end, 0.8)


def _joinable(low: bytes, s: int, end: int) -> bool:
    """Whether the digits on both sides of the match do not carry it on to a longer number."""
    if s and low[s - 1] in b"/.$+:#-_" and not _opens(low, s):
        return False
    after = low[end : end + 2]
    if not after:
        return True
    if after[0] in b"./-" and after[1:].isdigit():
        return after[0] == 45 and b"/" in low[end + 1 : end + 6]
    return not (after[:1].isalpha() and after[:1] != b"t") and after[0] != 37


def _opens(low: bytes, s: int) -> bool:
    """Whether the mark before a number ends another date or opens an item, rather than belonging to the number."""
    mark = low[s - 1 : s]
    if mark == b"-" or mark == b":" or mark == b"." or mark == b"#" or mark == b"_":
        if s < 2:
            return True
        before = low[s - 2 : s - 1]
        if before.isdigit():
            return mark == b"-" and _BEFORE_RANGE.match(low[max(0, s - 14) : s]) is not None
        return not before.isalpha() or mark in b":.#"
    return False


def month_and_day(page: Page, s: int, run_end: int) -> Hit | None:
    """`3/14`, where its neighbours make it a day and no score, dose or ratio; `3/1-3/5/21` as a whole."""
    low = page.low
    match = _TWO.match(low, s)
    if match is None or (s and low[s - 1] in b"/.$+:_"):
        return None
    a, b, end = int(match[1]), int(match[2]), match.end()
    if s and low[s - 1] == 45 and not _opens(low, s):
        return None
    after = low[end : end + 2]
    if after[:1] in (b"/", b"%", b'"') or (after[:1].isalnum()) or (after[:1] in (b".", b",") and after[1:].isdigit()):
        return None
    swapped = not _day_of(a, b)
    if swapped and not _day_of(b, a):
        return None
    whole = _RANGE.match(low, end)
    if whole and _day_of(int(whole[2]), int(whole[3])):
        if not swapped and (b > 5 or int(whole[3]) > 5 or whole[4]) and not _scored(low, s):
            return _hit(s, whole.end(), 0.85)
    score = _weigh(low, s, end, 0 if a == b else b if not swapped else a, match[1][0] == 48 or match[2][0] == 48, swapped)
    return _hit(s, end, score) if score else None


def _scored(low: bytes, s: int) -> bool:
    """Whether a word of scoring stands before, small words between them skipped."""
    for word in reversed(words_before(low, s, 40)[-4:]):
        if word in SCORED:
            return True
        if word not in SCORE_SKIP:
            return False
    return False


def _weigh(low: bytes, s: int, end: int, day: int, padded: bool, swapped: bool) -> float:
    after = following(low, end)
    before = words_before(low, s)
    last = before[-1] if before else b""
    strong = last in STRONG or (last == b"of" and len(before) > 1 and before[-2] in OF_WHAT)
    if after in SCORED_AFTER and not (strong and day > 12 and after in (b"negative", b"positive", b"normal")):
        return 0.0
    if _SHARE.match(low, end):
        return 0.0
    if strong and last not in SCORED:
        return 0.85
    if _scored(low, s):
        return 0.0
    if swapped:
        return 0.0
    if _BEFORE_RANGE.match(low, max(0, s - 16), s):
        return 0.8
    weak = last in WEAK or low[end : end + 1] == b":"
    return _uncued(low, s, end, day, padded, weak)


def _uncued(low: bytes, s: int, end: int, day: int, padded: bool, weak: bool) -> float:
    opens = not s or low[max(0, s - 6) : s].rstrip(b" \t*-([").endswith(b"\n") or not low[:s].strip()[:1]
    if padded:
        return 0.8
    if day > 12:
        return 0.8 if weak or opens or day not in _ROUND else 0.6
    if day in _SELDOM or (weak and day not in (5, 10)):
        return 0.65 if weak or opens or _told(low, s, end) else 0.0
    return 0.6 if opens and day not in _SHORT else 0.0


def month_and_year(page: Page, s: int, run_end: int) -> Hit | None:
    """`03/2021`, `3-2021`, `2021-03`."""
    low = page.low
    if s and low[s - 1] in b"/.$+-_":
        return None
    match = _MONTH_YEAR.match(low, s)
    if match:
        if match[2] == b"/" or (match[2] == b"-" and len(match[1]) == 2):
            return _hit(s, match.end(), 0.85)
        before = words_before(low, s)
        return _hit(s, match.end(), 0.7) if before and before[-1] in WEAK else None
    match = _YEAR_MONTH.match(low, s)
    if match is None:
        return None
    before = words_before(low, s)
    later = int(match[3]) <= int(match[1][2:])
    if (later and match[2] == b"-") or (before and before[-1] in STRONG):
        return _hit(s, match.end(), 0.8)
    return None


def compact(page: Page, s: int, run_end: int) -> Hit | None:
    """`20210314`, `20210314103055`: eight digits that are a day of the calendar, with or without a time."""
    low = page.low
    match = _COMPACT.match(low, s)
    if match is None or (s and low[s - 1] in b"/.$+-_"):
        return None
    if not 1880 <= int(match[1]) <= 2099 or not _day_of(int(match[2]), int(match[3])):
        return None
    return _hit(s, match.end(), 0.72)


_SOLID = compiled(r"\d{8}(?!\d)|\d{6}(?!\d)")
_SAID = compiled(rf"(?:{SMALL} ){{2,4}}(?:{YEAR_WORDS}|{PAIR}|{SMALL})(?![a-z])")


def solid(page: Page, at: int) -> int:
    """The end of a date behind a label like `DOB`: six or eight digits without a mark, or number words; 0 if none."""
    match = _SOLID.match(page.low, at)
    if match is None:
        said = _SAID.match(page.low, at)
        return said.end() if said else 0
    d = match[0]
    if len(d) == 6:
        ways = [(d[:2], d[2:4]), (d[2:4], d[:2]), (d[2:4], d[4:])]
    else:
        ways = [(d[:2], d[2:4]), (d[2:4], d[:2]), (d[4:6], d[6:])]
    return match.end() if any(_day_of(int(m), int(n)) for m, n in ways) else 0


KEYS = (
    Keys(
        label=Label.DATE,
        detector="dates",
        score=0.95,
        read=solid,
        start=rf"(?:\d{{6}}|{SMALL} {SMALL} )",
        strong=r"dob|d\.o\.b\.?|birth ?date|birthday|date of (?:birth|death|service|admission|discharge|visit|injury|procedure|surgery|exam|accident|loss|onset|report|collection)|born(?: on)?|bday|dos|doa|dod|doi|lmp|edd|edc"
        r"|(?:admit|admission|discharge|visit|service|exam|collection|collected|report|procedure|surgery|order|start|end|birth|death|onset|signed|due|appt|appointment|encounter|study|specimen|received|dictated|transcribed|effective|expiration|exp|issue|issued|authored|recorded|result|resulted|fill|filled) ?(?:date|dt|date/time|datetime|time)",
        weak=r"date|dated|dt|collected|received|reported|resulted|admitted|discharged|signed|dictated|transcribed|expires|exp|timestamp",
    ),
)

RULES = (
    number(r"\b\d{1,4} ?[-/.] ?\d{1,2} ?[-/.] ?\d{2,4}", three_parts, (1, 2, 4), b"-/. "),
    number(
        r"\b(?:(?:0?[1-9]|1[0-2])/(?:0?[1-9]|[12]\d|3[01])|(?:1[3-9]|2\d|3[01])/(?:0?[1-9]|1[0-2]))\b",
        month_and_day,
        (1, 2),
        b"/",
    ),
    number(
        r"\b(?:(?:0?[1-9]|1[0-2])[-/.](?:1[89]|20|21)\d\d|(?:1[89]|20)\d\d[-/](?:0[1-9]|1[0-2]))\b",
        month_and_year,
        (1, 2, 4),
        b"-/.",
    ),
    number(
        r"\b(?:1[89]|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:\d{4}(?:\d\d)?)?\b", compact, (8, 12, 14)
    ),
)
