"""Source texts and the search over them: the port Index on the one database.

Whose text a caller may see is decided inside each query: a record's documents only for the patient
they belong to, all others only when they name no patient. A document in the collection of records
that names no patient is never shown to anyone.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, distinct, func, insert, select, update

from osler.core.errors import Conflict, StoreError
from osler.core.ports.index import RECORDS, Added, CollectionInfo, Hit, Scope, StoredDocument
from osler.core.ports.reader import Reading
from osler.stores import fulltext
from osler.stores.database import Database
from osler.stores.identities import put_identities
from osler.stores.rows import Prepared, damaged_text, may_be_stored, prepare, stored_document, text_digest
from osler.stores.tables import documents, passages

_IN_ONE_QUERY = 500


class SqlIndex:
    """Stores and finds source texts: implements the port Index. Errors: StoreError, Conflict, InputError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, reading: Reading) -> Added:
        """Store a reading, all of it or nothing, in one transaction.

        Of a document that the reading holds twice the last counts. `Added.patients` counts the
        patients whose identity the reading holds, whether or not it was known. Raises Conflict when
        a resource would change its patient, InputError when a document contradicts itself.
        """
        given = _by_doc(reading)
        with self._database.write("index") as connection:
            stored = _stored(connection, list(given))
            for prepared in given.values():
                if prepared.doc in stored:
                    _require_same_patient(prepared, stored[prepared.doc].patient)
            new = [p for p in given.values() if p.doc not in stored]
            changed = [
                p for p in given.values() if p.doc in stored and stored[p.doc].digest != p.row["digest"]
            ]
            _replace(connection, {stored[p.doc].id: p for p in changed})
            _add(connection, new)
            patients = put_identities(connection, reading.patients)
        return Added(
            new=len(new),
            changed=len(changed),
            unchanged=len(given) - len(new) - len(changed),
            patients=patients,
            skipped=dict(reading.skipped),
        )

    def search(self, terms: Sequence[Sequence[str]], scope: Scope, k: int) -> tuple[Hit, ...]:
        """The best `k` passages for `terms`, best first; no text of a term can be an error."""
        if not may_be_stored(scope.patient, *scope.collections):
            return ()
        with self._database.read() as connection:
            return fulltext.search(connection, terms, scope, k)

    def rebuild(self) -> int:
        """Make the search anew from the stored texts, in one transaction; how many passages it holds."""
        with self._database.write("index") as connection:
            return fulltext.rebuild(connection)

    def check(self, *, deep: bool = False) -> None:
        """Raise StoreError unless the search is whole and in step with the stored texts.

        `deep` also compares every text with its digest, and the search with every text where the database can.
        """
        with self._database.read() as connection:
            fulltext.check(connection)
            if deep and (damaged := _changed_texts(connection)):
                raise StoreError(
                    f"{damaged} stored texts are not what was added: their digests do not match.",
                    remedy="Restore the workspace from a backup, or add their files again.",
                )
        if deep:
            with self._database.write("index") as connection:
                fulltext.check(connection, deep=True)

    def document(self, doc: str, *, patient: str | None) -> StoredDocument | None:
        """A stored source; a record's only when `patient` is the one it belongs to."""
        if not may_be_stored(doc):
            return None
        with self._database.read() as connection:
            row = connection.execute(select(documents).where(documents.c.doc == doc)).one_or_none()
            if row is None or row.patient not in (None, patient):
                return None
            if row.patient is None and row.collection == RECORDS:
                return None
            found = connection.execute(
                select(passages).where(passages.c.document == row.id).order_by(passages.c.position)
            ).all()
        stored = stored_document(row, found)
        if prepare(stored.document, 1).row["digest"] != row.digest:
            raise damaged_text()
        return stored

    def collections(self) -> tuple[CollectionInfo, ...]:
        """What is loaded, by collection, sorted by its name."""
        by_collection = (
            select(
                documents.c.collection,
                func.count().label("documents"),
                func.count(distinct(documents.c.patient)).label("patients"),
            )
            .group_by(documents.c.collection)
            .order_by(documents.c.collection)
        )
        by_passage = (
            select(documents.c.collection, func.count().label("passages"))
            .join(passages, passages.c.document == documents.c.id)
            .group_by(documents.c.collection)
        )
        with self._database.read() as connection:
            rows = connection.execute(by_collection).all()
            counted = {row.collection: row.passages for row in connection.execute(by_passage)}
        return tuple(
            CollectionInfo(
                collection=row.collection,
                documents=row.documents,
                passages=counted.get(row.collection, 0),
                patients=row.patients,
            )
            for row in rows
        )


