"""Port: API keys. Only a key's digest is stored; the key itself is shown once, when it is made."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol, get_args

from osler.core.errors import InputError
from osler.core.messages import Caller

KeyRole = Literal["clinician", "reviewer", "service", "admin"]
"""What a key may be made for."""
ADMIN: KeyRole = "admin"
"""The role that the admin surface wants."""
DEFAULT_TENANT = "default"
"""The tenant of keys that name none. Its administrators are those of the whole site."""

RouteScope = Literal["chat", "responses", "completions", "embeddings", "models", "metrics"]
AdminScope = Literal["admin:read", "admin:write"]
ADMIN_READ: AdminScope = "admin:read"
ADMIN_WRITE: AdminScope = "admin:write"
ROUTES: tuple[str, ...] = get_args(RouteScope)
SCOPES: tuple[str, ...] = (*ROUTES, *get_args(AdminScope))
"""What a key may be let do. Without any of them it may do what its role may."""
_ADMIN_BOTH = "admin"
_LIMITS = ("models", "destinations")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTerms:
    """What a key is held to besides its role. Empty or None: no more than that.

    `scopes` are routes; `models` and `destinations` the only ones that it may have its requests go to; `expires` is
    its last day, to its last second in UTC; `per_minute` its own limit of requests.
    """

    tenant: str = DEFAULT_TENANT
    scopes: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()
    expires: date | None = None
    per_minute: int | None = None

    def words(self) -> tuple[str, ...]:
        """Scopes and limits as `parsed_scopes` takes them."""
        limits = (f"{kind}:{name}" for kind in _LIMITS for name in getattr(self, kind))
        return (*self.scopes, *limits)


NO_TERMS = KeyTerms()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key as it is listed: never the secret."""

    id: str
    name: str
    role: str
    created: str
    revoked: str | None = None
    terms: KeyTerms = NO_TERMS

    def to_json(self) -> dict[str, object]:
        """Ready for JSON."""
        terms = self.terms
        return {
            "id": self.id, "name": self.name, "role": self.role, "tenant": terms.tenant,
            "scopes": list(terms.words()), "expires": terms.expires.isoformat() if terms.expires else None,
            "per_minute": terms.per_minute, "created": self.created, "revoked": self.revoked,
        }  # fmt: skip


class Access(Protocol):
    """Makes and checks API keys. Errors: StoreError, InputError."""

    def create(self, name: str, role: str, terms: KeyTerms = NO_TERMS) -> tuple[ApiKey, str]:
        """A new key and its secret text, which is not kept."""
        ...

    def list(self) -> tuple[ApiKey, ...]:
        """All keys, oldest first, revoked ones too."""
        ...

    def revoke(self, key_id: str) -> ApiKey:
        """Revoke a key for good; InputError when there is none of that id."""
        ...

    def rotate(self, key_id: str, *, keep: bool = False) -> tuple[ApiKey, str]:
        """Another key for the same use, and its secret text; the old one is revoked with it, unless it is kept.

        InputError when there is none of that id, or it is revoked.
        """
        ...

    def authenticate(self, secret: str) -> Caller | None:
        """Who the key belongs to; None when it is unknown, revoked or expired."""
        ...


def parsed_scopes(words: Iterable[str]) -> KeyTerms:
    """Terms from words as `chat`, `admin`, `models:NAME`, `destinations:NAME`; several may stand in one, with commas.

    Raises InputError.
    """
    scopes: list[str] = []
    limits: dict[str, list[str]] = {kind: [] for kind in _LIMITS}
    for word in (part.strip() for text in words for part in text.split(",")):
        kind, colon, name = word.partition(":")
        if colon and kind in limits and name:
            limits[kind].append(name)
        elif word == _ADMIN_BOTH:
            scopes += (ADMIN_READ, ADMIN_WRITE)
        elif word in SCOPES:
            scopes.append(word)
        else:
            raise InputError(
                "There is no such scope.",
                remedy=f"Known: {', '.join(SCOPES)}, admin, models:NAME, destinations:NAME.",
                param="scope",
            )
    return KeyTerms(
        scopes=tuple(dict.fromkeys(scopes)),
        models=tuple(dict.fromkeys(limits["models"])),
        destinations=tuple(dict.fromkeys(limits["destinations"])),
    )


def parsed_day(text: str) -> date:
    """A key's last day from `2027-01-31`. Raises InputError."""
    try:
        if len(text) != len("2027-01-31"):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(
            "A key's last day is not a date.", remedy="Give it as 2027-01-31.", param="expires"
        ) from None


def may(caller: Caller, scope: str) -> bool:
    """Whether a caller may use a route of this scope."""
    if scope not in ROUTES and caller.role != ADMIN:
        return False
    return caller.scopes is None or scope in caller.scopes
