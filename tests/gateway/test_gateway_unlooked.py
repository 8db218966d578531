"""`[deid] engine = "off"`: nobody looks, so that everything counts as PHI and nothing may rest on having looked."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from osler.app.config import parse_text
from osler.app.configured import build_deidentifier, build_looking
from osler.app.rule_tests import run
from osler.core.errors import ConfigError

WARD = """
[destinations.ward]
url = "http://127.0.0.1:9/v1"
location = "on-premises"
models.m = { id = "m" }
"""
CLOUD = """
[destinations.cloud]
url = "https://llm.example.org/v1"
location = "public-cloud"
models.l = { id = "l" }
"""
OFF = '[deid]\nengine = "off"\n'
RULE = '[[rules]]\nname = "all"\nallow = ["*"]\ntransform = "none"\n'


def test_without_detectors_even_a_harmless_text_counts_as_phi() -> None:
    asked = """
[[tests]]
request = { text = "What is a half-life?", model = "auto" }
expect = { destination = ["ward"], transform = "none" }
[[tests]]
request = { text = "What is a half-life?", model = "cloud/l" }
expect = { refused = true }
"""
    config = parse_text(OFF + WARD + CLOUD + RULE + asked)
    today = datetime.now(UTC).date()
    assert run(config, build_deidentifier(config), today) == 2
    looked_at = parse_text((OFF + WARD + CLOUD + RULE + asked).replace('"off"', '"fast"'))
    with pytest.raises(ConfigError, match="expected a refusal"):
        run(looked_at, build_deidentifier(looked_at), today)


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ("", r"rules.*transform.*none"),
        ('[[rules]]\nname = "all"\nallow = ["*"]\ntransform = "surrogate"\n', r"transform.*must be 'none'"),
        (
            RULE + CLOUD + 'accepts = { deidentified = "safe-harbor", determination = "d.pdf", owner = "o", '
            "until = 2099-01-31 }\n",
            r"accepts.*cannot be",
        ),
    ],
)
def test_what_rests_on_detection_is_refused_at_load(more: str, place: str) -> None:
    with pytest.raises(ConfigError, match=place):
        parse_text(OFF + WARD + more)


@pytest.mark.parametrize(
    "more",
    ['extra_detectors = ["titles"]', 'allow = ["Mercy"]', 'keep = ["LOCATION"]', "options = { x = {} }"],
)
def test_what_would_have_no_effect_is_refused(more: str) -> None:
    with pytest.raises(ConfigError, match="has no effect"):
        parse_text(OFF + more + "\n" + WARD + RULE)


def test_de_identification_itself_is_refused(tmp_path: Path) -> None:
    config = parse_text(OFF + WARD + RULE)
    assert build_deidentifier(config).is_blind
    with pytest.raises(ConfigError, match="nothing would be found"):
        build_looking(config)
