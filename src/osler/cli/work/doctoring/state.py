"""The workspace's folder, and what is kept: database, search, vault, audit log, clock, locks."""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from osler.app.build import Stores, open_stores
from osler.app.config import Config
from osler.app.soundness import LARGE, ahead, is_large
from osler.cli.work.doctoring.line import Line, attempt, fail, fault, ok, warn
from osler.core.clock import SystemClock
from osler.core.errors import OslerError
from osler.core.ports.index import IndexUpkeep

SCARCE_MB, NONE_MB = 500, 20
_MANY_RECORDS = 200_000
_LOCK = re.compile(r"[0-9a-f]{16}\.lock", re.ASCII)


def workspace(config: Config | None, folder: Path, *, deep: bool) -> Iterator[Line]:
    """Everything that is kept. `config` is None where it cannot be read: then only the folder is looked at."""
    elsewhere = config is not None and config.stores.url is not None
    if not folder.exists():
        if not elsewhere:
            yield warn("workspace", f"{folder} does not exist yet", "`osler kb add` makes it.")
            return
    else:
        yield from _folder(folder)
        if not os.access(folder, os.W_OK | os.X_OK):
            yield fail(
                "workspace",
                f"{folder} is read-only for this user",
                "Make the folder and all files in it writable for the user who runs Osler.",
            )
            return
        yield disk(shutil.disk_usage(folder).free // 2**20)
        yield from _locks(folder / "instances")
    # the configuration says which database it is, and which key opens the vault
    if config is not None and (
        elsewhere or any((folder / name).exists() for name in ("osler.db", "vault.key"))
    ):
        yield from _kept(config, folder, deep=deep)


def _folder(folder: Path) -> Iterator[Line]:
    open_to_others = [path for path in (folder, *sorted(folder.iterdir())) if _stat(path).st_mode & 0o077]
    if open_to_others:
        first = open_to_others[0]
        more = f" and {len(open_to_others) - 1} more" if len(open_to_others) > 1 else ""
        yield warn("workspace", f"other users can reach {first}{more}", f"chmod -R go= {folder}")
    foreign = [path for path in (folder, *sorted(folder.iterdir())) if _stat(path).st_uid != os.geteuid()]
    if foreign:
        yield warn(
            "workspace",
            f"{foreign[0]} belongs to another user (number {_stat(foreign[0]).st_uid})",
            "Run Osler as the user who owns the workspace, or give the folder and its files to this one (chown -R).",
        )


def _stat(path: Path) -> os.stat_result:
    return path.lstat()


def disk(free: int) -> Line:
    """Whether `free` MB are enough."""
    remedy = "Free some space: answers stop when the audit log cannot be written."
    if free < NONE_MB:
        return fail("disk", f"{free} MB free", remedy)
    return warn("disk", f"{free} MB free", remedy) if free < SCARCE_MB else ok("disk", f"{free} MB free")


def _locks(folder: Path) -> Iterator[Line]:
    """Lock files whose process is gone. They do no harm: each says only who lives."""
    stale = alive = 0
    for path in folder.glob("*.lock") if folder.is_dir() else ():
        if _LOCK.fullmatch(path.name):
            if _is_held(path):
                alive += 1
            else:
                stale += 1
    if stale:
        yield warn(
            "locks",
            f"{stale} lock files of processes that were killed",
            "Leave them: the next `osler serve` removes them, and closes the streams that they left open.",
        )
    else:
        yield ok("locks", f"{alive} other processes at work")


def _is_held(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    except OSError:
        return True
    finally:
        os.close(descriptor)


def _kept(config: Config, folder: Path, *, deep: bool) -> Iterator[Line]:
    yield warn(
        "encryption at rest",
        "unknown: Osler does not encrypt stored texts itself yet",
        "Keep the workspace on an encrypted volume.",
    )
    try:
        stores = open_stores(config, folder)
    except OslerError as error:
        yield fault("database", error)
        return
    try:
        large = is_large(stores) and not deep
        database = attempt("database", lambda: _database(stores, walked=not large))
        yield database
        if database.state == "fail":
            return
        if large:
            yield warn(
                "database",
                f"not walked: larger than {LARGE >> 20} MB, or on another machine",
                "osler doctor --deep",
            )
        yield attempt("search", lambda: _search(stores, deep=not large))
        yield attempt("vault", lambda: _vault(stores))
        yield attempt("audit", lambda: _audit(stores, deep=deep))
        yield attempt("clock", lambda: _clock(stores))
        yield from _keys(config, stores)
    finally:
        stores.close()


def _database(stores: Stores, *, walked: bool) -> Line:
    stores.database.check(deep=walked)
    patients = len(stores.records.patients())
    documents = sum(c.documents for c in stores.index.collections())
    return ok("database", f"{stores.database.kind}, {documents} documents, {patients} patients")


def _search(stores: Stores, *, deep: bool) -> Line:
    if isinstance(stores.index, IndexUpkeep):
        stores.index.check(deep=deep)
    return ok("search", "in step with the stored texts" + (", whose digests hold" if deep else ""))


def _vault(stores: Stores) -> Line:
    stores.vault.subject(None)
    behind = stores.keeper.behind()
    if behind:
        return warn("vault", f"{behind} keys are sealed under an older master key", "osler vault rotate")
    return ok("vault", "its key opens it")


def _audit(stores: Stores, *, deep: bool) -> Line:
    if stores.audit.head().number > _MANY_RECORDS and not deep:
        return warn("audit", "not walked: many records", "osler audit verify")
    verdict = stores.audit.verify()
    if not verdict.ok:
        return fail("audit", verdict.reason, "Keep the workspace as it is and tell whoever owns the log.")
    return ok("audit", f"{verdict.records} records hold")


def _clock(stores: Stores) -> Line:
    difference = ahead(stores, SystemClock().now())
    if difference is None:
        return ok("clock", "not before the newest audit record")
    return warn(
        "clock",
        f"the newest audit record is {difference.total_seconds():.0f} s later than this clock: the clock went back",
        "Set this machine's clock (NTP): whether a BAA or a determination is in force is judged by its date.",
    )


def _keys(config: Config, stores: Stores) -> Iterator[Line]:
    if config.server.keys == "required" and not any(key.revoked is None for key in stores.access.list()):
        yield warn(
            "server: keys", "keys are required, but there is none: nobody can call", "osler keys create NAME"
        )
