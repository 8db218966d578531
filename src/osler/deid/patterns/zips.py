"""ZIP and postal codes: behind a state, with their +4, in the shapes of other countries."""

from osler.core.spans import Label
from osler.deid.patterns.keyed import Keys
from osler.deid.patterns.page import Page
from osler.deid.patterns.rule import DIGITS, Hit, clear_before, compiled, number, word, word_set, words_before

_ABBREVIATIONS = (
    r"a[lkzr]|c[aot]|d[ec]|fl|ga|hi|i[dlna]|k[sy]|la|m[edainsot]|n[evhjmycd]|o[hkr]|pa|pr|ri|s[cd]"
    r"|t[nx]|ut|v[ati]|w[aviy]|gu"
)
_NAMES = (
    r"alabama|alaska|arizona|arkansas|california|colorado|connecticut|delaware|florida|georgia"
    r"|hawaii|idaho|illinois|indiana|iowa"
    r"|kansas|kentucky|louisiana|maine|maryland|massachusetts|michigan|minnesota|mississippi"
    r"|missouri|montana|nebraska|nevada"
    r"|new hampshire|new jersey|new mexico|new york|north carolina|north dakota|ohio|oklahoma"
    r"|oregon|pennsylvania|rhode island"
    r"|south carolina|south dakota|tennessee|texas|utah|vermont|virginia|washington|west virginia"
    r"|wisconsin|wyoming|puerto rico"
    r"|mass|calif|fla|tex|penn|mich|minn|wash|conn|ariz|colo|tenn|wis|d\.c"
)
_AFTER_STATE = compiled(
    rf"(?:({_ABBREVIATIONS})|({_NAMES}))\.?,?(?: usa?,?)?[\s^]{{1,3}}(\d{{5}}(?:-\d{{4}})?)(?![\w-]|\.\d)"
)
_PLUS_FOUR = compiled(r"\d{5}-\d{4}(?![\w-]|\.\d)")
_AUSTRALIA = compiled(r"(?:nsw|vic|qld|tas|act|sa|wa|nt)[ ,]{1,2}(\d{4})(?!\w|[./-]\d)")
_UK = compiled(r"(?:[a-z]{1,2}\d[a-z\d]? ?\d[abd-hjlnp-uw-z]{2})(?!\w)")
_CANADA = compiled(r"[abceghj-nprstvxy]\d[a-z][ -]?\d[a-z]\d(?!\w)")
_LABEL_LIKE = {
    b"id": b"8",
    b"md": b"2",
    b"pa": b"1",
    b"ma": b"0",
    b"or": b"9",
    b"co": b"8",
    b"dc": b"2",
    b"pr": b"0",
}
"""States whose short form is a label or a word as well, with the first digit of their ZIP codes."""
_STATE_LIKE = word_set("in or me hi ok oh pa ma de la id al co mo ar ne ca va wa nd sd")


def _hit(start: int, end: int, score: float) -> Hit:
    return start, end, Label.LOCATION, score, "zips"


def after_state(page: Page, s: int, run_end: int) -> Hit | None:
    """`Asheville, NC 28803`: the digits alone."""
    low = page.low
    match = _AFTER_STATE.match(low, s)
    if match is None:
        return None
    if match[1] and not page.data[match.start(1) : match.end(1)].isupper():
        comma = low[max(0, s - 2) : s].strip() == b","
        if match[1] in _STATE_LIKE and not comma:
            return None
    elif (
        match[1] in _LABEL_LIKE
        and match[3][:1] not in _LABEL_LIKE[match[1]]
        and low[max(0, s - 2) : s].strip() != b","
    ):
        return None
    return _hit(match.start(3), match.end(3), 0.93)


def plus_four(page: Page, s: int, run_end: int) -> Hit | None:
    """`02139-4307`."""
    match = _PLUS_FOUR.match(page.low, s)
    if match is None or not clear_before(page.low, s, b"./-$_+"):
        return None
    return _hit(s, match.end(), 0.8)


def australia(page: Page, s: int, run_end: int) -> Hit | None:
    """`Carlton VIC 3053`."""
    match = _AUSTRALIA.match(page.low, s)
    if match is None or not page.data[s : match.start(1)].strip(b" ,").isupper():
        return None
    return _hit(match.start(1), match.end(1), 0.75)


_CUES = word_set("postcode postal code zip address pc post")
_NOT_PLACE = word_set("chapter gene mutation allele cell vitamin factor hla variant")
_STAGE = compiled(r"[ypc]?t\d[a-d]?n|e\dv\dm\d")


def postcode(page: Page, s: int, run_end: int) -> Hit | None:
    """`SW1A 1AA`, `K1A 0B1`."""
    low, data = page.low, page.data
    match = _CANADA.match(low, s) or _UK.match(low, s)
    if match is None or not clear_before(low, s, b"./-_+"):
        return None
    value = data[s : match.end()]
    before = words_before(low, s, 24)
    cued = bool(before) and before[-1] in _CUES
    if not (value.isupper() or cued) or (before and before[-1] in _NOT_PLACE) or _STAGE.match(low, s):
        return None
    if (
        b" " not in value
        and not cued
        and low[max(0, s - 2) : s].strip(b" ") != b","
        and not _CANADA.match(low, s)
    ):
        return None
    return _hit(s, match.end(), 0.8)


RULES = (
    word(
        rf"\b(?:{_ABBREVIATIONS}|{_NAMES})\.?,?(?: usa?,?)?[\s^]{{1,3}}\d{{5}}\b",
        after_state,
        then=b" .,\t\n\r^|",
    ),
    number(r"\b\d{5}-\d{4}\b", plus_four, (5,), b"-"),
    word(r"\b(?:nsw|vic|qld|tas|act|sa|wa|nt)[ ,]{1,2}\d{4}\b", australia, b"nvqtasw", b" ,"),
    word(
        r"\b(?:[a-z]{1,2}\d[a-z\d]? ?\d[abd-hjlnp-uw-z]{2}|[abceghj-nprstvxy]\d[a-z][ -]?\d[a-z]\d)\b",
        postcode,
        then=DIGITS,
    ),
)

KEYS = (
    Keys(
        label=Label.LOCATION,
        detector="zips",
        score=0.92,
        bare=4,
        marked=4,
        most=9,
        strong=r"zip(?: ?codes?)?|postal ?codes?|post ?codes?|pin ?codes?|plz|postalcode|eircode|cep",
    ),
)
