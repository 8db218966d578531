"""Surrogates back to the real values, in whole texts and in streams cut anywhere.

One pass from left to right, at each place the longest surrogate that fits; what was put back is never looked at
again. A surrogate in another case (`THORNBURY`) gives the real value in that case. Dates of the surrogate
centuries are put back by arithmetic, in whatever common form they are written.
"""

import re

from osler.deid import dates
from osler.deid.tokens import fold

SPACELESS = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
"""Scripts that are written without blanks, where a neighbouring letter does not mean the same word."""

_LETTER = re.compile(rf"[^\W\d_{SPACELESS}]|[\u0300-\u036f]")
_HEAD = 2
"""Length of the folded beginnings by which surrogates are looked up."""


def touches(left: str, right: str) -> bool:
    """Whether two neighbouring characters belong to one word or one number."""
    if not left or not right:
        return False
    if left.isdecimal() and right.isdecimal():
        return True
    return _LETTER.match(left) is not None and _LETTER.match(right) is not None


_MON = dates.MONTH
_Y = r"2[12]\d\d"
_DATES = (
    re.compile(rf"(?P<t>{_Y}-\d\d-\d\d)(?!\d)"),
    re.compile(rf"(?P<t>\d\d?(?P<s>[/.\-])\d\d?(?P=s){_Y})(?!\d)"),
    re.compile(rf"(?P<t>{_MON}\.? \d\d?(?:st|nd|rd|th)?,? {_Y})(?!\d)"),
    re.compile(rf"(?P<t>\d\d?(?:st|nd|rd|th)? (?:of )?{_MON}\.?,? {_Y})(?!\d)"),
    re.compile(rf"(?P<t>\d\d?-{_MON}-{_Y})(?!\d)"),
)
_LONGEST_DATE = 32


def _prefixes(names: tuple[str, ...]) -> str:
    return "|".join(sorted({n[:k] for n in names for k in range(1, len(n) + 1)}, key=len, reverse=True))


_PART = rf"(?:{_prefixes((*(m.lower() for m in dates.MONTHS), 'sept'))})"
_SFX = r"(?:s|st|n|nd|r|rd|t|th)?"
_UNFINISHED = tuple(
    re.compile(pattern + r"\Z")
    for pattern in (
        r"\d{1,4}",
        r"\d{4}-\d{0,2}(?:(?<=\d\d)-\d{0,2})?",
        r"\d\d?[/.\-]\d{0,2}(?:(?<=\d)[/.\-]\d{0,4})?",
        _PART,
        rf"{_MON}\.?(?: (?:\d\d?{_SFX}(?:,? ?|,? \d{{1,4}}))?)?",
        rf"\d\d?{_SFX}(?: (?:o|of|of )?)?",
        rf"\d\d?(?:st|nd|rd|th)? (?:of )?(?:{_PART}|{_MON}\.?(?:,? ?|,? \d{{1,4}}))",
        rf"\d\d?-(?:{_PART}|{_MON}-?\d{{0,4}})",
    )
)
"""What may be the beginning of a date at the end of a text; more than the beginnings is harmless, less is not."""


class Table:
    """Which surrogate stands for which real value."""

    def __init__(self) -> None:
        self._exact: dict[str, str] = {}
        self._folded: dict[str, str] = {}
        self._loose: dict[str, str | None] = {}
        self._lengths: dict[str, tuple[int, ...]] = {}
        self._beginnings: set[str] = set()
        self._longest = 0
        self._shift = 0
        self._years = range(0)
        self._first: re.Pattern[str] | None = None

    def __len__(self) -> int:
        return len(self._exact)

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
        lengths = set(self._lengths.get(key[:_HEAD], ()))
        lengths.add(len(key))
        self._lengths[key[:_HEAD]] = tuple(sorted(lengths, reverse=True))
        self._longest = max(self._longest, len(key))
        self._beginnings.update(key[:k] for k in range(1, len(key) + 1))
        self._first = None

    @property
    def reach(self) -> int:
        """The most characters that a stream has to hold back."""
        return max(self._longest, _LONGEST_DATE if self._shift else 0) + 1

    @property
    def first(self) -> re.Pattern[str]:
        """Where a surrogate may begin: the start of a word or number whose first character some surrogate has."""
        if self._first is None:
            heads = {key[0] for key in self._lengths}
            if self._shift:
                heads.update("0123456789jfmasond")
            letters = "".join(re.escape(h) for h in sorted(heads) if h.isalpha())
            others = "".join(re.escape(h) for h in sorted(heads) if not h.isalnum())
            digits = "".join(h for h in sorted(heads) if h.isdecimal())
            parts = [
                rf"(?<![^\W\d_{SPACELESS}])[{letters}]" if letters else "",
                rf"(?<!\d)[{digits}]" if digits else "",
                f"[{others}]" if others else "",
            ]
            self._first = re.compile("|".join(p for p in parts if p) or r"(?!)")
        return self._first

    def match(self, text: str, folded: str, at: int) -> tuple[int, str] | None:
        """The longest surrogate at `at`: where it ends, and what stands for it."""
        if at and touches(text[at - 1], text[at]):
            return None
        dated = self._date(text, folded, at) if self._shift else None
        for length in self._lengths.get(folded[at : at + _HEAD], ()):
            end = at + length
            if end > len(text) or (end < len(text) and touches(text[end - 1], text[end])):
                continue
            if dated is not None and dated[0] > end:
                break
            original = self._original(text[at:end], folded[at:end])
            if original is not None:
                return end, original
        return dated

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

    def _date(self, text: str, folded: str, at: int) -> tuple[int, str] | None:
        for pattern in _DATES:
            match = pattern.match(folded, at, at + _LONGEST_DATE)
            if match is None:
                continue
            written = dates.read(text[at : match.end("t")])
            if written is not None and written.full and written.year in self._years:
                try:
                    return match.end("t"), dates.write(written, dates.shift(written.on(0), -self._shift))
                except (ValueError, OverflowError):
                    return None
        return None

    def undecided(self, text: str, folded: str, at: int) -> bool:
        """Whether what stands from `at` to the end may be the beginning of (or all of) a surrogate."""
        if at and touches(text[at - 1], text[at]):
            return False
        if len(text) - at <= self._longest and folded[at:] in self._beginnings:
            return True
        if not self._shift or len(text) - at > _LONGEST_DATE:
            return False
        return any(p.match(folded, at) for p in _UNFINISHED) or any(
            (m := p.match(folded, at)) is not None and m.end() == len(text) for p in _DATES
        )

    def restore(self, text: str) -> str:
        """`text` with every surrogate put back."""
        if not self._exact:
            return text
        folded = fold(text)
        first = self.first
        out: list[str] = []
        done = 0
        start = first.search(folded)
        while start is not None:
            at = start.start()
            found = self.match(text, folded, at)
            if found is not None:
                out += [text[done:at], found[1]]
                done = found[0]
            start = first.search(folded, found[0] if found else at + 1)
        out.append(text[done:])
        return "".join(out)


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
        start = table.first.search(folded, done)
        while start is not None:
            at = start.start()
            if not last and at >= edge and table.undecided(text, folded, at):
                stop = at
                break
            found = table.match(text, folded, at)
            if found is not None:
                out += [text[done:at], found[1]]
                done = found[0]
            start = table.first.search(folded, found[0] if found else at + 1)
        out.append(text[done:stop])
        self._before = text[stop - 1 : stop] if stop else self._before
        self._held = text[stop:]
        return "".join(out)
