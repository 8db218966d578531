"""What the name, place and word lists say of a token, as bits, found by the token's hash.

The lists are those of `osler/deid/data`, read once through the tokenizer itself, so that a list and a text are folded
alike. A list is evidence, never a verdict: the network weighs it against what stands around a token.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from osler.deid.sequence.tokenize import SIGN, U32, U64, TokenTable, tokenize
from osler.lexicon.formulary import read_formulary

GIVEN, COMMON_GIVEN, WORLD_GIVEN = 0, 1, 2
SURNAME, COMMON_SURNAME, RARE_SURNAME, WORLD_SURNAME = 3, 4, 5, 6
PLAIN_WORD, CLINICAL_WORD, ORDINARY, SOFT, EPONYM, DRUG = 7, 8, 9, 10, 11, 12
NATION, PLACE, WORLD_PLACE, PLACE_PAIR, COUNTY, STATE = 13, 14, 15, 16, 17, 18
WIDE_WORD = 19
BITS = 20
"""How many bits there are; the constants above are their positions."""

_COMMON_GIVEN = 1000
_COMMON_SURNAMES = 2000
_ID_SHIFT = np.uint64(32)
_PAIR = np.uint64(0xD6E8FEB86659FD93)
_LISTS = (
    ("census_given.txt", GIVEN),
    ("given_world.txt", GIVEN),
    ("given_faker.txt", WORLD_GIVEN),
    ("census_surnames.txt", SURNAME),
    ("surnames_world.txt", WORLD_SURNAME),
    ("surnames_faker.txt", WORLD_SURNAME),
    ("census_surnames_rare.txt", RARE_SURNAME),
    ("words.txt", PLAIN_WORD),
    ("clinical_words.txt", CLINICAL_WORD),
    ("medical_words.txt", CLINICAL_WORD),
    ("english_words.txt", WIDE_WORD),
    ("ordinary.txt", ORDINARY),
    ("soft_names.txt", SOFT),
    ("eponyms.txt", EPONYM),
    ("brands.txt", DRUG),
    ("countries.txt", NATION),
)
_PLACES = (
    ("us_places.txt", PLACE),
    ("cities.txt", WORLD_PLACE),
    ("world_cities.txt", WORLD_PLACE),
    ("us_counties.txt", COUNTY),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HashTable:
    """Open addressing over 64-bit keys: `look(keys)` gives the values, 0 for a key that is not in it."""

    keys: U64 = field(repr=False)
    values: U64 = field(repr=False)
    probes: int

    @classmethod
    def of(cls, keys: U64, values: NDArray[np.unsignedinteger[Any]]) -> "HashTable":
        """The table of `keys` (each once) with their `values`."""
        size = 1 << max(4, int(np.ceil(np.log2(max(1, len(keys)) * 3))))
        slots, stored = np.zeros(size, np.uint64), np.zeros(size, np.uint64)
        left = np.arange(len(keys))
        for probe in range(size):
            if not len(left):
                return cls(keys=slots, values=stored, probes=max(1, probe))
            at = (keys[left] + np.uint64(probe)) & np.uint64(size - 1)
            free = slots[at] == 0
            slots[at[free]] = keys[left[free]]  # of several that want one slot the last one gets it
            won = free & (slots[at] == keys[left])
            stored[at[won]] = values[left[won]]
            left = left[~won]
        raise AssertionError("a table of three times the size has room")

    def look(self, keys: U64) -> U64:
        """The value of each key."""
        mask = np.uint64(len(self.keys) - 1)
        at = (keys & mask).view(np.int64)
        there = self.keys.take(at)
        hit = there == keys
        found: U64 = self.values.take(at)
        found *= hit
        left = np.flatnonzero((there != 0) & ~hit)
        for probe in range(1, self.probes):
            if not len(left):
                break
            wanted = keys.take(left)
            at = ((wanted + np.uint64(probe)) & mask).view(np.int64)
            there = self.keys.take(at)
            hit = there == wanted
            found[left[hit]] = self.values.take(at[hit])
            left = left[(there != 0) & ~hit]
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class WordLists:
    """The lists of this installation: bits of single tokens, and of neighbours that stand in one place's name."""

    single: HashTable = field(repr=False)
    pairs: HashTable = field(repr=False)

    def with_words(self, words: Sequence[str]) -> "WordLists":
        """The same lists with a vocabulary beside them: `ids` then gives word i of `words` the number i + 1.

        Words that are no single token are lost.
        """
        table = tokenize("\n".join(words))
        alone = np.flatnonzero(table.gap >= 3)
        keys, first = np.unique(table.key[alone], return_index=True)
        held = self.single.keys != 0
        every = np.concatenate((self.single.keys[held], keys))
        marks = np.concatenate((self.single.values[held], (first + 1).astype(np.uint64) << _ID_SHIFT))
        return WordLists(single=_merged(every, marks), pairs=self.pairs)

    def look(self, table: TokenTable) -> tuple[U32, U32]:
        """Per token of `table` its number in the vocabulary (0 for none) and its bits.

        A token of a pair that places hold (`san antonio`) has PLACE_PAIR.
        """
        found = self.single.look(table.key)
        bits = found.astype(np.uint32)
        if len(table) > 1:
            of_pair = self.pairs.look(pair_keys(table.key)).astype(np.uint32)
            if of_pair.any():
                of_pair[table.gap[1:] > 3] = 0
                bits[:-1] |= of_pair
                bits[1:] |= of_pair
        return (found >> _ID_SHIFT).astype(np.uint32), bits


