"""One patient's record while one question is answered: its entries, and each as evidence.

Everything here is of the one patient that the chart was opened for. An entry that the store hands
out for another one is dropped, whatever the reason.
"""

import hashlib
from collections.abc import Iterable, Sequence

from osler.core.citations import Evidence
from osler.core.ports.index import RECORDS
from osler.core.ports.records import RecordItem, RecordView
from osler.knowledge.terms import Speech, Term
from osler.knowledge.titles import title_of
from osler.lexicon.drugs import DrugLexicon

NOTE_TYPES = ("DocumentReference", "Composition", "DiagnosticReport")
_CODED_TITLES = ("http://loinc.org", "http://snomed.info/sct")


class Chart:
    """A patient's record, each type read once."""

    def __init__(
        self,
        records: RecordView,
        patient: str,
        lexicon: DrugLexicon,
        types: Sequence[str] | None = None,
    ) -> None:
        """`types`: the only ones that are read; None reads all."""
        self.patient = patient
        self.lexicon = lexicon
        self.left_out = False
        """Whether a type was asked for that may not be read: what was found may then lack something."""
        self._allowed = None if types is None else frozenset(types)
        self._records = records
        self._read: dict[str, tuple[RecordItem, ...]] = {}
        self._classes: dict[str, frozenset[str]] = {}

    def items(self, types: Sequence[str]) -> tuple[RecordItem, ...]:
        """The patient's entries of `types`, newest first, undated ones last."""
        if self._allowed is not None:
            allowed = [t for t in types if t in self._allowed]
            self.left_out = self.left_out or len(allowed) < len(types)
            types = allowed
        missing = tuple(t for t in dict.fromkeys(types) if t not in self._read)
        if missing:
            found: dict[str, list[RecordItem]] = {t: [] for t in missing}
            for item in self._records.items(self.patient, types=missing):
                if item.patient == self.patient and item.type in found:
                    found[item.type].append(item)
            self._read.update({t: tuple(entries) for t, entries in found.items()})
        chosen = [item for t in dict.fromkeys(types) for item in self._read[t]]
        return tuple(sorted(chosen, key=lambda item: item.when, reverse=True))

    def active(self, types: Sequence[str]) -> tuple[RecordItem, ...]:
        """Those of `items` that hold now."""
        return tuple(item for item in self.items(types) if item.active)

    def drugs_in(self, item: RecordItem) -> frozenset[str]:
        """Ingredients and classes of the drugs that an entry names."""
        if item.doc not in self._classes:
            found: set[str] = set()
            for mention in self.lexicon.find(" | ".join(_names(item))):
                if mention.drug is not None:
                    found.update(self.lexicon.ingredients_of(mention.drug))
                    found.update(self.lexicon.classes_of(mention.drug))
                if mention.class_id is not None:
                    found.add(mention.class_id)
            self._classes[item.doc] = frozenset(found)
        return self._classes[item.doc]

    def names_drug(self, item: RecordItem, term: Term) -> bool:
        """Whether an entry names the drug of `term`, one with an ingredient of it, or one of its class.

        An allergy names a drug too when the lexicon relates the two.
        """
        if term.kind != "drug":
            return False
        wanted = set(self.lexicon.ingredients_of(term.drug)) if term.drug else {term.class_id}
        if wanted & self.drugs_in(item):
            return True
        asked = term.drug or term.class_id
        return (
            item.type == "AllergyIntolerance"
            and asked is not None
            and any(self.lexicon.relation(asked, name) is not None for name in _names(item))
        )


def names_of(item: RecordItem) -> Speech:
    """What an entry is called: its display and those of its codes."""
    return Speech(*_names(item))


def _names(item: RecordItem) -> tuple[str, ...]:
    return tuple(dict.fromkeys([item.display, *(code.display for code in item.codes if code.display)]))


def whole(item: RecordItem, *, complete: bool = False, score: float = 1.0) -> Evidence:
    """An entry as one piece of evidence, its whole text quoted. `n` is given later."""
    return piece(item, 0, len(item.text), complete=complete, score=score)


def piece(item: RecordItem, start: int, end: int, *, complete: bool = False, score: float = 1.0) -> Evidence:
    """A stretch of an entry's text as evidence."""
    return Evidence(
        n=0,
        doc=item.doc,
        title=safe_title(item),
        quote=item.text[start:end],
        start=start,
        end=end,
        sha256=digest(item.text),
        collection=RECORDS,
        patient=item.patient,
        basis="record",
        complete=complete,
        score=score,
    )


def safe_title(item: RecordItem) -> str:
    """A title in fixed words, or in those of a code system: a title written by hand could name someone."""
    if item.category != "note":
        return title_of(item.type, item.category)
    coded = next((c.display for c in item.codes if c.system in _CODED_TITLES and c.display), "")
    return f"Note: {coded}" if coded else "Note"


def digest(text: str) -> str:
    """SHA-256 of a stored text in UTF-8, as the store computes it."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def is_note(item: RecordItem) -> bool:
    """Whether an entry's text is somebody's own words."""
    return item.category == "note"


def unique(items: Iterable[RecordItem]) -> list[RecordItem]:
    """Entries in order, each once."""
    return list({item.doc: item for item in items}.values())
