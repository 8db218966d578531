"""The people of a document and the forms that their names take.

`Cast(rng)` makes a person for each key of a template (p, d1, r1, o1, ...) when it is first asked for, and keeps
it for the whole document. `FORMS` maps a form ("full", "upperlast", ...) to the text of a name. In that text
`IDENTIFIER`/`END` enclose what belongs to the identifier where that is not all of it ("Smith" in "Smith's").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from random import Random

from generator.accents import plain
from generator.cultures import Parts, any_culture, name_of
from generator.random_text import chance, pick, weighted
from generator.values import nicknames, values

IDENTIFIER, END = "\x02", "\x03"
_INVENTED = 0.28


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """One person. `gender` is M or F; `credential` and `title` are no identifiers."""

    given: str = field(repr=False)
    middle: str = field(repr=False)
    surname: str = field(repr=False)
    nick: str = field(repr=False)
    short_surname: str = field(repr=False)
    suffix: str
    gender: str
    culture: str
    family_first: bool
    credential: str
    title: str
    taste: float
    """Between 0 and 1: which of several usual ways of writing this person's forms a document keeps to."""


def _nick(rng: Random, given: str) -> str:
    """A short form that people would use for `given`; often the name itself where none is usual."""
    first = given.split(" ")[0].split("-")[0]
    known = nicknames().get(plain(first))
    if known:
        return pick(rng, known)
    if chance(rng, 0.12):
        return pick(rng, values("nicknames_free"))
    if len(first) >= 6 and chance(rng, 0.6):
        vowels = [
            i
            for i in range(2, 5)
            if plain(first[i]).lower() not in "aeiouy" and plain(first[i - 1]).lower() in "aeiouy"
        ]
        if vowels:
            stem = first[: vowels[-1] + 1]
            return stem + weighted(rng, ((6, ""), (1.5, "y"), (1, "ie"), (1, "i"), (0.6, "o")))
    return first


def _short(rng: Random, surname: str) -> str:
    """What a person with several surnames is called for short."""
    pieces = surname.split(" ")
    if len(pieces) == 2 and pieces[0][0].isupper() and len(pieces[0]) > 3 and chance(rng, 0.5):
        return pieces[0]
    return surname


def _loosened(rng: Random, name: str) -> str:
    """`name` as a register without apostrophes or hyphens keeps it: OBrien, O Brien, Smith Jones."""
    name = re.sub("['’‘ʻ]", pick(rng, ("", "", " ", "’", "`")), name)
    return name.replace("-", pick(rng, (" ", " ", "")))


def new_person(
    rng: Random, *, gender: str = "", culture: str = "", surname: str = "", staff: bool = False
) -> Person:
    """A person; what is given is kept, the rest is drawn."""
    gender = gender or pick(rng, "MF")
    culture = culture or any_culture(rng)
    parts: Parts = name_of(rng, culture, gender, chance(rng, _INVENTED))
    if surname:
        parts = replace(parts, surname=surname)
    if chance(rng, 0.75 if culture == "vietnamese" else 0.45):
        parts = replace(
            parts, given=plain(parts.given), middle=plain(parts.middle), surname=plain(parts.surname)
        )
    if chance(rng, 0.12):
        parts = replace(parts, given=_loosened(rng, parts.given), surname=_loosened(rng, parts.surname))
    suffix = ""
    if gender == "M" and not staff and parts.surname and chance(rng, 0.05):
        suffix = weighted(rng, ((5, "Jr."), (2, "Jr"), (2, "III"), (1.5, "Sr."), (1, "II"), (0.5, "IV")))
    credential, title = "", "Mr." if gender == "M" else pick(rng, ("Ms.", "Mrs."))
    if staff:
        credential = (
            pick(rng, values("credentials", "common"))
            if chance(rng, 0.8)
            else pick(rng, values("credentials", "rare"))
        )
        title = "Dr."
    return Person(
        given=parts.given,
        middle=parts.middle,
        surname=parts.surname,
        nick=_nick(rng, parts.given),
        short_surname=_short(rng, parts.surname) if parts.surname else parts.given,
        suffix=suffix,
        gender=gender,
        culture=culture,
        family_first=parts.family_first and bool(parts.surname),
        credential=credential,
        title=title,
        taste=rng.random(),
    )


