"""Surrogates of places by key: the words that name a place give way to a made-up one, the words of its kind stay.

`St. Mary's Hospital` becomes `Brindlewick Hospital`, `St Marys` elsewhere `Brindlewick`; numbers of houses, suites
and boxes change; a ZIP code becomes one of those that no place has (000 to 004).
"""

import re
import string
from functools import cache
from typing import Protocol

from osler.deid import gazetteers
from osler.deid.keyed.avoid import Avoid
from osler.deid.keyed.draw import Draw
from osler.deid.keyed.names import cased
from osler.deid.tokens import word_set

_TOKEN = re.compile(
    r"(?P<word>[^\W\d_](?:[^\W_]|[\u0300-\u036f]|['’&](?=[^\W\d_]))*)|(?P<number>\d+)(?P<nth>(?:st|nd|rd|th)\b)?",
    re.I,
)
_ZIP = re.compile(r"(?<!\d)\d{5}(?:-\d{4})?\Z")
_KINDS = word_set(
    "hospital hospitals hosp clinic clinics center centre ctr medical med medicine health healthcare care",
    "system systems",
    "group practice associates partners physicians surgery surgical surgicenter urgent emergency department",
    "dept unit ward",
    "general community regional county memorial municipal veterans va affairs childrens children's women's womens",
    "rehabilitation rehab nursing skilled facility home homes hospice assisted living manor lodge village",
    "villa house",
    "pharmacy drugstore drugs laboratory laboratories lab labs diagnostic diagnostics imaging radiology",
    "oncology cancer",
    "heart eye dental dialysis pediatric pediatrics psychiatric behavioral mental family institute",
    "institution foundation",
    "university college school elementary middle high academy preschool daycare district seminary campus library",
    "church temple mosque synagogue parish cathedral chapel ministries baptist methodist lutheran catholic",
    "presbyterian",
    "shelter mission prison jail penitentiary correctional detention airport airfield base fort camp station",
    "terminal",
    "inc llc ltd co corp corporation company enterprises industries services service bank credit union store",
    "stores market",
    "supermarket restaurant cafe diner hotel motel inn factory plant warehouse farm farms ranch office",
    "offices building",
    "tower towers floor suite ste apartment apt unit room rm lot box p.o po pob trailer park gardens garden",
    "arms court",
    "street st avenue ave av boulevard blvd road rd lane ln drive dr court ct circle cir place pl terrace ter",
    "way parkway",
    "pkwy highway hwy square sq trail trl turnpike route rte crossing alley row path loop pike run plaza",
    "point ridge valley",
    "city town township borough county counties parish precinct neighborhood heights hills beach island",
    "islands lake river",
    "creek bay springs north south east west n s e w ne nw se sw upper lower greater downtown uptown midtown",
    "of the at and for in on by & de la del los las el le san santa saint st fire police army navy air force",
    "national",
)  # fmt: skip
_LEADING = word_set(
    "san santa saint st. st mount mt. mt fort ft lake port los las el la le de del new old north south east"
    " west upper lower"
)
_ONE_LETTER = word_set("building bldg suite ste apartment apt unit wing pod block room rm lot")


class Places:
    """What a patient's key makes of the names of places. Pure."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def word(self, core: str, attempt: int = 0) -> str:
        """The made-up name for a place's own words (as `core_of` gives them), capitalised."""
        draw = Draw(self._key, "place", core, str(attempt))
        begins, closes = _parts()
        begin, close = draw.one(begins), draw.one(closes)
        while close in begin:
            close = draw.one(closes)
        return (begin + close).capitalize()

    def initials(self, letters: str, attempt: int = 0) -> str:
        """As many capitals for the short name of an institution."""
        draw = Draw(self._key, "short place", letters.casefold(), str(attempt))
        return "".join(draw.one("BCDFGHJKLMNPRSTVW") for _ in letters)

    def number(self, digits: str, beside: str) -> str:
        """The number of a house, a suite or a box in a street or building."""
        return Draw(self._key, "house", beside, digits).digits(len(digits))

    def zip(self, digits: str, attempt: int = 0) -> str:
        """A ZIP code (five or nine digits) that no place has."""
        draw = Draw(self._key, "zip", digits[:5], str(attempt))
        new = f"00{draw.below(5)}{draw.below(100):02d}"
        return new + Draw(self._key, "zip4", digits).digits(4) if len(digits) > 5 else new