def _changed_texts(connection: Connection) -> int:
    rows = connection.execute(select(documents.c.text, documents.c.sha256).execution_options(yield_per=200))
    return sum(text_digest(row.text) != row.sha256 for row in rows)


def _by_doc(reading: Reading) -> dict[str, Prepared]:
    given: dict[str, Prepared] = {}
    for number, document in enumerate(reading.documents, start=1):
        prepared = prepare(document, number)
        if document.doc in given:
            _require_same_patient(prepared, given[document.doc].document.patient)
        given[document.doc] = prepared
    return given


def _require_same_patient(prepared: Prepared, patient: str | None) -> None:
    if prepared.document.patient != patient:
        raise Conflict(
            f"A {prepared.kind} would change the patient it belongs to; nothing was written.",
            remedy="Check that the file's ids are those of one source: two systems may use the same id.",
        )


def _stored(connection: Connection, docs: Sequence[str]) -> dict[str, Row[Any]]:
    """What is stored of `docs`: id, patient and digest of each that is there."""
    columns = (documents.c.doc, documents.c.id, documents.c.patient, documents.c.digest)
    found: dict[str, Row[Any]] = {}
    for at in range(0, len(docs), _IN_ONE_QUERY):
        some = docs[at : at + _IN_ONE_QUERY]
        found |= {
            row.doc: row for row in connection.execute(select(*columns).where(documents.c.doc.in_(some)))
        }
    return found


def _replace(connection: Connection, changed: Mapping[int, Prepared]) -> None:
    if not changed:
        return
    fulltext.remove(connection, list(changed))
    gone = delete(passages).where(passages.c.document == bindparam("at"))
    connection.execute(gone, [{"at": id_} for id_ in changed])
    row = next(iter(changed.values())).row
    rewrite = (
        update(documents)
        .where(documents.c.id == bindparam("at"))
        .values({name: bindparam(f"to_{name}") for name in row})
    )
    connection.execute(
        rewrite,
        [{"at": id_, **{f"to_{name}": v for name, v in p.row.items()}} for id_, p in changed.items()],
    )
    _add_passages(connection, changed.items())


def _add(connection: Connection, new: Sequence[Prepared]) -> None:
    if not new:
        return
    # Only one transaction writes at a time, so ids may be given here, and known for the passages.
    first = connection.execute(select(func.coalesce(func.max(documents.c.id), 0))).scalar_one() + 1
    numbered = list(enumerate(new, start=first))
    connection.execute(insert(documents), [{"id": id_, **p.row} for id_, p in numbered])
    _add_passages(connection, numbered)


def _add_passages(connection: Connection, numbered: Iterable[tuple[int, Prepared]]) -> None:
    first = connection.execute(select(func.coalesce(func.max(passages.c.id), 0))).scalar_one() + 1
    rows = list(_passage_rows(numbered))
    for id_, row in enumerate(rows, start=first):
        row["id"] = id_
    if rows:
        connection.execute(insert(passages), rows)
        fulltext.add(connection, rows)


def _passage_rows(numbered: Iterable[tuple[int, Prepared]]) -> Iterator[dict[str, object]]:
    """Each passage with the columns of `passages` and those of the full-text table, without its id."""
    for id_, prepared in numbered:
        document = prepared.document
        keywords = " ".join(document.keywords)
        for position, passage in enumerate(document.passages):
            yield {
                "document": id_,
                "position": position,
                "start": passage.start,
                "end": passage.end,
                "section": passage.section,
                "title": document.title,
                "text": document.text[passage.start : passage.end],
                "keywords": keywords,
            }
