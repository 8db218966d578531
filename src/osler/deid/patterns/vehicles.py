"""Vehicle identifiers: VINs by their check digit, VINs and plates by label."""

from osler.core.spans import Label
from osler.deid.patterns import checksums
from osler.deid.patterns.codes import clinical, counts, dose
from osler.deid.patterns.keyed import Keys
from osler.deid.patterns.page import Page
from osler.deid.patterns.rule import DIGITS, LETTERS, Hit, clear_before, compiled, number, word

_VIN = compiled(r"[a-hj-npr-z0-9]{17}(?!\w)")
_PLATE = compiled(
    r"(?:(?:[a-z]{2} )?[a-z0-9]{1,4}[ -][a-z0-9]{1,5}(?:-[a-z0-9]{1,4})?|[a-z0-9]{4,9}"
    r"|[a-z0-9]{1,3}-[a-z0-9]{1,3}-[a-z0-9]{1,4})(?![\w/%])"
)
_PLATE_PLAIN = compiled(r"[a-z0-9]{1,4}[ -][a-z0-9]{1,5}(?![\w/%])")
_PLATE_SHORT = compiled(r"[a-z0-9-]{4,9}(?![\w/%])")


def vin(page: Page, s: int, run_end: int) -> Hit | None:
    """A vehicle identification number by its check digit."""
    match = _VIN.match(page.low, s)
    if match is None or not clear_before(page.low, s, b"./-_") or not checksums.vin(match[0].decode("ascii")):
        return None
    return s, match.end(), Label.VEHICLE, 0.97, "vehicles"


def plate(page: Page, at: int) -> int:
    """The end of a number plate: letters and digits in one to three groups, its state before it perhaps; 0 if none."""
    for pattern in (_PLATE, _PLATE_PLAIN, _PLATE_SHORT):
        match = pattern.match(page.low, at)
        if match is None:
            continue
        digits, letters = counts(match[0])
        written = page.data[at : match.end()]
        spaced = b" " in match[0]
        if (
            spaced
            and not written.replace(b" ", b"").isupper()
            and match[0][-1:].isalpha()
            and len(match[0]) < 8
            and not _MIXED.match(match[0])
        ):
            continue
        if (
            not digits
            or (letters and digits and len(match[0]) < 5)
            or (spaced and not _PARTS.match(match[0]))
            or (not letters and digits < 5)
            or _WORDS.search(match[0])
        ):
            continue
        if not clinical(match[0]) or (
            digits > 1 and letters > 1 and digits + letters > 4 and not dose(match[0])
        ):
            return match.end()
    return 0


_MIXED = compiled(r"[a-z]*\d[a-z0-9]* [a-z]*\d?[a-z0-9]*\Z")
_PARTS = compiled(
    r"(?:[a-z]{2} )?(?:[a-z]{1,4} \d{1,5}|\d{1,4} [a-z]{2,4}|[a-z0-9]*\d[a-z0-9]* [a-z0-9]{2,5}"
    r"|[a-z]{1,3} [a-z0-9]*\d[a-z0-9-]*|[a-z0-9]+-[a-z0-9]+)\Z"
)
_WORDS = compiled(
    r"[a-z]{5}| (?:is|in|on|at|to|and|was|the|for|of|by|as|per|a)\b|\b(?:is|in|on|at|to|and|was|the"
    r"|for|of|by|as|per|a) "
)


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
        start=r"(?:[a-z]{1,4}[- ]?[0-9][a-z0-9]|[0-9]{1,4}[- ]?[a-z]{1,4}|[a-z]{1,3}[- ][a-z0-9]{1,3}[- "
        r"]?[0-9]|[0-9]{2,4}[- ][a-z]{2}|[a-z]{2,4}[0-9]|[0-9]{5,6}\b)",
        strong=r"(?:licen[sc]e|lic|registration|reg|vehicle|car|truck|van|motorcycle|number|tag|auto"
        r"|dv)(?: |'s )plates?(?: tag)?|plate num(?:ber)?|plates?"
        r"|(?:licen[sc]e|vehicle|car|veh) tags?|tag num(?:ber)?|(?:parking |handicap(?:ped)? "
        r")?placard|(?:florida|texas|california|ohio|georgia|new york) (?:plates?|tags?)"
        r"|tags?|car|van|truck|rig|hearse|vehicle|car reg|reg|kfz|(?:aircraft )?tail(?: "
        r"num(?:ber)?)?|parking permit for(?: vehicle)?|buick|toyota|honda|ford|chevy|camry|corolla"
        r"|nissan|jeep|subaru|sedan|suv|pickup|motorcycle",
    ),
)
