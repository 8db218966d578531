"""Who an audit handle stands for, and each patient's key: the port Vault, sealed under one key file.

The table holds, per patient: a random handle; a keyed digest of the patient's id, to find the row by;
and the id together with the patient's own key, encrypted (AES-256-GCM, bound to the row). Without the
key file neither can be read, nor can a list of ids be matched against the table.
"""

import base64
import binascii
import contextlib
import hashlib
import hmac
import json
import os
import secrets
import threading
from collections import OrderedDict
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Connection, insert, select

from osler.core.clock import Clock, SystemClock, timestamp
from osler.core.errors import StoreError
from osler.core.ports.vault import Subject
from osler.stores import sqlite
from osler.stores.database import Database
from osler.stores.tables import vault

KEY_FILE = "vault.key"
"""The key file's name in the workspace folder."""

WORKSPACE = "workspace"
"""The handle of the workspace's own subject."""

_RESTORE = "Restore vault.key of this workspace from its backup."
_KEY_BYTES = 32
_NONCE_BYTES = 12
_CACHED = 4096


def is_in_use(database: Database) -> bool:
    """Whether anything was sealed in the vault: then it has a key, and another one would not open it."""
    with database.read() as connection:
        return connection.execute(select(vault.c.handle).limit(1)).one_or_none() is not None


def load_or_create_key(path: Path, *, in_use: bool = False) -> bytes:
    """The vault's key of 32 bytes, made at first use (mode 0600). Raises StoreError.

    Of several processes that start together one makes the key; all use that one. None is made for a
    vault that is `in_use`: it would stand in the way when the lost one is restored.
    """
    try:
        if not path.exists():
            if in_use:
                raise StoreError("The vault's key file vault.key is missing.", remedy=_RESTORE)
            _create_key(path)
        key = path.read_bytes()
    except OSError as error:
        if path.exists():
            raise StoreError(
                f"The vault's key file vault.key cannot be read ({type(error).__name__}).",
                remedy="Make it a file that the user who runs Osler can read (mode 0600).",
            ) from None
        raise sqlite.fault(error) from None
    if len(key) != _KEY_BYTES:
        raise StoreError(
            f"The vault's key file holds {len(key)} bytes instead of {_KEY_BYTES}.", remedy=_RESTORE
        )
    return key


def _create_key(path: Path) -> None:
    """Write a new key under a temporary name, then link it: nobody ever sees half a key."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):  # another process was first: its key stands
            os.link(draft, path)
    finally:
        draft.unlink()
    folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class SqlVault:
    """Handles and keys per patient: implements the port Vault. Errors: StoreError. Safe for threads."""

    def __init__(self, database: Database, key: bytes, *, clock: Clock | None = None) -> None:
        """Open the vault. Raises StoreError when it was sealed under another key than `key`."""
        self._database = database
        self._clock = clock or SystemClock()
        self._lookup_key = _derived(key, b"osler vault lookup 1")
        self._cipher = AESGCM(_derived(key, b"osler vault seal 1"))
        self._cache: OrderedDict[str | None, Subject] = OrderedDict()
        self._cache_lock = threading.Lock()
        self._require_own_key()
        self.subject(None)

    def subject(self, patient: str | None) -> Subject:
        """The patient's handle and key, made at first use; the workspace's own for None."""
        with self._cache_lock:
            if patient in self._cache:
                self._cache.move_to_end(patient)
                return self._cache[patient]
        lookup = self._lookup(patient)
        with self._database.read() as connection:
            found = self._find(connection, lookup)
        if found is None:
            with self._database.write() as connection:
                found = self._find(connection, lookup) or self._create(connection, lookup, patient)
        with self._cache_lock:
            self._cache[patient] = found
            if len(self._cache) > _CACHED:
                self._cache.popitem(last=False)
        return found

    def resolve(self, handle: str) -> str | None:
        """The patient behind a handle, or None: an unknown handle, or the workspace's own."""
        with self._database.read() as connection:
            row = connection.execute(select(vault).where(vault.c.handle == handle)).one_or_none()
        return None if row is None else self._unsealed(row.handle, row.lookup, row.sealed)[0]

    def _find(self, connection: Connection, lookup: bytes) -> Subject | None:
        row = connection.execute(select(vault).where(vault.c.lookup == lookup)).one_or_none()
        if row is None:
            return None
        return Subject(handle=row.handle, key=self._unsealed(row.handle, row.lookup, row.sealed)[1])

    def _create(self, connection: Connection, lookup: bytes, patient: str | None) -> Subject:
        handle = WORKSPACE if patient is None else f"pt_{secrets.token_urlsafe(12)}"
        key = secrets.token_bytes(_KEY_BYTES)
        row = {
            "handle": handle,
            "lookup": lookup,
            "sealed": self._sealed(handle, lookup, patient, key),
            "created": timestamp(self._clock.now()),
        }
        connection.execute(insert(vault), row)
        return Subject(handle=handle, key=key)

    def _require_own_key(self) -> None:
        # A lookup under a wrong key finds nothing and would quietly begin a second vault.
        with self._database.read() as connection:
            row = connection.execute(select(vault).order_by(vault.c.handle.desc()).limit(1)).one_or_none()
        if row is not None:
            self._unsealed(row.handle, row.lookup, row.sealed)

    def _lookup(self, patient: str | None) -> bytes:
        return hmac.new(self._lookup_key, json.dumps(patient).encode(), hashlib.sha256).digest()

    def _sealed(self, handle: str, lookup: bytes, patient: str | None, key: bytes) -> bytes:
        content = json.dumps({"patient": patient, "key": base64.b64encode(key).decode()}).encode()
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, content, _bound_to(handle, lookup))

    def _unsealed(self, handle: str, lookup: bytes, sealed: bytes) -> tuple[str | None, bytes]:
        try:
            content = json.loads(
                self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _bound_to(handle, lookup))
            )
            return content["patient"], base64.b64decode(content["key"], validate=True)
        except (InvalidTag, ValueError, TypeError, KeyError, binascii.Error):
            raise StoreError(
                "The vault cannot be unsealed: its key file is not the one it was made with, "
                "or its content was changed.",
                remedy=_RESTORE,
            ) from None


def _derived(key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=purpose).derive(key)


def _bound_to(handle: str, lookup: bytes) -> bytes:
    """What a sealed row is tied to, so that it cannot be moved to another handle or patient."""
    return handle.encode() + b"\0" + lookup
