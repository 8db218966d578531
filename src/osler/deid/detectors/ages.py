"""Ages over 89. Younger ages are no identifiers (45 CFR 164.514(b)(2)(i)(C))."""

import re
from collections.abc import Iterable

from osler.core.spans import Label, Span
from osler.deid.detectors.keyed import near
from osler.deid.tokens import fold

_UNIT = r"(?:one|two|three|four|five|six|seven|eight|nine)"
_TEEN = r"(?:ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen)"
_SPELLED = rf"(?:ninety(?:[ -]{_UNIT})?|(?:one|a)[ -]hundred(?:[ -](?:and[ -])?(?:{_UNIT}|{_TEEN}|twenty))?)"
_NUMBER = r"(?:9\d|1[01]\d|12[0-5])"
_OLD = (
    r"(?:\s?-?\s?(?:years?|yrs?|yr)\b\.?(?:\s?-?\s?(?:olds?|young|of age))?"
    r"|\s?-?\s?y\.?\s?[/-]?\s?o\b\.?|\s?-?\s?yo[fm]?\b|\s?y/?o?(?=\s?[fm]\b))"
)
_AFTER = re.compile(rf"(?<![\w.,/:\-])({_NUMBER})(?={_OLD}|th birthday|st birthday|nd birthday|rd birthday)")
_YEARS = re.compile(r"\s?-?\s?(?:years?|yrs?|yr)\b\.?(?!\s?-?\s?(?:olds?|young|of age))")
_SPELLED_AFTER = re.compile(rf"\b({_SPELLED})(?=[ -](?:years?|yrs?)[ -](?:old|of age|young)\b|[ -]y/?o\b)")
_BEFORE = re.compile(
    rf"\b(?:aged?|age is|age was|turned|turning|turns|a\.?k\.?a age|ages)(?:\s?[:=]\s?|\s)({_NUMBER}"
    rf"|{_SPELLED})\b(?![.,/]\d|\s?%|-\d|\s?(?:days|months|weeks|m?c?g|ml|kg|lbs?|pounds|units?|bpm"
    rf"|mm|cm|percent|to\b|and older))"
)
_SEX = re.compile(
    rf"(?<![\w.,/:\-])({_NUMBER})(?=\s?(?:f|m)\b(?!\.?\w)|\s?(?:[- ]?year[- ]?old\s)?(?:male|female"
    rf"|man|woman|gentleman|lady)\b)"
)
_TEMPERATURE = re.compile(
    r"(?:\btemp|\bt\b|tmax|temperature|febrile|fever|°|\bof\b\s?)[^a-z]{0,12}\Z|\btemp[^\n]{0,16}\Z"
)
_FOLLOWS = re.compile(
    r"\s?[fm](?:\s?,|\s*\n|\s+(?:with|w/|w\b|who|presents?|presenting|admitted|c/o|hx|h/o|pmh|s/p|p/w"
    r"|in|from|here|brought|biba|bibems"
    r"|transferred|status|found|complains?|has|is|was|and|pt|patient|fell|full|dnr))"
)


_COHORT = re.compile(r"\d(?: years?)?(?: to | and |-|–| - | – )\Z")
"""The upper end of a range of ages is no one's age."""


_SUBJECT = re.compile(
    rf"\b(?:he|she|who|patient|pt|(?:grand)?(?:mother|father|ma|pa)|mom|dad|husband|wife|aunt|uncle"
    rf"|sister|brother|client|resident)"
    rf" (?:is|was|just turned|turned|will be|died at) ({_NUMBER})(?=[,;)]|\.(?!\d)| (?:and|with|now"
    rf"|but|who|has|lives|when)\b|\n|\Z)"
)
"""`grandmother is 91 and frail`."""


class AgeDetector:
    """AGE: `91-year-old`, `aged 93`, `ninety-two years old`, `91 y/o`, `97F with`. The span is the number."""

    name = "ages"

    def find(self, text: str) -> Iterable[Span]:
        """Spans of the numbers, spelled or not, of ages from 90 on."""
        folded = fold(text)
        for match in _AFTER.finditer(folded):
            if _COHORT.search(folded, max(0, match.start() - 12), match.start()):
                continue
            if not _YEARS.match(folded, match.end()) or _of_a_person(folded, match):
                yield self._span(match, 0.93)
        for pattern in (_SPELLED_AFTER, _BEFORE, _SUBJECT):
            for match in pattern.finditer(folded):
                yield self._span(match, 0.93)
        for match in _SEX.finditer(folded):
            letter = folded[match.end() :].lstrip()[:2]
            if len(letter) > 1 and letter[0] in "fm" and not letter[1].isalpha():
                warm = letter[0] == "f" and near(folded, match.start(), _TEMPERATURE, 24)
                at_start = match.start() == 0 or folded[max(0, match.start() - 2) : match.start()].strip(
                    " "
                ) in (
                    "\n",
                    ".",
                    ":",
                    "",
                )
                if warm or not (_FOLLOWS.match(folded, match.end()) or (at_start and letter[0] != "m")):
                    continue
            yield self._span(match, 0.9)

    def _span(self, match: re.Match[str], score: float) -> Span:
        return Span(start=match.start(1), end=match.end(1), label=Label.AGE, score=score, detector=self.name)


_PERSON = re.compile(r"(?:\bis|\bwas|age|she's|he's|i'm|\bam|turn\w*|lived|\bat|now|nearly|almost)\s+\Z")


def _of_a_person(folded: str, match: re.Match[str]) -> bool:
    """`95 years` without "old" is an age only behind a word that gives an age; else it is a duration."""
    return near(folded, match.start(), _PERSON, 14)
