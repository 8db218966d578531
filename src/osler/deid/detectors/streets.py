"""Street addresses, post boxes, ZIP and postal codes; used by the location detector."""

import re
from collections.abc import Iterator

from osler.deid.tokens import word_set

_SAFE = word_set(
    "street avenue ave boulevard blvd road rd lane ln highway hwy parkway pkwy broadway turnpike",
)
_USUAL = word_set(
    "drive dr court ct circle cir place pl terrace ter trail trl way square sq pike alley plaza",
    "crossing st loop path row route rte crescent",
)
_RARE = word_set(
    "annex arcade bayou beach bend bluff bluffs bottom branch bridge brook brooks burg burgs bypass",
    "camp canyon cape causeway center centers circles cliff cliffs club common commons corner corners",
    "course courts cove coves creek cres crest crossroad curve dale dam divide drives estate estates",
    "expressway extension extensions fall falls ferry field fields flat flats ford fords forest forge",
    "forges fork forks fort freeway garden gardens gateway glen glens green greens grove groves harbor",
    "harbors haven heights hts hill hills hollow inlet island islands isle junction junctions key keys",
    "knoll knolls lake lakes land landing light lights loaf lock locks lodge mall manor manors meadow",
    "meadows mews mill mills mission motorway mount mountain mountains neck oak oaks orchard oval",
    "overpass park parks parkways pass passage pine pines plain plains point points pointe port ports",
    "prairie radial ramp ranch rapid rapids rest ridge ridges river roads rue run shoal shoals shore",
    "shores skyway spring springs spur spurs squares station stravenue stream streets summit throughway",
    "trace track trafficway tunnel underpass union unions valley valleys via viaduct view views village",
    "villages ville vista walk walks wall ways well wells xing aly plz tpke trail's wharf",
)
"""Street suffixes (USPS Publication 28, appendix C1): sure ones, usual ones, and words that are seldom one."""


_BAD = word_set(
    "mg mcg ml cc unit units hour hours hr hrs h day days week weeks wk wks month months year years yr",
    "yrs y/o yo year-old minute minutes min mins time times x percent tablet tablets tab tabs cap caps",
    "puff puffs pound pounds lb lbs kg cm mm inch inches feet ft mile miles block blocks degree degrees",
    "point points patient patients of the and with for to is was are were in on by at a an or from per",
    "had has liter liters l set sets rep reps episode episodes drink drinks beer beers pack packs",
    "cigarette cigarettes dose doses stage grade type am pm g meq mmol ng daily bid tid qid po iv pain",
    "positive negative out normal other more less children kids sons daughters siblings",
)
_NUMBER = re.compile(r"\d{1,6}[a-z]?(?:-\d{1,5})?(?: 1/2)?,? {1,2}(?=[a-z0-9])")
_WORD = re.compile(r"[a-z0-9][\w.'’-]{0,24}")
_MOST = 6
_DIRECTIONS = word_set("n s e w ne nw se sw north south east west n.e n.w s.e s.w")
_UNIT = re.compile(
    r",?\s{1,2}(?:(?:apt|apartment|unit|suite|ste|room|rm|bldg|building|floor|fl|lot|trailer|space"
    r"|spc|#)\b\.? ?#? ?[a-z0-9][a-z0-9-]{0,6}\b|#\s?[a-z0-9-]{1,6})"
)
_BOX = re.compile(
    r"\b(?:(?:p\.? ?o\.? ?box|post office box) \d{1,6}|(?:rural route|rr|hc) \d{1,6},? box \d{1,6})"
)
_ZIP = re.compile(r"\d{5}(?:-\d{4})?(?![\w-]|\.\d)")
_ZIP_KEY = re.compile(r"\b(?:zip(?:[ -]?code)?|postal(?:[ -]?code)?|postcode)(?: is)?[\s:#\"'=]{1,4}\Z")
_UK = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}\b")
_CANADA = re.compile(r"\b[ABCEGHJ-NPRSTVXY]\d[A-Z] \d[A-Z]\d\b")
_SECOND = re.compile(r" (\w+)\b\.?")
_TOWARD = re.compile(r" (?:n\.?w|n\.?e|s\.?w|s\.?e|north|south|east|west|[nsew])\b\.?")
_HOME = re.compile(
    r"(?:\bat|address|lives|resides|residing|home|residence|located|living|street|mail|to|from)[ "
    r"\t]*[:,]?[ \t]*\Z"
)
_GOES_ON = re.compile(r"\s*(?:,\s*[A-Z]|\n|\Z|\.\s|;|\^|\|)")


