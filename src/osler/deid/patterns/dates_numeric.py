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
from osler.deid.patterns.lexemes import PAIR, SMALL, WORDED, YEAR_WORDS
from osler.deid.patterns.page import Page
from osler.deid.patterns.rule import Hit, compiled, last_word, number, word_set, words_before

_DAYS = (0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_THREE = compiled(r"(\d{1,4})( ?[-/.] ?)(\d{1,2})\2(\d{4}|\d{1,2})(?!\d)")
_CLOCK = compiled(r"[t_]\d{2}:?\d{2}(?::?\d{2}(?:[.,]\d{1,9})?)?(?:z\b|[+-]\d{2}:?\d{2})?(?![\d:])")
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
_TIMED = compiled(
    r",? (?:at |@ ?)?\d{1,2}:\d\d|,? (?:at |@ ?)\d{1,2} ?[ap]\.?m|,? [012]\d[0-5]\d(?! ?(?:mg|ml|cc"
    r"|units?|kcal|cal|g\b|mcg))\b|,? \d{1,2} ?[ap]m\b"
)
_TELLING = compiled(r".*[a-z]{3} ?\Z")
_COUNTED = compiled(r".*(?:#|\bnews|\bgrp|\bin|\bof|\bthe|\ball|\bwith|\bwas|\bis|\bfor) ?\Z")
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
_WHOLES = frozenset((14, 15, 16, 18, 20, 24, 25, 30))
_ROUND = frozenset((15, 20, 24, 25, 27, 30))


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
    if match[2] == b" - ":
        return None
    return _short_year(low, s, end, match, mark)


def _short_year(low: bytes, s: int, end: int, match: "object", mark: bytes) -> Hit | None:
    if mark == b"/":
        return _hit(s, end, 0.94)
    last = last_word(low, s)
    if following(low, end) in UNITS_AFTER or last in NUMERIC_NOT:
        return None
    if last in WEAK:
        return _hit(s, end, 0.9)
    if mark == b".":
        parts = low[s:end].split(b".")
        sure = len(parts[0]) + len(parts[1]) == 4 or int(parts[1]) > 12 or int(parts[2][:2]) > 31
        return _hit(s, end, 0.65) if sure else None
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
    if (
        after[:1] in (b"/", b"%", b'"')
        or (after[:1].isalnum())
        or (after[:1] in (b".", b",") and after[1:].isdigit())
    ):
        return None
    swapped = not _day_of(a, b)
    if swapped and not _day_of(b, a):
        return None
    whole = _RANGE.match(low, end)
    if whole and not swapped and _day_of(int(whole[2]), int(whole[3])):
        late = b > 5 or int(whole[3]) > 5 or whole[4]
        if late and not _scored(low, s):
            return _hit(s, whole.end(), 0.85)
    score = _weigh(
        low, s, end, 0 if a == b else b if not swapped else a, match[1][0] == 48 or match[2][0] == 48, swapped
    )
    return _hit(s, end, score) if score else None


def _scored(low: bytes, s: int) -> bool:
    """Whether a word of scoring stands before, small words between them skipped."""
    for word in words_before(low, s, 40)[:-5:-1]:
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
    if (
        after in SCORED_AFTER
        and not (day > 12 and after == b"l")
        and not (strong and day > 12 and after in (b"negative", b"positive", b"normal"))
    ):
        opens = (padded or day > 12) and low[max(0, s - 2) : s].strip(b" ") in (b"", b".", b"\n")
        return 0.75 if opens else 0.0
    if _SHARE.match(low, end):
        return 0.0
    if strong and last not in SCORED:
        return 0.85
    if _scored(low, s):
        return 0.0
    if _TIMED.match(low, end):
        return 0.8
    if swapped:
        return 0.7 if padded or last in WEAK or (day not in _WHOLES and _told(low, s, end)) else 0.0
    if b"/" in low[s - 10 if s > 10 else 0 : s] and _BEFORE_RANGE.match(low, max(0, s - 16), s):
        return 0.8
    weak = last in WEAK or low[end : end + 1] == b":"
    return _uncued(low, s, end, day, padded, weak)


def _uncued(low: bytes, s: int, end: int, day: int, padded: bool, weak: bool) -> float:
    """How surely `a/b` is a day though no strong word says so; scores have been ruled out as far as words tell."""
    if day == 0 and padded:
        return 0.75
    if day == 0:
        dated = weak and last_word(low, s) not in _RANGING
        return (
            0.6 if dated or (low[s : s + 2] in (b"11", b"12", b"7/", b"9/") and _told(low, s, end)) else 0.0
        )
    opens = low[max(0, s - 6) : s].rstrip(b" \t*-([").endswith(b"\n") or not low[max(0, s - 40) : s].strip()
    if padded:
        return 0.8
    if day > 12:
        return 0.8 if day not in _ROUND else 0.62 if weak or opens or _told(low, s, end) else 0.0
    if weak and day not in (5, 10):
        return 0.65
    if day in _SHORT:
        return 0.6 if _done(low, s) or (opens and day in (6, 8) and following(low, end) != b"of") else 0.0
    return 0.65 if opens or _told(low, s, end) else 0.0


_DONE = compiled(
    r".*\b(?!(?:rated|scored|graded|needed|used|based|decreased|increased|reduced|red|med|bed"
    r"|bilateral)\b)[a-z]{3,}ed \Z"
)


def _done(low: bytes, s: int) -> bool:
    """Whether something was done then: `trained 11/4`."""
    return _DONE.match(low, max(0, s - 16), s) is not None


def month_and_year(page: Page, s: int, run_end: int) -> Hit | None:
    """`03/2021`, `3-2021`, `2021-03`."""
    low = page.low
    if s and low[s - 1] in b"/.$+-_":
        return None
    match = _MONTH_YEAR.match(low, s)
    if match:
        if match[2] == b"/" or (match[2] == b"-" and len(match[1]) == 2):
            return _hit(s, match.end(), 0.85)
        return _hit(s, match.end(), 0.7) if last_word(low, s) in WEAK else None
    match = _YEAR_MONTH.match(low, s)
    if match is None:
        return None
    last = last_word(low, s)
    later = int(match[3]) <= int(match[1][2:])
    if (later and match[2] == b"-") or last in STRONG or last in (b"in", b"for"):
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
_SAID = compiled(
    rf"\d{{1,2}} \d{{1,2}} (?:(?:19|20)\d\d|\d\d)(?!\d)|(?:{WORDED} ){{2,4}}(?:{YEAR_WORDS}|{PAIR}"
    rf"|{WORDED})(?![a-z])"
)


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
        strong=r"dob|d\.o\.b\.?|birth ?date|birthday|date of (?:birth|death|service|admission|discharge"
        r"|visit|injury|procedure|surgery|exam|accident|loss|onset|report|collection)|born(?: on)?"
        r"|bday|dos|doa|dod|doi|lmp|edd|edc"
        r"|(?:admit|admission|discharge|visit|service|exam|collection|collected|report|procedure"
        r"|surgery|order|start|end|birth|death|onset|signed|due|appt|appointment|encounter|study"
        r"|specimen|received|dictated|transcribed|effective|expiration|exp|issue|issued|authored"
        r"|recorded|result|resulted|fill|filled) ?(?:date|dt|date/time|datetime|time)",
        weak=r"date|dated|dt|collected|received|reported|resulted|admitted|discharged|signed|dictated"
        r"|transcribed|expires|exp|timestamp",
    ),
)

