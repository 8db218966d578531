"""Facilities, schools, firms and employers: a name of their own in front of (or behind) what they are.

"Riverside Clinic" names a place, "the diabetes clinic" none: `data/generic_places.txt` holds the words that
make no name. Used by the location detector.
"""

import re
from collections.abc import Iterator
from functools import cache

from osler.deid import gazetteers
from osler.deid.gazetteers import NAME, In
from osler.deid.tokens import Words, word_set

_HEADS = word_set(
    "hospital hospitals clinic clinics infirmary hospice sanatorium sanitarium pharmacy university",
    "college institute academy church temple synagogue mosque cathedral prison jail penitentiary inc",
    "llc plc corp corporation ltd laboratories hotel motel medical-center polyclinic healthcare rehab",
    "rehabilitation nursing dialysis manor elementary school pediatrics orthopedics orthopaedics",
    "cardiology dermatology oncology radiology physicians associates partners industries enterprises",
    "shelter library casino foundry",
)
_PAIRS = {
    "medical": (
        "center",
        "centre",
        "ctr",
        "group",
        "clinic",
        "associates",
        "school",
        "college",
        "office",
        "offices",
        "plaza",
        "campus",
        "arts",
    ),
    "health": (
        "center",
        "centre",
        "ctr",
        "system",
        "systems",
        "care",
        "clinic",
        "network",
        "services",
        "partners",
        "department",
        "plan",
        "group",
    ),
    "med": ("center", "ctr", "school"),
    "nursing": ("home", "facility", "center", "centre"),
    "care": ("center", "centre", "home", "facility", "clinic", "network"),
    "cancer": ("center", "centre", "institute"),
    "heart": ("center", "institute", "hospital", "clinic"),
    "surgery": ("center", "centre"),
    "surgical": ("center", "centre", "associates"),
    "rehabilitation": ("center", "centre", "hospital", "institute", "facility"),
    "rehab": ("center", "centre", "hospital", "facility"),
    "imaging": ("center", "associates"),
    "dialysis": ("center", "unit", "clinic"),
    "urgent": ("care",),
    "assisted": ("living",),
    "senior": ("living", "center", "care"),
    "retirement": ("community", "home", "village"),
    "group": ("home",),
    "high": ("school",),
    "middle": ("school",),
    "elementary": ("school",),
    "grade": ("school",),
    "community": ("center", "hospital", "college", "church", "clinic"),
    "treatment": ("center",),
    "recovery": ("center",),
    "detention": ("center",),
    "correctional": ("facility", "center", "institution"),
    "fire": ("department", "station"),
    "police": ("department",),
    "family": ("medicine", "practice", "clinic", "health", "physicians", "dental"),
    "internal": ("medicine",),
    "primary": ("care",),
    "eye": ("center", "clinic", "institute", "associates"),
    "pain": ("center", "clinic", "institute"),
    "dental": ("clinic", "care", "group", "associates"),
    "air": ("force base",),
    "memorial": ("hospital",),
    "transplant": ("center",),
    "children's": ("hospital",),
    "convalescent": ("home", "hospital", "center"),
    "foundation": ("hospital",),
    "mental": ("health",),
    "behavioral": ("health",),
}
_WEAK = word_set(
    "school college nursing dialysis rehab rehabilitation manor pediatrics orthopedics orthopaedics",
    "cardiology dermatology oncology radiology physicians associates partners foundation library church",
    "temple institute",
)
_SPECIALTIES = word_set(
    "pediatrics orthopedics orthopaedics cardiology dermatology oncology radiology dialysis nursing",
)
"""Heads that end a firm's name only where the name ends."""

_LINKS = word_set("of and for the de la del y at")
_WORK = re.compile(
    r"(?:work(?:s|ed|ing)?|employed|volunteers?|volunteering|retired) (?:(?:part|full)[ -]time )?"
    r"(?:as an? [a-z -]{3,30} )?(?:at|for|by|with|from) (?:the )?|(?:job|career) (?:at|with) (?:the "
    r")?|employer(?: name)?\s{0,2}[:=] {0,3}|place of (?:work|employment)\s{0,2}[:=] {0,3}"
    r"|(?:owner|manager|employee|ceo|president|principal|teacher|nurse|cashier|driver|pastor) (?:of"
    r"|at|for) (?:the )?|workplace\s{0,2}[:=] {0,3}"
    r"|(?:attends|student at|enrolled at|graduated from|freshman at|sophomore at|junior at|senior at) "
)
_AT_ORGANIZATION = re.compile(r"\b(?:at|for|from|by|to|with|\() ?(?:the )?(?=[a-z])")
_NAMED_AS_NONE = word_set(
    "home night the a an his her their this that age bedside least work times present all once school",
    "church",
)


