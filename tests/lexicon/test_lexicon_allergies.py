"""How a drug relates to an allergy as a chart words it."""

from __future__ import annotations

import pytest

from osler.lexicon.drugs import load
from osler.lexicon.formulary import read_formulary

LEXICON = load()

# drug or class; allergen as recorded; kind; via; strength
CONFLICTS = [
    ("ibuprofen", "Ibuprofen", "same_ingredient", "ibuprofen", "certain"),
    ("Advil", "ibuprofen 200 MG Oral Tablet", "same_ingredient", "ibuprofen", "certain"),
    ("Percocet", "Tylenol", "same_ingredient", "acetaminophen", "certain"),
    ("trimethoprim", "Sulfamethoxazole / Trimethoprim", "same_ingredient", "trimethoprim", "certain"),
    (
        "amoxicillin",
        "Amoxicillin 250 MG / Clavulanate 125 MG Oral Tablet",
        "same_ingredient",
        "amoxicillin",
        "certain",
    ),
    ("penicillin VK", "Penicillin V", "same_ingredient", "penicillin V", "certain"),
    # Anti-inflammatory painkillers.
    ("ibuprofen", "Aspirin", "same_class", "nsaid", "likely"),
    ("aspirin", "Ibuprofen", "same_class", "nsaid", "likely"),
    ("naproxen", "Non-steroidal anti-inflammatory agent (substance)", "same_class", "nsaid", "likely"),
    ("ketorolac", "NSAIDs", "same_class", "nsaid", "likely"),
    ("NSAIDs", "aspirin", "same_class", "nsaid", "likely"),
    ("nsaid", "Allergy to NSAID", "same_class", "nsaid", "likely"),
    ("celecoxib", "aspirin", "same_class", "nsaid", "likely"),
    ("Pepto-Bismol", "aspirin", "same_class", "salicylates", "likely"),
    ("ibuprofen", "bismuth subsalicylate", "cross_reactive", "salicylates ~ nsaid", "likely"),
    ("mesalamine", "aspirin", "cross_reactive", "salicylates ~ aminosalicylates", "likely"),
    ("sumatriptan/naproxen", "aspirin", "same_class", "nsaid", "likely"),
    # Beta-lactams.
    ("amoxicillin", "Penicillin V", "same_class", "penicillins", "likely"),
    ("amoxicillin", "Allergy to penicillin", "same_class", "penicillins", "likely"),
    ("Augmentin", "Allergy to penicillin (finding)", "same_class", "penicillins", "likely"),
    ("piperacillin/tazobactam", "PCN - hives", "same_class", "penicillins", "likely"),
    ("ceftriaxone", "penicillin", "cross_reactive", "penicillins ~ cephalosporins", "possible"),
    (
        "cephalexin",
        "Amoxicillin 250 MG Oral Capsule",
        "cross_reactive",
        "aminopenicillins ~ cephalexin",
        "likely",
    ),
    ("meropenem", "Penicillins", "cross_reactive", "penicillins ~ carbapenems", "possible"),
    ("aztreonam", "ceftazidime", "cross_reactive", "ceftazidime ~ aztreonam", "likely"),
    ("amoxicillin", "cefdinir", "cross_reactive", "penicillins ~ cephalosporins", "possible"),
    ("beta-lactam antibiotics", "penicillin", "same_class", "beta-lactams", "possible"),
    ("amoxicillin", "Allergy to antibiotic", "same_class", "antibiotics", "likely"),
    # Sulfa.
    ("Bactrim", "Sulfa drugs", "same_class", "sulfonamide-antibiotics", "likely"),
    ("co-trimoxazole", "sulphonamide", "same_class", "sulfonamide-antibiotics", "likely"),
    ("sulfadiazine", "sulfamethoxazole / trimethoprim", "same_class", "sulfonamide-antibiotics", "likely"),
    ("sulfasalazine", "sulfa", "cross_reactive", "sulfonamide-antibiotics ~ sulfasalazine", "likely"),
    # Opioids.
    ("morphine", "Codeine", "cross_reactive", "codeine ~ phenanthrene-opioids", "possible"),
    ("oxycodone", "morphine", "cross_reactive", "phenanthrene-opioids ~ phenanthrene-opioids", "possible"),
    ("fentanyl", "Allergy to opioid", "same_class", "opioids", "likely"),
    ("opioids", "codeine", "same_class", "opioids", "possible"),
    # Others.
    ("enalapril", "Lisinopril", "same_class", "ace-inhibitors", "likely"),
    ("losartan", "lisinopril", "cross_reactive", "ace-inhibitors ~ arbs", "possible"),
    ("Entresto", "lisinopril", "cross_reactive", "ace-inhibitors ~ sacubitril", "likely"),
    ("levofloxacin", "ciprofloxacin", "same_class", "fluoroquinolones", "likely"),
    ("enoxaparin", "heparin", "cross_reactive", "heparins ~ heparins", "likely"),
    ("benzocaine", "Novocain", "same_class", "ester-anesthetics", "likely"),
    (
        "phenytoin",
        "carbamazepine",
        "cross_reactive",
        "aromatic-anticonvulsants ~ aromatic-anticonvulsants",
        "likely",
    ),
    ("statins", "atorvastatin", "same_class", "statins", "possible"),
    ("iohexol", "contrast dye", "same_class", "iodinated-contrast", "likely"),
    ("Betadine", "Iodine", "same_class", "iodine-antiseptics", "likely"),
    ("valacyclovir", "acyclovir", "cross_reactive", "acyclovir ~ valacyclovir", "likely"),
    # As people write it.
    ("ibuprofen", "No NSAIDs", "same_class", "nsaid", "likely"),
    ("ibuprofen", "No aspirin - known allergy", "same_class", "nsaid", "likely"),
    ("Bactrim", "NKDA except sulfa", "same_class", "sulfonamide-antibiotics", "likely"),
    ("amoxicillin", "No known allergies. Penicillin: rash in 1990", "same_class", "penicillins", "likely"),
    ("amoxicillin", "latex, peanuts, penicillin", "same_class", "penicillins", "likely"),
]

