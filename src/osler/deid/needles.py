"""What the outbound check looks for: identifiers in the forms in which a plain search finds them.

On purpose this shares nothing with the detectors and the finder of known identifiers. A value is looked for without
its separators (`squeezed`), so that it is found however it is spaced out, or literally, where without separators it
might as well be something else (dates, ages, short numbers, everyday words).
"""

import re
import string
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from osler.core.ports.detector import KnownIdentifier
from osler.core.spans import Label
from osler.deid import dates, gazetteers
from osler.deid.gazetteers import In
from osler.deid.known_forms import KEPT
from osler.deid.restore import SPACELESS
from osler.deid.unhidden import plain

WORDS = re.compile(r"[A-Z]*[a-z]+|[A-Z]+|\d+|[^\W\dA-Za-z_]+")
"""The pieces of a text: letters, digits; a new one at each capital after a small letter."""

_ROT13 = str.maketrans(string.ascii_lowercase, string.ascii_lowercase[13:] + string.ascii_lowercase[:13])
_BLANKS = "".join(chr(c).lower() if chr(c).isalnum() else " " for c in range(128))
_FEW = 120
"""From so many characters on, a text is worth to be cut at all of its seams at once."""
_KINDS = np.array(
    [
        1 if chr(c).islower() else 2 if chr(c).isupper() else 3 if chr(c).isdecimal() else 0
        for c in range(128)
    ],
    np.uint8,
)
"""Of each character of ASCII: small letter, capital, digit, or none of them."""
_SEAMS = np.zeros(16, np.bool_)
_SEAMS[[1 * 4 + 2, 1 * 4 + 3, 2 * 4 + 3, 3 * 4 + 1, 3 * 4 + 2]] = True
"""By the kinds of two neighbours whether a piece ends between them."""
_LEAST = 4
_LONG = 7
"""From so many letters and digits on, a number is looked for without its separators."""
ANYWHERE = 9
"""From so many digits on, a number is one also when more digits touch it."""
_TURNED = 5
"""From so many letters on, a name is looked for reversed and in ROT13."""
_LONGEST_TURNED = 20
_YEAR = re.compile(r"(?:19|2[0-2])\d\d")
_AGES = ("{}-year-old", "{} year old", "{} years old", "{} y/o", "{} yo", "aged {}")
_DOUBTED = In.ORDINARY | In.WORD | In.NATION
_SPACELESS = re.compile(f"[{SPACELESS}]")
_AROUND = ".,'’()\""


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal:
    """A text that is looked for as it is; `pieces` are its words, for a quick no."""

    text: str = field(repr=False)
    pieces: frozenset[str] = field(repr=False)
    label: Label


@dataclass(frozen=True, slots=True, kw_only=True)
class Needles:
    """All forms of a set of identifiers: `squeezed` without separators, and `literals`.

    `natural` are the pieces of which such a form is made where it has several.
    """

    squeezed: dict[str, Label] = field(repr=False)
    numbers: dict[str, Label] = field(repr=False)
    natural: Mapping[str, AbstractSet[tuple[str, ...]]] = field(repr=False)
    literals: tuple[Literal, ...] = field(repr=False)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to look for."""
        return not (self.squeezed or self.literals)


@lru_cache(maxsize=KEPT)
def of_record(known: tuple[KnownIdentifier, ...]) -> Needles:
    """The forms of a record's identifiers, kept for the records asked for last; never changed, since it is shared."""
    return needles(known, sure=True)


def needles(identifiers: Iterable[KnownIdentifier], *, sure: bool) -> Needles:
    """The forms to look for. `sure` says that a record holds them, rather than that a detector took them for such."""
    made = _Made()
    for identifier in identifiers:
        made.add(identifier.label, identifier.value, sure=sure)
    return made.done()


def is_spaceless(form: str) -> bool:
    """Whether a form is of a script that puts no blanks between words, where it has no edges."""
    return not form.isascii() and _SPACELESS.search(form) is not None


def pieces(text: str) -> list[str]:
    """The folded pieces of a text in which nothing is hidden any more."""
    if len(text) < _FEW or not text.isascii():
        if text.isascii() and text.isalpha() and (text[1:].islower() or text.isupper()):
            return [text.lower()]
        return [piece.lower() for piece in WORDS.findall(text)]
    # five times faster than the pattern over all of the text
    kinds = _KINDS.take(np.frombuffer(text.encode("ascii"), np.uint8))
    apart, at = [], 0
    for seam in np.flatnonzero(_SEAMS.take(kinds[:-1] * 4 + kinds[1:])).tolist():
        apart.append(text[at : seam + 1])
        at = seam + 1
    apart.append(text[at:])
    return " ".join(apart).translate(_BLANKS).split()


