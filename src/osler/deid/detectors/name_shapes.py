"""Names by what the words are: given name and surname side by side, `Last, First`, `J. Smith`, single names.

Used by the name detector. `Shapes` also answers, for the cues, how much like a name one word is and how far a
name that starts at a word goes on.
"""

import re
from collections.abc import Iterator

from osler.deid.detectors.name_words import (
    CREDENTIALS,
    EPONYM_NOUNS,
    HUMAN_ONLY,
    HUMAN_PARTICIPLES,
    HUMAN_QUALITIES,
    HUMAN_VERBS,
    NAME_VERBS,
    NEVER,
    PARTICLES,
    PERSONS,
    PLACE_NOUNS,
    RELATIONS,
    SAINTS,
    SUFFIXES,
    TITLES_LIKE_WORDS,
)
from osler.deid.gazetteers import NAME, Gazetteers, In
from osler.deid.tokens import Words, shouted

_BLANK = frozenset((" ", "  ", "\t", " \t"))
_AFTER_INITIAL = frozenset((". ", ".", " ", ".  "))
_INITIAL = re.compile(r"[A-Z]|[A-Z][a-z]?(?=\.)")
_SENTENCE_END = re.compile(r"[.!?:;\n•*\-–—|>\"“(]\s*\Z")
_CLAUSE_END = re.compile(r"[\n!?:;,()\[\]]|\.\s")
_GIVEN, _SURNAME = int(In.GIVEN), int(In.SURNAME)
_DOUBT = int(In.ORDINARY | In.EPONYM | In.BRAND | In.WORD)
_HARD = int(In.ORDINARY | In.WORD | In.BRAND)

_ROLES = TITLES_LIKE_WORDS | RELATIONS | PERSONS

SURE, LIKELY, WEAK, UNKNOWN, NOT = 4, 3, 2, 1, 0
"""How much a word is like a name: in the lists and nothing else; a name though also a word; hardly; in no list; not."""


