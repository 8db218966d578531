"""`[stores]` of `osler.toml`."""

from typing import Literal
from urllib.parse import parse_qsl, urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator


class SecretReference(BaseModel):
    """Where a secret is found: an environment variable or a file. The vault's keys are 32 bytes in base64."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
    env: str | None = None
    file: str | None = None

    @model_validator(mode="after")
    def _one(self) -> "SecretReference":
        if (self.env is None) == (self.file is None):
            raise ValueError('give exactly one of { env = "NAME" } and { file = "path" }')
        return self


class StoresConfig(BaseModel):
    """Where state is kept: in SQLite in the workspace's folder, or in a PostgreSQL database that `url` names.

    `vault_key` replaces the key file of the workspace; `vault_key_previous` still opens what an earlier key sealed,
    until `osler vault rotate` is done. `vault_ttl` is how long surrogate maps are kept, in hours, days or weeks
    (`90d`); without it until they are shredded.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
    database: Literal["sqlite", "postgresql"] | None = None
    url: str | SecretReference | None = None
    vault_key: SecretReference | None = None
    vault_key_previous: SecretReference | None = None
    vault_ttl: str | None = Field(None, pattern=r"^[1-9][0-9]{0,5}[hdw]$")

    @model_validator(mode="after")
    def _one_place(self) -> "StoresConfig":
        if isinstance(self.url, str) and _holds_password(self.url):
            raise ValueError(
                'url holds a password; put the whole URL into { env = "NAME" } or { file = "path" }, '
                "or the password into PGPASSWORD or ~/.pgpass"
            )
        if self.database == "postgresql" and self.url is None:
            raise ValueError(
                'database is postgresql, but there is no url: give { env = "NAME" } or { file = "path" }'
            )
        if self.database == "sqlite" and self.url is not None:
            raise ValueError("database is sqlite, but url names another one; take one of them away")
        return self


def _holds_password(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.password is not None or any(
            name == "password" for name, _ in parse_qsl(parts.query, keep_blank_values=True)
        )
    except ValueError:
        return True
