"""Where in an `osler.toml` a key stands. TOML parsers do not tell, so the text is looked through.

A good guess, for error messages: the line of the key itself, else of the nearest table around it.
"""

import re
from dataclasses import dataclass, field

_HEADER = re.compile(r"\s*\[\[?[^\[\]=]+\]\]?\s*(#.*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A file that a configuration was read from: its name as the user gave it, and its text."""

    name: str
    text: str = field(default="", repr=False)

    def place(self, keys: tuple[str, ...]) -> str:
        """`osler.toml, line 7: server.port`. Entries of lists are given by their position, as text."""
        path = ".".join(_legible(key) for key in keys) or "the file as a whole"
        line = line_of(self.text, keys)
        return f"{self.name}, line {line}: {path}" if line else f"{self.name}: {path}"


def line_of(text: str, keys: tuple[str, ...]) -> int | None:
    """The line, from 1, that most likely holds the key; None when nothing like it is there."""
    lines = text.splitlines()
    for depth in range(len(keys), 0, -1):
        header = _header(lines, keys[:depth])
        if header is None:
            continue
        end = next((i for i in range(header + 1, len(lines)) if _HEADER.fullmatch(lines[i])), len(lines))
        found = _deepest(lines[header:end], keys[depth:])
        return header + 1 + (found or 0)
    found = _deepest(lines, keys)
    if found is None and keys:
        found = _header(lines, keys[:1], inner=True)
    return None if found is None else found + 1


def is_position(key: str) -> bool:
    """Whether a key is an entry's position in a list. Digits of other scripts are no number, and ten are no place."""
    return key.isascii() and key.isdigit() and len(key) < 10


def _header(lines: list[str], keys: tuple[str, ...], *, inner: bool = False) -> int | None:
    """The header of the table at `keys`, or of one within it; of a list of tables, the one at its position."""
    dotted = r"\s*\.\s*".join(rf"[\"']?{re.escape(key)}[\"']?" for key in keys if not is_position(key))
    header = re.compile(rf"\s*\[\[?\s*{dotted}\s*{'[.]' if inner else ']'}")
    found = [number for number, line in enumerate(lines) if header.match(line)]
    position = next((int(key) for key in keys if is_position(key)), 0)
    return found[min(position, len(found) - 1)] if found else None


def _deepest(lines: list[str], keys: tuple[str, ...]) -> int | None:
    """The line of the last of `keys` that can be found, from 0."""
    for name in reversed([key for key in keys if not is_position(key)]):
        wanted = re.compile(rf"(^|[\s{{,.])[\"']?{re.escape(name)}[\"']?\s*(=|\.)")
        for number, line in enumerate(lines):
            if not line.lstrip().startswith("#") and wanted.search(line):
                return number
    return None


def _legible(key: str) -> str:
    """A key as an error shows it. One with blanks is no name of anything here and may be a text: it is not repeated."""
    if any(c.isspace() for c in key):
        return "a key with blanks"
    return "".join(c if c.isprintable() else "?" for c in key)
