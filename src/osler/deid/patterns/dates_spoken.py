"""Numeric dates spoken out: `three slash fourteen slash twenty twenty one`."""

from osler.core.spans import Label
from osler.deid.patterns.lexemes import PAIR, SMALL, TEEN, TEN, UNIT, WORDED, YEAR, YEAR_WORDS
from osler.deid.patterns.page import Page
from osler.deid.patterns.rule import Hit, compiled, number, word

_MARK = r" (?:slash|dash|stroke|hyphen) "
_SPOKEN = compiled(rf"{SMALL}{_MARK}{SMALL}(?:{_MARK}(?:{YEAR_WORDS}|{YEAR}|{PAIR}|{SMALL}))?(?![a-z])")


def slashes(page: Page, s: int, run_end: int) -> Hit | None:
    """A date whose parts are parted by the spoken word for a stroke."""
    match = _SPOKEN.match(page.low, s)
    return (s, match.end(), Label.DATE, 0.85, "dates") if match else None


_BARE = compiled(
    rf"({UNIT}|ten|eleven|twelve)[ -]({WORDED})[ -]((?:nineteen|twenty)[ -](?:{TEN}(?:[ -]{UNIT})?"
    rf"|{TEEN}|oh[ -]{UNIT})"
    rf"|two thousand(?: and)?(?: {TEN}(?:[ -]{UNIT})?| {TEEN}| {UNIT})?)(?![a-z])"
)


def bare(page: Page, s: int, run_end: int) -> Hit | None:
    """`eleven ten twenty twenty five`: a month, a day and a year of two parts."""
    match = _BARE.match(page.low, s)
    return (s, match.end(), Label.DATE, 0.75, "dates") if match else None


RULES = (
    word(
        rf"\b(?:{UNIT}|ten|eleven|twelve)[ -]{WORDED}[ -](?:(?:nineteen|twenty)[ -](?:{TEN}|{TEEN}"
        r"|oh)|two thousand)\b",
        bare,
        b"otfsen",
        b" -",
    ),
    word(rf"\b{SMALL}{_MARK}{SMALL}", slashes, b"otfsenz", b" -"),
    number("", slashes, (1, 2), b" "),
)
