"""Any other identifying number, characteristic or code: usernames, badges, orders, specimens, study subjects, UUIDs."""

from osler.core.spans import Label
from osler.deid.patterns.contexts import CODE_SYSTEMS, UNITS_AFTER, following
from osler.deid.patterns.keyed import Keys
from osler.deid.patterns.page import Page
from osler.deid.patterns.rule import DIGITS, clear_before, compiled, mark, number, word, words_before, Hit, digits_in

_UUID = compiled(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9a-f-])")
_CODE = compiled(
    r"(?:[a-z]{1,3}\d{2,4}-\d{3,8}(?:-[a-z0-9]{1,6})?|[a-z]{1,6}-?\d{5,14}[a-z]{0,3}|[a-z]{1,5}(?:[-_][a-z]{1,5})?[-_]\d{2,10}(?:[-_][a-z0-9]{1,10}){0,3}"
    r"|[a-z]{1,3}\d{1,3}[a-z]{1,3}\d{3,10})(?![\w]|-\w|\.\d)"
)
_REGISTRY = compiled(r"(?:nct|isrctn|pmc|pmid|drks|umin|actrn|ctri|gse|chembl|mondo|omim|rxcui|rs|cvcl|orpha|hgnc|chebi|ensg|enst|nm|np|xm|hp|ec|eudract|grch|cas|mesh|doid|uniprot|ncbi|covid|sars|cov|isbn|iso|din|astm|fda|who|icd|cpt|atc|loinc)[-_:]?\d|[cdq]\d{6,8}(?!\d)")
_LONG = compiled(r"\d{7,20}(?![\w,%-]|\.\d)")
_GROUPED = compiled(r"\d{2,4}-\d{2,4}-\d{2,6}(?:-\d{1,6})?(?![\w]|-\d|\.\d)")
_PLAIN = compiled(r"(?:\d{5,7}|0\d{3})-\d{2,7}(?:-\d{1,6})?(?![\w]|-\d|\.\d)")
_RANGE = compiled(r"(?:(?:1[89]|20)\d\d-(?:1[89]|20)\d\d|\d{1,7}-\d{1,5}(?:00|50))\Z")
_HANDLE = compiled(r"@[a-z_][a-z0-9_.]{2,29}(?!\w)")
_A_NUMBER = compiled(r"a\d{3}-?\d{3}-?\d{3}(?!\w)")


def _hit(start: int, end: int, score: float) -> Hit:
    return start, end, Label.OTHER_ID, score, "other_ids"


def uuid(page: Page, s: int, run_end: int) -> Hit | None:
    """`7c9e6679-7425-40de-944b-e07fc1f90ae7`."""
    match = _UUID.match(page.low, s)
    return _hit(s, match.end(), 0.98) if match and clear_before(page.low, s, b"-") else None


def public_code(low: bytes, s: int) -> bool:
    """Whether the name of a public code system or registry stands just before."""
    return any(word in CODE_SYSTEMS for word in _NAMES.findall(low, max(0, s - 32), s)[-3:])


_NAMES = compiled(r"[a-z][a-z0-9.-]*[a-z0-9]")


def long_number(page: Page, s: int, run_end: int) -> Hit | None:
    """A number of seven digits or more that is no quantity and no public code."""
    match = _LONG.match(page.low, s)
    if match is None or not clear_before(page.low, s) or following(page.low, match.end()) in UNITS_AFTER:
        return None
    if public_code(page.low, s) or match[0].endswith(b"000"):
        return None
    return _hit(s, match.end(), 0.6 if len(match[0]) > 8 else 0.55)


def grouped(page: Page, s: int, run_end: int) -> Hit | None:
    """`88-21-0439`: groups of digits, seven digits or more in all, that are no date and no drug code."""
    match = _GROUPED.match(page.low, s) or _PLAIN.match(page.low, s)
    if match is None or not clear_before(page.low, s) or following(page.low, match.end()) in UNITS_AFTER:
        return None
    digits = digits_in(match[0])
    if digits < 7 or public_code(page.low, s) or _RANGE.match(match[0]):
        return None
    return _hit(s, match.end(), 0.55)


def code(page: Page, s: int, run_end: int) -> Hit | None:
    """`S24-10932`, `EMP-20417`, `AB1234567`: capitals with a run of digits, that no registry gives out."""
    low, data = page.low, page.data
    match = _CODE.match(low, s)
    if match is None or not clear_before(low, s, b"./-_@+"):
        return None
    value = data[s : match.end()]
    digits = digits_in(value)
    if not value.isupper() or digits < 4 or _REGISTRY.match(low, s) or public_code(low, s):
        return None
    if following(low, match.end()) in UNITS_AFTER:
        return None
    return _hit(s, match.end(), 0.7 if digits > 4 else 0.6)


