"""The vault's master keys: where they are found, which one is in force, and how one follows another.

Every sealed row names its master key by an id that tells nothing of the key. Usually there is one; while the rows
are being sealed under a new one (`vault_rotate`) there are two, and every process that meets a row of a key that it
does not know looks for new keys once more.
"""

import contextlib
import hashlib
import hmac
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from osler.core.errors import StoreError
from osler.stores import faults

KEY_BYTES = 32
KEY_FILE = "vault.key"
"""The key file's name in the workspace folder."""

NEXT_FILE = "vault.key.next"
"""The key that a rotation is going over to; it becomes `vault.key` when the rotation is done."""

RESTORE = "Restore vault.key of this workspace from its backup."


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterKey:
    """A master key and its id, from which nothing of the key can be learned."""

    id: str
    secret: bytes = field(repr=False)

    @classmethod
    def of(cls, secret: bytes) -> "MasterKey":
        """The key with its id."""
        return cls(id=derived(secret, b"osler vault key id 1")[:8].hex(), secret=secret)

    def lookup(self, name: bytes) -> bytes:
        """The keyed digest by which a row is found."""
        return hmac.digest(derived(self.secret, b"osler vault lookup 1"), name, hashlib.sha256)


class KeySource(Protocol):
    """Where the vault's master keys come from."""

    def load(self) -> tuple[MasterKey, ...]:
        """The keys there are, the one for new vaults first. Raises StoreError."""
        ...


class FixedKeys:
    """Keys that a configuration names: the first is to be in force, further ones still open older rows."""

    def __init__(self, *secrets_: bytes) -> None:
        self._keys = tuple(dict.fromkeys(MasterKey.of(secret) for secret in secrets_))

    def load(self) -> tuple[MasterKey, ...]:
        """The keys as they were given."""
        return self._keys


class FileKeys:
    """The workspace's own key file, and the one that a rotation is going over to."""

    def __init__(self, path: Path) -> None:
        """`path` is that of `vault.key`."""
        self.path = path
        self.next = path.with_name(NEXT_FILE)

    def load(self) -> tuple[MasterKey, ...]:
        """The key of `vault.key`, then that of `vault.key.next` if there is one."""
        found = [MasterKey.of(read_key(self.path))]
        if self.next.exists():
            # another process may be putting it in its place just now
            with contextlib.suppress(StoreError):
                found.append(MasterKey.of(read_key(self.next)))
        return tuple(dict.fromkeys(found))


def load_or_create_key(path: Path, *, in_use: bool = False) -> bytes:
    """The vault's key of 32 bytes, made at first use (mode 0600). Raises StoreError.

    Of several processes that start together one makes the key; all use that one. None is made for a vault that is
    `in_use`: it would stand in the way when the lost one is restored.
    """
    try:
        if not path.exists():
            if in_use:
                raise StoreError("The vault's key file vault.key is missing.", remedy=RESTORE)
            create_key(path)
    except OSError as error:
        raise faults.of_system(error) from None
    return read_key(path)


def read_key(path: Path) -> bytes:
    """The key in a key file. Raises StoreError."""
    try:
        key = path.read_bytes()
    except OSError as error:
        if path.exists():
            raise StoreError(
                f"The vault's key file {path.name} cannot be read ({type(error).__name__}).",
                remedy="Make it a file that the user who runs Osler can read (mode 0600).",
            ) from None
        raise faults.of_system(error) from None
    if len(key) != KEY_BYTES:
        raise StoreError(
            f"The vault's key file holds {len(key)} bytes instead of {KEY_BYTES}.", remedy=RESTORE
        )
    return key


def create_key(path: Path, key: bytes | None = None) -> None:
    """Write a key, a new one unless it is given. Raises OSError.

    It is written under a temporary name, then linked: nobody ever sees half a key.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(key or secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):  # another process was first: its key stands
            os.link(draft, path)
    finally:
        draft.unlink()
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make renames within a folder last. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def derived(key: bytes, purpose: bytes) -> bytes:
    """A key for one purpose."""
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(key)


def known(keys: Sequence[MasterKey], key_id: str) -> MasterKey | None:
    """The key of an id, None if it is not there."""
    return next((key for key in keys if key.id == key_id), None)
