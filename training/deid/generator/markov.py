"""Names that no list holds: a letter model over the names of one culture, and compounds.

`invented(rng, culture, part)` gives a name that sounds like that culture's and is none of its listed names, so
that a tagger trained on it must learn from context and form, not by heart.
"""

from __future__ import annotations

from functools import cache
from random import Random

from generator.random_text import chance, initial_upper, pick
from generator.values import names, values

_ORDER = 3
_SHORTEST, _LONGEST = 3, 12
_TRIES = 12
Model = dict[str, str]


@cache
def _listed() -> frozenset[str]:
    """Surnames and given names of the US Census, in small letters: an invented name is none of these."""
    us = names("us")
    return frozenset(name.lower() for name in (*us.male, *us.female, *us.surname))


@cache
def _model(culture: str, part: str) -> tuple[Model, frozenset[str]]:
    """What may follow each three letters (a letter repeated is likelier), and the listed names themselves."""
    table: dict[str, list[str]] = {}
    listed = getattr(names(culture), part)[:4000]
    for name in listed:
        text = "^" * _ORDER + name.lower() + "$"
        for i in range(_ORDER, len(text)):
            table.setdefault(text[i - _ORDER : i], []).append(text[i])
            # Two letters serve where three were not seen, and loosen the model.
            table.setdefault(text[i - 2 : i], []).append(text[i])
    return {key: "".join(found) for key, found in table.items()}, frozenset(n.lower() for n in listed)


def _walk(rng: Random, model: Model) -> str:
    text = "^" * _ORDER
    while len(text) < _LONGEST + _ORDER + 4:
        key = text[-_ORDER:]
        if chance(rng, 0.25) or key not in model:
            key = key[1:]
        following = pick(rng, model[key])
        if following == "$":
            break
        text += following
    return text[_ORDER:]


def _capitals(name: str) -> str:
    """Capitals as names have them: after blanks, hyphens, apostrophes and 'Mc'."""
    for mark in (" ", "-", "'", "’", "‘"):
        name = mark.join(initial_upper(piece) for piece in name.split(mark))
    if name.startswith("Mc") and len(name) > 4:
        name = "Mc" + initial_upper(name[2:])
    return name


def _compound(rng: Random) -> str:
    """A surname of two English halves (Thornbeck, Ashwell)."""
    return initial_upper(pick(rng, values("name_parts", "first half")) + pick(rng, values("name_parts", "second half")))


def _blended(rng: Random, part: str) -> str:
    """A given name of a prefix and an ending, as American parents invent them (Jakeem, Lashonda)."""
    start, end = pick(rng, values("name_parts", "given start")), pick(rng, values("name_parts", f"{part} end"))
    if chance(rng, 0.12):
        return start + pick(rng, ("'", "-")) + initial_upper(end)
    return start + initial_upper(end) if chance(rng, 0.12) else start + end


def invented(rng: Random, culture: str, part: str) -> str:
    """A name of `culture` that is in none of its lists; `part` is male, female or surname."""
    if culture in ("us", "british", "black") and part == "surname" and chance(rng, 0.35):
        return _compound(rng)
    if culture in ("us", "black") and part != "surname" and chance(rng, 0.5):
        return _blended(rng, part)
    model, listed = _model(culture, part)
    name = ""
    for _ in range(_TRIES):
        name = _walk(rng, model).strip(" -'’")
        plain = name.lower()
        vowel = any(c in "aeiouyáéíóúàèâêôäöüåæøāēīōūăơưạảấầẩẫậắằẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỷỹỵ" for c in plain)
        if _SHORTEST <= len(name) <= _LONGEST and plain not in listed and plain not in _listed() and vowel:
            break
    return _capitals(name) if len(name) > 1 else _compound(rng)
