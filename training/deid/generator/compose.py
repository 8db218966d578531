"""Streams documents: a template at a time, filled, spliced with others, and roughened as real notes are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

from generator.augment import augmented
from generator.context import Context
from generator.document import Document, Piece, render
from generator.fill import fill
from generator.splice import spliced
from generator.templates import Template, read_templates

FOLDER = Path(__file__).resolve().parents[1] / "templates"


def _order(seed: int, epoch: int, count: int) -> list[int]:
    """The templates' order in one round: each comes once a round."""
    order = list(range(count))
    Random(f"{seed}/order/{epoch}").shuffle(order)
    return order


def _document(rng: Random, template: Template, templates: Sequence[Template], augment: bool) -> Document:
    ctx = Context(rng, template.genders)
    pieces: list[Piece] = fill(template, ctx)
    if augment:
        pieces = augmented(spliced(pieces, template, templates, ctx), template, ctx)
    text, spans = render(pieces)
    return Document(text=text, spans=spans, template=template.name, style=template.style)


def documents(seed: int, count: int, templates: Path = FOLDER, *, augment: bool = True) -> Iterator[Document]:
    """`count` documents from the templates of a folder. Each document follows from the seed and its number alone.

    Raises TemplateError where a template cannot be filled.
    """
    read = read_templates(templates)
    order: list[int] = []
    for i in range(count):
        if i % len(read) == 0:
            order = _order(seed, i // len(read), len(read))
        rng = Random(f"{seed}/{i}")
        yield _document(rng, read[order[i % len(read)]], read, augment)
