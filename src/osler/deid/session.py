"""One person's records on their way out: what is found is replaced, the same value by the same, in text and structure.

A `Session` holds what the structured formats (`deid.fhir`, `deid.hl7`) need of the rest of this room: the text engine,
the mode, the surrogates given so far, the new ids, and the date shift. It serves the documents of one patient (or of
one batch whose ids must stay joined) one after another, and is not safe to use from several threads.

Modes: `safe-harbor` (years stay, ages over 89 are one category, ZIP codes have three digits, the rest are labels),
`redact` (labels only, dates go), `surrogate` (made-up values, dates shifted; a shift is *not* Safe Harbor).
"""

import random
import re
import string
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, Protocol, get_args

from osler.core.errors import ConfigError
from osler.core.ports.detector import KnownIdentifier
from osler.core.spans import Label, Span, resolve
from osler.deid import dates, safe_harbor
from osler.deid.leaks import Leaks
from osler.deid.restore import Table
from osler.deid.surrogate_names import Names, system_random
from osler.deid.surrogates import Pool, Surrogates, plain

Mode = Literal["safe-harbor", "redact", "surrogate"]

OLD = 89
"""Ages over this are one category (45 CFR 164.514(b)(2)(i)(C))."""

_SPREAD = 365
_DIGITS = re.compile(r"\d(?:[-. ()/]{0,2}\d)+")
_LONG = 7
"""From how many digits on a number is looked for with any separators in it."""

_PLACEHOLDERS = re.compile(r"(?:\[[A-Z_]+\][\s,]*)+")
"""What an earlier de-identification left is no identifier."""

_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_TOKEN = re.compile(r"[^\W_](?:[\w.\-]{2,}[^\W_])")


class TextEngine(Protocol):
    """Finds identifiers in texts that belong together: `osler.deid.Deidentifier` is one."""

    def find_all(
        self, texts: Sequence[str], known: Sequence[KnownIdentifier] = ()
    ) -> tuple[tuple[Span, ...], ...]:
        """Spans of each text in its code points, sorted, without overlap."""
        ...

    def find_terms(
        self, texts: Sequence[str], known: Sequence[KnownIdentifier] = ()
    ) -> tuple[tuple[Span, ...], ...]:
        """As `find_all`, for terms of published code lists."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Whom a resource or message is about: `key` chooses the date shift, `over_89` the stricter rules."""

    key: str = field(default="", repr=False)
    over_89: bool = False


NOBODY = Person()


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """`text[start:end]` gives way to `new`."""

    start: int
    end: int
    label: Label
    new: str = field(repr=False)


