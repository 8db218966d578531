"""Telephone, pager and fax numbers. A number is a fax number when the label nearest to it says so."""

from osler.core.spans import Label
from osler.deid.patterns.contexts import NUMERIC_NOT, UNITS_AFTER, following
from osler.deid.patterns.keyed import Keys
from osler.deid.patterns.lexemes import DIGIT_WORD, SPOKEN_DIGIT
from osler.deid.patterns.page import Page
from osler.deid.patterns.rule import clear_before, compiled, mark, number, word, word_set, words_before, Hit, digits_in

_EXTENSION = r"(?:[ ,;]{0,3}(?:ext(?:ension|n)?\b\.?|x\.?|#)[ :#]{0,2}\d{1,6}(?!\d))?"
_NANP = compiled(
    r"\d{3}[-. /)]{0,3}\d{3}[-. ]{0,3}\d{4}" + _EXTENSION + r"(?![\d]|-\d|\.\d)"
)
_HEAD = compiled(r".*?((?:\+ ?1[ .-]{0,2}|(?<![\w.])1[ .-]{1,2})?\(?)\Z")
_AFTER_SLASH = compiled(r".*(?:\d{4}|[^\d]) ?/\Z")
_LOCAL = compiled(r"\d{3}[-. ]\d{4}" + _EXTENSION + r"(?![\d/]|[-.]\d)")
_WORLD = compiled(r"\+ ?\d{1,3}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d{1,5}(?:[ .-]?\d{2,5}){1,5}" + _EXTENSION + r"(?!\d)")
_ABROAD = compiled(
    r"(?:00\d{1,3}[ -]\d{1,4}(?:[ -]?\d{2,4}){2,4}|0\d{2,4}[ -]\d{3,4}[ -]?\d{3,4}|0\d{1,2}[ -]\d{4}[ -]\d{4}"
    r"|0\d(?:[ .]\d\d){4})(?!\d)"
)
_VANITY = compiled(r"(?:1[-. ])?8(?:00|33|44|55|66|77|88)[-. ](?:[a-z0-9]{3}-?[a-z0-9]{4,8}|[a-z0-9]{7,11})(?![\w])")
_EXT = compiled(r"(?:ext(?:ension|n)?\.?|x)[ :#]{0,2}(?:is |number |no\.? )?(\d{3,6})(?![\w%]|[.-]\d)")
_PUBLIC = frozenset((b"8002221222", b"8003321088", b"8002738255", b"8006624357", b"8007997233"))
"""Poison control, FDA MedWatch, crisis, treatment and violence lines of the United States: everyone's numbers."""

_CUE = word_set(
    "phone tel tele telephone cell cellphone cellular mobile call calls called pager page paged beeper ph home work",
    "contact reach reached dial text texted voicemail vm hotline line number num office msg ring at c h w p t fax facsimile f",
    "@ cb cb# callback # is via contacted to or and no landline direct desk ext",
)
_FAX = compiled(r".*(?:\bfax|facsimile|\bf:)")
_PHONE = compiled(
    r".*(?:phone|\btel\b|cell|mobile|\bcall|pager|\bpaged|beeper|\bph\b|\bhome\b|\bwork\b|\boffice\b|\bc:|\bh:|\bw:|\bp:|\bt:|\bdirect\b)"
)
_FAX_BEHIND = compiled(r"[ \t]?\(?(?:fax|f)\b")
_CALLED = compiled(
    r".*(?:phone|\btel|cell|mobile|call|page|beeper|\bph\b|contact|reach|dial|text|voicemail|hotline|\bline\b|number"
    r"|office|\bring\b|fax|\bcb\b|desk|\bn(?:o|um)\b)"
)


def _hit(page: Page, start: int, end: int, score: float) -> Hit:
    label = Label.FAX if _is_fax(page.low, start, end) else Label.PHONE
    return start, end, label, score, "phones"


def _is_fax(low: bytes, start: int, end: int) -> bool:
    """The nearest label decides: the one before the number, else one just behind it."""
    near = low[max(0, start - 32) : start]
    if b"fa" not in near and b"f:" not in near:
        behind = low[end : end + 6]
        return b"f" in behind and _FAX_BEHIND.match(behind) is not None and not _PHONE.match(near)
    fax = _FAX.match(near)
    if fax is None:
        return False
    phone = _PHONE.match(near)
    return phone is None or fax.end() >= phone.end() or b"number" in near[fax.end() :] or b"line" in near[fax.end() :]


