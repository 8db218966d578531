"""A package of a third party: found by its entry points, and each way to name it wrongly is told with its place."""

import re
from pathlib import Path

import pytest

from osler.app import config as configuration
from osler.app.configured import build_deidentifier, check_parts
from osler.core.errors import ConfigError, PluginError

MODULE = """
class Detector:
    name = "badge"
    def __init__(self, *, prefix: str, digits: int = 4, share: float | None = None, strict: bool = True) -> None:
        if prefix == "boom":
            raise ValueError("Zythar Quillon")
    def find(self, text):
        return ()

class Plain:
    name = "plain"
    def find(self, text):
        return ()

class Bare:
    pass

class Impostor(Plain):
    name = "tagger"

class Nameless(Plain):
    name = 7

class Dumb(Plain):
    find = ()

class Listed(Plain):
    name = "listed"
    def __init__(self, *, words: list[str] = (), table: "dict[str, int] | None" = None, of: object = 1) -> None: ...

class Quitter:
    def __init__(self) -> None:
        raise SystemExit("Zythar Quillon")

def given_class():
    return Plain

constant = 7

class Partless:
    name = "partless"
    parts = "answer"
    def check(self, statement):
        return ()

class Check:
    name = "dose"
    parts = ("sentence",)
    def __init__(self, limit: "int" = 5, of: "Unknown" = None) -> None: ...
    def check(self, statement):
        return ()

class Backend:
    def __init__(self, *, suffix: str = "") -> None: ...
    def complete(self, call, *, stream): ...
    async def probe(self): ...
    async def aclose(self): ...
"""
ENTRY_POINTS = """
[osler.detectors]
badge = osler_ward_plugins:Detector
plain = osler_ward_plugins:Plain
bare = osler_ward_plugins:Bare
gone = osler_ward_nowhere:Detector
absent = osler_ward_plugins:Absent
broken = osler_ward_broken:Detector
impostor = osler_ward_plugins:Impostor
nameless = osler_ward_plugins:Nameless
dumb = osler_ward_plugins:Dumb
listed = osler_ward_plugins:Listed
quitter = osler_ward_plugins:Quitter
class = osler_ward_plugins:given_class
constant = osler_ward_plugins:constant
twice = osler_ward_plugins:Plain
[osler.checks]
dose = osler_ward_plugins:Check
partless = osler_ward_plugins:Partless
[osler.backends]
shout = osler_ward_plugins:Backend
"""
SHOUT = 'destinations.x = {{ use = "{}", location = "on-premises", models.m = {{ id = "m" }}, {} }}'


