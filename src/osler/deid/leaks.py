"""The second look at outgoing text: do identifiers that should be gone still stand in it?

On purpose this shares nothing with the detectors and the finder of known identifiers: plain search of each value,
folded, at word edges. It counts, and says no more than the kinds.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from osler.core.ports.detector import KnownIdentifier
from osler.core.spans import Label
from osler.deid import dates, gazetteers
from osler.deid.gazetteers import In
from osler.deid.known_forms import KEPT

_LEAST = 4
_YEAR = re.compile(r"(?:19|2[0-2])\d\d")
_AGES = ("{}-year-old", "{} year old", "{} years old", "{} y/o", "{} yo", "aged {}")


class Leaks:
    """Looks for a fixed set of identifiers in outgoing texts."""

    def __init__(self, known: Iterable[KnownIdentifier], found: Iterable[KnownIdentifier]) -> None:
        self._wanted = _wanted(found, sure=False) | _of_record(tuple(known))

    def count(self, texts: Sequence[str]) -> dict[str, int]:
        """How many places per label, by label name; empty when all is clean."""
        tally: dict[str, int] = {}
        for text in texts:
            folded = text.casefold()
            for value, label in self._wanted.items():
                if value in folded and (places := _places(folded, value)):
                    tally[label.value] = tally.get(label.value, 0) + places
        return dict(sorted(tally.items()))


@lru_cache(maxsize=KEPT)
def _of_record(known: tuple[KnownIdentifier, ...]) -> dict[str, Label]:
    """What to look for of a record; never changed, since it is shared."""
    return _wanted(known, sure=True)


def _wanted(identifiers: Iterable[KnownIdentifier], *, sure: bool) -> dict[str, Label]:
    """The folded texts to look for, each with the label of the first identifier that has it."""
    wanted: dict[str, Label] = {}
    for identifier in identifiers:
        for form in _forms(identifier.label, identifier.value.casefold().strip(), sure=sure):
            wanted.setdefault(form, identifier.label)
    return wanted


def _forms(label: Label, value: str, *, sure: bool) -> Iterator[str]:
    lists = gazetteers.load()
    if label is Label.DATE:
        yield from _date_forms(value, sure=sure)
    elif label is Label.AGE:
        yield from (form.format(value) for form in _AGES)
    elif label is Label.NAME:
        words = [w.strip(".,'’()\"") for w in value.replace("-", " ").split()]
        if sum(len(w) > 1 for w in words) > 1:
            yield value
        for word in words:
            bits = lists.flags.get(word.rstrip("0123456789"), 0)
            doubtful = bits & (In.ORDINARY | In.WORD | In.NATION) or (not sure and bits & In.EPONYM)
            if len(word) >= _LEAST and not doubtful:
                yield word
    elif sum(map(str.isalnum, value)) >= _LEAST and not (" " not in value and _doubtful(lists, value)):
        yield value
        bare = "".join(filter(str.isalnum, value))
        if len(bare) >= 7 and any(map(str.isdecimal, bare)):
            yield bare


def _date_forms(value: str, *, sure: bool) -> Iterator[str]:
    written = dates.read_recorded(value)
    if written is not None and written.full and written.year is not None:
        yield from dates.forms(written.on(written.year)) if sure else (value,)


def _doubtful(lists: gazetteers.Gazetteers, value: str) -> bool:
    """Whether a single word may as well mean something else: an everyday word, a year."""
    return lists.is_ordinary(value) or _YEAR.fullmatch(value) is not None


def _places(folded: str, value: str) -> int:
    count, at = 0, folded.find(value)
    while at >= 0:
        end = at + len(value)
        before = folded[at - 1] if at else " "
        after = folded[end] if end < len(folded) else " "
        if not (before.isalnum() and value[0].isalnum()) and not (after.isalnum() and value[-1].isalnum()):
            count += 1
        at = folded.find(value, at + 1)
    return count
