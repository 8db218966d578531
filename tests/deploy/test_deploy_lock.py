"""The locks fit pyproject.toml, have a hash for each file, and name no place to download from.

That they are what `make lock` would write is looked at in tests/ci/test_ci_lock.py: it takes the registry.
"""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = {
    "requirements.lock": [
        *PROJECT["project"]["dependencies"],
        *PROJECT["project"]["optional-dependencies"]["postgres"],
    ],
    "requirements-build.lock": PROJECT["build-system"]["requires"],
}


def entries(name: str) -> Iterator[str]:
    """One entry a package: its line, and its hashes."""
    text = (ROOT / name).read_text(encoding="utf-8")
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    yield from re.split(r"\n(?=\S)", lines.strip())


def pins(name: str) -> dict[str, list[str]]:
    """Versions by package: several where they differ by Python's version."""
    found: dict[str, list[str]] = {}
    for entry in entries(name):
        requirement = Requirement(entry.split("\\")[0].strip())
        (pin,) = requirement.specifier
        assert pin.operator == "=="
        found.setdefault(canonicalize_name(requirement.name), []).append(pin.version)
    return found


@pytest.mark.parametrize("name", LOCKS)
def test_each_requirement_is_pinned_to_a_version_that_fits(name: str) -> None:
    locked = pins(name)
    for text in LOCKS[name]:
        wanted = Requirement(text)
        versions = locked.get(canonicalize_name(wanted.name))
        assert versions, f"{wanted.name} is not locked: make lock"
        for version in versions:
            assert wanted.specifier.contains(version, prereleases=True), f"{text}, but {version}: make lock"


@pytest.mark.parametrize("name", LOCKS)
def test_each_entry_has_hashes(name: str) -> None:
    found = list(entries(name))
    assert len(found) > 3
    for entry in found:
        assert re.findall(r"--hash=sha256:[0-9a-f]{64}(?![0-9a-f])", entry), entry


@pytest.mark.parametrize("name", LOCKS)
def test_no_mirror_is_named(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"://|^\s*--?(index|extra|find|trusted)|^-[if] ", text, re.MULTILINE)


def test_the_lock_is_made_from_what_builds() -> None:
    (backend,) = PROJECT["build-system"]["requires"]
    assert f"'{backend}\\n'" in (ROOT / "Makefile").read_text(encoding="utf-8")
