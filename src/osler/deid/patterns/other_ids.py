"""Any other identifying number, characteristic or code: usernames, badges, orders, specimens, study subjects, UUIDs."""

from osler.core.spans import Label
from osler.deid.patterns.codes import bare_code
from osler.deid.patterns.contexts import CODE_SYSTEMS, UNITS_AFTER, following
from osler.deid.patterns.keyed import Keys
from osler.deid.patterns.lexemes import MONTH
from osler.deid.patterns.page import Page
from osler.deid.patterns.photos import SUFFIX
from osler.deid.patterns.rule import (
    DIGITS,
    LETTERS,
    NO_DIGITS,
    Hit,
    clear_before,
    compiled,
    digits_in,
    last_word,
    mark,
    number,
    word,
    word_set,
    words_before,
)

_UUID = compiled(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9a-f-])")
_CODE = compiled(r"[a-z0-9]{1,24}(?:[-_./:][a-z0-9]{1,24}){0,6}(?![\w-])")
_IMAGE = compiled(rf"\.{SUFFIX}\Z")
_LONG = compiled(r"\d{7,40}(?![\w%-]|[.,]\d)")
_GROUPED = compiled(r"\d\d - \d\d - \d\d(?! ?-)(?!\w)|\d{1,4}-\d{2,4}-\d{1,6}(?:-\d{1,6})?(?![\w]|-\d|\.\d)")
_PLAIN = compiled(
    r"\d{1,6}(?:-\d{1,6}){3,6}(?![\w]|-\d|\.\d)|(?:\d{7,10}-\d{1,7}|\d{1,3}-\d{5,8}|\d{4}-\d{5}"
    r"|\d{5,7}-\d{2,7}|0\d{3}-\d{2,7})(?:-\d{1,6})?(?![\w]|-\d|\.\d)"
)
_TOLL = compiled(r"1-\d{3}-\d{3}-\d{4}\Z")
_RANGE = compiled(r"(?:(?:1[89]|20)\d\d-(?:1[89]|20)\d\d|\d{1,7}-\d{1,5}(?:00|50))\Z")
_HANDLE = compiled(r"@[a-z_][a-z0-9_.]{2,29}(?![\w@])")


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
    short = digits < 8 and b"-0" not in match[0] and match[0][:1] != b"0" and len(match[0].split(b"-")) > 2
    if ((digits < 7 or (short and match[0][-3:-2] == b"-")) and match[0][2:5] != b" - ") or _TOLL.match(
        match[0]
    ):
        return None
    if public_code(page.low, s) or _RANGE.match(match[0]):
        return None
    return _hit(s, match.end(), 0.55)


def code(page: Page, s: int, run_end: int) -> Hit | None:
    """`S24-10932`, `EMP-20417`, `f42210`, `182507br00`: letters and digits enough, and nothing clinical."""
    low = page.low
    match = _CODE.match(low, s)
    if match is None:
        return None
    value = match[0]
    if len(value.translate(None, NO_DIGITS)) < 4 or not clear_before(low, s, b"./-_@+<>=&\\"):
        return None
    if b"." in value and _IMAGE.search(value):
        return s, match.end(), Label.PHOTO, 0.97, "photos"
    if not bare_code(value, page.data[s : match.end()]) or (b"." in value and not _DOTTED.match(value)):
        return None
    if public_code(low, s) or following(low, match.end()) in UNITS_AFTER or _DATED.match(value):
        return None
    if last_word(low, s) in _NO_CODE:
        return None
    return _hit(s, match.end(), 0.7)


_NO_CODE = word_set(
    "form model policy catalog cat part type class series rev revision version standard regulation "
    "chapter room floor error",
    "un iso protocol procedure section sop lens iol using use uses ultrasound monitor",
)
_DOTTED = compiled(r"[a-z0-9]+(?:\.[a-z0-9]+)*\Z")
_DATED = compiled(rf".*\d{MONTH}\d?|(?:19|20)\d\d-[01]\d-[0-3]\dt\d|{MONTH}[-/]?\d{{2,4}}\Z")


