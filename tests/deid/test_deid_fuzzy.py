"""Known names with a slip of the pen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osler.core.ports.detector import KnownIdentifier
from osler.core.spans import Label
from osler.deid.fuzzy import FuzzyNames

KNOWN = [KnownIdentifier(label=Label.NAME, value="Katarzyna Wojciechowski-Obi")]


def found(text: str) -> list[str]:
    return [text[s.start : s.end] for s in FuzzyNames(KNOWN).find(text)]


@pytest.mark.parametrize(
    "word",
    [
        "Katarzyn",
        "Katarzynaa",
        "katarzina",
        "Katrazyna",
        "KATARZYBA",
        "Wojciechowsky",
        "wojciechowki",
        "Wojceichowski",
    ],
)
def test_one_slip_is_found(word: str) -> None:
    assert found(f"saw {word} today") == [word]


@pytest.mark.parametrize("word", ["Katarzyna", "Katherine", "catarrh", "Katara", "Wojcik", "Oby", "atarzyna"])
def test_what_is_no_slip_is_left_alone(word: str) -> None:
    assert found(f"saw {word} today") == []


@given(st.integers(0, 14), st.sampled_from("abcdefghijklmnopqrstuvwxyz"))
def test_any_wrong_letter_but_the_first_is_found(at: int, letter: str) -> None:
    name = "wojciechowski"
    at = 1 + at % (len(name) - 1)
    word = name[:at] + letter + name[at + 1 :]
    assert found(word) == ([] if word == name else [word])
