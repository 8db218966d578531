"""Which sentences of the evidence answer a question, by shared words, synonyms and drugs. No model.

Words are compared by stem, with the lexicon's abbreviations and synonyms; drugs by what they are: a
sentence about NSAIDs speaks to a question about ibuprofen. It measures shared words, not meaning.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from osler.backends.evidence_block import Sentence
from osler.backends.words import GENERIC_WORDS, is_content, stems, written_words
from osler.lexicon.abbreviations import synonyms
from osler.lexicon.drugs import DrugLexicon, DrugMention, load

TITLE_SHARE = 0.5
"""How much a word counts that stands in the title only."""
DRUG_WEIGHT = 2.0
WORD_WEIGHT = 1.0
GENERIC_WEIGHT = 0.3
LONGEST_PHRASE = 4
"""Words of the longest phrase that is looked up for synonyms."""
_LONGEST_UNIT = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """How well a sentence matches: its score, the share of the question's weight, and whether a drug did.

    `background` counts what it shares with the texts that were given as such.
    """

    sentence: Sentence
    score: float
    share: float
    terms: int
    drug: bool
    background: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Term:
    """Something that the question is about: other ways to say it, as sets of stems; or a drug."""

    ways: tuple[frozenset[str], ...] = field(repr=False)
    names: frozenset[str] = frozenset()
    classes: frozenset[str] = frozenset()
    generic: bool = False
    known: bool = False

    @property
    def is_drug(self) -> bool:
        return bool(self.names or self.classes)


@dataclass(frozen=True, slots=True)
class _Text:
    """A text's stems, and the drugs and classes that it names."""

    stems: frozenset[str] = field(repr=False)
    names: frozenset[str]
    own_classes: frozenset[str]
    all_classes: frozenset[str]


def rank(question: str, sentences: Sequence[Sentence], background: str = "") -> tuple[Match, ...]:
    """Those of `sentences` that share anything with `question`, best first; equals in their own order.

    `background` is what is known of whom the question is about: its drugs and its known phrases are
    looked for as well, and change nothing of the order.
    """
    terms = _terms(question)
    around = [t for t in _terms(background) if (t.is_drug or t.known) and t not in terms]
    bodies = [_read(s.text) for s in sentences]
    titles = [_read(s.title) for s in sentences]
    weights = [_weight(term, bodies) for term in terms]
    total = sum(weights) or 1.0
    told = [not term.generic for term in terms]
    matches = []
    for sentence, body, title in zip(sentences, bodies, titles, strict=True):
        shares = [_holds(term, body) or TITLE_SHARE * _holds(term, title) for term in terms]
        score = sum(w * s for w, s in zip(weights, shares, strict=True))
        if score and (any(s and t for s, t in zip(shares, told, strict=True)) or not any(told)):
            matches.append(
                Match(
                    sentence=sentence,
                    score=score,
                    share=score / total,
                    terms=sum(1 for s in shares if s),
                    drug=any(s and t.is_drug for s, t in zip(shares, terms, strict=True)),
                    background=sum(1 for t in around if _holds(t, body)),
                )
            )
    return tuple(sorted(matches, key=lambda m: (-m.score, m.sentence.n)))


def _terms(question: str) -> list[_Term]:
    lexicon = load()
    mentions = lexicon.find(question)
    rest, at = [], 0
    for mention in mentions:
        rest.append(question[at : mention.start])
        at = mention.end
    rest.append(question[at:])
    drugs = [_drug_term(lexicon, mention) for mention in mentions]
    return list(dict.fromkeys([*drugs, *_word_terms(written_words(" ".join(rest)))]))


def _drug_term(lexicon: DrugLexicon, mention: DrugMention) -> _Term:
    if mention.drug is not None:
        names = frozenset({mention.drug, *lexicon.ingredients_of(mention.drug)})
        return _Term(ways=(), names=names, classes=_telling(lexicon, lexicon.classes_of(mention.drug)))
    return _Term(ways=(), classes=frozenset({mention.class_id or ""}))


def _word_terms(words: Sequence[str]) -> Iterator[_Term]:
    """Words and known phrases ("high blood pressure"), with other words for them."""
    at = 0
    while at < len(words):
        for length in range(min(LONGEST_PHRASE, len(words) - at), 0, -1):
            phrase = " ".join(words[at : at + length])
            others = synonyms(phrase)
            if length == 1 and not is_content(phrase):
                break
            if others or length == 1:
                ways = [frozenset(stems(way)) for way in (phrase, *others)]
                yield _Term(
                    ways=tuple(w for w in ways if w),
                    generic=phrase.lower() in GENERIC_WORDS,
                    known=bool(others) and len(phrase) > _LONGEST_UNIT,
                )
                break
        at += length


def _telling(lexicon: DrugLexicon, classes: frozenset[str]) -> frozenset[str]:
    """Classes that say enough: "antibiotics" and other headings do not."""
    return frozenset(c for c in classes if not lexicon.classes[c].broad)


def _read(text: str) -> _Text:
    lexicon = load()
    names: set[str] = set()
    own: set[str] = set()
    everything: set[str] = set()
    for mention in lexicon.find(text):
        if mention.drug is not None:
            names |= {mention.drug, *lexicon.ingredients_of(mention.drug)}
            everything |= lexicon.classes_of(mention.drug)
        elif mention.class_id is not None:
            own.add(mention.class_id)
    return _Text(frozenset(stems(text)), frozenset(names), frozenset(own), frozenset(everything | own))


def _holds(term: _Term, text: _Text) -> float:
    """1 where the text speaks of the term, 0.75 where it speaks of a drug's class, 0 where of neither."""
    if not term.is_drug:
        return 1.0 if any(way <= text.stems for way in term.ways) else 0.0
    if term.names & text.names:
        return 1.0
    if term.names:
        return 0.75 if term.classes & text.own_classes else 0.0
    return 1.0 if term.classes & text.all_classes else 0.0


def _weight(term: _Term, texts: Sequence[_Text]) -> float:
    """Rare terms tell sentences apart better than those that stand in all of them."""
    found = sum(1 for text in texts if _holds(term, text))
    rarity = math.log(1 + len(texts) / (1 + found)) + 0.1
    if term.generic:
        return rarity * GENERIC_WEIGHT
    return rarity * (DRUG_WEIGHT if term.is_drug else WORD_WEIGHT)
