"""Surrogates: made-up values that stand in for real ones, consistent within one request.

They are drawn at random, never computed from what they stand for, and none of them occurs anywhere in the texts of
the request. Numbers keep their shape, names their form and case, places their kind. Dates are in `calendars`.
"""

import random
import re
import string
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from osler.core.errors import GuardUnavailable
from osler.core.spans import Label
from osler.deid import gazetteers
from osler.deid.known_forms import KEPT
from osler.deid.restore import Table

_TRIES = 400
_DRAWS = 30
_SYLLABLES = (
    "bra",
    "cor",
    "del",
    "fen",
    "gar",
    "hal",
    "jor",
    "kel",
    "lin",
    "mor",
    "nel",
    "orr",
    "pel",
    "quen",
    "ros",
    "sel",
    "tam",
    "ul",
    "ver",
    "wes",
)
_ENDINGS = (
    "by",
    "den",
    "field",
    "ham",
    "kirk",
    "ley",
    "mere",
    "nock",
    "ridge",
    "stow",
    "ton",
    "vale",
    "wick",
    "worth",
)


class Pool:
    """A source of random values that are new: none of them occurs in the texts, none is given twice."""

    def __init__(
        self, rng: random.Random, texts: Iterable[str], values: Iterable[str], known: Iterable[str] = ()
    ) -> None:
        """`values` are the real values found, `known` those of the record."""
        self.rng = rng
        folded = [plain(value) for value in values]
        record, numbers = _of_record(tuple(known))
        self._haystack = "\n".join((*(plain(text) for text in texts), *folded, record))
        self._numbers = numbers.union(joined(value) for value in folded)
        self._given: set[str] = set()

    def absent(self, value: str) -> bool:
        """Whether `value` occurs in none of the texts and is no real value put differently."""
        key = plain(value)
        return key not in self._haystack and joined(key) not in self._numbers

    def is_part(self, digits: str) -> bool:
        """Whether these digits stand within a real value."""
        return any(digits in number for number in self._numbers)

    def fresh(self, draw: Callable[[], str]) -> str:
        """A value from `draw` that is in none of the texts; GuardUnavailable when none can be had."""
        for _ in range(_TRIES):
            value = draw()
            key = plain(value)
            if key and key not in self._given and self.absent(value):
                self._given.add(key)
                return value
        raise GuardUnavailable(
            "No surrogate could be found that is absent from the text.",
            remedy="Send shorter texts, or use the transform 'redact'.",
        )

    def word(self, entries: Sequence[str]) -> str:
        """An unused word of `entries`, in lower case; made up of syllables once they are used up."""
        # most entries are free, so that drawing until one is beats going through all of them
        for _ in range(_DRAWS if entries else 0):
            word = self.rng.choice(entries)
            if self._free(word):
                break
        else:
            free = [w for w in entries if self._free(w)]
            if not free:
                return self.fresh(self._made_up)
            word = self.rng.choice(free)
        self._given.add(word)
        return word

    def _free(self, word: str) -> bool:
        return word not in self._given and word not in self._haystack

    def _made_up(self) -> str:
        count = self.rng.choice((2, 2, 3))
        return "".join(self.rng.choice(_SYLLABLES) for _ in range(count)) + self.rng.choice(_ENDINGS)

    def shape(self, value: str, least: int = 5) -> str:
        """`value` with other digits and letters in the same places; lengthened when it is too short."""
        out = [self._character(c) for c in value]
        short = least - sum(c.isalnum() for c in value)
        if short > 0:
            out += self.rng.choices(string.digits, k=short)
        return "".join(out)

    def digits(self, count: int) -> str:
        """Random digits, the first not 0."""
        return (
            self.rng.choice("123456789") + "".join(self.rng.choices(string.digits, k=count - 1))
            if count
            else ""
        )

    def _character(self, c: str) -> str:
        if c.isdecimal():
            return self.rng.choice(string.digits)
        if c.isalpha():
            letter = self.rng.choice(string.ascii_lowercase)
            return letter.upper() if c.isupper() else letter
        # combining marks and other signs of letters would make the shape tell what it came from
        return c if c.isascii() or c.isspace() else "-" if not unicodedata.combining(c) else ""


@lru_cache(maxsize=KEPT)
def _of_record(values: tuple[str, ...]) -> tuple[str, frozenset[str]]:
    """A record's values folded, as one text and each without its separators."""
    folded = [plain(value) for value in values]
    return "\n".join(folded), frozenset(map(joined, folded))


def plain(text: str) -> str:
    """Folded for comparison."""
    return text.casefold()


def joined(text: str) -> str:
    """Letters and digits only."""
    return "".join(filter(str.isalnum, text))


