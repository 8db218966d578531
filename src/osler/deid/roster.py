"""Who else is known here: the identifiers of all patients of a workspace, to be recognised in any text.

A roster holds hashes only, under a key that is this process's own and is never written anywhere: about 120 bytes a
patient. It says that some words of a text are an identifier of patient number so-and-so; it cannot say anybody's
name. Of a patient it takes what is theirs: names (a given and a family name together), record, insurance and account
numbers, SSN, phones, e-mail addresses, the house number with its street. People and places around a patient
(clinicians, clinics, relatives) are left out. What more than a few patients have in common identifies none of them.

A full name whose two words are everyday words (`Will Young`) is left out, for prose is full of them.
"""

import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from osler.core.ports.detector import KnownIdentifier
from osler.core.ports.records import PatientIdentity
from osler.core.spans import Label
from osler.deid import dates, gazetteers
from osler.deid.gazetteers import In
from osler.deid.name_words import NEVER, PARTICLES
from osler.deid.needles import pieces
from osler.deid.unhidden import plain

SHARED = -1
"""The owner of what several patients have, such as the phone of a mother and her child."""
STRONG = frozenset(
    (Label.MRN, Label.SSN, Label.HEALTH_PLAN, Label.ACCOUNT, Label.DEVICE, Label.LICENSE, Label.OTHER_ID)
)
"""Kinds of which one is enough to say who is meant."""

_ANYONES = 5
"""What more patients than these have is a placeholder or a common name."""
_LEAST_ID = 5
_REACH = 3
"""How many pieces a family name may stand behind (or before) a given name."""
_LABELS = (*STRONG, Label.PHONE, Label.EMAIL, Label.LOCATION, Label.NAME)
_OWN_ELSEWHERE = frozenset((Label.MRN, Label.SSN, Label.HEALTH_PLAN, Label.ACCOUNT))
"""Kinds that nobody but the patient has in a record, wherever they stand in it."""
_EVERYDAY = In.ORDINARY | In.WORD | In.CLINICAL | In.NATION

_BETWEEN = NEVER - PARTICLES
"""Words that part two names rather than join them."""
_APART = str.maketrans(dict.fromkeys(",;:()[]{}<>\"'=|&?#*!\\", " "))
_DECIMALS = frozenset("0123456789")
_SPREAD = re.compile(r"\d[\d \t().\-]{4,22}\d")
_TITLED = re.compile(r"(?:\b(?:dr|doctor|prof|professor|nurse)\.? ?)\Z", re.I)
_DEGREE = re.compile(r",? ?(?:md|m\.d\.|do|rn|np|pa|pa-c|phd|dds)\b", re.I)

_Hashes = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """Some words of a text that are a patient's identifier: what kind, as it was written, whose."""

    label: Label
    text: str = field(repr=False)
    owner: int


