"""Roughens a document as hands and systems do: each way seldom, so that most documents keep most of their form.

The order matters: words are changed while it is known who wrote them, then case, then blanks and line ends.
"""

from __future__ import annotations

from collections.abc import Callable

from generator import blocks, headers, roughen, titles
from generator.context import Context
from generator.document import Piece
from generator.random_text import chance
from generator.splice import rigid
from generator.templates import Template

Pieces = list[Piece]
Step = tuple[float, Callable[[Pieces, Context], Pieces]]
_LOWER, _UPPER, _BLOCK, _SIGNATURE = 0.12, 0.04, 0.13, 0.1
_WORDS: tuple[Step, ...] = (
    (0.25, headers.swapped),
    (0.16, titles.retitled),
    (0.13, roughen.typos),
    (0.02, roughen.misspelt_names),
    (0.06, roughen.lost_marks),
    (0.06, headers.tightened),
)
_FORM: tuple[Step, ...] = (
    (0.05, roughen.recased),
    (0.07, roughen.curly),
    (0.03, roughen.straight),
    (0.015, roughen.decomposed),
    (0.11, roughen.spaced),
    (0.09, roughen.wrapped),
    (0.04, roughen.windows_lines),
)
# What records of fixed form bear: their marks and line ends must stay.
_FORM_RIGID: tuple[Step, ...] = ((0.03, roughen.recased), (0.1, roughen.windows_lines))


def _cased(pieces: Pieces, template: Template, ctx: Context) -> Pieces:
    way = ctx.rng.random()
    if way < _LOWER or (template.lower_case and chance(ctx.rng, 0.9)):
        return [piece.reworded(piece.text.lower()) for piece in pieces]
    if way < _LOWER + _UPPER or (template.upper_case and chance(ctx.rng, 0.8)):
        return [piece.reworded(piece.text.upper()) for piece in pieces]
    return pieces


def _framed(pieces: Pieces, ctx: Context) -> Pieces:
    """With a block of fields above and a signature beneath, now and then."""
    if chance(ctx.rng, _BLOCK):
        pieces = [*blocks.block(ctx), *pieces]
    if chance(ctx.rng, _SIGNATURE):
        pieces = [*pieces, *blocks.signature(ctx)]
    return pieces


def augmented(pieces: Pieces, template: Template, ctx: Context) -> Pieces:
    """The pieces with what a careless writer or an old system does to them."""
    steady = rigid(template.style)
    if not steady:
        if template.identifying or chance(ctx.rng, 0.25):
            pieces = _framed(pieces, ctx)
        for share, step in _WORDS:
            if chance(ctx.rng, share):
                pieces = step(pieces, ctx)
    pieces = _cased(pieces, template, ctx)
    for share, step in _FORM_RIGID if steady else _FORM:
        if chance(ctx.rng, share):
            pieces = step(pieces, ctx)
    return pieces
