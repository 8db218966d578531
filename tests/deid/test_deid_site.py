"""A site's own protocol: what it lets through, what it takes, and what it may not say."""

import pytest
from pydantic import ValidationError

from osler.core.errors import ConfigError
from osler.core.ports.detector import KnownIdentifier
from osler.core.spans import Label
from osler.deid import Deidentifier
from osler.deid.config import DeidConfig
from osler.deid.site import SiteProtocol


def engine(**table: object) -> Deidentifier:
    return Deidentifier.load(fast=True, site=SiteProtocol.of(DeidConfig.model_validate(table)))


def found(text: str, made: Deidentifier, known: tuple[KnownIdentifier, ...] = ()) -> list[tuple[str, str]]:
    return [(s.label.value, text[s.start : s.end]) for s in made.find(text, known)]


def test_a_denied_text_is_taken_in_any_case_and_only_whole() -> None:
    made = engine(deny=[{"label": "LOCATION", "values": ["Unit Oak"]}])
    assert ("LOCATION", "unit oak") in found("moved to unit oak, as unit oaken doors are", made)
    assert "unit oak" not in [value for _, value in found("as unit oaken doors are", made)]


def test_an_allowed_text_stays_unless_it_is_known() -> None:
    text = "Seen by Dr. Maria Lopez today."
    assert found(text, engine(allow=["maria lopez"])) == []
    known = (KnownIdentifier(label=Label.NAME, value="Maria Lopez"),)
    assert found(text, engine(allow=["maria lopez"]), known) == [("NAME", "Maria Lopez")]


def test_a_kept_label_stays() -> None:
    text = "Call 555-867-5309 on 03/14/2021."
    assert ("DATE", "03/14/2021") in found(text, engine())
    assert [label for label, _ in found(text, engine(keep=["DATE"]))] == ["PHONE"]


def test_a_pattern_of_the_site_names_itself_as_the_detector() -> None:
    config = DeidConfig.model_validate(
        {"patterns": [{"name": "trial", "label": "OTHER_ID", "expression": r"ÖSL-\d{4}"}]}
    )
    made = Deidentifier([], site=SiteProtocol.of(config))
    (span,) = made.find("é ÖSL-1234 seen")
    assert (span.start, span.end, span.label, span.detector) == (2, 10, Label.OTHER_ID, "site:trial")


@pytest.mark.parametrize("expression", ["(", r"(?=a)b", r"(a)\1", "a*"])
def test_a_pattern_that_cannot_serve_is_refused_by_its_place(expression: str) -> None:
    config = DeidConfig.model_validate(
        {"patterns": [{"name": "x", "label": "OTHER_ID", "expression": expression}]}
    )
    with pytest.raises(ConfigError, match=r"deid\.patterns\[0\]"):
        SiteProtocol.of(config)


@pytest.mark.parametrize(
    "table", [{"keep": ["NAMES"]}, {"allow": [""]}, {"deny": [{"label": "NAME"}]}, {"allows": []}]
)
def test_a_table_that_is_wrong_is_refused(table: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        DeidConfig.model_validate(table)
