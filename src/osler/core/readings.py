"""What a Reading must be to be stored: the port's promises as one pure function.

The platform holds every reader to it, and so do the contract tests. Whether texts are valid Unicode is the store's
to say: where they are not, it is most often the file's fault, not the reader's.
"""

from collections.abc import Collection, Iterator

from osler.core.ports.detector import KnownIdentifier
from osler.core.ports.index import RECORDS
from osler.core.ports.reader import Document, Passage, Reading
from osler.core.ports.records import Code, PatientIdentity, RecordItem
from osler.core.spans import Label

BASES = ("record", "opened", "recalled", "supplied")


def reading_fault(reading: object, known_patients: Collection[str]) -> str:
    """Which promise of the port osler.core.ports.reader a reader's answer breaks, in words that hold none of its
    content; "" when none. `known_patients` are ids of records that are loaded already."""
    return next(_faults(reading, known_patients), "")


def _faults(reading: object, known_patients: Collection[str]) -> Iterator[str]:
    if not isinstance(reading, Reading):
        yield "read() must return a Reading"
        return
    if not isinstance(reading.documents, tuple) or not isinstance(reading.patients, tuple):
        yield "a Reading's documents and patients are tuples"
        return
    for number, identity in enumerate(reading.patients, start=1):
        if not _is_identity(identity):
            yield f"patient {number} of the Reading is no PatientIdentity with an id and KnownIdentifiers"
            return
    patients = {identity.patient for identity in reading.patients} | set(known_patients)
    docs: set[str] = set()
    for number, document in enumerate(reading.documents, start=1):
        fault = _document_fault(document, patients)
        if fault:
            yield f"document {number} of the Reading: {fault}"
        elif document.doc in docs:
            yield f"document {number} of the Reading: each document needs an id of its own"
        else:
            docs.add(document.doc)
    skipped = reading.skipped
    if not isinstance(skipped, dict) or not all(
        _is_text(reason) and type(count) is int for reason, count in skipped.items()
    ):
        yield "skipped maps a reason to a count"


def _document_fault(document: object, patients: Collection[str]) -> str:
    if not isinstance(document, Document):
        return "it is no Document"
    texts = (document.title, document.text, document.source, document.published, document.opened)
    if not all(map(_is_text, (document.doc, document.collection, *texts))):
        return "its id, title, text and the like must be text"
    if not document.doc or not document.collection:
        return "it needs an id and a collection"
    if document.basis not in BASES:
        return f"basis must be one of {', '.join(BASES)}"
    if (document.collection == RECORDS) != (document.patient is not None):
        return f"a document has a patient if and only if its collection is '{RECORDS}'"
    if document.patient is not None and document.patient not in patients:
        return "its patient must be among the Reading's patients or the known ones"
    if not isinstance(document.keywords, tuple) or not all(map(_is_text, document.keywords)):
        return "its keywords must be a tuple of texts"
    if not isinstance(document.passages, tuple) or not all(
        _is_passage(passage, len(document.text)) for passage in document.passages
    ):
        return "each passage must lie within the text"
    item = document.item
    if item is not None and not _is_item(item):
        return "its item must be a RecordItem of texts and Codes"
    if item is not None and (item.doc, item.patient) != (document.doc, document.patient):
        return "its item must carry the document's own id and patient"
    return ""


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_passage(passage: object, length: int) -> bool:
    if not isinstance(passage, Passage) or not _is_text(passage.section):
        return False
    whole = type(passage.start) is int and type(passage.end) is int
    return whole and 0 <= passage.start < passage.end <= length


def _is_item(item: object) -> bool:
    if not isinstance(item, RecordItem) or type(item.active) is not bool:
        return False
    texts = (item.doc, item.patient, item.type, item.category, item.status)
    if not all(map(_is_text, (*texts, item.display, item.when, item.value, item.text))):
        return False
    return isinstance(item.codes, tuple) and all(
        isinstance(code, Code) and all(map(_is_text, (code.system, code.code, code.display)))
        for code in item.codes
    )


def _is_identity(identity: object) -> bool:
    if not isinstance(identity, PatientIdentity) or not _is_text(identity.patient) or not identity.patient:
        return False
    return isinstance(identity.identifiers, tuple) and all(
        isinstance(known, KnownIdentifier) and isinstance(known.label, Label) and _is_text(known.value)
        for known in identity.identifiers
    )
