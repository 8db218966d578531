"""The same for a JSON document that comes in pieces: arguments of a tool call, structured output.

Strings and keys are read without their escapes, so a surrogate is found however it is escaped; what is not replaced
comes through byte for byte. A number that is a surrogate becomes the original: a number again where that is one, else a
string. The key of a value counts as what stands before it: a number under `mrn` is looked at as `Mrn: 58120993`.
What is no JSON comes through with its strings treated all the same.
"""

import json
import re
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from osler.deid.answers.sent import Sent
from osler.deid.answers.stream import AnswerStream, Cut, Finder, shown
from osler.deid.restore import Table

_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_LITERALS = frozenset(("true", "false", "null"))
_PLAIN = re.compile(r'[^"\\]+')
_LONGEST_SCALAR = 200
_SCALAR = re.compile(rf'[^\s"{{}}\[\],:]{{1,{_LONGEST_SCALAR}}}')
_BLANK = re.compile(r"\s+")
_ESCAPE = re.compile(r"\\(?:u[0-9A-Fa-f]{4}|[^u])", re.S)
_MAY_ESCAPE = re.compile(r"\\(?:u[0-9A-Fa-f]{0,3})?\Z")
_WORDS = re.compile(r"[^\W\d_]+?(?=[A-Z][a-z])|[^\W\d_]+|\d+")
_LONGEST_KEY = 60


@dataclass(slots=True)
class _Level:
    """One object or array that is open: whether an object, the key that counts inside, whether a key comes next."""

    is_object: bool
    key: str = field(default="", repr=False)
    above: str = field(default="", repr=False)
    expects_key: bool = False


