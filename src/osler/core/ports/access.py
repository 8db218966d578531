"""Port: API keys. Only a key's digest is stored; the key itself is shown once, when it is made."""

from dataclasses import dataclass
from typing import Literal, Protocol

from osler.core.messages import Caller

KeyRole = Literal["clinician", "reviewer", "service", "admin"]
"""What a key may be made for."""
ADMIN = "admin"
"""The role that the admin surface wants."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key as it is listed: never the secret."""

    id: str
    name: str
    role: str
    created: str
    revoked: str | None = None


class Access(Protocol):
    """Makes and checks API keys. Errors: StoreError, InputError."""

    def create(self, name: str, role: str) -> tuple[ApiKey, str]:
        """A new key and its secret text, which is not kept."""
        ...

    def list(self) -> tuple[ApiKey, ...]:
        """All keys, oldest first, revoked ones too."""
        ...

    def revoke(self, key_id: str) -> ApiKey:
        """Revoke a key for good; InputError when there is none of that id."""
        ...

    def authenticate(self, secret: str) -> Caller | None:
        """Who the key belongs to; None when it is unknown or revoked."""
        ...
