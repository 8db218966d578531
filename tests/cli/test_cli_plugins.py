"""`osler plugins`: who provides what, and which promise a plug-in breaks, told without a word of a file."""

import json
from pathlib import Path

import pytest
from cli_in_process import osler

MODULE = """
import time
from osler.core.errors import InputError
from osler.core.findings import Finding, Severity
from osler.core.messages import Delta
from osler.core.ports.reader import Document, Reading
from osler.core.spans import Label, Span

class Good:
    name = "good"
    def find(self, text):
        return ()

class Long:
    name = "long"
    def find(self, text):
        return [Span(start=0, end=len(text) + 1, label=Label.NAME)]

class Raises:
    name = "raises"
    def find(self, text):
        raise ValueError(text + "Zythar")

class Hangs:
    name = "hangs"
    def find(self, text):
        while True:
            try:
                time.sleep(0.01)
            except Exception:
                pass

class Sourceless:
    name = "sourceless"
    parts = ("answer",)
    def check(self, statement):
        return [Finding(kind="k", severity=Severity.WARN, reason="r", source="")]

class Reader:
    name = "ward"
    def accepts(self, source):
        return source.suffix == ".ward"
    def read(self, source):
        if b"refuse" in source.data:
            raise InputError("Line 1 is broken.", remedy="Mend it.")
        text = source.data.decode()
        return Reading(documents=(Document(doc="d", title="t", text=text, collection="documents"),))

class Backend:
    def complete(self, call, *, stream):
        return self._pieces()
    async def _pieces(self):
        yield Delta(text="half")
    async def probe(self):
        return ("m",)
    async def aclose(self): ...
"""
ENTRY_POINTS = """
[osler.detectors]
good = osler_shed:Good
long = osler_shed:Long
raises = osler_shed:Raises
hangs = osler_shed:Hangs
twin = osler_shed:Good
[osler.checks]
sourceless = osler_shed:Sourceless
twin = osler_shed:Sourceless
[osler.readers]
ward = osler_shed:Reader
[osler.backends]
halves = osler_shed:Backend
"""
TOML = """
[deid]
engine = "fast"
extra_detectors = ["good", "nowhere"]
[destinations.x]
use = "halves"
location = "on-premises"
models.m = { id = "m" }
"""


@pytest.fixture(autouse=True)
def shed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package of plug-ins, most of them broken, as pip would install it."""
    info = tmp_path / "osler_shed-0.3.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: osler-shed\nVersion: 0.3\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    (tmp_path / "osler_shed.py").write_text(MODULE)
    (tmp_path / "osler.toml").write_text(TOML)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    done = osler(capsys, "plugins", "list", "--json")
    listed = json.loads(done.stdout)
    rows = {(p["group"], p["name"]): p for p in listed["plugins"]}
    good = rows["detectors", "good"]
    assert (good["package"], good["version"], good["in_use"], good["claims"]) == (
        "osler-shed",
        "0.3",
        True,
        1,
    )
    assert not rows["detectors", "long"]["in_use"]
    assert rows["readers", "fhir"]["package"] == "osler"
    assert rows["backends", "halves"]["in_use"]
    assert listed["missing"] == [{"group": "detectors", "name": "nowhere"}]
    shown = osler(capsys, "plugins", "list").stdout
    assert "osler-shed 0.3" in shown
    assert "not installed" in shown


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["detectors.good"], 0, "detectors.good keeps its contract"),
        (["good"], 0, "detectors.good keeps its contract"),
        (["citations"], 0, "checks.citations keeps its contract"),
        (["long"], 3, "'long' does not keep its contract: a span must end within the text"),
        (["raises"], 3, r"it raised ValueError at osler_shed.py:"),
        (["hangs", "--timeout", "0.2"], 3, "it had not ended after 0.2 s"),
        (["sourceless"], 3, "a finding must name a source"),
        (["halves"], 3, "the last piece of a choice, and only the last"),
        (["god"], 3, "Did you mean 'good'"),
        (["detectors.god"], 3, "Did you mean 'good'"),
        (["twin"], 4, "detectors.twin and checks.twin"),
        (["openai_wire"], 4, "No destination"),
        (["ward"], 4, "Name one with --file"),
        (["ward", "--file", "no.ward"], 4, "--file cannot be read"),
        (["good", "--file", "no.ward"], 4, "for readers only"),
        (["ward", "--file", "refused.ward"], 3, "Line 1 is broken"),
        (["ward", "--file", "note.ward"], 3, "InputError or one below it, not UnicodeDecodeError"),
    ],
)
def test_check(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: list[str], code: int, said: str
) -> None:
    (tmp_path / "note.ward").write_text("Zythar was seen.")
    (tmp_path / "refused.ward").write_text("Zythar: refuse")
    done = osler(capsys, "plugins", "check", *arguments)
    assert done.returncode == code, done
    assert said in done.stdout + done.stderr
    assert "Zythar" not in done.stdout + done.stderr


def test_check_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    done = osler(capsys, "plugins", "check", "halves", "--json")
    assert done.returncode == 3
    told = json.loads(done.stdout)
    assert (told["ok"], told["results"][0]["destination"]) == (False, "x")
    assert told["results"][0]["broken"]
