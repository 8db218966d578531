"""The wrong-patient guard: does a text speak of a patient other than the one the request is about?

`others(texts, patient, roster, known)` finds a second patient's identifiers: by the roster of the workspace, and by
labels (`Patient:`, `MRN:`, `DOB:`) that contradict each other or the record. It says how many of which kind and
whether it is certain, never whose. One such finding is certain when

- a number that belongs to exactly one other patient stands there (record, insurance, account number, SSN, …),
- another patient's full name does, with a further fact of that patient (date of birth, phone, e-mail, address),
- of labelled name, date of birth and record number two contradict.

Anything less (a full name alone, a phone alone, two record numbers) is a finding, and no certain one: it may be a
relative, a namesake, a number of another hospital. What several patients share, what is on this patient's own
record, and a name with a clinician's title count for nothing.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from itertools import takewhile

import re2

from osler.core.ports.detector import KnownIdentifier
from osler.core.spans import Label
from osler.deid import dates, gazetteers
from osler.deid.gazetteers import NAME, In
from osler.deid.known_forms import KEPT
from osler.deid.name_words import NEVER
from osler.deid.needles import pieces
from osler.deid.roster import SHARED, STRONG, Recognised, Roster
from osler.deid.unhidden import plain

_FAMILY = r"[A-Z][\w'’-]+"
_NAMED = re.compile(
    rf"\b(?:(?i:patient(?: name)?|pt(?: name)?|name of patient)) ?[:=]\s*((?:{_FAMILY},? ?|[A-Z]\.? ){{1,4}})"
)
_RECORD = re.compile(
    r"\b(?:MRN|medical record(?: number| no\.?)?|patient (?:id|number))\s{0,2}(?:[:#=]|no\.?|is)?\s{0,2}"
    r"#?([A-Z]{0,3}-?\d(?:[\d-]{2,16}\d))",
    re.IGNORECASE,
)
_BORN = re.compile(r"\b(?:DOB|date of birth|born(?: on)?|birth ?date)\s{0,2}[:=]?\s{0,2}", re.IGNORECASE)
_BY_LABEL = (
    (_NAMED, ("patient", "pt", "name of patient")),
    (_RECORD, ("mrn", "medical record", "patient id", "patient number")),
    (_BORN, ("dob", "date of birth", "born", "birth")),
)
"""What is looked for, and with what it begins."""
_EVERYDAY = In.ORDINARY | In.WORD | In.CLINICAL
_NO_NAME = _EVERYDAY | In.BRAND | In.NATION
_LONGEST_DATE = 26
_IS_LABELLED = re2.compile(r"(?i)\b(?:patient|pt|mrn|medical record|dob|born|birth|date of)\b")
_RECORDS = (Label.MRN, Label.OTHER_ID, Label.ACCOUNT, Label.HEALTH_PLAN)


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherPatient:
    """One other patient in the texts: how many identifiers of each kind, and whether it is certain.

    `by` is `roster` (the identifiers of someone in the workspace) or `labels` (labelled facts contradict).
    """

    kinds: Mapping[str, int]
    certain: bool
    by: str

    @property
    def reason(self) -> str:
        """The finding in a sentence, without any value."""
        counted = ", ".join(f"{count} {kind}" for kind, count in sorted(self.kinds.items()))
        what = (
            "Identifiers of another patient stand" if self.certain else "What may be another patient's stands"
        )
        return f"{what} in this text ({counted})."


@dataclass(slots=True)
class _Labelled:
    """What labels in the texts say of who the patient is."""

    names: list[frozenset[str]] = field(default_factory=list, repr=False)
    records: set[str] = field(default_factory=set, repr=False)
    births: list[date] = field(default_factory=list, repr=False)


def others(
    texts: Sequence[str],
    patient: str | None = None,
    roster: Roster | None = None,
    known: Iterable[KnownIdentifier] = (),
) -> tuple[OtherPatient, ...]:
    """The other patients that `texts` speak of, those that are certain first; empty when there are none.

    `patient` is whom the request is about, `known` their identifiers. Where it names nobody, the patient of whom the
    texts say most is taken for the one meant. A function of the texts: call it for an answer as a whole, or sentence
    by sentence.
    """
    whole = plain("\n\n".join(texts))
    known = tuple(known)
    found = list(_by_roster(whole, patient, roster, known)) if roster is not None else []
    if not any(f.certain for f in found):
        found += _by_labels(whole, known)
    return tuple(sorted(found, key=lambda f: not f.certain))


def _by_roster(
    text: str, patient: str | None, roster: Roster, known: tuple[KnownIdentifier, ...]
) -> Iterator[OtherPatient]:
    recognised = roster.recognise(text)
    if not recognised:
        return
    own = _own(known)
    me = roster.number(patient) if patient is not None else None
    by_owner: dict[int, list[Recognised]] = {}
    for one in recognised:
        if one.owner not in (SHARED, me) and not own.has(one):
            by_owner.setdefault(one.owner, []).append(one)
    rows = [(_weight(text, owner, facts, roster), owner, facts) for owner, facts in by_owner.items()]
    if patient is None and rows:
        rows.remove(max(rows, key=lambda row: row[0]))
    for weight, owner, facts in rows:
        kinds: dict[str, int] = {}
        for one in facts:
            kinds[one.label.value] = kinds.get(one.label.value, 0) + 1
        if roster.born(owner, text):
            kinds[Label.DATE.value] = 1
        if set(kinds) - {Label.LOCATION.value, Label.DATE.value}:
            yield OtherPatient(kinds=kinds, certain=weight >= 2, by="roster")


def _weight(text: str, owner: int, facts: Sequence[Recognised], roster: Roster) -> int:
    """How much speaks for a patient: a number of theirs counts for two, all else for one."""
    labels = {one.label for one in facts}
    weight = 2 * len(labels & STRONG) + len(labels - STRONG)
    if Label.NAME in labels:
        return weight + roster.born(owner, text)
    return weight if labels & STRONG else min(weight, 1)


class _Own:
    """What is on the record of the patient whom the request is about."""

    def __init__(self, known: Sequence[KnownIdentifier]) -> None:
        self._forms: set[str] = set()
        self._words: set[str] = set()
        self.said = _Labelled()
        for k in known:
            words = pieces(plain(k.value))
            form = "".join(words)
            self._forms.add(form)
            if k.label is Label.NAME:
                self._words.update(words)
                if len(words) > 1:
                    self.said.names.append(frozenset(words))
            elif k.label in _RECORDS:
                self.said.records.add(form.lstrip("0"))
            elif k.label in (Label.PHONE, Label.FAX):
                self._forms.add(form[-10:])
            elif k.birth and (written := dates.read_recorded(k.value)) is not None and written.full:
                self.said.births.append(written.on(written.year or 1))

    def has(self, one: Recognised) -> bool:
        """Whether the record holds it too: a relative's name or phone, the house they share."""
        words = pieces(one.text)
        if one.label is Label.NAME:
            return self._words.issuperset(words)
        form = "".join(words)
        return form in self._forms or any(own.startswith(form) for own in self._forms if len(form) > 6)


