"""Fixtures that all tests may use."""

from pathlib import Path

import pytest


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A folder for a workspace that does not exist yet."""
    return tmp_path / "ws"


@pytest.fixture(scope="session")
def samples() -> Path:
    """The shipped sample bundles."""
    return Path(__file__).parents[1] / "src" / "osler" / "knowledge" / "data" / "samples"
