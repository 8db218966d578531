"""Street addresses by their pattern: a house number with a street, boxes, units; in the US and elsewhere."""

from osler.core.spans import Label
from osler.deid.patterns.contexts import UNITS_AFTER, following
from osler.deid.patterns.lexemes import TEEN, TEN, UNIT
from osler.deid.patterns.page import Page
from osler.deid.patterns.rule import (
    NO_DIGITS,
    Hit,
    clear_before,
    compiled,
    last_word,
    number,
    word,
    word_set,
    words_before,
)

_SAFE = (
    r"street|avenue|ave|boulevard|blvd|road|rd|lane|ln|highway|hwy|parkway|pkwy|broadway|turnpike"
    r"|freeway|expressway"
)
_USUAL = (
    r"drive|dr|court|ct|circle|cir|place|pl|terrace|ter|trail|trl|way|square|sq|pike|alley|aly"
    r"|plaza|plz|crossing|xing|st"
    r"|loop|path|row|route|rte|crescent|cres|close|mews|gardens|grove|walk|bypass|causeway"
    r"|esplanade|quay|parade|commons|run"
)
_RARE = (
    r"bend|bluff|bluffs|branch|bridge|brook|canyon|chase|cliff|club|common|corner|corners|cove"
    r"|creek|crest|crossroads|dale|estate"
    r"|estates|falls|farm|farms|ferry|field|fields|flats|ford|forest|fork|garden|gate|glen|green"
    r"|harbor|haven|heights|hts|hill|hills|hollow"
    r"|island|junction|key|knoll|knolls|lake|lakes|landing|lodge|mall|manor|meadow|meadows|mill"
    r"|mills|mount|mountain|oak|oaks|orchard|oval|park"
    r"|pass|passage|pine|pines|plain|point|pointe|port|prairie|ranch|rapids|ridge|rise|river|shore"
    r"|shores|spring|springs|spur|station|stream|summit"
    r"|trace|track|tunnel|vale|valley|via|view|village|villas|ville|vista|wharf|wood|woods|wynd"
)
_DIRECTION = (
    r"(?:n\.?w|n\.?e|s\.?w|s\.?e|north|south|east|west|northeast|northwest|southeast|southwest|[nsew])"
)
_HOUSE = compiled(r"(?:\d{1,6}(?: ?[a-d]\b)?(?:[-/]\d{1,5})?(?: ?1/2)?|[ns]\d{1,3}[ew]\d{3,6}),? {1,2}")
_DAY = compiled(r"\d{1,2}/\d{1,2},|0\d/|\d{1,2}/0|1[0-2]/[12]\d ")
_SECOND = compiled(rf" ({_SAFE}|{_USUAL})(?![a-z0-9'])")
_UNIT = compiled(
    r"(?: -|[,.])?\s{1,2}(?:(?:apt|apartment|unit|suite|ste|room|rm|bldg|building|floor|fl|flat|lot"
    r"|trailer|space|spc|penthouse|ph|#)\b\.? ?#? ?[a-z0-9][a-z0-9-]{0,6}\b|#\s?[a-z0-9-]{1,6})"
    r"|[,.]?\s{1,2}\d{1,2}(?:st|nd|rd|th) (?:floor|fl)\b"
)
_DIRECTION_AFTER = compiled(
    rf",? {_DIRECTION}\b\.?(?!/)(?= |,|\.|\n|\Z|;|\)|\|)(?! (?:side|and|with|for|to|at)\b)"
)
_NUMBERED = compiled(
    rf"\d{{1,6}},? {{1,2}}(?:{_DIRECTION}\.? )?(?:(?:[a-z]{{3,12}} )?(?:county|state|us|u\.s\.|old"
    rf"|farm|ranch|fm|interstate|township|private|forest service) ){{0,2}}"
    r"(?:highway|hwy|route|rte|road|rd|county road|cr|fm|sr|us|interstate|i|avenue|ave)[ "
    r"-]\d{1,4}[a-z]?(?: (?:n|s|e|w|north|south|east|west)\b)?(?!\w|/\d|\.\d| (?:mg|ml))"
)
_BRIEF = compiled(r"\d,?  ?(?:cr|rd|sr|fm|us|i)[ -]\d")
_WORDLY = compiled(
    r"\d{1,6}[a-z]?,? {1,2}(?:the )?(broadway|bowery|embarcadero|strand|alameda|park plaza|avenue "
    r"of the americas|camino real)(?!\w)"
)
_BAD = word_set(
    "fr dr visitor passing",
    "mg mcg ml cc unit units hour hours hr hrs h day days week weeks wk month months year years yr "
    "yrs y/o yo minute",
    "minutes min mins time times x percent tablet tablets tab tabs cap caps puff puffs pound "
    "pounds lb lbs kg cm mm",
    "inch inches feet ft mile miles block blocks degree degrees point points patient patients of "
    "and with for to is was",
    "are were in on by at a an or from per had has liter liters l set sets rep reps episode "
    "episodes drink drinks beer",
    "beers pack packs cigarette cigarettes dose doses stage grade type am pm g meq mmol ng daily "
    "bid tid qid po iv pain",
    "positive negative out normal other more less children kids sons daughters siblings she he "
    "they we i it but then",
    "who that which this after before until since while when no not without vessel french gauge g. "
    "total trips",
)
_WEAK = word_set(_USUAL.replace("|", " "))
_SOFT = word_set(_RARE.replace("|", " "))
_SUFFIXES = word_set(f"{_SAFE}|{_USUAL}|{_RARE}".replace("|", " "))
_HOME = word_set(
    "at address lives resides residing home residence located living street mail to from addr add "
    "near on place"
)
_GOES_ON = compiled(r"\s*(?:\?|,\s*[a-z]|\n|\r|\.\s|\.?$|;|\^|\||\)|\"|<|apt|unit|#|suite|in )")


