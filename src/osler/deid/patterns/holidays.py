"""Holidays and feasts of many cultures, which are dates: `Christmas`, `since Ramadan`, `Diwali 2023`."""

import re

from osler.core.spans import Label
from osler.deid.patterns.contexts import following
from osler.deid.patterns.lexemes import YEAR
from osler.deid.patterns.page import Page
from osler.deid.patterns.rule import Hit, compiled, number, word, word_set, words_before

_SURE = (
    r"christmas(?: eve| day| morning)?|x-?mas(?: eve| day)?|boxing day|new year'?s'?(?: eve| day)?"
    r"|thanksgiving(?: day| eve)?"
    r"|black friday|cyber monday|halloween|all saints'? day|all souls'? day|(?:fourth|4th) of july"
    r"|july (?:fourth|4th)"
    r"|independence day|labou?r day|memorial day|valentine'?s'?(?: day)?|mother'?s'? day|father'?s'? day"
    r"|(?:martin luther king|mlk)(?:,? jr\.?)? day|presidents?'?s? day|veterans?'?s? day|columbus day"
    r"|indigenous peoples?'? day|juneteenth|cinco de mayo|(?:st\.?|saint) patrick'?s'?(?: day)?"
    r"|easter(?: sunday| monday)?"
    r"|good friday|ash wednesday|palm sunday|maundy thursday|mardi gras|fat tuesday|shrove tuesday"
    r"|groundhog day"
    r"|april fools?'?(?: day)?|earth day|flag day|arbor day|patriots?'? day|passover|pesach"
    r"|hanukkah|chanukah|hanukah"
    r"|yom kippur|rosh hashanah?|sukkot|purim|shavuot|tisha b'av|ramadan|ramzan|eid(?: al| ul)?[ "
    r"-]?(?:fitr|adha)?"
    r"|laylat al[- ]qadr|ashura|mawlid|diwali|deepavali|holi|navratri|dussehra|raksha bandhan"
    r"|ganesh chaturthi|onam"
    r"|pongal|janmashtami|baisakhi|vaisakhi|lohri|makar sankranti|durga puja|kwanzaa|(?:chinese"
    r"|lunar|persian|vietnamese)"
    r" new year|tet|no?w-?ru?z|naw-?ruz|norooz|lag ba'?omer|tu b'?shvat|tu bishvat|simchat torah"
    r"|tisha b'av|whit monday|all hallows' eve|st\.? lucia'?s day|wesak|ridvan|irreecha|waitangi "
    r"day|matariki|naadam|tsagaan sar|losar|kwanza|orthodox easter|all saints|three kings|dia de "
    r"reyes|sinterklaas|king's day|queen's birthday|thanksgiving eve|vaisakhi|gurpurab|maha "
    r"shivaratri|ugadi|bihu|eid mubarak|jumu'ah tul-wida|arbaeen|muharram|shab-e-barat|feast of "
    r"st\.? [a-z]+|corpus christi|candlemas|michaelmas|lammas|beltane|samhain|yule|twelfth night"
    r"|nauryz|songkran|loy krathong|vesak|wesak|bodhi day|mid-?autumn festival|moon festival"
    r"|dragon boat festival|qingming|chuseok|seollal|obon|golden week|dia de (?:los )?muertos|day of the dead"
    r"|las posadas|three kings'? day|epiphany|nochebuena|navidad|semana santa|carnaval|bastille day|anzac day"
    r"|australia day|canada day|victoria day|guy fawkes(?: night| day)?|bonfire night|burns night"
    r"|hogmanay|st\.? david'?s day"
    r"|st\.? andrew'?s day|st\.? george'?s day|st\.? nicholas day|may day|whitsun|pentecost"
    r"|ascension day|advent sunday"
    r"|lent|orthodox christmas|timkat|genna|meskel|enkutatash|republic day|national day|spring bank holiday"
    r"|august bank holiday|early may bank holiday|bank holiday monday|bank holiday|super bowl(?: "
    r"sunday)?|spring break|winter break"
    r"|summer solstice|winter solstice|spring equinox|election day|tax day|leap day|inauguration "
    r"day|halloween night"
)
_HOLIDAY = compiled(
    rf"(?:{_SURE})(?: weekend| week| break| holidays?| season)?(?![a-z]|-[a-z]|'[a-z])(?:,? (?:of "
    rf")?{YEAR}(?!\w)|,? '\d\d(?!\w))?"
)
_STARTS = frozenset((b"xm", b"x-")) | frozenset(
    m[:2].encode("ascii") for m in re.findall(r"(?<![^|(])[a-z0-9]{2}", _SURE)
)
"""The first two letters of the names, or more than those; looked at first, since most places are no holiday."""
_NOT_AFTER = word_set(
    "disease factor tree trees egg eggs lily candy fasting eye eyes like seal seals island party "
    "pack cactus fast facial",
    "prayer practice observance color colors dinner-plate",
)
_CUED = word_set(
    "easter ramadan eid tet lent holi onam pongal obon purim advent epiphany carnaval ashura "
    "spring winter national",
    "earth flag tax may election republic navidad vesak wesak genna",
)
_BREAKS = (b"spring break", b"winter break", b"national day", b"summer solstice", b"winter solstice")
_CUES = word_set(
    "before after since last happy merry on at by until till past around this over for during day "
    "of eve near next the every each",
    "through from celebrated celebrate observing week and between to in dated about sunday early late",
)


def holiday(page: Page, s: int, run_end: int) -> Hit | None:
    """The holiday at `s`; short names that mean other things too need a word of time before them."""
    if page.low[s : s + 2] not in _STARTS:
        return None
    match = _HOLIDAY.match(page.low, s)
    if match is None or (s and page.low[s - 1] in b"_@"):
        return None
    name = match[0]
    if following(page.low, match.end()) in _NOT_AFTER:
        return None
    if (name in _CUED or name in _BREAKS) and not name[-1:].isdigit():
        before = words_before(page.low, s, 24)
        if not before or before[-1] not in _CUES:
            return None
    return s, match.end(), Label.DATE, 0.8, "dates"


RULES = (
    word(rf"\b(?:{_SURE})", holiday),
    number("", holiday, (1,), b"t"),
)