def handle(page: Page, s: int, run_end: int) -> Hit | None:
    """`@dr_jmendoza`."""
    match = _HANDLE.match(page.low, s)
    if match is None or (s and (page.low[s - 1 : s].isalnum() or page.low[s - 1] in b".@/_-+")):
        return None
    end = match.end() - (match[0].endswith(b"."))
    return _hit(s, end, 0.75)


RULES = (
    number(
        r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", uuid, range(1, 9), b"-abcdef"
    ),
    word("", uuid, b"abcdef", DIGITS + b"-"),
    number(r"\b\d{7}", long_number, range(7, 21)),
    number(
        r"\b(?:\d{2,4}-\d{2,4}-\d{3,6}|\d{3,4}-\d{2,4}-\d{2}|(?:\d{5,7}|0\d{3})-\d{3,7}|\d{5,7}-\d\d)\b", grouped, range(2, 8), b"-"
    ),
    word(
        r"\b(?:[a-z]{1,3}\d{2,4}-\d{3}|[a-z]{1,6}-?\d{5}|[a-z]{1,5}(?:[-_][a-z]{1,5})?[-_]\d{4}|[a-z]{1,5}[-_]\d{2,3}[-_]\d{2}"
        r"|[a-z]{1,3}\d{1,3}[a-z]{1,3}\d{4})",
        code,
        then=DIGITS + b"-_",
    ),
    mark(r"@[a-z_][a-z0-9_]{2}", handle, b"@"),
)

_MARK = r"(?:num(?:ber)?|ids?|identifiers?|codes?)"
_THINGS = (
    r"orders?|accession|acc|specimen|sample|study|subject|participant|enrol?lee|enrol?lment|case|requisition|req|rx|prescription|script|confirmation|ticket|reference|ref"
    r"|referral|passport|visa|docket|student|school|tracking|shipment|package|barcode|session|portal|employee|emp|staff|badge|clinician|provider|operator|tax|national"
    r"|government|state|voter|alien|military|dod|veteran|va|inmate|booking|prisoner|jail|document|doc|message|slide|block|container|tube|donor|recipient|transplant"
    r"|wristband|band|bracelet|control|contract|authorization|auth|preauth|prior auth|pre-?authorization|appointment|appt|screening|randomi[sz]ation|site|study subject|trial|registry|incident|report|form|library"
    r"|locker|customer|external|internal|device user|job|file|interpreter|key ?card|room key|key|access card|access|keycard|fob|key fob|transaction|trans|txn|pharmacy|caseworker|worker|member services|service|call|log"
    r"|police report|court|cause|cps|foster|ssid|deposit|safe|parcel|work order|po|purchase order|surgical|path(?:ology)?|cytology|micro(?:biology)?|lab|blood bank|unit of blood|collection|kit|vial|bag|cooler|biobank|cohort|protocol|volunteer|cab|uber|rideshare|ride|agent|officer|citation|permit|grievance|complaint|property|valuables|security|guest|visitor|pass|loan|rma|return|pcr|run|ems|trip|cad|dispatch|unos|optn|fhir|resource|global|epcr"
)

KEYS = (
    Keys(
        label=Label.OTHER_ID,
        detector="other_ids",
        score=0.9,
        bare=5,
        marked=3,
        strong=rf"(?:{_THINGS}) {_MARK}|accession|acc|badge|passport|specimen|docket|barcode|ein|curp|aadhaa?r|requisition|uid|guid|uuid|wristband|confirmation|edipi|a-number|alien registration"
        r"|study subject|study participant|subject|participant|case|orders?|tracking|rx|prescription|reference|ref|referral|employee|locker(?: number)?|ups|fedex|usps|dhl",
        weak=rf"{_THINGS}|id|ids|identifier|pin|number|num|no|code|record locator|identity|identification|usubjid|subjid|case report|ref no|user",
    ),
    Keys(
        label=Label.OTHER_ID,
        detector="other_ids",
        score=0.9,
        bare=0,
        marked=0,
        words=True,
        strong=r"user ?names?|user ?ids?|logins?(?: names?| ids?)?|log-?in(?: name)?|screen ?names?|handles?|network ids?|epic user|ad account|skype(?: id| name)?|instagram|twitter|facebook|snapchat|tiktok|whatsapp id|venmo|cashapp|gamertag|portal (?:user ?name|login|user ?id|id|user)|user",
    ),
)
