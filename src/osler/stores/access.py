"""API keys: the port Access on the one database.

A key reads `osler_<id>_<secret>`; the secret is 43 characters for 32 random bytes. Stored is the
SHA-256 of the whole key: with 256 random bits there is nothing for a slow hash to protect.
"""

import hashlib
import hmac
import re
import secrets
import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, date
from typing import Any, get_args

from sqlalchemy import Connection, Row, insert, select, update

from osler.core.clock import Clock, SystemClock, timestamp
from osler.core.errors import Conflict, InputError
from osler.core.messages import Caller
from osler.core.ports.access import ADMIN, NO_TERMS, ROUTES, ApiKey, KeyRole, KeyTerms, parsed_scopes
from osler.stores.database import Database
from osler.stores.tables import api_keys

ROLES: tuple[str, ...] = get_args(KeyRole)
"""What a key may be made for."""

MAX_NAME = 64
"""Characters in a key's name, at most."""
MAX_SCOPES = 128
"""Scopes and limits of a key, at most."""
MOST_PER_MINUTE = 10_000_000

_STALE_AFTER_S = 1.5
_KEY = re.compile(r"osler_([0-9a-f]{12})_[A-Za-z0-9_-]{43}", re.ASCII)
_CONFIGURED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}(/[A-Za-z0-9][A-Za-z0-9._-]{0,63})?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    digest: bytes = field(repr=False)
    caller: Caller
    expires: date | None
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

    def create(self, name: str, role: str, terms: KeyTerms = NO_TERMS) -> tuple[ApiKey, str]:
        """A new key and its text, which is not kept. Raises InputError for an unfit name, role or terms."""
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
        self._require_fit(role, terms)
        with self._database.write("access") as connection:
            return self._made(connection, name, role, terms)

    def list(self) -> tuple[ApiKey, ...]:
        """All keys, oldest first, revoked ones too."""
        with self._database.read() as connection:
            rows = connection.execute(select(api_keys).order_by(api_keys.c.number)).all()
        return tuple(_api_key(row) for row in rows)

    def revoke(self, key_id: str) -> ApiKey:
        """Revoke a key for good; one revoked before stays as it is. Raises InputError when there is none."""
        with self._database.write("access") as connection:
            row = self._revoke(connection, key_id)
        if row is None:
            raise _unknown()
        self._forget(row.id)
        return _api_key(row)

    def rotate(self, key_id: str, *, keep: bool = False) -> tuple[ApiKey, str]:
        """Another key of the same name, role and terms, and its text. The old one is revoked in the same transaction.

        Raises InputError when there is none of that id, or it is revoked or expired: that use has ended.
        """
        with self._database.write("access") as connection:
            row = connection.execute(select(api_keys).where(api_keys.c.id == key_id)).one_or_none()
            if row is None:
                raise _unknown()
            old = _api_key(row)
            if old.revoked is not None or _is_over(old.terms.expires, self._clock):
                raise InputError(
                    "That key is revoked or has expired; it cannot be replaced.",
                    remedy="Make a new one: osler keys create.",
                    param="key_id",
                )
            made = self._made(connection, old.name, old.role, old.terms)
            if not keep:
                self._revoke(connection, key_id)
        if not keep:
            self._forget(key_id)
        return made

    def authenticate(self, secret: str) -> Caller | None:
        """Who the key belongs to; None when it is unknown, revoked or expired.

        A key revoked by another process is refused within 2 seconds, one revoked here at once.
        """
        parsed = _KEY.fullmatch(secret)
        if parsed is None:
            return None
        known = self._lookup(parsed.group(1))
        if known is None or not hmac.compare_digest(known.digest, _digest(secret)):
            return None
        if known.expires is not None and _is_over(known.expires, self._clock):
            return None
        return known.caller

    def _require_fit(self, role: str, terms: KeyTerms) -> None:
        names = (terms.tenant, *terms.models, *terms.destinations)
        words = terms.words()
        if not all(_CONFIGURED.fullmatch(name) for name in names) or "/" in terms.tenant:
            raise InputError(
                "A tenant, a model or a destination has letters, digits, '.', '_' and '-', 64 at most.",
                remedy="Use the names of osler.toml.",
                param="terms",
            )
        # Read back from its words it must be the same: else it would be another one once it is stored.
        if parsed_scopes(words) != replace(terms, tenant="default", expires=None, per_minute=None):
            raise InputError("A scope is unknown or stands twice.", remedy="Name each once.", param="scope")
        if len(words) > MAX_SCOPES:
            raise InputError(
                "These are too many scopes.", remedy=f"Name {MAX_SCOPES} at most.", param="scope"
            )
        if role != ADMIN and not set(terms.scopes) <= set(ROUTES):
            raise Conflict(
                "Only a key of the role admin can have a scope of the admin surface.",
                remedy="Make the key with --role admin, or leave the scope out.",
                param="scope",
            )
        if _is_over(terms.expires, self._clock):
            raise Conflict("The key's last day is over already.", remedy="Name a later one.", param="expires")
        if terms.per_minute is not None and not 1 <= terms.per_minute <= MOST_PER_MINUTE:
            raise InputError(
                f"A key's requests a minute must be 1 to {MOST_PER_MINUTE}.",
                remedy="Leave it out for the site's own limit.",
                param="per_minute",
            )

    def _made(self, connection: Connection, name: str, role: str, terms: KeyTerms) -> tuple[ApiKey, str]:
        key_id = secrets.token_hex(6)
        secret = f"osler_{key_id}_{secrets.token_urlsafe(32)}"
        made = ApiKey(id=key_id, name=name, role=role, created=timestamp(self._clock.now()), terms=terms)
        row = {
            "id": made.id,
            "name": made.name,
            "role": made.role,
            "digest": _digest(secret),
            "created": made.created,
            "tenant": terms.tenant,
            "scopes": ",".join(terms.words()),
            "expires": terms.expires.isoformat() if terms.expires else None,
            "per_minute": terms.per_minute,
        }
        connection.execute(insert(api_keys), row)
        return made, secret

    def _revoke(self, connection: Connection, key_id: str) -> Row[Any] | None:
        now = timestamp(self._clock.now())
        connection.execute(
            update(api_keys).where(api_keys.c.id == key_id, api_keys.c.revoked.is_(None)).values(revoked=now)
        )
        return connection.execute(select(api_keys).where(api_keys.c.id == key_id)).one_or_none()

    def _forget(self, key_id: str) -> None:
        with self._lock:
            self._revoked.add(key_id)
            self._known.pop(key_id, None)

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
            key = _api_key(row)
            known = _Known(digest=row.digest, caller=_caller(key), expires=key.terms.expires, read_at=now)
            self._known[key_id] = known
        return known


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _is_over(expires: date | None, clock: Clock) -> bool:
    return expires is not None and clock.now().astimezone(UTC).date() > expires


def _caller(key: ApiKey) -> Caller:
    terms = key.terms
    return Caller(
        key=key.id,
        role=key.role,
        tenant=terms.tenant,
        scopes=frozenset(terms.scopes) or None,
        models=frozenset(terms.models) or None,
        destinations=frozenset(terms.destinations) or None,
        per_minute=terms.per_minute,
    )


def _api_key(row: Row[Any]) -> ApiKey:
    terms = parsed_scopes([row.scopes]) if row.scopes else NO_TERMS
    terms = replace(
        terms,
        tenant=row.tenant,
        expires=date.fromisoformat(row.expires) if row.expires else None,
        per_minute=row.per_minute,
    )
    return ApiKey(
        id=row.id, name=row.name, role=row.role, created=row.created, revoked=row.revoked, terms=terms
    )


def _unknown() -> InputError:
    return InputError(
        "There is no API key of that id.", remedy="See `osler keys list` for the ids.", param="key_id"
    )
