"""Slips of hands and systems: typos, lost marks, blanks and line ends, capitals, quotation marks, accents.

Every function takes the pieces of a document and gives them back with their text changed piece by piece, so that
labels stay where they are. None of them changes the text of an identifier but for its case, its blanks, its
quotation marks and accents, and, in `misspelt_names`, one letter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from random import Random

from generator.context import Context
from generator.document import Piece
from generator.random_text import chance, pick, weighted

_WORD = re.compile(r"[A-Za-z]{4,}")
_KEYS = {
    "a": "sqz",
    "b": "vn",
    "c": "xv",
    "d": "sf",
    "e": "wr",
    "f": "dg",
    "g": "fh",
    "h": "gj",
    "i": "uo",
    "j": "hk",
    "k": "jl",
    "l": "k",
    "m": "n",
    "n": "bm",
    "o": "ip",
    "p": "o",
    "q": "w",
    "r": "et",
    "s": "ad",
    "t": "ry",
    "u": "yi",
    "v": "cb",
    "w": "qe",
    "x": "zc",
    "y": "tu",
    "z": "x",
}
Pieces = list[Piece]


def _slip(rng: Random, word: str) -> str:
    """`word` with one slip of the keyboard."""
    i = rng.randrange(1, len(word) - 1)
    way = rng.random()
    if way < 0.35:
        return word[:i] + word[i + 1] + word[i] + word[i + 2 :]
    if way < 0.65:
        return word[:i] + word[i + 1 :]
    if way < 0.82:
        return word[:i] + word[i] + word[i:]
    return word[:i] + pick(rng, _KEYS.get(word[i].lower(), "e")) + word[i + 1 :]


def typos(pieces: Pieces, ctx: Context) -> Pieces:
    """Slips in words that a template's author wrote, one to six in a hundred words."""
    rate = ctx.rng.uniform(0.01, 0.06)

    def slip(match: re.Match[str]) -> str:
        return _slip(ctx.rng, match[0]) if chance(ctx.rng, rate) else match[0]

    return [p.reworded(_WORD.sub(slip, p.text)) if p.literal else p for p in pieces]


def misspelt_names(pieces: Pieces, ctx: Context) -> Pieces:
    """One slip in every third name or so; the span stays on the misspelt name."""
    found = []
    for piece in pieces:
        if piece.label == "NAME" and chance(ctx.rng, 0.3) and (words := _WORD.findall(piece.text)):
            word = pick(ctx.rng, words)
            found.append(piece.reworded(piece.text.replace(word, _slip(ctx.rng, word), 1)))
        else:
            found.append(piece)
    return found


def lost_marks(pieces: Pieces, ctx: Context) -> Pieces:
    """Commas, stops or colons left out of the author's text."""
    mark = pick(ctx.rng, (r",(?= )", r"\.(?= |\n|$)", r"[.,](?= )", r":(?= )", r"[,;](?=\s)"))
    share = ctx.rng.uniform(0.3, 1)

    def lose(match: re.Match[str]) -> str:
        return "" if chance(ctx.rng, share) else match[0]

    return [p.reworded(re.sub(mark, lose, p.text)) if p.literal else p for p in pieces]


def _in_all(pieces: Pieces, change: Callable[[str], str]) -> Pieces:
    return [piece.reworded(change(piece.text)) for piece in pieces]


def _in_literals(pieces: Pieces, change: Callable[[str], str]) -> Pieces:
    return [piece.reworded(change(piece.text)) if piece.literal else piece for piece in pieces]


def _substituted(pattern: str, new: str) -> Callable[[Random], Callable[[str], str]]:
    return lambda rng: lambda text: re.sub(pattern, new, text)


def _now_and_then(pattern: str, new: str, share: float) -> Callable[[Random], Callable[[str], str]]:
    return lambda rng: (
        lambda text: re.sub(pattern, lambda m: m.expand(new) if chance(rng, share) else m[0], text)
    )


def _line_ends(*options: str) -> Callable[[Random], Callable[[str], str]]:
    def make(rng: Random) -> Callable[[str], str]:
        new = pick(rng, options)
        return lambda text: text.replace("\n", new)

    return make


