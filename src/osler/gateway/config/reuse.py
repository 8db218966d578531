"""`[gateway.cache]`: answers that are used again, and identical requests that share one call."""

from typing import Literal

from pydantic import BaseModel, Field

from osler.gateway.config.shared import STRICT


class CacheConfig(BaseModel):
    """Answers used again, word for word, and identical requests at the same time that share one call.

    Kept in the memory of each worker process, and gone with it. What is kept is the model's answer; grounding,
    restoring, checks and the audit record are done for each request anew.
    """

    model_config = STRICT
    entries: int = Field(
        0, ge=0, le=1_000_000, description="Answers that are kept; the oldest goes first. 0: none is kept."
    )
    ttl_s: float = Field(300.0, gt=0, le=86_400, description="How long an answer is used again, in seconds.")
    max_mb: int = Field(64, ge=1, le=4096, description="Most that the answers kept may take, in MiB of text.")
    phi: bool = Field(
        False,
        description="Whether answers to requests that hold PHI are kept too, with the way back to their "
        "identifiers: PHI then stays in memory for `ttl_s`.",
    )
    share: Literal["repeatable", "all", "off"] = Field(
        "repeatable",
        description="Which identical requests at the same time share one call. `repeatable`: those with "
        "`temperature` 0 or a `seed`, of which the same answer is expected. `all`: also those of which each "
        "would get an answer of its own.",
    )
