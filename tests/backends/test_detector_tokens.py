"""Windows, sections, label schemes and spans of token classifiers: the parts that need no library."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from osler.backends.detectors.labels import outputs_of, scheme
from osler.backends.detectors.sections import encodable, sections
from osler.backends.detectors.token_spans import SURE, spans
from osler.backends.detectors.tokens import Tokens, windows
from osler.core.errors import ConfigError
from osler.core.spans import Label
from osler.deid.evidence import ACCEPT


@given(count=st.integers(1, 400), size=st.integers(2, 60), overlap=st.integers(0, 30))
def test_windows_decide_each_token_once_and_see_around_it(count: int, size: int, overlap: int) -> None:
    overlap = min(overlap, size // 2)
    plan = list(windows(count, size, overlap))
    assert [t for w in plan for t in range(w.own_start, w.own_end)] == list(range(count))
    for w in plan:
        assert w.start <= w.own_start <= w.own_end <= w.end <= count
        assert w.end - w.start == min(size, count)
        # what stands next to a deciding token is seen too, up to half of what windows share
        assert w.own_start == 0 or w.own_start - w.start >= overlap // 2
        assert w.own_end == count or w.end - w.own_end >= overlap // 2
    for one, following in pairwise(plan):
        assert one.end - following.start >= overlap


@given(text=st.text(alphabet="ab \n", max_size=300), most=st.integers(8, 60), overlap=st.integers(0, 30))
def test_sections_cover_the_text_and_overlap(text: str, most: int, overlap: int) -> None:
    overlap = min(overlap, most // 2)
    end = 0
    parts = list(sections(text, most, overlap))
    for at, part in parts:
        assert text[at : at + len(part)] == part
        assert len(part) <= most
        assert at <= end <= at + len(part)
        assert end - at <= overlap
        end = at + len(part)
    assert end == len(text)
    if overlap == 0:
        assert "".join(part for _, part in parts) == text


def test_sections_cut_between_words() -> None:
    text = "alpha beta gamma delta epsilon zeta"
    assert [part for _, part in sections(text, 16)] == ["alpha beta gamma", " delta epsilon", " zeta"]


@given(st.text())
def test_what_is_encodable_keeps_its_length(text: str) -> None:
    made = encodable(text + "\ud83d")
    assert len(made) == len(text) + 1
    made.encode()


O, B, I, L, U = "O", "B-PER", "I-PER", "L-PER", "U-PER"  # noqa: E741


@pytest.mark.parametrize(
    ("outputs", "given_", "kinds", "columns"),
    [
        ((O, B, I), {"PER": Label.NAME}, (Label.NAME,), (0, 1, 1)),
        ((O, B, I, L, U), {"PER": Label.NAME}, (Label.NAME,), (0, 1, 1, 1, 1)),
        (("S-LOC", "E-LOC", O), {"LOC": Label.LOCATION}, (Label.LOCATION,), (1, 1, 0)),
        (("name", "Mrn", O), {}, (Label.MRN, Label.NAME), (2, 1, 0)),
        (("B-NAME", "I-NAME", "X"), {"X": "O"}, (Label.NAME,), (1, 1, 0)),
        (("DATE", "NAME", O), {"DATE": "O"}, (Label.NAME,), (0, 1, 0)),
        (("B-PER", "B-DOC", O), {"PER": Label.NAME, "DOC": Label.NAME}, (Label.NAME,), (1, 1, 0)),
        (("S-NUMBER", O), {"S-NUMBER": Label.OTHER_ID}, (Label.OTHER_ID,), (1, 0)),
    ],
)
def test_model_labels_become_ours(outputs, given_, kinds, columns) -> None:
    made = scheme("x", outputs, given_)
    assert made.kinds == kinds
    assert tuple(made.table.argmax(axis=1)) == columns
    assert (made.table.sum(axis=1) == 1).all()


def test_prefixes_say_where_an_entity_begins() -> None:
    made = scheme("x", (O, B, I, L, U, "S-PER", "E-PER"), {"PER": Label.NAME})
    assert made.begins.tolist() == [False, True, False, False, True, True, False]


@pytest.mark.parametrize(
    ("outputs", "given_", "said"),
    [
        ((O, B, "B-ORG", "I-ORG"), {"PER": Label.NAME}, "leaves out labels of the model: ORG"),
        ((O, B), {"PER": Label.NAME, "LOC": Label.LOCATION}, "the model does not have: LOC"),
        ((O, B), {"PER": "O"}, "could find nothing"),
        (("LABEL_0", "LABEL_1"), {}, "LABEL_0, LABEL_1"),
    ],
)
def test_labels_that_nobody_maps_are_refused(outputs, given_, said) -> None:
    with pytest.raises(ConfigError, match=said):
        scheme("x", outputs, given_)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"id2label": {}},
        {"id2label": {"0": "O", "2": "X"}},
        {"id2label": {"a": "O"}},
        {"id2label": ["O"]},
        {"id2label": {"0": 1}},
    ],
)
def test_a_config_that_names_no_labels_is_refused(settings) -> None:
    with pytest.raises(ConfigError, match="names no labels"):
        outputs_of("x", settings)
    assert outputs_of("x", {"id2label": {"1": "B-X", "0": "O"}}) == ("O", "B-X")


KINDS = (Label.DATE, Label.NAME)


def read(
    text: str, pieces: str, thought: list[tuple[float, float]], begins: str = "", threshold: float = 0.2
):
    """Spans of `text`, whose tokens are the |-separated `pieces`; `thought` has (DATE, NAME) for each."""
    starts, ends, at = [], [], 0
    for piece in pieces.split("|"):
        at = text.index(piece, at)
        starts.append(at)
        at += len(piece)
        ends.append(at)
    tokens = Tokens(ids=np.arange(len(starts)), starts=np.array(starts), ends=np.array(ends))
    probabilities = np.array([[1 - d - n, d, n] for d, n in thought], dtype=np.float32)
    flags = np.array([begins[n : n + 1] == "B" for n in range(len(starts))])
    found = spans(text, tokens, probabilities, flags, KINDS, threshold=threshold, detector="x")
    return [(text[s.start : s.end], s.label.value, round(s.score, 2)) for s in found]


def test_sure_is_where_the_engine_accepts() -> None:
    assert SURE == ACCEPT


@pytest.mark.parametrize(
    ("text", "pieces", "thought", "begins", "expected"),
    [
        # half a word gives the word away; its surest token counts
        (
            "seen Vandersloot today",
            "seen|Vander|sloot|today",
            [(0, 0), (0, 0.9), (0, 0.1), (0, 0)],
            "",
            [("Vandersloot", "NAME", 0.9)],
        ),
        (
            "seen Vandersloot today",
            "seen|Vander|sloot|today",
            [(0, 0), (0, 0.1), (0, 0.9), (0, 0)],
            "",
            [("Vandersloot", "NAME", 0.9)],
        ),
        # words of one kind in a row are one span, with the mean of their scores
        ("Ann  Lee", "Ann|Lee", [(0, 0.9), (0, 0.7)], "B", [("Ann  Lee", "NAME", 0.8)]),
        # unless another begins
        ("Ann Lee", "Ann|Lee", [(0, 0.9), (0, 0.7)], "BB", [("Ann", "NAME", 0.9), ("Lee", "NAME", 0.7)]),
        # or it is of another kind
        (
            "Ann 3/14",
            "Ann|3|/|14",
            [(0, 0.9), (0.8, 0), (0.8, 0), (0.8, 0)],
            "",
            [("Ann", "NAME", 0.9), ("3/14", "DATE", 0.8)],
        ),
        # the sure are not sunk by the doubtful, nor these lifted
        ("Ann Lee", "Ann|Lee", [(0, 0.9), (0, 0.25)], "B", [("Ann", "NAME", 0.9), ("Lee", "NAME", 0.25)]),
        # the kinds' masses add up: it is an identifier, whichever
        ("May", "May", [(0.3, 0.35)], "", [("May", "NAME", 0.65)]),
        # blanks inside of a token, as some tokenizers have them, stay outside
        ("to Ann now", " Ann ", [(0, 0.9)], "", [("Ann", "NAME", 0.9)]),
        # decomposed letters belong to their word
        ("Zoe\u0308 x", "Zoe|\u0308|x", [(0, 0.9), (0, 0), (0, 0)], "", [("Zoe\u0308", "NAME", 0.9)]),
        # scripts without blanks: each token for itself
        ("王小明さん", "王|小明|さん", [(0, 0.9), (0, 0.8), (0, 0)], "", [("王小明", "NAME", 0.85)]),
        # below the threshold, and nothing
        ("Ann", "Ann", [(0, 0.19)], "", []),
    ],
)
def test_spans_are_whole_words(text, pieces, thought, begins, expected) -> None:
    assert read(text, pieces, thought, begins) == expected


def test_tokens_that_share_a_character_and_tokens_of_nothing() -> None:
    text = "a\U0001f9d1 b"
    tokens = Tokens(ids=np.arange(5), starts=np.array([0, 1, 1, 2, 3]), ends=np.array([1, 2, 2, 2, 4]))
    probabilities = np.array([[1, 0, 0], [0.1, 0, 0.9], [1, 0, 0], [0, 0, 1], [1, 0, 0]], dtype=np.float32)
    found = spans(text, tokens, probabilities, np.zeros(5, dtype=bool), KINDS, threshold=0.2, detector="x")
    assert [(s.start, s.end) for s in found] == [(1, 2)]


def test_a_run_of_data_is_not_one_word() -> None:
    text = "a" * 100_000
    starts = np.arange(0, 100_000, 4)
    tokens = Tokens(ids=starts, starts=starts, ends=starts + 4)
    probabilities = np.zeros((25_000, 3), dtype=np.float32)
    probabilities[:, 0] = 1
    probabilities[5] = (0, 0, 1)
    found = spans(
        text, tokens, probabilities, np.zeros(25_000, dtype=bool), KINDS, threshold=0.2, detector="x"
    )
    assert len(found) == 1
    assert found[0].end - found[0].start <= 132
