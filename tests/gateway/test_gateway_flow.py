"""Citation markers on a stream: any chunking gives the same text, and none that names nothing is shown."""

from hypothesis import given
from hypothesis import strategies as st

from osler.core.citations import Evidence
from osler.gateway.flow import MarkerFilter

EVIDENCE = tuple(
    Evidence(
        n=n, doc=f"d/{n}", title="t", quote="q", start=0, end=1, sha256="0" * 64, collection="guidelines"
    )
    for n in (1, 2, 3)
)
parts = st.sampled_from(
    [
        "Take ",
        "it",
        "[1]",
        " [2]",
        "[7]",
        " [99]",
        "[1, 2]",
        "[2-9]",
        "[NAME]",
        "[7](http://x)",
        "(",
        ")",
        "[",
        "]",
        " ",
        "\n",
        "1",
        ".",
    ]
)


def filtered(text: str, cuts: list[int]) -> str:
    markers, out, at = MarkerFilter(EVIDENCE), [], 0
    for cut in sorted({min(c, len(text)) for c in cuts}):
        out.append(markers.feed(text[at:cut]))
        at = cut
    return "".join([*out, markers.feed(text[at:]), markers.finish()])


@given(text=st.lists(parts, max_size=14).map("".join), cuts=st.lists(st.integers(0, 80), max_size=12))
def test_any_chunking_gives_the_same_text(text: str, cuts: list[int]) -> None:
    assert filtered(text, cuts) == filtered(text, [])
    assert filtered(text, list(range(len(text)))) == filtered(text, [])


def test_markers_that_name_nothing_are_left_out() -> None:
    assert filtered("Take it [1]. Stop [7]. Both [1][9].", []) == "Take it [1]. Stop. Both [1]."


@given(text=st.text(max_size=60), cuts=st.lists(st.integers(0, 60), max_size=6))
def test_other_text_passes_unchanged(text: str, cuts: list[int]) -> None:
    if "[" not in text:
        assert filtered(text, cuts) == text
