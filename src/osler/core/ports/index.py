"""Port: the store of source texts and the search over their passages.

The patient filter is applied inside the search, before ranking: a search without a patient never
sees a record, a search with one sees that record and no other.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from osler.core.ports.reader import Document, Reading

RECORDS = "records"
"""The collection that holds patients' records. It is PHI as a whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a search may see: one patient's record or none, and which other collections (all when empty)."""

    patient: str | None = field(default=None, repr=False)
    collections: tuple[str, ...] = ()
    records_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A passage found: where it stands and how well it matches (0 or more, higher is better)."""

    doc: str
    collection: str
    patient: str | None = field(repr=False)
    start: int
    end: int
    section: str
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDocument:
    """A source text as it is stored, with its digest."""

    document: Document
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What a write changed, in documents: new, changed, left as they were."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    patients: int = 0
    skipped: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionInfo:
    """How much one collection holds."""

    collection: str
    documents: int
    passages: int
    patients: int


class Index(Protocol):
    """Source texts and search. Errors: StoreError, Conflict."""

    def put(self, reading: Reading) -> Added:
        """Store a reading, all of it or nothing; readers see the state before or after, never between.

        The same content again changes nothing. Conflict when a resource would change its patient.
        """
        ...

    def search(self, terms: Sequence[Sequence[str]], scope: Scope, k: int) -> tuple[Hit, ...]:
        """The best `k` passages for `terms`, best first. Each term is a group of alternatives (synonyms)."""
        ...

    def document(self, doc: str, *, patient: str | None) -> StoredDocument | None:
        """A stored source; a record's only when `patient` is the one it belongs to."""
        ...

    def collections(self) -> tuple[CollectionInfo, ...]:
        """What is loaded."""
        ...


@runtime_checkable
class IndexUpkeep(Protocol):
    """What keeps the search in step with the stored texts, which it is made of. Errors: StoreError."""

    def check(self, *, deep: bool = False) -> None:
        """Raise StoreError unless the search is whole; `deep` also compares each text with its digest."""
        ...

    def rebuild(self) -> int:
        """Make the search anew from the stored texts, all of it or nothing; how many passages it holds."""
        ...