def nanp(page: Page, s: int, run_end: int) -> Hit | None:
    """`(617) 555-0123 x45`, `617.555.0123`, `1-800-555-0199`."""
    low = page.low
    match = _NANP.match(low, s)
    if match is None:
        return None
    head = _HEAD.match(low, max(0, s - 6), s)
    start = head.start(1) if head else s
    if not clear_before(low, start, b"./-$_+") and not _AFTER_SLASH.match(low, max(0, start - 6), start):
        return None
    digits = bytes(c for c in match[0][:16] if 48 <= c <= 57)[:10]
    if digits in _PUBLIC or following(low, match.end()) in UNITS_AFTER:
        return None
    if low[start : start + 1] == b"(" and low[s + 3 : s + 4] != b")":
        start = s
    separated = match[0][3:4] in b"-. /)"
    return _hit(page, start, match.end(), 0.94 if separated else 0.6)


def local(page: Page, s: int, run_end: int) -> Hit | None:
    """`555-0142` and the like: seven digits, with a word of calling near, or an exchange that no lab range has."""
    low = page.low
    match = _LOCAL.match(low, s)
    if match is None or not clear_before(low, s, b"./-$_+<>=") or following(low, match.end()) in UNITS_AFTER:
        return None
    before = words_before(low, s, 30)
    last = before[-1] if before else b""
    if last in NUMERIC_NOT:
        return None
    if _CALLED.match(low, max(0, s - 32), s) or last in (b"at", b"@"):
        return _hit(page, s, match.end(), 0.88)
    if match[0][3] != 45 or last in _RANGED or match[0][4:8].endswith(b"00"):
        return None
    return _hit(page, s, match.end(), 0.55)


_RANGED = word_set("range ratio dose score between normal ref reference goal target of from calories count wbc plt")


def world(page: Page, s: int, run_end: int) -> Hit | None:
    """`+44 20 7946 0958`."""
    match = _WORLD.match(page.low, s)
    if match is None:
        return None
    digits = digits_in(match[0])
    if not 8 <= digits <= 20 or not clear_before(page.low, s, b".-/"):
        return None
    return _hit(page, s, match.end(), 0.92)


def abroad(page: Page, s: int, run_end: int) -> Hit | None:
    """`020 7946 0958`, `0161 496 0123`, `06 12 34 56 78`, `0049 30 1234567`."""
    match = _ABROAD.match(page.low, s)
    before = words_before(page.low, s, 20)
    if before and before[-1] in NUMERIC_NOT:
        return None
    if match is None or not clear_before(page.low, s, b"./-$_+<>=") or following(page.low, match.end()) in UNITS_AFTER:
        return None
    return _hit(page, s, match.end(), 0.8)


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
    """`ext. 4410`, `x2204`: the digits alone."""
    match = _EXT.match(page.low, s)
    if match is None or following(page.low, match.end()) in UNITS_AFTER:
        return None
    if match[0][0] == 120 and s and low_before(page, s):
        return None
    if match[0][0] == 120 and (len(match[1]) < 4 or match[0][1:2] == b" "):
        return None
    if match[0][0] == 120 and match[1].endswith(b"00") and not _CALLED.match(page.low, max(0, s - 32), s):
        return None
    return match.start(1), match.end(1), Label.PHONE, 0.8, "phones"


def low_before(page: Page, s: int) -> bool:
    """Whether what stands before an `x` makes it no extension."""
    return page.low[s - 1] not in b" (,;\n\t"


_SPOKEN = compiled(rf"(?:{SPOKEN_DIGIT}[ ,.-]{{1,3}}){{2,14}}{SPOKEN_DIGIT}(?![a-z0-9])")
_SPOKEN_EXTENSION = compiled(
    rf"[ ,]{{1,2}}(?:ext(?:ension)?|x) (?:{SPOKEN_DIGIT}[ ,.-]{{1,2}}){{0,6}}{SPOKEN_DIGIT}(?![a-z0-9])"
)


def spoken(page: Page, s: int, run_end: int) -> Hit | None:
    """`six one seven, five five five, zero one four two`, with seven digits or more."""
    match = _SPOKEN.match(page.low, s)
    if match is None or not 7 <= spoken_size(match[0]) <= 18:
        return None
    end = match.end()
    more = _SPOKEN_EXTENSION.match(page.low, end)
    before = words_before(page.low, s, 40)
    cued = any(w in _CUE for w in before[-4:])
    return _hit(page, s, more.end() if more else end, 0.9 if cued else 0.8)


