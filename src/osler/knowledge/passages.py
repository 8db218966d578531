"""Texts cut into passages (what is searched as one) and sentences (what is cited).

All offsets are code points of the text as given; a passage or sentence is always an exact slice.
"""

import re
from collections.abc import Iterator

from osler.core.ports.reader import Passage
from osler.lexicon import sentences

LONGEST = 700
"""Code points in a passage; a single sentence may be longer only when no white space divides it."""

_BLOCK_END = re.compile(r"\n[ \t]*(?=\n|[-*+•] |\d{1,2}[.)] |\|)")
_LEAD = re.compile(r"\s*(?:(?:[-*+•]|\d{1,2}[.)]|>+|#{1,6})[ \t]+)*")
_NOTE_HEADING = re.compile(
    r"(?m)^(?:#{1,6}[ \t]+(?P<hash>\S.{0,78}?)[ \t#]*|(?P<caps>[A-Z][A-Z0-9 /&,'()-]{2,58}):?"
    r"|(?P<title>[A-Z][A-Za-z]+(?: [A-Za-z/&]+){0,5}):)[ \t]*$"
)


def sentence_spans(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Start and end of each sentence of `text[start:end]`, list marks and surrounding space left out.

    Blank lines, list items and table rows end a sentence; a sentence longer than LONGEST is cut at
    white space.
    """
    for block_start, block_end in _blocks(text, start, end):
        for first, last in sentences.split(text[block_start:block_end]):
            at, to = _trimmed(text, block_start + first, block_start + last)
            while to - at > LONGEST:
                cut = text.rfind(" ", at + 1, at + LONGEST)
                cut = cut if cut > at else at + LONGEST
                yield _trimmed(text, at, cut)
                at, to = _trimmed(text, cut, to)
            if to > at:
                yield at, to


def cut(text: str, start: int, end: int, section: str = "") -> Iterator[Passage]:
    """Passages of `text[start:end]`: paragraphs, short ones together, long ones divided between sentences."""
    first = last = None
    for at, to in _pieces(text, start, end):
        if first is not None and last is not None and to - first > LONGEST:
            yield Passage(start=first, end=last, section=section)
            first = None
        first = at if first is None else first
        last = to
    if first is not None and last is not None:
        yield Passage(start=first, end=last, section=section)


def note_passages(text: str) -> tuple[Passage, ...]:
    """Passages of a clinical note, divided at its headings (`PLAN:`, `Assessment:`, `# Plan`).

    A heading stays in its passage: in a note written in capitals, a line that looks like one is text.
    """
    found: list[Passage] = []
    at, section = 0, ""
    for heading in _NOTE_HEADING.finditer(text):
        found.extend(cut(text, at, heading.start(), section))
        at, section = heading.start(), (heading["hash"] or heading["caps"] or heading["title"]).strip()
    found.extend(cut(text, at, len(text), section))
    return tuple(found)


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Blocks, and the sentences of those blocks that are too long for one passage."""
    for block in _blocks(text, start, end):
        at, to = _trimmed(text, *block, marks=False)
        if to - at > LONGEST:
            yield from sentence_spans(text, at, to)
        elif to > at:
            yield at, to


def _blocks(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    at = start
    for gap in _BLOCK_END.finditer(text, start, end):
        if gap.start() > at:
            yield at, gap.start()
        at = gap.end()
    if end > at:
        yield at, end


def _trimmed(text: str, start: int, end: int, *, marks: bool = True) -> tuple[int, int]:
    while end > start and text[end - 1].isspace():
        end -= 1
    if marks and (lead := _LEAD.match(text, start, end)):
        start = lead.end()
    while start < end and text[start].isspace():
        start += 1
    return start, end
