"""Names of 25 cultures that stand in for real ones, and what the lists know of a real name.

`kind(stem)` says whose name a word is (`Kind`: culture, and given name or surname), `pool(kind)` gives the names
that may stand in for it. A word in no list is judged by its ending, else taken for an English surname.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import files

from osler.deid import gazetteers

LETTERS = "ABCDEGHJLMNPRST"
"""Initials that names of nearly every culture have: those of surrogates, wherever the lists allow."""

_LEAST = 2
_KEPT = 8192
_ENDINGS: tuple[tuple[str, str], ...] = (
    ("opoulos", "greek"), ("opoulou", "greek"), ("akis", "greek"), ("idis", "greek"), ("iadis", "greek"),
    ("ogullari", "turkish"), ("oglu", "turkish"), ("ski", "polish"), ("ska", "polish"), ("cki", "polish"),
    ("wicz", "polish"), ("czyk", "polish"), ("enko", "russian"), ("ovich", "russian"), ("ovic", "russian"),
    ("evich", "russian"), ("ovna", "russian"), ("evna", "russian"), ("ova", "russian"), ("eva", "russian"),
    ("yan", "russian"), ("shvili", "russian"), ("adze", "russian"), ("sson", "scandinavian"),
    ("dottir", "scandinavian"), ("quist", "scandinavian"), ("qvist", "scandinavian"), ("strom", "scandinavian"),
    ("lund", "scandinavian"), ("gaard", "scandinavian"), ("elli", "italian"), ("ello", "italian"),
    ("etti", "italian"), ("ucci", "italian"), ("acci", "italian"), ("ini", "italian"), ("escu", "italian"),
    ("eau", "french"), ("eaux", "french"), ("ault", "french"), ("eault", "french"), ("berg", "german"),
    ("stein", "german"), ("mann", "german"), ("bach", "german"), ("baum", "german"), ("feld", "german"),
    ("witz", "german"), ("huber", "german"), ("meier", "german"), ("meyer", "german"), ("ez", "hispanic"),
    ("guez", "hispanic"), ("ares", "hispanic"), ("eira", "portuguese"), ("eiro", "portuguese"),
    ("inho", "portuguese"), ("oes", "portuguese"), ("zadeh", "persian"), ("pour", "persian"), ("nejad", "persian"),
    ("swamy", "indian"), ("murthy", "indian"), ("wala", "indian"), ("walla", "indian"), ("krishnan", "indian"),
    ("deep", "indian"), ("preet", "indian"), ("appa", "indian"), ("gowda", "indian"), ("moto", "japanese"),
    ("yama", "japanese"), ("mura", "japanese"), ("kawa", "japanese"), ("gawa", "japanese"), ("saki", "japanese"),
    ("zaki", "japanese"), ("ullah", "arabic"), ("uddin", "arabic"), ("allah", "arabic"), ("kwe", "nigerian"),
    ("nwa", "nigerian"), ("chukwu", "nigerian"), ("wumi", "nigerian"), ("tunde", "nigerian"),
)  # fmt: skip
_BEGINNINGS: tuple[tuple[str, str], ...] = (
    ("mc", "irish"), ("mac", "irish"), ("o'", "irish"), ("fitz", "irish"), ("al-", "arabic"), ("el-", "arabic"),
    ("abdul", "arabic"), ("abdel", "arabic"), ("abu", "arabic"), ("olu", "nigerian"), ("ade", "nigerian"),
    ("chukwu", "nigerian"), ("nwa", "nigerian"), ("gebre", "east_african"), ("haile", "east_african"),
    ("di'", "italian"), ("d'", "italian"), ("dell", "italian"), ("von", "german"),
)  # fmt: skip
_SCRIPTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile("[\u3040-\u30ff]"), "japanese"),
    (re.compile("[\u3400-\u9fff]"), "chinese"),
    (re.compile("[\uac00-\ud7af\u1100-\u11ff]"), "korean"),
    (re.compile("[\u0400-\u052f]"), "russian"),
    (re.compile("[\u0370-\u03ff]"), "greek"),
    (re.compile("[\u0590-\u05ff]"), "jewish"),
    (re.compile("[\u0600-\u06ff]"), "arabic"),
    (re.compile("[\u0900-\u0dff]"), "indian"),
    (re.compile("[\u1200-\u137f]"), "east_african"),
    (re.compile("[\u0e00-\u0eff]"), "vietnamese"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Whose name a word is. `given`: "m", "f", "n" (either), "" for a surname. `both`: as often the other of
    the two."""

    culture: str
    given: str = ""
    both: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Names that may stand in for one kind, and the same by initial."""

    names: tuple[str, ...]
    by_letter: Mapping[str, tuple[str, ...]] = field(repr=False)

    def of(self, letter: str) -> tuple[str, ...]:
        """Those with that initial; none where those are too few to choose from."""
        found = self.by_letter.get(letter, ())
        return found if len(found) >= _LEAST else ()


SURNAME = Kind(culture="english")


@lru_cache(maxsize=_KEPT)
def stem(word: str) -> str:
    """A name's word for comparison: folded, without accents, apostrophes and the digits that hang on it."""
    low = word.casefold()
    if not low.isascii():
        apart = unicodedata.normalize("NFKD", low.replace("’", "'").replace("ł", "l").replace("ø", "o"))
        low = "".join(c for c in apart if not unicodedata.combining(c))
    return low.rstrip("0123456789") or low


