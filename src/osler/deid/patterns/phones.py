"""Telephone, pager and fax numbers. A number is a fax number when the label nearest to it says so."""

from osler.core.spans import Label
from osler.deid.patterns.contexts import NUMERIC_NOT, UNITS_AFTER, following
from osler.deid.patterns.keyed import Keys
from osler.deid.patterns.lexemes import DIGIT_WORD, SPOKEN_DIGIT
from osler.deid.patterns.page import Page
from osler.deid.patterns.rule import (
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

_EXTENSION = r"(?:[ ,;]{0,3}(?:(?:ext(?:ension|n)?\b\.?|#)[ :#]{0,2}x?\d{1,6}|x\.?[ :#]{0,2}\d{2,6})(?!\d))?"
_NANP = compiled(r"\d{3}[-.\s/)]{0,5}\d{3}[-. ]{0,3}\d{4}" + _EXTENSION + r"(?![\d]|-\d|\.\d)")
_AFTER_SLASH = compiled(r".*(?:\d{4}|[^\d]) ?/\Z")
_LOCAL = compiled(r"\d{3}[-. ]\d{4}" + _EXTENSION + r"(?![\d/]|[-.]\d)")
_WORLD = compiled(
    r"\+ ?\d{1,3}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d{1,5}(?:[ .-]?\d{2,5}){1,5}" + _EXTENSION + r"(?!\d)"
)
_ABROAD = compiled(
    r"(?:00\d{1,3}[ -]\d{1,4}(?:[ -]?\d{2,4}){2,4}|0\d{2,4}[ -]\d{3,4}[ -]?\d{3,4}|0\d{1,4}\) "
    r"?\d{3,4}[ -]?\d{3,4}|0\d{1,2}[ -]\d{4}[ -]\d{4}"
    r"|0\d(?:[ .]\d\d){4})(?!\d)"
)
_DATED = compiled(r"0\d[ -](?:19|20)\d\d\b")
_VANITY = compiled(
    r"(?:1[-. ])?8(?:00|33|44|55|66|77|88)[-. ](?:[a-z0-9]{3}-?[a-z0-9]{4,8}|[a-z0-9]{7,11})(?![\w])"
)
_EXT = compiled(r"(?:ext(?:ension|n)?\.?|x|p|v)[ :#]{0,2}(?:is |number |no\.? )?(x?\d{3,6})(?![\w%/]|[.-]\d)")
_PUBLIC = frozenset((b"8002221222", b"8003321088", b"8002738255", b"8006624357", b"8007997233"))
"""Poison control, FDA MedWatch, crisis, treatment and violence lines of the United States: everyone's numbers."""

_CUE = word_set(
    "phone tel tele telephone cell cellphone cellular mobile call calls called pager page paged "
    "beeper ph home work",
    "contact reach reached dial text texted voicemail vm hotline line number num office msg ring "
    "at c h w p t fax facsimile f",
    "@ cb cb# callback # is via contacted to or and no landline direct desk ext",
)
_FAX = compiled(r".*(?:\bfax|facsimile|\bf:)")
_PHONE = compiled(
    r".*(?:phone|\btel\b|cell|mobile|\bcall|pager|\bpaged|beeper|\bph\b|\bhome\b|\bwork\b"
    r"|\boffice\b|\bc:|\bh:|\bw:|\bp:|\bt:|\bdirect\b)"
)
_FAX_BEHIND = compiled(r"[ \t]?\(?(?:fax|f)\b")
_CALLED = compiled(
    r".*(?:phone|\btel|cell|mobile|call|page|beeper|\bph\b|contact|reach|dial|text|voicemail"
    r"|hotline|\bline\b|number"
    r"|office|\bring\b|fax|\bcb\b|desk|\bn(?:o|um)\b)"
)


def _hit(page: Page, start: int, end: int, score: float) -> Hit:
    label = Label.FAX if _is_fax(page.low, start, end) else Label.PHONE
    return start, end, label, score, "phones"


def _is_fax(low: bytes, start: int, end: int) -> bool:
    """The nearest label decides: the one before the number, else one just behind it."""
    near = low[start - 32 if start > 32 else 0 : start]
    if b"fa" not in near and b"f:" not in near:
        return (
            b"f" in low[end : end + 4] and _FAX_BEHIND.match(low, end) is not None and not _PHONE.match(near)
        )
    fax = _FAX.match(near)
    if fax is None:
        return False
    phone = _PHONE.match(near)
    return (
        phone is None
        or fax.end() >= phone.end()
        or b"number" in near[fax.end() :]
        or b"line" in near[fax.end() :]
    )


def nanp(page: Page, s: int, run_end: int) -> Hit | None:
    """`(617) 555-0123 x45`, `617.555.0123`, `1-800-555-0199`."""
    low = page.low
    match = _NANP.match(low, s)
    if match is None:
        return None
    start, end = _head(low, s), match.end()
    if not clear_before(low, start, b"./-$_+") and not _AFTER_SLASH.match(low, max(0, start - 6), start):
        return None
    number = match[0]
    if number[0] == 56 and number[:16].translate(None, NO_DIGITS)[:10] in _PUBLIC:
        return None
    separated = not 48 <= number[3] <= 57
    if (not separated and following(low, end) in UNITS_AFTER) or (number[3] == 32 and _ROUND.match(number)):
        return None
    if start < s and low[start] == 40 and number[3] != 41:
        start = s
    return _hit(page, start, end, 0.94 if separated else 0.6)


_ROUND = compiled(r"\d\d0 \d[05]0 \d\d\d0\Z")


def _head(low: bytes, s: int) -> int:
    """Where a number starts whose area code is at `s`: at its bracket, its country code `1` or `+1`."""
    start = s - 1 if s and low[s - 1] == 40 else s
    match = _COUNTRY.match(low, max(0, start - 5), start) if start and low[start - 1] in b" .-1" else None
    return match.start(1) if match else start


_COUNTRY = compiled(r".*?(\+ ?1[ .-]{0,2}|(?<![\w.])1[ .-]{1,2})\Z")


def local(page: Page, s: int, run_end: int) -> Hit | None:
    """`555-0142` and the like: seven digits, with a word of calling near, or an exchange that no lab range has."""
    low = page.low
    match = _LOCAL.match(low, s)
    if match is None or not clear_before(low, s, b"./-$_+<>=") or following(low, match.end()) in UNITS_AFTER:
        return None
    last = last_word(low, s)
    if last in NUMERIC_NOT:
        return None
    if _CALLED.match(low, max(0, s - 32), s) or last in (b"at", b"@"):
        return _hit(page, s, match.end(), 0.88)
    if match[0][3] != 45 or last in _RANGED or match[0][4:8].endswith(b"00"):
        return None
    return _hit(page, s, match.end(), 0.55)


_RANGED = word_set(
    "range ratio dose score between normal ref reference goal target of from calories count wbc plt"
)


_NORTH = compiled(r"\+1[ .-]{0,2}\(?\d{3}\)?[ .-]{0,2}\d{3}[ .-]{0,2}\d{4}" + _EXTENSION + r"(?!\d)")


def world(page: Page, s: int, run_end: int) -> Hit | None:
    """`+44 20 7946 0958`."""
    match = _WORLD.match(page.low, s)
    if match is None:
        return None
    end = match.end()
    if match[0][1:2] == b"1" and (short := _NORTH.match(page.low, s)):
        end = short.end()
    digits = digits_in(page.low[s:end])
    if not 8 <= digits <= 21 or not clear_before(page.low, s, b".-/"):
        return None
    return _hit(page, s, end, 0.95)


def abroad(page: Page, s: int, run_end: int) -> Hit | None:
    """`020 7946 0958`, `0161 496 0123`, `06 12 34 56 78`, `0049 30 1234567`."""
    match = _ABROAD.match(page.low, s)
    if match is None:
        return None
    if last_word(page.low, s) in NUMERIC_NOT or _DATED.match(page.low, s):
        return None
    if not clear_before(page.low, s, b"./-$_+<>=") or following(page.low, match.end()) in UNITS_AFTER:
        return None
    opened = s > 0 and page.low[s - 1] == 40 and b")" in match[0]
    return _hit(page, s - opened, match.end(), 0.8)


def vanity(page: Page, s: int, run_end: int) -> Hit | None:
    """`1-800-FLOWERS`."""
    match = _VANITY.match(page.low, s)
    if match is None or not clear_before(page.low, s, b"./-$_"):
        return None
    rest = match[0].split(b"8", 1)[1][3:]
    letters = sum(97 <= c <= 122 for c in rest)
    if letters < 3 or letters + digits_in(rest) < 7:
        return None
    return _hit(page, s, match.end(), 0.75)


def extension(page: Page, s: int, run_end: int) -> Hit | None:
    """`ext. 4410`, `x2204`, pager `p14884`: the digits, and the letter that is one with them."""
    low = page.low
    match = _EXT.match(low, s)
    if match is None or following(low, match.end()) in UNITS_AFTER:
        return None
    first, digits = match[0][0], match[1]
    if first == 101:
        return match.start(1), match.end(1), Label.PHONE, 0.8, "phones"
    if s and low[s - 1] not in b" (,;\n\t|/":
        return None
    called = _CALLED.match(low, max(0, s - 44), s) is not None
    if first == 120:
        scaled = low[s - 2 : s - 1].isdigit() or last_word(low, s) in _SCALED
        if match[0][1:2] == b" " or (not called and (len(digits) < 3 or scaled)):
            return None
    elif not called and (match[0][1:2] == b" " or not _SIGNED.match(page.data, max(0, s - 16), s)):
        return None
    return s, match.end(1), Label.PHONE, 0.75, "phones"


_SCALED = word_set("magnification mag power field objective lens at zoom original stain")
_SIGNED = compiled(
    r".*\b(?:PGY-?\d|MD|DO|RN|NP|PA|PA-C|LPN|RT|RMA|RMO|JM|PharmD|CWOCN|ACNP|CRNA|LCSW|MSW|fellow"
    r"|resident|intern),? ?\Z"
)


_SPOKEN = compiled(rf"(?:{SPOKEN_DIGIT}[ ,.-]{{1,3}}){{2,14}}{SPOKEN_DIGIT}(?![a-z0-9])")
_SPOKEN_EXTENSION = compiled(
    rf"[ ,]{{1,2}}(?:ext(?:ension)?|x) (?:{SPOKEN_DIGIT}[ ,.-]{{1,2}}){{0,6}}{SPOKEN_DIGIT}(?![a-z0-9])"
)


def spoken(page: Page, s: int, run_end: int) -> Hit | None:
    """`six one seven, five five five, zero one four two`, with seven digits or more."""
    match = _SPOKEN.match(page.low, s)
    if match is None or not 7 <= spoken_size(match[0]) <= 18 or b" three four five six" in match[0]:
        return None
    end = match.end()
    more = _SPOKEN_EXTENSION.match(page.low, end)
    before = words_before(page.low, s, 40)
    cued = any(w in _CUE for w in before[-4:])
    return _hit(page, s, more.end() if more else end, 0.9 if cued else 0.8)


_TWICE = {b"double": 1, b"triple": 2, b"hundred": 2}
_TENS = word_set(
    "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty "
    "forty fifty sixty",
    "seventy eighty ninety",
)


def spoken_size(words: bytes) -> int:
    """How many digits number words stand for, roughly: `double` adds one, `twenty` counts two, with a unit one more."""
    size = 0
    for one in words.replace(b",", b" ").replace(b".", b" ").replace(b"-", b" ").split():
        size += _TWICE[one] if one in _TWICE else 2 if one in _TENS else len(one) if one.isdigit() else 1
    return size


_LOOSE = compiled(
    r"\+? ?\(?\d[\d ().-]{1,20}\d(?:[ ,]{0,2}(?:ext(?:ension)?\.? ?\d{1,6}|x\.? ?\d{2,6}))?(?![\w/]|-\d|%)"
)
_BREAKS = compiled(r".{4,}?(?=  |\) \(|\. |\d\.$| \()")


def dialled(page: Page, at: int) -> int:
    """The end of the number behind a label like `pager` or `cell`, of four digits or more; 0 if there is none."""
    match = _LOOSE.match(page.low, at)
    if match is None:
        prefixed = _PREFIXED.match(page.low, at) or _SAID.match(page.low, at)
        return prefixed.end() if prefixed and not prefixed[0].startswith(b"nine one one") else 0
    cut = _BREAKS.match(match[0])
    end = at + cut.end() if cut else match.end()
    digits = digits_in(page.low[at:end])
    if not 4 <= digits <= 15 or _CLOCK.match(page.low, at) or following(page.low, end) in UNITS_AFTER:
        return 0
    return end


_CLOCK = compiled(
    r"\d{1,2}-\d{1,2} \d{1,2}:|(?:19|20)\d\d-\d\d|\d{1,2}\.\d{1,5}(?![\d.-])"
    r"|\d{1,3}\.\d{1,3}-\d{1,3}\.\d{1,3}(?!\d)|(?:[01]\d|2[0-3])[0-5]\d(?: ?h(?:rs?|ours)?\b|$|[ "
    r",.;)])(?!\d)|\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}(?!\d)|(?:19|20)\d\d\b"
)

_PREFIXED = compiled(r"[xp#]{1,2}\d{3,6}(?![\w%/])|pin \d{4,6}(?!\w)")
_SAID = compiled(rf"(?:{DIGIT_WORD}[ ,.-]{{1,3}}){{2,10}}{DIGIT_WORD}(?![a-z])")
_DIAL_START = (
    rf"(?:(?:\+ ?)?\(?\d[\d (.)-]{{2}}|[xp#]{{1,2}}\d{{3}}|pin \d{{4}}"
    rf"|{DIGIT_WORD} {DIGIT_WORD} {DIGIT_WORD}\b)"
)

KEYS = (
    Keys(
        label=Label.PHONE,
        detector="phones",
        score=0.86,
        bare=4,
        marked=4,
        read=dialled,
        start=_DIAL_START,
        strong=r"(?:(?:home|work|cell|office|daytime|day|evening|mobile|alternate|alt|main|contact"
        r"|emergency|primary|secondary|business|direct|clinic|pharmacy|house|preferred|other) "
        r")?(?:tele)?phones?(?: num(?:ber)?)?"
        r"|telephones?|tel|cell(?:ular)?(?: phone)?|mobile|pagers?|beepers?|bleep|pg|paged?(?: "
        r"(?:me|him|her|us))?(?: at)?|lm|called?|calling|call(?: ?back)?(?: (?:her|him|them|me|us"
        r"|at|number))*|ph|voice ?mail|vm|sms|text|whatsapp|vocera|spectralink|ascom|cb|contact(?: "
        r"number)?|hotline|direct line|line|landline"
        r"|extension|reach(?:ed)?(?: (?:her|him|them|me|us))? (?:at|on)|dial|phn num(?:ber)?|desk",
        weak=r"contact|home|work|office|direct|main",
    ),
    Keys(
        label=Label.FAX,
        detector="phones",
        score=0.9,
        bare=7,
        marked=4,
        read=dialled,
        start=_DIAL_START,
        strong=r"(?:(?:home|work|office|secure|clinic|pharmacy|main) )?(?:tele)?fax(?: (?:to|at"
        r"|num(?:ber)?|back(?: to)?|results to|line))?|facsimile|e-?fax",
        weak=r"f",
    ),
)

_DIGITWISE = compiled(r"\d(?: \d){6,11}(?![\d/.:]| \d)")


def digitwise(page: Page, s: int, run_end: int) -> Hit | None:
    """`8 3 2 4 2 3 0 7 4 9`, as dictation writes a number."""
    match = _DIGITWISE.match(page.low, s)
    if (
        match is None
        or not clear_before(page.low, s, b"./-$_+")
        or (s > 1 and page.low[s - 1] == 32 and page.low[s - 2 : s - 1].isdigit())
    ):
        return None
    return _hit(page, s, match.end(), 0.7)


RULES = (
    number(r"\b\d(?: \d){6}", digitwise, (1,), b" "),
    number(
        r"\b\d{3}(?:[-. /]|\)\s{0,3}-?|[ ]?[-.] ?|\s{2,4})\d{3}(?:[-. ]| - |  )\d{4}|\b\d{3}\)? ?\d{7}\b",
        nanp,
        (3, 10),
        b"-. /)",
    ),
    number("", nanp, (10,)),
    number(r"\b[2-9]\d\d[-. ]\d{4}\b", local, (3,), b"-. "),
    mark(r"\+ ?\d{1,3}[ .(-]{0,2}\d", world, b"+"),
    number(
        r"\b(?:00\d{1,3}[ -]\d|0\d{1,4}(?:[ -]|\) ?)\d{3,4}[ -]?\d{3,4}|0\d[ .]\d\d[ .]\d\d[ .]\d\d)",
        abroad,
        (2, 3, 4, 5),
        b" -.)",
    ),
    number(r"\b8(?:00|33|44|55|66|77|88)[-. ][a-z0-9]{0,9}-?[a-z]{3}", vanity, (3,), b"-. "),
    word(
        r"\b(?:ext(?:ension|n)?\b\.?[ :#]{0,2}(?:is |number |no\.? )?\d{3}|x ?\d{3,5}\b|p "
        r"?\d{4,5}\b|v\d{3,5}\b)",
        extension,
        b"expv",
    ),
    word(
        rf"\b(?:{DIGIT_WORD}|double|triple)[ ,.-]{{1,3}}(?:{SPOKEN_DIGIT}[ ,.-]{{1,3}}){{2}}{SPOKEN_DIGIT}\b",
        spoken,
        b"zotfsendt",
        b" ,.-",
    ),
)
