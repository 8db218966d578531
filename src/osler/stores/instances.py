"""Which processes that write the audit of a workspace on one machine are alive.

Each holds an advisory lock (flock) on `<folder>/<instance>.lock` for as long as it lives; the kernel
drops the lock when the process ends, however it ends. Whoever can take the lock knows that its
holder is gone. A forked child keeps its parent's lock: start workers with spawn.
"""

import contextlib
import fcntl
import os
import re
import secrets
from pathlib import Path
from types import TracebackType
from typing import Self

from osler.core.errors import StoreError
from osler.stores import faults

_ID = re.compile(r"[0-9a-f]{16}", re.ASCII)


class FilePresence:
    """This process's own lock, held until `close`."""

    def __init__(self, folder: Path) -> None:
        """Take a new instance id and its lock. Raises StoreError."""
        self.id = secrets.token_hex(8)
        self._path = _lock_file(folder, self.id)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._descriptor = _create_locked(self._path)
        except OSError as error:
            raise faults.of_system(error) from None
        self._held = True

    def renew(self) -> None:
        """Nothing to do: the kernel keeps the lock as long as the process lives."""

    def close(self) -> None:
        """Let the lock go and remove its file."""
        if not self._held:
            return
        self._held = False
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)
        os.close(self._descriptor)


def _create_locked(path: Path) -> int:
    """Create the lock file and lock it; a descriptor of the file that the path names."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            # A census may have found the file before it was locked, and removed it.
            if path.exists() and os.path.samestat(os.fstat(descriptor), path.stat()):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


class FileCensus:
    """Tells the living from the dead. Holds the locks of the dead it found until its block ends."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._dead: dict[str, int | None] = {}

    def is_alive(self, instance: str) -> bool:
        """Whether some process holds that instance's lock. No lock file: it is gone. Raises StoreError."""
        if instance in self._dead or _ID.fullmatch(instance) is None:
            return False
        try:
            descriptor = os.open(_lock_file(self._folder, instance), os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            self._dead[instance] = None
            return False
        except OSError as error:
            raise faults.of_system(error) from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return True
        except OSError as error:
            os.close(descriptor)
            raise faults.of_system(error) from None
        self._dead[instance] = descriptor
        return False

    def remove_dead(self) -> None:
        """Remove the lock files of all who are gone."""
        for path in self._folder.glob("*.lock"):
            with contextlib.suppress(StoreError, OSError):
                if _ID.fullmatch(path.stem) and not self.is_alive(path.stem):
                    path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for descriptor in self._dead.values():
            if descriptor is not None:
                os.close(descriptor)
        self._dead.clear()


def _lock_file(folder: Path, instance: str) -> Path:
    return folder / f"{instance}.lock"
