"""What a token of an answer may be the beginning of: the quick look that lets plain prose flow.

A token is what stands between blanks. Its kind is a guess by the lists and by its shape, on the side of caution: `HOT`
and runs of the others are put before the engine, `PLAIN` is shown at once. Nothing is decided here.
"""

import re
from enum import IntEnum
from functools import cache

from osler.deid import gazetteers
from osler.deid.dates import MONTHS
from osler.deid.gazetteers import NAME, In
from osler.deid.name_words import BY, HUMAN_VERBS, NAME_VERBS, PARTICLES, TITLES, TITLES_LIKE_WORDS
from osler.deid.tokens import WORD, word_set


class Kind(IntEnum):
    """What a token may be part of."""

    PLAIN = 0
    """No part of an identifier."""
    CAPITAL = 1
    """An everyday word with a capital: part of a name only behind a name or a title (`Dr. Strong`)."""
    NUMBER = 2
    """A short number: part of an address or of a number that is written in groups."""
    MONTH = 3
    PARTICLE = 4
    """A small word inside of names: `de`, `van`."""
    TITLE = 5
    """What announces a name: `Dr.`, `Mrs`, `nurse`."""
    LINK = 6
    """A name that is an everyday word, an eponym or a drug too: `Grace`, `Parkinson`."""
    HOT = 7
    """Has to be looked at whatever stands beside it."""


LABELS = word_set(
    "mrn mrns ssn dob born birth birthdate birthday phone tel telephone fax cell mobile call text account acct policy",
    "member subscriber insurance medicare medicaid id ids identifier license licence plate vin serial number no num #",
    "ext extension passport npi dea chart record case encounter visit accession specimen zip social security pager ip",
    "address lives resides reach contact confirmation reference ref claim group device pin",
)
"""Words behind which a number is looked at, however short it is."""
LABEL_REACH = 4
"""For how many tokens a label stands."""
STREETS = word_set(
    "street st avenue ave boulevard blvd road rd lane ln drive dr court ct circle cir place pl terrace way parkway",
    "pkwy highway hwy square apt apartment suite box trail route rte crescent alley loop ridge",
)
ABBREVIATED = word_set("ave st rd blvd dr ln ct apt ste jr sr mt ft no tel ext ph p.o")
"""What is written with a full stop that ends no sentence."""
DOERS = NAME_VERBS | HUMAN_VERBS | word_set("should must may might could shall cannot")
"""What goes on as a sentence about a person does."""
_MONTHS = frozenset(name.lower() for name in MONTHS) | word_set(
    "jan feb mar apr jun jul aug sept sep oct nov dec"
)
_TITLES = TITLES | (TITLES_LIKE_WORDS - word_set("major np pa rn attending fellow boss commander common"))
_ALSO = In.ORDINARY | In.WORD | In.CLINICAL | In.BRAND | In.EPONYM | In.NATION
_SURELY_ELSE = In.WORD | In.CLINICAL | In.BRAND | In.NATION | In.ORDINARY | In.EPONYM
_HARMLESS = re.compile(
    r"\W*(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d*\.\d+|\d{1,3}(?:\.\d+)?(?:[-–/x:]\d{1,3}(?:\.\d+)?){1,2}"
    r"|(?:1[89]|20)\d\d(?:['’]?s|[-–/](?:(?:1[89]|20)\d\d|\d\d))"
    r"|(?:1[89]|20)\d\d;\d{1,4}(?:\(\w{1,9}\))?(?::[A-Za-z]?\d+(?:[-–][A-Za-z]?\d+)?)?)(?:%|[A-Za-zµμ°/²³]{1,12})?\W*"
)
_DAY = re.compile(r"\W*\d{1,2}([-/])\d{1,2}\1\d\d\W*")
_GROUPED = re.compile(r"\W*\d{1,3}(?:[-–]\d{1,3}){1,2}\W*")
_SHORT_NUMBER = re.compile(r"\W*\d{1,5}(?:st|nd|rd|th|[A-Da-d])?\W*")
_ADDRESS = re.compile(r"@|://|\bwww\.|\w\.[a-z]{2,}/", re.I)
_IN_ADDRESS = frozenset("@/.")
"""Without one of these nothing is an address."""
_MEASURED = re.compile(r"\W*[<>≤≥=~±]*\d{1,6}(?:[.,]\d+)?[A-Za-zµμ%°][A-Za-zµμ%°/\d²³.^*-]*\W*")
_LABEL_OURS = re.compile(r"\W*\[[A-Z_]{2,12}\]\W*")
_AT_LABELS = re.compile(r"[\s:=#_/]+")
_ABBREVIATION = 5
_LEAST_LOWER = 4


