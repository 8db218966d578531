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
    """Where state is kept: in SQLite in the workspace's folder, or in a PostgreSQL database that `url` names."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
    database: Literal["sqlite", "postgresql"] | None = Field(
        None,
        description=(
            "Which database: PostgreSQL where `url` stands, else SQLite, one file `osler.db` in the workspace "
            "folder. Needs to be said only to make a configuration plain."
        ),
    )
    url: str | SecretReference | None = Field(
        None,
        description=(
            'The PostgreSQL database that holds everything: `{ env = "OSLER_DATABASE_URL" }`, or a '
            "`postgresql://` address without a password. Without it, SQLite."
        ),
    )
    vault_key: SecretReference | None = Field(
        None,
        description=(
            "The key that seals the vault: 32 bytes in base64. Without this entry a key file is made in the "
            "workspace, beside the data that it protects."
        ),
    )
    vault_key_previous: SecretReference | None = Field(
        None,
        description=(
            "The key that `vault_key` follows: it still opens what it sealed, until `osler vault rotate` is done."
        ),
    )
    vault_ttl: str | None = Field(
        None,
        pattern=r"^[1-9][0-9]{0,5}[hdw]$",
        description=(
            'How long surrogate maps are kept: hours, days or weeks, as `"12h"`, `"90d"`, `"8w"`. `--ttl` of a '
            "run comes first. Without either, until they are shredded."
        ),
    )

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
