"""Is a drug asked for, or advised, that the patient's record says they are allergic to?

Every drug or class that the question proposes, or that a sentence of the answer advises, is held
against the record's active allergies: same ingredient, same class, known cross-reactivity. What a
sentence warns of or merely tells is left alone (osler.guardrails.scope), and so is a sentence that
repeats the record word for word. Not covered: foods, excipients, drugs that the lexicon does not
know, advice that is spread over sentences but for a plain "yes" to the question.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from osler.core.findings import Finding, Severity
from osler.core.ports.check import Statement
from osler.core.ports.records import RecordItem
from osler.guardrails import scope
from osler.guardrails.scope import Stance
from osler.lexicon.drugs import AllergyRelation, DrugLexicon, DrugMention, load
from osler.lexicon.sentences import split

ALLERGY = "AllergyIntolerance"
_MARKER = re.compile(r"\[[\d\s,;–-]*\]")
_BARE = re.compile(r"code \S+|[\d\W]*|a substance that the file does not name", re.IGNORECASE)
_NOT_WORDS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Conflict:
    """A drug named in the text, and an allergy on record that speaks against it."""

    mention: DrugMention
    item: RecordItem
    relation: AllergyRelation
    stance: Stance


class AllergyCheck:
    """Finds `drug_allergy`; where a drug is asked for, also `allergy_status_unknown` when nothing is recorded and
    `allergy_not_identified` when an allergy is recorded by a code alone."""

    name = "allergy"
    waits = False
    flows = True
    parts = ("question", "sentence")

    def __init__(self) -> None:
        self._lexicon: DrugLexicon = load()

    def check(self, statement: Statement) -> Iterator[Finding]:
        """Findings with offsets of the drug's name in the text."""
        if statement.record is None:
            return
        allergies = [item for item in statement.record if item.type == ALLERGY]
        if statement.part == "question":
            yield from self._question(statement.text, allergies)
        else:
            yield from self._sentence(statement, allergies)

    def _question(self, text: str, allergies: Sequence[RecordItem]) -> Iterator[Finding]:
        mentions = self._lexicon.find(text)
        proposed = [m for m, stance in _stances(text, mentions, asked=True) if stance is not Stance.EXCLUDED]
        if proposed and not allergies:
            yield _unknown(proposed[0])
        for item in allergies if proposed else ():
            if item.active and _nameless(item):
                yield _not_identified(proposed[0], item)
        for conflict in self._conflicts([(m, Stance.NAMED) for m in proposed], allergies):
            severity = Severity.INFO if conflict.relation.strength == "unlikely" else Severity.WARN
            yield _finding(conflict, severity, where="question")

    def _sentence(self, statement: Statement, allergies: Sequence[RecordItem]) -> Iterator[Finding]:
        if not allergies:
            return
        text = statement.text
        mentions = self._lexicon.find(text)
        if not mentions:
            yield from self._endorsed(statement, allergies)
            return
        # Most sentences name nothing that conflicts: only the others are read closely.
        conflicting = any(self._conflicts([(m, Stance.NAMED) for m in mentions], allergies))
        if not conflicting or _repeats_record(statement):
            return
        asked_for = scope.asks_what_to_give(statement.question)
        advised = [
            (mention, Stance.ADVISED if stance is Stance.LISTED and asked_for else stance)
            for mention, stance in _stances(text, mentions)
            if stance in (Stance.ADVISED, Stance.LISTED)
        ]
        for conflict in self._conflicts(advised, allergies):
            yield _finding(conflict, _severity(conflict), where="answer")

    def _endorsed(self, statement: Statement, allergies: Sequence[RecordItem]) -> Iterator[Finding]:
        """A sentence that names no drug but says yes to the one that was asked about."""
        if not scope.endorses(statement.text):
            return
        question = statement.question
        mentions = self._lexicon.find(question)
        proposed = [(m, s) for m, s in _stances(question, mentions) if s is Stance.ADVISED]
        for conflict in self._conflicts(proposed, allergies):
            yield _finding(conflict, _severity(conflict), where="answer", placed=False)

    def _conflicts(
        self, drugs: Sequence[tuple[DrugMention, Stance]], allergies: Sequence[RecordItem]
    ) -> Iterator[_Conflict]:
        """Each drug against each active allergy; a drug that is named twice counts once."""
        seen: set[tuple[str, str]] = set()
        for mention, stance in drugs:
            name = mention.drug or mention.class_id or mention.surface
            for item in allergies:
                if not item.active or (name, item.doc) in seen:
                    continue
                relation = self._relation(name, item)
                if relation is not None:
                    seen.add((name, item.doc))
                    yield _Conflict(mention=mention, item=item, relation=relation, stance=stance)

    def _relation(self, name: str, item: RecordItem) -> AllergyRelation | None:
        """The strongest relation to any name that the record gives the substance."""
        names = dict.fromkeys([item.display, *(code.display for code in item.codes)])
        found = [self._lexicon.relation(name, text, least="unlikely") for text in names if text]
        return min((r for r in found if r is not None), key=_rank, default=None)