class JsonAnswerStream:
    """One JSON document. The interface is that of `AnswerStream`."""

    def __init__(
        self,
        table: Table,
        *,
        finder: Finder | None,
        sent: Sent | Sequence[str] = (),
        dates: bool = False,
    ) -> None:
        """As for `AnswerStream`."""
        self._table = table
        self._finder = finder
        self._sent = sent if isinstance(sent, Sent) else Sent(sent)
        self._dates = dates
        self._held = ""
        self._levels: list[_Level] = []
        self._begun = self._ended = False
        self._prose: AnswerStream | None = None
        self._string: AnswerStream | None = None
        self._raw: deque[str] = deque()
        self._key: list[str] | None = None
        self._counts: dict[str, int] = {}

    @property
    def redacted(self) -> Mapping[str, int]:
        """How many identifiers were taken out so far, by label. Holds no PHI."""
        counts = dict(self._counts)
        for stream in (self._prose, self._string):
            for label, count in stream.redacted.items() if stream else ():
                counts[label] = counts.get(label, 0) + count
        return dict(sorted(counts.items()))

    def feed(self, piece: str) -> str:
        """The next piece in; whatever is certain by now out."""
        return self._advance(self._held + piece, last=False)

    def finish(self) -> str:
        """The rest, when no more comes."""
        out = self._advance(self._held, last=True)
        out += self._close_string()
        return out + (self._prose.finish() if self._prose is not None else "")

    def whole(self, text: str) -> str:
        """A text that is there at once."""
        return self.feed(text) + self.finish()

    def _advance(self, text: str, *, last: bool) -> str:
        out: list[str] = []
        at = 0
        while at < len(text):
            if self._prose is not None:
                out.append(self._prose.feed(text[at:]))
                at = len(text)
                break
            take = self._inside if self._string is not None else self._between
            step = take(text, at, out, last=last)
            if step < 0:
                break
            at = step
        self._held = text[at:]
        return "".join(out)

    # -- between strings

    def _between(self, text: str, at: int, out: list[str], *, last: bool) -> int:
        """Takes blanks, one sign or one scalar; gives the place behind it, or -1 when more has to be known."""
        if blank := _BLANK.match(text, at):
            out.append(blank.group())
            return blank.end()
        sign = text[at]
        if (
            not self._levels
            and (self._ended or not self._begun)
            and not self._is_document(text, at, last=last)
        ):
            if not last and not self._ended and self._goes_on(text, at):
                return -1
            self._prose = self._stream("")
            return at
        self._begun = True
        if sign == '"':
            self._open_string()
            out.append(sign)
            return at + 1
        if sign in "{}[],:":
            self._structure(sign)
            out.append(sign)
            return at + 1
        scalar = _SCALAR.match(text, at)
        end = scalar.end() if scalar else at + 1
        if not last and self._goes_on(text, at):
            return -1
        out.append(self._scalar(text[at:end]))
        self._ended = not self._levels
        return end

    @staticmethod
    def _goes_on(text: str, at: int) -> bool:
        """Whether more may come of the scalar at the end of what is there."""
        scalar = _SCALAR.match(text, at)
        return scalar is not None and scalar.end() == len(text) and len(text) - at < _LONGEST_SCALAR

    def _is_document(self, text: str, at: int, *, last: bool) -> bool:
        """Whether a JSON document begins here; behind one only another object or array does."""
        if text[at] in "{[" or (not self._ended and text[at] == '"'):
            return True
        scalar = _SCALAR.match(text, at)
        word = scalar.group() if scalar else ""
        known = len(word) < _LONGEST_SCALAR and (word in _LITERALS or _NUMBER.fullmatch(word) is not None)
        return not self._ended and known and scalar is not None and (last or scalar.end() < len(text))

    def _structure(self, sign: str) -> None:
        if sign in "{[":
            top = self._levels[-1] if self._levels else None
            key = top.key if top else ""
            inside = _Level(sign == "{", "" if sign == "{" else key, key if sign == "{" else "", sign == "{")
            if sign == "[" and top is not None:
                inside.above = top.above
            self._levels.append(inside)
        elif sign in "}]":
            if self._levels:
                self._levels.pop()
            self._ended = not self._levels
        elif self._levels and self._levels[-1].is_object:
            self._levels[-1].expects_key = sign == ","

    def _scalar(self, value: str) -> str:
        """A number, a word such as `true`, or what is no JSON at all."""
        if value in _LITERALS:
            return value
        stream = self._stream(self._context())
        new = shown([*stream.advance(value), *stream.advance("", last=True)])
        self._count(stream)
        if new == value or _NUMBER.fullmatch(value) is None:
            return new
        return new if _NUMBER.fullmatch(new) else json.dumps(new, ensure_ascii=False)

    def _context(self) -> str:
        """The keys above a value, as words before it: `Patient phone: `."""
        if not self._levels:
            return ""
        words = _WORDS.findall(f"{self._levels[-1].above} {self._levels[-1].key}"[-_LONGEST_KEY:])
        return " ".join(words).lower().capitalize() + ": " if words else ""

    # -- inside of a string

    def _open_string(self) -> None:
        is_key = bool(self._levels) and self._levels[-1].expects_key
        self._key = [] if is_key else None
        self._string = self._stream("" if is_key else self._context())

    def _inside(self, text: str, at: int, out: list[str], *, last: bool) -> int:
        """Takes a run of plain characters, one escape or the end of the string; -1 when more has to be known."""
        if text[at] == '"':
            out.append(self._close_string() + '"')
            return at + 1
        if run := _PLAIN.match(text, at):
            out.append(self._put(run.group(), run.group()))
            return run.end()
        found = _ESCAPE.match(text, at)
        if found is None:
            if _MAY_ESCAPE.match(text, at) and not last:
                return -1
            out.append(self._put("\\", "\\"))
            return at + 1
        raw, char = found.group(), _read(found.group())
        if "\ud800" <= char <= "\udbff":
            low = _ESCAPE.match(text, found.end())
            if (
                low is None
                and not last
                and (found.end() == len(text) or _MAY_ESCAPE.match(text, found.end()))
            ):
                return -1
            if low is not None and "\udc00" <= _read(low.group()) <= "\udfff":
                raw += low.group()
                char = (char + _read(low.group())).encode("utf-16", "surrogatepass").decode("utf-16")
        if "\ud800" <= char <= "\udfff":
            char = "\ufffd"
        out.append(self._put(char, raw))
        return at + len(raw)

    def _put(self, text: str, raw: str) -> str:
        """Characters of a string, without and with their escapes, into its own stream."""
        self._raw.extend(raw if len(raw) == len(text) else (raw,))
        if self._key is not None:
            self._key.append(text)
        return self._escaped(self._string.advance(text) if self._string else ())

    def _close_string(self) -> str:
        stream, self._string = self._string, None
        if stream is None:
            return ""
        out = self._escaped(stream.advance("", last=True))
        self._count(stream)
        if self._key is not None and self._levels:
            self._levels[-1].key = "".join(self._key)[:_LONGEST_KEY]
        self._key = None
        self._ended = not self._levels
        return out

    def _escaped(self, cuts: Sequence[Cut]) -> str:
        out = []
        for old, new in cuts:
            raw = "".join(self._raw.popleft() for _ in old)
            out.append(raw if new is None else json.dumps(new, ensure_ascii=False)[1:-1])
        return "".join(out)

    # -- streams

    def _stream(self, context: str) -> AnswerStream:
        return AnswerStream(
            self._table, finder=self._finder, sent=self._sent, dates=self._dates, context=context
        )

    def _count(self, stream: AnswerStream) -> None:
        for label, count in stream.redacted.items():
            self._counts[label] = self._counts.get(label, 0) + count


def _read(escape: str) -> str:
    """The character that an escape stands for; an unknown one stands for its letter."""
    if escape[1] == "u":
        return chr(int(escape[2:], 16))
    return _ESCAPES.get(escape[1], escape[1])