@lru_cache(maxsize=KEPT)
def _own(known: tuple[KnownIdentifier, ...]) -> _Own:
    """Kept for the records asked for last; never changed."""
    return _Own(known)


# -- labels


def _by_labels(text: str, known: tuple[KnownIdentifier, ...]) -> Iterator[OtherPatient]:
    said = _labelled(text)
    own = _own(known).said
    kinds: dict[str, int] = {}
    if names := _different_names([*own.names[:1], *said.names], own.names):
        kinds[Label.NAME.value] = names
    numbers = set(said.records)
    if own.records:
        numbers.difference_update(own.records)
        if numbers:
            kinds[Label.MRN.value] = len(numbers)
    elif len(numbers) > 1:
        kinds[Label.MRN.value] = len(numbers) - 1
    days = set(said.births)
    if own.births:
        days -= set(own.births)
        if days:
            kinds[Label.DATE.value] = len(days)
    elif len(days) > 1:
        kinds[Label.DATE.value] = len(days) - 1
    if kinds and set(kinds) != {Label.DATE.value}:
        yield OtherPatient(kinds=kinds, certain=len(kinds) > 1, by="labels")


def _labelled(text: str) -> _Labelled:
    said = _Labelled()
    if _IS_LABELLED.search(text) is None:
        return said
    low = text.lower() if text.isascii() else ""
    named, numbered, born = (_at_labels(text, low, p, heads) for p, heads in _BY_LABEL)
    said.names = [frozenset(words) for m in named if _is_name(words := _until_a_word(m[1]))]
    said.records = {_bare(m[1]) for m in numbered}
    for match in born:
        if (day := _day(text[match.end() : match.end() + _LONGEST_DATE])) is not None:
            said.births.append(day)
    return said


def _at_labels(
    text: str, low: str, pattern: re.Pattern[str], heads: Sequence[str]
) -> Iterator[re.Match[str]]:
    """What `pattern.finditer` gives; each match begins with one of `heads`, which are looked for first.

    `low` is the text in small letters, "" where that may have other offsets.
    """
    if not low:
        yield from pattern.finditer(text)
        return
    done = 0
    for at in sorted(at for head in heads for at in _places_of(low, head)):
        if at >= done and (match := pattern.match(text, at)) is not None:
            yield match
            done = match.end()


def _places_of(text: str, word: str) -> Iterator[int]:
    at = text.find(word)
    while at >= 0:
        yield at
        at = text.find(word, at + 1)


def _until_a_word(said: str) -> list[str]:
    """The pieces up to the next label: `John Okafor` of `John Okafor, DOB`."""
    return list(takewhile(lambda word: word not in NEVER, pieces(said)))


def _is_name(words: Sequence[str]) -> bool:
    """Whether what follows on `Patient:` is a full name: not "Patient: Hi Doctor", not "Patient: Spanish speaking"."""
    lists = gazetteers.load()
    long = [w for w in words if len(w) > 1]
    if len(long) < 2 and len(words) < 2:
        return False
    flags = [lists.evidence(w) for w in long]
    return not all(f & _EVERYDAY for f in flags) and not any(f & _NO_NAME and not f & NAME for f in flags)


def _different_names(names: Sequence[frozenset[str]], own: Sequence[frozenset[str]]) -> int:
    """How many of the names are of another person than the first, or than any that the record holds."""
    if len(names) < 2:
        return 0
    same = own or names[:1]
    return sum(not any(_is_same(name, one) for one in same) for name in names[1:])


def _is_same(one: frozenset[str], other: frozenset[str]) -> bool:
    a, b = ({w for w in words if len(w) > 2} for words in (one, other))
    return len(a & b) >= min(2, len(a), len(b))


def _bare(number: str) -> str:
    return "".join(pieces(number)).lstrip("0")


def _day(text: str) -> date | None:
    """The day with which a text begins."""
    for pattern in (dates.NUMERIC, dates.MONTH_FIRST, dates.DAY_FIRST, dates.COMPACT):
        match = pattern.match(text.lower())
        if match is not None:
            written = dates.read(text[: match.end()].rstrip(" ,.\n-/"))
            if written is not None and written.full and written.year is not None:
                return written.on(written.year)
    return None