@pytest.fixture(autouse=True)
def ward(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package, as pip would install it, on the path of this test."""
    site = tmp_path / "site"
    info = site / "osler_ward-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: osler-ward\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    (site / "osler_ward_plugins.py").write_text(MODULE)
    (site / "osler_ward_broken.py").write_text("raise RuntimeError('Zythar Quillon')")
    other = site / "osler_clinic-2.0.dist-info"
    other.mkdir()
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: osler-clinic\nVersion: 2.0\n")
    (other / "entry_points.txt").write_text("[osler.detectors]\ntwice = osler_ward_plugins:Bare\n")
    monkeypatch.syspath_prepend(site)


def checked(tmp_path: Path, text: str) -> None:
    """What `osler config check` makes of a configuration."""
    file = tmp_path / "osler.toml"
    file.write_text(f'deid.engine = "fast"\n{text}')
    loaded = configuration.load(file)
    check_parts(loaded)
    build_deidentifier(loaded)


@pytest.mark.parametrize(
    "text",
    [
        'deid.extra_detectors = ["plain"]',
        'deid.extra_detectors = ["badge"]\ndeid.options.badge = { prefix = "B" }',
        'deid.extra_detectors = ["badge"]\ndeid.options.badge = { prefix = "B", digits = 2, share = 1, strict = false }',
        'deid.extra_detectors = ["listed"]\ndeid.options.listed = { words = ["a"], table = { b = 1 }, of = [2] }',
        'guardrails.checks = ["allergy", "citations", "dose"]\nguardrails.options.dose = { of = 7 }',
        SHOUT.format("shout", 'options = { suffix = "!" }'),
    ],
)
def test_it_works_once_it_is_named(tmp_path: Path, text: str) -> None:
    checked(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('deid.extra_detectors = ["bagde"]', "deid.extra_detectors: .*'bagde'.*Did you mean 'badge'"),
        ('deid.extra_detectors = ["gone"]', "deid.extra_detectors: .*'gone' could not be imported"),
        ('deid.extra_detectors = ["absent"]', "deid.extra_detectors: .*'absent' could not be imported"),
        (
            'deid.extra_detectors = ["broken"]',
            r"deid.extra_detectors: .*'broken' could not be imported \(RuntimeError\). Reinstall osler-ward",
        ),
        (
            'deid.extra_detectors = ["bare"]',
            "deid.extra_detectors: .*'bare' is no Detector: it has no `find`",
        ),
        ('deid.extra_detectors = ["dumb"]', "'dumb' is no Detector: its `find` is no method"),
        ('deid.extra_detectors = ["nameless"]', "'nameless' is no Detector: its `name` must be a short text"),
        (
            'deid.extra_detectors = ["impostor"]',
            "'impostor' .*it calls itself 'tagger', which is the name of another",
        ),
        ('deid.extra_detectors = ["quitter"]', "'quitter' could not be made: it raised SystemExit"),
        ('deid.extra_detectors = ["class"]', "'class' is no Detector: its factory gave a class"),
        ('deid.extra_detectors = ["constant"]', "'constant' is neither a class nor a function.*osler-ward"),
        (
            'deid.extra_detectors = ["twice"]',
            r"'twice' is claimed 2 times: by osler-clinic \(.*\) and osler-ward \(.*\).*Uninstall all but one",
        ),
        (
            'deid.extra_detectors = ["listed"]\ndeid.options.listed = { words = "Zythar" }',
            "'words'.*a list of text",
        ),
        (
            'deid.extra_detectors = ["listed"]\ndeid.options.listed = { words = ["a", 7] }',
            "'words'.*a list of text",
        ),
        (
            'deid.extra_detectors = ["listed"]\ndeid.options.listed = { table = { a = "Zythar" } }',
            "'table'.*a table of whole numbers",
        ),
        ('guardrails.checks = ["partless"]', "guardrails.checks: .*'partless' is no Check: its `parts`"),
        ('deid.extra_detectors = ["dose"]', "deid.extra_detectors: .*no detectors plug-in named 'dose'"),
        ('deid.extra_detectors = ["badge"]', "deid.extra_detectors: .*needs the option 'prefix'"),
        (
            'deid.extra_detectors = ["badge"]\ndeid.options.badge = { prefx = "B" }',
            "deid.extra_detectors: .*no option 'prefx'.*Did you mean 'prefix'",
        ),
        ('deid.extra_detectors = ["badge"]\ndeid.options.badge = { prefix = 7 }', "'prefix'.*text"),
        (
            'deid.extra_detectors = ["badge"]\ndeid.options.badge = { prefix = "B", digits = true }',
            "'digits'.*a whole number",
        ),
        (
            'deid.extra_detectors = ["badge"]\ndeid.options.badge = { prefix = "B", digits = 1.5 }',
            "'digits'.*a whole number",
        ),
        (
            'deid.extra_detectors = ["badge"]\ndeid.options.badge = { prefix = "B", share = "1" }',
            "'share'.*a number",
        ),
        (
            'deid.extra_detectors = ["badge"]\ndeid.options.badge = { prefix = "B", strict = "no" }',
            "'strict'.*true or false",
        ),
        (
            'deid.extra_detectors = ["badge"]\ndeid.options.badge = { prefix = "boom" }',
            "deid.extra_detectors: .*could not be made: it raised ValueError",
        ),
        (
            'deid.extra_detectors = ["plain"]\ndeid.options.plian = { a = 1 }',
            "deid.options .*'plian'.*deid.extra_detectors",
        ),
        (
            "guardrails.options.dose = { limit = 1 }",
            "guardrails.options .*'dose'.*guardrails.checks.*allergy, citations",
        ),
        ('guardrails.checks = ["alergy"]', "guardrails.checks: .*'alergy'.*allergy"),
        ('knowledge.readers = ["fihr"]', "knowledge.readers: .*'fihr'.*fhir"),
        (SHOUT.format("shuot", "options = {}"), "destinations.x: .*'shuot'.*shout"),
        (SHOUT.format("shout", 'options = { sufix = "!" }'), "destinations.x: .*'sufix'.*suffix"),
        (SHOUT.format("shout", 'url = "http://127.0.0.1:1/v1"'), "destinations.x: .*no option 'url'"),
    ],
)
def test_each_fault_is_told_with_its_place_and_remedy(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        checked(tmp_path, text)
    assert re.search(said, str(caught.value)), str(caught.value)
    assert caught.value.remedy
    assert "Zythar" not in str(caught.value)
    assert isinstance(caught.value, PluginError) or ".options has options for" in caught.value.message
