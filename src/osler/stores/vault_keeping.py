"""What is done to the vault as a whole: shredding, expiry, rotation of the master key, the list of what it holds.

What is destroyed is overwritten in the database's file, and the write-ahead log is emptied. Copies elsewhere
(backups, snapshots, the blocks that a solid-state disk keeps) are beyond its reach.
"""

import contextlib
import os
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from osler.core.clock import Clock, SystemClock, timestamp
from osler.core.errors import InputError, StoreError
from osler.core.ports.vault import Holding, Rotated, Shredded
from osler.stores import faults
from osler.stores.tables import surrogate_maps, vault, vault_shredded, vault_state
from osler.stores.vault import WORKSPACE_HANDLE, SqlVault
from osler.stores.vault_keys import FileKeys, MasterKey, create_key, read_key, sync_folder
from osler.stores.vault_rows import Owner, seal_owner

_BATCH = 200


class SqlVaultKeeper:
    """Shreds, expires, rotates and lists: implements the port VaultKeeper. Errors: StoreError, InputError."""

    def __init__(
        self, vault_: SqlVault, files: FileKeys | None = None, *, clock: Clock | None = None
    ) -> None:
        """`files` are the workspace's own key files, None where the configuration names the keys."""
        self._vault = vault_
        self._files = files
        self._database = vault_.database
        self._clock = clock or SystemClock()

    # -- destroying

    def shred(self, patient: str) -> Shredded:
        """Destroy the key of a patient, given by id or handle, and the maps under it, for good."""
        with self._database.write("vault") as connection:
            self._database.overwrite_deleted(connection)
            found = self._vault.find(connection, Owner(patient=patient))
            handle = found.handle if found is not None else patient
            row = connection.execute(select(vault).where(vault.c.handle == handle)).one_or_none()
            if row is None or handle == WORKSPACE_HANDLE:
                raise InputError(
                    "The vault holds no key of that patient.",
                    remedy="Give the patient's id or handle; `osler vault list` shows the handles.",
                    param="patient",
                )
            owner, _ = self._vault.opened(row)
            maps = self._count(connection, handle)
            connection.execute(delete(surrogate_maps).where(surrogate_maps.c.handle == handle))
            connection.execute(delete(vault).where(vault.c.handle == handle))
            gone = {"handle": handle, "created": row.created, "shredded": timestamp(self._clock.now())}
            connection.execute(insert(vault_shredded), gone)
        self._vault.forget(owner)
        self._empty_log()
        return Shredded(handle=handle, maps=maps)

    def expire(self, now: datetime) -> int:
        """Destroy the surrogate maps that had expired by `now`; how many."""
        with self._database.write("vault") as connection:
            self._database.overwrite_deleted(connection)
            expired = surrogate_maps.c.expires <= timestamp(now)
            gone = connection.execute(delete(surrogate_maps).where(expired)).rowcount
        if gone:
            self._empty_log()
        return gone

    def _count(self, connection: Connection, handle: str) -> int:
        query = select(func.count()).select_from(surrogate_maps).where(surrogate_maps.c.handle == handle)
        return connection.execute(query).scalar_one()

    def _empty_log(self) -> None:
        if not self._database.erase_deleted():
            raise StoreError(
                "The keys are destroyed, but the database's log could not be emptied while others use it: "
                "it may still hold them.",
                remedy="Run `osler vault expire` once no other process uses the workspace.",
            )

    # -- rotation

    def rotate(self, *, destroy_old: bool = False) -> Rotated:
        """Seal all rows under another master key. May be killed at any moment and run again."""
        new = self._next_key()
        with self._database.write("vault") as connection:
            self._vault.sealing(connection)
            connection.execute(update(vault_state).values(key_id=new.id))
        done = 0
        while count := self._reseal_some(new):
            done += count
        if self._files is not None:
            self._put_in_place(self._files, new, destroy_old=destroy_old)
        self._vault.keys()
        self._empty_log()
        return Rotated(key_id=new.id, rows=done)

    def behind(self) -> int:
        """How many rows are not sealed under the key that is to be in force."""
        keys = self._vault.keys()
        return self._rows_of_other_keys(keys[-1] if self._files is not None else keys[0])

    def _next_key(self) -> MasterKey:
        if self._files is None:
            new = self._vault.keys()[0]
            if not self._rows_of_other_keys(new):
                raise InputError(
                    "The vault is sealed under the configured key already.",
                    remedy="Name the new key in stores.vault_key and this one in stores.vault_key_previous first.",
                )
            return new
        try:
            if not self._files.next.exists():
                create_key(self._files.next)
        except OSError as error:
            raise faults.of_system(error) from None
        return MasterKey.of(read_key(self._files.next))

    def _rows_of_other_keys(self, key: MasterKey) -> int:
        with self._database.read() as connection:
            query = select(func.count()).select_from(vault).where(vault.c.key_id != key.id)
            return connection.execute(query).scalar_one()

    def _reseal_some(self, new: MasterKey) -> int:
        """Seal a few rows anew in one transaction: each is under one key or the other, never under none."""
        with self._database.write("vault") as connection:
            self._database.overwrite_deleted(connection)
            query = select(vault).where(vault.c.key_id != new.id).order_by(vault.c.handle).limit(_BATCH)
            rows: Sequence[Row[tuple[object, ...]]] = connection.execute(query).all()
            for row in rows:
                owner, data_key = self._vault.opened(row)
                lookup, sealed = seal_owner(new, row.handle, owner, data_key)
                values = {"lookup": lookup, "sealed": sealed, "key_id": new.id}
                connection.execute(update(vault).where(vault.c.handle == row.handle).values(**values))
        return len(rows)

    def _put_in_place(self, files: FileKeys, new: MasterKey, *, destroy_old: bool) -> None:
        """The new key becomes `vault.key`; at no moment is there none."""
        try:
            old = MasterKey.of(read_key(files.path))
            if old.id != new.id:
                if not destroy_old:
                    with contextlib.suppress(FileExistsError):
                        os.link(files.path, files.path.with_name(f"vault.key.retired-{old.id}"))
                with contextlib.suppress(FileNotFoundError):  # another rotation was first
                    os.replace(files.next, files.path)
            files.next.unlink(missing_ok=True)
            sync_folder(files.path.parent)
        except OSError as error:
            raise faults.of_system(error) from None

    # -- listing

    def holdings(self) -> tuple[Holding, ...]:
        """All subjects, oldest first, the workspace's own included."""
        columns = surrogate_maps.c
        counted = (
            select(columns.handle, func.count().label("maps"), func.min(columns.expires).label("expires"))
            .group_by(columns.handle)
            .subquery()
        )
        query = (
            select(vault.c.handle, vault.c.created, vault.c.key_id, counted.c.maps, counted.c.expires)
            .outerjoin(counted, counted.c.handle == vault.c.handle)
            .order_by(vault.c.created, vault.c.handle)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return tuple(
            Holding(handle=r.handle, created=r.created, key_id=r.key_id, maps=r.maps or 0, expires=r.expires)
            for r in rows
        )
