"""What is shipped: the wheel, the source archive, and that either installs into an empty environment and serves.

Three installations: of the wheel, from the registry; and by the very commands of docs/how-to/deploy.md, from the source
archive with the versions and hashes of requirements.lock, with a network and without one.
"""

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import tarfile
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from email.parser import Parser
from pathlib import Path

import pytest

from ci_tools import ROOT, ran, tool
from docs_pages import read

QUESTION = "Is it safe to start ibuprofen for her knee pain?"
CLEAN = {
    **{k: v for k, v in os.environ.items() if not k.startswith(("OSLER_", "PYTHON", "VIRTUAL_ENV"))},
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    "PIP_NO_COMPILE": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_QUIET": "1",
}
"""The environment of a stranger: nothing of this repository, or of the environment that the tests run in."""

pytestmark = [pytest.mark.timeout(600), pytest.mark.xdist_group("packaging")]


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source archive, and the wheel that was built from it."""
    folder = tmp_path_factory.mktemp("dist")
    ran(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), **CLEAN)
    return folder


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    (found,) = dist.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def source(dist: Path) -> Path:
    (found,) = dist.glob("*.tar.gz")
    return found


def test_the_wheel_has_its_data_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for wanted in (
        "knowledge/data/samples/",
        "knowledge/data/starter/",
        "lexicon/data/",
        "deid/data/",
        "py.typed",
    ):
        assert any(name.startswith("osler/") and wanted in name for name in names), (
            f"the wheel lacks {wanted}"
        )
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
    strange = [n for n in names if not n.startswith(("osler/", "osler-"))]
    assert not strange
    assert not [n for n in names if "test_" in n or "__pycache__" in n or n.endswith(".pyc")]
    tracked = set(ran("git", "ls-files", "--cached", "--others", "--exclude-standard", "src/osler").split())
    assert {f"src/{n}" for n in names if n.startswith("osler/")} == {
        n for n in tracked if (ROOT / n).exists()
    }


def test_the_source_archive_builds_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    ran(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), **CLEAN)
    (from_tree,) = tmp_path.glob("*.whl")
    assert hashlib.sha256(from_tree.read_bytes()).digest() == hashlib.sha256(wheel.read_bytes()).digest()


def test_the_source_archive_has_what_a_packager_needs(source: Path) -> None:
    with tarfile.open(source) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    for wanted in (
        "pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "SECURITY.md", "Makefile", "Dockerfile",
        "requirements.lock", "requirements-build.lock", "deploy/systemd/osler.service", "tests/conftest.py",
    ):  # fmt: skip
        assert wanted in names, f"the source archive lacks {wanted}"
    assert not [n for n in names if n.startswith((".git/", "dist/", "build/", ".venv"))]


def test_the_metadata_is_whole_and_the_readme_renders(dist: Path, wheel: Path) -> None:
    ran(tool("twine"), "check", "--strict", *map(str, dist.iterdir()))
    archive = zipfile.ZipFile(wheel)
    (name,) = [n for n in archive.namelist() if n.endswith(".dist-info/METADATA")]
    metadata = Parser().parsestr(archive.read(name).decode())
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["Description-Content-Type"] == "text/markdown"


def test_it_installs_into_an_empty_environment_and_serves(wheel: Path, tmp_path: Path) -> None:
    ran(sys.executable, "-m", "venv", str(tmp_path / "empty"), cwd=tmp_path, **CLEAN)
    python = tmp_path / "empty" / "bin" / "python"
    ran(str(python), "-m", "pip", "install", str(wheel), cwd=tmp_path, **CLEAN)
    answers_with_citations(python, tmp_path)


@pytest.fixture(scope="module")
def unpacked(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source archive, unpacked, with an installation made by the commands of the page."""
    folder = tmp_path_factory.mktemp("source")
    with tarfile.open(source) as archive:
        archive.extractall(folder, filter="data")
    (root,) = folder.iterdir()
    ran("bash", "-euc", commands()[0], cwd=root, timeout=600, **CLEAN)
    return root


