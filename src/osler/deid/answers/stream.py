"""An answer on its way back, in pieces: surrogates put back, identifiers that the model made up taken out.

Both are decided in one pass over what the model wrote, by position in it and never by how it was cut, so any cutting
gives the same text. What was put back is not looked at again; what is taken out never touches it. Plain prose flows
token by token; what may be an identifier waits until some words behind it are known, at most `MOST_HELD` characters.
"""

import re
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from osler.core.spans import Label, Span
from osler.deid.answers import rules, words
from osler.deid.answers.sent import Sent, name_words
from osler.deid.answers.words import Kind
from osler.deid.restore import SPACELESS, Table
from osler.deid.tokens import WORD, fold

BEFORE = 120
"""How many characters before a doubtful run the engine sees."""
BEHIND = 20
"""How many characters behind it have to be known."""
_LONGEST_TOKEN = 120
_LONGEST_RUN = 160
MOST_HELD = 400
"""The most characters that are held back, where no surrogate is longer than a line."""
_KEEP = 512
_TOKEN = re.compile(rf"\s*([{SPACELESS}]|[^\s{SPACELESS}]{{1,{_LONGEST_TOKEN + 1}}})")
_EVERYDAY = re.compile(r"\s*([A-Za-z][a-z]*)[,.;:]?(?=\s)")
_PERSON_KEY = re.compile(
    r"\b(?:(?:first|last|given|family|middle|full|maiden|patient|contact|guarantor|legal|preferred) names?"
    r"|surname|forename): \Z",
    re.I,
)
_AUTHOR_KEY = re.compile(r"\b(?:authors?|citations?|references?|sources?|journal|eponyms?): \Z", re.I)
"""Keys of a JSON value behind which a name is a person's for sure, or an author's."""
_CLOSES = re.compile(r"[.!?;:][)\]\"'”’*_]*\Z")
_BREAK = re.compile(r"[.!?:;\n•*|]\s*\Z|\A\s*\Z|\n\s*(?:[-–*•]|\d{1,2}[.)])\s*\Z")
_SPACELESS = re.compile(f"[{SPACELESS}]")
_EDGE = ' \t\r\n,;:[]{}<>"“”*_|'
_GROUPED = frozenset(Label) - {Label.NAME, Label.LOCATION, Label.DATE, Label.AGE}
_STARTS = frozenset((Kind.NUMBER, Kind.MONTH, Kind.TITLE, Kind.LINK, Kind.HOT))
_LEAST_GROUPED = 7
_LEAST_DATE = 5

Cut = tuple[str, str | None]
"""A piece of what the model wrote, and what is shown instead; None where it is shown as it stands."""


class Finder(Protocol):
    """What finds identifiers in a text: a `Deidentifier`."""

    def find(self, text: str) -> Sequence[Span]:
        """Spans in `text`, sorted, without overlap."""
        ...


@dataclass(frozen=True, slots=True)
class _Token:
    start: int
    end: int
    kind: Kind
    text: str = field(repr=False)