class Shapes:
    """Names of one text by the look of their words."""

    def __init__(self, tokens: Words, lists: Gazetteers) -> None:
        self.tokens = tokens
        self.lists = lists
        self.loud = shouted(tokens)
        self._bits = [lists.evidence(low) for low in tokens.low]

    def capital(self, i: int) -> bool:
        """Whether word `i` carries a capital that says something."""
        return self.tokens.words[i][0].isupper()

    def shouted(self, i: int) -> bool:
        """Whether word `i` is in capitals all through."""
        word = self.tokens.words[i]
        return len(word) > 1 and word.isupper()

    def likeness(self, i: int, kind: int = int(NAME)) -> int:
        """How much word `i` is like a name of `kind` (given, surname or either)."""
        low = self.tokens.low[i]
        if low in NEVER or len(low) < 2 or low in _ROLES:
            return NOT
        bits = self._bits[i]
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
            elif low in PARTICLES and (count or not word[0].isupper()) and self._particle_leads(at):
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

    def _particle_leads(self, i: int) -> bool:
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

    def find(self) -> Iterator[tuple[int, int, float]]:
        """`(start, end, score)` of names that show by themselves."""
        i, count = 0, len(self.tokens)
        while i < count:
            last, score = -1, 0.0
            if self.capital(i):
                last, score = self._comma(i)
                if last < 0:
                    last, score = self._initials(i)
                if last < 0:
                    last, score = self._pair(i)
                if last < 0:
                    last, score = self._single(i)
                if last < 0:
                    last, score = self._person(i)
            elif self._bits[i] & _GIVEN:
                last, score = self._lower_pair(i)
            if last >= 0:
                yield self.span(i, last, score)
                i = last
            i += 1

    def _elsewhere(self, first: int, last: int) -> bool:
        """Whether words around make it an eponym, a place or a firm."""
        after = self.next_low(last)
        if after in EPONYM_NOUNS or (after in PLACE_NOUNS and self.capital(last + 1)):
            return True
        gap = self.tokens.gap(last)
        if (
            gap[:2] in ("'s", "’s")
            and after
            and self.lists.flags.get(after, 0) & In.WORD
            and self._bits[last] & In.EPONYM
        ):
            return True
        if after == "et" and self.tokens.low[last + 2 : last + 3] == ["al"]:
            return True
        return (
            first > 0 and self.tokens.low[first - 1] in SAINTS and self.tokens.before(first).strip(". ") == ""
        )

    def _comma(self, i: int) -> tuple[int, float]:
        """`Last, First` and `LAST, FIRST M.`"""
        likeness = self.likeness(i, _SURNAME)
        if likeness < UNKNOWN or len(self.tokens.words[i]) < 2:
            return -1, 0.0
        j = i
        if (
            self.joined(i)
            and self.capital(i + 1)
            and self.likeness(i + 1, _SURNAME) >= LIKELY
            and self.tokens.gap(i + 1) == ", "
        ):
            j = i + 1
        if self.tokens.gap(j) not in (", ", ",") or j + 1 >= len(self.tokens) or not self.capital(j + 1):
            return -1, 0.0
        given = self.likeness(j + 1, _GIVEN)
        if self._header(i, j + 1):
            return self.take(j + 1, UNKNOWN, 3), 0.85
        if not self._bits[j + 1] & _GIVEN or given < LIKELY or likeness + given < SURE + WEAK:
            return -1, 0.0
        if likeness == UNKNOWN and (self.starts_sentence(i) is False or len(self.tokens.low[i]) < 4):
            return -1, 0.0
        if likeness < SURE and self._bits[i] & In.WORD and not self.shouted(i):
            return -1, 0.0
        if self._in_list_of_places(i, j + 1):
            return -1, 0.0
        last = self.take(j + 1, LIKELY, 3)
        return (last, 0.85) if last > i else (-1, 0.0)

    def _header(self, i: int, j: int) -> bool:
        """Whether `LAST, FIRST` in capitals is a line of its own, or has a date of birth or number behind it."""
        if not (self.shouted(i) and self.shouted(j)) or not (i == 0 or "\n" in self.tokens.before(i)):
            return False
        if (
            min(self.likeness(i), self.likeness(j)) < UNKNOWN
            or min(len(self.tokens.words[i]), len(self.tokens.words[j])) < 2
        ):
            return False
        last = self.take(j, UNKNOWN, 3)
        after = self.tokens.low[last + 1] if 0 <= last < len(self.tokens) - 1 else ""
        listed = max(self.likeness(i), self.likeness(j)) >= LIKELY
        return after in ("dob", "mrn", "age", "sex", "ssn", "acct", "birth") or (
            listed and self.tokens.gap(last)[:1] in ("\n", "")
        )

    def _in_list_of_places(self, i: int, j: int) -> bool:
        low = self.tokens.low
        return low[i] in self.lists.cities and (low[j] in self.lists.states or low[j] in self.lists.cities)

    def _initials(self, i: int) -> tuple[int, float]:
        """`J. Smith`, `J.R. Smith`, `A. B. Gonzalez`."""
        if not self.initial(i) or self.tokens.gap(i)[:1] != ".":
            return -1, 0.0
        if i and self.tokens.low[i - 1] in (
            "vitamin",
            "hepatitis",
            "type",
            "grade",
            "group",
            "class",
            "influenza",
            "factor",
            "stage",
            "protein",
        ):
            return -1, 0.0
        j = i
        while j + 1 < len(self.tokens) and j - i < 3 and self.initial(j) and self.joined(j):
            j += 1
        if j == i or self.initial(j) or not self.capital(j):
            return -1, 0.0
        likeness = self.likeness(j, _SURNAME)
        if (
            likeness < UNKNOWN
            or self._elsewhere(i, j)
            or (likeness <= WEAK and self.starts_sentence(j) and self.tokens.gap(j - 1) != ". ")
        ):
            return -1, 0.0
        if likeness == WEAK or (likeness == UNKNOWN and self.shouted(j)):
            return -1, 0.0
        return max(j, self.take(j, LIKELY, 2)), 0.8 if likeness > UNKNOWN else 0.65

    def _pair(self, i: int) -> tuple[int, float]:
        """A given name and a surname side by side, an initial or particles perhaps between."""
        j = i + 1
        if not self.joined(i) or len(self.tokens.words[i]) < 2 or self.tokens.low[i] in SAINTS:
            return -1, 0.0
        while (
            j < len(self.tokens)
            and j - i < 4
            and self.joined(j)
            and (self.initial(j) or (self.tokens.low[j] in PARTICLES and self._particle_leads(j)))
        ):
            j += 1
        if j >= len(self.tokens) or not self.capital(j) or self.initial(j):
            return -1, 0.0
        score = self._weigh_pair(i, j)
        if not score or self._elsewhere(i, j):
            return -1, 0.0
        last = j
        while (
            last - j < 2
            and self.joined(last)
            and self.capital(last + 1)
            and self.likeness(last + 1, _SURNAME) >= LIKELY
        ):
            last += 1
        if last > j and self._elsewhere(i, last):
            last = j
        if (
            last + 1 < len(self.tokens)
            and self.tokens.low[last + 1] in SUFFIXES
            and self.tokens.gap(last) in (" ", ", ")
        ):
            last += 1
        return last, score

    def _weigh_pair(self, i: int, j: int) -> float:
        given, surname = self.likeness(i, _GIVEN), self.likeness(j, _SURNAME)
        is_given, is_surname = bool(self._bits[i] & _GIVEN), bool(self._bits[j] & _SURNAME)
        loud = self.shouted(i) or self.shouted(j)
        if (
            loud
            and (self.loud or self.shouted(i) != self.shouted(j))
            and not (is_given and given == SURE and is_surname and surname >= LIKELY)
        ):
            return 0.0
        if is_given and given == SURE:
            if is_surname and self._bits[j] & In.NATION:
                return 0.75
            if is_surname and surname >= WEAK:
                return 0.9 if surname >= LIKELY else 0.8
            if surname == UNKNOWN and not loud:
                return 0.75
            return 0.75 if self._bits[j] & _GIVEN and surname >= LIKELY else 0.0
        if is_given and is_surname and given >= LIKELY and surname >= LIKELY:
            return 0.8 if surname == SURE else 0.7
        if is_given and is_surname and given == WEAK and surname >= LIKELY:
            if self.next_low(j) in NAME_VERBS or (surname == SURE and not self.starts_sentence(i)):
                return 0.7
        if loud:
            return 0.0
        if j > i + 1 and not self.initial(j - 1) and min(self.likeness(i), self.likeness(j)) >= UNKNOWN:
            # particles between: "Beatrix van der Merwe"
            return 0.75
        if given == surname == UNKNOWN and self._strangers(i, j):
            return 0.55
        if is_surname and surname == SURE:
            if self._bits[i] & _SURNAME and self.likeness(i) == SURE:
                return 0.7
            if self.likeness(i) == UNKNOWN and self._name_like_unknown(i):
                return 0.6
        return 0.0

    def _strangers(self, i: int, j: int) -> bool:
        """Whether two capitalised words of no list may be someone's name: both plain, nothing capitalised beside them."""
        if j != i + 1 or not (self._name_like_unknown(i) and self._name_like_unknown(j)):
            return False
        around = [
            k
            for k, gap in ((i - 1, self.tokens.before(i)), (j + 1, self.tokens.gap(j)))
            if 0 <= k < len(self.tokens) and gap == " "
        ]
        if any(self.capital(k) and not self.starts_sentence(k) for k in around):
            return False
        after = self.next_low(j)
        if after and self.tokens.gap(j) == " " and after not in NEVER and not self._acts(j):
            return False
        return not self.starts_sentence(i) or self._acts(j)

    def _name_like_unknown(self, i: int) -> bool:
        word = self.tokens.words[i]
        return len(word) > 2 and word[1:].islower() and word.isalpha()

    def _single(self, i: int) -> tuple[int, float]:
        """One name alone, capitalised inside a sentence, or at its start before what people do."""
        word, bits = self.tokens.words[i], self._bits[i]
        if (
            not bits & NAME
            or len(word) < 3
            or self.tokens.low[i] in NEVER
            or self.shouted(i)
            or self._elsewhere(i, i)
        ):
            return -1, 0.0
        if bits & (In.EPONYM | In.BRAND | In.WORD | In.NATION) or (bits & In.ORDINARY and not bits & In.SOFT):
            return -1, 0.0
        if (
            self.tokens.low[i] in self.lists.cities
            or self.tokens.low[i] in self.lists.states
            or "-" in self.tokens.gap(i)[:1]
        ):
            return self._single_place(i)
        if "/" in (self.tokens.gap(i)[:1], self.tokens.before(i)[-1:]) or (
            "-" in word and any(p.isupper() for p in word.split("-"))
        ):
            return -1, 0.0
        after, starts = self.next_low(i), self.starts_sentence(i)
        if i and self.tokens.low[i - 1] in ("the", "in", "near", "into") and self.tokens.before(i) == " ":
            return -1, 0.0
        if self._in_title_case(i):
            return -1, 0.0
        given = bool(bits & _GIVEN)
        if bits & In.ORDINARY:
            return (
                (i, 0.55) if after in NAME_VERBS and ((given and not starts) or self._acts(i)) else (-1, 0.0)
            )
        if given and bits & In.COMMON_GIVEN:
            return i, 0.7 if not starts else 0.65
        if starts and not self._opens(i, after):
            return -1, 0.0
        return i, 0.6

    def _opens(self, i: int, after: str) -> bool:
        """Whether a listed name at the start of a sentence goes on as a sentence about a person does."""
        gap = self.tokens.gap(i)[:1]
        if self.tokens.before(i)[-1:] == "(":
            return gap == ")"
        return after in NAME_VERBS or after in HUMAN_VERBS or gap in ("'", "’", ",")

    def _acts(self, i: int) -> bool:
        """Whether word `i` is followed by what only people do or are."""
        after = self.next_low(i)
        if not after or not self.tokens.words[i + 1].islower():
            return False
        if after in (HUMAN_VERBS if self._bits[i] & NAME else HUMAN_ONLY):
            return True
        if after not in ("was", "is", "has", "will"):
            return False
        then = self.next_low(i + 1)
        return then in HUMAN_PARTICIPLES or (then in ("a", "an") and self.next_low(i + 2) in HUMAN_QUALITIES)

    def _person(self, i: int) -> tuple[int, float]:
        """A name in no list (or an eponym) that does what only people do, or is someone's relative in brackets."""
        word = self.tokens.words[i]
        if (
            len(word) < 3
            or self.shouted(i)
            or self.likeness(i) < UNKNOWN
            or not word.replace("-", "").replace("'", "").isalpha()
        ):
            return -1, 0.0
        if (
            self._bits[i] & (In.WORD | In.BRAND | In.NATION)
            or (self._bits[i] & In.ORDINARY and not self._bits[i] & In.SOFT)
            or self._in_title_case(i)
        ):
            return -1, 0.0
        known = bool(self._bits[i] & NAME)
        if self._acts(i) and (
            known
            or self.next_low(i) in HUMAN_ONLY
            or self.next_low(i + 1) not in ("discussed", "scheduled", "found")
        ):
            return i, 0.6
        if self.tokens.gap(i) == " (" and self.next_low(i) in RELATIONS:
            return i, 0.75
        return -1, 0.0

    def _single_place(self, i: int) -> tuple[int, float]:
        """A city's name that is a person's too: a person before what people do."""
        if self.tokens.low[i] in self.lists.states or not self._bits[i] & _GIVEN:
            return -1, 0.0
        if self.next_low(i) in NAME_VERBS and (
            i == 0 or self.tokens.low[i - 1] not in ("in", "from", "to", "near", "at")
        ):
            return i, 0.55
        return -1, 0.0

    def _in_title_case(self, i: int) -> bool:
        """Whether a capitalised everyday word stands beside it, as in a heading or the name of a test."""
        for k, gap in ((i - 1, self.tokens.before(i)), (i + 1, self.tokens.gap(i))):
            if (
                0 <= k < len(self.tokens)
                and gap in (" ", "-", "/", " & ")
                and self.capital(k)
                and len(self.tokens.words[k]) > 1
            ):
                if (
                    self._bits[k] & _HARD
                    and self.tokens.low[k] not in NEVER
                    and not (k < i and self.starts_sentence(k))
                ):
                    return True
                if gap == "-" or self.shouted(k):
                    return True
        return False

    def _lower_pair(self, i: int) -> tuple[int, float]:
        """`anna kowalski` in dictated text: both in the lists, neither a word."""
        if not self.joined(i) or len(self.tokens.low[i]) < 3:
            return -1, 0.0
        j = i + 1
        bits = self._bits[j]
        if (
            (self._bits[i] | bits) & _HARD
            or self.likeness(i, _GIVEN) < LIKELY
            or self.tokens.words[j][0].isupper()
        ):
            return -1, 0.0
        least = 3 if self._bits[i] & In.COMMON_GIVEN else 4
        if min(len(self.tokens.low[i]), len(self.tokens.low[j])) < least:
            return -1, 0.0
        if bits & _SURNAME and self.likeness(j, _SURNAME) >= LIKELY and self.next_low(j) not in EPONYM_NOUNS:
            return j, 0.7
        return -1, 0.0
