"""Titles before names and credentials behind them: put there, taken away, or written another way."""

from __future__ import annotations

import re

from generator.context import Context
from generator.document import Piece
from generator.random_text import chance, pick, weighted
from generator.values import values

_TITLE = re.compile(
    r"\b(?:Dr\.?|Doctor|DR\.?|Mr\.?|Mrs\.?|Ms\.?|Miss|Nurse|Prof\.|Rev\.|Sgt\.|Officer|Pastor|Rabbi|Father|Sister) $"
)
_CREDENTIAL = re.compile(
    r",? ?(?:M\.?D\.?|D\.?O\.?|R\.?N\.?|N\.?P\.?|PA-C|LCSW|PharmD|PT|OT|RT|DPM|PhD)(?=[\s.,;:)]|$)"
)
_WHOLE = re.compile(r"NAME:d\d\.(?:full|fullm|finit)")
_LAST = re.compile(r"NAME:d\d\.last")
_PATIENT_LAST = re.compile(r"NAME:p\.last")


def _before(ctx: Context, text: str, kind: str) -> str:
    """The text before a name with its title changed."""
    rng = ctx.rng
    title = _TITLE.search(text)
    if title:
        if title[0].lower().startswith("d"):
            new = weighted(
                rng,
                (
                    (4, ""),
                    (2, "Dr "),
                    (2, "Doctor "),
                    (1, "DR. "),
                    (1, "dr. "),
                    (0.5, "Drs. "),
                    (1, "Prof. "),
                ),
            )
        else:
            new = "" if chance(rng, 0.4) else title[0].replace(".", "")
        return text[: title.start()] + (new if new.strip() or not new else "")
    if text.endswith(": ") or not text.endswith((" ", "\n", "(")):
        return text
    if _LAST.match(kind) or _WHOLE.match(kind):
        return text + weighted(
            rng,
            (
                (6, "Dr. "),
                (1, "Dr "),
                (0.5, "Doctor "),
                (0.5, "Prof. "),
                (0.4, "Nurse "),
                (0.3, "Attending "),
            ),
        )
    if _PATIENT_LAST.match(kind):
        return text + ctx.people["p"].title + " "
    return text


def _behind(ctx: Context, text: str, kind: str) -> str:
    """The text behind a name with a credential put there or taken away."""
    found = _CREDENTIAL.match(text)
    if found:
        return (
            text[found.end() :]
            if chance(ctx.rng, 0.5)
            else ", " + pick(ctx.rng, values("credentials", "common")) + text[found.end() :]
        )
    if _WHOLE.match(kind) and not text.startswith(","):
        return pick(ctx.rng, (", ", " ", ", ")) + pick(ctx.rng, values("credentials")) + text
    return text


def retitled(pieces: list[Piece], ctx: Context) -> list[Piece]:
    """The pieces with the surroundings of about a third of the staff's names changed."""
    found = list(pieces)
    for i, piece in enumerate(found):
        if piece.label != "NAME" or not chance(ctx.rng, 0.35):
            continue
        if i and found[i - 1].literal and chance(ctx.rng, 0.6):
            found[i - 1] = found[i - 1].reworded(_before(ctx, found[i - 1].text, piece.kind))
        elif i + 1 < len(found) and found[i + 1].literal:
            credential = i + 2 < len(found) and found[i + 2].kind.startswith("-:cred")
            if not credential:
                found[i + 1] = found[i + 1].reworded(_behind(ctx, found[i + 1].text, piece.kind))
            elif found[i + 1].text.strip() in ("", ","):
                found[i + 1] = found[i + 1].reworded("")
                found[i + 2] = found[i + 2].reworded("")
    return found
