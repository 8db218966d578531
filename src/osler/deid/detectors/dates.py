"""Dates: any that name a month or a day of a month. A bare year, a weekday and a clock time are none.

Digits that look like a date and are a score, a blood pressure, a ratio, a dose, a spine level, a version or a
lab range are left alone; a year-less `3/4` needs a word of time before it or a day that no score has.
"""

import re
from collections.abc import Iterable

from osler.core.spans import Label, Span
from osler.deid import dates
from osler.deid.detectors import hl7
from osler.deid.detectors.keyed import near
from osler.deid.tokens import fold

_CUE = re.compile(
    r"(?:\bon|since|from|until|till|\bby|before|after|dated?|as of|through|thru|\bto|\band|last|due"
    r"|seen|admit\w*|adm|started|start"
    r"|began|onset|d/c(?:'?d)?|dc'?d|disch\w*|discontinued|appt|appointment|scheduled|labs?|drawn|cxr"
    r"|ct|mri|us|echo|ekg|ecg|xr|x-ray|culture"
    r"|cx|surgery|dos|dob|born|lmp|edd|edc|visit|f/u|follow[- ]?up|placed|removed|given|received"
    r"|exp\w*|expires|updated|reviewed"
    r"|signed|filled|refill(?:ed)?|refills|pod|extubated|intubated|repeat|done|week of|wk of|month of"
    r"|collected|resulted|reported|called|note|dates?"
    r"|progress note|addendum|eta|returned?|hospitalized|transfused|vaccinated|vaccine|dose|s/p"
    r"|tues?(?:day)?|wed(?:nesday)?|thu(?:rs(?:day)?)?"
    r"|fri(?:day)?|sat(?:urday)?|sun(?:day)?|mon(?:day)?|between|until|around|approx\w*|circa|early"
    r"|late|period|menses|performed|taken|ending|beginning|effective)"
    r"['’]?s?[ \t]*[:(,\-–.#]?[ \t]*\(?\Z"
)
_STRONG_CUE = re.compile(
    r"(?:\bon|since|again|follow[- ]?up|return|until|till|dated?|birth is|birthday is|as of|through"
    r"|thru|due|admit\w*|admitted|d/c(?:'?d)?|appt|appointment|scheduled|drawn|dos|dob|lmp|edd"
    r"|visit|f/u|week of|wk of|collected|resulted|signed|filled|discharged|hospitalized|seen|before"
    r"|after|started|tues?(?:day)?|wed(?:nesday)?"
    r"|thu(?:rs(?:day)?)?|fri(?:day)?|sat(?:urday)?|sunday|mon(?:day)?|performed|taken|effective|by"
    r"|last|comparison|compared (?:to|with)|cath|pci|cabg|egd|colonoscopy|bronchoscopy|orif|extubat\w*"
    r"|intubat\w*|deliver(?:y|ed)|died|expired)[ \t]*[:(,]?[ \t]*\(?\Z"
)
_RANGE_BEFORE = re.compile(r"\d{1,2}/\d{1,2}(?:/\d{2,4})?\s?(?:-|–|to|through|thru|until|and|&|,)\s?\Z")
_SCORE_BEFORE = re.compile(
    r"(?:mmse|moca|gcs|apgars?|scores?|scored|phq|gad|scale|pain|rated?|rating|strength|motor|pulses?"
    r"|ratio|grade|vision|acuity|\bbp|epworth"
    r"|reflex\w*|murmur|dtrs?|power|severity|intensity|level|lumbar|thoracic|cervical|disc|disk"
    r"|vertebrae|\b[lcts]|audit|cage|dose|tabs?"
    r"|tablets?|take|takes|taking|taper\w*|half|fraction|ratio|stage|class|category|tumou?r|nodes?"
    r"|cores?|biops\w*|positive|of|about|odds|version|v"
    r"|chapter|section|figure|fig|table|step|part|items?|criteria|questions?|[a-z]:e|visual analog"
    r"|vas|nrs|flacc|curb|wells|has-bled|risk"
    r"|plus|systolic|factor|type|size|french|gauge|needle|suture|proportion|index|quotient|od|os|ou"
    r"|correct\w*)['’]?s?"
    r"(?:-\d+)?(?: (?:score|scale|level|was|is|were|are|of|at|in|now|currently|today|rated"
    r"|approximately|about|around))*[ \t]*[:=(#,]?[ \t]*\Z"
)
_SCORE_AFTER = re.compile(
    r"\s?(?:pain|strength|motor|reflex\w*|murmur|sem\b|systolic|diastolic|holosystolic|power|tabs?\b"
    r"|tablets?|pills?|caps?\b|cup|cups|tsp|tbsp|teaspoon|inch(?:es)?|in\b"
    r"|\"|%|mg|mcg|ml|cc\b|liters?|l\b|cm|mm|kg|lbs?|g\b|oz|hours?|hrs?|days?\b|weeks?|months?|years?"
    r"|yrs?|points?|scale|score|intensity|severity|on (?:the|a) (?:pain|scale)"
    r"|\(\d+(?:\.\d+)?%?\)|out of|of (?:the|a|normal|all|his|her|its)|patients?|subjects?"
    r"|participants?|cases|controls|nodes?|cores?|lymph|lns?\b|samples?|criteria|items|positive"
    r"|negative|ratio"
    r"|normal saline|ns\b|dextrose|strength|way|finger|width|correct|recall|bilaterally|bilat"
    r"|throughout|in all|x10|dose|doses|units?|teaspoons?|people|women|men|trials|studies)"
)
_BRACKETED = re.compile(r"\)| ?\(\d")
_TIME = re.compile(r"\s?(?:at|@) ?\d|,? \d{1,2}:?\d\d\b(?! ?(?:mg|ml|mcg|%|units|cc))")
_VERSION = re.compile(r"(?:\bv|version|ver|release|section|chapter|\bno|#|\bip|id|build|rev)\.? ?\Z")

