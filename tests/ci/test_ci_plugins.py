"""A stranger's way: Osler and the example plug-ins as wheels in a fresh environment, used by the `osler` of that place.

Libraries that Osler depends on are taken from the environment that runs the tests, so that nothing is downloaded;
Osler itself and the plug-ins come from their wheels alone. How Osler's own dependencies install is the packaging
test's to say.
"""

import json
import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from docs_pages import DOCS, read
from plugin_examples import EXAMPLES, LABS, ROOT, TOML, own_tests

PAGE = DOCS / "how-to" / "write-a-plugin.md"
OFFLINE = ("--no-index", "--no-deps", "--disable-pip-version-check", "--quiet")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A virtual environment."""

    root: Path

    @property
    def python(self) -> str:
        return str(self.root / "bin" / "python")

    def environment(self) -> dict[str, str]:
        """As after `activate`; pip fetches nothing, and builds with what is there."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("OSLER_", "PYTHON", "PIP_"))}
        offline = {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        return {**kept, **offline, "PATH": f"{self.root / 'bin'}{os.pathsep}{os.environ['PATH']}"}

    def run(self, command: list[str], folder: Path) -> str:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=110, cwd=folder, env=self.environment()
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def osler(self, folder: Path, *arguments: str) -> str:
        return self.run([str(self.root / "bin" / "osler"), *arguments], folder)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A fresh environment with Osler and the five examples in it, each from its wheel."""
    folder = tmp_path_factory.mktemp("plugins")
    wheels = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        *OFFLINE,
        "--no-build-isolation",
        "-w",
        str(folder / "dist"),
    ]
    here = Place(root=folder / "venv")
    here.run([*wheels, str(ROOT), *map(str, EXAMPLES)], folder)
    venv.create(here.root, with_pip=False, symlinks=True)
    built = sorted(map(str, (folder / "dist").glob("*.whl")))
    assert len(built) == 1 + len(EXAMPLES)
    here.run([sys.executable, "-m", "pip", "--python", here.python, "install", *OFFLINE, *built], folder)
    site = next((here.root / "lib").glob("python*/site-packages"))
    around = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (site / "zz_dependencies.pth").write_text("".join(f"{path}\n" for path in sorted(around)))
    for tool in ("pip", "pytest"):
        script = here.root / "bin" / tool
        script.write_text(f'#!/bin/sh\nexec "{here.python}" -m {tool} "$@"\n')
        script.chmod(0o755)
    return here


@pytest.fixture
def ward(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, list[str]]]:
    """A folder with a configuration that uses all five, and the requests that reached the backend's server."""
    monkeypatch.syspath_prepend(ROOT / "examples" / "osler-backend-example" / "tests")
    serving = __import__("line_server").serving
    with serving(["Potassium is 59 mmol/L [1]. ", "Recheck it."]) as server:
        (tmp_path / "osler.toml").write_text(TOML.format(url=server.url))
        (tmp_path / "labs.csv").write_text(LABS)
        yield tmp_path, server.asked


def test_osler_and_the_plugins_are_those_of_the_fresh_environment(place: Place, tmp_path: Path) -> None:
    modules = ["osler", *(example.name.replace("-", "_") for example in EXAMPLES)]
    shown = place.run(
        [
            place.python,
            "-c",
            f"import {', '.join(modules)}\nfor m in ({', '.join(modules)}): print(m.__file__)",
        ],
        tmp_path,
    )
    assert len(shown.split()) == 1 + len(EXAMPLES)
    assert all(line.startswith(str(place.root)) for line in shown.split()), shown


def test_their_own_tests_pass(place: Place, tmp_path: Path) -> None:
    command, _ = own_tests({}, place.python)
    assert "." * 40 in place.run(command, tmp_path)


def test_each_keeps_its_contract_as_configured(place: Place, ward: tuple[Path, list[str]]) -> None:
    folder, _ = ward
    place.osler(folder, "config", "check")
    listed = json.loads(place.osler(folder, "plugins", "list", "--json"))
    strangers = {p["package"] for p in listed["plugins"] if p["in_use"] and p["package"] != "osler"}
    assert strangers == {example.name for example in EXAMPLES}
    for name in ("json_lines", "study_codes", "potassium", "prefixes"):
        assert "keeps its contract" in place.osler(folder, "plugins", "check", name)
    assert "keeps its contract" in place.osler(folder, "plugins", "check", "lab_table", "--file", "labs.csv")


def test_a_question_goes_through_all_of_them(place: Place, ward: tuple[Path, list[str]]) -> None:
    folder, asked = ward
    assert "1 patient" in place.osler(folder, "kb", "add", "labs.csv")
    answer = json.loads(
        place.osler(
            folder, "ask", "--json", "--patient", "4711", "What was the last potassium? Enrolled as ABC-1234."
        )
    )
    assert answer["decision"]["destination"] == "ward"
    assert [f["kind"] for f in answer["findings"] if f["severity"] == "block"] == ["potassium_implausible"]
    assert answer["answer"].startswith("[Withheld by Osler: A potassium outside of 1 to 10 mmol/L")
    assert "59" not in answer["answer"]
    (sent,) = asked
    assert "Potassium 5.9 mmol/L" in sent, sent
    assert "ABC-1234" not in sent
    assert "4711" not in sent
    shown = place.osler(folder, "ask", "--patient", "4711", "What was the last potassium?")
    assert "potassium_implausible" in shown
    (folder / "note.txt").write_text("Enrolled as ABC-1234.")
    assert "Enrolled as [OTHER_ID]." in place.osler(folder, "deid", "text", "note.txt")


def test_the_how_to_works_literally(place: Place, tmp_path: Path) -> None:
    """Its files written and its commands run, in an empty folder, as a reader would."""
    printed = ""
    for block in read(PAGE).blocks:
        name = block.marker("file")
        if name is not None:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(block.text, encoding="utf-8")
        elif block.language == "sh":
            printed += place.run(["bash", "-euo", "pipefail", "-c", block.text], tmp_path)
    for said in (
        "osler-ward 1.0",
        "detectors.badge keeps its contract",
        "checks.shouting keeps its contract",
        "backends.fixed at tryout keeps its contract",
        "Seen by [OTHER_ID].",
        "GIVE NOTHING BY MOUTH.",
        "shouting (answer): The sentence is written in capitals.",
    ):
        assert said in printed, f"the page's commands did not print: {said}\n{printed}"
