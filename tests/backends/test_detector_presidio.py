"""The detector `presidio` over recognizers made here, which have the form of Presidio's; tests/nightly has the real ones."""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from osler.backends.detectors.presidio import PresidioDetector, PresidioOptions
from osler.core.errors import ConfigError, GuardUnavailable
from osler.core.spans import Label
from osler.testing import check_detector


@dataclass
class Result:
    entity_type: str
    start: int
    end: int
    score: float


@dataclass
class Recognizer:
    """Finds a pattern; takes `pause_s` over it. `texts` is what it was given."""

    entity: str
    pattern: str
    score: float = 0.5
    pause_s: float = 0.0
    texts: list[str] = field(default_factory=list)

    @property
    def supported_entities(self) -> list[str]:
        return [self.entity]

    def analyze(self, text: str, entities: Sequence[str], nlp_artifacts: None) -> list[Result]:
        assert nlp_artifacts is None
        self.texts.append(text)
        time.sleep(self.pause_s)
        if self.entity not in entities:
            return []
        return [Result(self.entity, m.start(), m.end(), self.score) for m in re.finditer(self.pattern, text)]


def made(*recognizers: Recognizer, patience_s: float = 60.0, **options: object) -> PresidioDetector:
    chosen = PresidioOptions.model_validate({"recognizers": ("Own",), **options})
    return PresidioDetector(recognizers, chosen, patience_s=patience_s)


def test_it_keeps_the_contract_of_its_port() -> None:
    check_detector(made(Recognizer("US_SSN", r"\d{3}"), Recognizer("URL", r"\S+://\S+")))


def test_entities_become_labels_and_scores_are_passed_through() -> None:
    detector = made(
        Recognizer("US_SSN", r"\d{3}-\d\d-\d{4}", 0.85),
        Recognizer("ZIP", r"\b\d{5}\b", 0.3),
        entities={"ZIP": Label.LOCATION},
    )
    assert [(s.label, s.score, s.start, s.end) for s in detector.find("900-27-6614 in 62701")] == [
        (Label.SSN, 0.85, 0, 11),
        (Label.LOCATION, 0.3, 15, 20),
    ]


def test_what_the_threshold_or_the_map_leaves_out_is_not_found() -> None:
    assert made(Recognizer("US_SSN", r"\d+", 0.05)).find("12") == []
    detector = made(Recognizer("US_SSN", r"\d+"), Recognizer("URL", r"http\S+"), entities={"URL": "O"})
    assert [s.label for s in detector.find("12 http://a")] == [Label.SSN]


@pytest.mark.parametrize(
    ("recognizers", "options", "said"),
    [
        ((Recognizer("ZIP", "x"),), {}, "leaves out what it finds: ZIP"),
        ((Recognizer("US_SSN", "x"),), {"entities": {"US_SNS": Label.SSN}}, "no recognizer finds.*US_SNS"),
        ((Recognizer("US_SSN", "x"),), {"entities": {"US_SSN": "O"}}, "leave nothing to find"),
    ],
)
def test_entities_that_nobody_maps_or_finds_are_refused(recognizers, options, said) -> None:
    with pytest.raises(ConfigError, match=said):
        made(*recognizers, **options)


def test_a_pattern_that_presidio_gave_up_on_lets_nothing_through() -> None:
    slow = Recognizer("US_SSN", r"\d+")
    detector = made(slow, patience_s=0.05)
    assert detector.find("12")
    slow.pause_s = 0.06
    with pytest.raises(GuardUnavailable, match="gave up on a text") as caught:
        detector.find("12 Zythar")
    assert "Zythar" not in str(caught.value)


def test_a_long_text_goes_in_pieces_that_overlap() -> None:
    text = " ".join(f"word {n:05d}" for n in range(9000))
    recognizer = Recognizer("US_SSN", r"\b\d{5}\b")
    spans = made(recognizer).find(text)
    assert [text[s.start : s.end] for s in spans] == [f"{n:05d}" for n in range(9000)]
    assert max(map(len, recognizer.texts)) <= 20_000