def _hit(start: int, end: int, score: float) -> Hit:
    return start, end, Label.LOCATION, score, "streets"


def street(page: Page, s: int, run_end: int) -> Hit | None:
    """`4821 Juniper Hollow Rd, Apt 4`, `12 oak lane`, `77 W 125th St`."""
    low = page.low
    if not clear_before(low, s, b"./-$:<>+%,") and not _BEHIND_LABEL.match(low, max(0, s - 3), s):
        return None
    house = _HOUSE.match(low, s)
    if house is None or _DAY.match(house[0]):
        return None
    names: list[bytes] = []
    at = house.end()
    for piece in low[at : at + 110].split(b" ", 8)[:8]:
        line = piece.split(b"\n", 1)[0]
        plain = line.rstrip(b".,;:?!)\"'\r\t|^<")
        if names and plain in _SUFFIXES:
            end = _accepted(page, s, house.end(), at + len(plain), plain, names)
            return _whole_street(page, s, end) if end else None
        if not plain:
            at += len(piece) + 1
            continue
        head, dash, tail = plain.partition(b"-")
        if names and dash and len(tail) < 6 and head in _SUFFIXES:
            end = _accepted(page, s, house.end(), at + len(head), head, names)
            return _whole_street(page, s, at + len(plain)) if end else None
        if plain in _BAD or len(names) > 4 or len(plain) != len(piece.rstrip(b".")):
            return None
        names.append(plain)
        at += len(piece) + 1
    return None


def _whole_street(page: Page, s: int, end: int) -> Hit:
    low = page.low
    toward = _DIRECTION_AFTER.match(low, end)
    end = toward.end() if toward else end
    lead = _UNIT_BEFORE.match(low, max(0, s - 14), s) if s > 4 and low[s - 1] in b" " else None
    return _hit(lead.start(1) if lead else s, unit_end(low, end), 0.93)


_BEHIND_LABEL = compiled(r".*[a-z>\"'][:>,]\Z")
_UNIT_BEFORE = compiled(
    r".*?\b((?:flat|unit|apt|apartment|suite|shop|lot)\.? ?(?:#?(?:[a-z]?\d{1,4}[a-z]?|[a-z]),? )?)\Z"
)


def unit_end(low: bytes, end: int) -> int:
    """Where the address ends, a flat, suite or floor behind it included."""
    for _ in range(2):
        more = _UNIT.match(low, end)
        if more is None:
            break
        end = more.end()
    return end


