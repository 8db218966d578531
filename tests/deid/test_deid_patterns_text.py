"""The pattern pass on any text: exact code points, no exception, linear time, several threads, load time."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_deid_patterns_table import SCANNER, faults

from osler.core.spans import Label
from osler.deid.patterns import PatternScanner
from osler.deid.patterns.page import page

NOTE = "MRN: 00718293, seen 3/14/2021, call (617) 555-0123, lives at 12 Oak Lane Apt 4."
AROUND = [
    "",
    "é",
    "😀😀",
    "e\u0301",
    "שלום ",
    "العربية ",
    "漢字",
    "\u202e",
    "\x00",
    "\ud800",
    "\r\n",
    "\u200b",
    "ﬁ",
    "İ",
]


def found(text: str) -> list[tuple[str, Label]]:
    return sorted((text[s.start : s.end], s.label) for s in SCANNER.find(text))


@pytest.mark.parametrize("around", AROUND)
def test_offsets_are_code_points(around: str) -> None:
    plain = found(f"x\n{NOTE}\ny")
    assert len(plain) >= 4
    assert found(f"{around}\n{NOTE}\n{around}") == plain


def test_typographic_characters_count_as_their_kin() -> None:
    assert faults("Tel: [[PHONE:(617)\u00a0555\u20110123]]") == []
    assert faults("dob [[DATE:3\u201314\u20131956]]") == []
    assert (
        faults(
            "New Year\u2019s Eve was [[DATE:New Year\u2019s Eve]]".replace("New Year\u2019s Eve was", "On")
        )
        == []
    )
    assert faults("MRN\uff1a [[MRN:\uff10\uff10\uff17\uff11\uff18\uff12]]") == []
    assert faults("fecha: [[DATE:\u0661\u0664/\u0660\u0663/\u0662\u0660\u0662\u0661]]") == []


@given(st.text(max_size=300))
@settings(max_examples=150, deadline=None)
def test_any_text_gives_spans_of_the_text(text: str) -> None:
    assert page(text).size == len(text)
    for span in SCANNER.find(text):
        assert 0 <= span.start < span.end <= len(text)
        assert 0 < span.score <= 1


_PIECES = [
    "MRN ",
    "1",
    "12/",
    "a@",
    ".com",
    " st",
    "may ",
    "PID|",
    "^",
    "one ",
    "-",
    ":",
    "\n",
    "the 1st ",
    "9 y",
    "x",
    "(",
    "#",
]


@given(st.lists(st.sampled_from(_PIECES), max_size=60).map("".join))
@settings(max_examples=150, deadline=None)
def test_text_made_of_triggers_gives_spans_of_the_text(text: str) -> None:
    for span in SCANNER.find(text):
        assert 0 <= span.start < span.end <= len(text)


@pytest.mark.parametrize(
    "piece",
    ["1", "1/", "a", "ab12 ", "a@", "1.1.1.", "mrn: ", "mrn 1 ", "one ", "ab:", "12 st ", "in may ", "a.jpg", "PID|1\n",
     "mrn|dob\n", "acct_", "the 1st ", "12 oak ", "http://a", "(", " at a dot ", "1 2 ", "a-1", "x*#", "漢1"],
)  # fmt: skip
def test_time_grows_with_the_length_alone(piece: str) -> None:
    short, long = piece * (20_000 // len(piece)), piece * (160_000 // len(piece))
    SCANNER.find(short)
    start = time.process_time()
    SCANNER.find(short)
    once = time.process_time() - start
    start = time.process_time()
    SCANNER.find(long)
    # eight times the text; three times that for a busy machine, where quadratic time would take sixty-four
    assert time.process_time() - start < 48 * once + 0.1


def test_one_line_of_ten_megabytes() -> None:
    text = "word " * 2_000_000 + NOTE
    assert [text[s.start : s.end] for s in SCANNER.find(text)][:1] == ["00718293"]


def test_threads_find_the_same() -> None:
    texts = [f"{NOTE} Room {i}, order # {i}8812, {i % 12 + 1}/14/2021" for i in range(200)]
    alone = [SCANNER.find(text) for text in texts]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(SCANNER.find, texts)) == alone


def test_it_loads_quickly() -> None:
    start = time.process_time()
    PatternScanner()
    assert time.process_time() - start < 1


def test_empty_text_has_nothing() -> None:
    assert SCANNER.find("") == []
