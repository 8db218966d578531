"""Where a table looks for surrogates: nowhere too few, whatever stands around them."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from osler.deid.restore import StreamRestorer, Table
from osler.deid.tokens import fold

SURROGATES = (
    "Thornbury", "o'neil", "José", "Éva", "(212) 555-0101", "212-555-0101", "4471", "00a12", "http://e.org/a",
    "March 3, 2150", "94-year-old", "aged 94", "#12", " x7",
)  # fmt: skip
PIECES = (
    *SURROGATES, "2150-03-04", "3/4/2150", "04-03-2151", "4 March 2150", "march 4th, 2150", "Sept. 3, 2150",
    "2024-03-04", "4-May-2150", "May", "ma", "é", "'s", " ", ". ", "(", "7", "a", "-", "2150", "\n", "THORNBURY",
)  # fmt: skip


def table_of(surrogates: Sequence[str], *, dated: bool) -> Table:
    table = Table()
    for number, surrogate in enumerate(surrogates):
        if number % 3:
            table.claim(surrogate, f"<{number}>")
        else:
            table.also(surrogate, f"<{number}>")
    table.claim("Zyx", "<z>")
    if dated:
        table.shifted(7 * 6000, range(2100, 2200))
    return table


def restored_from_everywhere(table: Table, text: str) -> str:
    """As `restore`, but it tries every single place."""
    folded, out, at = fold(text), [], 0
    while at < len(text):
        found = table.match(text, folded, at)
        out.append(found[1] if found else text[at])
        at = found[0] if found else at + 1
    return "".join(out)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from(SURROGATES), max_size=6, unique=True),
    st.lists(st.sampled_from(PIECES), max_size=10),
    st.booleans(),
    st.integers(1, 7),
)
def test_no_place_is_passed_over(surrogates: list[str], pieces: list[str], dated: bool, step: int) -> None:
    table, text = table_of(surrogates, dated=dated), "".join(pieces)
    wanted = restored_from_everywhere(table, text)
    assert table.restore(text) == wanted
    stream = StreamRestorer(table)
    parts = [stream.feed(text[i : i + step]) for i in range(0, len(text), step)]
    assert "".join((*parts, stream.finish())) == wanted


@given(
    st.lists(st.sampled_from((*SURROGATES, "1a", "x-ray", "_q")), min_size=1, max_size=5),
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=40),
    st.booleans(),
    st.integers(0, 40),
)
@settings(max_examples=60, deadline=None)
def test_a_long_text_has_the_places_of_a_short_one(
    surrogates: list[str], pieces: list[str], dated: bool, start: int
) -> None:
    text = fold("".join(pieces)).encode("ascii", "ignore").decode()
    long = " ".join([text] * (1200 // (len(text) + 1) + 1))
    places = table_of(surrogates, dated=dated).first
    one_by_one, at = [], places.next(long, start)
    while at >= 0:
        one_by_one.append(at)
        at = places.next(long, at + 1)
    assert list(places.of(long, start)) == one_by_one
