"""`[guardrails]` of `osler.toml`."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class GuardrailsConfig(BaseModel):
    """Which checks run, and what happens to a sentence with a blocking finding."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
    checks: tuple[str, ...] = ("allergy", "citations")
    on_block: Literal["withhold", "flag"] = "withhold"
    options: dict[str, dict[str, object]] = {}
