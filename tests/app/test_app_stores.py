"""A workspace that lost its database is not begun anew without a word."""

from pathlib import Path

import pytest

from osler.app.build import open_stores, require_stores
from osler.app.config import Config
from osler.core.errors import StoreError


@pytest.mark.parametrize("emptied", [False, True])
def test_lost_database_is_not_replaced_by_an_empty_one(tmp_path: Path, emptied: bool) -> None:
    open_stores(Config(), tmp_path).close()
    file = tmp_path / "osler.db"
    for leftover in tmp_path.glob("osler.db*"):
        leftover.unlink()
    if emptied:
        file.touch()
    for use in (open_stores, require_stores):
        with pytest.raises(StoreError, match="gone or empty"):
            use(Config(), tmp_path)
    assert not file.exists() or file.stat().st_size == 0


def test_new_workspace_and_one_that_is_opened_twice(tmp_path: Path) -> None:
    with_both = open_stores(Config(), tmp_path), open_stores(Config(), tmp_path)
    for stores in with_both:
        stores.close()
    open_stores(Config(), tmp_path).close()
