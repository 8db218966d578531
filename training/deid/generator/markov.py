"""Names that no list holds: a letter model over the names of one culture, and compounds.

`invented(rng, culture, part)` gives a name that sounds like that culture's and is none of its listed names, so
that a tagger trained on it must learn from context and form, not by heart.
"""

from __future__ import annotations

from functools import cache
from random import Random

from generator.accents import plain
from generator.random_text import chance, initial_upper, pick
from generator.values import names, values

_ORDER = 3
_SHORTEST, _LONGEST = 3, 12
_TRIES = 12
Model = dict[str, str]


@cache
def _listed() -> frozenset[str]:
    """Names of the US Census and everyday words, in small letters: an invented name is none of these."""
    us = names("us")
    words = values("name_parts", "never")
    return frozenset(name.lower() for name in (*us.male, *us.female, *us.surname, *words))


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


def _walk(rng: Random, model: Model, looseness: float) -> str:
    """One name; `looseness` is how often two letters decide what follows, where three would."""
    text = "^" * _ORDER
    while len(text) < _LONGEST + _ORDER + 4:
        key = text[-_ORDER:]
        if chance(rng, looseness) or key not in model:
            key = key[1:]
        following = pick(rng, model[key])
        if following == "$":
            break
        text += following
    return text[_ORDER:]


def _mixed(rng: Random, listed: tuple[str, ...]) -> str:
    """The beginning of one listed name and the end of another."""
    first, last = pick(rng, listed).lower(), pick(rng, listed).lower()
    return first[: max(2, (len(first) + 1) // 2)] + last[len(last) // 2 :]


def _capitals(name: str) -> str:
    """Capitals as names have them: after blanks, hyphens, apostrophes and 'Mc'."""
    for mark in (" ", "-", "'", "’", "‘"):
        name = mark.join(initial_upper(piece) for piece in name.split(mark))
    if name.startswith("Mc") and len(name) > 4:
        name = "Mc" + initial_upper(name[2:])
    return name


def _compound(rng: Random) -> str:
    """A surname of two English halves (Thornbeck, Ashwell)."""
    return initial_upper(
        pick(rng, values("name_parts", "first half")) + pick(rng, values("name_parts", "second half"))
    )


def _blended(rng: Random, part: str) -> str:
    """A given name of a prefix and an ending, as American parents invent them (Jakeem, Lashonda)."""
    start, end = (
        pick(rng, values("name_parts", "given start")),
        pick(rng, values("name_parts", f"{part} end")),
    )
    if chance(rng, 0.12):
        return start + pick(rng, ("'", "-")) + initial_upper(end)
    return start + initial_upper(end) if chance(rng, 0.12) else start + end


def invented(rng: Random, culture: str, part: str) -> str:
    """A name of `culture` that is in none of its lists; `part` is male, female or surname."""
    if culture in ("us", "british", "black") and part == "surname" and chance(rng, 0.35):
        return _compound(rng)
    if culture in ("us", "black") and part != "surname" and chance(rng, 0.5):
        return _blended(rng, part)
    model, known = _model(culture, part)
    for attempt in range(_TRIES):
        if attempt < _TRIES - 4:
            name = _walk(rng, model, 0.25 + 0.06 * attempt).strip(" -'’")
        else:
            name = _mixed(rng, getattr(names(culture), part))
        simple = plain(name).lower()
        new = name not in known and simple not in _listed()
        if new and _SHORTEST <= len(name) <= _LONGEST and any(c in "aeiouy" for c in simple):
            return _capitals(name)
    return _compound(rng)
