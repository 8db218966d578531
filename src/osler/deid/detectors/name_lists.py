"""Names of one word, in the lists or not, by what it does in its sentence; used by the name detector."""

from collections.abc import Iterator

from osler.deid.detectors.name_pairs import Pairs
from osler.deid.detectors.name_shapes import UNKNOWN
from osler.deid.detectors.name_words import HUMAN_ONLY, HUMAN_VERBS, NAME_VERBS, NEVER, RELATIONS
from osler.deid.gazetteers import NAME, In

_GIVEN = In.GIVEN
_HARD = In.ORDINARY | In.WORD | In.BRAND
_NONE = (-1, 0.0)


class Listed(Pairs):
    """Names of one text by the look of their words."""

    def find(self) -> Iterator[tuple[int, int, float]]:
        """`(start, end, score)` of names that show by themselves."""
        i, count = 0, len(self.tokens)
        while i < count:
            last, score = -1, 0.0
            if self.capital(i):
                last, score = self.comma(i)
                if last < 0:
                    last, score = self.initials(i)
                if last < 0:
                    last, score = self.pair(i)
                if last < 0:
                    last, score = self.single(i)
                if last < 0:
                    last, score = self.person(i)
            elif self.bits[i] & _GIVEN:
                last, score = self.lower_pair(i)
            if last >= 0:
                yield self.span(i, last, score)
                i = last
            i += 1

    def single(self, i: int) -> tuple[int, float]:
        """One name alone, capitalised inside a sentence, or at its start before what people do."""
        word, bits = self.tokens.words[i], self.bits[i]
        if (
            not bits & NAME
            or len(word) < 3
            or self.tokens.low[i] in NEVER
            or self.shouted(i)
            or self.elsewhere(i, i)
        ):
            return _NONE
        if bits & (In.EPONYM | In.BRAND | In.WORD | In.NATION) or (bits & In.ORDINARY and not bits & In.SOFT):
            return _NONE
        if (
            self.tokens.low[i] in self.lists.cities
            or self.tokens.low[i] in self.lists.states
            or "-" in self.tokens.gap(i)[:1]
        ):
            return self._single_place(i)
        if "/" in (self.tokens.gap(i)[:1], self.tokens.before(i)[-1:]) or (
            "-" in word and any(p.isupper() for p in word.split("-"))
        ):
            return _NONE
        after, starts = self.next_low(i), self.starts_sentence(i)
        if i and self.tokens.low[i - 1] in ("the", "in", "near", "into") and self.tokens.before(i) == " ":
            return _NONE
        if self._in_title_case(i):
            return _NONE
        given = bool(bits & _GIVEN)
        if bits & In.ORDINARY:
            return (i, 0.55) if after in NAME_VERBS and ((given and not starts) or self.acts(i)) else _NONE
        if given and bits & In.COMMON_GIVEN:
            return i, 0.7 if not starts else 0.65
        if starts and not self._opens(i, after):
            return _NONE
        return i, 0.6

    def _opens(self, i: int, after: str) -> bool:
        """Whether a listed name at the start of a sentence goes on as a sentence about a person does."""
        gap = self.tokens.gap(i)[:1]
        if self.tokens.before(i)[-1:] == "(":
            return gap == ")"
        return after in NAME_VERBS or after in HUMAN_VERBS or gap in ("'", "’", ",")

    def person(self, i: int) -> tuple[int, float]:
        """A name in no list (or an eponym) that does what only people do, or is someone's relative in brackets."""
        word = self.tokens.words[i]
        if (
            len(word) < 3
            or self.shouted(i)
            or self.likeness(i) < UNKNOWN
            or not word.replace("-", "").replace("'", "").isalpha()
        ):
            return _NONE
        if (
            self.bits[i] & (In.WORD | In.BRAND | In.NATION)
            or (self.bits[i] & In.ORDINARY and not self.bits[i] & In.SOFT)
            or self._in_title_case(i)
        ):
            return _NONE
        known = bool(self.bits[i] & NAME)
        if self.acts(i) and (
            known
            or self.next_low(i) in HUMAN_ONLY
            or self.next_low(i + 1) not in ("discussed", "scheduled", "found")
        ):
            return i, 0.6
        if self.tokens.gap(i) == " (" and self.next_low(i) in RELATIONS:
            return i, 0.75
        return _NONE

    def _single_place(self, i: int) -> tuple[int, float]:
        """A city's name that is a person's too: a person before what people do."""
        if self.tokens.low[i] in self.lists.states or not self.bits[i] & _GIVEN:
            return _NONE
        if self.next_low(i) in NAME_VERBS and (
            i == 0 or self.tokens.low[i - 1] not in ("in", "from", "to", "near", "at")
        ):
            return i, 0.55
        return _NONE

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
                    self.bits[k] & _HARD
                    and self.tokens.low[k] not in NEVER
                    and not (k < i and self.starts_sentence(k))
                ):
                    return True
                if gap == "-" or self.shouted(k):
                    return True
        return False
