"""Streams: pieces of any size give what the whole gives, and little is held back."""

import random
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from osler.deid import Deidentifier, Replacer
from osler.deid.restore import StreamRestorer, Table

ENGINE = Deidentifier.standard()
NOTE = (
    "Maria Gonzalez, MRN: 00412345, DOB 3/2/1951, seen March 14, 2024 by Dr. J. Okafor at 12 Alder Street, Salem, OR 97301; "
    "a 93-year-old; (503) 555-0188; off since May; Jan 5th; Burton100."
)


def prepared(seed: int) -> tuple[Replacer, str]:
    replacer = Replacer(ENGINE, rng=random.Random(seed))
    (out,) = replacer.apply([NOTE])
    return replacer, out


def streamed(stream: StreamRestorer, pieces: list[str]) -> str:
    return "".join(map(stream.feed, pieces)) + stream.finish()


def cut(text: str, places: list[int]) -> list[str]:
    edges = sorted({0, len(text), *(p % (len(text) + 1) for p in places)})
    return [text[a:b] for a, b in pairwise(edges)]


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 40), st.lists(st.integers(0, 2_000), max_size=60), st.integers(0, 2_000))
def test_pieces_give_what_the_whole_gives(seed: int, places: list[int], jumble: int) -> None:
    replacer, out = prepared(seed)
    words = out.split(" ")
    random.Random(jumble).shuffle(words)
    text = (
        out
        + " | "
        + out.upper()
        + " "
        + " ".join(words)
        + " 2143-08-02 on August 2, 2143 or 8/2/2143 and 12 Sep 2150"
    )
    assert streamed(replacer.stream(), cut(text, places)) == replacer.restore(text)


def test_single_characters() -> None:
    replacer, out = prepared(7)
    text = out + out.lower() + " 2143-08-0 2143-08-02 May"
    assert streamed(replacer.stream(), list(text)) == replacer.restore(text)
    assert streamed(replacer.stream(), [out]) == NOTE


@settings(max_examples=100, deadline=None)
@given(
    st.text(alphabet="0123456789/-. ,JanuryFebMchApilogstOctmvDdth", max_size=60),
    st.lists(st.integers(0, 60), max_size=20),
)
def test_what_looks_like_dates(text: str, places: list[int]) -> None:
    replacer, _ = prepared(3)
    assert streamed(replacer.stream(), cut(text, places)) == replacer.restore(text)


def test_little_is_held_back() -> None:
    replacer, out = prepared(5)
    stream = replacer.stream()
    given_out = 0
    for given_in, character in enumerate(("The patient feels well and walks each day. " + out) * 3, 1):
        given_out += len(stream.feed(character))
        assert given_in - given_out < 160
    plain = replacer.stream()
    assert plain.feed("the knee hurts; ") == "the knee hurts; "


def test_nothing_to_restore_passes_at_once() -> None:
    stream = StreamRestorer(Table())
    assert stream.feed("Dr. ") == "Dr. "
    assert stream.finish() == ""


def test_the_longest_surrogate_wins_and_edges_are_word_edges() -> None:
    table = Table()
    assert table.claim("Avery", "Ann")
    assert table.claim("Avery Thorn", "Bob Smith")
    assert not table.claim("Avery", "Zoe")
    assert (
        table.restore("Avery Thorn, Avery Thorne, Averys, AVERY, avery")
        == "Bob Smith, Ann Thorne, Averys, ANN, ann"
    )


def test_meeting_alternatives_do_not_count() -> None:
    table = Table()
    table.claim("xyzzy", "real")
    table.also("August 2143", "March 1951")
    table.also("August 2143", "April 1951")
    table.also("May 2143", "June 1951")
    assert table.restore("August 2143, May 2143") == "August 2143, June 1951"