_SPACED = compiled(r"(\d{1,2}) (\d{1,2}) ((?:19|20)\d\d|\d\d)(?![\w/%]|[.,-]\d)(?! \d(?!\d?:|\d{3}\b))")
_LOGGED = STRONG | word_set(
    "out log dated eff effective exp in removed placed sent filed posted eff: done paid"
)
_DICTATED = compiled(r".*(?:\b[dt]{1,2}: {0,4}|date: ?|\bon |dob:? ?|born )\Z")


def spaced(page: Page, s: int, run_end: int) -> Hit | None:
    """`04 22 2022`; with a short year only behind a word that calls for a date."""
    low = page.low
    match = _SPACED.match(low, s)
    if match is None or (s and (low[s - 1] in b"./-$+:_" or low[max(0, s - 2) : s - 1].isdigit())):
        return None
    a, b = int(match[1]), int(match[2])
    if not (_day_of(a, b) or _day_of(b, a)) or following(low, match.end()) in UNITS_AFTER:
        return None
    if len(match[3]) == 2 and not (_DICTATED.match(low, max(0, s - 8), s) or _TIMED.match(low, match.end())):
        before = words_before(low, s, 16)
        if not (low[match.end() : match.end() + 1] == b":" or (before and before[-1] in _LOGGED)):
            return None
    return _hit(s, match.end(), 0.8)


_ROMAN = compiled(r"\d{1,2}[/.-](?:xi{0,2}|ix|iv|vi{0,3}|i{1,3})[/.-](?:(?:19|20)\d\d|\d\d)(?!\w)")


def roman(page: Page, s: int, run_end: int) -> Hit | None:
    """`16/III/21`."""
    if page.low[run_end + 1 : run_end + 2] not in (b"i", b"v", b"x"):
        return None
    match = _ROMAN.match(page.low, s)
    return _hit(s, match.end(), 0.85) if match and not (s and page.low[s - 1] in b"/.-") else None


_DASHED = compiled(r"(0?[1-9]|1[0-2])-(0?[1-9]|[12]\d|3[01])(?![\w/%]|[.,-]\d)")


def dashed(page: Page, s: int, run_end: int) -> Hit | None:
    """`05-19` behind a word of time."""
    low = page.low
    match = _DASHED.match(low, s)
    if match is None or (s and low[s - 1] in b"./-$+:_") or following(low, match.end()) in UNITS_AFTER:
        return None
    last = last_word(low, s)
    timed = _TIMED.match(low, match.end()) is not None
    opens = low[max(0, s - 3) : s].strip(b" \t").endswith(b"\n") and low[match.end() : match.end() + 1] in (
        b" ",
        b":",
    )
    padded = match[1][:1] == b"0" or match[2][:1] == b"0"
    cued = last in (STRONG if len(match[0]) < 5 else WEAK) and last not in _RANGING
    if not (
        cued
        or opens
        or (timed and last not in _RANGING)
        or (padded and len(match[0]) == 5 and last not in NUMERIC_NOT)
    ):
        return None
    return _hit(s, match.end(), 0.75) if _day_of(int(match[1]), int(match[2])) else None


_RANGING = word_set(
    "from between to and the around last next past week weeks wk early late this approximately "
    "approx for in of"
)


RULES = (
    number(r"\b\d{1,2} \d{1,2} (?:(?:19|20)\d\d|\d\d)\b", spaced, (1, 2), b" "),
    number(r"\b\d{1,2}[/.-](?:xi{0,2}|ix|iv|vi{0,3}|i{1,3})[/.-]\d\d", roman, (1, 2), b"/.-"),
    number(r"\b(?:0?[1-9]|1[0-2])-(?:0?[1-9]|[12]\d|3[01])\b", dashed, (1, 2), b"-"),
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
        r"\b(?:1[89]|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:\d{4}(?:\d\d)?)?\b",
        compact,
        (8, 12, 14),
    ),
)
