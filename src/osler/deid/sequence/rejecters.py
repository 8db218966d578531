"""What the network marks and nobody would: bare years, decimals, doses, sample sizes, states and countries.

These are rules of the contract (a bare year, an age up to 89, a state are no identifiers) and of how numbers are
written in medicine. They speak about the network's marks alone; what the patterns found stays.
"""

import re
from functools import cache
from typing import Final

from osler.core.spans import Label
from osler.deid import gazetteers

_NUMBER = re.compile(r"[\d.,]+")
_YEARS = re.compile(
    r"(?:the )?(?:early |late |mid[- ]?)?(?:1[89]|20)\d\d(?:['’]?s)?(?:\s?[-–/]\s?(?:(?:1[89]|20)\d\d|\d\d))?"
)
_SPOKEN_YEAR = re.compile(
    r"(?:two thousand(?: and)?|nineteen|twenty)(?:[ -](?:hundred|and|oh|one|two|three|four|five|six|seven|eight|nine|"
    r"ten|"
    r"eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|"
    r"seventy|eighty|ninety))*",
    re.I,
)
_UNIT = re.compile(
    r"\s?(?:%|(?:mgs?|mcg|µg|ug|g|kg|ml|dl|l|cc|mm|cm|m|mmhg|mmol|meq|iu|units?|u|bpm|hz|khz|kda|kcal|cal|"
    r"hours?|hrs?|h|"
    r"minutes?|mins?|seconds?|secs?|days?|weeks?|wks?|months?|mos?|years?|yrs?|yo|tabs?|tablets?|caps?|capsules?|drops|"
    r"puffs|patients|subjects|participants|women|men|children|cases|times|x)\b)",
    re.I,
)
_STATISTIC = re.compile(
    r"(?:\b(?:n|p|r|t|f|z|or|rr|hr|ci|sd|se|df|chi|alpha|beta|icc|auc|iqr)\s?[=<>≤≥:,]{1,2}\s?|[<>≤≥±]\s?|\+/-\s?)\Z",
    re.I,
)
_SPOKEN: Final = frozenset({"eighty", "seventy", "sixty", "fifty", "forty", "thirty", "twenty"})


def rejected(text: str, start: int, end: int, label: Label) -> bool:
    """Whether a rule says that the mark `text[start:end]` of the network is no identifier."""
    value = text[start:end]
    if label is Label.LOCATION:
        return " ".join(value.lower().split()) in _regions()
    if label is Label.NAME:
        return False
    if label is Label.DATE and (_YEARS.fullmatch(value) or _SPOKEN_YEAR.fullmatch(value)):
        return True
    if label is Label.AGE:
        return _under_90(value)
    return _NUMBER.fullmatch(value) is not None and _measured(text, start, end)


def _under_90(value: str) -> bool:
    digits = re.search(r"\d+", value)
    if digits:
        return int(digits.group()[:4]) < 90
    return value.lower().replace("-", " ").split()[0] in _SPOKEN


def _measured(text: str, start: int, end: int) -> bool:
    """Whether a number is part of a decimal, carries a unit, or follows the name of a statistic."""
    before, after = text[max(0, start - 12) : start], text[end : end + 14]
    if re.search(r"\d[.,]\Z|(?<![\w.])\.\Z", before) or re.match(r"\.\d{1,3}(?![\d.])", after):
        return True
    return _UNIT.match(after) is not None or _STATISTIC.search(before) is not None


@cache
def _regions() -> frozenset[str]:
    """States and countries that are no city's name as well."""
    lists = gazetteers.load()
    nations = {word.replace("_", " ") for word in gazetteers.tokens("countries.txt")}
    ambiguous = frozenset(
        {"new york", "washington", "georgia", "jordan", "chad", "panama", "luxembourg", "singapore", "monaco"}
    )
    short = {"usa", "u.s", "u.s.", "us", "uk", "u.k", "u.k."}
    long = {"united states", "united kingdom", "england", "scotland", "wales"}
    return frozenset((lists.states | nations | short | long) - ambiguous)