def cased(word: str, like: str) -> str:
    """A lower-case word in the case of `like`: capitals, small letters, else one capital."""
    if like.isupper() and len(like) > 1:
        return word.upper()
    return word if like.islower() else word.capitalize()


class Surrogates:
    """Makes the surrogate of each value of one request and notes in a table how to put it back."""

    def __init__(self, pool: Pool, table: Table) -> None:
        self._pool = pool
        self._table = table
        self._phones: dict[str, str] = {}
        self._ids: dict[tuple[str, str], str] = {}
        self._places: dict[str, str] = {}
        self._makers: dict[Label, Callable[[str], str]] = {
            Label.EMAIL: self._email,
            Label.URL: self._url,
            Label.IP: self._ip,
            Label.PHOTO: self._photo,
        }
        self._lists = {
            "places": gazetteers.tokens("surrogate_places.txt"),
            "surnames": gazetteers.tokens("surrogate_surnames.txt"),
        }

    def of(self, label: Label, value: str) -> str:
        """The surrogate of a value of any kind but NAME, DATE and AGE."""
        if label is Label.LOCATION:
            return self._located(value)
        if label in (Label.PHONE, Label.FAX):
            return self._phone(value)
        maker = self._makers.get(label)
        return self._number(label, value) if maker is None else self._same(label.value, value, maker)

    def _same(self, kind: str, value: str, draw: Callable[[str], str]) -> str:
        """The surrogate that `value` has already, else a new one that the table takes."""
        key = (kind, value)
        if key not in self._ids:
            self._ids[key] = self.claimed(value, lambda: self._pool.fresh(lambda: draw(value)))
        return self._ids[key]

    def claimed(self, value: str, draw: Callable[[], str]) -> str:
        """A drawn surrogate that the table lets stand for `value`."""
        for _ in range(_TRIES):
            surrogate = draw()
            if self._table.claim(surrogate, value):
                return surrogate
        raise GuardUnavailable(
            "No surrogate could be found that is told apart from the others.",
            remedy="Send shorter texts, or use the transform 'redact'.",
        )

    def _number(self, label: Label, value: str) -> str:
        """Same shape, other digits; with and without separators it is one number."""
        bare = joined(value)
        # by its characters alone, for one number may be taken for two kinds in two places
        digits = self._ids.get(("", bare.lower()))
        if digits is None or len(digits) < len(bare):
            digits = self._pool.fresh(lambda: self._pool.shape(bare))
            self._ids["", bare.lower()] = digits
        surrogate = _poured(digits, value)
        if self._table.claim(surrogate, value):
            return surrogate
        return self._same(label.value, value, self._pool.shape)

    def _phone(self, value: str) -> str:
        """`555-01xx` in the shape of the original; the area code is random too."""
        spoken = not any(c.isdecimal() for c in value)
        main = re.split(r"(?i)[ ,;]*(?:ext|x)", value)[0]
        if spoken or any(c.isalpha() for c in main):
            return self._same(
                "phone", value, lambda _: f"{self._pool.rng.randint(200, 989)}-555-01{self._pool.digits(2)}"
            )
        bare = "".join(c for c in value if c.isdecimal())
        core = "".join(c for c in main if c.isdecimal())
        local = core[-10:] if len(core) >= 10 else core
        if local not in self._phones:
            self._phones[local] = self._pool.fresh(lambda: self._dialled(len(local)))
        number = self._pool.digits(len(core) - len(local)) if core[:-10] != "1" else "1"
        number += self._phones[local] + self._pool.digits(len(bare) - len(core))
        surrogate = _dialled_as(number, value)
        if surrogate == value or not self._table.claim(surrogate, value):
            return self._same("phone", value, self._pool.shape)
        if len(local) == 10:
            a, b, c = (self._phones[local][i:j] for i, j in ((0, 3), (3, 6), (6, 10)))
            d, e, f = local[:3], local[3:6], local[6:]
            for form in ("({}) {}-{}", "{}-{}-{}", "{}.{}.{}"):
                self._table.also(form.format(a, b, c), form.format(d, e, f))
        return surrogate

    def _dialled(self, count: int) -> str:
        if count in (7, 10):
            area = str(self._pool.rng.randint(200, 989)) if count == 10 else ""
            return area + self._line()
        return self._pool.digits(max(count, 5)) if count < 5 else self._pool.digits(count)

    def _line(self) -> str:
        """`55501xx`, unless a real number has it: with another area code too it would be taken for that one."""
        lines = (f"55501{self._pool.rng.randint(0, 99):02d}" for _ in range(_DRAWS))
        line = next((drawn for drawn in lines if not self._pool.is_part(drawn)), "")
        return line or f"55501{self._pool.rng.randint(0, 99):02d}"

    def _unlike_letters(self, count: int) -> str:
        """Digits that stand for no letter: the outbound check reads `zennor4` as `zennora`, which holds a Nora."""
        return "".join(self._pool.rng.choices("2689", k=count))

    def _email(self, _: str) -> str:
        return f"{self._pool.rng.choice(self._lists['surnames'])}{self._unlike_letters(3)}@example.org"

    def _url(self, _: str) -> str:
        return (
            f"https://example.org/{self._pool.rng.choice(self._lists['surnames'])}{self._unlike_letters(4)}"
        )

    def _ip(self, value: str) -> str:
        if ":" in value:
            return "2001:db8::" + "".join(self._pool.rng.choices("0123456789abcdef", k=4)).lstrip("0") + "a"
        return self._pool.rng.choice(("192.0.2.", "198.51.100.", "203.0.113.")) + str(
            self._pool.rng.randint(1, 254)
        )

    def _photo(self, value: str) -> str:
        suffix = re.search(r"\.[A-Za-z0-9]{2,5}\Z", value)
        return f"image{self._pool.digits(6)}{suffix.group() if suffix else ''}"

    # -- places

    def _located(self, value: str) -> str:
        known = self._places.get(value)
        if known is None:
            known = self._places[value] = self._place(value)
        return known

    def _place(self, value: str) -> str:
        if _ZIP.fullmatch(value):
            return self.claimed(
                value, lambda: self._pool.fresh(lambda: _poured(self._pool.digits(len(joined(value))), value))
            )
        key = " ".join(plain(value).split())
        core, build = _place_shape(value, self._pool)
        word = self._places.get("\0" + plain(core))
        if word is None:
            word = self._places["\0" + plain(core)] = self._pool.word(self._lists["places"])
        surrogate = build(cased(word, core if core.isupper() or core.islower() else "Aa"))
        if key and self._table.claim(surrogate, value):
            self._table.also(word.capitalize(), core)
            return surrogate
        return self.claimed(value, lambda: build(self._pool.word(self._lists["places"]).capitalize()))


