"""E-mail addresses, written or spoken."""

import re
from collections.abc import Iterable

from osler.core.spans import Label, Span
from osler.deid.tokens import fold

_DOMAIN = re.compile(r"@(?:[\w-]{1,63}\.){1,6}[^\W\d_]{2,24}(?![\w-])")
_LOCAL = re.compile(r"[\w.+%&'*/=?^{|}~!#$-]{1,64}\Z")
_SPOKEN = re.compile(
    r"\b[a-z0-9]{2,30}(?: (?:dot|underscore|dash|hyphen) [a-z0-9]{1,30}){0,3} at [a-z0-9]{2,30}"
    r"(?: dot [a-z0-9]{2,20}){0,2} dot (?:com|org|net|edu|gov|us|uk|ca|io|co|mil|info)\b"
)


class EmailDetector:
    """EMAIL: `maria.g@example.com`, `maria dot g at example dot com`."""

    name = "emails"

    def find(self, text: str) -> Iterable[Span]:
        """Spans of whole addresses."""
        if "@" in text:
            for match in _DOMAIN.finditer(text):
                local = _LOCAL.search(text, max(0, match.start() - 64), match.start())
                if local is not None:
                    start = local.start() + _leading(local.group())
                    if start < match.start():
                        yield self._span(start, match.end())
        folded = fold(text)
        if " dot " in folded and " at " in folded:
            for match in _SPOKEN.finditer(folded):
                yield self._span(match.start(), match.end())

    def _span(self, start: int, end: int) -> Span:
        return Span(start=start, end=end, label=Label.EMAIL, score=0.99, detector=self.name)


def _leading(local: str) -> int:
    """How many characters of punctuation stand before the address itself, as in `(a@b.c` or `='a@b.c'`."""
    stripped = local.lstrip("'*/=?^{|}~!#$&-.")
    for mark in ("=", "|", "'", "/"):
        stripped = stripped.rsplit(mark, 1)[-1]
    return len(local) - len(stripped)