@cache
def generic() -> frozenset[str]:
    """Words that make no name in front of "clinic" or "hospital"."""
    return frozenset(gazetteers.tokens("generic_places.txt"))


@cache
def _organizations() -> re.Pattern[str]:
    entries = sorted(gazetteers.read("organizations.txt"), key=len, reverse=True)
    return re.compile(r"(?:" + "|".join(re.escape(e) for e in entries) + r")(?![\w-])")


_ALWAYS = re.compile(
    r"(?:mayo clinic|cleveland clinic|johns hopkins|mass(?:achusetts)? general|cedars[- ]sinai|md "
    r"anderson|memorial sloan kettering|kaiser permanente"
    r"|walter reed|beth israel|dana[- ]farber|brigham and women['’]?s)(?: hospital| medical "
    r"center)?(?![\w-])"
)
_SCORE = re.compile(r"(?: [a-z]+)? (?:score|scale|criteria|index|classification|guidelines?|protocol|risk)\b")
_SAINT = re.compile(
    r"\b(?:st\.?|saint|mount|mt\.?|our lady of|good|sacred|holy|mercy|methodist|baptist|presbyterian"
    r"|lutheran|providence) "
    r"(?:of )?(?:[a-z'’]{3,14} ){0,2}?(?:hospital|clinic|medical center|med center|health center"
    r"|hospice|nursing home|rehab(?:ilitation)?(?: center)?|elementary|high school)\b"
)


