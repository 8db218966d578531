"""What names of fields tell of their values, and of persons; letters that stand apart."""

import time

import pytest

from osler.deid.field_names import labelled, person
from osler.deid.unhidden import hidden_texts, together


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("mrn", "55820417", "mrn: 55820417"),
        ("x_mrn", 55820417, "x_mrn: 55820417"),
        ("patientName", "Vexworthy", "patientName: Vexworthy"),
        ("DOB", "1961-02-03", "DOB: 1961-02-03"),
        ("id", 17, ""),
        ("dose", "500", ""),
        ("max_tokens", 128000, ""),
        ("patient", "", ""),
        ("patient", "A long story. " * 20, ""),
        ("name", "two\nlines", ""),
    ],
)
def test_a_value_is_read_behind_a_name_that_tells(name: str, value: str | int, said: str) -> None:
    assert labelled(name, value) == said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("eleanor_whitfield", "Eleanor Whitfield"),
        ("findEleanorWhitfield", "Find Eleanor Whitfield"),
        ("lookup_mrs_vexworthy", "Lookup Mrs Vexworthy"),
        ("max_len", ""),
        ("mr_brain", ""),
        ("miss_rate", ""),
        ("get_patient_name", ""),
        ("apgar_score", ""),
        ("hodgkin_stage", ""),
        ("response_format", ""),
    ],
)
def test_a_name_may_be_a_person_s(name: str, said: str) -> None:
    assert person(name) == said


@pytest.mark.parametrize("between", [" ", ".", "-", "_", "\n", "**", " - ", "  ", "<b></b>"])
def test_letters_that_stand_apart_are_put_together(between: str) -> None:
    told = f"Please see to {between.join('Mr. Brannoc Vexworthy')} today."
    (found,) = together(told)
    assert found.replace(".", "") == "Mr Brannoc Vexworthy"
    assert any("Brannoc Vexworthy" in t for t in hidden_texts(told))


def test_numbers_that_stand_apart_keep_their_hyphens() -> None:
    assert list(together("SSN 9 1 2 - 6 4 - 7 7 0 3.")) == ["912-64-7703"]


@pytest.mark.parametrize(
    "text",
    [
        "The patient is 45 y o F with T 37.2, P 88, R 16, BP 120/80, A&O x 3. Plan: 1) a 2) b.",
        "q 4 h p r n",
        "Grades: a: x 2 b: 123 5 a",
        "Options A, B and C; stage I, II or III.",
        "",
    ],
)
def test_ordinary_text_has_none(text: str) -> None:
    assert list(together(text)) == []


@pytest.mark.parametrize(
    "text", ["a " * 20_000, "a<b>" * 10_000, "-" * 40_000, ("a" + " " * 12) * 3 + "bb " * 10_000]
)
def test_time_is_linear(text: str) -> None:
    begun = time.process_time()
    list(together(text))
    assert time.process_time() - begun < 0.5


@pytest.mark.parametrize("word", ["\U0001d415exworthy", "\uff36exworthy", "\u24cbexworthy"])
def test_one_styled_letter_hides_a_word(word: str) -> None:
    assert hidden_texts(f"Mr. {word} called.") == ("Vexworthy",)
