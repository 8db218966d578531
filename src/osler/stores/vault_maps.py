"""The ways back from surrogates: the port SurrogateMaps, each map sealed under its patient's own key.

A row names its record and its text by digests under a key of the workspace, so that neither ids nor texts can be
matched against the table without the vault's key. Whoever is shredded takes their maps along.
"""

import hashlib
import hmac
from collections.abc import Iterator, Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, Connection, insert, select

from osler.core.clock import Clock, SystemClock, timestamp
from osler.core.ports.vault import FoundMap, RecordMap, Subject
from osler.stores.tables import surrogate_maps, vault
from osler.stores.vault import SqlVault
from osler.stores.vault_keys import derived
from osler.stores.vault_rows import Owner, seal_map, unseal_map


class SqlSurrogateMaps:
    """Keeps and finds surrogate maps: implements the port SurrogateMaps. Errors: StoreError. Safe for threads."""

    def __init__(self, vault_: SqlVault, *, clock: Clock | None = None) -> None:
        self._vault = vault_
        self._database = vault_.database
        self._clock = clock or SystemClock()

    def store(self, maps: Sequence[RecordMap], *, run: str, ttl: timedelta | None = None) -> None:
        """Keep maps, all or none; the same maps again change nothing. After `ttl` they are not found any more."""
        if not maps:
            return
        now = self._clock.now()
        created, expires = timestamp(now), None if ttl is None else timestamp(now + ttl)
        with self._database.write("vault") as connection:
            owners: dict[Owner, Subject] = {}
            there = self._there(connection, [self._digest("text", m.digest) for m in maps])
            rows: dict[tuple[str, bytes, bytes], dict[str, object]] = {}
            for one in maps:
                owner = Owner(batch=run) if one.patient is None else Owner(patient=one.patient)
                subject = owners.get(owner)
                if subject is None:
                    subject = owners[owner] = self._vault.claimed(connection, owner)
                record, text = self._digest("record", one.record.encode()), self._digest("text", one.digest)
                place = (subject.handle, record, text)
                if place not in there and place not in rows:
                    rows[place] = {
                        "handle": subject.handle,
                        "record": record,
                        "text": text,
                        "sealed": seal_map(subject.key, _bound_to(*place), one),
                        "created": created,
                        "expires": expires,
                    }
            if rows:
                connection.execute(insert(surrogate_maps), list(rows.values()))

    def by_digest(self, digest: bytes) -> tuple[FoundMap, ...]:
        """Maps of texts with this digest, newest first; expired ones are not found."""
        return tuple(self._found(surrogate_maps.c.text == self._digest("text", digest)))

    def by_record(self, record: str) -> tuple[FoundMap, ...]:
        """Maps of texts with this id, newest first; expired ones are not found."""
        return tuple(self._found(surrogate_maps.c.record == self._digest("record", record.encode())))

    def _found(self, wanted: ColumnElement[bool]) -> Iterator[FoundMap]:
        now = timestamp(self._clock.now())
        live = surrogate_maps.c.expires.is_(None) | (surrogate_maps.c.expires > now)
        query = (
            select(surrogate_maps, vault.c.lookup, vault.c.sealed.label("owner"), vault.c.key_id)
            .join(vault, vault.c.handle == surrogate_maps.c.handle)
            .where(wanted, live)
            .order_by(surrogate_maps.c.number.desc())
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        for row in rows:
            owner, key = self._vault.opened_as(row.key_id, row.handle, row.lookup, row.owner)
            place = _bound_to(row.handle, row.record, row.text)
            yield FoundMap(handle=row.handle, map=unseal_map(key, place, row.sealed, owner.patient))

    def _there(self, connection: Connection, texts: Sequence[bytes]) -> set[tuple[str, bytes, bytes]]:
        columns = surrogate_maps.c
        query = select(columns.handle, columns.record, columns.text).where(columns.text.in_(texts))
        return {(row.handle, row.record, row.text) for row in connection.execute(query)}

    def _digest(self, kind: str, value: bytes) -> bytes:
        key = derived(self._vault.subject(None).key, b"osler surrogate map lookup 1")
        return hmac.digest(key, kind.encode() + b"\0" + value, hashlib.sha256)


def _bound_to(handle: str, record: bytes, text: bytes) -> bytes:
    """What a sealed map is tied to, so that it cannot be moved to another patient or text."""
    return handle.encode() + b"\0" + record + text