class AnswerStream:
    """One answer. Each answer, and each choice of several, needs its own; not for several threads at once."""

    def __init__(
        self,
        table: Table,
        *,
        finder: Finder | None,
        sent: Sent | Sequence[str] = (),
        dates: bool = False,
        context: str = "",
    ) -> None:
        """`finder` None only restores. `sent`: what the model was given. `context`: what is to be thought before it.

        `dates`: full dates that were made up are taken out too, not only dates of birth.
        """
        self._table = table
        self._finder = finder
        self._sent = sent if isinstance(sent, Sent) else Sent(sent)
        self._dates = dates
        self._text = context
        self._low = fold(context)
        self._at = self._read = self._scanned = self._stop = len(context)
        self._marks: deque[tuple[int, int, str]] = deque()
        self._run: list[_Token] = []
        self._closed = False
        self._named = _PERSON_KEY.search(context) is not None
        self._cites = _AUTHOR_KEY.search(context) is not None
        self._label_left = words.LABEL_REACH if words.announces(context) else 0
        self._invented: set[str] = set()
        self._counts: dict[str, int] = {}

    @property
    def redacted(self) -> Mapping[str, int]:
        """How many identifiers were taken out so far, by label. Holds no PHI."""
        return dict(sorted(self._counts.items()))

    def feed(self, piece: str) -> str:
        """The next piece in; whatever is certain by now out."""
        return shown(self.advance(piece))

    def finish(self) -> str:
        """The rest, when no more comes."""
        return shown(self.advance("", last=True))

    def whole(self, text: str) -> str:
        """A text that is there at once."""
        return self.feed(text) + self.finish()

    def advance(self, piece: str, *, last: bool = False) -> list[Cut]:
        """As `feed` (with `last` as `finish`), as pieces of what the model wrote beside what is shown for them."""
        self._text += piece
        self._low += fold(piece)
        self._restore(last=last)
        out: list[Cut] = []
        if self._finder is None:
            self._release(self._stop, (), out)
        else:
            while self._step(out, last=last):
                pass
        self._forget()
        return out

    # -- surrogates

    def _restore(self, *, last: bool) -> None:
        """Finds surrogates as far as they are certain."""
        table, text, low = self._table, self._text, self._low
        if not len(table):
            self._scanned = self._stop = len(text)
            return
        edge = len(text) - table.reach
        done = self._scanned
        for at in table.first.of(low, done):
            if at < done:
                continue
            if not last and at >= edge and table.undecided(text, low, at):
                self._scanned = self._stop = at
                return
            found = table.match(text, low, at)
            if found is not None:
                self._marks.append((at, *found))
                done = found[0]
        self._scanned = self._stop = len(text)

    # -- tokens and runs

    def _step(self, out: list[Cut], *, last: bool) -> bool:
        """Reads one token, or decides one run; False when more of the text has to be known."""
        if self._closed:
            return self._close(out, follows=None, last=last)
        if not (self._run or self._invented or self._named):
            self._flow(out)
        match = _TOKEN.match(self._text, self._read, self._stop)
        if match is None:
            if self._run and (last or "\n" in self._text[self._read : self._stop]):
                return self._close(out, follows="", last=last)
            if not self._run:
                self._release(self._stop, (), out)
            return False
        start, end = match.span(1)
        if self._run and "\n" in self._text[self._read : start]:
            return self._close(out, follows="", last=last)
        if end - start > _LONGEST_TOKEN:
            end = start + _LONGEST_TOKEN
        elif (
            end == self._stop
            and not (last and self._stop == len(self._text))
            and not _SPACELESS.match(match[1])
        ):
            if not self._run:
                self._release(start, (), out)
            return False
        return self._take(self._token(start, end), out, last=last)

    def _flow(self, out: list[Cut]) -> None:
        """Shows the everyday words that come next, which is where most of an answer goes by."""
        text, at, count = self._text, self._read, 0
        stop = min(self._stop, self._marks[0][0]) if self._marks else self._stop
        small, with_capital = words.everyday()
        while (match := _EVERYDAY.match(text, at, stop)) is not None:
            word = match[1]
            if word not in small and (word[0].islower() or word.lower() not in with_capital):
                break
            at, count = match.end(), count + 1
        if count:
            self._read = at
            self._label_left = max(0, self._label_left - count)
            self._release(at, (), out)

    def _take(self, token: _Token, out: list[Cut], *, last: bool) -> bool:
        run = self._run
        if run:
            if not self._joins(token):
                return self._close(out, follows=token.text, last=last)
        elif token.kind not in _STARTS:
            self._pass(token)
            self._release(token.end, (), out)
            return True
        run.append(token)
        self._pass(token)
        ends = _CLOSES.search(token.text) is not None and not _abbreviated(token)
        if ends or token.end - run[0].start > _LONGEST_RUN:
            self._closed = True
        return True

    def _pass(self, token: _Token) -> None:
        """Goes on behind `token`."""
        self._read = token.end
        self._label_left = words.LABEL_REACH if words.announces(token.text) else max(0, self._label_left - 1)

    def _token(self, start: int, end: int) -> _Token:
        text = self._text[start:end]
        if self._marks and self._marks[0][0] < end:
            left = self._beside_marks(start, end)
            if left != text and not any(map(str.isalnum, left.removeprefix("'s").removeprefix("’s"))):
                return _Token(start, end, Kind.PLAIN, text)
        kind = words.kind(text, labelled=self._label_left > 0)
        again = kind < Kind.HOT and self._invented and self._invented.intersection(name_words(text))
        if again or (self._named and kind in (Kind.CAPITAL, Kind.LINK)):
            kind = Kind.HOT
        elif kind is Kind.PLAIN and self._run and self._run[-1].kind is Kind.TITLE and text[0].isalpha():
            kind = Kind.CAPITAL if not words.ordinary(words.core(text)) else kind
        return _Token(start, end, kind, text)

    def _beside_marks(self, start: int, end: int) -> str:
        """What of a token no surrogate covers."""
        out, at = [], start
        for a, b, _ in self._marks:
            if a >= end:
                break
            if b > at:
                out.append(self._text[at : max(at, a)])
                at = b
        out.append(self._text[at:end] if at < end else "")
        return "".join(out)

    def _joins(self, token: _Token) -> bool:
        before = self._run[-1].kind
        if token.kind is Kind.CAPITAL:
            return before is not Kind.MONTH
        if token.kind is Kind.PARTICLE:
            return before in (Kind.LINK, Kind.HOT, Kind.TITLE)
        return token.kind is not Kind.PLAIN

    def _close(self, out: list[Cut], *, follows: str | None, last: bool) -> bool:
        """Ends the run: shown as it is, or put before the engine once enough stands behind it.

        `follows` is the token behind it, "" at the end of a line, None where that does not matter.
        """
        run = self._run
        if not self._is_doubtful(follows):
            self._run, self._closed = [], False
            self._release(run[-1].end, (), out)
            return True
        start, end = run[0].start, run[-1].end
        right = self._right(end, last=last)
        if right < 0:
            return False
        self._run, self._closed = [], False
        found = self._found(start, end, right)
        stop = max([end, *(b for _, b, _ in found)])
        if stop > end:
            self._read = stop
        self._release(stop, found, out)
        return True

    def _right(self, end: int, *, last: bool) -> int:
        """To where the engine sees behind a run; -1 while that is not known."""
        line = self._text.find("\n", end, end + BEHIND)
        if 0 <= line <= self._stop:
            return line
        if self._stop >= end + BEHIND:
            blank = self._text.rfind(" ", end, end + BEHIND)
            return blank if blank > end else end + BEHIND
        return self._stop if last else -1

    def _is_doubtful(self, follows: str | None) -> bool:
        """Whether the run has to be put before the engine."""
        run = self._run
        kinds = [token.kind for token in run]
        if Kind.HOT in kinds:
            return True
        if Kind.NUMBER in kinds and self._is_numbered(kinds):
            return True
        for i, token in enumerate(run[:-1]):
            named = run[i + 1].kind in (Kind.LINK, Kind.CAPITAL)
            if named and token.kind is Kind.TITLE and run[i + 1].text[0] not in "([":
                return True
            if named and token.kind is Kind.LINK and words.opens_name(words.core(token.text)):
                return True
        links = [token for token in run if token.kind is Kind.LINK]
        return len(links) == 1 and self._speaks(links[0], follows)

    def _is_numbered(self, kinds: list[Kind]) -> bool:
        numbers = [t for t in self._run if t.kind is Kind.NUMBER]
        digits = sum(sum(map(str.isdecimal, t.text)) for t in numbers)
        if len(numbers) > 1 and digits >= _LEAST_GROUPED:
            return True
        if Kind.MONTH in kinds:
            start = self._run[0].start
            return digits >= _LEAST_DATE and (
                self._dates or rules.of_birth(self._text[max(0, start - 40) : start])
            )
        return any(words.core(t.text) in words.STREETS for t in self._run)

    def _speaks(self, token: _Token, follows: str | None) -> bool:
        """Whether an everyday word that may be a name stands where a name would."""
        word = words.core(token.text)
        if len(word) < 2:
            return False
        if words.deals(self._text[max(0, token.start - 16) : token.start]):
            return True
        opens = _BREAK.search(self._text, max(0, token.start - 12), token.start) is not None
        return words.alone(word) and (
            not opens or (follows is not None and words.core(follows) in words.DOERS)
        )

    # -- what is taken out

    def _found(self, start: int, end: int, right: int) -> list[tuple[int, int, str]]:
        """What is shown instead of parts of a run, by where they stand; asks the engine."""
        left = max(0, start - BEFORE)
        if left and (blank := self._text.find(" ", left, start)) > 0:
            left = blank + 1
        window = self._text[left:right]
        spans = self._finder.find(window) if self._finder is not None else ()
        spans = [s for s in spans if s.end > start - left and s.start < end - left]
        out: list[tuple[int, int, str]] = []
        for one in rules.counted(window, spans, dated=self._dates):
            if self._cites and one.label is Label.NAME:
                continue
            self._take_out(max(start, one.start + left), one.end + left, one.label, out)
        for match in WORD.finditer(self._text, start, end):
            again = self._named or self._invented.intersection(name_words(match.group()))
            if again or rules.surely(window, match.start() - left, match.end() - left):
                self._take_out(*match.span(), Label.NAME, out)
        return sorted(out)

    def _take_out(self, start: int, end: int, label: Label, out: list[tuple[int, int, str]]) -> None:
        """Notes what is shown for one identifier, beside what surrogates cover of it."""
        for a, b in self._free(start, end, out):
            value = self._text[a:b]
            # first of all: what was sent holds the surrogates too
            original = self._table.regrouped(value) if label in _GROUPED else None
            if original is None and self._sent.holds(label, value):
                continue
            out.append((a, b, original if original is not None else f"[{label.value}]"))
            if original is None:
                self._counts[label.value] = self._counts.get(label.value, 0) + 1
                if label is Label.NAME:
                    known = (w for w in name_words(value) if len(w) > 2 and not words.ordinary(w))
                    self._invented.update(known)

    def _free(self, start: int, end: int, out: list[tuple[int, int, str]]) -> list[tuple[int, int]]:
        """The parts of a stretch that neither a surrogate nor another identifier covers, trimmed."""
        taken = sorted([(a, b) for a, b, _ in self._marks if a < end] + [(a, b) for a, b, _ in out])
        free, at = [], start
        for a, b in (*taken, (end, end)):
            if b < start or a > end:
                continue
            if a > at:
                free.append((at, a))
            at = max(at, b)
        trimmed = []
        for a, b in free:
            value = self._text[a:b]
            a += len(value) - len(value.lstrip(_EDGE + ("" if ")" in value else "(")))
            b -= len(value) - len(value.rstrip(_EDGE + ("" if "(" in value else ")")))
            if a < b and self._text[a:b].lower() not in ("'s", "’s"):
                trimmed.append((a, b))
        return trimmed

    # -- what is shown

    def _release(self, end: int, instead: Sequence[tuple[int, int, str]], out: list[Cut]) -> None:
        """Shows the text up to `end`, or up to the end of the surrogate that stands there."""
        text, at = self._text, self._at
        if not instead and not self._marks:
            if end > at:
                out.append((text[at:end], None))
                self._at = end
                self._read = max(self._read, end)
            return
        left = list(instead)
        while self._marks and self._marks[0][0] < end:
            left.append(self._marks.popleft())
            end = max(end, left[-1][1])
        for a, b, new in sorted(left):
            if a > at:
                out.append((text[at:a], None))
            out.append((text[a:b], new))
            at = b
        if end > at:
            out.append((text[at:end], None))
        self._at = max(end, self._at)
        self._read = max(self._read, self._at)

    def _forget(self) -> None:
        """Drops what no decision can need any more."""
        cut = self._at - _KEEP
        if cut < _KEEP or self._run or self._marks:
            return
        self._text, self._low = self._text[cut:], self._low[cut:]
        self._at -= cut
        self._read -= cut
        self._scanned -= cut
        self._stop -= cut


def shown(cuts: Sequence[Cut]) -> str:
    """The text that is shown."""
    return "".join(old if new is None else new for old, new in cuts)


def _abbreviated(token: _Token) -> bool:
    """Whether the full stop behind a token belongs to it: `Dr.`, `J.`, `St.`"""
    if not token.text.endswith("."):
        return False
    return (
        token.kind is Kind.TITLE
        or len(words.core(token.text)) <= 2
        or words.core(token.text) in words.ABBREVIATED
    )
