"""Where a sentence begins to hold what must be checked before it is shown: a dose, an order, a contraindication.

    "You can take ibuprofen 400 mg."     held from "ibuprofen" on
    "The potassium was 5.9 mmol/L."      flows

`Watch` reads a text word by word, each word once, and says how far it is harmless. It looks at words and at what
stands just before them, never ahead but for the unit of a number and the rest of a drug's name: for these it waits.
So whatever it has let go stays right however the text goes on. Its words are data (`data/risk.toml`). Doses, orders
and warnings in words that are not there are not seen; a drug's name that the lexicon knows always is.
"""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from osler.guardrails.scope_rules import rules
from osler.lexicon.drugs import DrugLexicon, load

_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*")
_PLAIN_GAP = re.compile(r"[ \t]+")
_JOINED = re.compile(r"\s{0,3}[-–/×x]?\s{0,3}")
_RESULT = re.compile(r"/\s?d?L\b", re.IGNORECASE)
_LOOK_BACK = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """The tables of `data/risk.toml`."""

    units: frozenset[str]
    numbers: frozenset[str]
    joints: frozenset[str]
    schedules: frozenset[str]
    after_every: frozenset[str]
    per_day: frozenset[str]
    times: frozenset[str]
    verbs: frozenset[str]
    done: frozenset[str]
    doing: frozenset[str]
    advising: frozenset[str]
    warnings: frozenset[str]
    stems: tuple[str, ...]
    not_after: frozenset[str]
    after_not: frozenset[str]
    endorsement: frozenset[str]
    bid: frozenset[str]


class Watch:
    """Reads one sentence after the other; `restart` begins the next.

    `asked`: the question names a drug, so that a plain "yes" is advice too.
    """

    def __init__(self, *, asked: bool) -> None:
        self._words = _words()
        self._lexicon: DrugLexicon = load()
        self._asked = asked
        self._safe = 0
        self._risky = False

    def restart(self) -> None:
        """What comes is a new text."""
        self._safe, self._risky = 0, False

    def until(self, text: str, end: int) -> int:
        """How much of `text` is harmless, of which text[:end] is known and ends with a word or after one.

        It grows as the text does, until it stops for good where the risk begins.
        """
        if self._risky:
            return self._safe
        before = _last_word(text, self._safe)
        waiting = -1
        for found in _WORD.finditer(text, self._safe, end):
            start, stop = found.span()
            gap = text[before[1] : start]
            word = found.group().lower().replace("’", "'")
            if waiting >= 0 and self._is_dose(text, word, gap, stop):
                return self._stop(waiting)
            if self._is_risky(word, before[0], gap):
                return self._stop(start)
            named = self._names_drug(text, start, stop, end)
            if named:
                return self._stop(waiting if waiting >= 0 and _joins(gap) else start)
            waiting = self._waiting(waiting, word, gap, start)
            if named is None:
                self._safe = start if waiting < 0 else waiting
                return self._safe
            before = (word, stop)
        self._safe = end if waiting < 0 else waiting
        return self._safe

    def begins(self, text: str) -> int:
        """Where in a whole sentence the risk begins; its length where it holds none."""
        self.restart()
        until = self.until(text, len(text))
        begun = until if self._risky else len(text)
        self.restart()
        return begun

    def _stop(self, at: int) -> int:
        self._safe, self._risky = at, True
        return at

    def _names_drug(self, text: str, start: int, stop: int, end: int) -> bool | None:
        """As `DrugLexicon.begun`, for each part of a word with apostrophes."""
        word = text[start:stop]
        if word[0].isdigit():
            first = re.match(r"\d+", word)
            return self._lexicon.begun(text, start, start + (first.end() if first else 0), end)
        if word.isalpha():
            return self._lexicon.begun(text, start, stop, end)
        verdict: bool | None = False
        for part in re.finditer(r"[^\W\d_]+", word):
            named = self._lexicon.begun(text, start + part.start(), start + part.end(), end)
            if named:
                return True
            verdict = None if named is None else verdict
        return verdict

    def _is_dose(self, text: str, word: str, gap: str, stop: int) -> bool:
        """Whether a word after a number, or after what joins numbers, is the unit of a dose."""
        return word in self._words.units and _joins(gap) and not _RESULT.match(text, stop)

    def _waiting(self, waiting: int, word: str, gap: str, start: int) -> int:
        """Where the number begins that waits for its unit; -1 where none does."""
        known = self._words
        goes_on = waiting >= 0 and start - waiting < _LOOK_BACK and "\n" not in gap and _joins(gap)
        if word[0].isdigit() or word in known.numbers:
            return waiting if goes_on else start
        return waiting if goes_on and word in known.joints else -1

    def _is_risky(self, word: str, before: str, gap: str) -> bool:
        """Whether a word is one of an order, a schedule, a warning, or of a yes where that is advice."""
        known = self._words
        close = _PLAIN_GAP.fullmatch(gap) is not None
        if word in known.verbs:
            return not close or not before or before in known.bid or before.endswith(("'d", "'ll", "n't"))
        if word in known.warnings or word in known.schedules or word.startswith(known.stems):
            return True
        if self._asked and word in known.endorsement:
            return True
        if not before or not (close or gap == "\n" or word[0].isdigit()):
            return False
        return (
            (word == "not" and before in known.not_after)
            or (before == "not" and word in known.after_not)
            or (word in known.done and before in ("be", "being", "been", "get", "not"))
            or (word in known.doing and before in known.advising)
            or (word in known.per_day and before in known.times)
            or (before in known.after_every and (word[0].isdigit() or word in known.numbers))
        )


def _joins(gap: str) -> bool:
    return _JOINED.fullmatch(gap) is not None


def _last_word(text: str, at: int) -> tuple[str, int]:
    """The word before `at`, in small letters, and where it ends."""
    begin = max(0, at - _LOOK_BACK)
    found = list(_WORD.finditer(text, begin, at))
    return (found[-1].group().lower().replace("’", "'"), found[-1].end()) if found else ("", begin)


@cache
def _words() -> _Words:
    raw = tomllib.loads(resources.files("osler.guardrails").joinpath("data/risk.toml").read_text("utf-8"))
    dose, order, warning = raw["dose"], raw["order"], raw["warning"]
    sets = {name: frozenset(words) for table in (dose, order) for name, words in table.items()}
    return _Words(
        **sets,
        warnings=frozenset(warning["words"]),
        stems=tuple(warning["stems"]),
        not_after=frozenset(warning["not_after"]),
        after_not=frozenset(warning["after_not"]),
        endorsement=frozenset(raw["endorsement"]["words"]),
        bid=rules().bid,
    )
