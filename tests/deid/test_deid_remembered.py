"""Texts that come again: the same findings as without a memory, no text in it, bounds that hold."""

import gc
import sys
import threading
from collections.abc import Iterator, Sequence

import deid_together
import pytest
from deid_together import KNOWN
from hypothesis import given, settings
from hypothesis import strategies as st

from osler.core.errors import GuardUnavailable
from osler.core.ports.detector import Detector, KnownIdentifier
from osler.core.spans import Label, Span
from osler.deid import Deidentifier
from osler.deid.config import DeidConfig
from osler.deid.patterns import PatternScanner
from osler.deid.remembered import LONGEST, SHORTEST, Remembered
from osler.deid.sequence.tagger import SmallTagger
from osler.deid.site import SiteProtocol
from osler.deid.titled import TitledNames

DETECTORS: tuple[Detector, ...] = (PatternScanner(), TitledNames(), SmallTagger())
ENGINE = Deidentifier(DETECTORS)
TEXTS = (
    *deid_together.TEXTS,
    "\ud800 lone halves, \U0001f600 and Señora Muñoz of 12 Rue d’Été came on 2024-02-03 \udfff",
)
NOTE = TEXTS[0]
SITE = SiteProtocol.of(DeidConfig.model_validate({"deny": [{"label": "OTHER_ID", "values": ["metformin"]}]}))


class Counting:
    """Detector that counts what it is shown, and finds the first letter."""

    name = "counting"

    def __init__(self, *, lasting: bool) -> None:
        self.lasting = lasting
        self.shown: list[str] = []
        self.fails = False

    def find(self, text: str) -> Iterator[Span]:
        self.shown.append(text)
        if self.fails:
            raise RuntimeError(text)
        yield Span(start=0, end=1, label=Label.OTHER_ID, score=0.9, detector=self.name)


def distinct(count: int) -> list[str]:
    return [f"Mrs. Quill number {i} was seen on 03/14/2024 by Dr. Okonjo." for i in range(count)]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.lists(st.sampled_from(TEXTS), max_size=5), st.booleans()), max_size=6),
    st.integers(1, 4),
)
def test_the_same_is_found_with_and_without_in_any_order(
    requests: Sequence[tuple[Sequence[str], bool]], remember: int
) -> None:
    """Texts are pushed out in between, since there is room for a few only."""
    for site in (None, SITE):
        plain = Deidentifier(DETECTORS, site=site)
        engine = Deidentifier(DETECTORS, site=site, remember=remember)
        for texts, of_record in requests:
            known = KNOWN if of_record else ()
            assert engine.detect(texts, known) == plain.detect(texts, known)


def test_texts_that_join_later_are_remembered_too() -> None:
    engine = Deidentifier(DETECTORS, remember=8)
    for _ in range(2):
        found = engine.detect_more(engine.detect(TEXTS[:3], KNOWN), TEXTS[3:])
        assert found == ENGINE.detect(TEXTS, KNOWN)


@pytest.mark.parametrize("known", [(), KNOWN])
def test_a_detector_whose_answers_last_is_asked_once(known: Sequence[KnownIdentifier]) -> None:
    lasting, passing = Counting(lasting=True), Counting(lasting=False)
    engine = Deidentifier([lasting, passing], remember=8)
    for _ in range(3):
        engine.detect((NOTE, NOTE, "short"), known)
    assert lasting.shown == [NOTE, "short", "short", "short"]
    assert passing.shown == [NOTE, NOTE, "short"] * 3


def test_one_that_stands_behind_a_passing_one_is_asked_each_time() -> None:
    lasting, passing = Counting(lasting=True), Counting(lasting=False)
    engine = Deidentifier([passing, lasting], remember=8)
    for _ in range(2):
        engine.detect((NOTE,))
    assert lasting.shown == passing.shown == [NOTE, NOTE]


def test_texts_of_another_realm_are_looked_at_anew() -> None:
    detector = Counting(lasting=True)
    engine = Deidentifier([detector], remember=8)
    for realm in ("ward", "clinic", "ward"):
        engine.detect((NOTE,), realm=realm)
    assert len(detector.shown) == 2


def test_an_engine_shares_with_no_other() -> None:
    """Neither one of another configuration nor one that another detector joined."""
    detector = Counting(lasting=True)
    engine = Deidentifier([detector], remember=8)
    for other in (engine, Deidentifier([detector], remember=8), engine.joined_by(Counting(lasting=True))):
        other.detect((NOTE,))
    assert len(detector.shown) == 3


