"""Fills the slots of a template: the makers of all kinds in one table, and how a slot becomes pieces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from generator import (
    kinds_clinical,
    kinds_contact,
    kinds_dates,
    kinds_ids,
    kinds_institutions,
    kinds_other_ids,
    kinds_places,
)
from generator.context import Context, Maker
from generator.document import Piece, TemplateError
from generator.literals import varied
from generator.people import END, FORMS, IDENTIFIER
from generator.templates import Slot, Template

MAKERS: Mapping[str, Maker] = {
    **kinds_dates.KINDS,
    **kinds_contact.KINDS,
    **kinds_ids.KINDS,
    **kinds_other_ids.KINDS,
    **kinds_places.KINDS,
    **kinds_institutions.KINDS,
    **kinds_clinical.KINDS,
}


def _unknown(slot: Slot) -> TemplateError:
    kind = (
        f"{slot.label}:{slot.person + '.' if slot.person else ''}{slot.kind}"
        if slot.label
        else f"-{slot.kind}"
    )
    argument = f":{slot.argument}" if slot.argument else ""
    return TemplateError(
        f"unknown kind {kind}{argument}", remedy="`python -m generator --kinds` lists the kinds."
    )


def value_of(ctx: Context, slot: Slot) -> str:
    """The text of one slot, marks included. Raises TemplateError for a kind that nobody makes."""
    if slot.value is not None:
        return varied(ctx, slot.label or "", slot.value)
    if slot.person and slot.label == "NAME":
        form = FORMS.get(slot.kind)
        if form is None:
            raise _unknown(slot)
        return form(ctx.people[slot.person])
    key = f"{slot.label}:{slot.kind}" if slot.label else f"-{slot.kind}"
    with_argument = kinds_clinical.WITH_ARGUMENT.get(key)
    if with_argument is not None:
        try:
            return with_argument(ctx, slot.argument)
        except (ValueError, KeyError) as error:
            raise _unknown(slot) from error
    maker = MAKERS.get(key)
    if maker is None or slot.person:
        raise _unknown(slot)
    return maker(ctx)


def _cut(text: str, label: str, kind: str) -> Iterator[Piece]:
    """The pieces of a value whose identifiers are marked."""
    for i, chunk in enumerate(text.split(IDENTIFIER)):
        if i == 0:
            if chunk:
                yield Piece(text=chunk, kind=kind)
            continue
        inner, _, after = chunk.partition(END)
        yield Piece(text=inner, label=label, kind=kind)
        if after:
            yield Piece(text=after, kind=kind)


def pieces_of(ctx: Context, slot: Slot) -> list[Piece]:
    """The pieces of one slot. Raises TemplateError for a kind that nobody makes."""
    text = value_of(ctx, slot)
    kind = f"{slot.label or '-'}:{slot.person + '.' if slot.person else ''}{slot.kind}"
    if slot.label and IDENTIFIER in text:
        return list(_cut(text, slot.label, kind))
    return [Piece(text=text, label=slot.label, kind=kind)]


def fill(template: Template, ctx: Context) -> list[Piece]:
    """The pieces of one template, its people and its place taken from `ctx`.

    Raises TemplateError, naming file, template and kind, for a slot that cannot be filled.
    """
    pieces: list[Piece] = []
    for part in template.parts:
        if isinstance(part, str):
            pieces.append(Piece(text=part, literal=True))
            continue
        try:
            pieces.extend(pieces_of(ctx, part))
        except TemplateError as error:
            raise TemplateError(f"{template.place}: {error.message}", remedy=error.remedy) from error
    return pieces
