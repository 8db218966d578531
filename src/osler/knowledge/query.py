"""What a clinical question asks for: lists of the record, values, notes, a drug's safety, literature.

The rules are data (`data/intents.toml`, `data/concepts.toml`, the lexicon); this module finds their
phrases in the question and divides what is left into the specific things that are asked about. It
looks at no record and judges nothing clinical. Of a very long question the first and the last words
count.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import islice

from osler.knowledge import concepts
from osler.knowledge.intents import definite, intents, openers, overview, persons, phrasebook, titles
from osler.knowledge.phrases import Match, Phrase, compile_phrase, find, longest
from osler.knowledge.terms import Term, named_in, other_words, term
from osler.lexicon import abbreviations
from osler.lexicon.drugs import DrugLexicon, DrugMention

_WORD = re.compile(r"[^\W_]+")
_BREAK = re.compile(r"[,;:.?!\n]")
_YEAR = re.compile(r"(?:19|20)\d\d")
_JOINING = frozenset(("and", "or", "plus", "versus", "vs"))
_MOST_WORDS = 400
_MOST_LETTERS = 4000
_MOST_TERMS = 12
_MOST_CLAUSES = 12
_NUMBERED = ("type", "stage", "grade", "class")
_SHORT = 3
_BY_KIND = {"laboratory": "labs", "vital-signs": "vitals", "other": "observations"}
_OBSERVED = frozenset(_BY_KIND.values())
_OCCASIONS = frozenset(("encounters", "admissions", "emergencies"))
_VACCINE = re.compile(r"\b(?:vaccin\w*|immuni[sz]ation\w*|shots?|jabs?|boosters?)\b")
_PAST_WORDS = ("histor", "past")
_DETERMINED = 4
_DESCRIBING = frozenset(("with", "who", "whose", "having", "aged"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One part of a question: what is asked for, of which things, and from when.

    `terms` narrow it to specific things; `named` are the words that named the intents ("discharge
    summary").
    """

    intents: tuple[str, ...] = ()
    concepts: tuple[str, ...] = ()
    terms: tuple[Term, ...] = field(default=(), repr=False)
    named: tuple[str, ...] = field(default=(), repr=False)
    history: bool = False
    ended: bool = False
    latest: bool = False
    trend: bool = False
    year: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A question understood.

    `open` marks one that may be about the world; `terms` are all things in it, for a search of the
    literature.
    """

    clauses: tuple[Clause, ...] = ()
    safety: bool = False
    guideline: bool = False
    about_patient: bool = False
    open: bool = False
    terms: tuple[Term, ...] = field(default=(), repr=False)

    @property
    def intents(self) -> tuple[str, ...]:
        """Names of what is asked for, each once; empty when nothing was recognised."""
        found = [name for clause in self.clauses for name in clause.intents]
        return tuple(dict.fromkeys([*(["drug_safety"] if self.safety else []), *found]))

    @property
    def drugs(self) -> tuple[Term, ...]:
        """The drugs and classes that the question names."""
        return tuple(t for t in self.terms if t.kind == "drug")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """The question's words: as written, in lower case, where they stand, and before which a sentence breaks."""

    written: list[str] = field(repr=False)
    lower: list[str] = field(repr=False)
    starts: list[int]
    breaks: frozenset[int]


def understand(question: str, lexicon: DrugLexicon, names: frozenset[str] = frozenset()) -> Query:
    """What `question` asks for. `names` are words of the patient's name, in lower case, to read past."""
    if len(question) > 2 * _MOST_LETTERS:
        question = f"{question[:_MOST_LETTERS]}\n{question[-_MOST_LETTERS:]}"
    words = _words(question)
    reading = _Reading(words, lexicon.find(question))
    safety = reading.is_about_safety()
    reading.settle(safety)
    named = _named(words, names)
    about = reading.about or bool(named)
    left = reading.left_over(named)
    clauses = tuple(islice(reading.clauses(left, safety), _MOST_CLAUSES))
    return Query(
        clauses=clauses,
        safety=safety,
        guideline=reading.has("flag:guideline") or (reading.has("flag:literature") and not about),
        about_patient=about,
        open=bool(words.lower) and words.lower[0] in openers(),
        terms=reading.literature_terms(left),
    )


