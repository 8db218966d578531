"""English words to their stems, by Porter's algorithm, and texts to words.

M. F. Porter, "An algorithm for suffix stripping", Program 14(3), 1980. The same algorithm stems the
words of the search index, so that what the index finds is also recognised here.
"""

import itertools
import re
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+")
_POSSESSIVE = re.compile(r"['’]s\b")
_VOWELS = "aeiou"
_STEP_2 = (
    ("ational", "ate"),
    ("tional", "tion"),
    ("enci", "ence"),
    ("anci", "ance"),
    ("izer", "ize"),
    ("abli", "able"),
    ("alli", "al"),
    ("entli", "ent"),
    ("eli", "e"),
    ("ousli", "ous"),
    ("ization", "ize"),
    ("ation", "ate"),
    ("ator", "ate"),
    ("alism", "al"),
    ("iveness", "ive"),
    ("fulness", "ful"),
    ("ousness", "ous"),
    ("aliti", "al"),
    ("iviti", "ive"),
    ("biliti", "ble"),
)
_STEP_3 = (
    ("icate", "ic"),
    ("ative", ""),
    ("alize", "al"),
    ("iciti", "ic"),
    ("ical", "ic"),
    ("ful", ""),
    ("ness", ""),
)
_STEP_4 = re.compile(r"(?:al|ance|ence|er|ic|able|ible|ant|ement|ment|ent|ion|ou|ism|ate|iti|ous|ive|ize)$")


def words(text: str) -> list[str]:
    """The words of `text` in lower case, possessive endings dropped: letters and digits, nothing else."""
    return _WORD.findall(_POSSESSIVE.sub("", text).lower())


def stems(text: str) -> tuple[str, ...]:
    """The stems of the words of `text`, in order."""
    return tuple(stem(word) for word in words(text))


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """The stem of one lower-case word. Words of one or two letters and words with digits stay as they are."""
    if len(word) <= 2 or not word.isascii() or not word.isalpha():
        return word
    word = _step_1(word)
    word = _mapped(word, _STEP_2)
    word = _mapped(word, _STEP_3)
    word = _step_4(word)
    return _step_5(word)


def _consonant(word: str, at: int) -> bool:
    if word[at] in _VOWELS:
        return False
    return word[at] != "y" or at == 0 or not _consonant(word, at - 1)


def _measure(stem_: str) -> int:
    """How many times a vowel run is followed by a consonant run."""
    kinds = [_consonant(stem_, at) for at in range(len(stem_))]
    return sum(1 for one, next_ in itertools.pairwise(kinds) if not one and next_)


def _has_vowel(stem_: str) -> bool:
    return any(not _consonant(stem_, at) for at in range(len(stem_)))


def _doubled(word: str) -> bool:
    return len(word) > 1 and word[-1] == word[-2] and _consonant(word, len(word) - 1)


def _short_end(word: str) -> bool:
    at = len(word) - 1
    return (
        at >= 2
        and _consonant(word, at)
        and not _consonant(word, at - 1)
        and _consonant(word, at - 2)
        and word[at] not in "wxy"
    )


def _step_1(word: str) -> str:
    if word.endswith(("sses", "ies")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    if word.endswith("eed"):
        word = word[:-1] if _measure(word[:-3]) > 0 else word
    else:
        for ending in ("ed", "ing"):
            if word.endswith(ending) and _has_vowel(word[: -len(ending)]):
                word = _repaired(word[: -len(ending)])
                break
    if word.endswith("y") and _has_vowel(word[:-1]):
        word = word[:-1] + "i"
    return word


def _repaired(word: str) -> str:
    if word.endswith(("at", "bl", "iz")):
        return word + "e"
    if _doubled(word) and word[-1] not in "lsz":
        return word[:-1]
    return word + "e" if _measure(word) == 1 and _short_end(word) else word


def _mapped(word: str, table: tuple[tuple[str, str], ...]) -> str:
    # The longest ending decides, whether or not it may then be taken off.
    fitting = [(old, new) for old, new in table if word.endswith(old)]
    if fitting:
        old, new = max(fitting, key=lambda pair: len(pair[0]))
        if _measure(word[: -len(old)]) > 0:
            return word[: -len(old)] + new
    return word


def _step_4(word: str) -> str:
    # The search begins at the left, and so finds the longest ending first.
    if found := _STEP_4.search(word):
        ending, rest = found.group(), word[: found.start()]
        if _measure(rest) > 1 and (ending != "ion" or rest.endswith(("s", "t"))):
            return rest
    return word


def _step_5(word: str) -> str:
    if word.endswith("e"):
        rest = word[:-1]
        if _measure(rest) > 1 or (_measure(rest) == 1 and not _short_end(rest)):
            word = rest
    if _measure(word) > 1 and _doubled(word) and word.endswith("l"):
        word = word[:-1]
    return word
