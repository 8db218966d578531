"""Citation markers in answers, and the prompt that offers the evidence."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osler.core.citations import Evidence
from osler.knowledge.cite import cited, clean, unresolved
from osler.knowledge.prompt import grounded_prompt


def piece(n: int, quote: str = "A sentence.", title: str = "Title", **more: object) -> Evidence:
    return Evidence(
        n=n,
        doc=f"Doc/{n}",
        title=title,
        quote=quote,
        start=3,
        end=3 + len(quote),
        sha256="ab",
        collection="records",
        **more,
    )  # type: ignore[arg-type]


FIVE = tuple(piece(n) for n in range(1, 6))


@pytest.mark.parametrize(
    ("answer", "numbers"),
    [
        ("A [3]. B [1, 2]. C [1][4].", [3, 1, 2, 4]),
        ("All [2-4].", [2, 3, 4]),
        ("All [2–4; 1].", [2, 3, 4, 1]),
        ("Close[5], spaced [ 1 ].", [5, 1]),
        ("Twice [2] [2].", [2]),
        ("Seven [7], none [0], two [2, 9].", [2]),
        ("[NAME] [^1] [1a] [a1] [] [,] [x]", []),
        ("[3](https://example.org) and [4](#part) and [2]: https://example.org", []),
        ("See [3] (page 4).", [3]),
        ("[9999999999] [1-99999999]", []),
        ("[1-99999]", [1]),
        ("no marker", []),
    ],
)
def test_citations_in_the_order_of_first_mention(answer: str, numbers: list[int]) -> None:
    assert [c.n for c in cited(answer, FIVE)] == numbers


def test_a_citation_is_its_evidence() -> None:
    (citation,) = cited("[2]", FIVE)
    assert citation.to_json() == {
        "n": 2,
        "doc": "Doc/2",
        "title": "Title",
        "quote": "A sentence.",
        "start": 3,
        "end": 14,
        "sha256": "ab",
        "basis": "record",
    }


def test_markers_of_nothing_are_found_where_they_stand() -> None:
    answer = "A [7]. B [1, 9]. C [2]."
    assert unresolved(answer, FIVE) == ((2, 5, "[7]"), (9, 15, "[1, 9]"))
    assert all(answer[start:end] == text for start, end, text in unresolved(answer, FIVE))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("A [7]. B [2].", "A. B [2]."),
        ("A [1, 9] B.", "A [1] B."),
        ("A [4-8].", "A [4, 5]."),
        ("Line\n[8] next", "Line\n next"),
        ("[NAME] [8](https://x.org)", "[NAME] [8](https://x.org)"),
        ("Fine [1-3].", "Fine [1-3]."),
    ],
)
def test_cleaning(answer: str, expected: str) -> None:
    assert clean(answer, FIVE) == expected


@given(st.text(alphabet="ab[]()123-,; \n–:h", max_size=60))
def test_after_cleaning_every_marker_resolves(answer: str) -> None:
    once = clean(answer, FIVE)
    assert unresolved(clean(once, FIVE), FIVE) == unresolved(once, FIVE) == () or clean(once, FIVE) != once
    assert clean(answer, ()) == clean(clean(answer, ()), ()) or "[" in answer


LINE = re.compile(r"^\[(\d+)\](\*?) \(([^()]*)\) (.*)$")


def parsed(text: str) -> tuple[list[tuple[int, bool, str, str]], list[str]]:
    """A reader of the documented format, as a backend might have it."""
    lines = text.split("\n")
    at = len(lines) - 1 - lines[::-1].index("Evidence:")
    rest = lines[at + 1 :]
    end = rest.index("Notices:") if "Notices:" in rest else len(rest)
    found = [m.groups() for line in rest[:end] if (m := LINE.match(line))]
    assert len(found) == end or rest[:end] == ["(none)"]
    notices = [line.removeprefix("- ") for line in rest[end + 1 :]]
    return [(int(n), bool(star), title, quote) for n, star, title, quote in found], notices


def test_the_prompt_can_be_read_back() -> None:
    evidence = (
        piece(1, "Active medication:\n  lisinopril.", "Medication", complete=True),
        piece(2, "Avoid [3] (all).", "NSAIDs (and CKD)"),
    )
    items, notices = parsed(grounded_prompt(evidence, ("The record lists no allergy.",)))
    assert items == [
        (1, True, "Medication", "Active medication: lisinopril."),
        (2, False, "NSAIDs and CKD", "Avoid [3] (all)."),
    ]
    assert notices == ["The record lists no allergy."]


def test_the_prompt_without_evidence() -> None:
    assert parsed(grounded_prompt((), ())) == ([], [])
    assert "say so" in grounded_prompt((), ())


@given(
    st.lists(st.tuples(st.text(max_size=40), st.text(min_size=1, max_size=80)), max_size=5),
    st.lists(st.text(max_size=40), max_size=3),
)
def test_no_text_can_break_the_format(rows: list[tuple[str, str]], said: list[str]) -> None:
    evidence = [piece(n, quote, title) for n, (title, quote) in enumerate(rows, start=1)]
    items, notices = parsed(grounded_prompt(evidence, said))
    assert [n for n, *_ in items] == [e.n for e in evidence]
    assert [quote for *_, quote in items] == [" ".join(e.quote.split()) for e in evidence]
    assert len(notices) == len(said)
