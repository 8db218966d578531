"""File names to document ids."""

import re
import unicodedata

_LONGEST = 96


def stem(name: str) -> str:
    """The last part of a path without its ending."""
    last = re.split(r"[/\\]", name)[-1]
    return last.rsplit(".", 1)[0] if "." in last.lstrip(".") else last


def slug(text: str) -> str:
    """`text` in lower-case ASCII words joined by hyphens; "" when nothing of it is left."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:_LONGEST].rstrip("-")