def _rank(relation: AllergyRelation) -> int:
    return ("certain", "likely", "possible", "unlikely").index(relation.strength)


def _stances(
    text: str, mentions: Sequence[DrugMention], *, asked: bool = False
) -> Iterator[tuple[DrugMention, Stance]]:
    """Each mention with its stance, read sentence by sentence where the text is a question of several.

    Of sentences that only ask for what is or was there is none.
    """
    spans = split(text) if asked else ((0, len(text)),)
    for start, end in spans:
        if asked and scope.asks_what_is(text[start:end]):
            continue
        inside = [m for m in mentions if start <= m.start < end]
        places = [(m.start - start, min(m.end, end) - start) for m in inside]
        yield from zip(inside, scope.stances(text[start:end], places, asked=asked), strict=True)


def _severity(conflict: _Conflict) -> Severity:
    """Block what is plainly advised and plainly the allergen or its class; warn of the rest."""
    relation = conflict.relation
    if relation.strength == "unlikely":
        return Severity.INFO
    direct = relation.kind in ("same_ingredient", "same_class") and relation.strength != "possible"
    return Severity.BLOCK if direct and conflict.stance is Stance.ADVISED else Severity.WARN


def _finding(conflict: _Conflict, severity: Severity, *, where: str, placed: bool = True) -> Finding:
    mention, item, relation = conflict.mention, conflict.item, conflict.relation
    allergen = item.display or "substance not named"
    reaction = f" (recorded reaction: {item.value})" if item.value else ""
    said = "The question proposes" if where == "question" else "The answer advises"
    return Finding(
        kind="drug_allergy",
        severity=severity,
        reason=f"{said} {mention.surface}; the record lists the allergy “{allergen}”{reaction}: {relation.reason}.",
        source=item.doc,
        where=where,
        start=mention.start if placed else -1,
        end=mention.end if placed else -1,
        claim=mention.surface,
    )


def _nameless(item: RecordItem) -> bool:
    """Whether an allergy says nowhere in words what it is to."""
    named = [item.display, *(code.display for code in item.codes)]
    return not any(name and not _BARE.fullmatch(name.strip()) for name in named)


def _not_identified(mention: DrugMention, item: RecordItem) -> Finding:
    return Finding(
        kind="allergy_not_identified",
        severity=Severity.WARN,
        reason="The record lists an allergy whose substance it does not name in words: whether it conflicts with "
        f"{mention.surface} cannot be verified.",
        source=item.doc,
        where="question",
        start=mention.start,
        end=mention.end,
        claim=mention.surface,
    )


def _unknown(mention: DrugMention) -> Finding:
    return Finding(
        kind="allergy_status_unknown",
        severity=Severity.INFO,
        reason="The record says nothing about allergies, not even that none are known: ask before giving "
        f"{mention.surface}.",
        source="record",
        where="question",
        start=mention.start,
        end=mention.end,
        claim=mention.surface,
    )


def _repeats_record(statement: Statement) -> bool:
    """Whether the sentence is, word for word, part of the record's evidence: then it tells, it does not advise.

    Two words say too little to be a quotation.
    """
    said = _plain(statement.text)
    return len(said.split()) > 2 and any(
        evidence.from_record and said in _plain(evidence.quote) for evidence in statement.evidence
    )


def _plain(text: str) -> str:
    """Its words in lower case, one space between them, without citation markers and punctuation."""
    return f" {_NOT_WORDS.sub(' ', _MARKER.sub(' ', text)).strip().lower()} "