class Facilities:
    """Finds facilities and employers in a tokenised text."""

    def __init__(self) -> None:
        self._lists = gazetteers.load()

    def find(self, tokens: Words, folded: str) -> Iterator[tuple[int, int, float]]:
        """`(start, end, score)` of each facility, school, firm or employer."""
        for i, low in enumerate(tokens.low):
            if low in _HEADS or low in _PAIRS or low == "university" or low == "hospital":
                yield from self._around(tokens, i)
        for match in _ALWAYS.finditer(folded):
            if _SCORE.match(folded, match.end()):
                continue
            if match.start() == 0 or not folded[match.start() - 1].isalnum():
                yield match.start(), match.end(), 0.9
        for match in _SAINT.finditer(folded):
            yield match.start(), match.end(), 0.88
        yield from self._employers(tokens, folded)

    def _around(self, tokens: Words, i: int) -> Iterator[tuple[int, int, float]]:
        last = self._head_end(tokens, i)
        if last is None:
            return
        head = tokens.words[i]
        shouted = head.isupper() and len(head) > 2
        first, named = i, False
        while first and i - first < 6:
            candidate = tokens.words[first - 1]
            low = tokens.low[first - 1]
            if not _near(tokens.before(first)) or (tokens.before(first) == ". " and low not in _DOTTED):
                break
            if (
                low in _LINKS
                and first - 1
                and named
                and tokens.words[first - 2][0].isupper()
                and _near(tokens.before(first - 1))
            ):
                if low in ("at", "the") or tokens.low[first - 2] in generic():
                    break
                first -= 1
                continue
            if not candidate[0].isupper() or low in _STOP:
                break
            first -= 1
            named = named or self._names_a_place(low, head, shouted)
        while first < i and (tokens.low[first] in _LEADING or (tokens.low[first] in _LINKS)):
            first += 1
        if _SCORE.match(tokens.text[tokens.ends[last] : tokens.ends[last] + 40].lower()):
            return
        if (
            named
            and first < i
            and any(self._names_a_place(tokens.low[k], head, shouted) for k in range(first, i))
        ):
            yield tokens.starts[first], tokens.ends[self._tail(tokens, last)], 0.9
        elif (
            tokens.low[i] in ("university", "college", "hospital", "church", "institute")
            and head[0].isupper()
        ):
            tail = self._tail(tokens, last)
            if tail > last:
                yield tokens.starts[first], tokens.ends[tail], 0.88

    def _head_end(self, tokens: Words, i: int) -> int | None:
        """The last word of what the place is: `Medical Center` ends one further than `Hospital`."""
        seconds = _PAIRS.get(tokens.low[i], ())
        if i + 1 < len(tokens) and tokens.low[i + 1] in seconds and tokens.gap(i) in (" ", "  "):
            return i + 1
        if tokens.low[i] not in _HEADS:
            return None
        if tokens.low[i] in _WEAK and not tokens.words[i][0].isupper():
            return None
        if (
            tokens.low[i] in _SPECIALTIES
            and i + 1 < len(tokens)
            and tokens.gap(i) == " "
            and tokens.words[i + 1][0].isupper()
        ):
            return None
        return i

    def _names_a_place(self, low: str, head: str, shouted: bool) -> bool:
        if low in generic() or len(low) < 3:
            return False
        bits = self._lists.evidence(low)
        if bits & In.CLINICAL and not bits & In.SOFT and low not in _PROPER and low not in self._lists.cities:
            # "Maintenance Clinic", "Continence Clinic": what is done there
            return False
        if head[0].islower() or shouted:
            # "Mercy hospital" names one, "Diabetic clinic" and "THE CLINIC" do not
            return (
                low in _PROPER
                or low in self._lists.cities
                or bool(bits & NAME and (bits & In.SOFT or not bits & (In.ORDINARY | In.WORD)))
                or not bits
            )
        return True

    def _tail(self, tokens: Words, last: int) -> int:
        """Takes in `of Michigan`, `of Christ`, `- North Campus`."""
        if last + 2 < len(tokens) and tokens.low[last + 1] in ("of", "at") and tokens.gap(last) == " ":
            nxt = last + 2
            if tokens.low[nxt] == "the" and nxt + 1 < len(tokens):
                nxt += 1
            if (
                tokens.words[nxt][0].isupper()
                and tokens.low[nxt] not in generic()
                and tokens.gap(last + 1) == " "
            ):
                if (
                    nxt + 1 < len(tokens)
                    and tokens.words[nxt + 1][0].isupper()
                    and tokens.gap(nxt) == " "
                    and (tokens.low[nxt + 1] not in generic())
                ):
                    return nxt + 1
                return nxt
        return last

    def _employers(self, tokens: Words, folded: str) -> Iterator[tuple[int, int, float]]:
        text = tokens.text
        for match in _AT_ORGANIZATION.finditer(folded):
            known = _organizations().match(folded, match.end())
            if (
                known
                and text[match.end()].isupper()
                and known.group() not in ("target", "tesla", "ups", "apple")
            ):
                yield match.end(), known.end(), 0.8
        for match in _WORK.finditer(folded):
            at = match.end()
            known = _organizations().match(folded, at)
            if known:
                yield at, known.end(), 0.85
                continue
            found = _CAPITALS.match(text, at)
            if found is None:
                continue
            first = found.group().split()[0].lower().strip(".,'’")
            if (
                first in _NAMED_AS_NONE
                or (first in generic() and " " not in found.group())
                or (first in self._lists.states and " " not in found.group())
                or self._lists.evidence(first) & In.NATION
            ):
                continue
            yield at, found.end(), 0.8


_CAPITALS = re.compile(
    r"(?:[A-Z][\w'’&-]+|3M|7-Eleven)(?:(?: & | and (?=[A-Z])| of (?=[A-Z])|[ "
    r"])(?=[A-Z0-9])[A-Z0-9][\w'’&-]*){0,4}(?:,(?= [A-Z][\w'’-]+ and [A-Z]) [A-Z][\w'’-]+ and "
    r"[A-Z][\w'’-]+)?(?:,? (?:Inc|LLC|Corp|Co|Ltd)\b\.?)?"
)
_PROPER = word_set(
    "mercy memorial riverside lakeside providence methodist presbyterian baptist lutheran samaritan",
    "deaconess northside southside eastside westside hillside valley mountain lakeview parkview sunrise",
    "sunset evergreen oakwood maplewood riverview hopkins mayo kaiser emory duke",
)
_DOTTED = word_set("st mt ft dr jr sr n s e w")
_STOP = word_set("the this our at from to in via per by with dr mr mrs ms")
_LEADING = word_set(
    "admitted transferred discharged seen visited called presented referred sent went taken brought",
    "returned followed please see contact attends attended attend treated evaluated recommended owns",
    "joined opened left chose entered quit hired at attending hospital: name facility location unit",
    "service ward patient pt address works at from to phone fax date",
)


def _near(gap: str) -> bool:
    return gap in (" ", "  ", ". ", " & ", "'s ", "’s ", "' ", "-", "’ ", "s' ", ", ") and gap != ", "
