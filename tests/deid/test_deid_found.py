"""What was found once is not looked for twice: texts that join later, and a replacer that is told what was found."""

import random
from collections.abc import Iterator, Sequence

import pytest
from deid_together import KNOWN, TEXTS
from hypothesis import given, settings
from hypothesis import strategies as st

from osler.core.ports.detector import KnownIdentifier
from osler.core.spans import Label, Span
from osler.deid import Deidentifier, Replacer
from osler.deid.known import KnownFinder
from osler.deid.patterns import PatternScanner
from osler.deid.replace import Transform
from osler.deid.titled import TitledNames

ENGINE = Deidentifier.load()
SCANNER, TITLES = PatternScanner(), TitledNames()


class Reader:
    """Detector that remembers which texts it was shown."""

    name = "reader"

    def __init__(self) -> None:
        self.shown: list[str] = []

    def find(self, text: str) -> Iterator[Span]:
        self.shown.append(text)
        return iter(())


def read_by(reader: Reader) -> Deidentifier:
    return Deidentifier([SCANNER, TITLES, reader])


@settings(max_examples=25, deadline=None)
@given(st.permutations(TEXTS), st.integers(0, len(TEXTS)), st.integers(0, len(TEXTS)), st.booleans())
def test_texts_that_join_later_are_found_as_if_they_had_been_there(
    texts: Sequence[str], first: int, second: int, of_record: bool
) -> None:
    known = KNOWN if of_record else ()
    low, high = sorted((first, second))
    found = ENGINE.detect(texts[:low], known)
    found = ENGINE.detect_more(ENGINE.detect_more(found, texts[low:high]), texts[high:])
    assert found == ENGINE.detect(texts, known)
    assert found.spans == ENGINE.find_all(texts, known)


def test_a_name_is_found_both_ways() -> None:
    told = ENGINE.detect(["Quillfeather is worse."])
    more = ENGINE.detect_more(told, ["Seen: Mrs. Quillfeather of ward 3."])
    assert [s.label for s in more.spans[0]] == [Label.NAME]
    assert more.spans[0][0].end == len("Quillfeather")


def test_detectors_see_each_text_once() -> None:
    reader = Reader()
    engine = read_by(reader)
    found = engine.detect(TEXTS[:3])
    Replacer(engine).apply(TEXTS, found=found)
    assert reader.shown == list(TEXTS)


@pytest.mark.parametrize("transform", ["surrogate", "redact", "safe-harbor"])
@pytest.mark.parametrize("count", [0, 1, 4, len(TEXTS)])
def test_what_is_replaced_does_not_depend_on_what_was_found_before(transform: Transform, count: int) -> None:
    told, plain = (Replacer(ENGINE, known=KNOWN, transform=transform, rng=random.Random(3)) for _ in range(2))
    new = told.apply(TEXTS, found=ENGINE.detect(TEXTS[:count], KNOWN))
    assert new == plain.apply(TEXTS)
    assert told.spans == plain.spans
    assert not told.leaks(new)
    if transform == "surrogate":
        assert tuple(map(told.restore, new)) == TEXTS


def test_nothing_is_looked_at_again_where_nothing_is_replaced() -> None:
    reader = Reader()
    engine = read_by(reader)
    found = engine.detect(TEXTS[:2])
    replacer = Replacer(engine, transform="none")
    assert replacer.apply(TEXTS, found=found) == TEXTS
    assert reader.shown == list(TEXTS[:2])
    assert replacer.spans == (*found.spans, *(() for _ in TEXTS[2:]))


@pytest.mark.parametrize(
    ("looked_at", "known"), [(("Something else.", TEXTS[1]), KNOWN), (TEXTS[:2], ()), ((*TEXTS, ""), KNOWN)]
)
def test_what_was_found_elsewhere_is_not_used(
    looked_at: tuple[str, ...], known: tuple[KnownIdentifier, ...]
) -> None:
    reader = Reader()
    engine = read_by(reader)
    Replacer(engine, known=KNOWN).apply(TEXTS, found=engine.detect(looked_at, known))
    assert reader.shown == [*looked_at, *TEXTS]


def test_what_was_found_shows_no_text() -> None:
    assert "Quillfeather" not in repr(ENGINE.detect(TEXTS, KNOWN))


@pytest.mark.parametrize("text", ["a \u0301 b 00482913", "\u0301", "\u0301 Ashdown"])
def test_a_combining_mark_alone_is_no_word(text: str) -> None:
    odd = KnownIdentifier(label=Label.NAME, value="\u0301 Ashdown")
    found = list(KnownFinder((*KNOWN, odd)).find(text))
    assert len(found) == len([w for w in text.split() if w.isalnum() and len(w) > 1])
