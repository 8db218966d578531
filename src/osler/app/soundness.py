"""Whether a workspace can be relied on: looked at before it is served, and by `osler doctor`.

What takes time in proportion to the workspace's size is left out above `LARGE`, unless it is asked for.
"""

from datetime import UTC, datetime, timedelta

from osler.app.build import Stores
from osler.core.errors import StoreError
from osler.core.ports.index import IndexUpkeep

LARGE = 256 * 2**20
"""Bytes of the database file above which its structure is walked only when asked for: about a second's work."""

TOLERANCE = timedelta(minutes=1)
"""How far the clocks of machines that share a database may differ."""


def is_large(stores: Stores) -> bool:
    """Whether the database is too large to be walked each time. A database of another machine counts as large."""
    try:
        return (stores.workspace / "osler.db").stat().st_size > LARGE
    except OSError:
        return True


def require_sound(stores: Stores) -> None:
    """Raise StoreError when the database or the search in it is damaged, as far as can be seen in about a second."""
    large = is_large(stores)
    stores.database.check(deep=not large)
    if not large and isinstance(stores.index, IndexUpkeep):
        stores.index.check()


def ahead(stores: Stores, now: datetime) -> timedelta | None:
    """How much later than `now` the newest audit record says it was written; None within the tolerance.

    Then this machine's clock went back, or another's was ahead.
    """
    newest = max(0, stores.audit.head().number - 1)
    record = next(iter(stores.audit.records(after=newest)), None)
    if record is None:
        return None
    try:
        written = datetime.fromisoformat(record.time)
    except ValueError:
        raise StoreError(
            "The newest audit record has no time that can be read.",
            remedy="Run `osler audit verify`, and keep the workspace as it is.",
        ) from None
    difference = written.astimezone(UTC) - now
    return difference if difference > TOLERANCE else None