def test_it_installs_from_the_source_archive_and_the_lock(unpacked: Path) -> None:
    python = str(unpacked / "osler-env" / "bin" / "python")
    ran(python, "-m", "pip", "check", **CLEAN)
    frozen = (
        ran(python, "-m", "pip", "list", "--format=freeze", **{**CLEAN, "PIP_QUIET": "0"})
        .lower()
        .replace("_", "-")
    )
    lock = (unpacked / "requirements.lock").read_text(encoding="utf-8")
    always = re.findall(r"^([\w.-]+==[\w.]+) *\\$", lock, re.MULTILINE)
    assert len(always) > 30
    assert [pin for pin in always if pin not in frozen.split()] == []


def test_it_installs_without_a_network_and_serves(unpacked: Path, tmp_path: Path) -> None:
    ran("bash", "-euc", commands()[1], cwd=unpacked, **CLEAN)
    (unpacked / "wheelhouse").rename(tmp_path / "wheelhouse")
    # No configuration of pip's, and an index that is not there: what is not in the folder cannot be had.
    offline = {**CLEAN, "PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": "http://127.0.0.1:9/simple"}
    ran("bash", "-euc", commands()[2], cwd=tmp_path, **offline)
    answers_with_citations(tmp_path / "osler-env" / "bin" / "python", tmp_path)


def commands() -> list[str]:
    """The three blocks of docs/how-to/deploy.md that say how to install: from the lock, download, without a network."""
    blocks = read(ROOT / "docs" / "how-to" / "deploy.md").blocks
    found = [b.text for b in blocks if b.marker("not run") == "run by a test of its own"]
    assert len(found) == 3
    return found


def test_a_changed_file_is_refused_by_the_lock(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text("click==8.1.8 --hash=sha256:" + "0" * 64 + "\n")
    done = subprocess.run(
        [sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes",
         "--dest", str(tmp_path), "--requirement", str(lock)],
        capture_output=True, text=True, cwd=tmp_path, env=CLEAN, timeout=120,
    )  # fmt: skip
    assert done.returncode != 0
    assert "DO NOT MATCH THE HASHES" in done.stderr


def answers_with_citations(python: Path, tmp_path: Path) -> None:
    """`osler` of that environment, far from this repository, gives a cited answer over HTTP."""
    osler = str(python.parent / "osler")
    folder = tmp_path / "site"
    folder.mkdir()
    where = ran(str(python), "-c", "import osler; print(osler.__file__)", cwd=folder, **CLEAN).strip()
    assert Path(where).is_relative_to(python.parent.parent)
    assert ran(osler, "--version", cwd=folder, **CLEAN).startswith("osler ")
    sample = next((Path(where).parent / "knowledge" / "data" / "samples").glob("*ckd*.json"))
    ran(osler, "kb", "add", str(sample), cwd=folder, **CLEAN)
    with serving(osler, folder) as url:
        body = {
            "model": "auto",
            "messages": [{"role": "user", "content": QUESTION}],
            "metadata": {"patient": "sample-ckd"},
        }
        request = urllib.request.Request(f"{url}/chat/completions", data=json.dumps(body).encode())
        request.add_header("content-type", "application/json")
        with urllib.request.urlopen(request, timeout=60) as response:
            answer = json.loads(response.read())
    assert answer["osler"]["citations"]
    assert "[1]" in answer["choices"][0]["message"]["content"]
    assert "holds" in ran(osler, "audit", "verify", cwd=folder, **CLEAN)


def _wait_ready(url: str) -> None:
    end = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(f"{url}/readyz", timeout=5).close()
            return
        except OSError:
            assert time.monotonic() < end, "not ready within a minute"
            time.sleep(0.1)


@contextmanager
def serving(osler: str, folder: Path) -> Iterator[str]:
    """`osler serve` on a free port, until the block ends; SIGTERM ends it well."""
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [osler, "serve", "--port", "0"],
            cwd=folder,
            env=CLEAN,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            line = process.stdout.readline() if process.stdout else ""
            assert "http://" in line, (folder / "log").read_text()
            url = line.split()[3]
            _wait_ready(url.removesuffix("/v1"))
            yield url
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=30) == 0
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
