"""The embedded data holds together: references, unique names, and no name that is an everyday word."""

from __future__ import annotations

import tomllib
from collections import Counter
from importlib.resources import files

import pytest

from osler.lexicon.abbreviations import abbreviations
from osler.lexicon.formulary import Formulary, read_formulary

# Everyday words that are, or could pass for, brand names, and words of clinical notes. None may be found as a drug.
EVERYDAY = frozenset(
    """
    ability able absolute access ace act action active adapt advance advantage air align all allergic alert alive always
    answer apex arm art aspire assure auto avail aware balance bar base beacon bear benefit best beyond blood boost bounce
    breeze bright calm cambia can cap care cell center change charm chest clear climb close cold comfort compass complete
    concept confidence control cool core courage cover day deep delta detail dial diet digest direct discover distinct
    dream drop duet ease easy edge effect elite emend energy ensure equal essence essential event ever excel exact express
    extra fact fast fiber first fit fix focus force form formula fortune fresh full future gain general gentle give glad
    gold good grace grand green grow halls happy hard head heal health heart help hero high home honey hope ice icy ideal
    image impact impulse insight inspire instant iron jet joy jump just key kind lead leap level life light line link
    liquid live love luminal luna magic major mark match max med mega mind mint mist mode moment mood more motion move
    muse natural nature new nice night nix north novel now nutrition occlusal odd one onset open optimum option orbit
    origin oxygen pace pain part pat patch patient peak perform period plan play plus point power prax precise present
    prime pro promise proof pure quick rapid ready real refresh relax release relief renew rescue rest restore result rise
    root safe salt sand sense shade sharp silk simple sleep slim slow smart smooth soft solo soma sonata soothe sound
    source spark spirit spring star start stat steady step stick still stop store strive strong sugar summit sun sure
    tablet target tears tempo term test tide today ton total touch tough track trial triumph true trust tums turn unity
    up urge use valiant value vault versed via victory view vision vital vivid wake water wave way well whole wing wish
    wonder work yes yours youth zest zone potassium sodium calcium magnesium glucose creatinine chloride phosphate zinc
    bicarbonate albumin bilirubin urea protein fat fish egg eggs milk peanut latex mold dust pollen wheat soy shellfish
    nuts camila diane ella errin heather jolie kelly lucette tobi viola yasmin yaz alice april august grace june may rose
    """.split()  # noqa: SIM905
)


@pytest.fixture(scope="module")
def formulary() -> Formulary:
    return read_formulary()


def _names_of_drugs(formulary: Formulary) -> list[tuple[str, str]]:
    return [
        (name, drug.name)
        for drug in formulary.drugs.values()
        for name in (drug.name, *drug.brands, *drug.other_names, *drug.abbreviations)
    ]


def _names_of_classes(formulary: Formulary) -> list[tuple[str, str]]:
    return [
        (name, drug_class.id)
        for drug_class in formulary.classes.values()
        for name in (drug_class.name, *drug_class.synonyms, *drug_class.abbreviations)
    ]


def test_size(formulary: Formulary) -> None:
    assert len(formulary.drugs) >= 400
    assert len(formulary.classes) >= 200
    assert len(abbreviations()) >= 250


def test_no_name_means_two_things(formulary: Formulary) -> None:
    owners: dict[str, set[str]] = {}
    for name, owner in _names_of_drugs(formulary) + _names_of_classes(formulary):
        owners.setdefault(name.lower(), set()).add(owner)
    assert {name: owner for name, owner in owners.items() if len(owner) > 1} == {}


def test_no_name_is_written_twice_in_a_row(formulary: Formulary) -> None:
    twice = [pair for pair, count in Counter(_names_of_drugs(formulary)).items() if count > 1]
    assert twice == []


def test_no_name_is_an_everyday_word(formulary: Formulary) -> None:
    loose = [
        name
        for drug in formulary.drugs.values()
        for name in (
            drug.name,
            *drug.brands,
            *drug.other_names,
            *(a for a in drug.abbreviations if len(a) > 4),
        )
    ]
    assert sorted(name for name in loose if name.lower() in EVERYDAY) == []
    assert sorted(name for name, _ in _names_of_classes(formulary) if name.lower() in EVERYDAY) == []


def test_names_are_trimmed_and_long_enough(formulary: Formulary) -> None:
    for drug in formulary.drugs.values():
        for name in (drug.name, *drug.brands, *drug.other_names):
            assert name == " ".join(name.split()), name
            assert len(name) >= 4, f"{name} is too short to match in any case; make it an abbreviation"


def test_combinations_name_what_they_hold(formulary: Formulary) -> None:
    for drug in formulary.drugs.values():
        assert ("/" in drug.name) == bool(drug.ingredients), drug.name
        for ingredient in drug.ingredients:
            assert not formulary.drugs[ingredient].ingredients, (
                f"{drug.name}: {ingredient} is a combination itself"
            )


def test_no_two_combinations_hold_the_same(formulary: Formulary) -> None:
    held = Counter(frozenset(drug.ingredients) for drug in formulary.drugs.values() if drug.ingredients)
    assert [sorted(ingredients) for ingredients, count in held.items() if count > 1] == []


def test_every_class_is_used(formulary: Formulary) -> None:
    used = {name for drug in formulary.drugs.values() for name in drug.classes}
    used |= {parent for drug_class in formulary.classes.values() for parent in drug_class.parents}
    assert sorted(formulary.classes.keys() - used) == []


def test_classes_form_no_circle(formulary: Formulary) -> None:
    def climb(class_id: str, below: tuple[str, ...]) -> None:
        assert class_id not in below, " > ".join((*below, class_id))
        for parent in formulary.classes[class_id].parents:
            climb(parent, (*below, class_id))

    for class_id in formulary.classes:
        climb(class_id, ())


def test_allergy_classes_are_marked(formulary: Formulary) -> None:
    marked = {drug_class.id for drug_class in formulary.classes.values() if drug_class.allergy_class}
    assert {"nsaid", "penicillins", "sulfonamide-antibiotics", "salicylates", "cephalosporins"} <= marked
    assert not {drug_class.id for drug_class in formulary.classes.values() if drug_class.broad} & marked


def test_pairs_are_distinct_and_explained(formulary: Formulary) -> None:
    seen = Counter(frozenset((pair.a, pair.b)) for pair in formulary.pairs)
    assert [sorted(pair) for pair, count in seen.items() if count > 1] == []
    assert all(pair.note and pair.basis for pair in formulary.pairs)


def test_a_synonym_stands_in_one_group() -> None:
    raw = (files("osler.lexicon") / "data" / "synonyms.toml").read_text("utf-8")
    groups = tomllib.loads(raw)["groups"]
    assert len(groups) >= 150
    counted = Counter(term.lower() for group in groups for term in group)
    assert [term for term, count in counted.items() if count > 1] == []
    assert all(len(group) > 1 for group in groups)


def test_an_abbreviation_stands_once() -> None:
    counted = Counter(row.short for row in abbreviations())
    assert [short for short, count in counted.items() if count > 1] == []
