"""API keys: the port Access on the one database.

A key reads `osler_<id>_<secret>`; the secret is 43 characters for 32 random bytes. Stored is the
SHA-256 of the whole key: with 256 random bits there is nothing for a slow hash to protect.
"""

import hashlib
import hmac
import re
import secrets
import threading
from dataclasses import dataclass, field
from typing import Any, get_args

from sqlalchemy import Row, insert, select, update

from osler.core.clock import Clock, SystemClock, timestamp
from osler.core.errors import InputError
from osler.core.messages import Caller
from osler.core.ports.access import ApiKey, KeyRole
from osler.stores.database import Database
from osler.stores.tables import api_keys

ROLES: tuple[str, ...] = get_args(KeyRole)
"""What a key may be made for."""

MAX_NAME = 64
"""Characters in a key's name, at most."""

_STALE_AFTER_S = 1.5
_KEY = re.compile(r"osler_([0-9a-f]{12})_[A-Za-z0-9_-]{43}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    digest: bytes = field(repr=False)
    caller: Caller
    read_at: float


class SqlAccess:
    """Makes and checks API keys: implements the port Access. Safe for threads.

    Errors: StoreError, InputError.
    """

    def __init__(self, database: Database, *, clock: Clock | None = None) -> None:
        self._database = database
        self._clock = clock or SystemClock()
        self._known: dict[str, _Known] = {}
        self._revoked: set[str] = set()
        self._lock = threading.Lock()

    def create(self, name: str, role: str) -> tuple[ApiKey, str]:
        """A new key and its text, which is not kept. Raises InputError for an unfit name or role."""
        if not name.isprintable() or not name.strip() or len(name) > MAX_NAME:
            raise InputError(
                f"A key's name must be 1 to {MAX_NAME} printable characters.",
                remedy="Choose a name that says who or what uses the key.",
                param="name",
            )
        if role not in ROLES:
            raise InputError(
                "There is no such role.", remedy=f"Choose one of: {', '.join(ROLES)}.", param="role"
            )
        key_id = secrets.token_hex(6)
        secret = f"osler_{key_id}_{secrets.token_urlsafe(32)}"
        made = ApiKey(id=key_id, name=name, role=role, created=timestamp(self._clock.now()))
        row = {
            "id": made.id,
            "name": made.name,
            "role": made.role,
            "digest": _digest(secret),
            "created": made.created,
        }
        with self._database.write("access") as connection:
            connection.execute(insert(api_keys), row)
        return made, secret

    def list(self) -> tuple[ApiKey, ...]:
        """All keys, oldest first, revoked ones too."""
        with self._database.read() as connection:
            rows = connection.execute(select(api_keys).order_by(api_keys.c.number)).all()
        return tuple(_api_key(row) for row in rows)

    def revoke(self, key_id: str) -> ApiKey:
        """Revoke a key for good; one revoked before stays as it is. Raises InputError when there is none."""
        now = timestamp(self._clock.now())
        with self._database.write("access") as connection:
            connection.execute(
                update(api_keys)
                .where(api_keys.c.id == key_id, api_keys.c.revoked.is_(None))
                .values(revoked=now)
            )
            row = connection.execute(select(api_keys).where(api_keys.c.id == key_id)).one_or_none()
        if row is None:
            raise InputError(
                "There is no API key of that id.", remedy="See `osler keys list` for the ids.", param="key_id"
            )
        with self._lock:
            self._revoked.add(row.id)
            self._known.pop(row.id, None)
        return _api_key(row)

    def authenticate(self, secret: str) -> Caller | None:
        """Who the key belongs to; None when it is unknown or revoked.

        A key revoked by another process is refused within 2 seconds, one revoked here at once.
        """
        parsed = _KEY.fullmatch(secret)
        if parsed is None:
            return None
        known = self._lookup(parsed.group(1))
        if known is None or not hmac.compare_digest(known.digest, _digest(secret)):
            return None
        return known.caller

    def _lookup(self, key_id: str) -> _Known | None:
        """The key if it is valid. Only valid keys are remembered, so guesses cannot fill the memory."""
        now = self._clock.monotonic()
        with self._lock:
            known = self._known.get(key_id)
        if known is not None and 0 <= now - known.read_at < _STALE_AFTER_S:
            return known
        with self._database.read() as connection:
            row = connection.execute(
                select(api_keys).where(api_keys.c.id == key_id, api_keys.c.revoked.is_(None))
            ).one_or_none()
        with self._lock:
            # Another thread may have revoked the key since it was read.
            if row is None or row.id in self._revoked:
                self._known.pop(key_id, None)
                return None
            known = _Known(digest=row.digest, caller=Caller(key=row.id, role=row.role), read_at=now)
            self._known[key_id] = known
        return known


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _api_key(row: Row[Any]) -> ApiKey:
    return ApiKey(id=row.id, name=row.name, role=row.role, created=row.created, revoked=row.revoked)
