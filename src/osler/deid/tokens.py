"""Words of a text with their offsets, and folding that keeps every offset where it was.

Everything here is linear in the length of the text and knows nothing of identifiers.
"""

import re

WORD = re.compile(r"[^\W\d_](?:[\w\u0300-\u036f]|['’\-](?=[^\W\d_]))*")
"""A word: starts with a letter; apostrophes and hyphens only inside; digits may follow (`Burton100`, `HbA1c`)."""


def word_set(*lines: str) -> frozenset[str]:
    """The white-space separated words of `lines`: how word lists are written down in code."""
    return frozenset(word for line in lines for word in line.split())


def fold(text: str) -> str:
    """`text` in lower case, of the same length, so that offsets into one are offsets into the other."""
    low = text.lower()
    if len(low) == len(text):
        return low
    return "".join(one if len(one := c.lower()) == 1 else c for c in text)
