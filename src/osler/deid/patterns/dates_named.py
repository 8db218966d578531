"""Dates with the month as a word: `March 14th, 2021`, `14-Mar-21`, `the 14th of March`, `Mar 2021`, `in march`.

A month that is an ordinary word as well (may, march, august), or whose short form is (MAR, DEC, SEP), counts alone
only behind a word of time. Days and years may be digits or words.
"""

import re

from osler.core.spans import Label
from osler.deid.patterns.contexts import SCORED_AFTER, STRONG, UNITS_AFTER, following
from osler.deid.patterns.lexemes import CARDINAL_DAY, MONTH, ORDINAL, UNIT, YEAR, YEAR_WORDS
from osler.deid.patterns.page import Page
from osler.deid.patterns.rule import Hit, compiled, last_word, number, word, word_set, words_before

_OTHER_WORD = r"-(?!jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]"
_DAY = rf"(?:3[01]|[12]\d|0?[1-9])(?:(?:st|nd|rd|th)\b|(?![\w%]|[.:/]\d|{_OTHER_WORD}|\.\d|,\d{{3}}\b))"
_YEAR = rf"(?:{YEAR}(?![\w%]|\.\d)|'\d\d(?!\w)|{YEAR_WORDS}(?![a-z]))"
_SPAN = rf"(?:(?: ?[-&/] ?|,? (?:and|to|or|through|thru) (?:the )?)(?:{_DAY})(?!/))?"

_MONTH_FIRST = compiled(
    rf"({MONTH})(?![a-z])\.?"
    rf"(?:(?:[ \t]{{1,2}}|\s{{1,3}}|[-/.]|, ?)(?:the )?({_DAY}|{ORDINAL}(?![a-z])"
    rf"|{CARDINAL_DAY}(?![a-z])){_SPAN}"
    rf"((?:[ \t]{{0,2}},?\s{{0,3}}(?:of |in )?(?<=[ ,\n])(?:{_YEAR}|oh? {UNIT}(?![a-z]))"
    rf"|[-/.](?:{YEAR}|\d\d)(?![\w/]))"
    rf"|,? ?'\d\d(?!\w))?"
    rf"|(?:[ \t]{{1,2}}(?:of\s{{1,4}})?|, ?|[-/. ]|\s|(?=\d))({_YEAR})|-(\d\d)(?![\w/-]))?"
)
_DAY_FIRST = compiled(
    rf"(?:3[01]|[12]\d|0?[1-9])(st|nd|rd|th)?(?: day)?{_SPAN}"
    rf"( ?[-/.,] ?|[ \t]{{0,2}}(?:of )?(?:the )?)({MONTH})(?![a-z])\.?"
    rf"((?:[ \t]{{0,2}},?[ \t]{{0,2}}(?:of |in )?(?<=[ ,.]){_YEAR}|[ ]?[-/. ,][ ]?(?:{YEAR}(?!\w)"
    r"|\d\d(?![\w/:])))"
    rf"|(?:{YEAR}|\d\d)(?!\w)|,? ?'\d\d(?!\w))?"
)
_YEAR_FIRST = compiled(
    rf"{YEAR}[ ,./-]{{1,2}}({MONTH})(?![a-z])\.?(?:[ ,./-]{{1,2}}(?:3[01]|[12]\d|0?[1-9])(?:st|nd"
    r"|rd|th)?(?![\w/]))?"
)
_ORDINAL_DAY = compiled(
    rf"({ORDINAL})(?: day)?(?: of| in)?(?: the)?[ \t]{{1,2}}({MONTH})(?![a-z])(?:[ ,]{{1,3}}(?:of "
    rf"|in )?{_YEAR})?"
)
_AT_EDGE = b" ,.\n-/\t'"

