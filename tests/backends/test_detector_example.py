"""The example package of a third party: installed by pip into a folder of its own, then used by name from osler.toml."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from osler.app import config as configuration
from osler.app.build import build_deidentifier
from osler.core import registry
from osler.core.errors import ConfigError, PluginError

pytest.importorskip("hatchling", reason="builds the example package; `make test` installs it")
EXAMPLE = Path(__file__).parents[2] / "examples" / "osler-detector-example"
TOML = """
[deid]
engine = "fast"
extra_detectors = ["study_codes"]
[deid.options.study_codes]
prefix = "ABC"
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder into which pip put it, and nothing else."""
    target = tmp_path_factory.mktemp("site")
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
    ]
    done = subprocess.run(
        [*command, "--disable-pip-version-check", "--target", str(target), str(EXAMPLE)],
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return target


def test_it_is_found_by_its_name_and_joins_the_rules(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(site)
    (tmp_path / "osler.toml").write_text(TOML)
    engine = build_deidentifier(configuration.load(tmp_path / "osler.toml"))
    assert "study_codes" in engine.detectors
    note = "Enrolled as ABC-1234 (once ABC-9999); call 555-867-5309."
    found = {(note[s.start : s.end], s.label.value) for s in engine.find(note)}
    assert ("ABC-1234", "OTHER_ID") in found
    assert any(label == "PHONE" for _, label in found)


def test_its_options_are_held_to_their_annotations(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(site)
    for options, said in (({}, "prefix"), ({"prefix": 7}, "text"), ({"prefix": "A", "digit": 4}, "digit")):
        with pytest.raises(PluginError, match=said):
            registry.build("detectors", "study_codes", options)
    with pytest.raises(ConfigError, match="prefix of letters"):
        registry.build("detectors", "study_codes", {"prefix": "A-1"})


def test_the_command_line_knows_it_too(site: Path, tmp_path: Path) -> None:
    (tmp_path / "osler.toml").write_text(TOML)
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])]),
    }

    done = subprocess.run(
        [sys.executable, "-m", "osler", "--workspace", str(tmp_path / "ws"), "config", "check"],
        capture_output=True,
        text=True,
        timeout=110,
        cwd=tmp_path,
        env=environment,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_its_own_tests_pass(site: Path) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])]),
    }
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(EXAMPLE / "tests")],
        capture_output=True,
        text=True,
        timeout=110,
        cwd=EXAMPLE,
        env=environment,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "." * 8 in done.stdout
