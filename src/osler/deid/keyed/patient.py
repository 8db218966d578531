"""Everything that one patient's key decides: surrogates of names, numbers and places, and the shift of dates."""

from collections.abc import Iterable

from osler.core.spans import Label
from osler.deid import safe_harbor
from osler.deid.keyed.avoid import Avoid
from osler.deid.keyed.days import shift_of
from osler.deid.keyed.draw import derived
from osler.deid.keyed.handles import Handles
from osler.deid.keyed.names import DocumentNames, PatientNames
from osler.deid.keyed.numbers import Numbers
from osler.deid.keyed.places import DocumentPlaces, Places

_TRIES = 24
_HANDLED = frozenset({Label.EMAIL, Label.URL, Label.PHOTO})
_LONG_ENOUGH = 3


class PatientSurrogates:
    """The surrogates of one patient.

        patient = PatientSurrogates.of(run_key, patient_key)
        document = patient.document(text, names=["Maria Gonzalez"])
        document.of(span.label, value)

    Stateless: made anew from the same key, in any process and at any time, it answers the same. What it remembers
    are its own answers. `key` has 32 random bytes, or is derived from such (`of`).
    """

    def __init__(self, key: bytes) -> None:
        self.key = key
        self.names = PatientNames(key)
        self.numbers = Numbers(key)
        self.places = Places(key)

    @classmethod
    def of(cls, run_key: bytes, patient_key: str) -> "PatientSurrogates":
        """The surrogates of the patient `patient_key` in the run (or the site) whose secret is `run_key`."""
        return cls(derived(run_key, "patient", patient_key))

    def varied(self, *parts: str) -> "PatientSurrogates":
        """Other surrogates of the same patient, for one document or mention; its dates stay with this one."""
        return PatientSurrogates(derived(self.key, "vary", *parts))

    def shift(self, most: int, *, whole_weeks: bool = False) -> int:
        """The days by which this patient's dates move, never 0. Raises ConfigError when `most` is out of range."""
        return shift_of(self.key, most, whole_weeks=whole_weeks)

    def document(
        self, text: str, names: Iterable[str], known: Iterable[str] = (), known_names: Iterable[str] = ()
    ) -> "DocumentSurrogates":
        """The surrogates of one text: `names` stand in it; `known` are all values of the record, with its names."""
        return DocumentSurrogates(self, Avoid(text, known), names, known_names)


class DocumentSurrogates:
    """The surrogates of one document, told apart from each other and from everything that stands in it."""

    def __init__(
        self, patient: PatientSurrogates, avoid: Avoid, names: Iterable[str], known_names: Iterable[str]
    ) -> None:
        self._patient = patient
        self._avoid = avoid
        self._names = DocumentNames(patient.names, avoid, names, known_names)
        self._places = DocumentPlaces(patient.places, avoid)
        self._handles = Handles(patient.key, self._names)
        self._made: dict[tuple[Label, str], str] = {}

    def of(self, label: Label, value: str) -> str:
        """The surrogate of a value of any kind but DATE; its label in brackets where its kind allows no other."""
        made = self._made.get((label, value))
        if made is None:
            made = self._made[label, value] = self._new(label, value)
        return made

    def _new(self, label: Label, value: str) -> str:
        if label is Label.NAME:
            return self._names.of(value)
        if label is Label.AGE:
            return safe_harbor.OVER_89
        if label is Label.LOCATION:
            return self._places.of(value)
        for attempt in range(_TRIES):
            made = self._drawn(label, value, attempt)
            if not made or made == value:
                continue
            short = sum(map(str.isalnum, made)) < _LONG_ENOUGH
            if short or self._avoid.free(made):
                self._avoid.give(made)
                return made
        return f"[{label.value}]"

    def _drawn(self, label: Label, value: str, attempt: int) -> str:
        if label in _HANDLED:
            return self._handles.of(label, value, attempt)
        digits = sum(map(str.isdecimal, value))
        letters = sum(map(str.isalpha, value))
        if label is Label.OTHER_ID and letters > digits and letters >= _LONG_ENOUGH and _is_handle(value):
            return self._handles.handle(value, attempt)
        if label is Label.BIOMETRIC and not digits:
            return ""
        return self._patient.numbers.of(label, value, attempt)


def _is_handle(value: str) -> bool:
    """Whether an identifier is a user name rather than a code: one word of letters, with few digits behind it."""
    word = value.rstrip("0123456789")
    return len(word) >= _LONG_ENOUGH and all(c.isalpha() or c in "._-@" for c in word)