class Cast:
    """The people of one document, made when first named. `genders` holds what its template says of them."""

    def __init__(self, rng: Random, genders: Mapping[str, str]) -> None:
        self._rng = rng
        self._genders = dict(genders)
        self._people: dict[str, Person] = {}

    def __getitem__(self, key: str) -> Person:
        if key not in self._people:
            self._people[key] = self._make(key)
        return self._people[key]

    def named(self) -> tuple[Person, ...]:
        """Everybody named so far, in the order of their first mention."""
        return tuple(self._people.values())

    def _make(self, key: str) -> Person:
        gender = self._genders.get(key, "")
        if key.startswith("r"):
            patient = self["p"]
            kin = chance(self._rng, 0.55)
            culture = patient.culture if chance(self._rng, 0.85) else ""
            return new_person(
                self._rng, gender=gender, culture=culture, surname=patient.surname if kin else ""
            )
        return new_person(self._rng, gender=gender, staff=key.startswith("d"))


def _last(p: Person) -> str:
    return p.short_surname


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _full(p: Person) -> str:
    if p.family_first:
        return _joined(p.surname, p.middle, p.given)
    suffix = p.suffix if p.taste < 0.5 else ""
    return _joined(p.given, p.surname, suffix)


def _middle(p: Person) -> str:
    if not p.middle:
        return ""
    if p.taste < 0.4:
        return p.middle[0] + "."
    return p.middle[0] if p.taste < 0.65 else p.middle


def _full_middle(p: Person) -> str:
    if p.family_first:
        return _full(p)
    comma = "," if p.suffix and p.taste > 0.7 else ""
    return _joined(p.given, _middle(p), p.surname + comma, p.suffix)


def _last_first(p: Person) -> str:
    if not p.surname:
        return p.given
    return f"{p.surname}{' ' + p.suffix if p.suffix and p.taste < 0.4 else ''}, {p.given}"


def _last_first_middle(p: Person) -> str:
    return _joined(_last_first(p), _middle(p) if p.surname else "")


def _first_letter(text: str) -> str:
    return next((c for c in text if c.isalpha()), "X").upper()


def _initial_last(p: Person) -> str:
    if not p.surname:
        return p.given
    return _first_letter(p.given) + (". " if p.taste < 0.8 else " ") + _last(p)


def _initials(p: Person, mark: str = "") -> str:
    words = [p.given, p.middle if p.taste < 0.3 else "", p.surname or p.given[1:]]
    return mark.join(_first_letter(word) for word in words if word) + mark


def _possessive(name: str, p: Person) -> str:
    mark = "'" if name[-1] in "sS" and p.taste < 0.4 else "'s"
    return f"{IDENTIFIER}{name}{END}{mark}"


FORMS: Mapping[str, Callable[[Person], str]] = {
    "full": _full,
    "fullm": _full_middle,
    "first": lambda p: p.given,
    "last": _last,
    "middle": lambda p: p.middle or p.given,
    "minit": lambda p: _first_letter(p.middle or p.given),
    "nick": lambda p: p.nick,
    "nicklast": lambda p: _joined(p.nick, p.surname),
    "lastfirst": _last_first,
    "lastfirstm": _last_first_middle,
    "upper": lambda p: _full(p).upper(),
    "upperfirst": lambda p: p.given.upper(),
    "upperfull": lambda p: _full(p).upper(),
    "upperlast": lambda p: _last_first(p).upper(),
    "upperlastm": lambda p: _last_first_middle(p).upper(),
    "uppersurname": lambda p: _last(p).upper(),
    "finit": _initial_last,
    "firstinit": lambda p: _joined(
        p.given, _first_letter(p.surname or p.given) + ("." if p.taste < 0.8 else "")
    ),
    "initials": _initials,
    "dotted": lambda p: _initials(p, "."),
    "lower": lambda p: _full(p).lower(),
    "lowerfull": lambda p: _full(p).lower(),
    "lowerfirst": lambda p: p.given.lower(),
    "lowerlast": lambda p: _last(p).lower(),
    "lowernick": lambda p: p.nick.lower(),
    "lowerinitials": lambda p: _initials(p).lower(),
    "poss": lambda p: _possessive(_last(p), p),
    "firstposs": lambda p: _possessive(p.given, p),
    "lowerposs": lambda p: _possessive(_last(p).lower(), p),
    "hl7": lambda p: "^".join(x for x in (p.surname, p.given, p.middle) if x).upper(),
}
