"""`[guardrails]` of `osler.toml`."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class GuardrailsConfig(BaseModel):
    """Which checks run, and what happens to a sentence with a blocking finding."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
    checks: tuple[str, ...] = Field(
        ("allergy", "citations"),
        description=("Which checks run. A check that is left out finds nothing; the answer does not say so."),
    )
    on_block: Literal["withhold", "flag"] = Field(
        "withhold", description="A sentence with a blocking finding is withheld, or shown with its finding."
    )
    hold: Literal["risky", "all"] = Field(
        "risky",
        description=(
            "What of an answer waits until it is checked. `risky`: of each sentence what begins with a dose, a "
            "drug, an order, a contraindication; the rest flows word by word. `all`: every sentence. A check that "
            "does not say that it can do with less holds every sentence too."
        ),
    )
    options: dict[str, dict[str, object]] = Field(
        {}, description="Options of each check: `options.NAME = { … }`."
    )