_MONTH_CUE = re.compile(
    r"(?:\bin|since|last|next|this|until|till|\bof|early|late|mid|from|through|thru|during|before"
    r"|after|past|previous|every|each|around|about"
    r"|\bby|around|between|to|back in|as of|starting|beginning|ending|coming|late-|early-|mid-|end of"
    r"|month of|for)[ \t\n]?\Z"
)
_MAY_CUE = re.compile(
    r"(?:\bin|since|last|until|till|\bof|early|late|mid|mid-|early-|late-|this past|back in|month of"
    r"|during|next)[ \t\n]?\Z"
)
_VERBS = re.compile(
    r"\s+(?:be|have|need|not|also|require|cause|help|take|increase|decrease|occur|lead|include|result"
    r"|want|benefit|begin|continue|represent|reflect|use|play|improve|reduce|indicate"
    r"|develop|consider|experience|affect|make|show|appear|present|give|become|in place|forward"
    r"|back|fracture|only|still|even|well|wish|vary|contribute|provide|explain)\b"
)
_AMBIGUOUS = {
    "may",
    "march",
    "mar",
    "april",
    "june",
    "august",
    "jan",
    "dec",
    "jun",
    "jul",
    "apr",
    "aug",
    "oct",
    "sep",
    "nov",
    "feb",
    "sept",
}
_HOLIDAY_NOT = re.compile(
    r"\s?(?:disease|factor|tree|egg|lily|candy|fasting|eyes?|like|seals?|island|party pack)\b"
)
_HOLIDAY_CUE = re.compile(
    r"(?:before|after|since|last|on|at|by|until|past|around|this|over|for|during|day of|eve of|near"
    r"|next)\s(?:the\s)?\Z"
)
_FEASTS = {
    "ramadan",
    "passover",
    "easter",
    "eid",
    "tet",
    "good friday",
    "hanukkah",
    "diwali",
    "new years",
    "halloween",
}
_ON_THE = re.compile(
    r"\bon the ((?:[12]?\d|3[01])(?:st|nd|rd|th))(?=\s*(?:[,;.)]|\Z|\n| at \d| and (?:the|on)| with| "
    r"for (?:a|her|his|the|my)| by ))"
)
_BIRTH_BEFORE = re.compile(
    r"(?:dob|d\.o\.b\.?|birth ?date|date of birth|born(?: on)?|bday|birthday)[ \t]*[:=#]?[ \t]*\Z"
)
_EIGHT = re.compile(r"\d{6,8}(?!\d)")


