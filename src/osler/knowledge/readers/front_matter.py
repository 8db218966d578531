"""The TOML front matter of a guideline topic: between two lines of `+++` at the very top."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from osler.core import toml
from osler.core.errors import InputError

FENCE = "+++"
BASES = ("opened", "recalled", "supplied")
KEYS = (
    "id",
    "title",
    "basis",
    "source",
    "source_title",
    "publisher",
    "published",
    "opened",
    "licence",
    "keywords",
)
_DATED = ("published", "opened")
_PLACE = re.compile(r"line \d+(?:, column \d+)?|end of document")
_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontMatter:
    """What is said about a topic. Dates are ISO 8601, possibly to the year or the month only."""

    id: str = ""
    title: str = ""
    basis: str = "supplied"
    source: str = ""
    source_title: str = ""
    publisher: str = ""
    published: str = ""
    opened: str = ""
    licence: str = ""
    keywords: tuple[str, ...] = ()


def divided(text: str) -> tuple[FrontMatter, str]:
    """Front matter and body of a Markdown text; defaults and the whole text where there is none.

    Raises InputError for TOML that does not parse, unknown keys, wrong types, an unknown basis, and
    a front matter that is never closed.
    """
    if text.split("\n", 1)[0].strip() != FENCE:
        return FrontMatter(), text
    lines = text.split("\n")
    end = next((n for n, line in enumerate(lines[1:], start=1) if line.strip() == FENCE), None)
    if end is None:
        raise InputError(
            "The front matter that begins in line 1 is never closed.", remedy=f"End it with a line {FENCE}."
        )
    return _read("\n".join(lines[1:end]), lines[1:end]), "\n".join(lines[end + 1 :])


def _read(text: str, lines: list[str]) -> FrontMatter:
    try:
        table = toml.loads(text)
    except toml.TomlFault as error:
        found = _PLACE.match(str(error))
        where = found.group() if found else "somewhere"
        raise InputError(
            f"The front matter is not valid TOML ({where} of it).",
            remedy='Write each key on a line of its own, texts in quotes: title = "…".',
        ) from None
    for key in table:
        if key not in KEYS:
            line = next((n for n, row in enumerate(lines, start=2) if row.strip().startswith(key)), 2)
            raise InputError(
                f"Line {line} holds a front matter key that is not known.",
                remedy=f"Known keys: {', '.join(KEYS)}.",
            )
    values = {key: _value(key, value) for key, value in table.items()}
    basis, name = values.get("basis", "supplied"), values.get("id", "")
    if basis not in BASES:
        raise InputError(
            "The front matter's basis is not known.", remedy=f"Write one of: {', '.join(BASES)}."
        )
    if name and not _SLUG.fullmatch(str(name)):
        raise InputError(
            "The front matter's id is no plain identifier.",
            remedy="Use letters, digits, hyphens, dots and underscores, at most 128.",
        )
    return FrontMatter(**values)


def _value(key: str, value: object) -> Any:
    if key == "keywords":
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(item.strip() for item in value if item.strip())
        raise InputError(
            "The front matter's keywords are no list of texts.", remedy='Write: keywords = ["…", "…"].'
        )
    if key in _DATED and isinstance(value, date):
        return value.isoformat()[:10]
    if key in _DATED and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str):
        return value.strip()
    raise InputError(f"The front matter's {key} is no text.", remedy=f'Write it in quotes: {key} = "…".')
