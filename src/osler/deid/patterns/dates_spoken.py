"""Numeric dates spoken out: `three slash fourteen slash twenty twenty one`."""

from osler.core.spans import Label
from osler.deid.patterns.lexemes import PAIR, TEEN, TEN, UNIT, YEAR, YEAR_WORDS
from osler.deid.patterns.page import Page
from osler.deid.patterns.rule import Hit, Rule, compiled

_SMALL = rf"(?:(?:oh |zero )?{UNIT}|{TEEN}|{TEN}(?:[ -]{UNIT})?|\d{{1,2}})"
_MARK = r" (?:slash|dash|stroke|hyphen) "
_SPOKEN = compiled(
    rf"{_SMALL}{_MARK}{_SMALL}(?:{_MARK}(?:{YEAR_WORDS}|{YEAR}|{PAIR}|{_SMALL}))?(?![a-z])"
)


def slashes(page: Page, s: int, run_end: int) -> Hit | None:
    """A date whose parts are parted by the spoken word for a stroke."""
    match = _SPOKEN.match(page.low, s)
    return (s, match.end(), Label.DATE, 0.85, "dates") if match else None


RULES = (Rule(trigger=rf"\b{_SMALL}{_MARK}{_SMALL}", keys=b"abcdefghijklmnopqrstuvwxyz ", find=slashes),)
