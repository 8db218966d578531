"""Drugs and drug classes in text: finds them, names them, and relates them to recorded allergies.

`load()` gives the one `DrugLexicon`. Its `find()` takes any text and returns `DrugMention`s with offsets in
code points; `relation()` says how a drug conflicts with an allergen as a chart words it. It knows names and
classes only: no doses, no interactions, no food or excipient allergies, no spelling correction; a name that
it does not hold is not found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from osler.lexicon.allergies import STRENGTHS, AllergyRelation, AllergyRules, Subject, ancestry, rank
from osler.lexicon.formulary import Drug, DrugClass, Formulary, Strength, read_formulary
from osler.lexicon.terms import Term, TermIndex, inflected, joined, words

__all__ = ["AllergyRelation", "Drug", "DrugClass", "DrugLexicon", "DrugMention", "load"]

# At this length or below, an abbreviation in another case is usually a word ("art", "tdap" aside).
_EXACT_LETTERS = 4
# What joins the ingredients of a combination: "lisinopril / hydrochlorothiazide", "lisinopril-HCTZ".
_JOINT = re.compile(r" {0,2}[/+&] {0,2}|-")
_LONGEST_COMBINATION = 4
# A clause that says outright that there is no allergy. "No NSAIDs" is an instruction to avoid them.
_NO_ALLERGY = re.compile(
    r"\s*(?:(?:no|nil|denies|without)\s+(?:(?:any|known|documented|reported|recorded|current|history\s+of)\s+){0,3}"
    r"(?:[^\W\d_]+\s+)?(?:allerg(?:y|ies)|hypersensitivit(?:y|ies)|intolerances?)\b"
    r"|not\s+(?:known\s+to\s+be\s+)?allergic\b|nkd?a\b|none\s+known\b)",
    re.IGNORECASE,
)
# Where such a clause ends. When in doubt it ends early, so that what follows counts as an allergen.
_END_OF_DENIAL = re.compile(
    r"[.,;:(\n]|\b(?:except|excluding|other than|apart from|aside from|besides|but)\b", re.IGNORECASE
)


@dataclass(frozen=True, kw_only=True, slots=True)
class DrugMention:
    """A drug (`drug`, its canonical name) or a class (`class_id`) at text[start:end], in code points."""

    start: int
    end: int
    surface: str
    drug: str | None = None
    class_id: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Meaning:
    drug: str | None = None
    class_id: str | None = None


class DrugLexicon:
    """The formulary, arranged for search. Immutable, and safe to share between threads."""

    def __init__(self, formulary: Formulary) -> None:
        self.drugs = formulary.drugs
        self.classes = formulary.classes
        self._beside_names = formulary.beside_names
        self._terms = TermIndex(_terms(formulary))
        self._rules = AllergyRules(formulary.classes, formulary.pairs)
        self._combinations = {
            frozenset(drug.ingredients): drug.name for drug in formulary.drugs.values() if drug.ingredients
        }

    @staticmethod
    def load() -> DrugLexicon:
        """The embedded lexicon; read once for the process."""
        return load()

    def find(self, text: str) -> tuple[DrugMention, ...]:
        """Every drug and class named in `text`, in order, none overlapping another; the longest name wins."""
        mentions = [
            DrugMention(
                start=hit.start,
                end=hit.end,
                surface=text[hit.start : hit.end],
                drug=hit.value.drug,
                class_id=hit.value.class_id,
            )
            for hit in self._terms.find(text)
            if hit.value.drug is not None or hit.value.class_id is not None
        ]
        return tuple(self._with_combinations(text, mentions))

    def begun(self, text: str, start: int, word_end: int, end: int) -> bool | None:
        """Whether the word text[start:word_end] is a drug or class, or begins one, in a text known up to `end`.

        None: it depends on what follows. True stays true whatever follows, even where a longer phrase is no drug.
        """
        meanings, still_open = self._terms.begun(text, start, word_end, end)
        if any(m.drug is not None or m.class_id is not None for m in meanings):
            return True
        return None if still_open else False

    def lookup(self, name: str) -> Drug | None:
        """The drug that `name` names, salts and dosage forms aside; None if it is anything else or more."""
        mentions = self.find(name)
        if len(mentions) != 1 or mentions[0].drug is None:
            return None
        rest = words(name[: mentions[0].start]) + words(name[mentions[0].end :])
        if any(word.lower() not in self._beside_names for word in rest):
            return None
        return self.drugs[mentions[0].drug]

    def ingredients_of(self, name: str) -> tuple[str, ...]:
        """The ingredients of a combination, or the drug itself; nothing for an unknown name."""
        drug = self._drug(name)
        if drug is None:
            return ()
        return drug.ingredients or (drug.name,)

    def classes_of(self, drug: str | Drug) -> frozenset[str]:
        """Every class that the drug or one of its ingredients belongs to, up to the top; empty if unknown."""
        known = self._drug(drug) if isinstance(drug, str) else drug
        if known is None:
            return frozenset()
        direct = set(known.classes)
        for ingredient in known.ingredients:
            direct.update(self.drugs[ingredient].classes)
        return frozenset().union(*(ancestry(class_id, self.classes) for class_id in direct))

    def relation(
        self, drug_or_class: str, allergen_text: str, *, least: Strength = "possible"
    ) -> AllergyRelation | None:
        """The strongest conflict between a drug (or class: its id or a name) and an allergen as recorded.

        `allergen_text` is free text or a FHIR display. None if either names no drug or class, if the text
        denies the allergy outright, or if nothing at least as strong as `least` is known.
        """
        given = self._subjects(drug_or_class)
        allergens = self._subjects(_without_denial(allergen_text))
        found = [self._rules.relation(drug, allergen) for drug in given for allergen in allergens]
        weakest = STRENGTHS.index(least)
        strong = [item for item in found if item is not None and STRENGTHS.index(item.strength) <= weakest]
        return min(strong, key=rank, default=None)

    def _drug(self, name: str) -> Drug | None:
        return self.drugs.get(name) or self.lookup(name)

    def _subjects(self, text: str) -> list[Subject]:
        if text in self.classes:
            return [self._class_subject(text)]
        if text in self.drugs:
            return [self._drug_subject(text)]
        subjects = []
        for mention in self.find(text):
            if mention.drug is not None:
                subjects.append(self._drug_subject(mention.drug))
            elif mention.class_id is not None:
                subjects.append(self._class_subject(mention.class_id))
        return subjects

    def _drug_subject(self, name: str) -> Subject:
        drug = self.drugs[name]
        return Subject(
            name=name,
            label=name,
            ingredients=frozenset(drug.ingredients or (name,)),
            classes=self.classes_of(drug),
        )

    def _class_subject(self, class_id: str) -> Subject:
        return Subject(
            name=class_id,
            label=self.classes[class_id].name,
            ingredients=frozenset(),
            classes=ancestry(class_id, self.classes),
        )

    def _with_combinations(self, text: str, mentions: Sequence[DrugMention]) -> Iterator[DrugMention]:
        """Reads "a/b" as the combination of a and b, in any order and by any names, where there is one."""
        place = 0
        while place < len(mentions):
            run = _joined_run(text, mentions, place)
            taken = 1
            for length in range(run, 1, -1):
                whole = self._combined(text, mentions[place : place + length])
                if whole is not None:
                    yield whole
                    taken = length
                    break
            else:
                yield mentions[place]
            place += taken

    def _combined(self, text: str, parts: Sequence[DrugMention]) -> DrugMention | None:
        name = self._combinations.get(frozenset(part.drug for part in parts if part.drug is not None))
        if name is None or len(self.drugs[name].ingredients) != len(parts):
            return None
        start, end = parts[0].start, parts[-1].end
        return replace(parts[0], end=end, surface=text[start:end], drug=name)


@cache
def load() -> DrugLexicon:
    """The embedded lexicon; read once for the process."""
    return DrugLexicon(read_formulary())


def _joined_run(text: str, mentions: Sequence[DrugMention], place: int) -> int:
    """How many mentions from `place` on are drugs joined to each other; at most `_LONGEST_COMBINATION`."""
    last = place
    while (
        last + 1 < min(len(mentions), place + _LONGEST_COMBINATION)
        and mentions[last].drug is not None
        and mentions[last + 1].drug is not None
        and _JOINT.fullmatch(text, mentions[last].end, mentions[last + 1].start)
    ):
        last += 1
    return last - place + 1


def _without_denial(allergen_text: str) -> str:
    """The text less a leading clause that denies allergies, which "No known penicillin allergy" is in all."""
    denial = _NO_ALLERGY.match(allergen_text)
    if denial is None:
        return allergen_text
    rest = _END_OF_DENIAL.search(allergen_text, denial.end())
    return allergen_text[rest.end() :] if rest else ""


def _terms(formulary: Formulary) -> Iterator[Term[_Meaning]]:
    """Names as written first: a form made up by inflection never displaces one of them."""
    for phrase in formulary.not_drugs:
        yield from _loose((phrase, *inflected(phrase)), _Meaning())
    for drug in formulary.drugs.values():
        meaning = _Meaning(drug=drug.name)
        # A combination's own name is found through its ingredients.
        own = () if drug.ingredients else (drug.name,)
        yield from _loose((*own, *drug.brands, *drug.other_names), meaning)
        yield from _abbreviations(drug.abbreviations, meaning)
    for drug_class in formulary.classes.values():
        meaning = _Meaning(class_id=drug_class.id)
        yield from _loose((drug_class.name, *drug_class.synonyms), meaning)
        yield from _abbreviations(drug_class.abbreviations, meaning)
    for drug_class in formulary.classes.values():
        meaning = _Meaning(class_id=drug_class.id)
        for name in (drug_class.name, *drug_class.synonyms):
            yield from _loose(inflected(name), meaning)
        for abbreviation in drug_class.abbreviations:
            yield Term(text=abbreviation + "s", value=meaning, exact=_is_short(abbreviation))


def _loose(names: Sequence[str] | Iterator[str], meaning: _Meaning) -> Iterator[Term[_Meaning]]:
    for name in names:
        yield Term(text=name, value=meaning)
        for variant in joined(name) if "-" in name else ():
            yield Term(text=variant, value=meaning)


def _abbreviations(abbreviations: Sequence[str], meaning: _Meaning) -> Iterator[Term[_Meaning]]:
    for abbreviation in abbreviations:
        yield Term(text=abbreviation, value=meaning, exact=_is_short(abbreviation))


def _is_short(abbreviation: str) -> bool:
    return sum(character.isalpha() for character in abbreviation) <= _EXACT_LETTERS
