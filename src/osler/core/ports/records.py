"""Port: what is on a patient's record, structured. Every call of RecordView is limited to one patient."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from osler.core.ports.detector import KnownIdentifier


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A code in a code system, as the record gives it."""

    system: str
    code: str
    display: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordItem:
    """One FHIR resource of a record, reduced to what questions are asked about.

    `doc` is `Type/id`; `type` the resource type; `category` refines it ("laboratory", "vital-signs",
    "note", …); `active` says whether it holds now (an active prescription, an unresolved
    condition, an allergy that was not refuted); `display` names it in words, `codes` in code systems;
    `when` is its clinical date, ISO 8601, possibly to the year only; `text` the rendered sentence or
    note, the very text that citations point into.
    """

    doc: str
    patient: str = field(repr=False)
    type: str
    category: str = ""
    status: str = ""
    active: bool = True
    display: str = field(default="", repr=False)
    codes: tuple[Code, ...] = field(default=(), repr=False)
    when: str = ""
    value: str = field(default="", repr=False)
    text: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientIdentity:
    """Who a record is about. `identifiers` is every identifier known of the patient and those around them."""

    patient: str = field(repr=False)
    birth_date: date | None = field(default=None, repr=False)
    gender: str = ""
    identifiers: tuple[KnownIdentifier, ...] = field(default=(), repr=False)


class RecordView(Protocol):
    """Reads records. Errors: StoreError."""

    def identity(self, patient: str) -> PatientIdentity | None:
        """The patient's identity, or None when no such record is loaded."""
        ...

    def items(
        self, patient: str, *, types: tuple[str, ...] = (), active: bool | None = None
    ) -> tuple[RecordItem, ...]:
        """That patient's resources, newest first; all types when `types` is empty."""
        ...

    def patients(self) -> tuple[str, ...]:
        """Ids of all patients whose record is loaded, sorted."""
        ...


class Identities(Protocol):
    """Reads who all the patients are, for guards that must know one patient from another. Errors: StoreError."""

    def extent(self) -> tuple[int, int]:
        """How many patients and how many identifiers there are; changes whenever an identity does."""
        ...

    def identities(self) -> Iterator[PatientIdentity]:
        """Every patient's identity, one after the other, as the identities were at one moment."""
        ...