class Session:
    """The replacements of one patient's documents. `begin` opens each document."""

    def __init__(
        self,
        engine: TextEngine,
        *,
        today: date,
        mode: Mode = "safe-harbor",
        whole_weeks: bool = False,
        rng: random.Random | None = None,
        known: Sequence[KnownIdentifier] = (),
    ) -> None:
        """`today` decides who is over 89; `whole_weeks` makes date shifts keep the weekday.

        `known` are identifiers (a roster) that are looked for in every document, besides those that each names.
        """
        if mode not in get_args(Mode):
            raise ConfigError(
                "The mode of a de-identification is none that is known.",
                remedy=f"Use one of: {', '.join(get_args(Mode))}.",
            )
        self.mode: Mode = mode
        self.today = today
        self._engine = engine
        self._whole_weeks = whole_weeks
        self._rng = rng if rng is not None else system_random()
        self._shifts: dict[str, int] = {}
        self._codes: dict[tuple[str, str], str] = {}
        self._given: set[str] = set()
        self._made: _Made | None = None
        self._roster = tuple(known)
        self._known = self._roster
        self._people: dict[str, Person] = {}
        self._tokens: dict[str, Label] = {}
        self._real: frozenset[str] = frozenset()
        self._births: frozenset[int] = frozenset()
        self._cache: dict[tuple[str, Person], tuple[Edit, ...]] = {}
        self._noted: dict[tuple[str, Person], None] | None = None
        self._terms: set[str] = set()

    def begin(
        self,
        texts: Iterable[str],
        known: Sequence[KnownIdentifier] = (),
        tokens: Mapping[str, Label] | None = None,
    ) -> None:
        """Opens a document: all of its strings, the identifiers that its structure names, and further id numbers.

        `tokens` are looked for as whole words only; keep them for what can stand for nothing else.
        """
        real = (k for k in known if not _PLACEHOLDERS.fullmatch(k.value))
        self._known = tuple(dict.fromkeys((*self._roster, *real)))
        self._tokens = {plain(t): label for t, label in (tokens or {}).items()}
        self._real = frozenset((*self._tokens, *(plain(k.value) for k in self._known)))
        born = (dates.read_recorded(k.value) for k in self._known if k.label is Label.DATE and k.birth)
        self._births = frozenset(w.year for w in born if w is not None and w.year is not None)
        self._cache, self._terms = {}, set()
        if self.mode == "surrogate":
            if self._made is None:
                self._made = _Made(self._rng)
            self._made.begin(texts, self._known)

    def remember(self, people: Iterable[Person]) -> None:
        """Keeps who is over 89, for documents of the same patients that do not say so."""
        self._people.update((person.key, person) for person in people if person.key)

    def recalled(self, key: str) -> Person | None:
        """A patient of an earlier document."""
        return self._people.get(key)

    # -- text

    def edits(self, text: str, person: Person = NOBODY, *, term: bool = False) -> tuple[Edit, ...]:
        """What to replace in a free text, sorted, without overlap. `term`: it is one of a published code list."""
        if not text or text.isspace():
            return ()
        if term:
            self._terms.add(text)
        key = (text, person)
        if self._noted is not None:
            self._noted[key] = None
            return ()
        if key not in self._cache:
            self._cache[key] = self._edits(text, person, self._found((text,))[text])
        return self._cache[key]

    def foresee(self, rehearse: Callable[[], object]) -> None:
        """Sends all texts of the document through the engine at once.

        `rehearse` does what will be done to the document; `edits` only notes what it is asked for in it, and
        answers that there is nothing to replace.
        """
        noted = self._noted = {}
        try:
            rehearse()
        finally:
            self._noted = None
        spans = self._found(tuple(dict.fromkeys(text for text, _ in noted)))
        for text, person in noted:
            self._cache[text, person] = self._edits(text, person, spans[text])

    def _found(self, texts: Sequence[str]) -> dict[str, tuple[Span, ...]]:
        """Spans of each text. What is a term in one place of the document is that wherever it stands alone."""
        terms = tuple(t for t in texts if t in self._terms)
        prose = tuple(t for t in texts if t not in self._terms)
        found = dict(zip(terms, self._engine.find_terms(terms, self._known), strict=True)) if terms else {}
        if prose:
            found |= zip(prose, self._engine.find_all(prose, self._known), strict=True)
        return found

    def text(self, text: str, person: Person = NOBODY) -> str:
        """A free text with its identifiers replaced."""
        return applied(text, self.edits(text, person))

    def _edits(self, text: str, person: Person, spans: Sequence[Span]) -> tuple[Edit, ...]:
        extra = list(self._token_spans(text))
        if extra:
            spans = resolve([*spans, *extra])
        out = []
        for span in spans:
            end = (
                safe_harbor.age_end(text, span)
                if span.label is Label.AGE and self.mode != "redact"
                else span.end
            )
            new = self._rendered(span, text[span.start : span.end], person)
            out.append(Edit(start=span.start, end=end, label=span.label, new=new))
        if person.over_89 and self.mode == "safe-harbor":
            for start, end in safe_harbor.birth_years(text, self._births):
                if all(end <= e.start or start >= e.end for e in out):
                    out.append(Edit(start=start, end=end, label=Label.DATE, new=f"[{Label.DATE.value}]"))
        return _apart(out)

    def _token_spans(self, text: str) -> Iterable[Span]:
        if self._tokens:
            for match in _TOKEN.finditer(text):
                label = self._tokens.get(plain(match.group()))
                if label is not None:
                    yield Span(
                        start=match.start(), end=match.end(), label=label, score=0.99, detector="known"
                    )

    def _rendered(self, span: Span, value: str, person: Person) -> str:
        if self.mode == "redact" or (span.label is Label.DATE and self._too_far_back(value)):
            return safe_harbor.label(span)
        if self.mode == "safe-harbor":
            return safe_harbor.rendered(span, value, over_89=person.over_89)
        if span.label is Label.AGE:
            return safe_harbor.OVER_89
        if span.label is Label.DATE:
            return self._shifted_text(value, person) or safe_harbor.label(span)
        return self.value(span.label, value)

    def _too_far_back(self, value: str) -> bool:
        """Whether a written date has a year that shows an age over 89."""
        written = dates.read(value)
        year = written.year if written is not None else None
        return year is not None and over_89(year, self.today.year)

    def _shifted_text(self, value: str, person: Person) -> str:
        """A written date, shifted and written alike; "" for what is no date of the calendar."""
        written = dates.read(value)
        if written is None or not written.layout:
            return ""
        day = self.shifted(written.on(self.today.year), person)
        return dates.write(written, day) if day is not None else ""

    # -- whole values

    def value(self, label: Label, value: str) -> str:
        """What stands for a value that is an identifier as a whole: its label, or its surrogate.

        Titles and credentials around a name stay.
        """
        if not value.strip():
            return value
        before, core, after = name_core(value) if label is Label.NAME else ("", value, "")
        if self.mode != "surrogate":
            return f"{before}[{label.value}]{after}"
        if label is Label.NAME and len(core.strip(".")) == 1:
            letters = string.ascii_uppercase.replace(core[0].upper(), "")
            letter = self._same("initial", core[0].upper(), lambda: self._rng.choice(letters))
            return f"{before}{letter}{core[1:]}{after}"
        return before + self._surrogates().of(label, core) + after

    def identifier(self, label: Label, value: str) -> str:
        """What stands for an identifier by which records are joined: the same for the same value.

        In `safe-harbor` a random code (45 CFR 164.514(c): not derived from the person), in `redact` the label, in
        `surrogate` a number of the same shape.
        """
        if self.mode != "safe-harbor" or not value.strip():
            return self.value(label, value)
        return self._code(label.value, value, lambda: "ID" + "".join(self._rng.choices(_LETTERS, k=10)))

    def resource_id(self, value: str) -> str:
        """The new id of a resource, a random UUID; different ids get different ones, the same the same."""
        return self._code("id", value, lambda: str(uuid.UUID(int=self._rng.getrandbits(128), version=4)))

    def uid(self, value: str) -> str:
        """The new value of an object identifier (OID, DICOM UID), under the arc for UUIDs (2.25)."""
        return self._code(
            "uid", value, lambda: f"2.25.{uuid.UUID(int=self._rng.getrandbits(128), version=4).int}"
        )

    def _code(self, kind: str, value: str, draw: "_Draw") -> str:
        """A code that no other value has, and none that was read."""

        def fresh() -> str:
            new = draw()
            while new in self._given or plain(new) in self._real:
                new = draw()
            self._given.add(new)
            return new

        return self._same(kind, value, fresh)

    def _same(self, kind: str, value: str, draw: "_Draw") -> str:
        key = (kind, value)
        if key not in self._codes:
            self._codes[key] = draw()
        return self._codes[key]

    def _surrogates(self) -> "_Made":
        if self._made is None:
            self._made = _Made(self._rng)
            self._made.begin((), ())
        return self._made

    # -- dates

    def shifted(self, day: date, person: Person = NOBODY) -> date | None:
        """`day` moved by the person's random number of days, None outside of the calendar."""
        try:
            return dates.shift(day, self._days(person))
        except OverflowError:
            return None

    def _days(self, person: Person) -> int:
        if person.key not in self._shifts:
            weeks = self._rng.randint(1, _SPREAD // 7)
            days = 7 * weeks if self._whole_weeks else self._rng.randint(1, _SPREAD)
            self._shifts[person.key] = days * self._rng.choice((-1, 1))
        return self._shifts[person.key]

    # -- the second look

    def leaks(self, texts: Iterable[str], *, names: bool = True) -> dict[str, int]:
        """Counts by label of this document's known identifiers that still stand in outgoing `texts`.

        Shares nothing with the text engine. `names=False` leaves out names and places, for strings that are
        codes of published lists.
        """
        texts = tuple(dict.fromkeys(texts))
        known = [k for k in self._known if names or k.label not in (Label.NAME, Label.LOCATION, Label.DATE)]
        tally = Leaks(known, ()).count(texts)
        numbers = {
            digits: k.label
            for k in known
            if len(digits := _digits(k.value)) >= _LONG and k.label != Label.DATE
        }
        for text in texts:
            found = [self._tokens.get(plain(match.group())) for match in _TOKEN.finditer(text)]
            found += [numbers.get(_digits(match.group())) for match in _DIGITS.finditer(text)]
            for label in found:
                if label is not None:
                    tally[label.value] = tally.get(label.value, 0) + 1
        return tally


class _Draw(Protocol):
    def __call__(self) -> str: ...


class _Made:
    """The surrogates of a session: names in all their forms, everything else by kind."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._pool: _GrowingPool | None = None
        self._names: Names | None = None
        self._others: Surrogates | None = None

    def begin(self, texts: Iterable[str], known: Sequence[KnownIdentifier]) -> None:
        """Takes in a document's strings, which no new surrogate will be part of, and the names in it."""
        if self._pool is None:
            table = Table()
            self._pool = _GrowingPool(self._rng, texts, (), (k.value for k in known))
            self._names, self._others = Names(self._pool, table), Surrogates(self._pool, table)
        else:
            self._pool.more((*texts, *(k.value for k in known)))
        named = sorted({k.value for k in known if k.label is Label.NAME}, key=lambda n: (-len(n.split()), n))
        if self._names is not None:
            for name in named:
                self._names.meet(name)
            for name in named:
                self._names.of(name)

    def of(self, label: Label, value: str) -> str:
        """The surrogate of a value of any kind but DATE and AGE."""
        if self._names is None or self._others is None:
            return f"[{label.value}]"
        if label in (Label.DATE, Label.AGE):
            return f"[{label.value}]"
        return self._names.of(value) if label is Label.NAME else self._others.of(label, value)


class _GrowingPool(Pool):
    """A pool that goes on over several documents."""

    _more: str = ""

    def more(self, texts: Iterable[str]) -> None:
        """Takes in further texts: what is drawn from now on occurs in none of them."""
        self._more = "\n".join(plain(text) for text in texts)

    def absent(self, value: str) -> bool:
        """As `Pool.absent`, for the latest texts too."""
        return plain(value) not in self._more and super().absent(value)

    def word(self, entries: Sequence[str]) -> str:
        """As `Pool.word`, of the entries that are absent."""
        return super().word([entry for entry in entries if plain(entry) not in self._more])


def applied(text: str, edits: Iterable[Edit]) -> str:
    """`text` with sorted, non-overlapping edits made."""
    out: list[str] = []
    at = 0
    for edit in edits:
        out += (text[at : edit.start], edit.new)
        at = edit.end
    return "".join((*out, text[at:]))


_CREDENTIALS = frozenset(
    {
        "mr",
        "mrs",
        "ms",
        "miss",
        "mx",
        "dr",
        "prof",
        "professor",
        "rev",
        "sir",
        "dame",
        "md",
        "do",
        "phd",
        "rn",
        "np",
    }
    | {
        "pa",
        "pac",
        "dds",
        "dmd",
        "pharmd",
        "dnp",
        "lpn",
        "mph",
        "msw",
        "lcsw",
        "bsn",
        "msn",
        "crna",
        "facp",
        "facs",
    }
)


def is_title(word: str) -> bool:
    """Whether a word is a title or credential, which is no part of a name (`Dr.`, `M.D.`)."""
    return word.replace(".", "").replace("-", "").strip(" ,").lower() in _CREDENTIALS


def name_core(text: str) -> tuple[str, str, str]:
    """A written name as what stands before it (titles), the name itself, and what stands behind (credentials)."""
    words = list(re.finditer(r"[^\s,]+", text))
    first, last = 0, len(words)
    while first < last and is_title(words[first].group()):
        first += 1
    while last > first and is_title(words[last - 1].group()):
        last -= 1
    if first == last:
        return "", text, ""
    start, end = words[first].start(), words[last - 1].end()
    return text[:start], text[start:end], text[end:]


def _digits(value: str) -> str:
    """The digits of a value that is a number with separators, "" of any other."""
    return "" if any(c.isalpha() for c in value) else "".join(c for c in value if c.isdecimal())


def over_89(birth_year: int, until_year: int) -> bool:
    """Whether a person born in one year was or may have been over 89 in the other.

    Years alone are compared, since the year of birth alone would stay: born 1936 means 89 or 90 in 2026.
    """
    return until_year - birth_year > OLD


def _apart(edits: list[Edit]) -> tuple[Edit, ...]:
    """Sorted; one that begins inside of its forerunner (an age with the words behind it) is cut to what is left."""
    out: list[Edit] = []
    for edit in sorted(edits, key=lambda e: (e.start, e.end)):
        if out and edit.start < out[-1].end:
            if edit.end > out[-1].end:
                out.append(Edit(start=out[-1].end, end=edit.end, label=edit.label, new=edit.new))
            continue
        out.append(edit)
    return tuple(out)
