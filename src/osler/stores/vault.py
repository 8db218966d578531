"""Who an audit handle stands for, and each patient's key: the port Vault, sealed under one master key.

The table holds, per patient: a random handle; a keyed digest of the patient's id, to find the row by; and the id
together with the patient's own key, encrypted (AES-256-GCM, bound to the row). Without the key file neither can be
read, nor can a list of ids be matched against the table.
"""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from osler.core.clock import Clock, SystemClock, timestamp
from osler.core.errors import StoreError
from osler.core.ports.vault import Subject
from osler.stores.database import Database
from osler.stores.tables import vault, vault_state
from osler.stores.vault_keys import (
    KEY_BYTES,
    KEY_FILE,
    FixedKeys,
    KeySource,
    MasterKey,
    known,
    load_or_create_key,
)
from osler.stores.vault_rows import WORKSPACE, Owner, not_ours, seal_owner, unseal_owner

__all__ = ["KEY_FILE", "WORKSPACE_HANDLE", "SqlVault", "is_in_use", "load_or_create_key"]

WORKSPACE_HANDLE = "workspace"
"""The handle of the workspace's own subject."""

_CACHED = 4096
_STALE_AFTER_S = 1.5


def is_in_use(database: Database) -> bool:
    """Whether anything was sealed in the vault: then it has a key, and another one would not open it."""
    with database.read() as connection:
        return connection.execute(select(vault.c.handle).limit(1)).one_or_none() is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Remembered:
    subject: Subject = field(repr=False)
    read_at: float


class SqlVault:
    """Handles and keys per patient: implements the port Vault. Errors: StoreError. Safe for threads.

    A patient whose key another process shredded is forgotten within 2 seconds.
    """

    def __init__(self, database: Database, key: bytes | KeySource, *, clock: Clock | None = None) -> None:
        """Open the vault. Raises StoreError when it was sealed under another key than `key`."""
        self.database = database
        self._clock = clock or SystemClock()
        self._source: KeySource = FixedKeys(key) if isinstance(key, bytes) else key
        self._keys: tuple[MasterKey, ...] = self._source.load()
        self._cache: OrderedDict[Owner, _Remembered] = OrderedDict()
        self._lock = threading.Lock()
        self._require_own_key()
        self.subject(None)

    def subject(self, patient: str | None) -> Subject:
        """The patient's handle and key, made at first use; the workspace's own for None."""
        return self.of(Owner(patient=patient))

    def resolve(self, handle: str) -> str | None:
        """The patient behind a handle, or None: an unknown handle, or the workspace's own."""
        with self.database.read() as connection:
            row = connection.execute(select(vault).where(vault.c.handle == handle)).one_or_none()
        return None if row is None else self.opened(row)[0].patient

    def of(self, owner: Owner) -> Subject:
        """The handle and key of any owner of a row, made at first use."""
        now = self._clock.monotonic()
        with self._lock:
            remembered = self._cache.get(owner)
            if remembered is not None and 0 <= now - remembered.read_at < _STALE_AFTER_S:
                self._cache.move_to_end(owner)
                return remembered.subject
        with self.database.read() as connection:
            found = self.find(connection, owner)
        if found is None:
            with self.database.write("vault") as connection:
                found = self.claimed(connection, owner)
        with self._lock:
            self._cache[owner] = _Remembered(subject=found, read_at=now)
            if len(self._cache) > _CACHED:
                self._cache.popitem(last=False)
        return found

    def find(self, connection: Connection, owner: Owner) -> Subject | None:
        """The subject of an owner, None when there is none under the keys that are known."""
        lookups = [key.lookup(owner.name) for key in self._keys]
        row = connection.execute(select(vault).where(vault.c.lookup.in_(lookups))).one_or_none()
        return None if row is None else Subject(handle=row.handle, key=self.opened(row)[1])

    def claimed(self, connection: Connection, owner: Owner) -> Subject:
        """The subject of an owner, made if it is not there, within the one writing transaction."""
        key = self.sealing(connection)
        return self.find(connection, owner) or self._create(connection, key, owner)

    def opened(self, row: Row[Any]) -> tuple[Owner, bytes]:
        """Whose row it is, and their data key. Raises StoreError."""
        return self.opened_as(row.key_id, row.handle, row.lookup, row.sealed)

    def opened_as(self, key_id: str, handle: str, lookup: bytes, sealed: bytes) -> tuple[Owner, bytes]:
        """As `opened`, for the columns of a row one by one."""
        return unseal_owner(self._key(key_id), handle, lookup, sealed)

    def sealing(self, connection: Connection) -> MasterKey:
        """The key that new rows are sealed under, as the database has it: a rotation may have begun elsewhere."""
        return self._key(connection.execute(select(vault_state.c.key_id)).scalar_one())

    def forget(self, owner: Owner) -> None:
        """Drop what is remembered of an owner."""
        with self._lock:
            self._cache.pop(owner, None)

    def keys(self) -> Sequence[MasterKey]:
        """The master keys there are now, read anew."""
        self._keys = self._source.load()
        return self._keys

    def _key(self, key_id: str) -> MasterKey:
        key = known(self._keys, key_id) or known(self.keys(), key_id)
        if key is None:
            raise not_ours()
        return key

    def _create(self, connection: Connection, key: MasterKey, owner: Owner) -> Subject:
        handle = WORKSPACE_HANDLE if owner == WORKSPACE else f"pt_{secrets.token_urlsafe(12)}"
        data_key = secrets.token_bytes(KEY_BYTES)
        lookup, sealed = seal_owner(key, handle, owner, data_key)
        row = {
            "handle": handle,
            "lookup": lookup,
            "sealed": sealed,
            "created": timestamp(self._clock.now()),
            "key_id": key.id,
        }
        connection.execute(insert(vault), row)
        return Subject(handle=handle, key=data_key)

    def _require_own_key(self) -> None:
        # A lookup under a wrong key finds nothing and would quietly begin a second vault.
        with self.database.read() as connection:
            state = connection.execute(select(vault_state.c.key_id)).scalar_one()
        if not state:
            with self.database.write("vault") as connection:
                state = connection.execute(select(vault_state.c.key_id)).scalar_one()
                if not state:
                    self._adopt(connection)
        with self.database.read() as connection:
            self.sealing(connection)
            row = connection.execute(select(vault).order_by(vault.c.handle.desc()).limit(1)).one_or_none()
            if row is not None:
                self.opened(row)

    def _adopt(self, connection: Connection) -> None:
        """Name the key of a vault that is new, or was made before rows named theirs."""
        row = connection.execute(select(vault).order_by(vault.c.handle.desc()).limit(1)).one_or_none()
        for key in self._keys:
            if row is None or _opens(key, row):
                connection.execute(update(vault).where(vault.c.key_id == "").values(key_id=key.id))
                connection.execute(update(vault_state).values(key_id=key.id))
                return
        raise not_ours()


def _opens(key: MasterKey, row: Row[Any]) -> bool:
    try:
        unseal_owner(key, row.handle, row.lookup, row.sealed)
    except StoreError:
        return False
    return True