_BEHIND = compiled(r"\((\d{4,6}|\d\d?-\d{3,4})\)|#(\d{3,7})(?![\w.-])")
_PERSON_BEFORE = compiled(
    r".*(?:[A-Z][a-z'-]+,? [A-Z][A-Za-z'-]+|[A-Z]{2,}, [A-Z]{2,}|\b(?:[pP]aged|[cC]alled|Dr\.?|RN"
    r"|MD|NP|PA|BC|by) [A-Z]?[a-z'-]+"
    r"|, (?:MD|RN|NP|PA-C|DO|LPN|PharmD|ACNP-BC|APRN)) ?\Z"
)
_YEARS = compiled(r"(?:19|20)\d\d\Z")
_COUNTED = word_set(
    "series image slice page bed room day visit dose cycle tylenol french size apt suite unit ste "
    "lot box case figure table item",
    "question vicryl monocryl prolene silk nylon ethibond pds blade foley tube rm street hwy route "
    "step grade",
)


def behind_name(page: Page, s: int, run_end: int) -> Hit | None:
    """`Dahir Awale (501828)`, `caller #4417`: a short number that goes with a person."""
    match = _BEHIND.match(page.low, s)
    if match is None:
        return None
    if match[1]:
        if _YEARS.match(match[1]) or not _PERSON_BEFORE.match(page.data, max(0, s - 40), s):
            return None
        return match.start(1), match.end(1), Label.OTHER_ID, 0.55, "other_ids"
    before = words_before(page.low, s, 20)
    if not before or before[-1] in _COUNTED or not before[-1].isalpha():
        return None
    return match.start(2), match.end(2), Label.OTHER_ID, 0.55, "other_ids"


_BLOCKS = compiled(r"\d{4}(?: \d{4}){2,7}(?: \d{1,4})?(?![\w/]|\.\d| \d)")
_PARCEL = compiled(r"1z(?: ?[a-z0-9]{1,6}){3,9}(?!\w)")


def blocks(page: Page, s: int, run_end: int) -> Hit | None:
    """`9400 1000 0000 0000 12`: blocks of four digits."""
    match = _BLOCKS.match(page.low, s)
    return _hit(s, match.end(), 0.7) if match and clear_before(page.low, s) else None


def parcel(page: Page, s: int, run_end: int) -> Hit | None:
    """A parcel's tracking number, in one or in groups: `1Z 970 E24 41 5880 279 1`."""
    match = _PARCEL.match(page.low, s)
    if match is None:
        return None
    end = s
    size = 0
    while end < match.end() and size < 18:
        size += page.low[end] != 32
        end += 1
    return _hit(s, end, 0.85) if size == 18 and digits_in(page.low[s:end]) > 8 else None


def handle(page: Page, s: int, run_end: int) -> Hit | None:
    """`@dr_jmendoza`."""
    match = _HANDLE.match(page.low, s)
    if match is None or (s and (page.low[s - 1 : s].isalnum() or page.low[s - 1] in b".@/_-+")):
        return None
    end = match.end() - (match[0].endswith(b"."))
    return _hit(s, end, 0.75)


