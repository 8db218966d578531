"""Drugs and classes in text: what is found, what is not, and what names resolve to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osler.lexicon.drugs import DrugLexicon, load

LEXICON = load()

# text; what is found in it, as (surface, drug or class id)
FOUND = [
    ("Takes ibuprofen daily", [("ibuprofen", "ibuprofen")]),
    ("ADVIL and Motrin", [("ADVIL", "ibuprofen"), ("Motrin", "ibuprofen")]),
    (
        "paracetamol, Tylenol, APAP",
        [("paracetamol", "acetaminophen"), ("Tylenol", "acetaminophen"), ("APAP", "acetaminophen")],
    ),
    ("salbutamol inhaler", [("salbutamol", "albuterol")]),
    ("adrenaline 1:1000", [("adrenaline", "epinephrine")]),
    ("glibenclamide or frusemide", [("glibenclamide", "glyburide"), ("frusemide", "furosemide")]),
    ("aspirin75mg od", [("aspirin", "aspirin")]),
    ("aspirin's effect", [("aspirin", "aspirin")]),
    ("insulin glargine, then insulin", [("insulin glargine", "insulin glargine"), ("insulin", "insulins")]),
    ("penicillin V potassium 500 mg", [("penicillin V potassium", "penicillin V")]),
    ("history of penicillin use", [("penicillin", "penicillins")]),
    ("metoprolol succinate ER", [("metoprolol", "metoprolol")]),
    ("5-FU, 5FU and 5 FU", [("5-FU", "fluorouracil"), ("5FU", "fluorouracil"), ("5 FU", "fluorouracil")]),
    ("St. John's wort", [("John's wort", "St John's wort")]),
    # Combinations.
    ("TMP-SMX DS", [("TMP-SMX", "sulfamethoxazole/trimethoprim")]),
    (
        "sulfamethoxazole / trimethoprim",
        [("sulfamethoxazole / trimethoprim", "sulfamethoxazole/trimethoprim")],
    ),
    ("trimethoprim-sulfamethoxazole", [("trimethoprim-sulfamethoxazole", "sulfamethoxazole/trimethoprim")]),
    ("lisinopril-HCTZ", [("lisinopril-HCTZ", "lisinopril/hydrochlorothiazide")]),
    ("amoxicillin/clavulanate", [("amoxicillin/clavulanate", "amoxicillin/clavulanic acid")]),
    (
        "co-amoxiclav, coamoxiclav",
        [("co-amoxiclav", "amoxicillin/clavulanic acid"), ("coamoxiclav", "amoxicillin/clavulanic acid")],
    ),
    ("lisinopril/metformin", [("lisinopril", "lisinopril"), ("metformin", "metformin")]),
    (
        "elvitegravir/cobicistat/emtricitabine/tenofovir alafenamide",
        [
            (
                "elvitegravir/cobicistat/emtricitabine/tenofovir alafenamide",
                "elvitegravir/cobicistat/emtricitabine/tenofovir alafenamide",
            )
        ],
    ),
    # Classes.
    ("NSAIDs, NSAID, nsaids", [("NSAIDs", "nsaid"), ("NSAID", "nsaid"), ("nsaids", "nsaid")]),
    ("non-steroidal anti-inflammatory drugs", [("non-steroidal anti-inflammatory drugs", "nsaid")]),
    ("nonsteroidal antiinflammatory drug", [("nonsteroidal antiinflammatory drug", "nsaid")]),
    (
        "beta blocker, beta-blockers, betablocker",
        [(s, "beta-blockers") for s in ("beta blocker", "beta-blockers", "betablocker")],
    ),
    ("an ACE inhibitor or ARBs", [("ACE inhibitor", "ace-inhibitors"), ("ARBs", "arbs")]),
    ("beta\nblocker", [("beta\nblocker", "beta-blockers")]),
    ("5-ASA for colitis", [("5-ASA", "aminosalicylates")]),
    ("blood thinners", [("blood thinners", "anticoagulants")]),
    ("statin", [("statin", "statins")]),
    ("SGLT2i and GLP-1 RA", [("SGLT2i", "sglt2-inhibitors"), ("GLP-1 RA", "glp1-agonists")]),
]

NOT_FOUND = [
    "",
    "the acronyms asa, arb and mtx mean nothing in small letters",
    "ASA class III, ASA physical status 2, ASA I-III",
    "insulin resistance and insulin-dependent diabetes",
    "vancomycin-resistant enterococcus, penicillin-binding proteins",
    "vitamin D deficiency; estrogen receptor positive; progesterone receptors",
    "potassium 4.2, sodium 140, calcium 9.1, glucose 101, albumin 4, iron",
    "sulfate, sulfite, sulfur",
    "Always align your focus; today is the plan. Ensure comfort with ease.",
    "in contrast to the control arm",
    "aspirinlike ibuprofens2x preaspirin",
    "house dust mite, latex, peanut, shellfish, cow's milk, bee venom",
    "opioid use disorder",
    "silver nitrate",
]


def _found(text: str) -> list[tuple[str, str | None]]:
    return [(mention.surface, mention.drug or mention.class_id) for mention in LEXICON.find(text)]


@pytest.mark.parametrize(("text", "expected"), FOUND)
def test_finds(text: str, expected: list[tuple[str, str]]) -> None:
    assert _found(text) == expected


@pytest.mark.parametrize("text", NOT_FOUND)
def test_finds_nothing(text: str) -> None:
    assert _found(text) == []


def test_a_list_bullet_or_a_blank_line_joins_nothing() -> None:
    assert _found("- aspirin\n- dipyridamole") == [("aspirin", "aspirin"), ("dipyridamole", "dipyridamole")]
    assert _found("penicillin\n\nV") == [("penicillin", "penicillins")]
    assert _found("penicillin - G tube") == [("penicillin", "penicillins")]


def test_offsets_are_code_points() -> None:
    text = "𝛼 é → Tylenol"
    (mention,) = LEXICON.find(text)
    assert (mention.start, mention.end) == (6, 13)
    assert text[mention.start : mention.end] == mention.surface == "Tylenol"


@given(st.text(alphabet=st.sampled_from("aspirin /-\n5FUA penicillin V+'’é.")))
def test_mentions_are_in_order_and_apart(text: str) -> None:
    end = 0
    for mention in LEXICON.find(text):
        assert end <= mention.start < mention.end <= len(text)
        assert mention.surface == text[mention.start : mention.end]
        assert (mention.drug is None) != (mention.class_id is None)
        end = mention.end


def test_every_name_is_found_as_itself() -> None:
    for drug in LEXICON.drugs.values():
        for name in (drug.name, *drug.brands, *drug.other_names, *drug.abbreviations):
            assert [mention.drug for mention in LEXICON.find(f"on {name} now")] == [drug.name], name
    for drug_class in LEXICON.classes.values():
        for name in (drug_class.name, *drug_class.synonyms, *drug_class.abbreviations):
            assert [mention.class_id for mention in LEXICON.find(f"on {name} now")] == [drug_class.id], name


LOOKUPS = [
    ("ibuprofen", "ibuprofen"),
    ("IBUPROFEN", "ibuprofen"),
    ("Coumadin", "warfarin"),
    ("Warfarin Sodium", "warfarin"),
    ("metoprolol succinate ER", "metoprolol"),
    ("lisinopril / hydrochlorothiazide", "lisinopril/hydrochlorothiazide"),
    ("ASA", "aspirin"),
    ("calcium carbonate", "calcium carbonate"),
    ("NSAID", None),
    ("ibuprofen and aspirin", None),
    ("ibuprofen toxicity", None),
    ("", None),
    ("sodium", None),
    ("nothing", None),
]


@pytest.mark.parametrize(("name", "expected"), LOOKUPS)
def test_lookup(name: str, expected: str | None) -> None:
    drug = LEXICON.lookup(name)
    assert (drug.name if drug else None) == expected


@pytest.mark.parametrize(
    ("name", "present", "absent"),
    [
        ("aspirin", {"salicylates", "nsaid", "antiplatelets"}, {"opioids"}),
        ("acetaminophen", {"analgesics"}, {"nsaid"}),
        (
            "amoxicillin",
            {"aminopenicillins", "penicillins", "beta-lactams", "antibiotics"},
            {"cephalosporins"},
        ),
        ("celecoxib", {"cox-2-inhibitors", "nsaid"}, {"sulfonamide-antibiotics"}),
        ("Percocet", {"opioids", "phenanthrene-opioids", "analgesics"}, {"nsaid"}),
        ("glipizide", {"sulfonylureas"}, {"sulfonamide-antibiotics"}),
        ("Bactrim", {"sulfonamide-antibiotics", "antibiotics"}, {"sulfonylureas"}),
        ("metolazone", {"thiazide-diuretics", "diuretics"}, {"loop-diuretics"}),
    ],
)
def test_classes_of(name: str, present: set[str], absent: set[str]) -> None:
    classes = LEXICON.classes_of(name)
    assert present <= classes
    assert not absent & classes


def test_unknown_names_have_no_classes_or_ingredients() -> None:
    assert LEXICON.classes_of("no such drug") == frozenset()
    assert LEXICON.ingredients_of("no such drug") == ()


def test_ingredients() -> None:
    assert LEXICON.ingredients_of("Zestoretic") == ("lisinopril", "hydrochlorothiazide")
    assert LEXICON.ingredients_of("Advil") == ("ibuprofen",)


def test_the_lexicon_is_read_once() -> None:
    assert load() is DrugLexicon.load()


def test_a_long_text_of_near_misses_is_searched_in_linear_time() -> None:
    # Ten times the time budget of a slow machine; a quadratic search would take hours.
    for text in (
        "beta " * 100_000,
        "insulin-like growth " * 50_000,
        "a/" * 200_000,
        "aspirin/" * 50_000,
        " " * 500_000,
    ):
        LEXICON.find(text)


@pytest.mark.parametrize(
    ("text", "drug"), [("Paracétamol 1 g comprimé", "acetaminophen"), ("CODÉINE", "codeine")]
)
def test_accents_do_not_hide_a_drug(text: str, drug: str) -> None:
    (mention,) = load().find(text)
    assert mention.drug == drug
    assert text[mention.start : mention.end] == mention.surface
