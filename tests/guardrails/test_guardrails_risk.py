"""Where a sentence begins to hold a dose, an order or a contraindication: what flows, and from where the rest is held."""

from pathlib import Path

import pytest

from osler.guardrails import scope
from osler.guardrails.risk import Watch
from osler.lexicon import drugs

SENTENCES = [
    line.split("|", 1)[1]
    for line in (Path(__file__).parent / "scope_sentences.txt").read_text().splitlines()
    if "|" in line and not line.startswith("#")
]


@pytest.mark.parametrize(
    ("sentence", "flows"),
    [
        ("You can take ibuprofen 400 mg with food.", "You can take "),
        ("Her usual dose is 5 mg in the morning.", "Her usual dose is "),
        ("A dose of 5 to 10 mg is usual.", "A dose of "),
        ("She took two tablets at once.", "She took "),
        ("It is given as half a tablet.", "It is given as "),
        ("Start with fluids.", ""),
        ("You should stop it now.", "You should "),
        ("- Give fluids.", "- "),
        ("Treatment should be started today.", "Treatment should be "),
        ("I recommend stopping it.", "I recommend "),
        ("Please do not drive.", "Please do "),
        ("Please don't drive.", "Please "),
        ("Contrast is contraindicated in her case.", "Contrast is "),
        ("It is not recommended in gout.", "It is not "),
        ("She has an allergy to it.", "She has an "),
        ("Repeat it every 6 hours.", "Repeat it every "),
        ("Use it twice daily.", "Use it twice "),
        ("A calcium channel blocker is an option.", "A "),
        ("It is a so-called blood thinner.", "It is a so-called "),
    ],
)
def test_a_sentence_is_held_from_where_the_risk_begins(sentence: str, flows: str):
    assert sentence[: Watch(asked=False).begins(sentence)] == flows


@pytest.mark.parametrize(
    "sentence",
    [
        "Her potassium was 5.9 mmol/L and her glucose 110 mg/dL on Monday.",
        "The mitral valve was replaced in 2019 without complication.",
        "She is 72 years old and lives with two daughters.",
        "He stopped smoking 3 months ago.",
        "Symptoms started on day 5 of the stay.",
        "Blood pressure is 132/84 mmHg, pulse 72.",
        "The chest X-ray shows a small effusion on the left.",
        "Ejection fraction is 45 % [1].",
        "She has iron deficiency.",
    ],
)
def test_plain_prose_and_results_flow(sentence: str):
    assert Watch(asked=False).begins(sentence) == len(sentence)


@pytest.mark.parametrize("asked", [True, False])
def test_no_drug_is_ever_let_go_of(asked: bool):
    lexicon = drugs.load()
    for sentence in SENTENCES:
        first = next(iter(lexicon.find(sentence)), None)
        assert first is None or Watch(asked=asked).begins(sentence) <= first.start, sentence


def test_a_yes_counts_where_a_drug_was_asked_about():
    said = [s for s in SENTENCES if scope.endorses(s)]
    said += [
        "Yes.",
        "That would be perfectly fine.",
        "Go ahead.",
        "She can have it.",
        "No concerns with that.",
    ]
    for sentence in said:
        assert Watch(asked=True).begins(sentence) < len(sentence), sentence
    assert Watch(asked=False).begins("That would be perfectly fine.") == len("That would be perfectly fine.")


def test_what_was_let_go_stays_let_go_however_the_sentence_goes_on():
    for sentence in SENTENCES:
        watch, begins, until = Watch(asked=False), Watch(asked=False).begins(sentence), 0
        for end in [i + 1 for i, c in enumerate(sentence) if c == " "]:
            assert until <= (until := watch.until(sentence, end)) <= begins, sentence