def _accepted(page: Page, start: int, named_at: int, end: int, suffix: bytes, names: list[bytes]) -> int:
    """The end of the street if it is one, else 0: sure suffixes by themselves, others by capitals or neighbours."""
    low, data = page.low, page.data
    while more := _SECOND.match(low, end):
        if more[1] in (b"dr", b"run", b"pass") and data[more.end() : more.end() + 2] in (b". ", b" J"):
            break
        end, suffix = more.end(), more[1]
    named = [n for n in names if n not in _DIRECTIONS]
    if not named or any(n.isdigit() for n in named) or len(named) > 4:
        return 0
    written = data[named_at:end].split()
    capitals = all(
        w[:1].isupper() or w[:1].isdigit() for w in written if w not in (b"de", b"of", b"the", b"la")
    )
    digits = len(low[start:named_at].translate(None, NO_DIGITS))
    home = last_word(low, start) in _HOME
    if suffix not in _WEAK and suffix not in _SOFT:
        numbered = any(n[:1].isdigit() for n in named)
        return end if capitals or numbered or home or (digits > 1 and len(named) < 3) else 0
    goes_on = _GOES_ON.match(low, end) is not None
    if suffix in _WEAK:
        if (
            suffix == b"dr"
            and data[end : end + 2] == b". "
            and data[end + 2 : end + 3].isupper()
            and digits < 3
        ):
            return 0
        if not capitals:
            return end if (home or (digits > 2 and goes_on)) and len(named) < 4 else 0
        return end if digits > 1 or home or suffix in (b"st", b"ct", b"drive", b"court", b"place") else 0
    if not capitals:
        return end if home and digits > 1 and goes_on and len(named) < 3 else 0
    return end if digits > 1 and len(named) < 3 and (goes_on or home) else 0


_DIRECTIONS = word_set("n s e w ne nw se sw north south east west n.e n.w s.e s.w northeast northwest")


def numbered(page: Page, s: int, run_end: int) -> Hit | None:
    """`1180 County Road 42`, `4410 Highway 61 N`, `200 Broadway`."""
    if not clear_before(page.low, s, b"./-$:<>+%"):
        return None
    match = _NUMBERED.match(page.low, s) or _WORDLY.match(page.low, s)
    if match and _BRIEF.search(match[0]) and len(match[0]) < 10:
        return None
    return _hit(s, unit_end(page.low, match.end()), 0.85) if match else None


_BOX = compiled(
    r"(?:p\.? ?o\.? ?(?:box|drawer)|drawer(?= \d{3})|bldg\.?|building|p\.s\.|h\. ?no\.|post(?:al)? office box"
    r"|pob|apartado(?: postal)?|postfach|casilla|boite postale|gpo box|private bag|locked bag"
    r"|postbus) ?(?:#|no\.? |number )?\d{1,6}"
    r"|(?:rural route|rr|hc|star route) ?\d{1,6},? box \d{1,6}[a-z]?|psc \d{1,5},? box \d{1,6}"
    r"|unit \d{1,5},? box \d{1,6}|cmr \d{1,5},? box \d{1,6}"
)


def box(page: Page, s: int, run_end: int) -> Hit | None:
    """`PO Box 1187`, `RR 2 Box 40`, `PSC 1234 Box 12`."""
    match = _BOX.match(page.low, s)
    return _hit(s, match.end(), 0.94) if match else None


_FOREIGN_TYPE = (
    r"(?:rue|calle|via|viale|avenida|av|avda|rua|carrera|cra|carretera|paseo|plaza|piazza|corso|chemin"
    r"|allee|quai|impasse|ulica|ul|strada|jalan|jl|travessa|praca|largo|camino|callejon|boulevard|bd"
    r"|cours)"
)
_FOREIGN = compiled(
    rf"(?:\d{{1,5}}(?: ?bis| ?ter|[a-d])?,? {{1,2}})?{_FOREIGN_TYPE}\.? (?:(?:de|del|della|di|da|do"
    r"|dos|des|du|la|las|los|le|les|san|santa|saint|sainte|st|el|l')[ '])*"
    r"[a-z?'-]{2,20}(?: (?:(?:de|del|la|y|e|i) )?[a-z?'-]{2,20}){0,2}?(?:,? (?:#|no?\.? "
    r"?)?\d{1,4}(?:[a-z]|-\d{1,4})?(?!\w|[./]\d))?"
)
_GERMAN = compiled(
    r"[a-z-]{3,25}(?:strass?e|str\.|weg|platz|gasse|allee|straat|laan|gracht|plein|gatan|vagen|vej"
    r"|gade|veien|gata|utca|damm|ufer) \d{1,4} ?[a-d]?(?!\w|[./,]\d)"
)
_SURE_TYPE = compiled(r"\b(?:calle|rue|avenida|piazza|jalan|ulica|carrera|strada|chemin|rua)\b")


