"""Full-text search over passages with SQLite's FTS5: its table, its upkeep, its queries.

The table's rowid is the passage's id. The patient filter stands in the query itself, before ranking and LIMIT.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, text
from sqlalchemy.exc import DBAPIError

from osler.core.ports.index import RECORDS, Hit, Scope
from osler.stores import sqlite
from osler.stores.fulltext.phrases import MAX_HITS, distinct, lost

_TABLE = """
CREATE VIRTUAL TABLE passages_fts USING fts5(
    title, section, text, keywords, tokenize = 'porter unicode61 remove_diacritics 2'
)
"""

_INSERT = text(
    "INSERT INTO passages_fts (rowid, title, section, text, keywords) "
    "VALUES (:id, :title, :section, :text, :keywords)"
)

_DELETE = text("DELETE FROM passages_fts WHERE rowid IN (SELECT id FROM passages WHERE document = :document)")

# CROSS JOIN keeps SQLite from starting at the patient's documents and running MATCH once for each of
# their passages. The weights: a title or a keyword says more of what a passage is about than a word
# in it does, a section's heading somewhat more.
_SEARCH = text(
    """
    SELECT documents.doc, documents.collection, documents.patient,
           passages.start, passages."end", passages.section,
           bm25(passages_fts, 3.0, 1.5, 1.0, 2.5) AS rank
    FROM passages_fts
    CROSS JOIN passages ON passages.id = passages_fts.rowid
    CROSS JOIN documents ON documents.id = passages.document
    WHERE passages_fts MATCH :phrases
      AND (documents.patient = :patient
           OR (:others AND documents.patient IS NULL AND documents.collection <> :records
               AND (:every OR documents.collection IN :collections)))
    ORDER BY rank, documents.doc, passages.start
    LIMIT :k
    """
).bindparams(bindparam("collections", expanding=True))

_SHADOWS = ("data", "idx", "content", "docsize", "config")
_OUT_OF_STEP = text(
    """
    SELECT EXISTS (SELECT 1 FROM passages WHERE id NOT IN (SELECT id FROM passages_fts_docsize))
        OR EXISTS (SELECT 1 FROM passages_fts_docsize WHERE id NOT IN (SELECT id FROM passages))
        OR EXISTS (SELECT 1 FROM passages WHERE id NOT IN (SELECT id FROM passages_fts_content))
    """
)


def create(connection: Connection) -> None:
    """Make the full-text table."""
    connection.execute(text(_TABLE))


def add(connection: Connection, rows: Sequence[Mapping[str, object]]) -> None:
    """Make passages searchable; each row has id, title, section, text, keywords."""
    if rows:
        connection.execute(_INSERT, rows)


def remove(connection: Connection, documents: Sequence[int]) -> None:
    """Take the passages of `documents` (ids) out of the search; they must still be in `passages`."""
    if documents:
        connection.execute(_DELETE, [{"document": document} for document in documents])


def search(connection: Connection, terms: Sequence[Sequence[str]], scope: Scope, k: int) -> tuple[Hit, ...]:
    """The best `k` passages that hold any of `terms` and that `scope` lets be seen, best first."""
    phrases = match_expression(terms)
    if not phrases or k < 1:
        return ()
    found = _run(
        connection,
        {
            "phrases": phrases,
            "patient": scope.patient,
            "others": not scope.records_only,
            "records": RECORDS,
            "every": not scope.collections,
            "collections": list(scope.collections),
            "k": min(k, MAX_HITS),
        },
    )
    return tuple(
        Hit(
            doc=row.doc,
            collection=row.collection,
            patient=row.patient,
            start=row.start,
            end=row.end,
            section=row.section,
            score=max(0.0, -row.rank),
        )
        for row in found
    )


def _run(connection: Connection, parameters: Mapping[str, object]) -> Sequence[Row[Any]]:
    try:
        return connection.execute(_SEARCH, parameters).all()
    except DBAPIError as error:
        if sqlite.is_search(error):
            raise lost() from None
        raise


def match_expression(terms: Sequence[Sequence[str]]) -> str:
    """`terms` as an FTS5 expression: every alternative a quoted phrase, all joined by OR; "" if none.

    A phrase in quotes has no syntax within but the quote itself, so that no text can be an error.
    FTS5 weighs rare phrases more; a passage with words of several groups thus comes before one with
    synonyms of a single common one.
    """
    return " OR ".join(f'"{phrase}"' for phrase in distinct(terms))


def check(connection: Connection, *, deep: bool = False) -> None:
    """Raise StoreError unless the table is there and holds exactly the passages.

    `deep` also compares its whole content and needs a write transaction, in which it changes nothing.
    """
    try:
        out_of_step = connection.execute(_OUT_OF_STEP).scalar_one()
        connection.execute(text("SELECT rowid FROM passages_fts WHERE passages_fts MATCH 'a'")).first()
        if deep:
            connection.execute(text("INSERT INTO passages_fts (passages_fts) VALUES ('integrity-check')"))
    except DBAPIError as error:
        if sqlite.is_busy(error):
            raise
        raise lost() from None
    if out_of_step:
        raise lost()


def clear(connection: Connection) -> None:
    """Take the table away, whatever is left of it."""
    try:
        with connection.begin_nested():
            connection.execute(text("DROP TABLE IF EXISTS passages_fts"))
    except DBAPIError:
        _mend_to_drop(connection)
        connection.execute(text("DROP TABLE passages_fts"))
    for shadow in _SHADOWS:
        connection.execute(text(f"DROP TABLE IF EXISTS passages_fts_{shadow}"))


def _mend_to_drop(connection: Connection) -> None:
    """FTS5 opens a table before it drops it, which a broken one does not let: give it the insides of an empty one."""
    connection.execute(text("CREATE VIRTUAL TABLE passages_empty USING fts5(text)"))
    connection.execute(text("DROP TABLE IF EXISTS passages_fts_data"))
    connection.execute(text("DROP TABLE IF EXISTS passages_fts_config"))
    connection.execute(text("CREATE TABLE passages_fts_data (id INTEGER PRIMARY KEY, block BLOB)"))
    connection.execute(text("INSERT INTO passages_fts_data SELECT * FROM passages_empty_data"))
    connection.execute(text("CREATE TABLE passages_fts_config (k PRIMARY KEY, v) WITHOUT ROWID"))
    connection.execute(text("INSERT INTO passages_fts_config SELECT * FROM passages_empty_config"))
    connection.execute(text("DROP TABLE passages_empty"))
