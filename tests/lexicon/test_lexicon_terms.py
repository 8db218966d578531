"""The index of terms, apart from any data."""

from __future__ import annotations

import pytest

from osler.lexicon.terms import Term, TermIndex, inflected, joined


def _index(*texts: str, exact: bool = False) -> TermIndex[str]:
    return TermIndex(Term(text=text, value=text, exact=exact) for text in texts)


def _found(index: TermIndex[str], text: str) -> list[tuple[str, str]]:
    return [(text[hit.start : hit.end], hit.value) for hit in index.find(text)]


def test_the_longest_term_wins_and_a_broken_off_one_gives_way() -> None:
    index = _index("a", "a b c", "b")
    assert _found(index, "a b c") == [("a b c", "a b c")]
    assert _found(index, "a b d") == [("a", "a"), ("b", "b")]


@pytest.mark.parametrize("text", ["a b", "A-B", "a\nb", "a' b", "a   b"])
def test_words_of_a_term_may_be_parted(text: str) -> None:
    assert _found(_index("a b"), text) == [(text, "a b")]


@pytest.mark.parametrize("text", ["a/b", "a\n\nb", "a. b", "a - b", "a\n- b", "a, b", "ab"])
def test_words_of_a_term_may_not_be_parted_so(text: str) -> None:
    assert _found(_index("a b"), text) == []


@pytest.mark.parametrize("text", ["x/y", "x / y", "x+y", "x-y", "x & y", "x - y"])
def test_a_slash_may_be_written_otherwise(text: str) -> None:
    assert _found(_index("x/y"), text) == [(text, "x/y")]


def test_exact_terms_match_in_their_own_case() -> None:
    assert _found(_index("Ab", exact=True), "Ab AB ab") == [("Ab", "Ab")]


def test_the_first_of_two_equal_terms_wins() -> None:
    index = TermIndex([Term(text="a-b", value=1), Term(text="A b", value=2)])
    assert [hit.value for hit in index.find("a b")] == [1]


def test_a_term_starts_at_a_word_and_may_end_before_a_figure() -> None:
    assert _found(_index("ab"), "2ab xab ab2 _ab") == [("ab", "ab"), ("ab", "ab")]


def test_a_term_without_a_word_is_refused() -> None:
    with pytest.raises(ValueError, match="holds no word"):
        _index("--")


def test_joined() -> None:
    assert set(joined("non-steroidal anti-inflammatory")) == {
        "nonsteroidal anti-inflammatory",
        "non-steroidal antiinflammatory",
        "nonsteroidal antiinflammatory",
    }
    assert list(joined("K-Tab")) == []


@pytest.mark.parametrize(
    ("term", "form"),
    [("statins", "statin"), ("antibody", "antibodies"), ("antibodies", "antibody"), ("azole", "azoles")],
)
def test_inflected(term: str, form: str) -> None:
    assert list(inflected(term)) == [form]