def foreign(page: Page, s: int, run_end: int) -> Hit | None:
    """`12 rue de Rivoli`, `Calle Mayor 15`, `Via Roma, 4`."""
    low, data = page.low, page.data
    match = _FOREIGN.match(low, s)
    if match is None or not clear_before(low, s, b"./-$:<>+%@"):
        return None
    if following(low, match.end()).split(b"/")[0] in UNITS_AFTER:
        return None
    leads, trails = 48 <= low[s] <= 57, 48 <= low[match.end() - 1] <= 57
    if leads == trails and not leads:
        return None
    words = data[s : match.end()].replace(b",", b" ").split()
    named = [w for w in words if w[:1].isalpha() and len(w) > 3]
    if sum(w[:1].isupper() for w in named) < max(1, len(named) - 1) and not (
        leads and _SURE_TYPE.search(low, s, match.end())
    ):
        return None
    return _hit(s, unit_end(low, match.end()), 0.8)


def german(page: Page, s: int, run_end: int) -> Hit | None:
    """`Hauptstra\xdfe 12`, `Kerkstraat 5`."""
    match = _GERMAN.match(page.low, s)
    if match is None or not page.data[s : s + 1].isupper():
        return None
    return _hit(s, match.end(), 0.82)


_WORD_NUMBER = rf"(?:{UNIT}|{TEEN}|{TEN}|oh|zero|hundred|thousand)"
_SPOKEN = compiled(
    rf"(?:{_WORD_NUMBER}[ -]){{1,6}}(?:{_DIRECTION} )?(?:(?!and |of |the |in |on |a |to |more "
    rf"|years? |days? |weeks? |months? |or )[a-z0-9'-]{{2,20}} ){{1,3}}(street|avenue|road|lane"
    r"|boulevard|drive|court|parkway|highway|terrace|circle|way|place)\b"
)
_SPOKEN_WEAK = word_set("way place drive court circle")


def spoken(page: Page, s: int, run_end: int) -> Hit | None:
    """`forty two maple avenue`, dictated."""
    match = _SPOKEN.match(page.low, s)
    if match is None:
        return None
    if match[1] in _SPOKEN_WEAK:
        before = words_before(page.low, s, 24)
        if not before or before[-1] not in _HOME:
            return None
    return _hit(s, unit_end(page.low, match.end()), 0.8)


_TITLED = compiled(
    r"(?:[a-z0-9][a-z0-9'.-]{1,20} ){1,2}(street|avenue|ave|boulevard|blvd|road|rd|lane|ln|parkway"
    r"|pkwy|highway|turnpike|drive|terrace|expressway)(?![a-z'])"
)


def titled(page: Page, s: int, run_end: int) -> Hit | None:
    """`Juniper Street` without a number, in capitals."""
    match = _TITLED.match(page.low, s)
    if match is None:
        return None
    words = page.data[s : match.end()].split()
    if words[-1].isupper() and len(words[-1]) > 2:
        return None
    kept = len(words) - 1
    while kept and words[kept - 1][:1].isupper() and words[kept - 1].lower() not in _NOT_STREETS:
        kept -= 1
    kept += 1 if kept == len(words) - 1 else 0
    if kept >= len(words) or not words[-1][:1].isupper():
        return None
    start = match.end() - len(b" ".join(words[kept:]))
    return _hit(start, match.end(), 0.6)


_NOT_STREETS = word_set(
    "the on at in from off near and to of airway medical pulmonary nursing silk memory fast home cell"
)

_HIGHWAY = compiled(
    r"(?:(?:state|us|u\.s\.|county|old|farm to market) )?(?:highway|hwy|interstate|county road"
    r"|state route|route)[ -]\d{1,4}[a-z]?(?!\w|[/.]\d)"
)
_ROAD_CUE = word_set("off on and of along near via exit from by at from to past onto down up take corner")


def highway(page: Page, s: int, run_end: int) -> Hit | None:
    """`Highway 61`, `off route 9`: a numbered road by itself."""
    match = _HIGHWAY.match(page.low, s)
    if match is None or (s and page.low[s - 1] in b"-_/"):
        return None
    before = words_before(page.low, s, 16)
    cued = bool(before) and before[-1] in _ROAD_CUE
    return (
        _hit(s, match.end(), 0.7)
        if cued or (page.data[s : s + 1].isupper() and b"route" not in match[0])
        else None
    )


_LETTERED = compiled(r"\d{1,6}(?: 1/2)? (?:avenue [a-z]|[a-z] (?:street|st|ave|avenue)|n\d+w\d+ )(?![a-z])")


def lettered(page: Page, s: int, run_end: int) -> Hit | None:
    """`5910 Avenue D`, `15 1/2 L Street`."""
    match = _LETTERED.match(page.low, s)
    if match is None or not clear_before(page.low, s, b"./-$:<>+%"):
        return None
    return _hit(s, unit_end(page.low, match.end()), 0.85)