_MONTH_CUE = word_set(
    "started stopped began begun resumed due completed finished quit seen until done given held",
    "in since last next this until till of early late mid from through thru during before after "
    "past previous every",
    "each around about by between to as starting beginning ending coming late- early- mid- for or "
    "and on end start",
    "middle begin months month dated due back -",
)
_MAY_CUE = word_set(
    "in since last until till early late mid mid- early- late- this during next past of by before "
    "from through thru",
    "around every each between",
)
_TITLED_CUE = _MAY_CUE | word_set("and to or after through thru for about")
_VERBS = word_set(
    "be have need not also require cause help take increase decrease occur lead include result "
    "want benefit begin",
    "continue represent reflect use play improve reduce indicate develop consider experience "
    "affect make show appear",
    "present give become forward back fracture only still even well wish vary contribute provide "
    "explain repeat",
    "resume return shower drive eat drink bear weight start stop call come go feel get see do i we "
    "he she they you it",
    "the a an or fast in place out up off on to",
)
_DOUBTFUL = frozenset((b"may", b"march", b"mar"))
_FULL = word_set("january february april june july august september october november december")


def _hit(low: bytes, start: int, end: int, score: float) -> Hit:
    while end > start and low[end - 1] in _AT_EDGE:
        end -= 1
    return start, end, Label.DATE, score, "dates"


def month_first(page: Page, s: int, run_end: int) -> Hit | None:
    """`March 14th, 2021`, `mar-14-21`, `March 2021`, and months alone by their context."""
    low = page.low
    if s and low[s - 1] in b"@_":
        return None
    match = _MONTH_FIRST.match(low, s)
    if match is None:
        return None
    month, day = match[1], match[2]
    if day:
        return _with_day(page, match, month, day)
    if match[4]:
        return _hit(low, s, match.end(), 0.92)
    if match[5] and int(match[5]) <= 99 and page.data[s : s + 1].isupper():
        return _hit(low, s, match.end(), 0.75)
    end = match.end(1)
    return _alone(page, s, end, month)


def _with_day(page: Page, match: re.Match[bytes], month: bytes, day: bytes) -> Hit | None:
    low, s, end = page.low, match.start(), match.end()
    if match[3] or (month not in _DOUBTFUL and day[:1].isdigit() and page.data[s : s + 1].isupper()):
        return _hit(low, s, end, 0.92)
    after = following(low, match.end(2))
    if after in UNITS_AFTER or after in SCORED_AFTER:
        return _hit(low, s, s + len(month), 0.7) if month in _FULL else None
    bare = day[:1].isdigit() and day[-1:].isdigit() and page.data[s : s + 1].islower()
    spelled = day[:1].isalpha() and day in _CARDINALS and month in _DOUBTFUL
    if (spelled or (bare and month == b"may")) and last_word(low, s) not in STRONG:
        return None
    return _hit(low, s, end, 0.88)


_CARDINALS = word_set(
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen",
    "eighteen nineteen twenty thirty",
)


def _alone(page: Page, s: int, end: int, month: bytes) -> Hit | None:
    low, written = page.low, page.data[s:end]
    last = last_word(low, s)
    if s and low[s - 1] == 45:
        last = last + b"-" if last in (b"mid", b"late", b"early") else last
    cued = last in _MONTH_CUE
    if month in _FULL:
        return None if last == b"an" and month == b"august" else _hit(low, s, end, 0.8)
    if month in (b"may", b"march"):
        return _may(page, s, end, last)
    listed = _LISTED.match(low, max(0, s - 20), s) is not None
    if (
        written.isupper()
        and month != b"sept"
        and not (last in _MAY_CUE and month not in (b"oct", b"dec", b"mar", b"sep"))
    ):
        return None
    if listed and month != b"mar":
        return _hit(low, s, end, 0.72)
    dotted = low[end : end + 1] == b"." and low[end + 1 : end + 3].strip()[:1].isdigit()
    if (cued and month != b"mar") or month == b"sept" or dotted:
        return _hit(low, s, end, 0.75)
    return None


_LISTED = compiled(rf".*\b{MONTH}\.?,? ?(?:and |or |to |through )?\Z")


