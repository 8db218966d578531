"""Full-text search over passages with PostgreSQL's text search: its table, its upkeep, its queries.

It finds and ranks as FTS5 does (see `fts5.py`): words are runs of letters and digits without diacritics, reduced
by Porter's stemmer, none is too common to count; hits are ranked by BM25 over the whole index, with the same
weights for title, section, text and keywords. PostgreSQL's own ranks know nothing of how rare a word is, so the
server finds the candidates and counts, and BM25 is computed here.
"""

import math
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, text
from sqlalchemy.exc import DBAPIError

from osler.core.ports.index import RECORDS, Hit, Scope
from osler.stores.fulltext.phrases import MAX_HITS, distinct, lost

K1, B = 1.2, 0.75
"""BM25's constants, as FTS5 has them."""

WEIGHTS = {"A": 3.0, "B": 1.5, "C": 2.5, "D": 1.0}
"""Title, section, keywords, text."""

_LONGEST = 400_000
_ENOUGH = 20_000
"""So many candidates are weighed, a patient's own first; where there are more, those that hold the words most often."""

_CREATE = (
    "CREATE TEXT SEARCH DICTIONARY osler_porter (TEMPLATE = snowball, LANGUAGE = porter)",
    "CREATE TEXT SEARCH CONFIGURATION osler_words (PARSER = default)",
    "ALTER TEXT SEARCH CONFIGURATION osler_words ADD MAPPING FOR asciiword, word, numword, int, uint, float, "
    "sfloat, version, asciihword, hword, numhword WITH osler_porter",
    "CREATE TABLE passages_fts (id bigint PRIMARY KEY, words tsvector NOT NULL, length integer NOT NULL)",
    "CREATE INDEX ix_passages_fts_words ON passages_fts USING gin (words)",
    "CREATE TABLE passages_fts_total (id integer PRIMARY KEY, passages bigint NOT NULL, words bigint NOT NULL)",
    "INSERT INTO passages_fts_total VALUES (1, 0, 0)",
)
_DROP = (
    "DROP TABLE IF EXISTS passages_fts, passages_fts_total",
    "DROP TEXT SEARCH CONFIGURATION IF EXISTS osler_words",
    "DROP TEXT SEARCH DICTIONARY IF EXISTS osler_porter",
)

# '|' is no word: it keeps the last word of one field and the first of the next from being neighbours.
_INSERT = text(
    """
    INSERT INTO passages_fts (id, words, length) VALUES (
        :id,
        setweight(to_tsvector('osler_words', :title), 'A') || CAST('''|''\\:1' AS tsvector)
        || setweight(to_tsvector('osler_words', :section), 'B') || CAST('''|''\\:1' AS tsvector)
        || setweight(to_tsvector('osler_words', :keywords), 'C') || CAST('''|''\\:1' AS tsvector)
        || setweight(to_tsvector('osler_words', :text), 'D'),
        :length
    )
    """
)
_TOTAL = text("UPDATE passages_fts_total SET passages = passages + :passages, words = words + :words")
_DELETE = text(
    """
    WITH gone AS (
        DELETE FROM passages_fts WHERE id IN (SELECT id FROM passages WHERE document = ANY(:documents))
        RETURNING length
    )
    UPDATE passages_fts_total SET passages = passages - (SELECT count(*) FROM gone),
                                  words = words - (SELECT coalesce(sum(length), 0) FROM gone)
    """
)
_ANALYSE = text(
    """
    SELECT given.n, found.lexeme, found.positions
    FROM unnest(CAST(:phrases AS text[])) WITH ORDINALITY AS given(phrase, n),
         LATERAL unnest(to_tsvector('osler_words', given.phrase)) AS found
    """
)
_COUNT = text(
    """
    SELECT given.n, (SELECT count(*) FROM passages_fts WHERE words @@ CAST(given.query AS tsquery)) AS passages
    FROM unnest(CAST(:queries AS text[])) WITH ORDINALITY AS given(query, n)
    """
)
# A patient's own passages are few: each is looked at. Of the others those with one of the rarer words are.
_CANDIDATES = text(
    """
    SELECT passages_fts.length, documents.doc, documents.collection, documents.patient,
           passages.start, passages."end", passages.section,
           (SELECT json_agg(json_build_array(lexeme, positions, weights)) FROM unnest(passages_fts.words)
            WHERE lexeme = ANY(:lexemes)) AS found
    FROM passages_fts
    JOIN passages ON passages.id = passages_fts.id
    JOIN documents ON documents.id = passages.document
    WHERE (documents.patient = CAST(:patient AS text) AND passages_fts.words @@ CAST(:any AS tsquery))
       OR (passages_fts.words @@ CAST(:rarer AS tsquery)
           AND :others AND documents.patient IS NULL AND documents.collection <> :records
           AND (:every OR documents.collection = ANY(:collections)))
    ORDER BY documents.patient IS NULL, ts_rank('{1, 1, 1, 1}', passages_fts.words, CAST(:any AS tsquery)) DESC,
             documents.doc, passages.start
    LIMIT :most
    """
)


