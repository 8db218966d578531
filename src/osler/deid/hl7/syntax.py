"""HL7 v2 encoding: delimiters as the header declares them, segments, escapes.

`decoded` and `encoded` are each other's inverse: what a field's text means as a list of tokens, and back.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from osler.core.errors import InputError

HEADERS = ("MSH", "BHS", "FHS")

_TERMINATOR = re.compile(r"\r\n|\r|\n")
_FORMATTING = re.compile(r"H|N|\.(?:br|fi|nf|ce|(?:sp|sk)[+-]?\d*|(?:in|ti)[+-]?\d+)")
_HEX = re.compile(r"X(?:[0-9A-Fa-f]{2})+")
_UNREADABLE = re.compile(r"[CMZ][0-9A-Za-z]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delimiters:
    """The encoding characters of a message; `escape` may be missing ("")."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"

    @property
    def all(self) -> str:
        """Every one of them."""
        return self.field + self.component + self.repetition + self.escape + self.subcomponent


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One line: its name, its fields by their numbers in the standard, and how the line ended.

    For headers field 1 is the separator and field 2 the encoding characters.
    """

    name: str
    fields: tuple[str, ...] = field(repr=False)
    end: str
    delimiters: Delimiters

    def get(self, number: int) -> str:
        """The field of that number, "" when it is not there."""
        return self.fields[number - 1] if 0 < number <= len(self.fields) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """An escape that formats (`.br`, `H`), kept as it is."""

    code: str

    @property
    def breaks(self) -> bool:
        """Whether a reader sees a gap there."""
        return self.code.startswith(".")


Token = str | Raw


def segments(text: str) -> Iterator[Segment]:
    """The segments of a message, batch or file; lines that are none are named "?" and hold one field.

    Raises InputError when there is no header, or one without delimiters.
    """
    text = text.lstrip("\ufeff\x0b\r\n\t ")
    if not text.startswith(HEADERS):
        raise InputError(
            "The text is no HL7 v2 message: it does not begin with MSH, BHS or FHS.",
            remedy="Give one message, or a batch of them.",
        )
    delimiters = Delimiters()
    at, number = 0, 0
    while at < len(text):
        match = _TERMINATOR.search(text, at)
        line, end = (text[at : match.start()], match.group()) if match else (text[at:], "")
        at = match.end() if match else len(text)
        number += 1
        line = line.strip("\x0b\x1c")
        if not line or line.isspace():
            continue
        if line.startswith(HEADERS):
            delimiters = declared(line, number)
            rest = line[4:].split(delimiters.field)
            yield Segment(name=line[:3], fields=(delimiters.field, *rest), end=end, delimiters=delimiters)
            continue
        name, *fields = line.split(delimiters.field)
        known = re.fullmatch(r"[A-Z][A-Z0-9]{2}", name) is not None
        yield Segment(
            name=name if known else "?",
            fields=tuple(fields) if known else (line,),
            end=end,
            delimiters=delimiters,
        )


def declared(header: str, number: int = 1) -> Delimiters:
    """The delimiters that a header segment declares; InputError when they cannot be told apart."""
    separator = header[3:4]
    characters = header[4:].split(separator)[0] if separator else ""
    chosen = [separator, *characters[:4]]
    if not separator or len(characters) < 1 or len(set(chosen)) < len(chosen) or any(map(_unfit, chosen)):
        raise InputError(
            f"Line {number}: the header declares no usable delimiters.",
            remedy="A header begins with MSH (BHS, FHS), the separator and the encoding characters, as in MSH|^~\\&.",
        )
    chosen += [""] * (5 - len(chosen))
    return Delimiters(
        field=chosen[0], component=chosen[1], repetition=chosen[2], escape=chosen[3], subcomponent=chosen[4]
    )


def _unfit(character: str) -> bool:
    return character.isalnum() or character.isspace()


# -- escapes


def decoded(text: str, delimiters: Delimiters) -> list[Token]:
    """What `text` says: literal strings (never two in a row) and formatting escapes.

    Escapes of other character sets and of a vendor (`\\C..\\`, `\\M..\\`, `\\Z..\\`) are left out; an escape
    character that begins no escape stands for itself.
    """
    mark = delimiters.escape
    if not mark or mark not in text:
        return [text] if text else []
    meanings = _meanings(delimiters)
    out: list[Token] = []
    literal: list[str] = []
    at = 0
    while at < len(text):
        start = text.find(mark, at)
        if start < 0:
            literal.append(text[at:])
            break
        literal.append(text[at:start])
        end = text.find(mark, start + 1)
        code = text[start + 1 : end] if end > start else ""
        at = end + 1
        if code and code in meanings:
            literal.append(meanings[code])
        elif code and _HEX.fullmatch(code):
            literal.append(_bytes(code[1:]))
        elif code and _FORMATTING.fullmatch(code):
            if any(literal):
                out.append("".join(literal))
            literal = []
            out.append(Raw(code=code))
        elif not code or not _UNREADABLE.fullmatch(code):
            literal.append(mark)
            at = start + 1
    if any(literal):
        out.append("".join(literal))
    return out


def encoded(tokens: Iterable[Token], delimiters: Delimiters) -> str:
    """`tokens` as text of a field; without an escape character, delimiters in it become blanks."""
    mark, table = delimiters.escape, _escapes(delimiters)
    return "".join(
        token.translate(table) if isinstance(token, str) else f"{mark}{token.code}{mark}" for token in tokens
    )


@lru_cache(maxsize=64)
def _escapes(delimiters: Delimiters) -> dict[int, str]:
    """How each character that cannot stand for itself is written; never changed, since it is shared."""
    mark = delimiters.escape
    table = {ord(c): f"{mark}{code}{mark}" if mark else " " for code, c in _meanings(delimiters).items()}
    for c in (*range(0x09), *range(0x0A, 0x20)):
        table[c] = f"{mark}X{c:02X}{mark}" if mark else " "
    return table


def _meanings(delimiters: Delimiters) -> dict[str, str]:
    named = {
        "F": delimiters.field,
        "S": delimiters.component,
        "R": delimiters.repetition,
        "E": delimiters.escape,
        "T": delimiters.subcomponent,
    }
    return {code: c for code, c in named.items() if c}


def _bytes(digits: str) -> str:
    raw = bytes.fromhex(digits)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
