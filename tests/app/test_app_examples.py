"""The example packages, one for each plug point: installed by pip into a folder of their own, then used by name."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from osler.core import registry
from osler.core.errors import ConfigError, PluginError
from plugin_examples import EXAMPLES, LABS, TOML, own_tests, pip_install

pytest.importorskip("hatchling", reason="builds the example packages; `make test` installs it")
NAMES = {
    "backends": "json_lines",
    "checks": "potassium",
    "detectors": "study_codes",
    "estimators": "prefixes",
    "readers": "lab_table",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder into which pip put them, and nothing else."""
    target = tmp_path_factory.mktemp("site")
    done = subprocess.run(pip_install(target), capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stdout + done.stderr
    return target


def environment(site: Path) -> dict[str, str]:
    path = [str(site), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path)}


def osler(site: Path, folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command: Sequence[str] = [sys.executable, "-m", "osler", "--workspace", str(folder / "ws"), *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=110, cwd=folder, env=environment(site)
    )


def test_there_is_one_for_each_plug_point(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(site)
    assert len(EXAMPLES) == len(registry.GROUPS)
    for group in registry.GROUPS:
        claims = [c for c in registry.installed(group) if c.name == NAMES[group]]
        assert [(c.package, c.version) for c in claims] == [(f"osler-{group.rstrip('s')}-example", "1.0")]


def test_options_are_held_to_their_annotations(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(site)
    for options, said in (({}, "prefix"), ({"prefix": 7}, "text"), ({"prefix": "A", "digit": 4}, "digits")):
        with pytest.raises(PluginError, match=said):
            registry.build("detectors", "study_codes", options)
    with pytest.raises(ConfigError, match="prefix of letters"):
        registry.build("detectors", "study_codes", {"prefix": "A-1"})


def test_their_own_tests_pass(site: Path) -> None:
    command, around = own_tests(environment(site))
    done = subprocess.run(command, capture_output=True, text=True, timeout=110, env=around)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "." * 40 in done.stdout


def test_the_command_line_lists_and_checks_them(site: Path, tmp_path: Path) -> None:
    (tmp_path / "osler.toml").write_text(TOML.format(url="http://127.0.0.1:1"))
    listed = osler(site, tmp_path, "plugins", "list", "--json")
    assert listed.returncode == 0, listed.stderr
    used = {
        (p["group"], p["name"]): p["package"] for p in json.loads(listed.stdout)["plugins"] if p["in_use"]
    }
    assert {used[item] for item in NAMES.items()} == {example.name for example in EXAMPLES}
    (tmp_path / "labs.csv").write_text(LABS)
    checked = osler(site, tmp_path, "plugins", "check", "lab_table", "--file", "labs.csv")
    assert checked.returncode == 0, checked.stderr
    assert "readers.lab_table keeps its contract" in checked.stdout
