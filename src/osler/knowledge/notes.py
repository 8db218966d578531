"""Sentences of a patient's notes: of the newest note, or those that speak of what is asked about."""

from collections.abc import Sequence

from osler.core.citations import Evidence
from osler.core.ports.index import RECORDS, Index, Scope
from osler.core.ports.records import RecordItem
from osler.knowledge.chart import NOTE_TYPES, Chart, is_note, names_of, piece
from osler.knowledge.intents import intents
from osler.knowledge.passages import sentence_spans
from osler.knowledge.query import Clause
from osler.knowledge.terms import Speech, Term, Weights, rarity, term

_PASSAGES = 200
_MOST_SENTENCES = 30
_SEARCH_SENTENCES = 8
_ENOUGH = 0.6
_HEADING_WORDS = 6
_DRUG = 2.0


def asked(clause: Clause, chart: Chart, index: Index) -> list[Evidence]:
    """The sentences for a question about notes: those that speak of its terms, else the newest note's.

    A question about reports means only those notes that are reports.
    """
    types = NOTE_TYPES if "notes" in clause.intents else ("DiagnosticReport",)
    notes = [item for item in chart.items(types) if is_note(item) and item.when.startswith(clause.year)]
    generic = intents()["notes"].generic
    kinds = [term(text) for text in clause.named if not set(text.split()) <= generic]
    if kinds:
        notes = [item for item in notes if any(names_of(item).of(kind) for kind in kinds)]
    if clause.terms:
        notes = notes[:1] if clause.latest else notes
        return speaking_of(clause.terms, chart, index, among=notes)
    return [piece(note, start, end, complete=True) for note in notes[:1] for start, end in _sentences(note)][
        :_MOST_SENTENCES
    ]


def speaking_of(
    terms: Sequence[Term], chart: Chart, index: Index, *, among: Sequence[RecordItem] | None = None
) -> list[Evidence]:
    """The best sentences of the patient's notes for `terms`, newest note first; none when none fits."""
    notes = {
        item.doc: item for item in (chart.items(NOTE_TYPES) if among is None else among) if is_note(item)
    }
    if not terms or not notes:
        return []
    scope = Scope(patient=chart.patient, collections=(RECORDS,), records_only=True)
    hits = index.search([t.alternatives for t in terms], scope, _PASSAGES)
    spans = {(h.doc, h.start, h.end) for h in hits if h.patient == chart.patient and h.doc in notes}
    candidates = [
        (notes[doc], first, last, Speech(notes[doc].text[first:last]))
        for doc, start, end in sorted(spans)
        for first, last in sentence_spans(notes[doc].text, start, end)
    ]
    weights = Weights(
        of={
            t: rarity(len(candidates), sum(1 for c in candidates if c[3].of(t)))
            * (_DRUG if t.kind == "drug" else 1.0)
            for t in terms
        }
    )
    found = []
    for item, first, last, speech in candidates:
        score = weights.coverage(t for t in terms if speech.of(t))
        if score >= _ENOUGH and not is_heading(item.text[first:last]):
            found.append((score, piece(item, first, last, score=score), item.when))
    best = sorted(found, key=lambda row: (row[0], row[2]), reverse=True)[:_SEARCH_SENTENCES]
    newest_first = sorted(best, key=lambda row: row[1].start)
    return [row[1] for row in sorted(newest_first, key=lambda row: row[2], reverse=True)]


def is_heading(text: str) -> bool:
    """Whether a sentence is only a heading ("Plan:")."""
    return text.rstrip().endswith(":") and len(text.split()) <= _HEADING_WORDS


def _sentences(note: RecordItem) -> list[tuple[int, int]]:
    return [
        span
        for span in sentence_spans(note.text, 0, len(note.text))
        if not is_heading(note.text[slice(*span)])
    ]
