"""How much a word is like a name, and how far a name goes on; used by everything else that looks for names."""

import re

from osler.deid.detectors.name_words import (
    CREDENTIALS,
    NEVER,
    PARTICLES,
    PERSONS,
    RELATIONS,
    SUFFIXES,
    TITLES_LIKE_WORDS,
)
from osler.deid.gazetteers import NAME, Gazetteers, In
from osler.deid.tokens import Words, shouted

_BLANK = frozenset((" ", "  ", "\t", " \t"))
_AFTER_INITIAL = frozenset((". ", ".", " ", ".  "))
_SENTENCE_END = re.compile(r"[.!?:;\n•*\-–—|>\"“(]\s*\Z")
_CLAUSE_END = re.compile(r"[\n!?:;,()\[\]]|\.\s")
_DOUBT = In.ORDINARY | In.EPONYM | In.BRAND | In.WORD
_ROLES = TITLES_LIKE_WORDS | RELATIONS | PERSONS

_PROFESSIONS = ("ologist", "ologists", "iatrist", "iatrists", "iatrician", "aesthetist", "therapist")

SURE, LIKELY, WEAK, UNKNOWN, NOT = 4, 3, 2, 1, 0
"""How much a word is like a name: in the lists and nothing else; a name though also a word; hardly; in no list; not."""


class Shapes:
    """The words of one text, each weighed by itself."""

    def __init__(self, tokens: Words, lists: Gazetteers) -> None:
        self.tokens = tokens
        self.lists = lists
        self.loud = shouted(tokens)
        self.bits = [lists.evidence(low) for low in tokens.low]

    def capital(self, i: int) -> bool:
        """Whether word `i` carries a capital that says something."""
        return self.tokens.words[i][0].isupper()

    def shouted(self, i: int) -> bool:
        """Whether word `i` is in capitals all through."""
        word = self.tokens.words[i]
        return len(word) > 1 and word.isupper()

    def likeness(self, i: int, kind: int = NAME) -> int:
        """How much word `i` is like a name of `kind` (given, surname or either)."""
        low = self.tokens.low[i]
        if low in NEVER or len(low) < 2 or low in _ROLES or low.endswith(_PROFESSIONS):
            return NOT
        bits = self.bits[i]
        if bits & In.NATION and not bits & In.SOFT:
            return NOT
        if (
            "-" in low
            and not bits & NAME
            and any(p in NEVER or p in TITLES_LIKE_WORDS for p in low.split("-"))
        ):
            return NOT
        if bits & kind:
            if not bits & _DOUBT:
                return SURE
            if bits & (In.SOFT | In.EPONYM) and not bits & (In.BRAND | In.WORD):
                return LIKELY
            return WEAK
        if bits & (In.WORD | In.BRAND | In.ORDINARY):
            return NOT
        if bits & NAME:
            return LIKELY if not bits & _DOUBT else WEAK
        return UNKNOWN

    def joined(self, i: int) -> bool:
        """Whether word `i + 1` follows word `i` as in a name: a blank, or the dot of an initial."""
        if i + 1 >= len(self.tokens):
            return False
        gap = self.tokens.gap(i)
        return gap in _BLANK or (gap in _AFTER_INITIAL and self.initial(i))

    def initial(self, i: int) -> bool:
        """Whether word `i` is a capital letter standing for a name."""
        word = self.tokens.words[i]
        return len(word) == 1 and word.isupper()

    def starts_sentence(self, i: int) -> bool:
        """Whether a capital on word `i` may be due to its place alone."""
        return i == 0 or _SENTENCE_END.search(self.tokens.before(i)) is not None

    def next_low(self, i: int) -> str:
        """The word after word `i` in the same clause, folded; empty at its end."""
        if i + 1 >= len(self.tokens) or _CLAUSE_END.search(self.tokens.gap(i)):
            return ""
        return self.tokens.low[i + 1]

    def take(self, first: int, least: int, limit: int = 5) -> int:
        """The last word of a name that starts at word `first` (-1: none does).

        Each further word must be joined to it and be at least `least` like a name; particles, initials and
        suffixes go along.
        """
        last, at, count = -1, first, 0
        while at < len(self.tokens) and count < limit:
            low, word = self.tokens.low[at], self.tokens.words[at]
            if self.initial(at) and low not in ("i", "a"):
                follows = self.joined(at) and at + 1 < len(self.tokens)
                if count == 0 and not follows:
                    return -1
                last = at
            elif self.initial(at) and count and self.tokens.gap(at)[:1] == ".":
                last = at
            elif low in PARTICLES and (count or not word[0].isupper()) and self.particle_leads(at):
                pass
            elif low in SUFFIXES and count:
                return at
            elif word[0].isupper() and (self.likeness(at) >= least) and not (count and low in CREDENTIALS):
                last = at
            else:
                break
            count += 1
            if not self.joined(at):
                if (
                    at + 1 < len(self.tokens)
                    and self.tokens.gap(at) in (", ", ",")
                    and self.tokens.low[at + 1] in SUFFIXES
                ):
                    return at + 1
                break
            at += 1
        return last

    def particle_leads(self, i: int) -> bool:
        for step in (1, 2, 3):
            if i + step >= len(self.tokens) or self.tokens.gap(i + step - 1) not in _BLANK:
                return False
            if self.tokens.low[i + step] not in PARTICLES:
                return self.tokens.words[i + step][0].isupper() and self.tokens.low[i + step] not in NEVER
        return False

    def span(self, first: int, last: int, score: float) -> tuple[int, int, float]:
        """Offsets of the words `first` to `last`; the dot of a closing initial is taken in."""
        end = self.tokens.ends[last]
        if self.initial(last) and self.tokens.text[end : end + 1] == "." and last > first:
            end += 1
        return self.tokens.starts[first], end, score
