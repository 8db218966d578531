"""Documents as rows and back again."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row

from osler.core.errors import InputError, StoreError
from osler.core.ports.index import StoredDocument
from osler.core.ports.reader import Document, Passage
from osler.core.ports.records import Code, RecordItem


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A document ready to be stored: its row, without `id`, and its passages."""

    document: Document = field(repr=False)
    row: Mapping[str, object] = field(repr=False)

    @property
    def doc(self) -> str:
        """The document's id."""
        return self.document.doc

    @property
    def kind(self) -> str:
        """What the document is, in a word that holds no PHI: a resource's type, or "document"."""
        item = self.document.item
        return item.type if item is not None and item.type.isalpha() else "document"


def prepare(document: Document, number: int) -> Prepared:
    """The row of the reading's `number`-th document (from 1).

    Raises InputError, naming the number, when the document contradicts itself or is not Unicode.
    """
    _require_consistent(document, number)
    row = _columns(document)
    passages = [[p.start, p.end, p.section] for p in document.passages]
    try:
        content = json.dumps([row, passages], sort_keys=True, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise InputError(
            f"Document {number} of the reading holds text that is not valid Unicode; nothing was written.",
            remedy="Repair the file's encoding: it has lone surrogates.",
        ) from None
    if b"\\u0000" in content and any("\0" in kept for kept in _texts(document, row)):
        raise InputError(
            f"Document {number} of the reading holds a NUL character; nothing was written.",
            remedy="Remove the NUL characters from the file: no text has them.",
        )
    row["digest"] = hashlib.sha256(content).hexdigest()
    return Prepared(document=document, row=row)


def _texts(document: Document, row: Mapping[str, object]) -> Iterator[str]:
    """Every text that would be stored. Within JSON a NUL is written in letters; it is looked for there too."""
    yield from (value for value in row.values() if isinstance(value, str))
    yield from document.keywords
    yield from (passage.section for passage in document.passages)
    if document.item is not None:
        for code in document.item.codes:
            yield from (code.system, code.code, code.display)


def _require_consistent(document: Document, number: int) -> None:
    item = document.item
    if item is not None and (item.doc != document.doc or item.patient != document.patient):
        raise InputError(
            f"Document {number} of the reading and its structured side name different resources or patients; "
            "nothing was written.",
            remedy="Correct the reader that made it.",
        )
    if any(not 0 <= p.start <= p.end <= len(document.text) for p in document.passages):
        raise InputError(
            f"A passage of document {number} of the reading lies outside its text; nothing was written.",
            remedy="Correct the reader that made it.",
        )


def _columns(document: Document) -> dict[str, object]:
    item = document.item
    return {
        "doc": document.doc,
        "collection": document.collection,
        "patient": document.patient,
        "title": document.title,
        "text": document.text,
        "sha256": text_digest(document.text),
        "basis": document.basis,
        "source": document.source,
        "published": document.published,
        "opened": document.opened,
        "keywords": json.dumps(list(document.keywords), ensure_ascii=False),
        "item_type": item.type if item else None,
        "item_category": item.category if item else None,
        "item_status": item.status if item else None,
        "item_active": item.active if item else None,
        "item_display": item.display if item else None,
        "item_codes": _codes_json(item.codes) if item else None,
        "item_when": item.when if item else None,
        "item_value": item.value if item else None,
        "item_text": item.text if item and item.text != document.text else None,
    }


def _codes_json(codes: Sequence[Code]) -> str:
    return json.dumps([[c.system, c.code, c.display] for c in codes], ensure_ascii=False)


def text_digest(text: str) -> str:
    """The SHA-256 of a text that stands beside it."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def damaged_text() -> StoreError:
    """The error for a stored document that is not what was put."""
    return StoreError(
        "A stored text is not what was added: its digest does not match.",
        remedy="Restore the workspace from a backup; `osler doctor --deep` counts the damaged texts.",
    )


def item_of(row: Row[Any]) -> RecordItem | None:
    """The structured side of a document's row; None without one. Raises StoreError when its text was damaged."""
    if row.item_type is None:
        return None
    if text_digest(row.text) != row.sha256:
        raise damaged_text()
    return RecordItem(
        doc=row.doc,
        patient=row.patient,
        type=row.item_type,
        category=row.item_category,
        status=row.item_status,
        active=row.item_active,
        display=row.item_display,
        codes=tuple(
            Code(system=system, code=code, display=display)
            for system, code, display in json.loads(row.item_codes)
        ),
        when=row.item_when,
        value=row.item_value,
        text=row.text if row.item_text is None else row.item_text,
    )


def stored_document(row: Row[Any], passages: Sequence[Row[Any]]) -> StoredDocument:
    """A document's row and those of its passages, in order, as the document that was put."""
    document = Document(
        doc=row.doc,
        title=row.title,
        text=row.text,
        collection=row.collection,
        patient=row.patient,
        passages=tuple(Passage(start=p.start, end=p.end, section=p.section) for p in passages),
        item=item_of(row),
        basis=row.basis,
        source=row.source,
        published=row.published,
        opened=row.opened,
        keywords=tuple(json.loads(row.keywords)),
    )
    return StoredDocument(document=document, sha256=row.sha256)


def may_be_stored(*ids: str | None) -> bool:
    """Whether ids are such as a document or a patient may have: one with a NUL is nobody's."""
    return not any("\0" in id_ for id_ in ids if id_)