class _Reading:
    """One question being read: first its structure, then the things in it, then the words left over."""

    def __init__(self, words: _Words, mentions: Sequence[DrugMention]) -> None:
        book = phrasebook()
        self.words = words
        self.polite = longest(find(book.polite, words.lower))
        self._taken = _union(self.polite)
        self.structure = longest(find(book.structure, words.lower), self._taken)
        generic = _union(find(book.generic, words.lower)) | _anybody(words.lower)
        self.about = any(not m.span & generic for m in find(book.about, words.lower))
        self._safety = {
            key: longest(find(phrases, words.lower), self._taken) for key, phrases in book.safety.items()
        }
        covered = _union(m for m in self.structure if m.label.startswith("intent:"))
        self.drugs = [(m, at) for m in mentions if (at := _positions(words, m)) and not at <= covered]
        self.things: list[tuple[frozenset[int], Term]] = []
        self.measured: list[tuple[frozenset[int], tuple[str, ...], Term]] = []

    def is_about_safety(self) -> bool:
        """Whether the question is if a drug may be given, kept, combined or stopped."""
        found = self._safety
        if found["always"]:
            return True
        if found["permission"]:
            return bool(self.drugs) or self._asks_for_something_unknown()
        return bool(found["with_drug"] and self.drugs and not found["unless"])

    def _asks_for_something_unknown(self) -> bool:
        used = _union(self._safety["permission"])
        asked = [
            m for m in self.structure if m.label.startswith(("intent:", "overview")) and not m.span & used
        ]
        if asked or self._concept_matches():
            return False
        return bool(set(range(len(self.words.lower))) - used - self._taken - self._fillers())

    def has(self, label: str) -> bool:
        """Whether a phrase of that label is part of the question's structure."""
        return any(m.label == label for m in self.structure)

    def settle(self, safety: bool) -> None:
        """Decide which words are structure and which are things; a word is only one of them."""
        if safety:
            used = _union(m for key in ("always", "permission", "with_drug") for m in self._safety[key])
            used -= _union_of(at for _, at in self.drugs)
            self._taken |= used
            self.structure = [m for m in self.structure if not m.span & used]
        structure = _union(self.structure)
        drugs = _union_of(at for _, at in self.drugs)
        self.things = [(at, _drug_term(m)) for m, at in self.drugs]
        phrases = _longest_spans(named_in(self.words.lower))
        for match in self._concept_matches():
            wider = any(match.span < other for other in (*phrases, drugs))
            if not match.span & drugs and not wider and not match.span <= structure - self._inner(match.span):
                text = self._text(match)
                self.measured.append((match.span, _named_concepts(match), _concept_term(match, text)))
        measured = _union_of(at for at, _, _ in self.measured)
        for at in phrases:
            if not at & drugs and not at & measured and not at <= structure - self._inner(at):
                text = " ".join(self.words.lower[n] for n in sorted(at))
                self.things.append((at, term(text)))
        wide = _union_of(at for at, _ in self.things if len(at) > 1) | measured
        self.structure = [m for m in self.structure if not m.span <= wide - drugs]

    def _inner(self, span: frozenset[int]) -> frozenset[int]:
        """Words of structure that lie strictly inside `span`, and so do not stand for themselves."""
        return _union(m for m in self.structure if m.span < span)

    def _concept_matches(self) -> list[Match]:
        return longest(find(_concept_phrases(), self.words.lower), self._taken)

    def _fillers(self) -> frozenset[int]:
        book = phrasebook()
        found = _union(find((*book.fillers, *book.about), self.words.lower))
        return frozenset(at for at in found if not _is_abbreviation(self.words, at))

    def left_over(self, named: frozenset[int]) -> list[int]:
        """Positions of the words that are neither structure nor filler nor part of a thing."""
        used = (
            self._taken
            | _union(self.structure)
            | self._fillers()
            | named
            | _union_of(at for at, _ in self.things)
            | _union_of(at for at, _, _ in self.measured)
        )
        return [at for at, word in enumerate(self.words.lower) if at not in used and not word.isdigit()]

    def clauses(self, left: list[int], safety: bool) -> Iterable[Clause]:
        """The question's parts, each with what it asks for; one that names only things follows the one before."""
        before = Clause()
        trend = any(m.label == "flag:trend" for m in self.structure)
        for first, end in self._ranges():
            clause = self._clause(range(first, end), [at for at in left if first <= at < end], trend, safety)
            if not (clause.intents or clause.terms or clause.concepts):
                continue
            if clause.terms and not clause.intents and before.intents:
                clause = Clause(
                    intents=before.intents,
                    terms=clause.terms,
                    named=before.named,
                    history=clause.history or before.history,
                    ended=clause.ended or before.ended,
                    latest=clause.latest or before.latest,
                    trend=clause.trend,
                    year=clause.year or before.year,
                )
            before = clause
            yield clause

    def _clause(self, reach: range, left: list[int], trend: bool, safety: bool) -> Clause:
        structure = [m for m in self.structure if m.at[0] in reach]
        labels = [m.label for m in structure]
        asked = [label.removeprefix("intent:") for label in labels if label.startswith("intent:")]
        if "overview" in labels and not asked:
            asked.extend(overview())
        measured = [(names, thing) for at, names, thing in self.measured if min(at) in reach]
        terms = [thing for at, thing in self.things if min(at) in reach]
        terms.extend(self._single(at) for at in left)
        names = [name for found, _ in measured for name in found]
        if safety:
            asked = []
        treated = [_with_problems(thing, found) for found, thing in measured]
        asked, names, terms = _combined(asked, names, terms, treated)
        past = any(m.label.startswith("intent:") and any(w in m.text for w in _PAST_WORDS) for m in structure)
        ended = "flag:ended" in labels
        years = [w for at, w in enumerate(self.words.lower) if at in reach and _YEAR.fullmatch(w)]
        return Clause(
            intents=tuple(dict.fromkeys(asked)),
            concepts=tuple(dict.fromkeys(names)),
            terms=tuple(dict.fromkeys(terms))[:_MOST_TERMS],
            named=tuple(self._text(m) for m in structure if m.label.startswith("intent:")),
            history="flag:history" in labels or past or ended,
            ended=ended and "flag:history" not in labels,
            latest="flag:latest" in labels or any(m.text.startswith("last ") for m in structure),
            trend=trend,
            year=years[0] if years else "",
        )

    def _text(self, match: Match) -> str:
        return " ".join(self.words.lower[at] for at in match.at)

    def _single(self, at: int) -> Term:
        return term(self.words.written[at])

    def _ranges(self) -> Iterable[tuple[int, int]]:
        """Word ranges between conjunctions and punctuation that stand inside nothing that was recognised."""
        within = frozenset(
            at
            for span in (
                *(m.span for m in self.structure),
                *(at for at, _ in self.things),
                *(at for at, _, _ in self.measured),
            )
            for at in range(min(span) + 1, max(span) + 1)
        )
        start = 0
        for at, word in enumerate(self.words.lower):
            if at in within or at == 0:
                continue
            if word in _JOINING or at in self.words.breaks:
                yield start, at
                start = at
        yield start, len(self.words.lower)

    def literature_terms(self, left: list[int]) -> tuple[Term, ...]:
        """Everything that a text could speak of; words of structure only as weak terms."""
        found = [(min(at), thing) for at, thing in self.things]
        found.extend((min(at), thing) for at, _, thing in self.measured)
        found.extend((at, self._single(at)) for at in left)
        for match in self.structure:
            if match.label.startswith(("intent:", "flag:guideline", "flag:literature")):
                intent = intents().get(match.label.removeprefix("intent:"))
                kind = "plain" if intent is not None and intent.topical else "weak"
                found.append((match.at[0], term(self._text(match), kind=kind)))
        found.extend((m.at[0], term(self._text(m), kind="weak")) for m in self._safety["always"])
        for at, word in enumerate(self.words.lower[:-1]):
            if word in _NUMBERED and len(self.words.lower[at + 1]) <= _SHORT:
                found.append((at, term(f"{word} {self.words.lower[at + 1]}", kind="weak")))
        return tuple(dict.fromkeys(thing for _, thing in sorted(found, key=lambda pair: pair[0])))


