"""Names by several words together: given name and surname, `Last, First`, `J. Smith`; used by the name detector."""

from osler.deid.detectors.name_shapes import LIKELY, SURE, UNKNOWN, WEAK, Shapes
from osler.deid.detectors.name_words import (
    EPONYM_NOUNS,
    HUMAN_ONLY,
    HUMAN_PARTICIPLES,
    HUMAN_QUALITIES,
    HUMAN_VERBS,
    NAME_VERBS,
    NEVER,
    PARTICLES,
    PLACE_NOUNS,
    RELATIONS,
    ROLE_LABELS,
    SAINTS,
    SUFFIXES,
    TITLES_LIKE_WORDS,
)
from osler.deid.gazetteers import NAME, In

_GIVEN, _SURNAME = In.GIVEN, In.SURNAME
_HARD = In.ORDINARY | In.WORD | In.BRAND
_ROLES = ROLE_LABELS | TITLES_LIKE_WORDS | RELATIONS
_NONE = (-1, 0.0)


class Pairs(Shapes):
    """Each method gives the last word of a name that starts at word `i` and its score, or (-1, 0)."""

    def elsewhere(self, first: int, last: int) -> bool:
        """Whether words around make it an eponym, a place or a firm."""
        after = self.next_low(last)
        if after in EPONYM_NOUNS or (after in PLACE_NOUNS and self.capital(last + 1)):
            return True
        gap = self.tokens.gap(last)
        if (
            gap[:2] in ("'s", "’s")
            and after
            and self.lists.flags.get(after, 0) & In.WORD
            and self.bits[last] & In.EPONYM
        ):
            return True
        if after == "et" and self.tokens.low[last + 2 : last + 3] == ["al"]:
            return True
        return (
            first > 0 and self.tokens.low[first - 1] in SAINTS and self.tokens.before(first).strip(". ") == ""
        )

    def comma(self, i: int) -> tuple[int, float]:
        """`Last, First` and `LAST, FIRST M.`"""
        likeness = self.likeness(i, _SURNAME)
        if likeness < UNKNOWN or len(self.tokens.words[i]) < 2:
            return _NONE
        j = i
        if (
            self.joined(i)
            and self.capital(i + 1)
            and self.likeness(i + 1, _SURNAME) >= LIKELY
            and self.tokens.gap(i + 1) == ", "
        ):
            j = i + 1
        if self.tokens.gap(j) not in (", ", ",") or j + 1 >= len(self.tokens) or not self.capital(j + 1):
            return _NONE
        given = self.likeness(j + 1, _GIVEN)
        if self._header(i, j + 1):
            return self.take(j + 1, UNKNOWN, 3), 0.85
        if not self.bits[j + 1] & _GIVEN or given < LIKELY or likeness + given < SURE + WEAK:
            return _NONE
        if likeness == UNKNOWN and (self.starts_sentence(i) is False or len(self.tokens.low[i]) < 4):
            return _NONE
        if likeness < SURE and self.bits[i] & In.WORD and not self.shouted(i):
            return _NONE
        if self._in_list_of_places(i, j + 1):
            return _NONE
        last = self.take(j + 1, LIKELY, 3)
        return (last, 0.85) if last > i else _NONE

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

    def initials(self, i: int) -> tuple[int, float]:
        """`J. Smith`, `J.R. Smith`, `A. B. Gonzalez`."""
        if not self.initial(i) or self.tokens.gap(i)[:1] != ".":
            return _NONE
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
            return _NONE
        j = i
        while j + 1 < len(self.tokens) and j - i < 3 and self.initial(j) and self.joined(j):
            j += 1
        if j == i or self.initial(j) or not self.capital(j):
            return _NONE
        likeness = self.likeness(j, _SURNAME)
        if likeness == WEAK and i and self.tokens.low[i - 1] in _ROLES and self.tokens.before(i) == " ":
            # "PCP B. Strand"
            return max(j, self.take(j, LIKELY, 2)), 0.75
        if (
            likeness < UNKNOWN
            or self.elsewhere(i, j)
            or (likeness <= WEAK and self.starts_sentence(j) and self.tokens.gap(j - 1) != ". ")
        ):
            return _NONE
        if likeness == WEAK or (likeness == UNKNOWN and self.shouted(j)):
            return _NONE
        return max(j, self.take(j, LIKELY, 2)), 0.8 if likeness > UNKNOWN else 0.65

    def pair(self, i: int) -> tuple[int, float]:
        """A given name and a surname side by side, an initial or particles perhaps between."""
        j = i + 1
        if not self.joined(i) or len(self.tokens.words[i]) < 2 or self.tokens.low[i] in SAINTS:
            return _NONE
        while (
            j < len(self.tokens)
            and j - i < 4
            and self.joined(j)
            and (self.initial(j) or (self.tokens.low[j] in PARTICLES and self.particle_leads(j)))
        ):
            j += 1
        if j >= len(self.tokens) or not self.capital(j) or self.initial(j):
            return _NONE
        score = self._weigh_pair(i, j)
        if not score or self.elsewhere(i, j):
            return _NONE
        last = j
        while (
            last - j < 2
            and self.joined(last)
            and self.capital(last + 1)
            and self.likeness(last + 1, _SURNAME) >= LIKELY
        ):
            last += 1
        if last > j and self.elsewhere(i, last):
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
        is_given, is_surname = bool(self.bits[i] & _GIVEN), bool(self.bits[j] & _SURNAME)
        loud = self.shouted(i) or self.shouted(j)
        if (
            loud
            and (self.loud or self.shouted(i) != self.shouted(j))
            and not (is_given and given == SURE and is_surname and surname >= LIKELY)
        ):
            return 0.0
        if is_given and given == SURE:
            if is_surname and self.bits[j] & In.NATION:
                return 0.75
            if is_surname and surname >= WEAK:
                return 0.9 if surname >= LIKELY else 0.8
            if surname == UNKNOWN and not loud:
                return 0.75
            return 0.75 if self.bits[j] & _GIVEN and surname >= LIKELY else 0.0
        if is_given and is_surname and given >= LIKELY and surname >= LIKELY:
            return 0.8 if surname == SURE else 0.7
        if is_given and is_surname and given == WEAK and surname >= LIKELY and self._meant(i, j, surname):
            return 0.7
        if loud:
            return 0.0
        if j > i + 1 and not self.initial(j - 1) and min(self.likeness(i), self.likeness(j)) >= UNKNOWN:
            # particles between: "Beatrix van der Merwe"
            return 0.75
        if given == surname == UNKNOWN and self._strangers(i, j):
            return 0.55
        if is_surname and surname == SURE:
            if self.bits[i] & _SURNAME and self.likeness(i) == SURE:
                return 0.7
            if self.likeness(i) == UNKNOWN and self._name_like_unknown(i):
                return 0.6
        return 0.0

    def _meant(self, i: int, j: int, surname: int) -> bool:
        """Whether "Will Young" is a name: by what follows, or by a surname that is nothing else."""
        return self.next_low(j) in NAME_VERBS or (surname == SURE and not self.starts_sentence(i))

    def _strangers(self, i: int, j: int) -> bool:
        """Whether two capitalised words of no list may be a name: both plain, nothing capitalised beside."""
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
        if after and self.tokens.gap(j) == " " and after not in NEVER and not self.acts(j):
            return False
        return not self.starts_sentence(i) or self.acts(j)

    def _name_like_unknown(self, i: int) -> bool:
        word = self.tokens.words[i]
        return len(word) > 2 and word[1:].islower() and word.isalpha()

    def lower_pair(self, i: int) -> tuple[int, float]:
        """`anna kowalski` in dictated text: both in the lists, neither a word."""
        if not self.joined(i) or len(self.tokens.low[i]) < 3:
            return _NONE
        j = i + 1
        bits = self.bits[j]
        if (
            (self.bits[i] | bits) & _HARD
            or self.likeness(i, _GIVEN) < LIKELY
            or self.tokens.words[j][0].isupper()
        ):
            return _NONE
        least = 3 if self.bits[i] & In.COMMON_GIVEN else 4
        if min(len(self.tokens.low[i]), len(self.tokens.low[j])) < least:
            return _NONE
        if bits & _SURNAME and self.likeness(j, _SURNAME) >= LIKELY and self.next_low(j) not in EPONYM_NOUNS:
            return j, 0.7
        return _NONE

    def acts(self, i: int) -> bool:
        """Whether word `i` is followed by what only people do or are."""
        after = self.next_low(i)
        if not after or not self.tokens.words[i + 1].islower():
            return False
        if after in (HUMAN_VERBS if self.bits[i] & NAME else HUMAN_ONLY):
            return True
        if after not in ("was", "is", "has", "will"):
            return False
        then = self.next_low(i + 1)
        return then in HUMAN_PARTICIPLES or (then in ("a", "an") and self.next_low(i + 2) in HUMAN_QUALITIES)
