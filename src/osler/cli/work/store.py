"""Work of `osler store`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from osler.app import config as configuration
from osler.app import keeping
from osler.app.keeping import Kept
from osler.cli.work.session import print_json

_NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def show(*, json: bool, config: Path | None, workspace: Path) -> None:
    """Print what the configured store holds."""
    found = keeping.show(configuration.load(config), workspace)
    _print(found, json=json, first=f"{_NAMES[found.kind]}, in use")


def migrate(*, to: str, keep: bool, json: bool, config: Path | None, workspace: Path) -> None:
    """Move the configured store, and say what is left to do."""
    with _progress() as progress:
        found = keeping.migrate(configuration.load(config), workspace, to, keep=keep, progress=progress)
    _print(found, json=json, first=f"{'Copied' if keep else 'Moved'} to {_NAMES[found.kind]}; it is the same")
    if json:
        return
    if found.kind == "postgresql":
        print('Now name it in osler.toml:  [stores]  url = { env = "OSLER_DATABASE_URL" }  (or { file = … })')
    else:
        print("Now start Osler with --workspace on that folder, and without stores.url.")
    if not keep:
        print(
            "The database that was left says that it was moved, and is not opened any more (osler store reopen)."
        )
    _say_key(found)


def backup(*, folder: Path, with_key: bool, json: bool, config: Path | None, workspace: Path) -> None:
    """Make a backup."""
    loaded = configuration.load(config)
    with _progress() as progress:
        found = keeping.back_up(loaded, workspace, folder, with_key=with_key, progress=progress)
    _print(found, json=json, first=f"Backed up to {folder}")
    if json:
        return
    if with_key:
        print("The vault's key is in it: whoever has this folder can read whom the audit names.")
    else:
        print("The vault's key is not in it: keep a copy of vault.key (or of the configured key) elsewhere.")


def verify(*, folder: Path, json: bool) -> None:
    """Check a backup."""
    found = keeping.verify(folder)
    _print(found, json=json, first=f"The backup of {found.made} holds")


def restore(*, folder: Path, json: bool, config: Path | None, workspace: Path) -> None:
    """Restore a backup."""
    loaded = configuration.load(config)
    with _progress() as progress:
        found = keeping.restore(loaded, workspace, folder, progress=progress)
    _print(found, json=json, first=f"Restored the backup of {found.made}; it is the same")
    if not json:
        _say_key(found)


def reopen(*, config: Path | None, workspace: Path) -> None:
    """Use a moved store again."""
    if keeping.reopen(configuration.load(config), workspace):
        print("It is in use again. What was written to the other database since is not in it.")
    else:
        print("It was not moved; nothing was changed.")


def _print(found: Kept, *, json: bool, first: str) -> None:
    if json:
        print_json(
            {
                "database": found.kind,
                "made": found.made or None,
                "head": f"{found.head.number}:{found.head.hash}",
                "digest": found.digest or None,
                "rows": dict(found.rows),
                "key_here": found.key_here,
            }
        )
        return
    print(f"{first}.")
    held = (f"{count} {name}" for name, count in found.rows.items() if name in _SHOWN)
    print(f"It holds {', '.join(held)}.")
    print(f"Audit chain: {found.head.number} records hold; head {found.head.number}:{found.head.hash}")


_SHOWN = ("documents", "passages", "patients", "vault", "surrogate_maps", "api_keys")


def _say_key(found: Kept) -> None:
    if not found.key_here:
        print(
            "The key that opens its vault is not here: put that vault.key into the workspace folder, "
            "or name it as stores.vault_key, before you start Osler."
        )


@contextmanager
def _progress() -> Iterator[keeping.Progress]:
    """A bar on standard error, where that is a terminal."""
    bars = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    tasks = {}

    def progress(table: str, done: int, total: int) -> None:
        if table not in tasks:
            tasks[table] = bars.add_task(table, total=total)
        bars.update(tasks[table], completed=done)

    with bars:
        yield progress
