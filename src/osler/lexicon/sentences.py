"""Splits clinical text into sentences.

`split()` takes any text and returns the spans of its sentences, as offsets in code points: trimmed, in
order, none overlapping, and together holding everything that is not blank. Lines are kept apart (lists,
headings, notes typed line by line) unless one plainly runs on into the next. It works in time linear in the
text and never fails; it does not parse grammar, so a full stop after an abbreviation that
data/sentences.toml does not list may be taken for an end.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

Span = tuple[int, int]

_LINE = re.compile(r"[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
_HEADING = re.compile(r"#{1,6}\s")
_NEW_ITEM = re.compile(r"#{1,6}\s|[-*+•·▪◦‣>|]|\(?\d{1,3}[.)]\s|\(?[a-zA-Z][.)]\s")
_DOSE_LINE = re.compile(r"\S{2,40}(?: \S{1,40})?\s{1,3}\d[\d.,]{0,9}\s?(?:mg|mcg|µg|g|ml|mL|units?|IU)\b")
# A line shorter than this ends where its writer ended it; a longer one may have been wrapped.
_WRAPPED = 60

# Each run of marks is entered at its first mark only, and never given back: this keeps the search linear.
_END = re.compile(
    r"(?<![.!?…])(?P<marks>[.!?…]++)[\"'”’»)\]]*+(?:\s?\[\d[\d,–\- ]{0,20}\]){0,8}(?=\s|$)"
    r"|(?<=[a-z]{3})[.!?](?=[A-Z][a-z])"
)
_NEXT = re.compile(r"\s*+(\S{1,24})")
_LAST_WORD = re.compile(r"[^\s(\[\"'“‘]+$")
_DOTTED = re.compile(r"[^\W\d_]{1,2}\.(?:\w{1,2}\.){0,4}\w{1,2}")
_LIST_MARKER = re.compile(r"\(?(?:\d{1,3}|[A-Za-z]|[ivxIVX]{1,5})")
_NUMBER = re.compile(r"[<>≤≥~]?[\d.,:/–-]*\d[%°]?")
_LOOK_BACK = 48


@dataclass(frozen=True, kw_only=True, slots=True)
class _Words:
    never_final: frozenset[str]
    never_last: frozenset[str]
    before_number: frozenset[str]
    seldom_final: frozenset[str]
    carry_on: frozenset[str]
    lettered: frozenset[str]
    units: frozenset[str]


def split(text: str) -> tuple[Span, ...]:
    """The sentences of `text`, as (start, end) in code points."""
    return tuple(
        trimmed
        for start, end in _blocks(text)
        for span in _sentences(text, start, end)
        if (trimmed := _trim(text, *span)) is not None
    )


def _blocks(text: str) -> Iterator[Span]:
    """Lines, and runs of lines where one runs on into the next."""
    start, previous = 0, None
    for found in _LINE.finditer(text):
        line = _trim(text, *found.span())
        if line is None:
            continue
        if previous is None:
            start = line[0]
        elif not _runs_on(text, previous, line):
            yield start, previous[1]
            start = line[0]
        previous = line
    if previous is not None:
        yield start, previous[1]


def _runs_on(text: str, previous: Span, line: Span) -> bool:
    if previous[1] - previous[0] < _WRAPPED or text.count("\n", previous[1], line[0]) > 1:
        return False
    if _HEADING.match(text, *previous) or _NEW_ITEM.match(text, *line):
        return False
    if _word_before(text, previous[0], previous[1]).lower() in _words().never_last:
        return True
    if _DOSE_LINE.match(text, *line):
        return False
    last = text[previous[1] - 1]
    if last == ".":
        return _word_before(text, previous[0], previous[1] - 1) in _words().never_final
    return last == "," or (last not in "!?…:;|" and text[line[0]].islower())


def _sentences(text: str, start: int, end: int) -> Iterator[Span]:
    if not _HEADING.match(text, start, end):
        for found in _END.finditer(text, start, end):
            if found.start() >= start and _ends(text, start, found, end):
                yield start, found.end()
                start = found.end()
    yield start, end


def _ends(text: str, start: int, found: re.Match[str], end: int) -> bool:
    """Whether the marks that were found end the sentence that began at `start`."""
    upcoming = _NEXT.match(text, found.end(), end)
    if upcoming is None:
        return True
    follower = upcoming.group(1)
    marks = found.group("marks") or found.group()
    if "?" in marks or "!" in marks:
        # "? pneumonia" is a query about what follows, not the end of what precedes.
        return found.start() > start and not text[found.start() - 1].isspace()
    if marks != ".":
        return not follower[0].islower()
    return _full_stop_ends(text, start, found.start(), follower)


def _full_stop_ends(text: str, start: int, stop: int, follower: str) -> bool:
    table = _words()
    word = _word_before(text, start, stop)
    lower = word.lower()
    if word in table.never_final or _is_list_marker(text, start, stop, word):
        return False
    if lower in table.before_number and follower[0].isdigit():
        return False
    if len(word) == 1 and word.isalpha():
        return _letter_ends(text, start, stop, follower)
    if lower in table.seldom_final or _DOTTED.fullmatch(word):
        carried_on = follower.rstrip(".,;:)").upper() in table.carry_on
        return not (carried_on or follower[0].islower() or follower[0].isdigit())
    if _NUMBER.fullmatch(word):
        return follower.lower().rstrip(".,;:)") not in table.units
    return True


def _letter_ends(text: str, start: int, stop: int, follower: str) -> bool:
    """Whether a full stop after a single letter ends a sentence: not in "John F. Smith" or "E. coli"."""
    if follower[0].islower() or not text[stop - 1].isupper():
        return not follower[0].islower()
    found = _LAST_WORD.search(text[max(start, stop - _LOOK_BACK) : stop - 1].rstrip())
    before = found.group().rstrip(".") if found else ""
    if before.lower() in _words().lettered:
        return True
    return not (before[:1].isupper() and before.replace(".", "").isalpha())


def _is_list_marker(text: str, start: int, stop: int, word: str) -> bool:
    ahead = text[max(start, stop - _LOOK_BACK) : stop - len(word)].rstrip().rstrip("(")
    if not ahead.strip():
        return _LIST_MARKER.fullmatch(word) is not None
    return word == "1" and ahead.endswith(":")


def _word_before(text: str, start: int, stop: int) -> str:
    """The word that ends at `stop`, without opening brackets and quotes; looks back a bounded way."""
    found = _LAST_WORD.search(text[max(start, stop - _LOOK_BACK) : stop])
    return found.group() if found else ""


def _trim(text: str, start: int, end: int) -> Span | None:
    piece = text[start:end]
    leading = len(piece) - len(piece.lstrip())
    length = len(piece.strip())
    return (start + leading, start + leading + length) if length else None


@cache
def _words() -> _Words:
    raw = tomllib.loads((files("osler.lexicon") / "data" / "sentences.toml").read_text("utf-8"))
    return _Words(**{key: frozenset(words) for key, words in raw.items()})