def kind(token: str, *, labelled: bool) -> Kind:
    """The kind of a token; `labelled` where one of `LABELS` stands shortly before."""
    if token.isalpha() and token.islower():
        return _small(token)
    if not _IN_ADDRESS.isdisjoint(token) and _ADDRESS.search(token):
        return Kind.HOT
    digits = sum(map(str.isdecimal, token))
    if digits and (found := _numeric(token, digits, labelled=labelled)) is not None:
        return found
    if _LABEL_OURS.fullmatch(token):
        return Kind.PLAIN
    best = Kind.PLAIN
    for match in WORD.finditer(token):
        one = _word(match.group(), labelled=labelled)
        best = max(best, one)
    return best


def core(token: str) -> str:
    """A token folded and without marks at its edges and a possessive: for the sets of this module."""
    return token.strip(".,;:!?()[]{}<>\"'“”‘’*_|/—–-").lower().removesuffix("'s").removesuffix("’s")


def _small(word: str) -> Kind:
    if word in _TITLES:
        return Kind.TITLE
    if word in PARTICLES:
        return Kind.PARTICLE
    bits = gazetteers.load().flags.get(word, 0)
    if bits & NAME and not bits & _ALSO and len(word) >= _LEAST_LOWER:
        return Kind.HOT
    return Kind.PLAIN


def _numeric(token: str, digits: int, *, labelled: bool) -> Kind | None:
    """The kind of a token with digits; None where its letters have to say."""
    if labelled and digits > 2 and not _HARMLESS.fullmatch(token):
        return Kind.HOT
    if _HARMLESS.fullmatch(token):
        return Kind.HOT if _DAY.fullmatch(token) or (labelled and _GROUPED.fullmatch(token)) else Kind.PLAIN
    if _SHORT_NUMBER.fullmatch(token):
        return Kind.HOT if "#" in token and digits > 2 else Kind.NUMBER
    if digits > 3:
        return Kind.PLAIN if _MEASURED.fullmatch(token) and digits < 6 else Kind.HOT
    return None if any(len(word) > _ABBREVIATION for word in WORD.findall(token)) else Kind.PLAIN


def _word(word: str, *, labelled: bool) -> Kind:
    low = word.lower().removesuffix("'s").removesuffix("’s")
    if low in _TITLES:
        return Kind.TITLE
    if not word[0].isupper():
        return _small(low) if len(low) >= _LEAST_LOWER else Kind.PLAIN
    if len(low) == 1:
        return Kind.LINK if low not in "ai" else Kind.CAPITAL
    if low in _MONTHS:
        return Kind.MONTH
    bits = gazetteers.load().evidence(low)
    if word.isupper():
        if len(low) <= _ABBREVIATION and (bits & _ALSO or not bits & NAME or len(low) <= 3):
            return Kind.CAPITAL
        return Kind.PLAIN if bits & _ALSO and not bits & NAME else Kind.LINK if bits & _ALSO else Kind.HOT
    if bits & NAME:
        return Kind.LINK if bits & _ALSO else Kind.HOT
    return Kind.CAPITAL if bits & _SURELY_ELSE else Kind.HOT


def alone(word: str) -> bool:
    """Whether a `LINK` with nothing beside it, inside of a sentence, is to be looked at: `and Grace agreed`."""
    bits = gazetteers.load().evidence(word)
    return bool(bits & (In.COMMON_GIVEN | In.SOFT)) and word not in _MONTHS


def deals(before: str) -> bool:
    """Whether the word before is one of dealing with somebody: `seen by`, `told`."""
    words = before.split()
    return bool(words) and before.endswith(" ") and words[-1].lower() in BY


def opens_name(word: str) -> bool:
    """Whether a folded `LINK` may be a given name before an everyday word as surname: `Mark Stone`, `J. Rich`."""
    return len(word) == 1 or bool(gazetteers.load().evidence(word) & (In.GIVEN | In.SOFT))


def ordinary(word: str) -> bool:
    """Whether a folded word is none that a name would be known by again."""
    return bool(gazetteers.load().evidence(word) & (_SURELY_ELSE | In.SOFT)) or word in _MONTHS


def announces(text: str) -> bool:
    """Whether a word of `text` announces a number."""
    if text.isalpha():
        return text.lower() in LABELS
    return any(core(word) in LABELS for word in _AT_LABELS.split(text)) or "#" in text


@cache
def everyday() -> tuple[frozenset[str], frozenset[str]]:
    """Folded words that are shown at once: in small letters, and those of them with a capital in front.

    Each word of the first is of a kind that begins nothing (see `kind`), so is each of the second with its capital;
    none announces a number.
    """
    known = In.WORD | In.ORDINARY | In.CLINICAL
    apart = _TITLES | _MONTHS | LABELS | {"www"}
    flags = gazetteers.load().flags
    small = frozenset(w for w, bits in flags.items() if bits & known and w not in apart)
    return small, frozenset(w for w in small if len(w) > 1 and not flags[w] & NAME)
