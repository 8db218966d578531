"""The evidence for a question: sentences of the one patient's record and of the literature, numbered.

    list question        exactly that list of the record, nothing else
    question on a value  the newest value, or its course
    drug safety          allergies, conditions, medications, safety values, and the literature on them
    other question       the entries and sentences that name what is asked about
    no patient           the literature only; a record is never read

Where nothing fits there is no evidence, and a notice says what the record lacks.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from osler.core.citations import Evidence
from osler.core.errors import UnknownPatient
from osler.core.ports.index import Index
from osler.core.ports.records import PatientIdentity, RecordView
from osler.core.sensitivity import Sensitivity, maximum
from osler.core.spans import Label
from osler.knowledge import literature, notes, safety
from osler.knowledge.chart import Chart, whole
from osler.knowledge.query import Clause, Query, understand
from osler.knowledge.selection import Selected, no_active_medication, search, select
from osler.knowledge.stems import words
from osler.lexicon.drugs import DrugLexicon

MOST_EVIDENCE = 60
_FEW = 3
_MOST_OTHERS = 12
_LEFT_OUT = "Parts of the record were not read, since the caller's role does not go so far: it may hold more."


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounding:
    """What an answer may rest on. `notices` are sentences about the record for the reader."""

    evidence: tuple[Evidence, ...] = field(repr=False)
    notices: tuple[str, ...] = field(repr=False)
    intents: tuple[str, ...]
    sensitivity: Sensitivity


class Retriever:
    """Finds evidence. Keeps nothing of a question or a record between calls."""

    def __init__(self, index: Index, records: RecordView, *, lexicon: DrugLexicon) -> None:
        self._index = index
        self._records = records
        self._lexicon = lexicon

    def ground(self, question: str, patient: str | None, types: tuple[str, ...] | None = None) -> Grounding:
        """Evidence for `question`, from the record of `patient` (a bare id) and from no other.

        `types`: the only FHIR types of the record that are read; None reads all. Raises UnknownPatient when no such
        record is loaded, StoreError when the store is down.
        """
        if patient is None:
            query = understand(question, self._lexicon)
            return self._grounding(query, None, self._literature_alone(query), _no_patient(query))
        identity = self._records.identity(patient)
        if identity is None:
            raise UnknownPatient(
                "No record of that patient is in this workspace.",
                remedy="Load it with `osler kb add FILE`, or check the id.",
                param="patient",
            )
        query = understand(question, self._lexicon, _name_words(identity))
        chart = Chart(self._records, patient, self._lexicon, types)
        if query.safety:
            return self._grounding(query, patient, *self._drug_safety(query, chart))
        return self._grounding(query, patient, *self._from_record(query, chart))

    def _drug_safety(self, query: Query, chart: Chart) -> tuple[list[Evidence], list[str]]:
        record = [whole(item, complete=True) for item in safety.from_record(query, chart)]
        drugs = safety.asked_about(query, self._lexicon)
        others = [t for clause in query.clauses for t in clause.terms if t.kind != "drug"][:_MOST_OTHERS]
        record.extend(notes.speaking_of([*drugs, *others], chart, self._index))
        texts = literature.about_drug(drugs, safety.factors(chart, drugs), others, self._index)
        room = MOST_EVIDENCE - len(texts)
        return [*record[:room], *texts], [*_sure(safety.notices(chart), chart), *_cut(len(record), room)]

    def _from_record(self, query: Query, chart: Chart) -> tuple[list[Evidence], list[str]]:
        record: list[Evidence] = []
        notices: list[str] = []
        general = query.guideline and not query.about_patient
        for clause in () if general else query.clauses:
            found, said = self._clause(clause, chart)
            record.extend(found)
            notices.extend(said)
        record = _once(record)
        elsewhere = _wants_literature(query, record)
        texts = self._literature(query) if elsewhere else []
        if elsewhere and not query.about_patient:
            # The question is not about this record, so that what it lacks is no answer.
            notices = [n for n in notices if n == no_active_medication(chart)]
        room = MOST_EVIDENCE - len(texts)
        return [*record[:room], *texts], [*_sure(notices, chart), *_cut(len(record), room)]

    def _clause(self, clause: Clause, chart: Chart) -> tuple[list[Evidence], tuple[str, ...]]:
        if not clause.intents:
            found = search(clause, chart)
            evidence = [whole(item, complete=found.complete) for item in found.items]
            if len(evidence) < _FEW:
                evidence.extend(notes.speaking_of(clause.terms, chart, self._index))
            return evidence, ()
        chosen = select(clause, chart)
        if not chosen.items and clause.terms and set(clause.intents) == {"labs"}:
            # "Echo results" are no laboratory results: whatever is called so is meant.
            chosen = _either(search(clause, chart), chosen)
        evidence = [whole(item, complete=chosen.complete) for item in chosen.items]
        notices = chosen.notices
        if {"notes", "reports"} & set(clause.intents):
            written = notes.asked(clause, chart, self._index)
            if written:
                return [*evidence, *written], ()
            if "notes" in clause.intents:
                notices = (*notices, "The record holds no note on what was asked for.")
        elif not evidence and clause.terms:
            evidence.extend(notes.speaking_of(clause.terms, chart, self._index))
        return evidence, notices

    def _literature_alone(self, query: Query) -> list[Evidence]:
        return [] if _about_a_record(query) else self._literature(query)

    def _literature(self, query: Query) -> list[Evidence]:
        """The literature on what a question names; words of structure alone count only in a plain request for it."""
        drugs = {t.text: t for t in safety.asked_about(query, self._lexicon)}
        terms = [drugs.get(t.text, t) for t in query.terms]
        if all(t.kind == "weak" for t in terms) and not query.guideline:
            return []
        return literature.answer(terms, self._index)

    def _grounding(
        self, query: Query, patient: str | None, evidence: Sequence[Evidence], notices: Iterable[str]
    ) -> Grounding:
        kept = [e for e in evidence if e.patient in (None, patient)][:MOST_EVIDENCE]
        level = maximum(Sensitivity.PHI if e.from_record else Sensitivity.CLEAR for e in kept)
        return Grounding(
            evidence=tuple(replace(e, n=n) for n, e in enumerate(kept, start=1)),
            notices=tuple(dict.fromkeys(notices)),
            intents=query.intents,
            sensitivity=level if patient is None else Sensitivity.PHI,
        )


def _sure(notices: list[str], chart: Chart) -> list[str]:
    """Notices on what the record lacks; of one that was not read as a whole nobody can say what it lacks."""
    return [_LEFT_OUT] if chart.left_out else notices


def _either(found: Selected, otherwise: Selected) -> Selected:
    return found if found.items else otherwise


def _wants_literature(query: Query, record: Sequence[Evidence]) -> bool:
    """Whether a question with a patient named is also, or rather, one for the literature."""
    if query.guideline:
        return True
    if query.about_patient or record or query.intents or not query.open:
        return False
    return not any(c.latest or c.trend or c.history for c in query.clauses)


def _about_a_record(query: Query) -> bool:
    """Whether a question without a patient can be answered from a record only."""
    if query.guideline or query.safety:
        return False
    timed = any(c.latest or c.trend for c in query.clauses)
    return query.about_patient or (timed and bool(query.intents))


def _no_patient(query: Query) -> list[str]:
    asked_of_one = query.safety and query.about_patient
    if asked_of_one or (_about_a_record(query) and (query.intents or query.about_patient)):
        return ["No patient is named with the request, so no record was read."]
    return []


def _cut(total: int, room: int) -> list[str]:
    if total <= room:
        return []
    return [f"Only {room} of the {total} entries of the record that fit are shown, the newest first."]


def _once(evidence: Iterable[Evidence]) -> list[Evidence]:
    return list({(e.doc, e.start, e.end): e for e in evidence}.values())


def _name_words(identity: PatientIdentity) -> frozenset[str]:
    return frozenset(
        word for known in identity.identifiers if known.label is Label.NAME for word in words(known.value)
    )
