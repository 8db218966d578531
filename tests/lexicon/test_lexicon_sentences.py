"""Sentence spans of clinical text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osler.lexicon.sentences import split

# Each case is its sentences; they are joined by a blank unless they bring their own line break.
SENTENCES = [
    ["Seen by Dr. Smith today.", "He is well."],
    ["Mrs. A. B. Jones came.", "John F. Smith did not."],
    ["Use e.g. aspirin, i.e. an antiplatelet.", "Then stop."],
    ["Drug vs. placebo, approx. 5 mg.", "No difference."],
    ["Take 0.5 mg. b.i.d. with food.", "Then stop."],
    ["Take 1 tab. PO q.d. for 5 days.", "Review."],
    ["Give q.4.h. as needed.", "Stop at 5 p.m.", "The ward is quiet."],
    ["pt stable.", "denies pain.", "no fever."],
    ["K 4.2.", "pH 7.4.", "On 3.4.2021 he left.", "BP 120/80.", "normal."],
    ["Ratio 1:2.", "titre 1:160."],
    ["See bed No. 5 first.", "Smoker: No.", "Drinks: no."],
    ["Vitamin C.", "She took it.", "E. coli grew.", "Hepatitis B.", "He knew."],
    ["? PE.", "Is it so?", "Yes!", "Good."],
    ["Improved.[1]", "Again. [2, 3]", "See Fig. 2 (not shown.)", "End."],
    ["Pain better... still sore.", "Fine."],
    ['He said "stop."', "We did."],
    ["Plan: 1. Start aspirin.", "2. Stop ibuprofen."],
    ["The U.S. guideline says so.", "We agree."],
    ["one", "\n\ntwo"],
    ["# Dr. Foo's heading. And more", "\nText here."],
    ["- aspirin 81 mg", "\n- metformin 500 mg", "\n* stop"],
    ["lisinopril 10 mg daily", "\nmetformin 500 mg bid"],
    ["ASSESSMENT:", "\nStable.", "No change."],
    ["1. First thing", "\r\n2. Second thing"],
    ["This line of prose is long enough to have been wrapped by a machine and\nruns on here.", "End."],
    ["This long line of prose ends with the title of a person whose name is Dr.\nSmith, who left.", "End."],
    [
        "This long line of a list holds one whole entry which is not ended by a stop",
        "\n- and this is another",
    ],
    [
        "amlodipine 5 mg tablet, take one tablet by mouth every day for the pressure",
        "\nmetformin 500 mg tablet",
    ],
    ["Potassium was 4.8 and the pressure was 132/78 on lisinopril 20 mg and\namlodipine 5 mg.", "No edema."],
    ["He had finished a week of clarithromycin for his sinusitis on\n2/16; his INR was 2.2.", "Fine."],
    ["A slow decline of the filtration rate over these three years of about\n1 per year.", "Stable."],
    ["| a | b |", "\n| c | d |"],
]


@pytest.mark.parametrize("sentences", SENTENCES, ids=lambda sentences: sentences[0][:30])
def test_split(sentences: list[str]) -> None:
    text = sentences[0] + "".join(s if s[0].isspace() else " " + s for s in sentences[1:])
    assert [text[start:end] for start, end in split(text)] == [sentence.strip() for sentence in sentences]


def test_a_missing_blank_is_forgiven() -> None:
    text = "Had pain.Denies fever. See www.example.com for v1.2.3."
    assert [text[a:b] for a, b in split(text)] == [
        "Had pain.",
        "Denies fever.",
        "See www.example.com for v1.2.3.",
    ]


@pytest.mark.parametrize("text", ["", " ", "\n \t\r\n"])
def test_blank_text_has_no_sentences(text: str) -> None:
    assert split(text) == ()


def test_offsets_are_code_points() -> None:
    text = "𝛼 is up. é is down."
    assert [text[a:b] for a, b in split(text)] == ["𝛼 is up.", "é is down."]


_CLINICAL = st.lists(
    st.sampled_from(
        ["Dr", "mg", "No", "e.g", "5", "7.4", "a", "B", "pain", ".", ". ", "?", "!", "...", "\n", "\r\n", " ", "#", "- ",
         "1.", "[1]", ")", "\"", "(", "é", "\u2028", "\x85", "\t", "long words that fill up the whole line, and more"]
    )
).map("".join)  # fmt: skip


@given(st.one_of(st.text(), _CLINICAL))
def test_spans_hold_everything_in_order(text: str) -> None:
    end = 0
    for start, stop in split(text):
        assert text[end:start].strip() == ""
        assert start < stop
        assert text[start:stop] == text[start:stop].strip()
        end = stop
    assert text[end:].strip() == ""


@pytest.mark.parametrize(
    "unit", [".", "A. ", "a", " ", "(\"'", "1.", ". ", "[1]", "? ?", ".'", "\n", "x\n", "Dr. ", ".\t"]
)
def test_monstrous_text_is_split_in_linear_time(unit: str) -> None:
    # A quadratic search would run into the test's time limit.
    split(unit * 100_000 + "x")
