"""Spans on weak evidence, doubts that were left, and what a site's protocol lets through."""

from collections.abc import Iterator, Sequence

import pytest

from osler.core.spans import Label, Span
from osler.deid import Deidentifier
from osler.deid.config import DeidConfig
from osler.deid.site import SiteProtocol

TEXT = "Seen by Ann Whitfield, room 4471, ext 88, Mercy Hall."


class Fixed:
    """A detector that says what it is told to."""

    def __init__(self, name: str, *said: tuple[str, Label, float]) -> None:
        self.name, self._said = name, said

    def find(self, text: str) -> Iterator[Span]:
        for word, label, score in self._said:
            at = text.find(word)
            if at >= 0:
                yield Span(start=at, end=at + len(word), label=label, score=score, detector=self.name)


def found(detectors: Sequence[Fixed], **site: object) -> tuple[list[tuple[str, str]], list[str], list[str]]:
    protocol = SiteProtocol.of(DeidConfig.model_validate(site))
    engine = Deidentifier(detectors, site=protocol)
    (weighed,) = engine.weigh_many([TEXT])
    assert weighed.spans == engine.find(TEXT)
    queue = [(TEXT[s.start : s.end], why) for s, why in weighed.uncertain(below=0.7, above=0.3)]
    return (
        queue,
        [TEXT[s.start : s.end] for s in weighed.spans],
        [TEXT[s.start : s.end] for s in weighed.let_through],
    )


@pytest.mark.parametrize(
    ("score", "why"),
    [(0.95, None), (0.7, None), (0.69, "score"), (0.45, "score"), (0.44, "left"), (0.3, "left"), (0.2, None)],
)
def test_score_decides_what_is_uncertain(score: float, why: str | None) -> None:
    queue, taken, _ = found([Fixed("one", ("4471", Label.OTHER_ID, score))])
    assert queue == ([] if why is None else [("4471", why)])
    assert bool(taken) is (score >= 0.45)


def test_doubts_that_add_up_are_uncertain_whatever_the_sum() -> None:
    three = [Fixed(name, ("88", Label.PHONE, 0.4)) for name in ("one", "two", "three")]
    queue, taken, _ = found(three)
    assert queue == [("88", "joined")]
    assert taken == ["88"]


def test_a_doubt_beneath_a_sure_span_is_nothing() -> None:
    queue, taken, _ = found(
        [Fixed("one", ("Ann Whitfield", Label.NAME, 0.95)), Fixed("two", ("Whitfield", Label.NAME, 0.4))]
    )
    assert queue == []
    assert taken == ["Ann Whitfield"]


def test_what_the_site_lets_through_is_told_and_is_no_doubt() -> None:
    one = Fixed(
        "one", ("Mercy Hall", Label.LOCATION, 0.9), ("88", Label.PHONE, 0.9), ("4471", Label.PHONE, 0.4)
    )
    queue, taken, through = found([one], allow=["mercy hall"], keep=["PHONE"])
    assert (queue, taken) == ([], [])
    assert through == ["88", "Mercy Hall"]


def test_what_is_taken_all_the_same_was_not_let_through() -> None:
    both = [Fixed("one", ("Mercy Hall", Label.LOCATION, 0.9)), Fixed("two", ("Mercy Hall", Label.NAME, 0.8))]
    _, taken, through = found(both, keep=["NAME"])
    assert taken == ["Mercy Hall"]
    assert through == []
