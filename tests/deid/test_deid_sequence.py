"""Tokens as arrays, list bits, the network against torch's own answers, and the tagger one by one and in batches."""

import json
from importlib.resources import files
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from osler.core.errors import ConfigError
from osler.deid.sequence import wordlist
from osler.deid.sequence.features import Features
from osler.deid.sequence.network import Network
from osler.deid.sequence.tagger import Tagger, network
from osler.deid.sequence.tokenize import tokenize

TEXTS = st.text(st.characters(exclude_categories=()), max_size=200)
WEIGHTS = (files("osler.deid") / "data" / "tagger.npz").read_bytes()


def cut(text: str) -> list[str]:
    table = tokenize(text)
    return [text[s:e] for s, e in zip(table.start.tolist(), table.end.tolist(), strict=True)]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", []),
        (" \t\n", []),
        ("Dr. O'Brien-Diaz", ["Dr", ".", "O", "'", "Brien", "-", "Diaz"]),
        ("MRN:00123A", ["MRN", ":", "00123", "A"]),
        ("Zoe\u0308 Müller", ["Zoe\u0308", "Müller"]),
        ("😀a\x00b", ["😀", "a", "b"]),
        ("李明 12", ["李明", "12"]),
    ],
)
def test_tokens(text: str, tokens: list[str]) -> None:
    assert cut(text) == tokens


@given(TEXTS)
def test_tokens_are_sorted_and_cover_every_letter_and_digit(text: str) -> None:
    table = tokenize(text)
    assert (table.start < table.end).all()
    assert (table.start[1:] >= table.end[:-1]).all()
    covered = {i for s, e in zip(table.start.tolist(), table.end.tolist(), strict=True) for i in range(s, e)}
    assert all(i in covered for i, c in enumerate(text) if c.isalpha() or c.isdecimal())


def test_a_line_end_is_one_however_it_is_written() -> None:
    assert tokenize("a\nb").gap.tolist() == tokenize("a\r\nb").gap.tolist() == [4, 3]
    assert tokenize("a\n\nb").gap.tolist() == tokenize("a\r\n\r\nb").gap.tolist() == [4, 4]


@given(st.text("abcXYZéñ", min_size=1, max_size=80))
def test_case_and_accents_do_not_change_the_key(word: str) -> None:
    plain = word.lower().replace("é", "e").replace("ñ", "n")
    assert tokenize(word).key.tolist() == tokenize(plain).key.tolist()


@given(st.dictionaries(st.integers(1, 2**64 - 1), st.integers(1, 2**32 - 1), min_size=1, max_size=300))
def test_the_hash_table_answers_as_a_dict(entries: dict[int, int]) -> None:
    keys = np.array(list(entries), np.uint64)
    table = wordlist.HashTable.of(keys, np.array(list(entries.values()), np.uint32))
    assert table.look(keys).tolist() == list(entries.values())
    others = np.array([k for k in range(1, 50) if k not in entries], np.uint64)
    assert not table.look(others).any()


def test_lists_know_names_places_and_words() -> None:
    _, bits = wordlist.load().look(tokenize("José of San Antonio took metformin"))
    assert bits[0] >> wordlist.GIVEN & 1
    wanted = {2: wordlist.PLACE_PAIR, 3: wordlist.PLACE_PAIR, 5: wordlist.DRUG, 1: wordlist.PLAIN_WORD}
    assert all(bits[i] >> bit & 1 for i, bit in wanted.items())


def test_a_vocabulary_gives_each_word_its_place() -> None:
    lists = wordlist.load().with_words(["the", "of", ":", "xyzzy"])
    ids, bits = lists.look(tokenize("Of the x : xyzzy José"))
    assert ids.tolist() == [2, 1, 0, 3, 4, 0]
    assert bits[5] >> wordlist.GIVEN & 1


def test_the_network_says_what_torch_said() -> None:
    with np.load(BytesIO(WEIGHTS)) as file:
        given_features = Features(ids=file["probe_ids"], bits=file["probe_bits"])
        said = file["probe_out"]
        assert len(json.loads(file["meta"].tobytes())["labels"]) == said.shape[1]
    made = Network.read(WEIGHTS).probabilities(given_features)
    assert np.abs(made - said).max() < 1e-3
    assert (made.argmax(axis=1) == said.argmax(axis=1)).mean() > 0.99


@pytest.mark.parametrize("data", [b"", b"no weights", WEIGHTS[:2000]])
def test_a_broken_weights_file_is_refused(data: bytes) -> None:
    with pytest.raises(ConfigError, match="weights"):
        Network.read(data)


def test_weights_stay_small() -> None:
    assert len(WEIGHTS) < 10_000_000


NOTES = [
    "Seen by Dr. Maria Okonkwo on 3/4/2021.",
    "",
    "  \n",
    "patient lives in springfield with her son george",
    "x " * 5000 + "Call Tomasz Wielgosz.",
    "BP 120/80, Foley 16 Fr, no distress.",
]


def test_many_texts_give_what_each_gives_alone() -> None:
    tagger = Tagger()
    for many, text in zip(tagger.find_many(NOTES), NOTES, strict=True):
        alone = tagger.find(text)
        assert [(s.start, s.end, s.label) for s in many] == [(s.start, s.end, s.label) for s in alone]
        assert all(abs(a.score - b.score) <= 0.002 for a, b in zip(many, alone, strict=True))


@given(st.lists(TEXTS, max_size=4))
def test_the_tagger_takes_any_text(texts: list[str]) -> None:
    tagger = Tagger()
    for text, spans in zip(texts, tagger.find_many(texts), strict=True):
        assert all(0 <= s.start < s.end <= len(text) for s in spans)


def test_the_network_is_read_once() -> None:
    assert network("tagger") is network("tagger")