class DateDetector:
    """DATE: numeric, ISO, written and spoken dates, months, holidays; the year is part of the span."""

    name = "dates"

    def find(self, text: str) -> Iterable[Span]:
        """Spans of whole date expressions."""
        folded = fold(text)
        for start, end, score in self._numeric(text, folded):
            yield self._span(start, end, score)
        for start, end, score in self._named(text, folded):
            yield self._span(start, end, score)
        yield from hl7.find(text, Label.DATE, self.name)

    def _span(self, start: int, end: int, score: float) -> Span:
        return Span(start=start, end=end, label=Label.DATE, score=score, detector=self.name)

    def _numeric(self, text: str, folded: str) -> Iterable[tuple[int, int, float]]:
        for match in dates.MONTH_YEAR.finditer(folded):
            if _clear_before(folded, match.start()) and _year_mark(match, folded):
                yield match.start(), match.end(), 0.85
        for match in dates.NUMERIC.finditer(folded):
            if _clear_before(folded, match.start()) and _clear_after(folded, match.end()):
                score = _weigh(folded, match)
                if score and dates.read(match.group()) is not None:
                    yield match.start(), match.end(), score
        for match in _EIGHT.finditer(folded):
            if near(folded, match.start(), _BIRTH_BEFORE, 20):
                yield match.start(), match.end(), 0.95
        for match in dates.COMPACT.finditer(folded):
            if near(folded, match.start(), _STRONG_CUE, 24) and _clear_before(folded, match.start()):
                yield match.start(), match.end(), 0.7

    def _named(self, text: str, folded: str) -> Iterable[tuple[int, int, float]]:
        for match in dates.MONTH_FIRST.finditer(folded):
            before = folded[match.start() - 1] if match.start() else " "
            if before.isalnum() or before in "'’@":
                continue
            if _month_first(text, folded, match):
                yield match.start(), _trim(folded, match.start(), match.end()), 0.9
        for match in dates.DAY_FIRST.finditer(folded):
            before = folded[match.start() - 1] if match.start() else " "
            joined = before in "/-–" or (
                before == "." and folded[match.start() - 2 : match.start() - 1].isdecimal()
            )
            if before.isalnum() or joined or not _day_first(text, folded, match):
                continue
            yield match.start(), _trim(folded, match.start(), match.end()), 0.91
        for match in dates.HOLIDAY.finditer(folded):
            if _HOLIDAY_NOT.match(folded, match.end()):
                continue
            if (
                match["h"] in _FEASTS
                and not match["y"]
                and not near(folded, match.start(), _HOLIDAY_PAST, 20)
            ):
                continue
            yield match.start(), match.end(), 0.8
        for match in _ON_THE.finditer(folded):
            yield match.start(1), match.end(1), 0.6


_HOLIDAY_PAST = re.compile(r"(?:before|after|since|last|past|this|until|at|by|over|on)\s\Z")


def _trim(folded: str, start: int, end: int) -> int:
    while end > start and folded[end - 1] in " ,.\n-/":
        end -= 1
    return end


def _clear_before(folded: str, start: int) -> bool:
    if not start:
        return True
    before = folded[start - 1]
    if before.isalnum() or before in "/.$+":
        return False
    return not (
        before in "-–"
        and start > 1
        and folded[start - 2].isalnum()
        and not _RANGE_BEFORE.search(folded, max(0, start - 14), start)
    )


def _clear_after(folded: str, end: int) -> bool:
    after = folded[end : end + 2]
    if not after:
        return True
    if after[0] == "t" and after[1:].isdigit():
        return True
    if after[0].isalnum() or after[0] in "/%":
        return False
    return not (after[0] in ".-" and after[1:].isdigit()) or (
        after[0] == "-" and folded[end + 1 : end + 6].count("/") > 0
    )


def _year_mark(match: re.Match[str], folded: str) -> bool:
    return match["s"] == "/" or near(folded, match.start(), _STRONG_CUE, 24) or len(match["m"]) == 2


def _weigh(folded: str, match: re.Match[str]) -> float:
    """How surely a numeric match is a date, 0 when it is none."""
    a, mark = match["a"], match["s"]
    if match["c"] is not None:
        return _weigh_three(folded, match)
    if len(a) == 4:
        return _weigh_year_and_month(folded, match)
    if mark != "/" or len(a) > 2 or not (1 <= int(a) <= 12 and 1 <= int(match["b"]) <= 31):
        return 0.0
    return _weigh_month_and_day(folded, match)


def _weigh_year_and_month(folded: str, match: re.Match[str]) -> float:
    """`2019-03`; not `2005-06`, which may be two years: a month only where it cannot follow on the year."""
    year, month = int(match["a"]), match["b"]
    if match["s"] != "-" or len(month) != 2 or not 1900 <= year <= 2199 or int(month) > 12:
        return 0.0
    return 0.8 if int(month) < year % 100 or near(folded, match.start(), _STRONG_CUE, 20) else 0.0


