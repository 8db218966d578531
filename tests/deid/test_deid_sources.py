"""Every shipped list says where it comes from, and is read."""

from importlib.resources import files
from pathlib import Path

import pytest

import osler

DATA = files("osler.deid") / "data"
LISTS = sorted(f.name for f in DATA.iterdir() if f.is_file() and f.name != "SOURCES.md")
SOURCE = "\n".join(p.read_text(encoding="utf-8") for p in Path(osler.__file__).parent.rglob("*.py"))


@pytest.mark.parametrize("name", LISTS)
def test_a_list_names_its_source(name: str) -> None:
    assert name in (DATA / "SOURCES.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_read(name: str) -> None:
    assert name.removesuffix(".npz") in SOURCE
