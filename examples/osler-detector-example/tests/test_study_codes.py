"""The detector against its port's contract, and against a table of cases."""

import pytest
from osler_detector_example.study_codes import StudyCodes

from osler.core.errors import ConfigError
from osler.testing import check_detector


def test_it_keeps_the_contract() -> None:
    check_detector(StudyCodes(prefix="ABC"))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("enrolled as ABC-1234 today", [("ABC-1234", 0.97)]),
        ("\U0001f9d1 ABC-5500, ABC-1235.", [("ABC-5500", 0.97), ("ABC-1235", 0.4)]),
        ("XABC-1234 ABC-12345 ABC-123 abc-1234", []),
    ],
)
def test_cases(text: str, found: list[tuple[str, float]]) -> None:
    assert [(text[s.start : s.end], s.score) for s in StudyCodes(prefix="ABC").find(text)] == found


@pytest.mark.parametrize(("prefix", "digits"), [("", 4), ("A-", 4), ("ABC", 0), ("ABC", 99)])
def test_options_that_make_no_sense_are_refused(prefix: str, digits: int) -> None:
    with pytest.raises(ConfigError):
        StudyCodes(prefix=prefix, digits=digits)