RULES = (
    number(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", uuid, range(1, 9), b"-abcdef"),
    word("", uuid, b"abcdef", DIGITS + b"-"),
    number(r"\b\d{7}", long_number, range(7, 41)),
    number(
        r"\b(?:\d{1,4}-\d{2,4}-\d{1,6}|\d\d - \d\d - \d\d|(?:\d{5,10}|0\d{3})-\d{3,7}"
        r"|\d{1,3}-\d{5,8}|\d{4}-\d{5}|\d{7,9}-\d|\d{1,6}-\d{1,6}-\d{1,6}-\d|\d{5,7}-\d\d)\b",
        grouped,
        range(1, 8),
        b"- ",
    ),
    word(
        r"\b(?:[a-z]{1,8}[-_./]?\d{4}"
        r"|[a-z]{1,8}[-_/:]?[a-z0-9]*?\d[a-z]+?[-_]?[a-z0-9]*?\d[a-z0-9-]*?\d"
        r"|[a-z]{1,5}\d{1,3}[-_]?[a-z]{1,4}[-_]?\d{2}|[a-z]{1,8}[-_]\d{1,3}[-_][a-z0-9]{0,3}\d{2}"
        r"|[a-z]{1,3}\d{2,3}[-_]\d{2})",
        code,
        then=DIGITS + b"-_./",
    ),
    number(
        r"\b\d{1,9}[-_]?[a-z]{1,6}[-_]?\d{1,2}[a-z0-9-]{0,3}\d|\b\d{5,9}-?[a-z]{1,5}\b",
        code,
        range(1, 12),
        LETTERS + b"-_",
    ),
    mark(r"@[a-z_][a-z0-9_]{2}", handle, b"@"),
    mark(r"\((?:\d{4,6}|\d\d?-\d{3,4})\)|#\d{3,7}\b", behind_name, b"(#"),
    number(r"\b\d{4} \d{4} \d{4}", blocks, (4,), b" "),
    number(r"\b1z ?[a-z0-9]{3}", parcel, (1,), b"z"),
)

_MARK = r"(?:num(?:ber)?|ids?|identifiers?|codes?)"
_THINGS = (
    r"orders?|accession|acc|specimen|sample|study|subject|participant|enrol?lee|enrol?lment|case"
    r"|requisition|req|rx|prescription|script|confirmation|ticket|reference|ref"
    r"|referral|passport|visa|docket|student|school|tracking|shipment|package|barcode|session"
    r"|portal|employee|emp|staff|badge|clinician|provider|operator|tax|national"
    r"|government|state|voter|alien|military|dod|veteran|va|inmate|booking|prisoner|jail|document"
    r"|doc|message|slide|block|container|tube|donor|recipient|transplant"
    r"|wristband|band|bracelet|control|contract|authorization|auth|preauth|prior auth"
    r"|pre-?authorization|appointment|appt|screening|randomi[sz]ation|site|study subject|trial"
    r"|registry|incident|report|library"
    r"|locker|customer|external|internal|device user|job|file|interpreter|key ?card|room key|key"
    r"|access card|access|keycard|fob|key fob|transaction|trans|txn|pharmacy|caseworker|worker"
    r"|member services|service|call|log"
    r"|police report|court|cause|cps|foster|ssid|deposit|safe|parcel|work order|po|purchase order"
    r"|surgical|path(?:ology)?|cytology|micro(?:biology)?|blood bank|unit of blood|collection"
    r"|kit|vial|bag|cooler|biobank|cohort|protocol|volunteer|cab|uber|rideshare|ride|agent|officer"
    r"|citation|permit|grievance|complaint|property|valuables|security|guest|visitor|pass|loan|rma"
    r"|return|pcr|run|ems|trip|cad|dispatch|unos|optn|fhir|resource|global|epcr"
)

KEYS = (
    Keys(
        label=Label.OTHER_ID,
        detector="other_ids",
        score=0.88,
        bare=2,
        marked=2,
        strong=r"badge|shield|locker|storage locker|wristband|armband|fob|key fob|transit pass|keycard"
        r"|seal|subj|pager id|parking space|mailbox",
    ),
    Keys(
        label=Label.OTHER_ID,
        detector="other_ids",
        score=0.9,
        bare=5,
        marked=3,
        strong=rf"(?:{_THINGS}|lab) {_MARK}|accession|acc|badge|passport|specimen|docket|barcode|ein|curp"
        r"|aadhaa?r|requisition|uid|guid|uuid|wristband|confirmation|edipi|a-number|alien "
        r"registration"
        r"|study subject|study participant|subject|participant|case|orders?|tracking|rx"
        r"|prescription|reference|ref|referral|employee|locker(?: number)?|tracking|confirmation"
        r"|accession num|ups|fedex|usps|dhl",
        weak=rf"{_THINGS}|record locator|identity|identification|usubjid|subjid|case report|ref no"
        r"|waybill|flight|orig|autopsy|e-?consult|consult|refill|wo|gmp|token|seal|envelope|pouch"
        r"|tracking|track|trk|parole|probation|charge|warranty|pallet|shipper|logger|host|tag|rtls"
        r"|meal ticket|valet ticket|towed|claim check|coat check|hold|bin location|cassette"
        r"|aliquot|pool|plate id|run id|batch|sticker|label|bar code|qr|qr code|pager id|chit"
        r"|voucher|coupon|library card|transit pass|student|bus pass|membership|gym|loyalty"
        r"|rewards|frequent flyer|reservation|booking|itinerary|hospital id|visitor pass|entry"
        r"|exit|event|meeting|conference|zoom|webex|teams|session|link",
    ),
    Keys(
        label=Label.OTHER_ID,
        detector="other_ids",
        score=0.6,
        bare=6,
        marked=3,
        weak=r"ids?|identifier|pin|number|num|no|code|it'?s|says|ending|ends in|reads",
    ),
    Keys(
        label=Label.OTHER_ID,
        detector="other_ids",
        score=0.9,
        bare=0,
        marked=0,
        words=True,
        strong=r"user ?names?|user ?ids?|logins?(?: names?| ids?)?|log-?in(?: name)?|screen ?names?"
        r"|handles?|network ids?|epic user|ad account|skype(?: id| name)?|instagram|twitter"
        r"|facebook|snapchat|tiktok|whatsapp id|venmo|cashapp|gamertag|portal (?:user ?name|login"
        r"|user ?id|id|user)",
    ),
)
