"""The second look at outgoing text: do identifiers that should be gone still stand in it?

On purpose this shares nothing with the detectors and the finder of known identifiers: plain search of each value,
folded, at word edges. It counts, and says no more than the kinds.
"""

import re
from collections.abc import Iterable, Sequence

from osler.core.ports.detector import KnownIdentifier
from osler.core.spans import Label
from osler.deid import dates, gazetteers
from osler.deid.gazetteers import In

_LEAST = 4
_YEAR = re.compile(r"(?:19|2[0-2])\d\d")
_AGES = ("{}-year-old", "{} year old", "{} years old", "{} y/o", "{} yo", "aged {}")


class Leaks:
    """Looks for a fixed set of identifiers in outgoing texts."""

    def __init__(self, known: Iterable[KnownIdentifier], found: Iterable[KnownIdentifier]) -> None:
        self._wanted: dict[str, Label] = {}
        lists = gazetteers.load()
        for identifier in known:
            self._want(lists, identifier.label, identifier.value, sure=True)
        for identifier in found:
            self._want(lists, identifier.label, identifier.value, sure=False)

    def count(self, texts: Sequence[str]) -> dict[str, int]:
        """How many places per label, by label name; empty when all is clean."""
        tally: dict[str, int] = {}
        for text in texts:
            folded = text.casefold()
            for value, label in self._wanted.items():
                if value in folded and (places := _places(folded, value)):
                    tally[label.value] = tally.get(label.value, 0) + places
        return dict(sorted(tally.items()))

    def _want(self, lists: gazetteers.Gazetteers, label: Label, value: str, *, sure: bool) -> None:
        value = value.casefold().strip()
        if label is Label.DATE:
            self._want_date(value, sure=sure)
        elif label is Label.AGE:
            for form in _AGES:
                self._wanted.setdefault(form.format(value), label)
        elif label is Label.NAME:
            words = [w.strip(".,'’()\"") for w in value.replace("-", " ").split()]
            if len(words) > 1 and sum(len(w) > 1 for w in words) > 1:
                self._wanted.setdefault(value, label)
            for word in words:
                bits = lists.flags.get(word.rstrip("0123456789"), 0)
                doubtful = bits & (In.ORDINARY | In.WORD | In.NATION) or (not sure and bits & In.EPONYM)
                if len(word) >= _LEAST and not doubtful:
                    self._wanted.setdefault(word, label)
        elif sum(map(str.isalnum, value)) >= _LEAST and not (" " not in value and _doubtful(lists, value)):
            self._wanted.setdefault(value, label)
            bare = "".join(filter(str.isalnum, value))
            if len(bare) >= 7 and any(map(str.isdecimal, bare)):
                self._wanted.setdefault(bare, label)

    def _want_date(self, value: str, *, sure: bool) -> None:
        written = dates.read_recorded(value)
        if written is None or not written.full or written.year is None:
            return
        for form in dates.forms(written.on(written.year)) if sure else (value,):
            self._wanted.setdefault(form, Label.DATE)


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
