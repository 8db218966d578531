"""Vehicle identifiers: VINs by their check digit, VINs and plates by label."""

from osler.core.spans import Label
from osler.deid.patterns import checksums
from osler.deid.patterns.contexts import UNITS_AFTER, following
from osler.deid.patterns.keyed import Keys
from osler.deid.patterns.page import Page
from osler.deid.patterns.rule import DIGITS, LETTERS, clear_before, compiled, number, word, Hit

_VIN = compiled(r"[a-hj-npr-z0-9]{17}(?!\w)")
_PLATE = compiled(
    r"(?:[a-z]{2}[ :-]{1,2})?((?=[a-z0-9 -]{0,9}\d)[a-z0-9]{1,8}(?:[ -][a-z0-9]{1,5})?)(?!\w)"
)


def vin(page: Page, s: int, run_end: int) -> Hit | None:
    """A vehicle identification number by its check digit."""
    match = _VIN.match(page.low, s)
    if match is None or not clear_before(page.low, s, b"./-_") or not checksums.vin(match[0].decode("ascii")):
        return None
    return s, match.end(), Label.VEHICLE, 0.97, "vehicles"


def plate(page: Page, at: int) -> int:
    """The end of a number plate, in one or two groups, its state before it perhaps."""
    match = _PLATE.match(page.low, at)
    if match is None or (match[0].isdigit() and following(page.low, match.end()) in UNITS_AFTER):
        return 0
    groups = match[1].split()
    if len(groups) == 2 and not page.data[match.end() - len(groups[1]) : match.end()].isupper() and not groups[1].isdigit():
        return match.start(1) + len(groups[0]) if any(48 <= c <= 57 for c in groups[0]) else 0
    return match.end()


RULES = (
    word(r"\b[a-hj-npr-z]{1,5}[0-9][a-hj-npr-z0-9]{11,15}\b", vin, then=DIGITS),
    number(r"\b[0-9]{1,3}[a-hj-npr-z][a-hj-npr-z0-9]{13,15}\b", vin, (1, 2, 3), LETTERS),
)

KEYS = (
    Keys(
        label=Label.VEHICLE,
        detector="vehicles",
        score=0.96,
        bare=4,
        marked=3,
        strong=r"vin|vehicle (?:identification|id|identifier|registration|serial)(?: num(?:ber)?)?|chassis",
        weak=r"vehicle|car|parking permit",
    ),
    Keys(
        label=Label.VEHICLE,
        detector="vehicles",
        score=0.96,
        read=plate,
        strong=r"(?:licen[sc]e|registration|reg|vehicle|car|truck|van|motorcycle|number|tag|auto)(?: |'s )plates?(?: tag)?|plate num(?:ber)?|plates?"
        r"|(?:licen[sc]e|vehicle|car) tags?|tag num(?:ber)?|(?:parking |handicap(?:ped)? )?placard|(?:florida|texas|california|ohio|georgia|new york) (?:plates?|tags?)",
        weak=r"tag|license tag",
    ),
)
