"""Full-text search over passages with SQLite's FTS5: its table, its upkeep, its queries.

The table's rowid is the passage's id. The patient filter stands in the query itself, before ranking and LIMIT.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, bindparam, text

from osler.core.ports.index import RECORDS, Hit, Scope
from osler.stores.fulltext.phrases import MAX_HITS, distinct

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
    found = connection.execute(
        _SEARCH,
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


def match_expression(terms: Sequence[Sequence[str]]) -> str:
    """`terms` as an FTS5 expression: every alternative a quoted phrase, all joined by OR; "" if none.

    A phrase in quotes has no syntax within but the quote itself, so that no text can be an error.
    FTS5 weighs rare phrases more; a passage with words of several groups thus comes before one with
    synonyms of a single common one.
    """
    return " OR ".join(f'"{phrase}"' for phrase in distinct(terms))


def rebuild(connection: Connection) -> None:
    """Make the full-text table anew, empty."""
    connection.execute(text("DROP TABLE IF EXISTS passages_fts"))
    create(connection)


def count(connection: Connection) -> int:
    """How many passages the full-text table knows."""
    return int(connection.execute(text("SELECT count(*) FROM passages_fts_docsize")).scalar_one())
