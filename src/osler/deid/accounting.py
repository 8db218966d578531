"""The account of a structured de-identification: what became of every value, by place, without any value.

A *leaf* is one scalar of the input (a string, number, boolean or null) or one empty container. Each leaf is booked
exactly once, so that `Accounting.total` equals the number of leaves that came in.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


class Outcome(StrEnum):
    """What became of a leaf."""

    KEPT = "kept"
    REMOVED = "removed"
    REPLACED = "replaced"
    TEXT = "text"
    """Sent through the text engine, whether or not anything was found in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounting:
    """Counts of leaves per path pattern and outcome, and of identifiers replaced in texts per label.

    Path patterns name elements and fields of the standard only (`Patient.contact.name`, `PID-5`); whatever is not
    of the standard is written `?`. Nothing here is a value of the input.
    """

    paths: Mapping[tuple[str, Outcome], int] = field(default_factory=dict)
    labels: Mapping[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many leaves came in."""
        return sum(self.paths.values())

    def outcomes(self) -> dict[str, int]:
        """How many leaves had each outcome."""
        tally = dict.fromkeys((o.value for o in Outcome), 0)
        for (_, outcome), count in self.paths.items():
            tally[outcome.value] += count
        return tally

    def as_dict(self) -> dict[str, object]:
        """Ready for JSON: `{"paths": {path: {outcome: count}}, "outcomes": {...}, "labels": {...}}`."""
        paths: dict[str, dict[str, int]] = {}
        for (path, outcome), count in sorted(self.paths.items()):
            paths.setdefault(path, {})[outcome.value] = count
        return {"paths": paths, "outcomes": self.outcomes(), "labels": dict(self.labels)}

    def __add__(self, other: "Accounting") -> "Accounting":
        """Two accounts as one, for a run over many resources or messages."""
        return Accounting(
            paths=MappingProxyType(dict(Counter(self.paths) + Counter(other.paths))),
            labels=MappingProxyType(dict(sorted((Counter(self.labels) + Counter(other.labels)).items()))),
        )


class Ledger:
    """Where the account is kept while a resource or message is worked on."""

    def __init__(self) -> None:
        self._paths: Counter[tuple[str, Outcome]] = Counter()
        self._labels: Counter[str] = Counter()

    def book(self, path: str, outcome: Outcome, leaves: int = 1) -> None:
        """Books `leaves` leaves of the pattern `path`."""
        if leaves:
            self._paths[path, outcome] += leaves

    def found(self, labels: Mapping[str, int]) -> None:
        """Adds identifiers that were replaced in a text, by label."""
        self._labels.update(labels)

    def closed(self) -> Accounting:
        """The account as a value."""
        return Accounting(
            paths=MappingProxyType(dict(sorted(self._paths.items()))),
            labels=MappingProxyType(dict(sorted(self._labels.items()))),
        )