def find(text: str, folded: str) -> Iterator[tuple[int, int, float]]:
    """`(start, end, score)` of streets with a house number, boxes, and codes behind their label."""
    for match in _NUMBER.finditer(folded):
        end = _street_end(text, folded, match)
        if end:
            yield match.start(), _with_unit(folded, end), 0.93
    for match in _BOX.finditer(folded):
        yield match.start(), match.end(), 0.93
    for match in _ZIP.finditer(folded):
        if _ZIP_KEY.search(folded, max(0, match.start() - 24), match.start()):
            yield match.start(), match.end(), 0.92
    for pattern in (_UK, _CANADA):
        for match in pattern.finditer(text):
            yield match.start(), match.end(), 0.7


def _street_end(text: str, folded: str, number: re.Match[str]) -> int:
    """Where the street ends whose house number `number` is, 0 if it is none."""
    start = number.start()
    if start and (folded[start - 1].isalnum() or folded[start - 1] in "./-$:"):
        return 0
    at = number.end()
    names: list[re.Match[str]] = []
    for _ in range(_MOST):
        word = _WORD.match(folded, at)
        if word is None:
            return 0
        plain = word.group().rstrip(".")
        named = [w for w in names if w.group().rstrip(".") not in _DIRECTIONS]
        if (named or plain == "broadway") and (plain in _SAFE or plain in _USUAL or plain in _RARE):
            return _accept(text, folded, number, named, word)
        if plain in _BAD:
            return 0
        names.append(word)
        at = word.end()
        if folded[at : at + 1] != " ":
            return 0
        at += 2 if folded[at : at + 2] == "  " else 1
    return 0


def _accept(
    text: str, folded: str, number: re.Match[str], named: list[re.Match[str]], suffix: re.Match[str]
) -> int:
    end = suffix.end() - (
        suffix.group()[-1] == "." and folded[suffix.end() : suffix.end() + 1].strip(" ,") != ""
    )
    second = _SECOND.match(folded, end)
    if (
        second
        and (second[1] in _SAFE or second[1] in _USUAL or second[1] in ("rd", "st"))
        and text[second.start(1)].isupper()
    ):
        end, plain = second.end(), second[1]
    else:
        plain = suffix.group().rstrip(".")
    toward = _TOWARD.match(folded, end)
    end = toward.end() if toward and not folded[toward.end() : toward.end() + 1].isalpha() else end
    capitals = (
        all(text[w.start()].isupper() or text[w.start()].isdigit() for w in named)
        and text[suffix.start()].isupper()
    )
    numbered = any(w.group()[0].isdigit() for w in named)
    digits = sum(map(str.isdigit, number.group()))
    if plain in _SAFE:
        return end if capitals or numbered or (digits > 1 and len(named) < 3) else 0
    if plain in _USUAL:
        return (
            end
            if capitals
            and (digits > 1 or plain in ("st", "dr", "ct", "drive", "court", "place"))
            and len(named) < 4
            else 0
        )
    if not capitals or digits < 2 or len(named) > 2:
        return 0
    there = (
        _UNIT.match(folded, end)
        or _GOES_ON.match(text, end)
        or _HOME.search(folded, max(0, number.start() - 20), number.start())
    )
    return end if there else 0


def _with_unit(folded: str, end: int) -> int:
    match = _UNIT.match(folded, end)
    return match.end() if match else end - (folded[end - 1] == ".")
