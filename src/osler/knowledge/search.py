"""Passages for a query, as `osler kb search` shows them: the index's own ranking, with the text.

Unlike `retrieve.Retriever` this judges nothing: it is the plain view of what the index finds. The
patient filter is the index's: without a patient no record is seen.
"""

from dataclasses import dataclass, field

from osler.core.ports.index import Index, Scope
from osler.knowledge.query import understand
from osler.knowledge.terms import term
from osler.lexicon.drugs import DrugLexicon


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPassage:
    """A passage: where it stands, its text, and how well it matches (0 or more, higher is better)."""

    doc: str
    title: str = field(repr=False)
    section: str = field(repr=False)
    collection: str
    start: int
    end: int
    text: str = field(repr=False)
    sha256: str
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Where to look: one patient's record or none, one collection or all."""

    patient: str | None = field(default=None, repr=False)
    collection: str | None = None
    k: int = 10


def passages(query: str, search: Search, index: Index, lexicon: DrugLexicon) -> tuple[FoundPassage, ...]:
    """The best passages for `query`, synonyms and brand names included. Raises StoreError."""
    understood = understand(query, lexicon)
    named = [t.alternatives for t in understood.terms]
    groups = named or [term(word).alternatives for word in query.split()]
    scope = Scope(patient=search.patient, collections=(search.collection,) if search.collection else ())
    found = []
    for hit in index.search(groups, scope, search.k):
        stored = index.document(hit.doc, patient=hit.patient)
        if stored is None:  # removed between the two reads
            continue
        found.append(
            FoundPassage(
                doc=hit.doc,
                title=stored.document.title,
                section=hit.section,
                collection=hit.collection,
                start=hit.start,
                end=hit.end,
                text=stored.document.text[hit.start : hit.end],
                sha256=stored.sha256,
                score=hit.score,
            )
        )
    return tuple(found)
