"""HTML and XHTML to plain text: paragraphs and list items on lines of their own, table cells apart.

A scan that is linear in the text and cannot fail: broken markup gives what can be read of it.
"""

import html
import re

_TAG = re.compile(r"<(?:(?P<end>/)?(?P<name>[A-Za-z][A-Za-z0-9:]*)[^<>]*|[!?/][^<>]*)>")
_BLOCK = re.compile(
    r"address|article|aside|blockquote|body|br|caption|center|dd|div|dl|dt|fieldset|figure|footer|form|h[1-6]|header"
    r"|hr|main|nav|ol|p|pre|section|table|tbody|thead|tr|ul"
)
_SPACED = re.compile(r"p|h[1-6]|table|ul|ol|section|article")
_HIDDEN = frozenset(("script", "style", "head", "template"))
_BLANK_LINES = re.compile(r"\n{3,}")
_SPACES = re.compile(r"[ \t\u00a0]+")


def strip(markup: str) -> str:
    """The text of `markup`; "" when it has none."""
    parts = "".join(_parts(_without_comments(markup)))
    text = _SPACES.sub(" ", html.unescape(parts).replace("\x00", " "))
    lines = "\n".join(line.strip().removeprefix("| ") for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n", lines).strip()


def _without_comments(markup: str) -> str:
    pieces, at = [], 0
    while (start := markup.find("<!--", at)) >= 0:
        pieces.append(markup[at:start])
        end = markup.find("-->", start + 4)
        if end < 0:  # never closed: what follows is not text
            return "".join(pieces)
        at = end + 3
    pieces.append(markup[at:])
    return "".join(pieces)


def _parts(markup: str) -> list[str]:
    """Texts between tags, and for each tag the space or line break that it stands for."""
    parts: list[str] = []
    at, hidden = 0, ""
    for tag in _TAG.finditer(markup):
        name = (tag["name"] or "").lower()
        if not hidden:
            parts.append(markup[at : tag.start()].replace("\n", " "))
        at = tag.end()
        if hidden:
            hidden = "" if tag["end"] and name == hidden else hidden
        elif name in _HIDDEN and not tag["end"] and not tag.group().endswith("/>"):
            hidden = name
        else:
            parts.append(_stands_for(name, ends=bool(tag["end"])))
    if not hidden:
        parts.append(markup[at:].replace("\n", " "))
    return parts


def _stands_for(name: str, *, ends: bool) -> str:
    if name == "li":
        return "" if ends else "\n- "
    if name in ("td", "th"):
        return "" if ends else " | "
    if _SPACED.fullmatch(name):
        return "\n\n"
    return "\n" if _BLOCK.fullmatch(name) else ""
