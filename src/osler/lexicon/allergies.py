"""Says how a drug conflicts with a recorded allergen, once both are known as drugs or classes.

`AllergyRules.relation()` takes two `Subject`s and gives the strongest `AllergyRelation` between them, or
None. It knows what the formulary says about ingredients, classes and cross-reactivity. It does not read
allergen text (drugs.py does), nor weigh how severe, old or certain a patient's reaction was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from osler.lexicon.formulary import CrossReactivity, DrugClass, Strength

Kind = Literal["same_ingredient", "same_class", "cross_reactive"]

STRENGTHS: tuple[Strength, ...] = ("certain", "likely", "possible", "unlikely")
_KINDS: tuple[Kind, ...] = ("same_ingredient", "same_class", "cross_reactive")


@dataclass(frozen=True, kw_only=True, slots=True)
class AllergyRelation:
    """How `drug` conflicts with `allergen` (each a drug's name or a class id).

    `via` names the shared ingredient, the class id, or the pair as "a ~ b". "unlikely" is for pairs that
    labels warn about and evidence does not bear out.
    """

    kind: Kind
    drug: str
    allergen: str
    via: str
    strength: Strength
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """A drug with its ingredients or a class with none, and all classes it belongs to, itself included."""

    name: str
    label: str
    ingredients: frozenset[str]
    classes: frozenset[str]

    @property
    def is_class(self) -> bool:
        return not self.ingredients


class AllergyRules:
    """The classes and pairs of the formulary, arranged for judging."""

    def __init__(self, classes: Mapping[str, DrugClass], pairs: Iterable[CrossReactivity]) -> None:
        self._classes = classes
        self._depth = {class_id: len(ancestry(class_id, classes)) for class_id in classes}
        self._pairs: dict[str, list[tuple[str, CrossReactivity]]] = {}
        for pair in pairs:
            self._pairs.setdefault(pair.a, []).append((pair.b, pair))
            if pair.a != pair.b:
                self._pairs.setdefault(pair.b, []).append((pair.a, pair))

    def relation(self, drug: Subject, allergen: Subject) -> AllergyRelation | None:
        """The strongest relation there is, or None."""
        by_class = self._same_class(drug, allergen)
        found = [*_same_ingredient(drug, allergen), *by_class, *self._cross(drug, allergen)]
        return min(found, key=rank, default=None)

    def _same_class(self, drug: Subject, allergen: Subject) -> Iterator[AllergyRelation]:
        shared = drug.classes & allergen.classes
        allergy_classes = {class_id for class_id in shared if self._classes[class_id].allergy_class}
        if allergen.is_class and allergen.name in shared:
            allergy_classes.add(allergen.name)
        if allergy_classes:
            closest = min(allergy_classes, key=lambda class_id: (-self._depth[class_id], class_id))
            yield self._class_relation(drug, allergen, closest, "likely")
        if drug.is_class and drug.name in shared and not self._classes[drug.name].broad:
            # "Start a statin", with an allergy to atorvastatin on record: the class includes the allergen.
            yield self._class_relation(drug, allergen, drug.name, "possible")

    def _class_relation(
        self, drug: Subject, allergen: Subject, class_id: str, strength: Strength
    ) -> AllergyRelation:
        label = self._classes[class_id].name
        if drug.name == class_id == allergen.name:
            reason = f"the recorded allergy is to {label}"
        elif allergen.name == class_id:
            reason = f"{drug.label} belongs to {label}, the recorded allergen"
        elif drug.name == class_id:
            reason = f"{label} include {allergen.label}, the recorded allergen"
        else:
            reason = f"{drug.label} and {allergen.label} both belong to {label}"
        return AllergyRelation(
            kind="same_class",
            drug=drug.name,
            allergen=allergen.name,
            via=class_id,
            strength=strength,
            reason=reason,
        )

    def _cross(self, drug: Subject, allergen: Subject) -> Iterator[AllergyRelation]:
        theirs = allergen.classes | allergen.ingredients
        for ours in sorted(drug.classes | drug.ingredients):
            for other, pair in self._pairs.get(ours, ()):
                if other in theirs:
                    yield AllergyRelation(
                        kind="cross_reactive",
                        drug=drug.name,
                        allergen=allergen.name,
                        via=f"{pair.a} ~ {pair.b}",
                        strength=pair.strength,
                        reason=f"{drug.label} may cross-react with {allergen.label}: {pair.note}",
                    )


def rank(relation: AllergyRelation) -> tuple[int, int, str]:
    """Sorts the strongest relation first."""
    return STRENGTHS.index(relation.strength), _KINDS.index(relation.kind), relation.via


def ancestry(class_id: str, classes: Mapping[str, DrugClass]) -> frozenset[str]:
    """The class and all classes above it."""
    found: set[str] = set()
    pending = [class_id]
    while pending:
        current = pending.pop()
        if current not in found:
            found.add(current)
            pending.extend(classes[current].parents)
    return frozenset(found)


def _same_ingredient(drug: Subject, allergen: Subject) -> Iterator[AllergyRelation]:
    for ingredient in sorted(drug.ingredients & allergen.ingredients):
        if drug.name == allergen.name:
            reason = f"the recorded allergy is to {drug.label}"
        elif drug.name == ingredient:
            reason = f"{allergen.label}, the recorded allergen, holds {ingredient}"
        elif allergen.name == ingredient:
            reason = f"{drug.label} holds {ingredient}, the recorded allergen"
        else:
            reason = f"{drug.label} and {allergen.label} both hold {ingredient}"
        yield AllergyRelation(
            kind="same_ingredient",
            drug=drug.name,
            allergen=allergen.name,
            via=ingredient,
            strength="certain",
            reason=reason,
        )
