"""What is done to a site's stores as a whole: moving them to another database, backing them up, restoring them.

Each act is written to the audit log of the stores that it leaves in use.
"""

import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from osler import __version__
from osler.app.build import database_url, require_stores
from osler.app.config import Config
from osler.core.audit import AuditEntry, Head
from osler.core.clock import Clock, SystemClock, timestamp
from osler.core.errors import InputError
from osler.stores import Database, SqlAuditLog, backups, copying
from osler.stores.vault_keys import KEY_FILE

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What a store or a backup holds: where, rows by table, the head of its audit chain, a digest over all rows."""

    kind: str
    rows: Mapping[str, int]
    head: Head
    digest: str = ""
    made: str = ""
    key_here: bool = True
    """Whether the workspace has the key that opens the vault; a configured key is not looked at."""


def show(config: Config, workspace: Path) -> Kept:
    """What the configured store holds. Raises StoreError, InputError."""
    with _opened(config, workspace) as database, database.read() as connection:
        return Kept(kind=database.kind, rows=copying.rows(connection), head=copying.head(connection))


def migrate(config: Config, workspace: Path, to: str, *, keep: bool, progress: Progress) -> Kept:
    """Move the configured store to the database that `to` names; what it holds then. Raises OslerError.

    `to` is a PostgreSQL URL, `env:NAME` for one in an environment variable, or `sqlite:FOLDER` for a workspace.
    """
    folder, url = _target(to, workspace)
    clock = SystemClock()
    with (
        _opened(config, workspace, even_if_moved=True) as source,
        _database(folder, url) as target,
    ):
        if (source.kind, source.workspace, database_url(config)) == (target.kind, target.workspace, url):
            raise InputError("The store is there already.", remedy="Name another database.")
        moved = backups.migrate(source, target, clock=clock, keep=keep, progress=progress)
        if config.stores.vault_key is None:
            backups.copy_key(workspace, target.workspace)
        _sign(
            target,
            clock,
            "store",
            {"action": "migrate", "from": source.kind, "to": target.kind, "head": moved.head.number},
        )
        with target.read() as connection:
            key_id = copying.vault_key_id(connection)
        return Kept(
            kind=target.kind,
            rows=moved.rows,
            head=moved.head,
            digest=moved.digest,
            key_here=config.stores.vault_key is not None or backups.opens_with(target.workspace, key_id),
        )


def back_up(config: Config, workspace: Path, to: Path, *, with_key: bool, progress: Progress) -> Kept:
    """Back the configured store up into the new folder `to`. Raises OslerError."""
    clock = SystemClock()
    key = workspace / KEY_FILE if with_key else None
    if key is not None and config.stores.vault_key is not None:
        raise InputError(
            "The vault's key is configured, so that the workspace has none to put into the backup.",
            remedy="Leave --with-key away, and keep the configured key as you keep other secrets.",
        )
    with _opened(config, workspace) as database:
        made = backups.back_up(database, to, osler=__version__, clock=clock, key=key, progress=progress)
        _sign(
            database,
            clock,
            "store",
            {"action": "backup", "head": made.content.head.number, "digest": made.content.digest},
        )
    return _of(made, key_here=True)


def verify(backup: Path) -> Kept:
    """Check a backup from its start to its end; it is not changed. Raises OslerError."""
    return _of(backups.verify(backup), key_here=(backup / KEY_FILE).exists())


def restore(config: Config, workspace: Path, backup: Path, *, progress: Progress) -> Kept:
    """Put a backup's content into the configured store, which must be empty. Raises OslerError."""
    clock = SystemClock()
    backups.read(backup)  # before anything is made
    with _database(workspace, database_url(config)) as database:
        said = backups.restore(backup, database, progress=progress)
        _sign(
            database,
            clock,
            "store",
            {"action": "restore", "head": said.content.head.number, "made": said.made},
        )
    here = config.stores.vault_key is not None or backups.opens_with(workspace, said.key_id)
    return _of(said, key_here=here)


def reopen(config: Config, workspace: Path) -> bool:
    """Use a store again that was moved elsewhere; whether it was. Raises OslerError."""
    with _opened(config, workspace, even_if_moved=True) as database:
        was_moved = backups.reopen(database)
        if was_moved:
            _sign(database, SystemClock(), "store", {"action": "reopen"})
    return was_moved


def _of(backup: backups.Backup, *, key_here: bool) -> Kept:
    return Kept(
        kind=backup.source,
        rows=backup.content.rows,
        head=backup.content.head,
        digest=backup.content.digest,
        made=backup.made,
        key_here=key_here,
    )


def _target(to: str, workspace: Path) -> tuple[Path, str | None]:
    """The workspace and the URL that `to` names."""
    if to.startswith("env:"):
        to = os.environ.get(to.removeprefix("env:"), "")
        if not to:
            raise InputError(
                "The environment variable that --to names is not set.", remedy="Set it to a URL."
            )
    if to.startswith("sqlite:"):
        path = unquote(urlsplit(to).path) if to.startswith("sqlite://") else to.removeprefix("sqlite:")
        if not path:
            raise InputError("--to names no folder.", remedy="Write it as sqlite:FOLDER.")
        return Path(path).absolute(), None
    return workspace, to


@contextmanager
def _opened(config: Config, workspace: Path, *, even_if_moved: bool = False) -> Iterator[Database]:
    require_stores(config, workspace)
    with _database(workspace, database_url(config), even_if_moved=even_if_moved) as database:
        yield database


@contextmanager
def _database(workspace: Path, url: str | None, *, even_if_moved: bool = False) -> Iterator[Database]:
    with Database.open(workspace, url=url, even_if_moved=even_if_moved) as database:
        yield database


def _sign(database: Database, clock: Clock, kind: str, body: dict[str, object]) -> None:
    with SqlAuditLog(database, clock, database.workspace / "instances") as log:
        log.append_now(
            AuditEntry(
                kind=kind,
                time=timestamp(clock.now()),
                body=body,
                request_id=f"cli_{secrets.token_hex(8)}",
                instance=log.instance,
            )
        )
