"""Moving a store's content to another database, and backups: folders that hold a copy and say what must be in it.

A backup is a folder with `osler.db` (an SQLite database, whatever the original is) and `manifest.json` (rows by
table, digests, the head of the audit chain). The vault's key is not part of it unless asked for: who has both can
read whom the audit names. What was shredded or has expired since then is still in a backup.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from osler.core.audit import Head
from osler.core.clock import Clock, timestamp
from osler.core.errors import InputError, StoreError
from osler.stores import copying, faults, migrations, moved, sqlite
from osler.stores.copying import Content, Progress
from osler.stores.database import Database
from osler.stores.vault_keys import KEY_FILE, MasterKey, create_key, read_key, sync_folder

MANIFEST = "manifest.json"
FORMAT = "osler-backup-1"
_BLOCK = 1 << 20
_PARTIAL = ".osler-partial"
"""How the folder of a backup that is being made ends; one that was killed leaves it behind."""
_RESTORING = ".restore-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """What a backup says of itself. `key_id` names the key that opens its vault, and tells nothing of it."""

    made: str
    osler: str
    schema: int
    source: str
    key_id: str
    sha256: str
    content: Content

    def written(self) -> dict[str, object]:
        """The manifest."""
        return {
            "format": FORMAT,
            "made": self.made,
            "osler": self.osler,
            "schema": self.schema,
            "source": self.source,
            "key_id": self.key_id,
            "sha256": self.sha256,
            "head": {"number": self.content.head.number, "hash": self.content.head.hash},
            "digest": self.content.digest,
            "rows": self.content.rows,
        }


def migrate(source: Database, target: Database, *, clock: Clock, keep: bool, progress: Progress) -> Content:
    """Copy all that `source` holds into the empty `target`, then note in `source` that it was moved.

    Meanwhile nobody writes to either. With `keep` no note is made, and `source` goes on. A migration that was
    killed between the two is finished by doing it again. Raises InputError, StoreError.
    """
    with source.write_all() as leaving:
        here = copying.content(leaving)
        with target.write_all() as arriving:
            if not _is_copy(arriving, here):
                copied = copying.copy(leaving, arriving, progress)
                copying.require_same(here, copied)
                copying.require_same(copied, copying.content(arriving))
        if not keep:
            moved.note(leaving, destination=target.kind, when=timestamp(clock.now()))
    return here


def _is_copy(connection: Any, wanted: Content) -> bool:
    """Whether a migration that was killed just before its end has done its copying."""
    return (
        bool(wanted.head.number)
        and copying.rows(connection) == wanted.rows
        and (copying.content(connection) == wanted)
    )


def back_up(
    source: Database, to: Path, *, osler: str, clock: Clock, key: Path | None, progress: Progress
) -> Backup:
    """Make a backup in the new folder `to` while others go on writing. With `key`, a key file, that is put in too.

    The folder appears under its name when everything in it is durable. Raises InputError, StoreError.
    """
    if to.exists():
        raise InputError(
            "The backup's folder exists already.", remedy="Name a folder that does not exist yet."
        )
    draft: Path | None = None
    try:
        to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{to.name}.", suffix=_PARTIAL, dir=to.parent))
        made = _filled(source, draft, osler=osler, clock=clock, progress=progress)
        if key is not None:
            create_key(draft / KEY_FILE, read_key(key))
        _durable(draft / MANIFEST, json.dumps(made.written(), indent=2).encode() + b"\n")
        sync_folder(draft)
        draft.rename(to)
        sync_folder(to.parent)
    except OSError as error:
        raise faults.of_system(error) from None
    finally:
        if draft is not None:
            shutil.rmtree(draft, ignore_errors=True)
    return made


def _filled(source: Database, draft: Path, *, osler: str, clock: Clock, progress: Progress) -> Backup:
    """The database's copy within the folder, read once more from its start to its end."""
    when = timestamp(clock.now())
    file = draft / sqlite.FILE
    copied = None if source.copy_file(file) else _by_rows(source, draft, progress)
    with Database.open(draft, even_if_moved=True) as copy, copy.read() as connection:
        content = copying.content(connection)
        if copied is not None:
            copying.require_same(copied, content)
        key_id = copying.vault_key_id(connection)
        schema = migrations.version(connection)
    sqlite.as_one_file(file)
    file.chmod(0o600)
    with file.open("rb") as opened:
        os.fsync(opened.fileno())
    return Backup(
        made=when,
        osler=osler,
        schema=schema,
        source=source.kind,
        key_id=key_id,
        sha256=_sha256(file),
        content=content,
    )