def test_nothing_is_remembered_of_a_look_that_failed() -> None:
    detector = Counting(lasting=True)
    engine = Deidentifier([detector], remember=8)
    detector.fails = True
    for _ in range(2):
        with pytest.raises(GuardUnavailable):
            engine.detect((NOTE,))
    detector.fails = False
    engine.detect((NOTE,))
    assert len(detector.shown) == 3


def test_what_is_off_and_too_short_and_too_long_is_not_remembered() -> None:
    detector = Counting(lasting=True)
    for engine, text in (
        (Deidentifier([detector]), NOTE),
        (Deidentifier([detector], remember=8), "x" * (SHORTEST - 1)),
        (Deidentifier([detector], remember=8), "x" * (LONGEST + 1)),
    ):
        detector.shown.clear()
        for _ in range(2):
            engine.detect((text,))
        assert len(detector.shown) == 2


def test_it_holds_no_text() -> None:
    """Neither as text nor as bytes in any encoding, wherever one walks from it."""
    memory = Remembered(64)
    memory.of(TEXTS, "ward", lambda texts: [ENGINE.find(text) for text in texts])
    assert len(memory) == sum(len(text) >= SHORTEST for text in TEXTS)
    words = {word for text in TEXTS for word in text.split() if len(word) > 3}
    for thing in _reachable(memory):
        said = thing if isinstance(thing, str) else ""
        raw = thing if isinstance(thing, bytes | bytearray) else b""
        for word in words:
            assert word not in said
            assert word.encode("utf-8", "surrogatepass") not in raw
            assert word.encode("utf-16-le", "surrogatepass") not in raw


def _reachable(root: object) -> Iterator[object]:
    seen: dict[int, object] = {}
    left = [root]
    while left:
        thing = left.pop()
        if id(thing) in seen or isinstance(thing, type) or type(thing).__name__ == "module":
            continue
        seen[id(thing)] = thing
        left += gc.get_referents(thing)
    yield from seen.values()


def test_the_digest_says_nothing_without_the_key() -> None:
    keys = []
    for _ in range(2):
        memory = Remembered(4)
        memory.of((NOTE,), "", lambda texts: [()])
        keys.append(set(memory._kept))
    assert not keys[0] & keys[1]


def test_its_size_stays_within_its_bounds_over_many_texts() -> None:
    ask = [Span(start=i, end=i + 1, label=Label.NAME, score=0.9, detector="d") for i in range(30)]
    memory = Remembered(100, room=20_000)
    sizes = []
    for text in distinct(2000):
        memory.of((text,), "", lambda texts: [ask] * len(texts))
        sizes.append(sum(map(sys.getsizeof, (*memory._kept, *memory._kept.values()))))
    assert max(sizes) <= 20_000
    assert memory.size <= 20_000
    assert 10 < len(memory) <= 100
    few = Remembered(5)
    few.of(distinct(50), "", lambda texts: [ask] * len(texts))
    assert len(few) == 5


def test_the_one_that_was_met_longest_ago_goes_first() -> None:
    asked: list[str] = []

    def ask(texts: Sequence[str]) -> list[list[Span]]:
        asked.extend(texts)
        return [[] for _ in texts]

    memory = Remembered(2)
    first, second, third = distinct(3)
    for text in (first, second, first, third, first, second):
        memory.of((text,), "", ask)
    assert asked == [first, second, third, second]


def test_one_that_alone_is_larger_than_the_room_is_not_kept() -> None:
    ask = [Span(start=i, end=i + 1, label=Label.NAME, score=0.9, detector="d") for i in range(300)]
    memory = Remembered(4, room=2_000)
    assert memory.of((NOTE,), "", lambda texts: [ask]) == [ask]
    assert (len(memory), memory.size) == (0, 0)


def test_more_names_than_there_are_detectors_are_not_kept() -> None:
    memory = Remembered(1000)
    for i, text in enumerate(distinct(600)):
        span = Span(start=0, end=1, label=Label.NAME, score=0.9, detector=f"name {i}")
        memory.of((text,), "", lambda texts, span=span: [[span]])  # type: ignore[misc]
    assert len(memory) == len(memory._names) == 256


def test_threads_find_what_one_finds() -> None:
    engine = Deidentifier(DETECTORS, remember=3)
    wanted = [ENGINE.detect((text,)) for text in TEXTS]
    wrong: list[str] = []

    def work(shift: int) -> None:
        for i in range(60):
            at = (i * shift) % len(TEXTS)
            if engine.detect((TEXTS[at],)) != wanted[at]:
                wrong.append(TEXTS[at])

    threads = [threading.Thread(target=work, args=(shift,)) for shift in (1, 3, 5, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