_ZIP_BEHIND = compiled(
    rf".*(?:\b(?:{_SAFE}|{_USUAL}|{_RARE})|#[a-z0-9-]{{1,6}}|\b(?:apt|suite|ste|unit|box|lot|floor"
    rf"|building|bldg|rm|room)\.? ?#?[a-z0-9-]{{1,6}}|\b[ns]\.?[ew]\.?)[.,]{{0,2}}(?: [a-z.' "
    rf"-]{{2,30}})?,? \Z"
)


def zip_behind(page: Page, s: int, run_end: int) -> Hit | None:
    """`967 Sierra Drive, Vivian 57576`: five digits behind a street and a city, or behind `ZIP`."""
    low = page.low
    after = low[run_end : run_end + 2]
    if (
        after[:1].isalnum()
        or (after[:1] in (b"-", b"/", b".", b",") and after[1:].isdigit())
        or not clear_before(low, s)
    ):
        return None
    if (
        low[s - 4 : s - 1] in (b"cpt", b"icd")
        or _ZIP_BEHIND.match(low, max(0, s - 60), s) is None
        or following(low, run_end) in UNITS_AFTER
    ):
        return None
    return s, run_end, Label.LOCATION, 0.82, "zips"


RULES = (
    word(
        r"\b[ns]\d{1,3}[ew]\d{3,6} (?:[a-z][a-z.'-]* ){1,4}(?:street|st|avenue|ave|road|rd|drive|dr"
        r"|lane|ln|court|ct|circle|way|place|trail|blvd)\b",
        street,
        b"ns",
        b"0123456789",
    ),
    word(
        r"\b(?:highway|hwy|interstate|county road|state route|route|us (?:highway|hwy|route))[ -]\d",
        highway,
        b"hicsru",
        b" -",
    ),
    number(
        r"\b\d{1,6}(?: 1/2)? (?:avenue [a-z]|[a-z] (?:street|st|ave|avenue))\b", lettered, range(1, 7), b" "
    ),
    number(
        r"\b\d{1,6},? {1,2}(?:[a-z.]+ ){0,4}(?:highway|hwy|route|rte|road|rd|cr|fm|sr|interstate"
        r"|avenue|ave)[ -]\d|"
        r"\b\d{1,6}[a-z]?,? {1,2}(?:the )?(?:broadway|bowery|embarcadero|strand|alameda|park plaza"
        r"|avenue of the americas)\b",
        numbered,
        range(1, 7),
        b" ,abcdefgh",
    ),
    number(
        rf"\b\d{{1,6}}(?: ?[a-d])?(?:[-/]\d{{1,5}})?(?: "
        rf"?1/2)?,? {{1,2}}(?:[a-z0-9][a-z0-9.'-]* {{1,2}}){{1,5}}(?:{_SAFE}|{_USUAL}|{_RARE})\b",
        street,
        range(1, 7),
        b" -/abcdefgh,",
    ),
    word(
        r"\b(?:p\.? ?o\.? ?(?:box|drawer)|drawer|bldg\.?|building|p\.s\.|h\. ?no\.|post(?:al)? "
        r"office box|pob|apartado|postfach|casilla|boite postale|gpo box|private bag|locked bag"
        r"|postbus|rural route|rr|hc|star route|psc|cmr|unit) ?(?:postal |#|no\.? |number )?\d{1,6}",
        box,
        b"pabcdglrhsu",
    ),
    word(
        rf"\b(?:\d{{1,5}}(?: ?bis| ?ter|[a-d])?,? {{1,2}}){_FOREIGN_TYPE}\.? [a-z]"
        rf"|\b{_FOREIGN_TYPE}\.? (?:[a-z?'-]+ ){{0,4}}[a-z?'-]+,? (?:#|no?\.? ?)?\d",
        foreign,
        b"rcvapbijluqst",
        b" .",
    ),
    number("", foreign, range(1, 6), b" ,abcd"),
    word(
        r"\b[a-z-]+(?:strass?e|str\.|weg|platz|gasse|allee|straat|laan|gracht|plein|gatan|vagen|vej"
        r"|gade|veien|gata|utca|damm|ufer) \d",
        german,
        then=b" .-",
    ),
    word(
        rf"\b{_WORD_NUMBER}[ -](?:[a-z0-9'-]+ ){{1,7}}(?:street|avenue|road|lane|boulevard|drive"
        r"|court|parkway|highway|terrace|circle|way|place)\b",
        spoken,
        b"otfsenthz",
        b" -",
    ),
    number(r"\b\d{5}\b", zip_behind, (5,)),
)