_OUT_OF_STEP = text(
    """
    SELECT EXISTS (SELECT 1 FROM passages WHERE NOT EXISTS (SELECT 1 FROM passages_fts WHERE id = passages.id))
        OR EXISTS (SELECT 1 FROM passages_fts WHERE NOT EXISTS (SELECT 1 FROM passages WHERE id = passages_fts.id))
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Phrase:
    """A phrase as its stems, in order, and how much it says: its inverse document frequency."""

    stems: tuple[str, ...]
    passages: int = 0
    weight: float = 0.0

    @property
    def query(self) -> str:
        """The phrase as PostgreSQL's tsquery. Stems are letters and digits, so that quotes are enough."""
        return " <-> ".join(f"'{stem}'" for stem in self.stems)


def create(connection: Connection) -> None:
    """Make the full-text table, and the rules by which words are found in text."""
    for statement in _CREATE:
        connection.exec_driver_sql(statement)


def clear(connection: Connection) -> None:
    """Take the table away, whatever is left of it."""
    for statement in _DROP:
        connection.exec_driver_sql(statement)


def check(connection: Connection, *, deep: bool = False) -> None:
    """Raise StoreError unless the table is there and holds exactly the passages. `deep` looks no further: words are
    made by the server from the texts, and its own checks guard its pages.
    """
    try:
        out_of_step = connection.execute(_OUT_OF_STEP).scalar_one()
        total = connection.exec_driver_sql("SELECT passages, words FROM passages_fts_total").one()
        counted = connection.exec_driver_sql(
            "SELECT count(*), coalesce(sum(length), 0) FROM passages_fts"
        ).one()
        _analysed(connection, ["a"])
    except DBAPIError as error:
        if _is_lost(error):
            raise lost() from None
        raise
    if out_of_step or tuple(total) != tuple(counted):
        raise lost()


def _is_lost(error: DBAPIError) -> bool:
    """Whether something that `create` made is not there, or is no more what it was."""
    return str(getattr(error.orig, "sqlstate", "") or "")[:2] in ("42", "XX")


def add(connection: Connection, rows: Sequence[Mapping[str, object]]) -> None:
    """Make passages searchable; each row has id, title, section, text, keywords."""
    if not rows:
        return
    prepared = [_prepared(row) for row in rows]
    connection.execute(_INSERT, prepared)
    words = sum(int(str(row["length"])) for row in prepared)
    connection.execute(_TOTAL, {"passages": len(prepared), "words": words})


def _prepared(row: Mapping[str, object]) -> dict[str, object]:
    fields = {name: words(str(row[name])) for name in ("title", "section", "text", "keywords")}
    return {"id": row["id"], "length": sum(len(f.split()) for f in fields.values()), **fields}


def words(given: str) -> str:
    """Only the words of a text: letters and digits, without diacritics, in lower case, one space between."""
    plain = (
        c if unicodedata.category(c)[0] in "LN" or unicodedata.category(c) == "Co" else " "
        for c in unicodedata.normalize("NFD", given[:_LONGEST].lower())
        if unicodedata.category(c) != "Mn"
    )
    return " ".join("".join(plain).split())


def remove(connection: Connection, documents: Sequence[int]) -> None:
    """Take the passages of `documents` (ids) out of the search; they must still be in `passages`."""
    if documents:
        connection.execute(_DELETE, {"documents": list(documents)})


def search(connection: Connection, terms: Sequence[Sequence[str]], scope: Scope, k: int) -> tuple[Hit, ...]:
    """The best `k` passages that hold any of `terms` and that `scope` lets be seen, best first."""
    wanted = [words(phrase) for phrase in distinct(terms)]
    if not wanted or k < 1:
        return ()
    try:
        return _found(connection, wanted, scope, k)
    except DBAPIError as error:
        if _is_lost(error):
            raise lost() from None
        raise


def _found(connection: Connection, wanted: Sequence[str], scope: Scope, k: int) -> tuple[Hit, ...]:
    phrases = _analysed(connection, wanted)
    if not phrases:
        return ()
    total = connection.exec_driver_sql("SELECT passages, words FROM passages_fts_total").one()
    weighed = _weighed(connection, phrases, total.passages)
    if not weighed:
        return ()
    most = max(_ENOUGH, 20 * k)
    found = connection.execute(
        _CANDIDATES,
        {
            "most": most,
            "lexemes": sorted({stem for phrase in weighed for stem in phrase.stems}),
            "any": _any_of(weighed),
            "rarer": _any_of(_rarer(weighed, most)),
            "patient": scope.patient,
            "others": not scope.records_only,
            "records": RECORDS,
            "every": not scope.collections,
            "collections": list(scope.collections),
        },
    )
    average = total.words / max(1, total.passages)
    hits = [_hit(row, _score(row, weighed, average)) for row in found]
    hits.sort(key=lambda hit: (-hit.score, hit.doc, hit.start))
    return tuple(hits[: min(k, MAX_HITS)])


def _analysed(connection: Connection, phrases: Sequence[str]) -> list[_Phrase]:
    """The phrases as stems. Two that are the same by their stems both count, as with FTS5."""
    at: dict[int, dict[int, str]] = {}
    for row in connection.execute(_ANALYSE, {"phrases": [p for p in phrases if p]}):
        for position in row.positions:
            at.setdefault(row.n, {})[position] = row.lexeme
    return [_Phrase(stems=tuple(stems[p] for p in sorted(stems))) for _, stems in sorted(at.items())]


def _weighed(connection: Connection, phrases: Sequence[_Phrase], all_passages: int) -> list[_Phrase]:
    """The phrases that occur anywhere, with their inverse document frequency, which is never quite nothing."""
    counted = connection.execute(_COUNT, {"queries": [phrase.query for phrase in phrases]})
    holding = {row.n: row.passages for row in counted}
    return [
        _Phrase(
            stems=phrase.stems,
            passages=holding[n],
            weight=max(1e-6, math.log((all_passages - holding[n] + 0.5) / (holding[n] + 0.5))),
        )
        for n, phrase in enumerate(phrases, start=1)
        if holding[n]
    ]


def _rarer(phrases: Sequence[_Phrase], enough: int) -> list[_Phrase]:
    """The rarest phrases, as many as bring in `enough` candidates: all, in an index of usual size."""
    chosen: list[_Phrase] = []
    candidates = 0
    for phrase in sorted(phrases, key=lambda p: p.passages):
        if candidates >= enough:
            break
        chosen.append(phrase)
        candidates += phrase.passages
    return chosen


def _any_of(phrases: Sequence[_Phrase]) -> str:
    return " | ".join(f"({phrase.query})" for phrase in phrases)


def _score(row: Row[Any], phrases: Sequence[_Phrase], average: float) -> float:
    """BM25 of a passage, each occurrence weighed by the field it stands in."""
    where: dict[str, dict[int, str]] = {
        stem: dict(zip(positions, weights, strict=True)) for stem, positions, weights in row.found or ()
    }
    score = 0.0
    for phrase in phrases:
        often = _occurrences(phrase.stems, where)
        if often:
            norm = K1 * (1 - B + B * row.length / average)
            score += phrase.weight * often * (K1 + 1) / (often + norm)
    return score


def _occurrences(stems: Sequence[str], where: Mapping[str, Mapping[int, str]]) -> float:
    """How often the stems stand one after the other, by the weights of the fields."""
    first = where.get(stems[0], {})
    return sum(
        WEIGHTS[weight]
        for position, weight in first.items()
        if all(position + n in where.get(stem, {}) for n, stem in enumerate(stems))
    )


def _hit(row: Row[Any], score: float) -> Hit:
    return Hit(
        doc=row.doc,
        collection=row.collection,
        patient=row.patient,
        start=row.start,
        end=row.end,
        section=row.section,
        score=score,
    )
