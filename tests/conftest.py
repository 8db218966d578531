"""Fixtures that all tests may use."""

import os
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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is marked `ci` takes too long for `make test`: without OSLER_CI=1 each is skipped, and printed."""
    if os.environ.get("OSLER_CI") == "1" or os.environ.get("OSLER_NIGHTLY") == "1":
        return
    for item in items:
        if item.get_closest_marker("ci"):
            item.add_marker(pytest.mark.skip(reason="slow; OSLER_CI=1 (.ci/run) runs it"))
