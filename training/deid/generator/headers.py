"""Names of fields before identifiers: swapped for others, written another way, or left out.

Works on the end of the literal text before an identifier ("MRN: " before an MRN), so that a field's name is
never put before what it does not name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from generator.context import Context
from generator.document import Piece
from generator.random_text import chance, pick, weighted
from generator.values import values

# Label -> the parts of headers.txt whose names may stand before it.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "NAME": ("patient", "provider", "relative"),
    "MRN": ("mrn",),
    "DATE": ("dob", "visit date"),
    "SSN": ("ssn",),
    "PHONE": ("phone",),
    "FAX": ("fax",),
    "EMAIL": ("email",),
    "LOCATION": ("address", "city", "county", "zip", "facility"),
    "HEALTH_PLAN": ("member",),
    "ACCOUNT": ("account",),
    "LICENSE": ("license",),
    "DEVICE": ("device",),
    "VEHICLE": ("vehicle",),
    "OTHER_ID": ("order",),
    "URL": ("url",),
    "IP": ("ip",),
    "PHOTO": ("photo",),
    "BIOMETRIC": ("biometric",),
}
# Fields whose names mean the same throughout: any may stand for any other.
_ALIKE = frozenset({"mrn", "dob", "ssn", "phone", "fax", "email", "address", "patient"})
# Fields whose names are no words of prose, so that they need no colon to be known.
_SURE = frozenset({"mrn", "dob", "ssn"})
_SEPARATORS = (
    (10, ": "),
    (2, ":"),
    (1.5, " "),
    (1, " - "),
    (0.8, "  "),
    (0.7, ":\t"),
    (0.7, " : "),
    (0.7, "="),
    (0.5, "# "),
    (0.4, ":  "),
    (0.4, " | "),
    (0.3, "\t"),
    (0.3, " -> "),
    (0.3, "; "),
)


@cache
def _pattern(group: str) -> re.Pattern[str]:
    known = sorted({re.escape(name) for name in values("headers", group)}, key=lambda n: (-len(n), n))
    return re.compile(
        rf"(?:^|(?<=[\s|,;(\[*/>.]))({'|'.join(known)})([ \t]*(?:[:#=|-][ \t]*)?[:=]?[ \t]*)$", re.IGNORECASE
    )


def _like(model: str, name: str) -> str:
    """`name` in the capitals of `model`."""
    if model.isupper() and len(model) > 3:
        return name.upper()
    return name.lower() if model.islower() else name


def _other(ctx: Context, before: str, group: str) -> str:
    """`before` with its last words, where they name the field, replaced."""
    match = _pattern(group).search(before)
    if match is None or not match[2]:
        return before
    named = ":" in match[2] or "#" in match[2] or "=" in match[2]
    if not named and group not in _SURE:
        return before
    start = before[: match.start(1)]
    if named and chance(ctx.rng, 0.05):
        return start
    name = pick(ctx.rng, values("headers", group)).rstrip(":")
    if not named and (len(name) < 2 or "(" in name):
        return before
    separator = match[2] if chance(ctx.rng, 0.5) or not named else weighted(ctx.rng, _SEPARATORS)
    return start + _like(match[1], name) + separator


def swapped(pieces: list[Piece], ctx: Context) -> list[Piece]:
    """The pieces with names of fields changed, about half of those that are known."""
    found = list(pieces)
    for i in range(1, len(found)):
        label = found[i].label
        if label is None or not found[i - 1].literal or not chance(ctx.rng, 0.5):
            continue
        for group in GROUPS.get(label, ()):
            if group in _ALIKE:
                found[i - 1] = found[i - 1].reworded(_other(ctx, found[i - 1].text, group))
    return found


def tightened(pieces: list[Piece], ctx: Context) -> list[Piece]:
    """Name:John -- the blank after a colon or a comma before an identifier left out."""
    found = list(pieces)
    for i in range(1, len(found)):
        before = found[i - 1]
        if (
            found[i].label
            and before.literal
            and before.text.endswith((": ", "# ", "= "))
            and chance(ctx.rng, 0.7)
        ):
            found[i - 1] = before.reworded(before.text[:-1])
    return found