NO_CONFLICT = [
    ("acetaminophen", "NSAIDs"),
    ("acetaminophen", "Aspirin"),
    ("clopidogrel", "aspirin"),
    ("glipizide", "Sulfa drugs"),
    ("glyburide", "Sulfamethoxazole / Trimethoprim"),
    ("morphine sulfate", "sulfa"),
    ("ferrous sulfate", "Sulfonamide"),
    ("furosemide", "sulfa"),
    ("Bactrim", "sulfite"),
    ("Bactrim", "sulfur"),
    ("Bactrim", "sulfonylurea"),
    ("Bactrim", "magnesium sulfate"),
    ("trimethoprim", "sulfa"),
    ("fentanyl", "codeine"),
    ("tramadol", "codeine"),
    ("methadone", "morphine"),
    ("iohexol", "Iodine"),
    ("iohexol", "shellfish"),
    ("Betadine", "IV contrast"),
    ("lidocaine", "procaine"),
    ("azithromycin", "penicillin"),
    ("atorvastatin", "simvastatin"),
    ("metoprolol", "atenolol"),
    ("antibiotics", "penicillin"),
    ("amoxicillin", "Latex (substance)"),
    ("amoxicillin", "Peanut (substance)"),
    ("amoxicillin", "House dust mite (organism)"),
    ("fish oil", "Allergy to fish"),
    ("amoxicillin", "No known allergy (situation)"),
    ("amoxicillin", "No known penicillin allergy"),
    ("amoxicillin", "No known drug allergies"),
    ("amoxicillin", "NKDA"),
    ("amoxicillin", "Not allergic to penicillin"),
    ("amoxicillin", ""),
    ("", "penicillin"),
    ("no such drug", "penicillin"),
]


@pytest.mark.parametrize(("drug", "allergen", "kind", "via", "strength"), CONFLICTS)
def test_conflict(drug: str, allergen: str, kind: str, via: str, strength: str) -> None:
    relation = LEXICON.relation(drug, allergen)
    assert relation is not None
    assert (relation.kind, relation.via, relation.strength) == (kind, via, strength)
    assert relation.reason


@pytest.mark.parametrize(("drug", "allergen"), NO_CONFLICT)
def test_no_conflict(drug: str, allergen: str) -> None:
    assert LEXICON.relation(drug, allergen) is None


def test_weak_relations_are_told_on_request() -> None:
    relation = LEXICON.relation("furosemide", "sulfa", least="unlikely")
    assert relation is not None
    assert relation.strength == "unlikely"
    assert LEXICON.relation("ceftriaxone", "penicillin", least="likely") is None


def test_reasons_name_both_sides() -> None:
    relation = LEXICON.relation("Motrin", "aspirin")
    assert relation is not None
    assert relation.reason == "ibuprofen and aspirin both belong to nonsteroidal anti-inflammatory drugs"
    assert (relation.drug, relation.allergen) == ("ibuprofen", "aspirin")


def test_pairs_work_both_ways() -> None:
    for pair in read_formulary().pairs:
        for drug, allergen in ((pair.a, pair.b), (pair.b, pair.a)):
            assert LEXICON.relation(drug, allergen, least="unlikely") is not None, pair
