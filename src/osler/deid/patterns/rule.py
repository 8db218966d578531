"""What a rule of the pattern pass is: a trigger for the one multi-pattern scan, and a function that judges a place.

Triggers are google-re2 patterns over the folded page, joined to one automaton per lane, so that their number costs
nothing. A rule's `find` is called only where the automaton stopped; it reads at most some sixty bytes around the
place with anchored `re` patterns and answers with one hit or None. All repetition is bounded, so time is linear.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import re2

from osler.core.spans import Label
from osler.deid.patterns.page import Page

Hit = tuple[int, int, Label, float, str]
"""`(start, end, label, score, detector)` of one identifier, in code points."""

Judge = Callable[[Page, int, int], Hit | None]
"""`find(page, start, run_end)`: where the trigger matched, and the end of the run of digits or letters there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One kind of expression, and where its judge is to be asked.

    `trigger` is an RE2 pattern without look-around over folded ASCII; empty where another rule has it. A place is
    known by its first run of digits or letters (a mark is a run of its own): `first` are the bytes that may start
    it, `runs` the lengths that a run of digits may have, `then` the bytes that may follow the run.
    """

    trigger: str
    find: Judge
    first: bytes
    runs: tuple[int, ...] = tuple(range(1, 41))
    then: bytes | None = None


DIGITS = b"0123456789"
LETTERS = b"abcdefghijklmnopqrstuvwxyz"

MOST_DIGITS = 40
END = 256
"""What follows the last run of a text."""


def number(trigger: str, find: Judge, runs: Iterable[int], then: bytes | None = None) -> Rule:
    """A rule for places that start with a digit."""
    return Rule(trigger=trigger, find=find, first=DIGITS, runs=tuple(runs), then=then)


def word(trigger: str, find: Judge, first: bytes = LETTERS, then: bytes | None = None) -> Rule:
    """A rule for places that start with a letter."""
    return Rule(trigger=trigger, find=find, first=first, then=then)


def mark(trigger: str, find: Judge, first: bytes) -> Rule:
    """A rule for places that start with a mark."""
    return Rule(trigger=trigger, find=find, first=first)


def compiled(pattern: str) -> re.Pattern[bytes]:
    """A pattern over a page, for anchored use at one place."""
    return re.compile(pattern.encode("latin-1"), re.DOTALL)


def word_set(*lines: str) -> frozenset[bytes]:
    """The white-space separated words of `lines`, as they stand in a folded page."""
    return frozenset(word.encode("latin-1") for line in lines for word in line.split())


_EDGES = b"\"'()[]{}.,;:*#=<>-"


def words_before(low: bytes, at: int, reach: int = 32) -> list[bytes]:
    """The words just before `at`, the nearest last, without punctuation at their edges; the first may be cut."""
    return [w.strip(_EDGES) for w in low[at - reach if at > reach else 0 : at].split()]


def last_word(low: bytes, at: int, reach: int = 24) -> bytes:
    """The word just before `at`, without punctuation at its edges; empty where there is none."""
    words = low[at - reach if at > reach else 0 : at].rsplit(None, 1)
    return words[-1].strip(_EDGES) if words else b""


def token_before(low: bytes, at: int, reach: int) -> bytes:
    """What stands just before `at` without a blank between, at most its last `reach` bytes."""
    tail = low[at - reach if at > reach else 0 : at]
    words = tail.rsplit(None, 1)
    return words[-1] if words and not tail[-1:].isspace() else b""


def clear_before(low: bytes, at: int, forbidden: bytes = b"./-+$:_,") -> bool:
    """Whether no letter, digit or mark that would carry on a number stands just before `at`."""
    if not at:
        return True
    before = low[at - 1]
    return not (before in _ALNUM or before in forbidden)


_ALNUM = DIGITS + LETTERS


def union(triggers: Iterable[str]) -> Callable[[bytes, int, int], int]:
    """One automaton of all `triggers`: `scan(low, at, size)` gives the next place where any matches, or -1."""
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.never_capture = True
    options.max_mem = _MEMORY
    options.log_errors = False
    pattern = re2.compile("|".join(f"(?:{t})" for t in triggers if t).encode("latin-1"), options)

    inner, anchor = getattr(pattern, "_regexp", None), getattr(re2, "_Anchor", None)
    if inner is not None and anchor is not None:
        match_spans, unanchored = inner.Match, anchor.UNANCHORED

        def quick(low: bytes, at: int, size: int) -> int:
            # what `pattern.search` does, without making a match object each time
            return match_spans(unanchored, low, at, size)[0][0]  # type: ignore[no-any-return]

        return quick

    def scan(low: bytes, at: int, size: int) -> int:
        match = pattern.search(low, at, size)
        return -1 if match is None else int(match.start())

    return scan


_MEMORY = 256 << 20


NO_DIGITS = bytes(sorted(set(range(256)) - set(DIGITS)))
NO_LETTERS = bytes(sorted(set(range(256)) - set(LETTERS)))
"""What `bytes.translate` deletes to leave but the digits, but the letters."""


def digits_in(value: bytes) -> int:
    """How many digits `value` has."""
    return len(value) - len(value.translate(None, DIGITS))