@lru_cache(maxsize=_KEPT)
def kind(word: str) -> Kind:
    """What the lists know of a stem."""
    found = _kinds().get(word) or _kinds().get(word.replace("'", ""))
    if found is not None:
        return found
    if not word.isascii():
        for script, culture in _SCRIPTS:
            if script.search(word):
                return Kind(culture=culture)
    if len(word) > 4:
        for beginning, culture in _BEGINNINGS:
            if word.startswith(beginning):
                return Kind(culture=culture)
        for ending, culture in _ENDINGS:
            if word.endswith(ending):
                return Kind(culture=culture)
    return SURNAME


def listed(word: str) -> bool:
    """Whether a stem is a name of the lists."""
    return word in _kinds() or word in _english()


@cache
def _english() -> frozenset[str]:
    return frozenset(gazetteers.tokens("census_surnames.txt"))


@cache
def pool(of: Kind) -> Pool:
    """The names that may stand in for a kind."""
    lists = _culture(of.culture)
    if not of.given:
        return _pool(lists["surname"])
    genders = ("male", "female") if of.given == "n" else ("male",) if of.given == "m" else ("female",)
    names = [name for gender in genders for name in lists[gender]]
    if not of.both:
        return _pool(names)
    # a name that goes for a surname too, for the same word may be the one here and the other there
    either = [n for n in names if _goes_both_ways(n)]
    return _pool(either if len(either) >= len(LETTERS) else names)


@cache
def nicknames() -> Mapping[str, str]:
    """Short form to the given name that it most likely shortens."""
    out: dict[str, str] = {}
    for name, shorts in short_forms().items():
        for short in shorts:
            out.setdefault(short, name)
    return out


@cache
def short_forms() -> Mapping[str, tuple[str, ...]]:
    """Given name to its short forms."""
    rows = (line.split(":") for line in gazetteers.read("nicknames.txt"))
    return {head.split()[0]: tuple(shorts.split()) for head, shorts in rows}


def cultures() -> tuple[str, ...]:
    """The cultures that have lists."""
    folder = files("osler.deid") / "data" / "people"
    return tuple(sorted(f.name.removesuffix(".txt") for f in folder.iterdir() if f.name.endswith(".txt")))


@cache
def _culture(name: str) -> dict[str, tuple[str, ...]]:
    return {heading: tuple(names) for heading, names in _sections(f"people/{name}.txt").items()}


@cache
def _kinds() -> dict[str, Kind]:
    out: dict[str, Kind] = {}
    for heading, names in _sections("name_kinds.txt").items():
        culture, code = heading.split()
        one = Kind(culture=culture, given=code[-1].replace("s", ""), both=code[0] == "b")
        out.update(dict.fromkeys(names, one))
    return out


def _goes_both_ways(name: str) -> bool:
    found = _kinds().get(name.lower())
    return found is not None and found.both


def _sections(name: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    heading = ""
    for line in gazetteers.read(name):
        if line.startswith("["):
            heading = line.strip("[]")
        else:
            found.setdefault(heading, []).extend(line.split())
    return found


def _pool(names: Sequence[str]) -> Pool:
    by_letter: dict[str, list[str]] = {}
    for name in names:
        by_letter.setdefault(name[0], []).append(name)
    return Pool(names=tuple(names), by_letter={k: tuple(v) for k, v in by_letter.items()})