def _by_rows(source: Database, draft: Path, progress: Progress) -> Content:
    with (
        Database.open(draft) as target,
        source.read() as leaving,
        target.write_all() as arriving,
    ):
        return copying.copy(leaving, arriving, progress)


def read(backup: Path) -> Backup:
    """What a backup says of itself. Raises InputError: it is none, or of a newer Osler."""
    try:
        found = json.loads((backup / MANIFEST).read_bytes())
        if found["format"] != FORMAT:
            raise ValueError
        return Backup(
            made=str(found["made"]),
            osler=str(found["osler"]),
            schema=int(found["schema"]),
            source=str(found["source"]),
            key_id=str(found["key_id"]),
            sha256=str(found["sha256"]),
            content=Content(
                rows={str(name): int(count) for name, count in found["rows"].items()},
                digest=str(found["digest"]),
                head=Head(number=int(found["head"]["number"]), hash=str(found["head"]["hash"])),
            ),
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise InputError(
            "That is no backup that this Osler knows.",
            remedy=f"Name the folder that `osler store backup` made: it holds {MANIFEST} and {sqlite.FILE}.",
        ) from None


def verify(backup: Path) -> Backup:
    """Check a backup from its start to its end without changing it. Raises InputError, StoreError."""
    with _opened(backup, near=None) as (said, _):
        return said


def restore(backup: Path, target: Database, *, progress: Progress) -> Backup:
    """Copy a backup's content into the empty `target`, all of it or nothing. Raises InputError, StoreError."""
    for left in target.workspace.glob(f"{_RESTORING}*"):  # by one that was killed: it holds records
        shutil.rmtree(left, ignore_errors=True)
    with (
        _opened(backup, near=target.workspace) as (said, copy),
        copy.read() as leaving,
        target.write_all() as arriving,
    ):
        copied = copying.copy(leaving, arriving, progress)
        copying.require_same(copied, copying.content(arriving))
    copy_key(backup, target.workspace)
    return said


def copy_key(from_: Path, to: Path) -> None:
    """Copy the vault's key file from one folder to another, where there is one and there is none yet."""
    kept, here = from_ / KEY_FILE, to / KEY_FILE
    try:
        if kept.exists() and not here.exists():
            create_key(here, read_key(kept))
    except OSError as error:
        raise faults.of_system(error) from None


def opens_with(workspace: Path, key_id: str) -> bool:
    """Whether the workspace's own key file is the one that opens a vault."""
    here = workspace / KEY_FILE
    return here.exists() and MasterKey.of(read_key(here)).id == key_id


@contextmanager
def _opened(backup: Path, *, near: Path | None) -> Iterator[tuple[Backup, Database]]:
    """A checked copy of a backup's database, brought to this version's schema; the backup stays as it is."""
    said = read(backup)
    migrations.require_known(said.schema)
    try:
        if _sha256(backup / sqlite.FILE) != said.sha256:
            raise StoreError(
                "The backup's database is not the one that its manifest names: it was changed or damaged.",
                remedy="Use another backup.",
            )
        with tempfile.TemporaryDirectory(prefix=_RESTORING, dir=near) as scratch:
            shutil.copyfile(backup / sqlite.FILE, Path(scratch) / sqlite.FILE)
            with Database.open(Path(scratch), even_if_moved=True) as copy:
                with copy.read() as connection:
                    found = copying.content(connection)
                if said.schema == migrations.NEWEST:
                    copying.require_same(said.content, found)
                yield said, copy
    except OSError as error:
        raise faults.of_system(error) from None


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as opened:
        while block := opened.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _durable(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def reopen(database: Database) -> bool:
    """Use a database again although its content was moved; whether it was. Raises StoreError."""
    with database.write("schema") as connection:
        return moved.forget(connection)
