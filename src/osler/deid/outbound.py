"""The outbound check: does an identifier that must not leave stand in the very bytes that would leave?

`OutboundCheck(known, found, roster).scan(body)` reads a JSON body (or some texts) and says how many identifiers of
each kind it found, and nothing more: no value, no place. It looks at every string and every key, as it stands, with
its escapes undone, with its encoded stretches decoded (see `osler.deid.unhidden`), and across the seams of
neighbouring strings. A value is found

- however it is spaced out or punctuated (`J o n e s`, `0048-2913`, `eleanorWhitfield`), in any case,
- cut in two or more between strings that follow on each other in the body, or among those of the same role or key,
- reversed, in ROT13 (names), with digits spelled out (`zero zero four`), with digits for letters (`wh1tf1eld`).

Not found: a single name cut into everyday words (`Fall` / `on`), halves with other text between them, nicknames and
misspellings, a name of everyday words in any other form than `will young` / `Young, Will`, and what
`osler.deid.unhidden` does not undo.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain, filterfalse
from typing import NamedTuple

import msgspec
import re2

from osler.core.ports.detector import KnownIdentifier
from osler.deid import gazetteers
from osler.deid.gazetteers import In
from osler.deid.needles import ANYWHERE, Needles, is_spaceless, needles, of_record, pieces
from osler.deid.roster import Roster
from osler.deid.tokens import word_set
from osler.deid.unhidden import Opened, plain, without_noise

UNREAD = "UNREAD"
"""Counts stretches that are encoded more than three times over, and a body that is no JSON where it says so."""

_STRUCTURE = frozenset(("role", "type", "model", "id", "object", "finish_reason", "tool_call_id"))
"""Keys whose values stand between texts without being part of what is said."""
_GLUED = 6
"""From so many characters on, a form is found in a decoded text with letters around it: that may have begun midway."""
_IN_NOISE = 8
_SEAM = 96
"""How many characters on each side of a seam are looked at."""
_BREAK = " \x1f0zqz0\x1f "
_GIVEN_AWAY = In.ORDINARY | In.WORD | In.CLINICAL | In.BRAND
_DIGITS = {
    word: str(n)
    for n, word in enumerate(("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"))
} | {"oh": "0", "o": "0"}
_SPELLED = frozenset(_DIGITS) - {"o", "oh", "one"}
_LEET = str.maketrans("013457@$", "oieastas")
_RUNS = "".join(chr(c) if chr(c).isalnum() or chr(c) in "@$" else " " for c in range(128))
_MIXED = re.compile(r"[A-Za-z@$]+[0-9@$][A-Za-z0-9@$]*|[0-9][A-Za-z][A-Za-z0-9@$]+")

_IS_MIXED = re2.compile(r"[A-Za-z][0-9@$][A-Za-z0-9@$]{2}|\b[0-9@$][A-Za-z]{3}")


class OutboundCheck:
    """Looks for a fixed set of identifiers in what would leave; safe to use from several threads.

    `known` are a record's identifiers, `found` those that detectors found in the request and that were surely meant.
    `roster` adds everyone else's in the workspace; what is in `surrogates` is never taken for one of theirs.
    """

    def __init__(
        self,
        known: Iterable[KnownIdentifier] = (),
        found: Iterable[KnownIdentifier] = (),
        roster: Roster | None = None,
        *,
        surrogates: Iterable[str] = (),
    ) -> None:
        self._sets = [n for n in (of_record(tuple(known)), needles(found, sure=False)) if not n.empty]
        self._roster = roster
        self._surrogates = surrogates
        self._ours: frozenset[str] | None = None

    def scan(self, body: bytes | str | Sequence[str], *, allowed: Sequence[str] = ()) -> dict[str, int]:
        """How many identifiers of each label stand in `body`; empty when it is clean.

        `body` is JSON as bytes, or texts in the order in which they would be read. What stands in `allowed`
        (published documents that go along) does not count there. Linear in the length of the body.
        """
        if not self._sets and self._roster is None:
            return {}
        tally = self._tally(body)
        if tally and allowed:
            granted = self._tally(allowed)
            tally = {key: count - granted.get(key, 0) for key, count in tally.items()}
        out: dict[str, int] = {}
        for (label, _), count in tally.items():
            if count > 0:
                out[label] = out.get(label, 0) + count
        return dict(sorted(out.items()))

    def _tally(self, body: bytes | str | Sequence[str]) -> dict[tuple[str, str], int]:
        """Counts by label and form; the most of any one way of reading the body."""
        tally: dict[tuple[str, str], int] = {}
        for reading in _readings(body):
            if reading is None:
                tally[UNREAD, ""] = tally.get((UNREAD, ""), 0) + 1
                continue
            for key, count in self._in(reading).items():
                tally[key] = max(tally.get(key, 0), count)
        return tally

    def _in(self, reading: "_Reading") -> dict[tuple[str, str], int]:
        if reading.noise:
            return self._in_noise(reading.text)
        text, view = reading.text, _View(reading.text, glued=reading.decoded)
        tally: dict[tuple[str, str], int] = {}
        for wanted in self._sets:
            for label, form, count in view.places(wanted):
                tally[label, form] = max(tally.get((label, form), 0), count)
        if self._roster is not None:
            for entry in self._roster.strong(text, view.tokens):
                if not self._is_ours(entry.text):
                    tally[entry.label.value, entry.text] = tally.get((entry.label.value, entry.text), 0) + 1
        return tally

    def _in_noise(self, text: str) -> dict[tuple[str, str], int]:
        folded = text.lower()
        forms = {
            f: label for wanted in self._sets for f, label in wanted.squeezed.items() if len(f) >= _IN_NOISE
        }
        return {(label.value, f): folded.count(f) for f, label in forms.items() if f in folded}

    def _is_ours(self, text: str) -> bool:
        """Whether what looks like another patient's identifier is a surrogate of this request."""
        if self._ours is None:
            made = [pieces(plain(s)) for s in self._surrogates]
            self._ours = frozenset((*chain(*made), *("".join(m) for m in made)))
        parts = pieces(text)
        words = [p for p in parts if not p.isdecimal()]
        return "".join(parts) in self._ours or (bool(words) and self._ours.issuperset(words))