_TWICE = {b"double": 1, b"triple": 2, b"hundred": 2}
_TENS = word_set(
    "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty",
    "seventy eighty ninety",
)


def spoken_size(words: bytes) -> int:
    """How many digits number words stand for, roughly: `double` adds one, `twenty` counts two, with a unit one more."""
    size = 0
    for word in words.replace(b",", b" ").replace(b".", b" ").replace(b"-", b" ").split():
        size += _TWICE[word] if word in _TWICE else 2 if word in _TENS else len(word) if word.isdigit() else 1
    return size


_LOOSE = compiled(
    r"\+? ?\(?\d[\d ().-]{1,20}\d(?:[ ,]{0,2}(?:ext(?:ension)?|x)\.? ?\d{1,6})?(?![\d/]|-\d|%)"
)
_BREAKS = compiled(r".{4,}?(?=  |\) \(|\. |\d\.$| \()")


def dialled(page: Page, at: int) -> int:
    """The end of the number behind a label like `pager` or `cell`, of four digits or more; 0 if there is none."""
    match = _LOOSE.match(page.low, at)
    if match is None:
        return 0
    cut = _BREAKS.match(match[0])
    end = at + cut.end() if cut else match.end()
    digits = digits_in(page.low[at:end])
    if not 4 <= digits <= 15 or _CLOCK.match(page.low, at) or following(page.low, end) in UNITS_AFTER:
        return 0
    return end


_CLOCK = compiled(r"\d{1,2}\.\d{1,5}(?![\d.-])|\d{1,3}\.\d{1,3}-\d{1,3}\.\d{1,3}(?!\d)|(?:[01]\d|2[0-3])[0-5]\d(?: ?h(?:rs?|ours)?\b|$|[ ,.;)])(?!\d)|\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}(?!\d)|(?:19|20)\d\d\b")

_DIAL_START = r"(?:\+ ?)?\(?\d[\d (.)-]{2}"

KEYS = (
    Keys(
        label=Label.PHONE,
        detector="phones",
        score=0.86,
        bare=4,
        marked=4,
        read=dialled,
        start=_DIAL_START,
        strong=r"(?:(?:home|work|cell|office|daytime|day|evening|mobile|alternate|alt|main|contact|emergency|primary|secondary|business|direct|clinic|pharmacy|house|preferred|other) )?(?:tele)?phones?(?: num(?:ber)?)?"
        r"|telephones?|tel|cell(?:ular)?(?: phone)?|mobile|pagers?|beepers?|paged? at|paged?|call(?: ?back)?(?: (?:her|him|them|me|us|at|number))*|ph|voice ?mail|vm|sms|text|whatsapp|vocera|spectralink|ascom|cb|contact(?: number)?|hotline|direct line|line|landline"
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
        strong=r"(?:(?:home|work|office|secure|clinic|pharmacy|main) )?(?:tele)?fax(?: (?:to|at|num(?:ber)?|back(?: to)?|results to|line))?|facsimile|e-?fax",
        weak=r"f",
    ),
)

RULES = (
    number(r"\b\d{3}(?:[-. /]|\) ?-?|[ ]?[-.] ?)\d{3}(?:[-. ]| - |  )\d{4}|\b\d{3}\)? ?\d{7}\b", nanp, (3, 10), b"-. /)"),
    number("", nanp, (10,)),
    number(r"\b[2-9]\d\d[-. ]\d{4}\b", local, (3,), b"-. "),
    mark(r"\+ ?\d{1,3}[ .(-]{0,2}\d", world, b"+"),
    number(
        r"\b(?:00\d{1,3}[ -]\d|0\d{1,4}[ -]\d{3,4}[ -]?\d{3,4}|0\d[ .]\d\d[ .]\d\d[ .]\d\d)", abroad, (2, 3, 4, 5), b" -."
    ),
    number(r"\b8(?:00|33|44|55|66|77|88)[-. ][a-z0-9]{0,9}-?[a-z]{3}", vanity, (3,), b"-. "),
    word(r"\b(?:ext(?:ension|n)?\b\.?[ :#]{0,2}(?:is |number |no\.? )?\d{3}|x ?\d{4,5}\b)", extension, b"ex"),
    word(
        rf"\b(?:{DIGIT_WORD}|double|triple)[ ,.-]{{1,3}}(?:{SPOKEN_DIGIT}[ ,.-]{{1,3}}){{2}}{SPOKEN_DIGIT}\b",
        spoken,
        b"zotfsendt",
        b" ,.-",
    ),
)