def _weigh_month_and_day(folded: str, match: re.Match[str]) -> float:
    """`3/14`, which may as well be a score, a dose, a fraction of patients."""
    start, end, day = match.start(), match.end(), int(match["b"])
    firm, cued = near(folded, start, _STRONG_CUE, 20), near(folded, start, _CUE, 20)
    if _SCORE_AFTER.match(folded, end):
        return 0.0
    if near(folded, start, _SCORE_BEFORE, 40):
        return 0.75 if day > 12 and near(folded, start, _STRONG_CUE, 12) else 0.0
    if near(folded, start, _RANGE_BEFORE, 16) or firm:
        return 0.8
    if not cued and folded[start - 1 : start] == "(" and _BRACKETED.match(folded, end):
        # "23% (5/22)", "one rat (1/24)"
        return 0.0
    if cued and folded[end : end + 1] == ":":
        return 0.75
    if day > 12 or match["a"][0] == "0" or match["b"][0] == "0":
        return 0.85 if cued or day not in _ROUND else 0.75
    if day == 11 or _TIME.match(folded, end) or (cued and day not in _SCALES):
        return 0.7
    opens_line = start == 0 or folded[max(0, start - 8) : start].rstrip(" \t*-•").endswith("\n")
    return 0.7 if opens_line and folded[end : end + 1] in (":", " ") and day not in _SCALES else 0.0


_SCALES = frozenset((1, 2, 3, 4, 5, 10))
_ROUND = frozenset((15, 20, 24, 25, 30))
"""Denominators of scores and scales; of rounder fractions."""


def _weigh_three(folded: str, match: re.Match[str]) -> float:
    a, c, mark = match["a"], match["c"], match["s"]
    if len(a) == 4:
        return 0.95 if mark in "-/." and len(c) < 3 else 0.0
    if len(c) == 1 or len(a) > 2:
        return 0.0
    if mark == "." and (len(c) == 2 and near(folded, match.start(), _VERSION, 12)):
        return 0.0
    if mark == "." and len(c) == 2 and not near(folded, match.start(), _CUE, 20):
        return 0.6
    return 0.95 if len(c) == 4 else 0.9


def _month_first(text: str, folded: str, match: re.Match[str]) -> bool:
    month = match["m"]
    written = text[match.start("m") : match.end("m")]
    spelled = match["d"] and match["d"][0].isalpha() and match["d"].replace(" ", "-") in dates.CARDINALS
    if spelled and not match["y"] and (_doubtful(folded, match) or _SCORE_AFTER.match(folded, match.end())):
        return False
    if match["d"] or match["y2"]:
        if (
            month in ("mar", "may", "dec", "oct", "march")
            and written.islower()
            and match["d"]
            and not match["y"]
        ):
            # "may 2 tablets", "march 5 steps": digits that follow by chance
            return not _SCORE_AFTER.match(folded, match.end()) and not _doubtful(folded, match)
        return not (
            match["d"]
            and not match["y"]
            and match["d"].isdigit()
            and _SCORE_AFTER.match(folded, match.end("d"))
        )
    if written.isupper() and len(written) < 5:
        return False
    if month in ("may", "march", "mar"):
        return near(folded, match.start(), _MAY_CUE, 12) and not _VERBS.match(folded, match.end())
    if month in _AMBIGUOUS:
        return near(folded, match.start(), _MONTH_CUE, 12) and not folded.startswith(
            ("'s", "’s"), match.end()
        )
    return True


def _doubtful(folded: str, match: re.Match[str]) -> bool:
    """Whether "may" or "march" may as well be a verb."""
    if match["m"] not in ("may", "march", "mar"):
        return False
    return not (near(folded, match.start(), _MAY_CUE, 12) or near(folded, match.start(), _STRONG_CUE, 10))


def _day_first(text: str, folded: str, match: re.Match[str]) -> bool:
    if match["y"]:
        return True
    month = match["m"]
    written = text[match.start("m") : match.end("m")]
    joined = folded[match.end("d") : match.start("m")]
    if (joined and joined[0] in "-/.") or "of" in joined or match["d"][-1].isalpha():
        return month not in ("may", "mar") or written[0].isupper() or "of" in joined
    if month in ("may", "march", "mar", "dec"):
        return (
            written[0].isupper()
            and near(folded, match.start(), _STRONG_CUE, 16)
            and not _VERBS.match(folded, match.end())
        )
    return True