class _View:
    """One reading of a text: its pieces, and all of them without what separates them."""

    def __init__(self, text: str, *, glued: bool = False) -> None:
        self._text = text
        self._glued = glued
        self.tokens = pieces(text)
        self._set = frozenset(self.tokens)
        self._squeezed = "".join(self.tokens)
        self._folded = ""
        self._starts: list[int] = []
        self._told: str | None = None

    def places(self, wanted: Needles) -> Iterator[tuple[str, str, int]]:
        """Label, form and number of places of all forms that stand in the text."""
        squeezed = self._squeezed
        for form, label in wanted.squeezed.items():
            if form in squeezed and (count := self._count(form, wanted)):
                yield label.value, form, count
        for literal in wanted.literals:
            if literal.pieces <= self._set and (count := self._literally(literal.text)):
                yield literal.label.value, literal.text, count
        if wanted.numbers and len(_SPELLED & self._set) > 1:
            spoken = "".join([_DIGITS.get(t) or (t if t.isdecimal() else " ") for t in self.tokens])
            for form, label in wanted.numbers.items():
                if form in spoken and form not in squeezed:
                    yield label.value, form, 1
        if self._told is None:
            self._told = self._disguised()
        if disguised := self._told:
            for form, label in wanted.squeezed.items():
                if form in disguised and form.isalpha():
                    yield label.value, form, 1

    def _count(self, form: str, wanted: Needles) -> int:
        """In how many places a form begins and ends where a piece does, and is not put together by chance."""
        if not self._starts:
            self._starts = [0, *accumulate(map(len, self.tokens))]
        starts, count, at = self._starts, 0, self._squeezed.find(form)
        anywhere = (len(form) >= ANYWHERE and form.isdecimal()) or is_spaceless(form)
        while at >= 0:
            end = at + len(form)
            first, last = bisect_left(starts, at), bisect_left(starts, end)
            edges = starts[min(first, len(starts) - 1)] == at and starts[min(last, len(starts) - 1)] == end
            if edges:
                count += self._meant(first, last, form, wanted)
            elif anywhere or (self._glued and len(form) >= _GLUED):
                count += 1
            at = self._squeezed.find(form, at + 1)
        return count

    def _meant(self, first: int, last: int, form: str, wanted: Needles) -> bool:
        """Whether pieces that together spell a form were one: not "fall on", but "wh itfield" and "f a l l o n"."""
        parts = self.tokens[first:last]
        if len(parts) == 1 or not form.isalpha() or tuple(parts) in wanted.natural.get(form, ()):
            return True
        if all(len(p) == 1 for p in parts):
            return True
        lists = gazetteers.load()
        return any(len(p) > 2 and not lists.evidence(p) & _GIVEN_AWAY for p in parts)

    def _literally(self, value: str) -> int:
        if not self._folded:
            self._folded = " ".join(self._text.casefold().split())
        folded, count = self._folded, 0
        at = folded.find(value)
        while at >= 0:
            end = at + len(value)
            before, after = folded[at - 1 : at], folded[end : end + 1]
            if not (before.isalnum() and value[0].isalnum()) and not (
                after.isalnum() and value[-1].isalnum()
            ):
                count += 1
            at = folded.find(value, at + 1)
        return count

    def _disguised(self) -> str:
        """Words with digits for letters, as those letters."""
        if _IS_MIXED.search(self._text) is None:
            return ""
        runs = self._text.translate(_RUNS).split()
        words = _MIXED.findall(" ".join(filterfalse(str.isdecimal, filterfalse(str.isalpha, runs))))
        if told := [w for w in words if sum(map(str.isalpha, w)) > 2]:
            return " ".join(w.lower().translate(_LEET) for w in told)
        return ""


