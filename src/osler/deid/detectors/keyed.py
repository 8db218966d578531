"""Values that stand behind a field label (`MRN: 0012345`, `serial no. AB-77`), for the detectors of numbers.

The label stays outside the span. All repetition is bounded, so the time is linear in the text.
"""

import re
from collections.abc import Iterator

from osler.core.spans import Label, Span
from osler.deid.tokens import fold

SEPARATOR = (
    r"(?:[\"'*\]\s]{0,3}(?:\b(?:numbers?|num|nos?|nbr|nr|ids?|identifiers?|codes?)\b\.?|\#)){0,2}"
    r"[\"'*\]\s]{0,3}(?:\([^()\n]{1,24}\)\s{0,2})?"
    r"(?:[:=#|>–\-]{1,2}|\bis\b|\bare\b|\bwas\b|\breads\b|\bof\b|\^)?[\s:]{0,3}[\"'*#\[]{0,2}\s{0,2}"
)
"""What may stand between a label and its value, in folded text."""

VALUE = (
    r"(?:\d{1,4}(?: \d{2,4}){1,5}(?![\w/])|[a-z]{1,3}\d{2,5}(?: \d{3,6}){1,3}(?![\w/])"
    r"|[a-z0-9]{1,40}(?:[-./_:][a-z0-9]{1,40}){0,7})"
)
"""An identifier of letters, digits and inner punctuation, or groups of digits, in folded text."""


class Keyed:
    """Finds values behind any of some labels.

    `keys` are regular expressions over folded text, each starting with a letter or digit. A value needs
    `digits` digits, or the half of that when a mark (`:`, `#`, "number") stands before it.
    """

    def __init__(self, name: str, label: Label, *keys: str, value: str = VALUE, digits: int = 4) -> None:
        self._name = name
        self._label = label
        self._digits = digits
        joined = "|".join(keys)
        self._pattern = re.compile(rf"(?<![a-z0-9])({joined})(?![a-z])({SEPARATOR})({value})(?![a-z0-9])")

    def find(self, text: str, *, folded: str | None = None, score: float = 0.95) -> Iterator[Span]:
        """Spans of the values, without their labels."""
        low = fold(text) if folded is None else folded
        at = 0
        while match := self._pattern.search(low, at):
            at = match.end(1)
            start, end = match.span(3)
            digits = sum(map(str.isdigit, match.group(3)))
            marked = any(c in match.group(2) for c in ":#=|") or "n" in match.group(2)
            if digits < (self._digits + 1) // 2 or (digits < self._digits and not marked):
                continue
            if end - start < 3:
                continue
            at = end
            yield Span(start=start, end=end, label=self._label, score=score, detector=self._name)


def near(folded: str, start: int, words: re.Pattern[str], reach: int = 28) -> bool:
    """Whether `words` occurs within `reach` characters before `start`."""
    return words.search(folded, max(0, start - reach), start) is not None
