"""What every parser promises, whatever it is given: a value or a refusal in Osler's words, soon, without the content.

The seeds carry a made-up patient's name and number wherever a value may stand. A refusal that repeats any of it fails.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from osler.core.errors import OslerError

CANARY = "Quillon Zythar 7719-3341"
_TRACES = ("Quillon", "Zythar", "7719-3341")  # half of the number alone may be a line's or a column's
SECONDS, SECONDS_PER_BYTE = 2.0, 40e-6
"""CPU time that an input may take: far more than any takes, far less than one that grows with the square."""
T = TypeVar("T")


class Broken(AssertionError):
    """A promise that a parser does not keep."""


def holds_trace(text: str) -> bool:
    """Whether a text repeats any of the canary."""
    return any(trace in text for trace in _TRACES)


def refused(error: OslerError) -> None:
    """Hold a refusal to its form."""
    shown = f"{error.message} {error.remedy} {error.param or ''} {error.__cause__ or ''}"
    if holds_trace(shown):
        raise Broken("a refusal repeats what it was given")
    if not error.message or not error.remedy:
        raise Broken("a refusal says what is wrong and what to do")


def value_or_refusal(parse: Callable[[], T], *kinds: type[OslerError]) -> T | None:
    """What `parse` gives, or None where it refuses with one of `kinds`; anything else that it raises goes through."""
    try:
        return parse()
    except kinds as error:
        refused(error)
        return None


@contextmanager
def in_time(size: int) -> Iterator[None]:
    """Fail when the block takes more CPU time than an input of `size` bytes may."""
    begun = time.process_time()
    yield
    taken, most = time.process_time() - begun, SECONDS + SECONDS_PER_BYTE * size
    if taken > most:
        raise Broken(f"{size} bytes took {taken:.1f} s, more than {most:.1f} s")