def _may(page: Page, s: int, end: int, last: bytes) -> Hit | None:
    """`may` and `march`, which are verbs far more often than months when in lower case."""
    low, written = page.low, page.data[s:end]
    after = following(low, end)
    if after in _VERBS and not (
        last in (b"in", b"since", b"until")
        and after
        in (
            b"the",
            b"a",
            b"he",
            b"she",
            b"i",
            b"we",
            b"and",
            b"or",
            b"to",
            b"on",
            b"in",
            b"you",
            b"they",
            b"it",
            b"for",
            b"return",
            b"repeat",
            b"with",
            b"start",
        )
    ):
        return None
    if last in (_MAY_CUE if written.islower() else _TITLED_CUE) or _LISTED.match(low, max(0, s - 20), s):
        return _hit(low, s, end, 0.72)
    ends = low[end : end + 1] in (b".", b";", b")") or low.startswith(b" of that year", end)
    named = last in (b"dr", b"mr", b"mrs", b"ms", b"miss", b"on", b"the")
    if ends and written.istitle() and last and not named and not low[:s].endswith(b". "):
        return _hit(low, s, end, 0.6)
    return None


def day_first(page: Page, s: int, run_end: int) -> Hit | None:
    """`14 March 2021`, `14-Mar-21`, `14MAR2021`, `14th of March`."""
    low = page.low
    match = _DAY_FIRST.match(low, s)
    if match is None:
        return None
    if s and (
        low[s - 1] in b"+$:"
        or (low[s - 1] == 47 and low[s - 2 : s - 1].isdigit())
        or (low[s - 1] in b"-." and low[s - 2 : s - 1].isdigit())
    ):
        return None
    joined, month = match[2], match[3]
    if joined == b". " and not match[4]:
        return None
    if match[4] or match[1] or b"of" in joined or joined.strip() in (b"-", b"/", b"."):
        lower = page.data[match.start(3) : match.start(3) + 1].islower()
        if month in _DOUBTFUL and lower and not match[4] and b"of" not in joined and not match[1]:
            return None
        return _hit(low, _article(low, s) if match[1] or b"of" in joined else s, match.end(), 0.92)
    written = page.data[match.start(3) : match.end(3)]
    strong = last_word(low, s) in STRONG
    if month in _DOUBTFUL or month in (b"dec", b"sep"):
        titled = written[:1].isupper() and not (written.isupper() and len(written) == 3)
        if not (titled or strong) or following(low, match.end(3)) in _VERBS:
            return None
    return _hit(low, s, match.end(), 0.88)


def year_first(page: Page, s: int, run_end: int) -> Hit | None:
    """`2021 March 14`, `2021-Mar-14`."""
    match = _YEAR_FIRST.match(page.low, s)
    if match is None or (match[1] in _DOUBTFUL and page.data[match.start(1) : match.start(1) + 1].islower()):
        return None
    return _hit(page.low, s, match.end(), 0.85)


def ordinal_first(page: Page, s: int, run_end: int) -> Hit | None:
    """`third of may`, `the fourteenth of june two thousand nine`, `twenty-first december`."""
    match = _ORDINAL_DAY.match(page.low, s)
    if match is None:
        return None
    return _hit(page.low, _article(page.low, s), match.end(), 0.9)


def _article(low: bytes, s: int) -> int:
    """Where the expression starts, an article before it included: `the 14th of March`."""
    return s - 4 if low[max(0, s - 4) : s] == b"the " and not low[max(0, s - 5) : s - 4].isalnum() else s


_NOT_DAYS = word_set(
    "rib ribs percentile percentiles grade floor dose doses day days visit cranial nerve digit toe "
    "toes finger fingers",
    "metatarsal metacarpal intercostal edition century attempt attempts time trimester degree "
    "decade week weeks month",
    "months year year-old birthday street st avenue ave line generation ventricle molar cycle "
    "space opinion person",
    "party hospital stay admission child son daughter one two three quarter half occasion side row "
    "shift set round",
    "try infant pregnancy stage phase course session step heart sound ray mt mtp pip dip proximal "
    "distal phalanx",
    "middle thumb left right lumbar thoracic cervical sacral interspace ics icd nd rd th operative "
    "post postoperative",
)
_ORDINAL_ALONE = compiled(
    rf"((?:3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)|{ORDINAL})(?![\w-]|/\d)(?: of (?:this|last|next|the) month)?"
)


