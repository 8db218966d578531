"""Mixes text of different templates, line by line or sentence by sentence, so that no document is only its template."""

from __future__ import annotations

import re
from collections.abc import Sequence

from generator.context import Context
from generator.document import Piece
from generator.fill import fill
from generator.random_text import chance, pick
from generator.templates import Template

_SPLICED, _SAME_STYLE, _BY_SENTENCE, _CUT = 0.24, 0.6, 0.3, 0.05
# Styles whose lines are records: nothing is put between them.
_RIGID = ("hl7", "fhir", "json", "xml", "csv", "table")
_LINE = re.compile(r"(?<=\n)")
_SENTENCE = re.compile(r"(?<=\n)|(?<=[a-z0-9)%][.!?] )(?=[A-Z]|$)")
Unit = list[Piece]


def rigid(style: str) -> bool:
    """Whether a style's lines must stay together and as they are."""
    return any(word in style.lower() for word in _RIGID)


def _units(pieces: Sequence[Piece], end: re.Pattern[str]) -> list[Unit]:
    """The document cut where `end` matches in its literal text."""
    units: list[Unit] = [[]]
    for piece in pieces:
        if not piece.literal:
            units[-1].append(piece)
            continue
        for i, chunk in enumerate(end.split(piece.text)):
            if i:
                units.append([])
            if chunk:
                units[-1].append(piece.reworded(chunk))
    return [unit for unit in units if unit]


def _ended(unit: Unit, mark: str) -> Unit:
    return unit if unit[-1].text.endswith(("\n", " ")) else [*unit, Piece(text=mark)]


def _joined(units: Sequence[Unit], mark: str) -> list[Piece]:
    last = len(units) - 1
    return [piece for i, unit in enumerate(units) for piece in (unit if i == last else _ended(unit, mark))]


def _with_other(pieces: list[Piece], other: list[Piece], ctx: Context) -> list[Piece]:
    """`pieces` with one to three units of `other` put in at one place, or at several."""
    by_sentence = chance(ctx.rng, _BY_SENTENCE)
    end, mark = (_SENTENCE, " ") if by_sentence else (_LINE, "\n")
    units, foreign = _units(pieces, end), _units(other, end)
    start = ctx.rng.randrange(len(foreign))
    taken = foreign[start : start + ctx.rng.randint(1, 3)]
    if chance(ctx.rng, 0.3):
        for unit in taken:
            units.insert(ctx.rng.randint(0, len(units)), unit)
    else:
        at = ctx.rng.randint(0, len(units))
        units[at:at] = taken
    return _joined(units, mark)


def _cut(pieces: list[Piece], ctx: Context) -> list[Piece]:
    """A run of lines out of the document, as a copied passage begins and ends anywhere."""
    units = _units(pieces, _LINE)
    if len(units) < 4:
        return pieces
    start = ctx.rng.randint(0, len(units) - 2)
    return _joined(units[start : start + ctx.rng.randint(2, len(units))], "\n")


def _fitting(template: Template, templates: Sequence[Template], ctx: Context) -> list[Template]:
    def fits(other: Template) -> bool:
        return not rigid(other.style) and other.lower_case == template.lower_case and other is not template

    same = chance(ctx.rng, _SAME_STYLE)
    found = [t for t in templates if (t.style == template.style or not same) and fits(t)]
    return found or [t for t in templates if fits(t)]


def spliced(
    pieces: list[Piece], template: Template, templates: Sequence[Template], ctx: Context
) -> list[Piece]:
    """`pieces` with some lines or sentences of another template among its own, in a quarter of the documents."""
    if rigid(template.style) or not (template.identifying or chance(ctx.rng, 0.25)):
        return pieces
    if chance(ctx.rng, _SPLICED):
        fitting = _fitting(template, templates, ctx)
        if fitting:
            pieces = _with_other(pieces, fill(pick(ctx.rng, fitting), ctx), ctx)
    return _cut(pieces, ctx) if chance(ctx.rng, _CUT) else pieces
