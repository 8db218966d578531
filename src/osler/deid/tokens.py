"""Words of a text with their offsets, and folding that keeps every offset where it was.

Everything here is linear in the length of the text and knows nothing of identifiers.
"""

import re
from dataclasses import dataclass, field

WORD = re.compile(r"[^\W\d_](?:[\w\u0300-\u036f]|['’\-](?=[^\W\d_]))*")
"""A word: starts with a letter; apostrophes and hyphens only inside; digits may follow (`Burton100`, `HbA1c`)."""

_DIGITS = "0123456789"


def word_set(*lines: str) -> frozenset[str]:
    """The white-space separated words of `lines`: how word lists are written down in code."""
    return frozenset(word for line in lines for word in line.split())


def fold(text: str) -> str:
    """`text` in lower case, of the same length, so that offsets into one are offsets into the other."""
    low = text.lower()
    if len(low) == len(text):
        return low
    return "".join(one if len(one := c.lower()) == 1 else c for c in text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The words of one text, in parallel lists; `words[i]` is `text[starts[i]:ends[i]]`.

    A possessive `'s` is left outside the word. `low[i]` is the word folded, without the digits that
    some record generators hang on names (`Burton100` gives `burton`).
    """

    text: str = field(repr=False)
    words: list[str] = field(repr=False)
    low: list[str] = field(repr=False)
    starts: list[int] = field(repr=False)
    ends: list[int] = field(repr=False)

    def __len__(self) -> int:
        return len(self.words)

    def gap(self, i: int) -> str:
        """What stands between word `i` and the next, at most 40 characters of it."""
        start = self.ends[i]
        stop = self.starts[i + 1] if i + 1 < len(self.starts) else len(self.text)
        return self.text[start : min(stop, start + 40)]

    def before(self, i: int) -> str:
        """What stands between word `i` and the one before it, at most its last 40 characters."""
        stop = self.starts[i]
        start = self.ends[i - 1] if i else 0
        return self.text[max(start, stop - 40) : stop]


def shouted(tokens: Words) -> bool:
    """Whether most words are in capitals, so that a capital says nothing."""
    long = [w for w in tokens.words if len(w) > 3]
    return len(long) > 3 and sum(map(str.isupper, long)) > 0.6 * len(long)


def words(text: str) -> Words:
    """The words of `text`."""
    out: list[str] = []
    low: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for match in WORD.finditer(text):
        word = match.group()
        start = match.start()
        if len(word) > 2 and word[-1] in "sS" and word[-2] in "'’":
            word = word[:-2]
        folded = word.lower()
        if folded[-1] in _DIGITS:
            folded = folded.rstrip(_DIGITS)
        out.append(word)
        low.append(folded)
        starts.append(start)
        ends.append(start + len(word))
    return Words(text=text, words=out, low=low, starts=starts, ends=ends)
