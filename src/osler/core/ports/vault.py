"""Port: the vault, which alone knows which patient an audit handle stands for, and holds keys and surrogate maps."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """How the audit names a patient: a random handle, and the key under which their digests are made.

    Shredding the key severs both: the handle resolves to nothing, the digests can be matched by no one.
    """

    handle: str
    key: bytes = field(repr=False)


class Vault(Protocol):
    """Random handles and keys per patient. Errors: StoreError."""

    def subject(self, patient: str | None) -> Subject:
        """The patient's handle and key, made at first use; the workspace's own for None."""
        ...

    def resolve(self, handle: str) -> str | None:
        """The patient behind a handle, or None."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MapEntry:
    """One replacement: `surrogate` stands at `at` of the replaced text, in code points, for `original`."""

    at: int
    label: str
    surrogate: str = field(repr=False)
    original: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordMap:
    """The way back for one replaced text.

    `record` is the text's id, `patient` the key of the patient it is about (None: not named). `digest` is the
    SHA-256 of the replaced text in UTF-8, by which it is found again; `entries` are in the order of the text.
    """

    record: str = field(repr=False)
    patient: str | None = field(repr=False)
    digest: bytes
    entries: tuple[MapEntry, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundMap:
    """A map that was found, and the handle of whom it is about."""

    handle: str
    map: RecordMap = field(repr=False)


class SurrogateMaps(Protocol):
    """Keeps the ways back from surrogates, each sealed under the key of its patient. Errors: StoreError."""

    def store(self, maps: Sequence[RecordMap], *, run: str, ttl: timedelta | None = None) -> None:
        """Keep maps, all or none; durable when it returns. The same maps again change nothing.

        `run` names the batch that patients without a key belong to. After `ttl` a map is not found any more.
        """
        ...

    def by_digest(self, digest: bytes) -> tuple[FoundMap, ...]:
        """Maps of texts with this digest, newest first; expired ones are not found."""
        ...

    def by_record(self, record: str) -> tuple[FoundMap, ...]:
        """Maps of texts with this id, newest first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Shredded:
    """What was destroyed: whose key, by handle, and how many surrogate maps with it."""

    handle: str
    maps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """One subject of the vault as it is listed: no id, no key."""

    handle: str
    created: str
    key_id: str
    maps: int
    expires: str | None
    """When the first of its maps expires."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotated:
    """What a rotation did: the id of the key in force now, and how many rows it sealed anew."""

    key_id: str
    rows: int


class VaultKeeper(Protocol):
    """What is done to a vault as a whole. Errors: StoreError, InputError."""

    def shred(self, patient: str) -> Shredded:
        """Destroy the key of a patient, given by id or handle, and the maps under it, for good.

        Raises InputError when the vault knows no such patient.
        """
        ...

    def expire(self, now: datetime) -> int:
        """Destroy the surrogate maps that had expired by `now`; how many."""
        ...

    def rotate(self, *, destroy_old: bool = False) -> Rotated:
        """Seal all rows under another master key: a new one of the workspace, or the one that is configured.

        May be killed at any moment and run again; readers and writers go on meanwhile. The old key file is kept
        beside the new one, for older backups, unless it is to be destroyed. Raises InputError when the key is
        configured and in force already.
        """
        ...

    def behind(self) -> int:
        """How many rows are not sealed under the key that is to be in force: above 0 a rotation is due."""
        ...

    def holdings(self) -> tuple[Holding, ...]:
        """All subjects, oldest first, the workspace's own included."""
        ...
