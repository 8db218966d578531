"""What is sealed in the vault, and how: AES-256-GCM, each piece bound to its place.

A subject's row holds who it is and their own data key, sealed under a master key. Everything else about the subject
is sealed under that data key, so that destroying the one row destroys it all.
"""

import base64
import binascii
import json
import secrets
import zlib
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from osler.core.errors import StoreError
from osler.core.ports.vault import MapEntry, RecordMap
from osler.stores.vault_keys import RESTORE, MasterKey, derived

_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Who a row of the vault is: a patient, the workspace (None), or the texts of a batch that name no patient."""

    patient: str | None = field(default=None, repr=False)
    batch: str = ""

    @property
    def name(self) -> bytes:
        """What the row is looked up by."""
        return json.dumps(["batch", self.batch] if self.batch else self.patient).encode()


WORKSPACE = Owner()


def seal_owner(key: MasterKey, handle: str, owner: Owner, data_key: bytes) -> tuple[bytes, bytes]:
    """Lookup and sealed content of an owner's row."""
    lookup = key.lookup(owner.name)
    content = {"patient": owner.patient, "key": base64.b64encode(data_key).decode()}
    if owner.batch:
        content["batch"] = owner.batch
    return lookup, _seal(_cipher(key), json.dumps(content).encode(), _row_of(handle, lookup))


def unseal_owner(key: MasterKey, handle: str, lookup: bytes, sealed: bytes) -> tuple[Owner, bytes]:
    """Whose row it is, and their data key. Raises StoreError."""
    try:
        content = json.loads(_unseal(_cipher(key), sealed, _row_of(handle, lookup)))
        owner = Owner(patient=content["patient"], batch=content.get("batch", ""))
        return owner, base64.b64decode(content["key"], validate=True)
    except (InvalidTag, ValueError, TypeError, KeyError, binascii.Error):
        raise not_ours() from None


def not_ours() -> StoreError:
    """The vault was sealed under another key, or tampered with."""
    return StoreError(
        "The vault cannot be unsealed: its key file is not the one it was made with, or its content was changed.",
        remedy=RESTORE,
    )


def seal_map(data_key: bytes, place: bytes, given: RecordMap) -> bytes:
    """A surrogate map, compressed and sealed; `place` ties it to its row."""
    rows = [[e.at, e.label, e.surrogate, e.original] for e in given.entries]
    content = json.dumps([given.record, given.digest.hex(), rows], separators=(",", ":")).encode()
    return _seal(AESGCM(derived(data_key, b"osler surrogate map 1")), zlib.compress(content, 1), place)


def unseal_map(data_key: bytes, place: bytes, sealed: bytes, patient: str | None) -> RecordMap:
    """The map in a row. Raises StoreError."""
    try:
        cipher = AESGCM(derived(data_key, b"osler surrogate map 1"))
        record, digest, rows = json.loads(zlib.decompress(_unseal(cipher, sealed, place)))
        entries = tuple(MapEntry(at=at, label=label, surrogate=s, original=o) for at, label, s, o in rows)
        return RecordMap(record=record, patient=patient, digest=bytes.fromhex(digest), entries=entries)
    except (InvalidTag, ValueError, TypeError, zlib.error):
        raise StoreError(
            "A surrogate map cannot be unsealed: its content was changed.",
            remedy="Restore the workspace from a backup.",
        ) from None


def _cipher(key: MasterKey) -> AESGCM:
    return AESGCM(derived(key.secret, b"osler vault seal 1"))


def _seal(cipher: AESGCM, content: bytes, place: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, content, place)


def _unseal(cipher: AESGCM, sealed: bytes, place: bytes) -> bytes:
    return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place)


def _row_of(handle: str, lookup: bytes) -> bytes:
    """What a sealed row is tied to, so that it cannot be moved to another handle or patient."""
    return handle.encode() + b"\0" + lookup
