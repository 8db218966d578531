"""`[stores]` of `osler.toml`."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class SecretReference(BaseModel):
    """Where the vault's key is found: an environment variable or a file that holds 32 bytes in base64."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
    env: str | None = None
    file: str | None = None

    @model_validator(mode="after")
    def _one(self) -> "SecretReference":
        if (self.env is None) == (self.file is None):
            raise ValueError('give exactly one of { env = "NAME" } and { file = "path" }')
        return self


class StoresConfig(BaseModel):
    """Where state is kept: SQLite in the workspace. `vault_key` replaces the key file of the workspace.

    `vault_key_previous` still opens what an earlier key sealed, until `osler vault rotate` is done. `vault_ttl` is
    how long surrogate maps are kept, in hours, days or weeks (`90d`); without it until they are shredded.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
    database: Literal["sqlite"] = "sqlite"
    vault_key: SecretReference | None = None
    vault_key_previous: SecretReference | None = None
    vault_ttl: str | None = Field(None, pattern=r"^[1-9][0-9]{0,5}[hdw]$")
