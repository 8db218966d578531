"""What the gateway's tables share: strictness, names, references to secrets."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

STRICT = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


class Secret(BaseModel):
    """Where a secret is found: `{ env = "NAME" }` or `{ file = "path" }`, exactly one of them."""

    model_config = STRICT
    env: str | None = Field(None, description='Name of an environment variable: `{ env = "EAST_KEY" }`.')
    file: str | None = Field(
        None,
        description=(
            'Path of a file: `{ file = "/run/secrets/east" }`. A relative path counts from the '
            "folder in which Osler is started."
        ),
    )

    @model_validator(mode="after")
    def _one(self) -> "Secret":
        if (self.env is None) == (self.file is None):
            raise ValueError('give exactly one of { env = "NAME" } and { file = "path" }')
        return self
