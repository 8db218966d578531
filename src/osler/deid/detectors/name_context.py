"""What the rules about the surroundings of names share: looking at words, and how far a name goes on.

Used by `name_people` and `name_labels`. Every look goes over a bounded number of words.
"""

import re
from collections.abc import Iterator

from osler.deid.detectors.name_shapes import LIKELY, NOT, SURE, UNKNOWN, Shapes
from osler.deid.detectors.name_words import CREDENTIALS, EPONYM_NOUNS, NEVER, PLACE_NOUNS, TITLES
from osler.deid.tokens import Words

Found = tuple[int, int, float]
"""Start, end and score of a name."""

_DOTTED_CREDENTIAL = re.compile(r"(?:M\.\s?D|D\.\s?O|R\.\s?N|N\.\s?P|P\.\s?A|Ph\.\s?D|D\.\s?D\.\s?S)\b")
_TWO_CAPITALS = re.compile(r"(?:Ma?c|De|Di|Du|La|Le|Van|Von|O['’]|D['’]|Al-|El-|\w+[-'’])[A-Z][^\W\d_A-Z]+")


class Context:
    """The words of one text, as the rules look at them. Word numbers outside of the text are no error."""

    def __init__(self, tokens: Words, shapes: Shapes) -> None:
        self.tokens = tokens
        self.shapes = shapes

    def low(self, i: int) -> str:
        """Word `i` folded, or nothing."""
        return self.tokens.low[i] if 0 <= i < len(self.tokens) else ""

    def gap(self, i: int) -> str:
        """What stands between word `i` and the next."""
        return self.tokens.gap(i)

    def capital(self, i: int) -> bool:
        """Whether word `i` is there and begins with a capital."""
        return i < len(self.tokens) and self.tokens.words[i][0].isupper()

    def bits(self, i: int) -> int:
        """Which lists word `i` is in."""
        return self.shapes.lists.evidence(self.tokens.low[i])

    def like(self, i: int) -> int:
        """How much word `i` is like a name; NOT where there is no word."""
        return self.shapes.likeness(i) if i < len(self.tokens) else NOT

    def plain(self, i: int) -> bool:
        """Whether an unlisted word is put as names are: one capital, letters only, no other capital but a usual one."""
        word = self.tokens.words[i]
        if len(word) < 3 or any(c.isdigit() or c == "_" for c in word):
            return False
        return word[1:].islower() or _TWO_CAPITALS.fullmatch(word) is not None

    def take(self, at: int) -> int:
        """The last word of the name that starts at word `at`, -1 if none does."""
        return self.shapes.take(at, UNKNOWN)

    def whole(self, at: int) -> int:
        """The last word of the name that starts at word `at`, which is taken for one in any case."""
        return max(at, self.take(at))

    def name(self, at: int, last: int, score: float) -> Iterator[Found]:
        """One finding: the words `at` to `last`."""
        yield self.shapes.span(at, last, score)

    def lower_end(self, at: int, least: int = SURE) -> int:
        """The last word of a name in lower case: at most two further, each `least` like a name."""
        last = at
        while last - at < 2 and self.shapes.joined(last) and self.like(last + 1) >= least:
            if self.low(last + 1) in CREDENTIALS:
                break
            last += 1
        return last

    def lower_name(self, at: int) -> int:
        """As `lower_end`, with one more word of no list, if it is long enough not to be a slip of the pen."""
        last = self.lower_end(at, LIKELY)
        following = self.low(last + 1)
        if last == at and self.shapes.joined(at) and self.like(at + 1) == UNKNOWN and len(following) > 3:
            return last if following.endswith(("ing", "ed")) else last + 1
        return last

    def last_first(self, at: int) -> int:
        """The end of `Last, First M.` from word `at`, -1 if it is not that."""
        last = self.whole(at)
        nxt = last + 1
        if self.gap(last) not in (", ", ",") or not self.capital(nxt):
            return -1
        if _DOTTED_CREDENTIAL.match(self.tokens.text, self.tokens.starts[nxt]):
            return -1
        if self.low(nxt) in CREDENTIALS or self.low(nxt) in NEVER:
            return -1
        if self.like(nxt) < UNKNOWN and not self.shapes.initial(nxt):
            return -1
        return self.whole(nxt)

    def fills_line(self, at: int) -> bool:
        """Whether a name from word `at` runs to the end of its line or field."""
        return self.line_ends(self.whole(at))

    def line_ends(self, last: int) -> bool:
        """Whether a line or field ends behind word `last`, credentials aside."""
        gap = self.gap(last)
        if last + 1 >= len(self.tokens) or gap[:1] in ("\n", "\r", ";", "|", "\t") or gap.startswith("  "):
            return True
        return self.low(last + 1) in CREDENTIALS

    def goes_on_as_name(self, at: int, *, surely: bool = False) -> bool:
        """Whether what starts at `at` is a name of several words: one is listed or, unless `surely`, none is."""
        last = self.take(at)
        if not surely and last > at and self.plain(at):
            return True
        return any(self.like(k) >= LIKELY for k in range(at + 1, last + 1))

    def thing_follows(self, last: int) -> bool:
        """Whether what comes next makes it an eponym, a place or a firm."""
        after = self.shapes.next_low(last)
        return after in EPONYM_NOUNS or (after in PLACE_NOUNS and self.capital(last + 1))

    def signature_at(self, offset: int) -> Iterator[Found]:
        """A line from `offset` on that holds a name, perhaps with credentials, and nothing else."""
        at = self._word_at(offset)
        if at < 0 or not self.capital(at) or self.low(at) in TITLES:
            return
        last = self.take(at)
        if last < 0:
            return
        likeness = max(self.like(k) for k in range(at, last + 1))
        if likeness >= LIKELY or last > at or (likeness == UNKNOWN and self.fills_line(at)):
            yield from self.name(at, last, 0.85)

    def _word_at(self, offset: int) -> int:
        low, high = 0, len(self.tokens)
        while low < high:
            middle = (low + high) // 2
            if self.tokens.starts[middle] < offset:
                low = middle + 1
            else:
                high = middle
        return low if low < len(self.tokens) and self.tokens.starts[low] - offset < 4 else -1
