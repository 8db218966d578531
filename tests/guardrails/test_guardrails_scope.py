"""What sentences say about the drugs in them, by a table of some 400 sentences."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osler.guardrails.scope import Stance, asks_what_to_give, endorses, stances
from osler.lexicon.drugs import load

LETTERS = {Stance.ADVISED: "A", Stance.LISTED: "S", Stance.EXCLUDED: "X", Stance.NAMED: "N"}
ALLOWED = {"A": "A", "S": "S", "X": "X", "N": "N", "a": "AS", "x": "XN", "?": "ASXN"}
TABLE = Path(__file__).with_name("scope_sentences.txt").read_text("utf-8").splitlines()
ROWS = [tuple(line.split("|", 1)) for line in TABLE if line and not line.startswith("#")]


def read(text: str, *, asked: bool = False) -> str:
    mentions = load().find(text)
    return "".join(LETTERS[s] for s in stances(text, [(m.start, m.end) for m in mentions], asked=asked))


@pytest.mark.parametrize(("expected", "sentence"), ROWS)
def test_each_drug_gets_its_stance(expected, sentence):
    got = read(sentence.replace("\\n", "\n"))
    assert len(got) == len(expected)
    assert all(letter in ALLOWED[want] for letter, want in zip(got, expected, strict=True)), got


@pytest.mark.parametrize(
    ("expected", "question"),
    [
        ("A", "Is ibuprofen contraindicated?"),
        ("A", "Are there any problems with giving her ibuprofen?"),
        ("AA", "Does ibuprofen interact with lisinopril?"),
        ("A", "Would it be dangerous to start naproxen?"),
        ("X", "Is she allergic to penicillin?"),
        ("X", "Should we stop naproxen?"),
    ],
)
def test_a_question_about_danger_is_a_proposal(expected, question):
    assert read(question, asked=True) == expected


@pytest.mark.parametrize(
    ("text", "yes"),
    [
        ("Yes.", True),
        ("Yes, that is safe.", True),
        ("It would be fine.", True),
        ("Go ahead.", True),
        ("She can take it.", True),
        ("No.", False),
        ("No, that is not safe.", False),
        ("Yes, there is a documented allergy to it.", False),
        ("Yes, you should avoid it.", False),
        ("It is contraindicated.", False),
        ("She has chronic kidney disease.", False),
    ],
)
def test_a_yes_is_told_from_a_no(text, yes):
    assert endorses(text) is yes


@pytest.mark.parametrize(
    ("question", "asks"),
    [
        ("What should I give her for the pain?", True),
        ("Which antibiotic would you recommend?", True),
        ("What is her potassium?", False),
        ("Is she on ibuprofen?", False),
    ],
)
def test_questions_that_ask_for_a_drug(question, asks):
    assert asks_what_to_give(question) is asks


@given(st.text(alphabet="avoid give ibuprofen not, but.;:\n-()*?", max_size=200))
def test_any_text_gets_one_stance_a_drug(text):
    mentions = load().find(text)
    assert len(read(text)) == len(mentions)


@pytest.mark.parametrize(
    "text",
    [
        "penicillin" + " " * 1900 + "x",
        "penicillin" + "-" * 1900 + "x",
        "without " * 240 + "penicillin",
        "in patients for " * 120 + "penicillin",
        "given " + "penicillin, " * 150,
        "a " * 950 + "penicillin",
        "allergy (" * 200 + "penicillin",
        "penicillin " + "400 mg " * 270,
        "use " * 480 + "penicillin",
    ],
)
def test_no_text_of_the_longest_sentence_takes_long(text):
    read("warm up: penicillin")
    begun = time.perf_counter()
    read(text)
    assert time.perf_counter() - begun < 0.5