def _combined(
    asked: list[str], names: list[str], terms: list[Term], measured: list[Term]
) -> tuple[list[str], list[str], list[Term]]:
    """Settle what a measured thing means beside another intent.

    "Blood pressure at the last visit" asks for the pressure; "medicines for blood pressure" asks for
    medicines.
    """
    if not names:
        return asked, names, terms
    others = [name for name in asked if name not in _OBSERVED and name not in _OCCASIONS]
    if others:
        return others, [], [*terms, *measured]
    kinds = concepts.kind_of(names)
    return [intent for kind, intent in _BY_KIND.items() if kind in kinds], names, terms


def _words(question: str) -> _Words:
    found = list(_WORD.finditer(re.sub(r"['’]s\b", "  ", question)))
    if len(found) > _MOST_WORDS:
        found = [*found[: _MOST_WORDS // 2], *found[-_MOST_WORDS // 2 :]]
    breaks = frozenset(
        at for at in range(1, len(found)) if _BREAK.search(question, found[at - 1].end(), found[at].start())
    )
    return _Words(
        written=[m.group() for m in found],
        lower=[m.group().lower() for m in found],
        starts=[m.start() for m in found],
        breaks=breaks,
    )


def _named(words: _Words, names: frozenset[str]) -> frozenset[int]:
    """Positions of the words that name a person: after a form of address, or a name of the patient's."""
    found: set[int] = set()
    for at, word in enumerate(words.lower):
        capital = words.written[at][:1].isupper()
        if word in titles():
            found.add(at)
            following = range(at + 1, min(at + 3, len(words.lower)))
            for later in following:
                if not words.written[later][:1].isupper():
                    break
                found.add(later)
        elif capital and at > 0 and word in names:
            found.add(at)
    return frozenset(found)


def _anybody(lower: Sequence[str]) -> frozenset[int]:
    """Positions where "patient" means whoever is so: "in a penicillin allergic patient", "patient with gout"."""
    found = set()
    for at, word in enumerate(lower):
        if word not in persons() or definite() & set(lower[max(0, at - _DETERMINED) : at]):
            continue
        described = at + 1 < len(lower) and lower[at + 1] in _DESCRIBING
        if described or (at > 0 and not any(find(phrasebook().fillers, [lower[at - 1]]))):
            found.add(at)
    return frozenset(found)


def _is_abbreviation(words: _Words, at: int) -> bool:
    """Whether a word that looks like filler is an abbreviation in capitals: "MI", "AS", "OR"."""
    written = words.written[at]
    if len(written) < 2 or not written.isupper() or all(w.isupper() for w in words.written):
        return False
    return bool(abbreviations.expand(written))


def _positions(words: _Words, mention: DrugMention) -> frozenset[int]:
    return frozenset(at for at, start in enumerate(words.starts) if mention.start <= start < mention.end)


def _drug_term(mention: DrugMention) -> Term:
    also = [mention.drug] if mention.drug else []
    for name in (mention.surface.lower(), *also):
        # Coded vaccines are named by the disease alone: "Influenza, seasonal, injectable".
        if disease := " ".join(_VACCINE.sub(" ", name).split()) if _VACCINE.search(name) else "":
            also.extend((disease, *other_words(disease)))
    return term(mention.surface, kind="drug", also=also, drug=mention.drug, class_id=mention.class_id)


def _concept_term(match: Match, text: str) -> Term:
    table = concepts.concepts()
    also = [ask.replace("*", "") for name in _named_concepts(match) for ask in table[name].asks]
    return term(text, kind="concept", also=also)


def _with_problems(thing: Term, names: Iterable[str]) -> Term:
    """What is measured, and what is wrong where it is: a drug for the one is ordered for the other."""
    table = concepts.concepts()
    problems = [problem for name in names for problem in table[name].problems]
    return term(thing.text, kind=thing.kind, also=(*thing.alternatives, *problems)) if problems else thing


def _named_concepts(match: Match) -> tuple[str, ...]:
    return tuple(match.label.split(","))


@cache
def _concept_phrases() -> tuple[Phrase, ...]:
    return tuple(compile_phrase(",".join(names), text, {}) for text, names in concepts.asked())


def _longest_spans(spans: Iterable[tuple[int, int]]) -> list[frozenset[int]]:
    """Of spans that overlap the longer one, then the first."""
    kept: list[frozenset[int]] = []
    for start, end in sorted(spans, key=lambda span: (span[0] - span[1], span[0])):
        span = frozenset(range(start, end))
        if not any(span & other for other in kept):
            kept.append(span)
    return kept


def _union(matches: Iterable[Match]) -> frozenset[int]:
    return _union_of(m.span for m in matches)


def _union_of(spans: Iterable[frozenset[int]]) -> frozenset[int]:
    return frozenset(at for span in spans for at in span)
