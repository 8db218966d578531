"""Surrogates back to the real values, in whole texts and in streams cut anywhere.

One pass from left to right, at each place the longest surrogate that fits; what was put back is never looked at
again. A surrogate in another case (`THORNBURY`) gives the real value in that case. Dates of the surrogate
centuries are put back by arithmetic, in whatever common form they are written.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from functools import cache

import numpy as np
import numpy.typing as npt

from osler.deid import dates
from osler.deid.tokens import fold

SPACELESS = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
"""Scripts that are written without blanks, where a neighbouring letter does not mean the same word."""

_LETTER = re.compile(rf"[^\W\d_{SPACELESS}]|[\u0300-\u036f]")
_HEAD = 2
"""Length of the folded beginnings by which surrogates are looked up."""
_LONG = 120
"""From so many characters on, the places in a text are looked for all at once."""


_ENDS = " \n\t.,;:()/-'\""
"""Signs that belong to no word and no number: most of what stands beside one."""


def touches(left: str, right: str) -> bool:
    """Whether two neighbouring characters belong to one word or one number."""
    if not left or not right:
        return False
    if left.isascii() and right.isascii():
        return (left.isalpha() and right.isalpha()) or (left.isdecimal() and right.isdecimal())
    if left.isdecimal() and right.isdecimal():
        return True
    return _LETTER.match(left) is not None and _LETTER.match(right) is not None


def _joined(value: str) -> str:
    """Letters and digits alone, folded."""
    return "".join(c for c in value if c.isalnum()).lower()


_MON = dates.MONTH
_Y = r"2[12]\d\d"
_DATE = re.compile(
    rf"(?P<t>{_Y}-\d\d-\d\d"
    rf"|\d\d?(?P<s>[/.\-])\d\d?(?P=s){_Y}"
    rf"|{_MON}\.? \d\d?(?:st|nd|rd|th)?,? {_Y}"
    rf"|\d\d?(?:st|nd|rd|th)? (?:of )?{_MON}\.?,? {_Y}"
    rf"|\d\d?-{_MON}-{_Y})(?!\d)"
)
"""The common forms of a date, no two of which can begin alike."""
_MONTH_HEADS = frozenset(month[:3].lower() for month in dates.MONTHS)
_DIGITS = "0123456789"
_MONTHS_BEGUN = frozenset(head[:k] for head in _MONTH_HEADS for k in (1, 2, 3))
_DATE_HEADS = _MONTHS_BEGUN.union(d + after for d in _DIGITS for after in ("", *_DIGITS, *"/.- snrt"))
_LONGEST_DATE = 32
_LEAST_JOINED = 7
"""From how many letters and digits on a surrogate is known by them alone, whatever stands between them."""


def _prefixes(names: tuple[str, ...]) -> str:
    return "|".join(sorted({n[:k] for n in names for k in range(1, len(n) + 1)}, key=len, reverse=True))


_PART = rf"(?:{_prefixes((*(m.lower() for m in dates.MONTHS), 'sept'))})"
_SFX = r"(?:s|st|n|nd|r|rd|t|th)?"
_BEGINNINGS = (
    r"\d{1,4}",
    r"\d{4}-\d{0,2}(?:(?<=\d\d)-\d{0,2})?",
    r"\d\d?[/.\-]\d{0,2}(?:(?<=\d)[/.\-]\d{0,4})?",
    _PART,
    rf"{_MON}\.?(?: (?:\d\d?{_SFX}(?:,? ?|,? \d{{1,4}}))?)?",
    rf"\d\d?{_SFX}(?: (?:o|of|of )?)?",
    rf"\d\d?(?:st|nd|rd|th)? (?:of )?(?:{_PART}|{_MON}\.?(?:,? ?|,? \d{{1,4}}))",
    rf"\d\d?-(?:{_PART}|{_MON}-?\d{{0,4}})",
)
_UNFINISHED = re.compile(rf"(?:{'|'.join(_BEGINNINGS)})\Z")
"""What may be the beginning of a date at the end of a text; more than the beginnings is harmless, less is not."""


_YEAR = re.compile(_Y)
_SIGNS = ("", r"|\(", r"|[^\w\s]|_", r"|[\W_]")
"""No signs, the bracket of a phone number, all that are no blank, all."""


@cache
def _starts(signs: str, *, plain: bool) -> re.Pattern[str]:
    """Where words and numbers start, and these signs; `plain` for texts of ASCII alone, where it is quicker.

    Matches go on to the end of a word or number, for speed.
    """
    if plain:
        return re.compile(rf"(?<![a-z])[a-z]+|(?<!\d)\d+{signs}", re.ASCII)
    letter, other = rf"[^\W\d_{SPACELESS}]", r"[^\W\d_]"
    return re.compile(rf"(?<!{letter})(?:{letter}+{other}?|{other})|(?<!\d)\d+{signs}")


class Table:
    """Which surrogate stands for which real value."""

    def __init__(self) -> None:
        self._exact: dict[str, str] = {}
        self._folded: dict[str, str] = {}
        self._loose: dict[str, str | None] = {}
        self._lengths: dict[str, tuple[int, ...]] = {}
        self._keys: list[str] = []
        self._beginnings: frozenset[str] | None = None
        self._longest = 0
        self._shift = 0
        self._years = range(0)
        self._first: Places | None = None
        self._joined: tuple[int, dict[str, str]] = (0, {})

    def __len__(self) -> int:
        return len(self._exact)

    @property
    def surrogates(self) -> Collection[str]:
        """All surrogates, as they were written."""
        return self._exact.keys()

    def claim(self, surrogate: str, original: str) -> bool:
        """Lets `surrogate` stand for `original`; False, and nothing done, if it stands for something else."""
        if surrogate in self._exact:
            return self._exact[surrogate] == original
        self._exact[surrogate] = original
        key = fold(surrogate)
        if key not in self._folded or _plain_case(original):
            self._folded[key] = original
        self._index(key)
        return True

    def also(self, surrogate: str, original: str) -> None:
        """A further way in which a model may write a surrogate. Where two of them meet, neither counts."""
        key = fold(surrogate)
        self._loose[key] = None if self._loose.get(key, original) != original else original
        self._index(key)

    def shifted(self, days: int, years: range) -> None:
        """Dates of `years` are the real ones moved by `days`."""
        self._shift, self._years, self._first = days, years, None

    def _index(self, key: str) -> None:
        size, head = len(key), key[:_HEAD]
        lengths = self._lengths.get(head)
        if lengths is None:
            self._lengths[head] = (size,)
        elif size not in lengths:
            self._lengths[head] = tuple(sorted((*lengths, size), reverse=True))
        if size > self._longest:
            self._longest = size
        self._keys.append(key)
        self._first = self._beginnings = None

    @property
    def reach(self) -> int:
        """The most characters that a stream has to hold back."""
        return max(self._longest, _LONGEST_DATE if self._shift else 0) + 1

    @property
    def first(self) -> "Places":
        """Where a surrogate may begin."""
        if self._first is None:
            self._first = Places(frozenset(self._lengths), dated=self._shift != 0)
        return self._first

    def match(self, text: str, folded: str, at: int) -> tuple[int, str] | None:
        """The longest surrogate at `at`: where it ends, and what stands for it."""
        lengths = self._lengths.get(folded[at : at + _HEAD], ())
        if not (lengths or self._shift):
            return None
        if at and text[at - 1] not in _ENDS and touches(text[at - 1], text[at]):
            return None
        size = len(text)
        for length in lengths:
            end = at + length
            if end > size:
                continue
            original = self._original(text[at:end], folded[at:end])
            if original is not None and not (
                end < size and text[end] not in _ENDS and touches(text[end - 1], text[end])
            ):
                longer = self._date(text, folded, at, beyond=end) if self._shift else None
                return longer or (end, original)
        return self._date(text, folded, at) if self._shift else None

    def _original(self, written: str, key: str) -> str | None:
        exact = self._exact.get(written)
        if exact is not None:
            return exact
        original = self._folded.get(key) or self._loose.get(key)
        if original is None:
            return None
        if written.isupper():
            return original.upper()
        return original.lower() if written.islower() else original

    def _date(self, text: str, folded: str, at: int, *, beyond: int = 0) -> tuple[int, str] | None:
        """The date that stands at `at` and ends behind `beyond`: where it ends, and the real one."""
        if not folded[at : at + 1].isdecimal() and folded[at : at + 3] not in _MONTH_HEADS:
            return None
        match = _DATE.match(folded, at, at + _LONGEST_DATE)
        if match is None or match.end("t") <= beyond:
            return None
        written = dates.read(text[at : match.end("t")])
        if written is None or not written.full or written.year not in self._years:
            return None
        try:
            return match.end("t"), dates.write(written, dates.shift(written.on(0), -self._shift))
        except (ValueError, OverflowError):
            return None

    def undecided(self, text: str, folded: str, at: int) -> bool:
        """Whether what stands from `at` to the end may be the beginning of (or all of) a surrogate."""
        if at and touches(text[at - 1], text[at]):
            return False
        if len(text) - at <= self._longest and folded[at:] in self._begun():
            return True
        if not self._shift or len(text) - at > _LONGEST_DATE:
            return False
        if not folded[at].isdecimal() and folded[at : at + 3] not in _MONTHS_BEGUN:
            return False
        if _UNFINISHED.match(folded, at):
            return True
        match = _DATE.match(folded, at)
        return match is not None and match.end() == len(text)

    def _begun(self) -> frozenset[str]:
        """All beginnings of surrogates, made when a stream first asks."""
        if self._beginnings is None:
            self._beginnings = frozenset(key[:k] for key in self._keys for k in range(1, len(key) + 1))
        return self._beginnings

    def regrouped(self, value: str) -> str | None:
        """The original of a number or code that is a surrogate but for its signs: `+1 415 555 0142`."""
        if self._joined[0] != len(self._exact):
            keys = {_joined(s): original for s, original in self._exact.items() if any(map(str.isdecimal, s))}
            self._joined = len(self._exact), {k: o for k, o in keys.items() if len(k) >= _LEAST_JOINED}
        key = _joined(value)
        found = self._joined[1].get(key)
        return found if found is not None or key[:1] != "1" else self._joined[1].get(key[1:])

    def restore(self, text: str) -> str:
        """`text` with every surrogate put back."""
        if not self._exact:
            return text
        folded = fold(text)
        out: list[str] = []
        done = 0
        for at in self.first.of(folded):
            if at >= done and (found := self.match(text, folded, at)) is not None:
                out += [text[done:at], found[1]]
                done = found[0]
        out.append(text[done:])
        return "".join(out)


class Places:
    """Where in a folded text a surrogate may begin, by the beginnings that surrogates have.

    That is the start of a word, a number or a sign. No pattern is compiled, which would take longer than the search.
    """

    def __init__(self, heads: frozenset[str], *, dated: bool) -> None:
        """`heads` are the first two characters of the surrogates; `dated` says that dates are put back too."""
        # of what stands at the very end there may be one character yet
        self._heads = heads.union(head[0] for head in heads)
        self._looked_at = self._heads | _DATE_HEADS if dated else self._heads
        self._dated = dated
        self._marked: npt.NDArray[np.bool_] | None = None
        signs = {h[0] for h in heads if not h[0].isalnum()}
        self._level = 3 if any(map(str.isspace, signs)) else 2 if signs - {"("} else len(signs)
        self._plain, self._any = (_starts(_SIGNS[self._level], plain=plain) for plain in (True, False))

    def of(self, folded: str, at: int = 0) -> Iterator[int]:
        """The places from `at` on, in order."""
        if len(folded) - at > _LONG and folded.isascii():
            for place in self._likely(folded, at):
                head = folded[place : place + _HEAD]
                if head in self._looked_at and (head in self._heads or _may_be_date(folded, place)):
                    yield place
            return
        place = self.next(folded, at)
        while place >= 0:
            yield place
            place = self.next(folded, place + 1)

    def next(self, folded: str, at: int = 0) -> int:
        """The next place from `at` on; -1 where there is none."""
        heads, looked_at = self._heads, self._looked_at
        for start in (self._plain if folded.isascii() else self._any).finditer(folded, at):
            place = start.start()
            head = folded[place : place + _HEAD]
            if head in looked_at and (head in heads or _may_be_date(folded, place)) and _begins(head[0]):
                return place
        return -1

    def _likely(self, folded: str, at: int) -> list[int]:
        """The places in a long text of ASCII alone, and few others: all of its words at once."""
        if self._marked is None:
            self._marked = _marked(self._heads, _DATES_MARKED if self._dated else _NONE_MARKED)
        codes = np.frombuffer(folded[max(0, at - 1) :].encode("ascii"), np.uint8)
        kinds = _KINDS[self._level].take(codes)
        here = kinds[1:]
        starts = here != kinds[:-1]
        starts |= here == _SIGN
        starts &= here != _NOTHING
        heads = codes[1:-1].astype(np.intp)
        heads <<= 7
        heads |= codes[2:]
        hits = self._marked.take(heads)
        hits &= starts[:-1]
        places = (np.flatnonzero(hits) + max(1, at)).tolist()
        if starts[-1]:  # of what stands at the very end one character is known
            places.append(len(folded) - 1)
        return [0, *places] if at == 0 and kinds[0] != _NOTHING else places


def _kinds(level: int) -> npt.NDArray[np.uint8]:
    """What each character of ASCII is to a search with the signs of `level`."""
    signs = re.compile(_SIGNS[level].removeprefix("|")) if level else None
    kinds = np.full(256, _NOTHING, np.uint8)
    for code in range(128):
        c = chr(code)
        if "a" <= c <= "z":
            kinds[code] = _WORD
        elif c in _DIGITS:
            kinds[code] = _DIGIT
        elif signs is not None and signs.fullmatch(c):
            kinds[code] = _SIGN
    return kinds


def _marked(heads: Iterable[str], before: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """By two characters of ASCII (seven bits each) whether they are one of `heads`, or were marked before."""
    pairs = [head.encode() for head in heads if len(head) == _HEAD and head.isascii()]
    marked = before.copy()
    marked[[one << 7 | other for one, other in pairs]] = True
    return marked


_NONE_MARKED = np.zeros(1 << 14, np.bool_)
_DATES_MARKED = _marked(_DATE_HEADS, _NONE_MARKED)
_NOTHING, _WORD, _DIGIT, _SIGN = range(4)
_KINDS = tuple(_kinds(level) for level in range(len(_SIGNS)))


def _begins(character: str) -> bool:
    """Not so a letter-like character that is neither letter nor digit (`²`)."""
    return character.isalpha() or character.isdecimal() or not character.isalnum()


def _may_be_date(folded: str, at: int) -> bool:
    """Whether a date of the surrogate centuries may stand at `at`, or the text ends before that can be told."""
    if folded[at] not in _DIGITS and folded[at : at + 3] not in _MONTHS_BEGUN:
        return False
    end = at + _LONGEST_DATE
    return end >= len(folded) or _YEAR.search(folded, at, end) is not None


def _plain_case(value: str) -> bool:
    return not value.isupper() and not value.islower()


class StreamRestorer:
    """Restores a text that comes in pieces; the pieces given back, joined, are what restoring the whole gives.

    What could be the beginning of a surrogate is held back, never more than the longest surrogate.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        self._before = ""
        self._held = ""

    def feed(self, piece: str) -> str:
        """The next piece in; whatever of the text is certain by now out."""
        if not len(self._table):
            return piece
        return self._advance(self._held + piece, last=False)

    def finish(self) -> str:
        """The rest, when no more comes."""
        return self._advance(self._held, last=True)

    def _advance(self, fresh: str, *, last: bool) -> str:
        if not fresh:
            return ""
        table = self._table
        text = self._before + fresh
        folded = fold(text)
        done = len(self._before)
        edge = len(text) - table.reach
        stop = len(text)
        out: list[str] = []
        places = table.first
        at = places.next(folded, done)
        while at >= 0:
            if not last and at >= edge and table.undecided(text, folded, at):
                stop = at
                break
            found = table.match(text, folded, at)
            if found is not None:
                out += [text[done:at], found[1]]
                done = found[0]
            at = places.next(folded, found[0] if found else at + 1)
        out.append(text[done:stop])
        self._before = text[stop - 1 : stop] if stop else self._before
        self._held = text[stop:]
        return "".join(out)
