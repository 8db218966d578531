"""Port: a reader of one file format. Plug point `osler.readers`.

A reader turns a file's bytes into documents. It does no I/O and keeps no state. It raises
UnsupportedFormat or InputError with the place (entry number, line), never with the content.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from osler.core.ports.records import PatientIdentity, RecordItem


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A stretch of a document that is searched as one: offsets into its text, and its section."""

    start: int
    end: int
    section: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One source text with what is known of it.

    `doc` is its id (`Type/id` for FHIR); `collection` where it is kept ("records" for a patient's
    record); `item` the structured side of a record's resource; `basis` is "record" for records,
    else "opened", "recalled" or "supplied"; `keywords` are further words to find it by.
    """

    doc: str
    title: str = field(repr=False)
    text: str = field(repr=False)
    collection: str
    patient: str | None = field(default=None, repr=False)
    passages: tuple[Passage, ...] = ()
    item: RecordItem | None = None
    basis: str = "supplied"
    source: str = ""
    published: str = ""
    opened: str = ""
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Everything that one file holds. `skipped` counts what was left out, by reason; no content in it."""

    documents: tuple[Document, ...] = ()
    patients: tuple[PatientIdentity, ...] = ()
    skipped: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file to be read: its name as the user gave it, and its bytes.

    `known_patients` are ids of records already loaded, for files that add to them.
    """

    name: str
    data: bytes = field(repr=False)
    collection: str | None = None
    known_patients: frozenset[str] = field(default=frozenset(), repr=False)

    @property
    def suffix(self) -> str:
        """The file's ending in lower case, with its dot; empty without one."""
        dot = self.name.rfind(".")
        return self.name[dot:].lower() if dot > self.name.rfind("/") else ""


@runtime_checkable
class Reader(Protocol):
    """Reads one format."""

    name: str

    def accepts(self, source: Source) -> bool:
        """Whether this reader is for the file, judged by its ending and first bytes; must be quick."""
        ...

    def read(self, source: Source) -> Reading:
        """All that the file holds, or an error; never a part of it."""
        ...


def iter_collections(reading: Reading) -> Iterable[str]:
    """The collections that a reading adds to, each once, sorted."""
    return sorted({d.collection for d in reading.documents})
