"""Hospitals, practices, homes, firms, schools, congregations: the LOCATIONs that are organisations."""

from __future__ import annotations

import re
from collections.abc import Mapping

from generator.accents import plain
from generator.context import Context, Maker
from generator.grammar import expanded
from generator.random_text import chance


def _drawn(part: str) -> Maker:
    return lambda ctx: expanded(ctx, part).strip()


def _letters(ctx: Context) -> str:
    """MGH, BIDMC, UCSF: the initials of a hospital's name, or letters that look like some."""
    words = re.findall(r"[A-Za-z]+", plain(expanded(ctx, "hospital name")))
    letters = "".join(word[0] for word in words if word[0].isupper())
    if not 2 < len(letters) < 7 or chance(ctx.rng, 0.25):
        return expanded(ctx, "hospital letters")
    return letters


def _pharmacy(ctx: Context) -> str:
    text = expanded(ctx, "pharmacy name")
    return text.lower() if chance(ctx.rng, 0.06) else text


KINDS: Mapping[str, Maker] = {
    "LOCATION:hospital": _drawn("hospital name"),
    "LOCATION:hospital_short": _drawn("hospital short name"),
    "LOCATION:hospital_acronym": _letters,
    "LOCATION:hospital_lower": lambda c: expanded(c, "hospital name").lower(),
    "LOCATION:clinic": _drawn("clinic name"),
    "LOCATION:practice": _drawn("practice name"),
    "LOCATION:nursing_home": _drawn("nursing home name"),
    "LOCATION:rehab": _drawn("of rehab"),
    "LOCATION:pharmacy": _pharmacy,
    "LOCATION:lab": _drawn("lab name"),
    "LOCATION:employer": _drawn("employer name"),
    "LOCATION:school": _drawn("school name"),
    "LOCATION:university": _drawn("any university"),
    "LOCATION:church": _drawn("church full name"),
    "LOCATION:shelter": _drawn("shelter name"),
    "LOCATION:prison": _drawn("prison name"),
    "LOCATION:organisation": _drawn("organisation name"),
    "LOCATION:organization": _drawn("organisation name"),
}
