"""Certificate and licence numbers: driving and professional licences, NPI, DEA registration."""

from osler.core.spans import Label
from osler.deid.patterns import checksums
from osler.deid.patterns.keyed import Keys
from osler.deid.patterns.page import Page
from osler.deid.patterns.rule import DIGITS, Hit, clear_before, compiled, number, word

_DEA = compiled(r"[a-z][a-z9]\d{7}(?![\w]|-\d)")
_NPI = compiled(r"[12]\d{9}(?![\w]|-\d|\.\d)")


def dea(page: Page, s: int, run_end: int) -> Hit | None:
    """A DEA registration number by its check digit."""
    match = _DEA.match(page.low, s)
    if match is None or not clear_before(page.low, s, b"./-_") or not checksums.dea(match[0].decode("ascii")):
        return None
    return s, match.end(), Label.LICENSE, 0.9, "licenses"


def npi(page: Page, s: int, run_end: int) -> Hit | None:
    """A National Provider Identifier by its check digit."""
    match = _NPI.match(page.low, s)
    if match is None or not clear_before(page.low, s) or not checksums.npi(match[0].decode("ascii")):
        return None
    return s, match.end(), Label.LICENSE, 0.72, "licenses"


RULES = (
    word(r"\b[a-z][a-z9]\d{7}\b", dea, then=DIGITS),
    number(r"\b[12]\d{9}\b", npi, (10,)),
)

_MARK = r"(?:num(?:ber)?|ids?)"
_PROFESSIONAL = (
    r"(?:medical|nursing|pharmacy|pharmacist|physician|state|rn|md|professional|dental|board|provider"
    r"|prescriber|driver'?s?|drivers'?|driving|operator'?s?|commercial driver'?s?|pilot'?s?|cdl"
    r"|marriage|hunting|business|social work|psychology|therapist|practitioner)"
)

KEYS = (
    Keys(
        label=Label.LICENSE,
        detector="licenses",
        score=0.94,
        bare=4,
        marked=3,
        strong=rf"(?:{_PROFESSIONAL} )?(?:licen[sc]e|lic)(?: (?:state|issued|in|from) [a-z]{{2,12}})?"
        rf"|(?:{_PROFESSIONAL} )?(?:certificate|certification|cert|registration|permit|credential"
        rf"|diploma) {_MARK}"
        r"|dl|d\.l\.|cdl|npi|dea|upin|gmc|nmc(?: pin)?|ahpra|dea registration|clia|national "
        r"provider identifier|national provider|npi type|nabp|ncpdp|dea reg"
        rf"|(?:{_PROFESSIONAL} )(?:registration|permit|certificate|cert|certification)",
        weak=r"oln|operator|bar num(?:ber)?|bar|lanr|gmc|hcpc|nmc|lic|licence|license|certificate"
        r"|attorney|pharmd|rph|shield|registry|practise|practice|cds|state id|certificate"
        r"|certification|cert|permit|credential|board|registration|reg|state lic|licensure|diploma",
    ),
)
