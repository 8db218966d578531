"""The locks are what `make lock` writes from pyproject.toml: nothing was forgotten, nothing edited by hand."""

import shutil
from pathlib import Path

import pytest

from ci_tools import ROOT, ran, tool

LOCKS = ("requirements.lock", "requirements-build.lock")


def relocked(tmp_path: Path, project: str) -> dict[str, str]:
    """What `make lock` makes of a pyproject.toml, beside the locks as they are: pins that still fit stay."""
    (tmp_path / "pyproject.toml").write_text(project, encoding="utf-8")
    shutil.copy(ROOT / "README.md", tmp_path)
    for name in LOCKS:
        shutil.copy(ROOT / name, tmp_path)
    shutil.copy(ROOT / "Makefile", tmp_path)
    bin_ = tmp_path / "venv" / "bin"
    bin_.mkdir(parents=True)
    (bin_ / "uv").symlink_to(tool("uv"))
    (bin_ / "python").symlink_to(shutil.which("true") or "/bin/true")  # uv is there: nothing to install
    ran("make", "lock", "VENV=venv", cwd=tmp_path)
    return {name: (tmp_path / name).read_text(encoding="utf-8") for name in LOCKS}


def test_the_locks_are_what_make_lock_writes(tmp_path: Path) -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for name, text in relocked(tmp_path, project).items():
        assert text == (ROOT / name).read_text(encoding="utf-8"), (
            f"{name} and pyproject.toml disagree: make lock"
        )


@pytest.mark.parametrize(
    ("old", "new"),
    [('  "httptools>=0.6",\n', '  "httptools>=0.6",\n  "tomli-w>=1",\n'), ('  "httptools>=0.6",\n', "")],
    ids=["one requirement more", "one requirement less"],
)
def test_a_requirement_that_is_not_locked_is_found(old: str, new: str, tmp_path: Path) -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert old in project
    text = relocked(tmp_path, project.replace(old, new, 1))["requirements.lock"]
    assert text != (ROOT / "requirements.lock").read_text(encoding="utf-8")
