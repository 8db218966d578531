"""What the makers of values share within one document: its random source, people, place, time and habits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from generator.people import Cast, Person
from generator.random_text import chance, pick
from generator.values import Town, towns

_EARLIEST, _LATEST = dt.date(1994, 1, 1).toordinal(), dt.date(2027, 12, 31).toordinal()


@dataclass(frozen=True, kw_only=True, slots=True)
class Habits:
    """How the system that printed a document writes: it keeps to one way most of the time."""

    date_separator: str
    zero_pad: bool
    phone_shape: int
    day_first: bool


class Context:
    """The state of one document. Everything is drawn from `rng`, in the order in which slots ask for it."""

    def __init__(self, rng: Random, genders: Mapping[str, str]) -> None:
        self.rng = rng
        self.people = Cast(rng, genders)
        self.today = dt.date.fromordinal(rng.randint(_EARLIEST, _LATEST))
        self.town: Town = pick(rng, towns())
        self.habits = Habits(
            date_separator=pick(rng, "//////--.") if chance(rng, 0.9) else " ",
            zero_pad=chance(rng, 0.5),
            phone_shape=rng.randint(0, 1_000_000),
            day_first=chance(rng, 0.04),
        )
        self._kept: dict[str, str] = {}
        self._town_age = 99

    def kept(self, key: str, make: Callable[[Context], str], share: float = 0.75) -> str:
        """The value made before under `key`, most of the time (`share`); else a new one, which is then kept."""
        if key not in self._kept or not chance(self.rng, share):
            self._kept[key] = make(self)
        return self._kept[key]

    def near_town(self) -> Town:
        """The town that was just named, so that its state, ZIP and county fit; else another one."""
        self._town_age += 1
        if self._town_age > 3:
            self.new_town()
        return self.town

    def new_town(self) -> Town:
        """Another town; what follows keeps to it."""
        self.town = pick(self.rng, towns())
        self._town_age = 0
        return self.town

    def somebody(self) -> Person:
        """The patient, or anyone else of the document."""
        named = self.people.named()
        if named and chance(self.rng, 0.8):
            return pick(self.rng, named)
        return self.people["p"]


Maker = Callable[[Context], str]
"""Makes one value. It may enclose the identifier in IDENTIFIER and END where other text stands around it."""