_INDENTS = tuple("\n" + " " * width for width in (1, 2, 3, 4, 6, 8))
# (weight, in identifiers too, what is done)
_SPACING: tuple[tuple[float, tuple[bool, Callable[[Random], Callable[[str], str]]]], ...] = (
    (3, (False, _substituted(r"([.?!]) (?=\S|$)", r"\1  "))),
    (3, (True, _now_and_then(r"(?<=\S) (?=\S)", "  ", 0.12))),
    (2, (False, _substituted(r": $|: (?=\S)", ":\t"))),
    (2, (False, _line_ends(" \n", "  \n", "\t\n"))),
    (2, (False, _line_ends("\n\n"))),
    (2, (False, _substituted(r"\n\n+", "\n"))),
    (2.5, (False, _line_ends(" ", " ", "  ", " | ", " / "))),
    (1.5, (False, _line_ends(*_INDENTS))),
    (1, (False, _line_ends("\n- ", "\n* ", "\n> ", "\n\t", "\\n", "<br>\n", "~\n", "\\.br\\"))),
    (0.6, (True, _substituted(" ", "\xa0"))),
    (1, (False, _now_and_then(r"([.,;]) (?=\S|$)", r"\1", 0.25))),
    (0.7, (False, _now_and_then(r"(?<=[a-z]) (?=[a-z])", "", 0.03))),
    (0.7, (False, _substituted(r" ?/ ?", " / "))),
    (0.5, (True, _substituted(r"(?<=\S) (?=\S)", "  "))),
)


def spaced(pieces: Pieces, ctx: Context) -> Pieces:
    """Blanks as typists and exports leave them: doubled, tabs, at line ends, between lines, hard blanks."""
    everywhere, make = weighted(ctx.rng, _SPACING)
    change = make(ctx.rng)
    return [p.reworded(change(p.text)) if p.literal or everywhere else p for p in pieces]


def wrapped(pieces: Pieces, ctx: Context) -> Pieces:
    """Lines broken at a width of 60 to 90, inside identifiers too."""
    width = ctx.rng.randint(60, 90)
    end = "\n" + pick(ctx.rng, ("", "", "", "  ", "    ", "\t"))
    text = "".join(piece.text for piece in pieces)
    breaks: set[int] = set()
    start = at = 0
    for i, c in enumerate(text):
        if c == "\n":
            start, at = i + 1, 0
        elif c == " ":
            if i - start > width and at:
                breaks.add(at)
                start = at + 1
            at = i
    if len(text) - start > width and at > start:
        breaks.add(at)
    found, offset = [], 0
    for piece in pieces:
        inside = (
            [b - offset for b in sorted(breaks) if offset <= b < offset + len(piece.text)] if breaks else []
        )
        offset += len(piece.text)
        new = piece.text
        for b in reversed(inside):
            new = new[:b] + end + new[b + 1 :]
        found.append(piece.reworded(new))
    return found


def windows_lines(pieces: Pieces, ctx: Context) -> Pieces:
    """Line ends of two characters."""
    return _in_all(pieces, lambda text: text.replace("\r\n", "\n").replace("\n", "\r\n"))


def _curled(text: str, before: str) -> str:
    """`text` with typographic quotation marks; `before` is the character in front of it."""
    found: list[str] = []
    for c in text:
        opening = not before or before.isspace() or before in "([{-/“‘"
        if c == '"':
            c = "“" if opening else "”"
        elif c == "'":
            c = "‘" if opening else "’"
        found.append(c)
        before = c
    return "".join(found)


def curly(pieces: Pieces, ctx: Context) -> Pieces:
    """Typographic quotation marks and dashes, as word processors put them."""
    dashes = chance(ctx.rng, 0.4)
    found: Pieces = []
    before = ""
    for piece in pieces:
        text = _curled(piece.text, before)
        if dashes and piece.literal:
            text = text.replace(" - ", " – ").replace("--", "—")
        found.append(piece.reworded(text))
        before = text[-1:] or before
    return found


def straight(pieces: Pieces, ctx: Context) -> Pieces:
    """ASCII quotation marks and dashes only."""
    table = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "ʻ": "'", "–": "-", "—": "-", "…": "..."})
    return _in_all(pieces, lambda text: text.translate(table))


def decomposed(pieces: Pieces, ctx: Context) -> Pieces:
    """Accents as combining characters."""
    return _in_all(pieces, lambda text: unicodedata.normalize("NFD", text))


def recased(pieces: Pieces, ctx: Context) -> Pieces:
    """Names, or places too, in another case than the rest."""
    labels = pick(
        ctx.rng,
        (
            ("NAME",),
            ("NAME",),
            ("NAME", "LOCATION"),
            ("LOCATION",),
            ("DATE",),
            ("OTHER_ID", "MRN", "ACCOUNT", "DEVICE", "VEHICLE"),
        ),
    )
    change = pick(ctx.rng, (str.upper, str.lower, str.lower))
    return [p.reworded(change(p.text)) if p.label in labels else p for p in pieces]
