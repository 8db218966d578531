"""Name and place lists as one table of evidence, read once from `osler/deid/data`.

A list is evidence, never a verdict: `evidence(word)` says which lists a word is in, the detectors
weigh that against what stands around it. Sources and licences: `data/SOURCES.md`.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Final

from osler.deid.tokens import word_set
from osler.lexicon.formulary import read_formulary


class In:
    """Which lists a word is in: bits of a plain int, for they are asked about every word of a text."""

    GIVEN: Final = 1
    SURNAME: Final = 2
    COMMON_GIVEN: Final = 4
    """Among the thousand most frequent given names of the US Census."""
    ORDINARY: Final = 8
    """A name that is an everyday or clinical word too: needs stronger context."""
    SOFT: Final = 16
    """Ordinary, yet more often a name when it carries a capital inside a sentence (`Grace`, `Brown`)."""
    EPONYM: Final = 32
    BRAND: Final = 64
    """A word of a drug's name."""
    WORD: Final = 128
    """An English or medical word that is no name."""
    CLINICAL: Final = 256
    """A word that drug labels and abstracts use."""
    NATION: Final = 512
    """A country, nationality, language, people or faith."""


NAME = In.GIVEN | In.SURNAME
_COMMON = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Gazetteers:
    """The lists, ready to be asked.

    `flags` maps a folded word to its `In` bits as a plain int. `states` holds folded state names,
    `state_codes` their postal codes in capitals.
    """

    flags: dict[str, int] = field(repr=False)
    states: frozenset[str] = field(repr=False)
    state_codes: frozenset[str] = field(repr=False)

    def evidence(self, word: str) -> int:
        """The `In` bits of a folded word; a hyphenated word has what all of its parts have."""
        found = self.flags.get(word, 0)
        if not found:
            found = self._by_form(word)
        if found or "-" not in word:
            return found
        parts = [self.flags.get(p, 0) for p in word.split("-") if p not in _PARTICLES]
        if not parts:
            return 0
        every, some = parts[0], 0
        for part in parts:
            every &= part
            some |= part
        if every & NAME or (some & NAME and not some & (In.ORDINARY | In.WORD)):
            every |= some & NAME
        return every | (some & (In.WORD | In.EPONYM | In.BRAND))

    def _by_form(self, word: str) -> int:
        """What a word in no list is by its plain letters, or by the everyday word that it inflects (`attends`)."""
        if not word.isascii():
            return self.flags.get(unaccented(word), 0)
        if word[-1:] not in _LAST:
            return 0
        for ending, stem in _ENDINGS:
            if word.endswith(ending) and len(word) - len(ending) > 3:
                bits = self.flags.get(word[: -len(ending)] + stem, 0)
                if bits & In.WORD and not bits & NAME:
                    return In.WORD
        return 0

    def is_ordinary(self, word: str) -> bool:
        """Whether a folded word is one that everyday or clinical prose uses."""
        return bool(self.flags.get(word, 0) & (In.ORDINARY | In.WORD))


_ENDINGS = (
    ("s", ""),
    ("es", ""),
    ("ed", ""),
    ("ed", "e"),
    ("ing", ""),
    ("ing", "e"),
    ("ies", "y"),
    ("ly", ""),
)

_LAST = frozenset(ending[-1] for ending, _ in _ENDINGS)


def unaccented(word: str) -> str:
    """A folded word in plain letters, as the lists mostly have it (`szabó` to `szabo`, `łukasz` to `lukasz`)."""
    apart = unicodedata.normalize("NFKD", word.translate(_LETTERS))
    return "".join(c for c in apart if not unicodedata.combining(c))


_LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ß": "ss", "æ": "ae", "œ": "oe", "ı": "i", "ð": "d", "þ": "th", "’": "'"}
)

_PARTICLES = word_set(
    "al el de da di du la le van von der den ben bin ibn abu dos das st",
)


def read(name: str) -> list[str]:
    """The lines of one data file, without comments and blank lines."""
    text = (files("osler.deid") / "data" / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@cache
def tokens(name: str) -> tuple[str, ...]:
    """The white-space separated entries of one data file, read once."""
    return tuple(word for line in read(name) for word in line.split())


def state_codes() -> frozenset[str]:
    """The postal codes of the states, in capitals."""
    return frozenset(line.split("|")[1] for line in read("states.txt"))


@cache
def load() -> Gazetteers:
    """The lists of this installation; read once, then shared by all threads."""
    flags: dict[str, int] = {}

    def mark(entries: Iterable[str], bit: int) -> None:
        for entry in entries:
            flags[entry] = flags.get(entry, 0) | bit

    census = tokens("census_given.txt")
    mark(tokens("words.txt"), In.WORD)
    mark(tokens("clinical_words.txt"), In.CLINICAL)
    mark(tokens("countries.txt"), In.NATION)
    mark(tokens("census_surnames.txt"), In.SURNAME)
    mark(tokens("surnames_world.txt"), In.SURNAME)
    mark(census, In.GIVEN)
    mark(census[:_COMMON], In.COMMON_GIVEN)
    mark(tokens("given_world.txt"), In.GIVEN)
    mark(tokens("ordinary.txt"), In.ORDINARY)
    mark(tokens("soft_names.txt"), In.SOFT)
    mark([e.lower() for e in tokens("eponyms.txt")], In.EPONYM)
    mark(tokens("brands.txt"), In.BRAND)
    mark([word for word in _drug_words() if not flags.get(word, 0) & NAME], In.BRAND)
    names, codes = zip(*(line.split("|") for line in read("states.txt")), strict=True)
    return Gazetteers(
        flags=flags,
        states=frozenset(n.lower() for n in names),
        state_codes=frozenset(codes),
    )


def _drug_words() -> set[str]:
    """The words of all drug names that the lexicon knows, folded."""
    names: set[str] = set()
    for drug in read_formulary().drugs.values():
        names.update((drug.name, *drug.brands, *drug.other_names))
    return {word for name in names for word in name.lower().replace("/", " ").split() if len(word) > 3}