class _Made:
    """The forms as they are gathered; the first label of a form stays."""

    def __init__(self) -> None:
        self._lists = gazetteers.load()
        self._squeezed: dict[str, Label] = {}
        self._natural: dict[str, set[tuple[str, ...]]] = {}
        self._taken: set[tuple[str, ...]] = set()
        self._literals: dict[str, Label] = {}

    def add(self, label: Label, value: str, *, sure: bool) -> None:
        """Take in one identifier."""
        value = plain(value).strip()
        if len(value) > 1 and is_spaceless(value):
            self._squeeze(pieces(value), label)
        if label is Label.DATE:
            self._date(value.casefold(), sure=sure)
        elif label is Label.AGE:
            for form in _AGES:
                self._literals.setdefault(form.format(value.casefold()), label)
        elif label is Label.NAME:
            self._name(value, sure=sure)
        elif sum(map(str.isalnum, value)) >= _LEAST:
            self._other(label, value)

    def done(self) -> Needles:
        """All forms taken in."""
        return Needles(
            squeezed=self._squeezed,
            numbers={s: label for s, label in self._squeezed.items() if s.isdecimal()},
            natural=self._natural,
            literals=tuple(
                Literal(text=text, pieces=frozenset(pieces(text)), label=label)
                for text, label in self._literals.items()
            ),
        )

    def _date(self, value: str, *, sure: bool) -> None:
        written = dates.read_recorded(value)
        if written is not None and written.full and written.year is not None:
            for form in dates.forms(written.on(written.year)) if sure else (value,):
                self._literals.setdefault(form, Label.DATE)

    def _name(self, value: str, *, sure: bool) -> None:
        words = [w for w in (w.strip(_AROUND) for w in value.replace("-", " ").split()) if w]
        parts = {word: pieces(word) for word in words}
        sound = [w for w in words if len(w) >= _LEAST and not self._is_doubtful(w, sure=sure)]
        for word in sound:
            self._squeeze(parts[word], Label.NAME)
        long = [w for w in words if len(w) > 1]
        if len(long) < 2:
            return
        if not sound:
            folded = [w.casefold() for w in long]
            ways = {" ".join(folded), f"{folded[-1]}, {folded[0]}", "".join(folded)}
            for form in {value.casefold(), *ways}:
                self._literals.setdefault(form, Label.NAME)
        # a name of everyday words is found as it is only: "she will. Young patients" names nobody
        if sound or any(not self._is_doubtful(w, sure=sure) for w in long):
            self._squeeze([p for word in words for p in parts[word]], Label.NAME)
            self._squeeze(parts[long[0]] + parts[long[-1]], Label.NAME)
            self._squeeze(parts[long[-1]] + parts[long[0]], Label.NAME)

    def _is_doubtful(self, word: str, *, sure: bool) -> bool:
        """Whether a word may as well mean something else: an everyday word, or an eponym where none is on record."""
        bits = self._lists.flags.get(word.casefold().rstrip("0123456789"), 0)
        return bool(bits & _DOUBTED or (not sure and bits & In.EPONYM))

    def _other(self, label: Label, value: str) -> None:
        parts = pieces(value)
        bare = "".join(parts)
        if any(map(str.isdecimal, bare)) and len(bare) >= _LONG:
            self._squeeze(parts, label)
            self._number(label, bare)
            return
        ordinary = [p for p in parts if self._lists.is_ordinary(p) or len(p) < _LEAST]
        if len(parts) > 1 and len(ordinary) < len(parts) and len(bare) >= _LONG:
            self._squeeze(parts, label)
        elif not (" " not in value and (self._lists.is_ordinary(value.casefold()) or _YEAR.fullmatch(value))):
            self._literals.setdefault(value.casefold(), label)
            if len(parts) == 1 and parts[0].isalpha():
                self._squeeze(parts, label)
        if label is Label.EMAIL:
            user, _, host = value.partition("@")
            for way in (user, user.replace(".", " dot ")):
                for form in (
                    f"{way} at {host}".replace(".", " dot "),
                    f"{way} at {host.replace('.', ' dot ')}",
                ):
                    self._squeeze(pieces(form), label)

    def _number(self, label: Label, bare: str) -> None:
        digits = "".join(filter(str.isdecimal, bare))
        if label in (Label.PHONE, Label.FAX) and len(digits) in (10, 11):
            local = digits[-10:]
            self._squeeze((local,), label)
            self._squeeze((local[3:],), label)
        if digits == bare and len(short := digits.lstrip("0")) >= _LONG - 1 and short != digits:
            self._literals.setdefault(short, label)

    def _squeeze(self, of: Sequence[str], label: Label) -> None:
        """Takes in a form by the pieces of which it is made."""
        parts = tuple(of)
        if parts in self._taken:
            return
        self._taken.add(parts)
        form = "".join(parts)
        if len(form) < _LEAST and not is_spaceless(form):
            return
        # of a form of one piece there is nothing to say of how its pieces stand
        several = len(parts) > 1
        self._squeezed.setdefault(form, label)
        if several:
            self._natural.setdefault(form, set()).add(parts)
        if _TURNED <= len(form) <= _LONGEST_TURNED:
            for turned in self._turned(form):
                self._squeezed.setdefault(turned, label)
                if several:
                    self._natural.setdefault(turned, set()).add(tuple(p[::-1] for p in reversed(parts)))

    def _turned(self, form: str) -> Iterator[str]:
        """A form reversed and in ROT13, unless that is a word or a name itself."""
        if form.isalpha():
            for turned in (form[::-1], form.translate(_ROT13)):
                if turned != form and not self._lists.evidence(turned):
                    yield turned
        elif form.isdecimal() and len(form) >= _LONG:
            yield form[::-1]
