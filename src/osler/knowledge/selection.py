"""The entries of a record that a clause of a question asks for: structured filters, then names.

A question for a list gives exactly that list. A question for a specific thing gives the entries that
name it, and nothing when none does. What is missing is said in a notice.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from osler.core.ports.records import RecordItem
from osler.knowledge import concepts
from osler.knowledge.chart import Chart, is_note, names_of, unique
from osler.knowledge.intents import Intent, intents
from osler.knowledge.query import Clause
from osler.knowledge.stems import stems
from osler.knowledge.terms import Speech, Term, Weights, rarity

ENOUGH = 0.6
"""The share of what a clause asks about that an entry has to name."""

MEDICATIONS = ("MedicationRequest", "MedicationStatement")
_MOST_GENERAL = 12
_NARRATIVE = ("Patient", "DocumentReference", "Composition")
_PRIORITY = (
    "AllergyIntolerance",
    "Condition",
    *MEDICATIONS,
    "Immunization",
    "Procedure",
    "Observation",
    "Device",
    "DeviceUseStatement",
    "FamilyMemberHistory",
    "ImagingStudy",
    "DiagnosticReport",
    "CarePlan",
    "Goal",
    "ServiceRequest",
    "MedicationAdministration",
    "MedicationDispense",
)
_LEAST = ("Encounter",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """Entries that answer a clause. `complete`: they are the whole answer that the record has."""

    items: tuple[RecordItem, ...] = field(default=(), repr=False)
    complete: bool = True
    notices: tuple[str, ...] = field(default=(), repr=False)


def select(clause: Clause, chart: Chart) -> Selected:
    """The entries for a clause with intents (notes aside), newest first."""
    items: list[RecordItem] = []
    notices: list[str] = []
    for name in clause.intents:
        if name == "notes":
            continue
        found = _by_intent(intents()[name], clause, chart)
        items.extend(found.items)
        notices.extend(found.notices)
    return Selected(items=tuple(unique(items)), notices=tuple(notices))


def search(clause: Clause, chart: Chart) -> Selected:
    """The entries of any type that name what a clause without an intent asks about.

    Complete are all those that are called so; entries that only speak of it are a loose find.
    """
    pool = [i for i in chart.items(_every_type()) if not is_note(i)]
    pool = _of_year(pool, clause.year)
    found = _covering(pool, clause.terms, chart, names_only=True)
    by_name = bool(found)
    found = found or _covering(pool, clause.terms, chart, names_only=False)
    if not (clause.trend or clause.history or clause.year):
        found = _holding_conditions(_latest_observations(found))
    types = {i.type for i in found}
    # A value's method or a visit's reason may name the very problem that the list of problems has.
    least = (*_LEAST, "Observation", "DiagnosticReport") if "Condition" in types else _LEAST
    better = [i for i in found if i.type not in least]
    ranked = sorted(better or found, key=lambda i: _rank(i.type))
    if clause.latest and ranked:
        ranked = [i for i in ranked if i.type == ranked[0].type][:1]
    return Selected(items=tuple(ranked[:_MOST_GENERAL]), complete=by_name and len(ranked) <= _MOST_GENERAL)


def no_active_medication(chart: Chart) -> str:
    """The notice that no medication is active; "" when one is."""
    if chart.active(MEDICATIONS):
        return ""
    listed = chart.items(MEDICATIONS)
    if not listed:
        return "The record lists no active medication (it holds no medication request)."
    noun = "medication request" if all(i.type == "MedicationRequest" for i in listed) else "medication entry"
    if len(listed) == 1:
        return f"The record lists no active medication (1 {noun}, which is not active)."
    plural = "medication requests" if noun.endswith("request") else "medication entries"
    return f"The record lists no active medication ({len(listed)} {plural}, none of them active)."


def no_active(intent: Intent, chart: Chart) -> str:
    """The notice that the record has nothing of a kind, or nothing that holds now."""
    if intent.name == "medications":
        return no_active_medication(chart)
    every = _pool(intent, Clause(), chart)
    if not every:
        return f"The record lists no {intent.one}."
    if intent.active and not any(i.active for i in every):
        only = (
            f"1 {intent.one}, which is not"
            if len(every) == 1
            else f"{len(every)} {intent.many}, none of them"
        )
        return f"The record lists no active {intent.one} ({only} active)."
    return ""


def newest_by_code(items: Iterable[RecordItem]) -> list[RecordItem]:
    """Of the entries for one thing only the newest. What is one thing the concept says, else the code."""
    kept: dict[object, RecordItem] = {}
    for item in sorted(items, key=lambda i: i.when, reverse=True):
        kept.setdefault(_sameness(item), item)
    return list(kept.values())


def _sameness(item: RecordItem) -> object:
    names = concepts.concepts_of(item)
    if len(names) == 1:
        return names
    code = next(((c.system, c.code) for c in item.codes if c.code), None)
    return code or item.display.lower()


def _by_intent(intent: Intent, clause: Clause, chart: Chart) -> Selected:
    past = clause.history or clause.trend or bool(clause.year)
    pool = _of_year(_pool(intent, clause, chart), clause.year)
    holding = pool
    if intent.active and (clause.ended or not past):
        holding = [i for i in pool if i.active is not clause.ended]
    specific = bool(clause.terms or clause.concepts)
    if clause.terms and not _only_unknown(intent, clause, pool, chart):
        found = _naming(holding, pool, clause, chart)
    else:
        found = holding
        specific = bool(clause.concepts)
    if intent.latest and not past:
        found = newest_by_code(found)
    elif intent.single and clause.latest and found:
        newest = found[0].when[:10]
        found = found[:1] if specific else [i for i in found if i.when[:10] == newest]
    return Selected(items=tuple(found), notices=_missing(intent, chart, found, specific=specific))


def _missing(intent: Intent, chart: Chart, found: Sequence[RecordItem], *, specific: bool) -> tuple[str, ...]:
    """What to say when nothing was found, and always when a medication was asked for and none is active."""
    if intent.name == "medications" and (notice := no_active_medication(chart)):
        return (notice,)
    if found:
        return ()
    if not specific:
        notice = no_active(intent, chart)
        return (notice,) if notice else (f"The record lists no such {intent.one}.",)
    listed = len(chart.active(intent.types) if intent.active else _pool(intent, Clause(), chart))
    if not listed and intent.name != "observations":
        return (f"The record lists no {intent.one}.",)
    if intent.active:
        have = f"the one active {intent.one}" if listed == 1 else f"the {listed} active {intent.many}"
        return (f"Nothing that was asked for is among {have} on the record.",)
    return (f"The record holds no {intent.one} of what was asked for.",)


def _pool(intent: Intent, clause: Clause, chart: Chart) -> list[RecordItem]:
    """All entries that an intent is about, whether or not they hold now."""
    past = clause.history or clause.trend or bool(clause.year)
    types = intent.past_types if past else intent.types
    items = chart.items(types)
    if intent.names:
        kinds = Term(text=intent.name, alternatives=intent.names, stemmed=tuple(map(stems, intent.names)))
        return [i for i in items if i.type == types[0] or names_of(i).of(kinds)]
    if intent.kinds:
        return [i for i in items if i.category in intent.kinds]
    if intent.types != ("Observation",):
        return [i for i in items if not is_note(i)]
    if clause.concepts:
        wanted = frozenset(clause.concepts)
        return [i for i in items if i.active and concepts.concepts_of(i) & wanted]
    return [i for i in items if i.active and _is_of(i, intent.category)]


def _is_of(item: RecordItem, category: str) -> bool:
    """Whether an observation is of a category: by its own, or where it has none by what it measures.

    One that neither says is taken for a laboratory result, which most observations are.
    """
    if item.category:
        return item.category == category
    kinds = concepts.kind_of(concepts.concepts_of(item)) or frozenset(("laboratory",))
    return category in kinds


def _only_unknown(intent: Intent, clause: Clause, pool: Sequence[RecordItem], chart: Chart) -> bool:
    """Whether the words that are left over say nothing about medications.

    Drugs are known by name, so that a word which is neither a drug nor a known clinical term nor on
    any entry is taken for a way of speaking, and the list for what is asked for.
    """
    if intent.name != "medications" or any(t.known for t in clause.terms):
        return False
    return not _naming(pool, (), clause, chart)


def _naming(
    first: Sequence[RecordItem], then: Sequence[RecordItem], clause: Clause, chart: Chart
) -> list[RecordItem]:
    """The entries that name what the clause asks about, by their names, else by their text.

    Stopped warfarin is called so, and goes before something active that was given because of warfarin.
    """
    return (
        _covering(first, clause.terms, chart, names_only=True)
        or _covering(then, clause.terms, chart, names_only=True)
        or _covering(first, clause.terms, chart, names_only=False)
        or _covering(then, clause.terms, chart, names_only=False)
    )


def _covering(
    pool: Sequence[RecordItem], terms: Sequence[Term], chart: Chart, *, names_only: bool
) -> list[RecordItem]:
    spoken = [(item, _spoken(item, terms, chart, names_only=names_only)) for item in pool]
    total = len(pool)
    weights = Weights(of={t: rarity(total, sum(1 for _, found in spoken if t in found)) for t in terms})
    scores = [(item, _score(item, found, weights)) for item, found in spoken]
    best = max((score for _, score in scores), default=0.0)
    # Of entries that name more and less of the question, those that name most of it are meant.
    floor = max(ENOUGH, best - 0.1)
    return [item for item, score in scores if score >= floor]


def _score(item: RecordItem, found: frozenset[Term], weights: Weights) -> float:
    named_drug = any(t.kind == "drug" for t in found)
    if named_drug and item.type in (*MEDICATIONS, "AllergyIntolerance", "Immunization"):
        return 1.0
    return weights.coverage(found)


def _spoken(item: RecordItem, terms: Sequence[Term], chart: Chart, *, names_only: bool) -> frozenset[Term]:
    speech = names_of(item) if names_only else Speech(item.display, item.text)
    return frozenset(t for t in terms if speech.of(t) or chart.names_drug(item, t))


def _of_year(items: Sequence[RecordItem], year: str) -> list[RecordItem]:
    return [i for i in items if i.when.startswith(year)] if year else list(items)


def _latest_observations(items: Sequence[RecordItem]) -> list[RecordItem]:
    observed = [i for i in items if i.type == "Observation"]
    newest = {i.doc for i in newest_by_code(observed)}
    return [i for i in items if i.type != "Observation" or i.doc in newest]


def _holding_conditions(items: Sequence[RecordItem]) -> list[RecordItem]:
    """Without the conditions that are over, where one of those that were found holds now."""
    if not any(i.type == "Condition" and i.active for i in items):
        return list(items)
    return [i for i in items if i.type != "Condition" or i.active]


def _every_type() -> tuple[str, ...]:
    found = [t for intent in intents().values() for t in intent.past_types]
    return tuple(t for t in dict.fromkeys((*_PRIORITY, *found)) if t not in _NARRATIVE)


def _rank(kind: str) -> int:
    return _PRIORITY.index(kind) if kind in _PRIORITY else len(_PRIORITY)