def pair_keys(keys: U64) -> U64:
    """Keys of neighbours: one fewer than `keys`."""
    mixed: U64 = keys[:-1] * _PAIR + keys[1:]
    mixed ^= mixed >> np.uint64(30)
    return mixed


@cache
def load() -> WordLists:
    """The lists; read once, then shared by all threads."""
    keys: list[U64] = []
    marks: list[U32] = []
    for name, bit in _LISTS:
        words = _words(_read(name))
        keys.append(words)
        marks.append(np.full(len(words), 1 << bit, np.uint32))
        for limit, of, common in (
            (_COMMON_GIVEN, "census_given.txt", COMMON_GIVEN),
            (_COMMON_SURNAMES, "census_surnames.txt", COMMON_SURNAME),
        ):
            if name == of:
                keys.append(words[:limit])
                marks.append(np.full(limit, 1 << common, np.uint32))
    drugs = _words(" ".join(sorted(_drug_words())))
    states = _words("\n".join(line.split("|")[0] for line in _read("states.txt").splitlines()))
    keys += [drugs, states]
    marks += [np.full(len(drugs), 1 << DRUG, np.uint32), np.full(len(states), 1 << STATE, np.uint32)]
    pairs: list[U64] = []
    for name, bit in _PLACES:
        alone, joined = _places(_read(name).replace(",", "\n"))
        keys.append(alone)
        marks.append(np.full(len(alone), 1 << bit, np.uint32))
        pairs.append(joined)
    joined = np.unique(np.concatenate(pairs))
    return WordLists(
        single=_merged(np.concatenate(keys), np.concatenate(marks)),
        pairs=HashTable.of(joined, np.full(len(joined), 1 << PLACE_PAIR, np.uint32)),
    )


def _merged(keys: U64, marks: NDArray[np.unsignedinteger[Any]]) -> HashTable:
    order = np.argsort(keys, kind="stable")
    keys, marks = keys[order], marks[order]
    first = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
    return HashTable.of(keys[first], np.bitwise_or.reduceat(marks, first))


def _read(name: str) -> str:
    text = (files("osler.deid") / "data" / name).read_text(encoding="utf-8")
    return "\n".join(line for line in text.splitlines() if not line.startswith("#"))


def _words(text: str) -> U64:
    table = tokenize(text)
    keys: U64 = table.key[table.kind != SIGN]
    return keys


def _places(text: str) -> tuple[U64, U64]:
    """Keys of the places of one word (one place a line), and of the pairs of neighbours of the longer ones."""
    table = tokenize(text)
    begins = table.gap >= 3
    alone = begins & np.concatenate((begins[1:], [True]))
    inside = ~begins[1:]
    joined: U64 = pair_keys(table.key)[inside]
    single: U64 = table.key[alone]
    return single, joined


def _drug_words() -> set[str]:
    names: set[str] = set()
    for drug in read_formulary().drugs.values():
        names.update((drug.name, *drug.brands, *drug.other_names))
    return {word for name in names for word in name.lower().replace("/", " ").split() if len(word) > 3}
