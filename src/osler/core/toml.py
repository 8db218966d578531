"""TOML that somebody else wrote, read within bounds: `tomllib` takes time in the square of a dotted key's length, and
breaks off in its own recursion where lists are nested deeply."""

import re
import tomllib
from typing import Any

DEEPEST = 100
"""Parts of one dotted key; far more than any file needs."""
_PART = r"(?:[\w-]++|\"[^\"\n]*+\"|'[^'\n]*+')"
_DOTTED = re.compile(rf"(?<![\w-]){_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{{DEEPEST}}}")


class TomlFault(ValueError):
    """It is not TOML, or more than is read. The message says where and what, and holds no value."""


def loads(text: str) -> dict[str, Any]:
    """The table in `text`. Raises TomlFault."""
    found = _DOTTED.search(text)
    if found is not None:
        line = text.count("\n", 0, found.start()) + 1
        raise TomlFault(f"line {line}: a dotted key has more than {DEEPEST} parts")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TomlFault(_reason(str(error))) from None
    except RecursionError:
        raise TomlFault("it is nested too deeply") from None
    except ValueError:  # more digits than Python makes a number of
        raise TomlFault("it holds a number that is too long") from None


def _reason(message: str) -> str:
    """tomllib's words, which quote names and single characters only, with the place in front."""
    what, _, place = message.partition(" (at ")
    return f"{place.rstrip(')')}: {what[:1].lower()}{what[1:]}" if place else what
