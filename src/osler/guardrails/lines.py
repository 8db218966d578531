"""What a list was announced with: "Avoid:" says something about every line below it.

Follows the released text line by line and gives, for a sentence, the line that leads it in. Only one
level is followed, and no tables.
"""

import re

MAX_LEAD = 300
"""Characters of a leading line that are kept, from its end."""

_ITEM = re.compile(r"\s*(?:[-*+•·▪◦‣]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s", re.IGNORECASE)
_HEADING = re.compile(r"\s*#{1,6}\s")
_END = re.compile(r"[.!?…][\"'”’)\]*_\s]*(?:\[[\d\s,;–-]*\]\s*)*$")


class Lines:
    """Where in a text of lines and lists the next sentence stands."""

    def __init__(self) -> None:
        self._lead = ""
        self._colon = False
        self._gap = False
        self._line = ""

    def follow(self, text: str) -> None:
        """Take in text, in order and without gaps, in any pieces."""
        *lines, last = text.split("\n")
        for line in lines:
            self._end_line(self._line + line)
            self._line = ""
        self._line += last

    def lead(self, sentence: str) -> str:
        """The line that announces `sentence`, which comes next; empty when nothing does."""
        item = _ITEM.match(self._line + sentence + " ") is not None
        if item or (self._colon and not self._gap):
            return self._lead
        return ""

    def _end_line(self, line: str) -> None:
        bare = line.strip().strip("*_ ")
        if not bare:
            self._gap = True
        elif bare.endswith(":") or _HEADING.match(line):
            self._lead, self._colon, self._gap = bare[-MAX_LEAD:], bare.endswith(":"), False
        elif _ITEM.match(line):
            self._gap = False
        elif _END.search(line):
            self._lead, self._colon, self._gap = "", False, False
        elif not self._colon or self._gap:
            self._lead, self._colon, self._gap = bare[-MAX_LEAD:], False, False
