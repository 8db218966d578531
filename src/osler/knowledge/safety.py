"""What bears on giving a drug to a patient: the record's side of it, and the literature for both.

The record gives every active allergy, condition and medication, and the newest value of each
laboratory value that drug safety turns on (`SAFETY_VALUES`). Nothing is judged here: guardrails do.
"""

import re
from collections.abc import Iterable, Sequence

from osler.core.ports.records import RecordItem
from osler.knowledge import concepts
from osler.knowledge.chart import Chart
from osler.knowledge.intents import intents
from osler.knowledge.literature import Factor
from osler.knowledge.query import Query
from osler.knowledge.selection import MEDICATIONS, newest_by_code, no_active, no_active_medication
from osler.knowledge.terms import Term, named_in, other_words, term
from osler.lexicon.drugs import DrugClass, DrugLexicon

SAFETY_VALUES = (
    "egfr",
    "creatinine",
    "potassium",
    "alt",
    "ast",
    "bilirubin",
    "inr",
    "platelets",
    "hemoglobin",
    "pregnancy_test",
    "qtc",
)
"""Names in `data/concepts.toml`: kidney, potassium, liver, clotting, blood count, pregnancy, QT."""

_TAG = re.compile(r"\s*\([^()]*\)")
_QUALIFIER = re.compile(r",.*$|\b(?:stage|grade|type|due to|with|without|unspecified|not otherwise)\b.*$")
_MEDICATION_WEIGHT = 0.8
_ALLERGY_WEIGHT = 0.9
_CONFLICT_WEIGHT = 1.5
_REACTIONS = term(
    "hypersensitivity",
    kind="known",
    also=(
        "allergy",
        "allergic",
        "cross-reactivity",
        "cross-reactive",
        "angioedema",
        "urticaria",
        "anaphylaxis",
    ),
)


def from_record(query: Query, chart: Chart) -> list[RecordItem]:
    """Active allergies, conditions and medications, then the newest safety values and those asked for."""
    wanted = {*SAFETY_VALUES, *(name for clause in query.clauses for name in clause.concepts)}
    observed = [i for i in chart.active(("Observation",)) if concepts.concepts_of(i) & wanted]
    return [
        *chart.active(("AllergyIntolerance",)),
        *chart.active(("Condition",)),
        *chart.active(MEDICATIONS),
        *newest_by_code(observed),
    ]


def notices(chart: Chart) -> list[str]:
    """That no medication is active, that no allergy is listed: what is missing matters here."""
    found = (no_active_medication(chart), no_active(intents()["allergies"], chart))
    return [notice for notice in found if notice]


def asked_about(query: Query, chart_lexicon: DrugLexicon) -> list[Term]:
    """The drugs of a question, each with the names of its classes."""
    return [_with_classes(t, chart_lexicon) for t in query.drugs]


def factors(chart: Chart, drugs: Sequence[Term]) -> list[Factor]:
    """The patient's active conditions, medications and allergens, each once, as things to look for.

    An allergy that the lexicon relates to one of `drugs` makes texts on such reactions wanted.
    """
    found = [Factor(term=t) for i in chart.active(("Condition",)) for t in _condition_terms(i)]
    found.extend(
        Factor(term=t, weight=_MEDICATION_WEIGHT)
        for i in chart.active(MEDICATIONS)
        for t in _drug_terms(i, chart)
    )
    for item in chart.active(("AllergyIntolerance",)):
        found.extend(Factor(term=t, weight=_ALLERGY_WEIGHT) for t in _drug_terms(item, chart))
        if any(chart.names_drug(item, drug) for drug in drugs):
            found.append(Factor(term=_REACTIONS, weight=_CONFLICT_WEIGHT))
    return list({f.term.text.lower(): f for f in reversed(found)}.values())[::-1]


def _with_classes(asked: Term, lexicon: DrugLexicon) -> Term:
    ids = lexicon.classes_of(asked.drug) if asked.drug else frozenset({asked.class_id or ""})
    members = asked.alternatives if asked.drug else (*asked.alternatives, *_members(asked.class_id, lexicon))
    names = [name for class_id in sorted(ids) for name in _class_names(lexicon.classes.get(class_id))]
    return term(asked.text, kind="drug", also=(*members, *names), drug=asked.drug, class_id=asked.class_id)


def _members(class_id: str | None, lexicon: DrugLexicon) -> Iterable[str]:
    """Drugs that a class names directly: a text on ibuprofen is one on an anti-inflammatory drug."""
    return (drug.name for drug in lexicon.drugs.values() if class_id in drug.classes)


def _class_names(found: DrugClass | None) -> tuple[str, ...]:
    if found is None or found.broad:
        return ()
    return (found.name, *found.synonyms, *found.abbreviations)


def _drug_terms(item: RecordItem, chart: Chart) -> Iterable[Term]:
    """The drugs and classes that an entry names, one term for each, by its own name and its classes'."""
    for mention in chart.lexicon.find(item.display):
        name = mention.drug or mention.surface
        yield _with_classes(
            term(name, kind="drug", drug=mention.drug, class_id=mention.class_id), chart.lexicon
        )


def _condition_terms(item: RecordItem) -> Iterable[Term]:
    """A condition's name and the known names within it, each by itself.

    Where its own words are unknown, in another language perhaps, those of its codes count as well.
    """
    head, known = _names_in(item.display)
    names = [head, *known]
    for code in () if known else item.codes:
        head, known = _names_in(code.display)
        names.extend((head, *known))
    return (term(name) for name in dict.fromkeys(names) if name)


def _names_in(display: str) -> tuple[str, list[str]]:
    """A name without tags, stages and causes, and the known names within it."""
    plain = _TAG.sub("", display).strip()
    tokens = re.findall(r"[^\W_]+", plain)
    known = [" ".join(tokens[start:end]) for start, end in named_in([t.lower() for t in tokens])]
    if not known:
        known = [t for t in tokens if len(t) > 3 and other_words(t)]
    return _QUALIFIER.sub("", plain).strip() or plain, known