class Roster:
    """The identifiers of all patients, as hashes. Made by `Roster.of`; never changes; safe for threads."""

    def __init__(
        self, facts: "_Facts", patients: Sequence[int], births: Sequence[int], words: set[int]
    ) -> None:
        """Use `of`."""
        self._hashes, self._owners, self._kinds = facts.settled()
        ids = np.array(patients, dtype=np.int64)
        self._order = np.argsort(ids, kind="stable").astype(np.int32)
        self._patients: _Hashes = ids[self._order]
        self._births = np.array(births, dtype=np.int32)
        self._words: _Hashes = np.array(sorted(words), dtype=np.int64)

    @classmethod
    def of(cls, identities: Iterable[PatientIdentity]) -> "Roster":
        """The roster of some patients; takes about 60 µs each."""
        facts, words = _Facts(), set[int]()
        patients, births = array("q"), array("i")
        for number, identity in enumerate(identities):
            patients.append(hash(identity.patient))
            births.append(identity.birth_date.toordinal() if identity.birth_date else 0)
            for label, form in set(_facts(identity)):
                facts.add(form, label, number)
                if label is Label.NAME:
                    words.update(map(hash, form.split()))
        return cls(facts, patients, births, words)

    def __len__(self) -> int:
        return len(self._patients)

    @property
    def nbytes(self) -> int:
        """How much memory it takes, in bytes."""
        arrays = (
            self._hashes,
            self._owners,
            self._kinds,
            self._order,
            self._patients,
            self._births,
            self._words,
        )
        return sum(a.nbytes for a in arrays)

    def number(self, patient: str) -> int | None:
        """The number under which a patient's identifiers are known; None for one who is not in the roster."""
        wanted = hash(patient)
        at = int(np.searchsorted(self._patients, wanted))
        found = at < len(self._patients) and int(self._patients[at]) == wanted
        return int(self._order[at]) if found else None

    def born(self, owner: int, text: str) -> bool:
        """Whether the date of birth of patient number `owner` stands in `text`."""
        day = int(self._births[owner]) if owner != SHARED else 0
        return bool(day) and day in _days(text)

    def recognise(self, text: str, tokens: Sequence[str] | None = None) -> tuple[Recognised, ...]:
        """The identifiers of patients in `text`, whose escapes are undone; `tokens` are its pieces.

        A name with a clinician's title or degree is left out. About 0.2 ms for 2 KB, whatever the roster's size.
        """
        if not len(self._hashes):
            return ()
        tokens = pieces(text) if tokens is None else tokens
        candidates = dict.fromkeys((*_numbers(text, tokens), *self._names(tokens)))
        written = list(candidates)
        hashes = np.fromiter((hash(key) for key, _ in written), dtype=np.int64, count=len(written))
        at = np.searchsorted(self._hashes, hashes)
        at[at == len(self._hashes)] = 0
        found = []
        for i in np.flatnonzero(self._hashes[at] == hashes):
            label, text_ = _LABELS[self._kinds[at[i]]], written[i][1]
            if label is not Label.NAME or not _is_clinician(text, text_):
                found.append(Recognised(label=label, text=text_, owner=int(self._owners[at[i]])))
        return tuple(found)

    def strong(self, text: str, tokens: Sequence[str]) -> Iterator[Recognised]:
        """Those that no text may carry out: all but a house and its street alone."""
        return (r for r in self.recognise(text, tokens) if r.label is not Label.LOCATION)

    def _names(self, tokens: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Pairs of words that may be a given and a family name, near each other, in either order."""
        hashes = np.fromiter(map(hash, tokens), dtype=np.int64, count=len(tokens))
        at = np.searchsorted(self._words, hashes)
        at[at == len(self._words)] = 0
        near = np.flatnonzero(self._words[at] == hashes).tolist() if len(self._words) else []
        for n, i in enumerate(near):
            for j in near[n + 1 : n + 1 + _REACH]:
                if j - i > _REACH:
                    break
                a, b = tokens[i], tokens[j]
                if a != b and _BETWEEN.isdisjoint(tokens[i + 1 : j]):
                    yield f"{a} {b}", f"{a} {b}"
                    yield f"{b} {a}", f"{a} {b}"


class _Facts:
    """Hashes of identifiers with their owner and kind, as they are gathered."""

    def __init__(self) -> None:
        self._hashes, self._owners, self._kinds = array("q"), array("i"), array("b")

    def add(self, form: str, label: Label, owner: int) -> None:
        """One identifier of one patient."""
        self._hashes.append(hash(form))
        self._owners.append(owner)
        self._kinds.append(_LABELS.index(label))

    def settled(self) -> tuple[_Hashes, npt.NDArray[np.int32], npt.NDArray[np.int8]]:
        """Each hash once, sorted, with its one owner or SHARED; what is anyone's is dropped."""
        hashes = np.frombuffer(self._hashes, dtype=np.int64) if self._hashes else np.empty(0, np.int64)
        owners = np.frombuffer(self._owners, dtype=np.int32) if self._hashes else np.empty(0, np.int32)
        kinds = np.frombuffer(self._kinds, dtype=np.int8) if self._hashes else np.empty(0, np.int8)
        order = np.lexsort((owners, hashes))
        hashes, owners, kinds = hashes[order], owners[order], kinds[order]
        first = np.ones(len(hashes), dtype=bool)
        first[1:] = (hashes[1:] != hashes[:-1]) | (owners[1:] != owners[:-1])
        hashes, owners, kinds = hashes[first], owners[first], kinds[first]
        single, start, count = np.unique(hashes, return_index=True, return_counts=True)
        owner = np.where(count == 1, owners[start], SHARED).astype(np.int32)
        kept = count <= _ANYONES
        return single[kept].copy(), owner[kept].copy(), kinds[start][kept].copy()


# -- of an identity


def _facts(identity: PatientIdentity) -> Iterator[tuple[Label, str]]:
    own = _own(identity)
    for k in identity.identifiers[len(own) :]:
        if k.label in _OWN_ELSEWHERE:
            yield from _number(k.label, plain(k.value))
    for k in own:
        if k.label is Label.NAME:
            yield from ((Label.NAME, form) for form in _full_names(k.value))
        elif k.label is Label.LOCATION:
            yield from ((Label.LOCATION, form) for form, _ in _houses(pieces(plain(k.value))))
        else:
            yield from _number(k.label, plain(k.value))


def _own(identity: PatientIdentity) -> Sequence[KnownIdentifier]:
    """The patient's own identifiers: the readers put them first, up to the id of the record.

    Where no such id is, up to the date of birth; without that, the first name.
    """
    known = identity.identifiers
    for end, k in enumerate(known, 1):
        if k.label is Label.OTHER_ID and k.value == identity.patient:
            return known[:end]
    for end, k in enumerate(known, 1):
        if k.birth:
            return known[:end]
    return known[:1]


def _full_names(value: str) -> Iterator[str]:
    """Given and family name, as one form: `eleanor whitfield`; of a family name with parts, with each of them."""
    family, comma, given = plain(value).partition(",")
    if comma:
        first, last = pieces(given), pieces(family)
    else:
        words = value.split()
        first, last = pieces(plain(" ".join(words[:1]))), pieces(plain(" ".join(words[1:])[-40:]))
        last = last[-2:]
    lists = gazetteers.load()
    for one in first[:1]:
        for other in last:
            if len(one) > 1 < len(other) and not (
                lists.flags.get(one, 0) & _EVERYDAY and lists.flags.get(other, 0) & _EVERYDAY
            ):
                yield f"{one} {other}"


def _number(label: Label, value: str) -> Iterator[tuple[Label, str]]:
    form = "".join(pieces(value))
    if label is Label.FAX:
        label = Label.PHONE
    if label not in _LABELS or (not any(map(str.isdecimal, form)) and label is not Label.EMAIL):
        return
    if label is Label.PHONE:
        form = form[-10:]
    if len(form) >= _LEAST_ID:
        yield label, form
        bare = form.lstrip("0")
        if form.isdecimal() and bare != form and len(bare) >= _LEAST_ID:
            yield label, bare


# -- in a text


def _numbers(text: str, tokens: Sequence[str]) -> Iterator[tuple[str, str]]:
    """What may be a number, an address or a mail address in a text: its form, and how it is written."""
    words = {w.strip(".-_/") for w in text.translate(_APART).split()}
    for word in words:
        if len(word) >= _LEAST_ID and not _DECIMALS.isdisjoint(word):
            yield from _ways(word)
            if not word.isalnum():
                for part in re.split(r"[-./_@]", word):
                    if len(part) >= _LEAST_ID and not _DECIMALS.isdisjoint(part):
                        yield from _ways(part)
        elif "@" in word:
            yield "".join(pieces(word)), word
    for spread in _SPREAD.findall(text):
        if not spread.isdecimal():
            digits = "".join(filter(str.isdecimal, spread))
            yield digits, spread
            if len(digits) == 11:
                yield digits[1:], spread
    yield from _houses(tokens)


def _ways(word: str) -> Iterator[tuple[str, str]]:
    form = word.lower() if word.isalnum() else "".join(pieces(word))
    yield form, word
    if form[0].isalpha():
        digits = form.lstrip("abcdefghijklmnopqrstuvwxyz")
        if len(digits) >= _LEAST_ID:
            yield digits, word
    elif form.isdecimal() and len(form) > 10:
        yield form[-10:], word


def _houses(tokens: Sequence[str]) -> Iterator[tuple[str, str]]:
    """A house number with its street: `742 Evergreen`, `12 N. Main`."""
    last = len(tokens) - 1
    for i, token in enumerate(tokens):
        if i < last and len(token) < 6 and token.isdecimal():
            street = tokens[i + 1]
            if len(street) == 1 and i + 2 <= last:
                street = tokens[i + 2]
            if len(street) > 2 and street.isalpha():
                yield token + street, f"{token} {street}"


def _is_clinician(text: str, name: str) -> bool:
    """Whether each place where the name stands has a clinician's title before it or a degree after it."""
    gap = r"[\W_]{1,4}(?:\w{1,20}[\W_]{1,3}){0,2}?"
    places = list(re.finditer(gap.join(map(re.escape, name.split())), text, re.I))
    return bool(places) and all(
        _TITLED.search(text, max(0, m.start() - 12), m.start()) or _DEGREE.match(text, m.end())
        for m in places
    )


def _days(text: str) -> set[int]:
    """The days that are written out in a text, as ordinals."""
    folded, found = text.lower(), set[int]()
    if len(folded) != len(text):
        return found
    for pattern in (dates.NUMERIC, dates.MONTH_FIRST, dates.DAY_FIRST, dates.COMPACT):
        for match in pattern.finditer(folded):
            for written in dates.read_all(text[match.start() : match.end()].rstrip(" ,.\n-/")):
                if written.full and written.year is not None:
                    found.add(written.on(written.year).toordinal())
    return found