class DocumentPlaces:
    """The surrogate places of one document."""

    def __init__(self, places: Places, avoid: Avoid) -> None:
        self._places = places
        self._avoid = avoid
        self._given: dict[str, str] = {}

    def of(self, value: str) -> str:
        """The surrogate of a place as it stands."""
        zipped = _ZIP.search(value)
        if zipped:
            head = value[: zipped.start()]
            new = self._zip(zipped.group())
            return (self._named(head) if head.strip(" ,.") else head) + new
        return self._named(value)

    def _zip(self, value: str) -> str:
        digits = value.replace("-", "")
        new = self._one("zip " + digits, lambda attempt: self._places.zip(digits, attempt))
        return new[:5] + "-" + new[5:] if len(digits) > 5 else new

    def _named(self, value: str) -> str:
        tokens = list(_TOKEN.finditer(value))
        own = _own(value, tokens)
        beside = core_of(" ".join(tokens[i].group() for run in own for i in run))
        out: list[str] = []
        at = 0
        starts = {run[0]: run for run in own}
        inside = {i for run in own for i in run[1:]}
        for i, token in enumerate(tokens):
            if i not in inside:
                out.append(value[at : token.start()])
            at = token.end()
            if i in starts:
                run = starts[i]
                out.append(self._word(value[tokens[run[0]].start() : tokens[run[-1]].end()]))
            elif i not in inside:
                out.append(self._kept(token, beside, tokens[i - 1].group() if i else ""))
        out.append(value[at:])
        new = "".join(out)
        return new if new != value else self._word(value)

    def _kept(self, token: re.Match[str], beside: str, before: str) -> str:
        text = token.group()
        if token["number"]:
            return self._places.number(token["number"], beside) + (token["nth"] or "")
        if len(text) == 1 and text.isupper() and before.lower().rstrip(".") in _ONE_LETTER:
            return Draw(self._places.number("1", beside).encode().ljust(32), "wing", text).one(
                string.ascii_uppercase
            )
        return text

    def _word(self, run: str) -> str:
        core = core_of(run)
        if 2 <= len(run) <= 5 and run.isalpha() and run.isupper():
            return self._one("short " + core, lambda attempt: self._places.initials(run, attempt))
        word = self._one(core, lambda attempt: self._places.word(core, attempt))
        letters = "".join(c for c in run if c.isalpha())
        plain = run[0].isdecimal() or not (letters.isupper() or letters.islower())
        return word if plain else cased(word, letters)

    def _one(self, key: str, draw: "_Drawn") -> str:
        found = self._given.get(key)
        if found is None:
            found = draw(0)
            attempt = 0
            while not self._avoid.free(found) and attempt < 32:
                attempt += 1
                found = draw(attempt)
            self._avoid.give(found)
            self._given[key] = found
        return found


@cache
def _parts() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Beginnings and endings of made-up place names."""
    words = gazetteers.tokens("surrogate_place_parts.txt")
    middle = words.index("[close]")
    return words[1:middle], words[middle + 1 :]


def core_of(words: str) -> str:
    """A place's own words for comparison: `St. Mary's` and `st marys` are one."""
    low = words.casefold().replace("'", "").replace("’", "").replace("saint ", "st ")
    return " ".join("".join(c if c.isalnum() else " " for c in low).split())


def _own(value: str, tokens: list[re.Match[str]]) -> list[list[int]]:
    """Runs of the tokens that name a place rather than say what it is."""
    own = [i for i, t in enumerate(tokens) if _names(t)]
    if not own and any(t["number"] for t in tokens):
        return []
    if not own:
        words = [i for i, t in enumerate(tokens) if t["word"] and len(t.group()) > 1]
        own = words[: max(1, len(words) - 1)] if words else []
        return [own] if own else []
    runs: list[list[int]] = []
    for i in own:
        if runs and runs[-1][-1] == i - 1 and _joined(value, tokens[i - 1], tokens[i]):
            runs[-1].append(i)
            continue
        run = [i]
        # "St." of "St. Mary's", "New" of "New Haven" belong to the name
        while run[0] and tokens[run[0] - 1]["word"] and tokens[run[0] - 1].group().lower() in _LEADING:
            if runs and run[0] - 1 <= runs[-1][-1]:
                break
            run.insert(0, run[0] - 1)
        runs.append(run)
    return runs


def _joined(value: str, left: re.Match[str], right: re.Match[str]) -> bool:
    return "," not in value[left.end() : right.start()] and "\n" not in value[left.end() : right.start()]


def _names(token: re.Match[str]) -> bool:
    if token["number"]:
        return token["nth"] is not None
    word = token.group().lower().replace("’", "'")
    return word not in _KINDS and len(word) > 1


class _Drawn(Protocol):
    def __call__(self, attempt: int) -> str: ...