def day_alone(page: Page, s: int, run_end: int) -> Hit | None:
    """`on the 14th`, `by the third`, `home the 9th.`, where nothing follows that the number could count."""
    low = page.low
    match = _ORDINAL_ALONE.match(low, s)
    if match is None:
        return None
    end, spelled = match.end(), not match[1][:1].isdigit()
    before = [b"", b"", *words_before(low, s, 24)]
    article = before[-1] == b"the"
    cue = before[-2] if article else before[-1]
    after = following(low, end)
    if end > match.end(1):
        return _found(low, s, match) if article else None
    if after in _NOT_DAYS or low[end : end + 1] == b"-" or (spelled and not article):
        return None
    if cue in _SURE_CUE and (not after or after in _GO_ON or (article and not spelled and cue == b"on")):
        return _found(low, s, match)
    opens = low[max(0, s - 3) : s].rstrip(b" \t*-").endswith(b"\n") and low[end : end + 1] == b":"
    if opens or (cue == b"of" and not spelled and low[end : end + 1] in (b",", b".", b";")):
        return _found(low, s, match)
    if spelled or not article or cue in _DAY_NOT:
        return None
    ends = low[end : end + 1] in (b"", b"\n", b".", b",", b";", b")", b":") or after in _GO_ON
    return _found(low, s, match) if ends else None


def _found(low: bytes, s: int, match: re.Match[bytes]) -> Hit:
    return _article(low, s), match.end(1), Label.DATE, 0.62, "dates"


_SURE_CUE = word_set("on by until till since til")
_DAY_NOT = word_set("and of in is was at above below between than over under near to")


def the_day(page: Page, s: int, run_end: int) -> Hit | None:
    """`on the fourteenth`, `the third of May`, from the article."""
    return ordinal_first(page, s + 4, run_end) or day_alone(page, s + 4, run_end)


_GO_ON = word_set(
    "at and with for by to in when because after before she he they we i the of due if as but or "
    "then but from",
    "around between via per so it was which where was is will who until since please can did had "
    "has her his my our only",
)

_NOT_MAY = MONTH.replace("|may", "")
_CUE_WORD = (
    r"(?:in|since|last|until|till|til|early|late|mid|this|next|past|of|by|before|from|through"
    r"|during|around|every|each|between|and|or|to"
    r"|after|about|for|april|apr|june|june,|march|for|back in)"
)
_CUED_MAY = compiled(r"[a-z]+[ \t\n-]{1,2}(may)\b")


def cued_may(page: Page, s: int, run_end: int) -> Hit | None:
    """`in May`, `mid-may`, from the word before it."""
    match = _CUED_MAY.match(page.low, s)
    return month_first(page, match.start(1), match.end(1)) if match else None


RULES = (
    word(
        rf"\b{_NOT_MAY}(?:\b|\d)|\bmay(?:[ .,-]{{1,2}}(?:the )?(?:\d|(?:{ORDINAL}|{CARDINAL_DAY}|of"
        r"|nineteen|two)\b)|[.;)'\d]|-\d)",
        month_first,
        b"jfmasond",
    ),
    word(rf"\b{_CUE_WORD}[ \t\n-]{{1,2}}may\b", cued_may, b"islutemnpbfdaorwc", b" -\n\t"),
    number(
        rf"\b(?:3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?(?: day)?(?: ?[-/.,] ?|[ \t]{{0,2}}(?:of "
        rf")?(?:the )?){MONTH}(?:\b|\d)",
        day_first,
        (1, 2),
        b" -/.,snrtjfmaod\t",
    ),
    number(
        r"\b(?:3[01]|[12]\d|0?[1-9])(?: ?[-&/] ?| (?:and|to|or|through|thru) )(?:3[01]|[12]\d|0?[1-9])"
        rf"(?:st|nd|rd|th)?(?: of)? {MONTH}\b",
        day_first,
        (),
    ),
    number(rf"\b{YEAR}[ ,./-]{{1,2}}{MONTH}\b", year_first, (4,), b" ,./-"),
    word(rf"\b{ORDINAL}(?: day)?(?: of| in)?(?: the)?[ \t]{{1,2}}{MONTH}\b", ordinal_first, b"fstenl", b" -"),
    number(r"\b(?:3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)\b", day_alone, (1, 2), b"snrt"),
    word(rf"\bthe {ORDINAL}\b", the_day, b"t", b" "),
)