class _Reading(NamedTuple):
    """A way to read a body.

    `decoded`: it was decoded, and may begin and end with anything. `noise`: short words stand in it by chance.
    """

    text: str
    decoded: bool = False
    noise: bool = False


def _readings(body: bytes | str | Sequence[str]) -> Iterator[_Reading | None]:
    """The ways to read a body: as it stands, undone, along other seams, decoded; None for what cannot be read."""
    if isinstance(body, bytes | str):
        strings = _strings(body)
        if strings is None:
            yield None
            strings = [_String(body if isinstance(body, str) else body.decode("utf-8", "replace"), "", "")]
    else:
        strings = [_String(text, "", "") for text in body]
    said = [s for s in strings if s.key not in _STRUCTURE]
    rest = [s.text for s in strings if s.key in _STRUCTURE]
    whole = "\n".join(s.text for s in said)
    if rest:
        whole = f"{whole}{_BREAK}{_BREAK.join(rest)}"
    undone = plain(whole)
    said_, noise = without_noise(undone)
    yield _Reading(said_)
    if noise:
        yield _Reading(noise, noise=True)
    if undone != whole:
        yield _Reading(without_noise(whole)[0])
    yield from map(_Reading, _seams(said))
    opened = Opened(undone)
    if opened.texts:
        # without breaks between them: it may have been cut before it was encoded
        yield _Reading("\n".join(map(plain, opened.texts)), decoded=True)
    more = Opened(whole) if undone != whole else opened
    if more is not opened and more.texts:
        yield _Reading("\n".join(map(plain, more.texts)), decoded=True)
    if opened.unread or not more.is_whole:
        yield None


class _String(NamedTuple):
    """A string of a body, with the key that it stands under and the role of who says it."""

    text: str
    key: str
    role: str


def _strings(body: bytes | str) -> list[_String] | None:
    """Every string, key and number of a JSON body, in its order; None when it is no JSON."""
    try:
        tree: object = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return None
    out: list[_String] = []
    keys: dict[str, None] = {}
    stack: list[tuple[object, str, str]] = [(tree, "", "")]
    while stack:
        node, key, role = stack.pop()
        if isinstance(node, str):
            out.append(_String(node, key, role))
        elif isinstance(node, dict):
            said = node.get("role")
            role = said if isinstance(said, str) else role
            keys.update(dict.fromkeys(node))
            stack += [(value, name, role) for name, value in reversed(node.items())]
        elif isinstance(node, list):
            stack += [(value, key, role) for value in reversed(node)]
        elif isinstance(node, int | float) and not isinstance(node, bool):
            out.append(_String(repr(node), key, role))
    out += [_String(key, "type", "") for key in keys if key not in _USUAL]
    return out


_USUAL = _STRUCTURE | word_set(
    "messages content text name arguments function tools tool_calls parameters properties description stream"
)
"""Keys of every request, which are not looked at."""


def _seams(said: Sequence[_String]) -> Iterator[str]:
    """The texts that follow on each other among those of one role, and of one key, around their seams.

    Those that follow on each other in the body anyway are left out.
    """
    if len(said) < 3:
        return
    for by in ("role", "key"):
        groups: dict[str, list[int]] = {}
        for at, one in enumerate(said):
            groups.setdefault(getattr(one, by), []).append(at)
        apart = [g for g in groups.values() if g[-1] - g[0] >= len(g) > 1]
        if apart:
            yield plain(_BREAK.join("\n".join(_ends(said[at].text) for at in g) for g in apart))


def _ends(text: str) -> str:
    return text if len(text) <= 2 * _SEAM else f"{text[:_SEAM]}{_BREAK}{text[-_SEAM:]}"
