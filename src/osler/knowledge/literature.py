"""Sentences of guidelines and other texts that belong to no patient.

Passages come from the index; which of their sentences are handed on is decided here, by how much of
the question they and their title speak of. Where no passage speaks of enough of it, nothing is: an
answer from a text on something else would be worse than none.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from osler.core.citations import Evidence
from osler.core.ports.index import Index, Scope
from osler.core.ports.reader import Document
from osler.knowledge.notes import is_heading
from osler.knowledge.passages import sentence_spans
from osler.knowledge.stems import words
from osler.knowledge.terms import Speech, Term, Weights, named_in, other_words, rarity, term

FLOOR = 0.5
"""The share of a question, by weight, that a passage with its title has to speak of."""

FLOOR_IN_PASSING = 0.8
"""The same where the text's title, section and keywords speak of none of it: then it is said in passing."""

MOST_SENTENCES = 8
MOST_DOCUMENTS = 3
_EVERYTHING = Scope(patient=None)
_CANDIDATES = 60
_COUNTED = 200
_PASSAGES = 1024
_MOST_TERMS = 12
_CLINICAL = 1.25
_NAME = 0.4
_CONTEXT = 0.5
_SECTION = 0.75
_WEAK = 0.15
_WEAK_SECTION = 0.1
_FIRST = 0.05
_RELATIVE = 0.5
_FOREIGN = 0.4
_RECALLED = 0.5
_MOST_AROUND = 1.0
_CUES = (
    (
        re.compile(
            r"\b(?:avoid\w*|contraindicat\w*|not\s+(?:to\s+)?(?:be\s+)?(?:tak\w+|us\w+|given?|start\w*|combin\w*|prescrib\w*"
            r"|recommend\w*|advis\w*|safe)|(?:should|must|can)\s+not|cannot|never|allerg\w+)\b",
            re.IGNORECASE,
        ),
        1.2,
    ),
    (
        re.compile(
            r"\b(?:risks?|harm\w*|worsen\w*|damage\w*|interact\w*|toxic\w*|nephrotoxic|adverse|bleed\w*|injur\w+"
            r"|caution\w*|limited|dose\w* (?:should|must)|react|monitor\w*|safe\w*|lowest effective|alternativ\w+"
            r"|instead|tolerat\w+)\b",
            re.IGNORECASE,
        ),
        0.5,
    ),
    (re.compile(r"\b(?:recommend\w*|prefer\w*|options?|first(?:-line)?|effective)\b", re.IGNORECASE), 0.3),
)
"""Words that say whether a drug may be given, and words that bear on it, with what they are worth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """Something about the patient that bears on a drug: a condition, a class on the list, an allergy."""

    term: Term
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sentence:
    document: Document = field(repr=False)
    sha256: str
    section: str
    start: int
    end: int
    speech: Speech = field(repr=False)
    context: Speech = field(repr=False)
    heading: Speech = field(repr=False)
    first: bool

    @property
    def text(self) -> str:
        """The sentence as it stands."""
        return self.document.text[self.start : self.end]

    def evidence(self, score: float) -> Evidence:
        title = self.document.title
        if self.section and self.section != title:
            title = f"{title}: {self.section}"
        return Evidence(
            n=0,
            doc=self.document.doc,
            title=title,
            quote=self.text,
            start=self.start,
            end=self.end,
            sha256=self.sha256,
            collection=self.document.collection,
            basis=self.document.basis,
            score=score,
        )


def answer(terms: Sequence[Term], index: Index) -> list[Evidence]:
    """The sentences that speak of `terms`, at most MOST_SENTENCES of MOST_DOCUMENTS texts.

    Weak terms only help to choose among sentences, unless there are no others.
    """
    main = [t for t in terms if t.kind != "weak"]
    weak = [t for t in terms if t.kind == "weak"] if main else []
    main = (main or list(terms))[:_MOST_TERMS]
    if not main:
        return []
    weights = _weights(main, index)
    scored = []
    for sentence in _sentences([*main, *weak], index):
        inside = [t for t in main if sentence.speech.of(t)]
        around = [t for t in main if t not in inside and sentence.context.of(t)]
        whole = weights.coverage((*inside, *around))
        hints = sum(_WEAK for t in weak if sentence.speech.of(t))
        passing = not any(sentence.context.of(t) for t in main)
        if whole < (FLOOR_IN_PASSING if passing else FLOOR) or (passing and weak and not hints):
            continue
        hints += sum(_WEAK_SECTION for t in weak if sentence.heading.of(t))
        if not (inside or hints or sentence.first):
            continue
        under = [t for t in around if sentence.heading.of(t)]
        score = weights.coverage(inside) + _CONTEXT * weights.coverage(around) + hints
        score += (_SECTION - _CONTEXT) * weights.coverage(under)
        scored.append((score + (_FIRST if sentence.first else 0.0), sentence))
    return _best(scored)


def about_drug(
    drugs: Sequence[Term], factors: Sequence[Factor], terms: Sequence[Term], index: Index
) -> list[Evidence]:
    """The sentences on giving `drugs` to somebody with `factors`; they have to speak of the drug or its class.

    What they say of giving it counts, and a text on a condition that nobody spoke of counts less.
    """
    if not drugs:
        return []
    known = [*drugs, *(f.term for f in factors), *terms]
    candidates = []
    for sentence in _sentences(known, index):
        named = any(sentence.speech.of(d) for d in drugs)
        if named or any(sentence.context.of(d) for d in drugs):
            base = 1.0 if named else _CONTEXT
            base += sum(_WEAK for t in terms if sentence.speech.of(t))
            base += max((worth for cue, worth in _CUES if cue.search(sentence.text)), default=0.0)
            base -= _FOREIGN * min(2, _foreign(sentence.document.title, known))
            base -= 0.0 if sentence.document.basis == "opened" else _RECALLED
            around = sum(f.weight for f in factors if sentence.context.of(f.term))
            base += min(_MOST_AROUND, _CONTEXT / 2 * around)
            met = [f for f in factors if sentence.speech.of(f.term)]
            candidates.append((base, met, sentence))
    return _best(_diverse(candidates), documents=MOST_DOCUMENTS + 2, relative=_RELATIVE / 2)


def _foreign(title: str, known: Sequence[Term]) -> int:
    """How many of the things that a title names are none of `known`: "gout", for a patient who has none."""
    ours = {name for t in known for name in t.stemmed}
    return sum(1 for names in _things_named(title) if ours.isdisjoint(names))


@lru_cache(maxsize=512)
def _things_named(title: str) -> tuple[tuple[tuple[str, ...], ...], ...]:
    """The things that a title names, each by all its names in stems. Every sentence of a document asks for them."""
    tokens = words(title)
    named = [" ".join(tokens[start:end]) for start, end in named_in(tokens)]
    named.extend(t for t in tokens if len(t) > 3 and other_words(t) and not any(t in n for n in named))
    return tuple(term(name).stemmed for name in named)


def _diverse(candidates: list[tuple[float, list[Factor], _Sentence]]) -> list[tuple[float, _Sentence]]:
    """The sentences worth most, each factor counting half as much every time that it was met already."""
    chosen: list[tuple[float, _Sentence]] = []
    times: dict[Term, int] = {}
    left = list(candidates)
    while left and len(chosen) < 2 * MOST_SENTENCES:
        scored = [
            (base + sum(f.weight * 0.5 ** times.get(f.term, 0) for f in met), number)
            for number, (base, met, _) in enumerate(left)
        ]
        score, number = max(scored, key=lambda row: (row[0], -row[1]))
        _, met, sentence = left.pop(number)
        for factor in met:
            times[factor.term] = times.get(factor.term, 0) + 1
        chosen.append((score, sentence))
    return chosen


def _weights(terms: Sequence[Term], index: Index) -> Weights:
    """Rare terms count more, clinical ones too; names that no text holds count less beside those."""
    clinical = any(t.known for t in terms)
    found = {}
    for asked in terms:
        holding = len(index.search([asked.alternatives], _EVERYTHING, _COUNTED))
        weight = rarity(_COUNTED, holding)
        if asked.known:
            weight *= _CLINICAL
        elif clinical and not holding and asked.text[:1].isupper():
            weight *= _NAME  # somebody's or some place's name beside what the question is about
        found[asked] = weight
    return Weights(of=found)


def _sentences(terms: Sequence[Term], index: Index) -> Iterable[_Sentence]:
    """The sentences of the passages that the index finds for `terms`, best passage first."""
    hits = index.search([t.alternatives for t in terms], _EVERYTHING, _CANDIDATES)
    stored = {}
    for hit in hits:
        if hit.patient is not None:  # the scope names no patient: what belongs to one is a fault
            continue
        if hit.doc not in stored:
            stored[hit.doc] = index.document(hit.doc, patient=None)
        found = stored[hit.doc]
        if found is not None and found.document.patient is None:
            yield from _of_passage(found.document, found.sha256, hit.section, hit.start, hit.end)


@lru_cache(maxsize=_PASSAGES)
def _of_passage(
    document: Document, sha256: str, section: str, first: int, last: int
) -> tuple[_Sentence, ...]:
    """The sentences of a passage, kept for the passages asked for last: none of them belongs to a patient."""
    context = Speech(document.title, section, *document.keywords)
    heading = Speech(section)
    spans = enumerate(sentence_spans(document.text, first, last))
    return tuple(
        _Sentence(
            document=document,
            sha256=sha256,
            section=section,
            start=start,
            end=end,
            speech=Speech(document.text[start:end]),
            context=context,
            heading=heading,
            first=number == 0,
        )
        for number, (start, end) in spans
        if not is_heading(document.text[start:end])
    )


def _best(
    scored: Sequence[tuple[float, _Sentence]],
    *,
    documents: int = MOST_DOCUMENTS,
    relative: float = _RELATIVE,
) -> list[Evidence]:
    """The best sentences of the best texts, those of one text together and in its order."""
    ranked = sorted(scored, key=lambda row: -row[0])
    if not ranked:
        return []
    floor = relative * ranked[0][0]
    docs: list[str] = []
    kept: list[tuple[float, _Sentence]] = []
    said: set[str] = set()
    for score, sentence in ranked:
        doc = sentence.document.doc
        quote = " ".join(sentence.text.lower().split())
        if score < floor or quote in said or (doc not in docs and len(docs) == documents):
            continue
        if doc not in docs:
            docs.append(doc)
        said.add(quote)
        kept.append((score, sentence))
        if len(kept) == MOST_SENTENCES:
            break
    kept.sort(key=lambda row: (docs.index(row[1].document.doc), row[1].start))
    return [sentence.evidence(round(score, 4)) for score, sentence in kept]