_ZIP = re.compile(r"\d{5}(?:-\d{4})?")
_UNIT = re.compile(r"(?i)(,?\s+(?:apt|apartment|unit|suite|ste|#)\.?\s*)")
_NUMBERED = re.compile(r"(?i)p\.?\s?o\.?\s?box|\d")
_STREET = re.compile(
    r"(?i)(?P<n>\d+\S*)\s+(?P<core>.+?)(?:\s+(?P<suffix>street|avenue|ave|boulevard|blvd|road|rd|lane"
    r"|ln|drive|dr|court|ct|circle|cir|place|pl|terrace|way"
    r"|parkway|pkwy|highway|hwy|square|st)\b\.?)(?P<rest>.*)",
    re.S,
)
_KIND = re.compile(
    r"(?i)(?P<core>.+?)(?P<kind>\s+(?:(?:general|memorial|community|regional|county|state|university"
    r"|children's)\s+)*(?:hospitals?|clinics?|medical (?:center|group)|health "
    r"(?:center|system)|nursing home|hospice|pharmacy|rehab(?:ilitation)?(?: center)?|urgent care"
    r"|(?:high|middle|elementary) school|school|university|college|church"
    r"|county|correctional facility|inc|llc|corp|corporation))",
    re.S,
)


def _place_shape(value: str, pool: Pool) -> tuple[str, Callable[[str], str]]:
    """What of a place is its name, and how to put another name in."""
    if match := _STREET.fullmatch(value):
        number, suffix = pool.digits(max(2, min(5, len(match["n"])))), match["suffix"]
        unit = _UNIT.match(match["rest"])
        rest = unit.group() + pool.digits(2) if unit else ""
        return match["core"], lambda word: f"{number} {word} {suffix}{rest}"
    if match := _KIND.fullmatch(value):
        kind = match["kind"]
        return match["core"], lambda word: word + kind
    if _NUMBERED.match(value):
        number = pool.digits(4)
        return value, lambda word: f"{number} {word.capitalize()} Street"
    return value, lambda word: word


def _dialled_as(number: str, shape: str) -> str:
    """The digits of `number` in the places of the digits of `shape`; words like "ext." stay."""
    at, out = 0, []
    for c in shape:
        if c.isdecimal() and at < len(number):
            out.append(number[at])
            at += 1
        else:
            out.append(c)
    return "".join(out) + number[at:]


def _poured(characters: str, shape: str) -> str:
    """`characters` in the places of the letters and digits of `shape`, its case and separators kept."""
    out, at = [], 0
    for c in shape:
        if not c.isalnum():
            out.append(c)
        elif at < len(characters):
            out.append(
                characters[at].upper()
                if c.isupper()
                else characters[at].lower()
                if c.islower()
                else characters[at]
            )
            at += 1
    return "".join(out) + characters[at:]
