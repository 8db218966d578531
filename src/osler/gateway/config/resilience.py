"""`[gateway.retries]`, `breaker`, `hedging`, `wan` and `queue`: step 6 when model servers fail or are busy."""

from typing import Literal

from pydantic import BaseModel, Field, model_validator

from osler.gateway.config.shared import STRICT


class RetriesConfig(BaseModel):
    """When a call is made again at the same model server, and how long an answer may keep everybody waiting.

    Another permitted server of the same model is asked first, at once. Times are in seconds.
    """

    model_config = STRICT
    per_target: int = Field(
        1, ge=0, le=10, description="How often a model that failed is asked again for one request; 0: never."
    )
    base_s: float = Field(
        0.1,
        gt=0,
        le=60,
        description="The first pause is a random time up to this, each further one up to twice that.",
    )
    longest_s: float = Field(
        2.0,
        gt=0,
        le=300,
        description="The longest pause. A server that asks for a longer one (`Retry-After`) is left alone for that "
        "time, a minute at most.",
    )
    budget: float = Field(
        0.2,
        ge=0,
        le=1,
        description="Retries for each request, on average: 0.2 is one for five. So retries never multiply an outage.",
    )
    deadline_s: float = Field(
        600.0,
        gt=0,
        le=3600,
        description="Within which a stream must have begun and a plain answer be there, over all servers, retries and "
        "waiting.",
    )
    first_piece_s: float = Field(
        60.0,
        gt=0,
        le=3600,
        description="Within which a stream must have begun where another server can be asked instead.",
    )
    slowest: float = Field(
        0.2,
        ge=0,
        le=1000,
        description="Characters a second that a stream must have brought on average, looked at after its first minute; "
        "0: any pace will do.",
    )


class BreakerConfig(BaseModel):
    """When a model that keeps failing is left alone. One breaker for each model at each destination."""

    model_config = STRICT
    failures: int = Field(
        5, ge=0, le=10_000, description="So many failures within the window open it; 0: it never opens."
    )
    share: float = Field(0.5, gt=0, le=1, description="And at least this share of the calls in the window.")
    window_s: float = Field(30.0, gt=0, le=3600, description="The window, in seconds.")
    open_s: float = Field(
        5.0,
        gt=0,
        le=3600,
        description="For so many seconds nothing is sent there; then one call tries it. Doubled each time that fails.",
    )
    longest_s: float = Field(60.0, gt=0, le=3600, description="The most that it is doubled to, in seconds.")

    @model_validator(mode="after")
    def _order(self) -> "BreakerConfig":
        if self.longest_s < self.open_s:
            raise ValueError("longest_s is less than open_s")
        return self


class HedgingConfig(BaseModel):
    """When a latency-critical request is sent to a second permitted server, and the first to answer wins."""

    model_config = STRICT
    after_ms: float | None = Field(
        None,
        gt=0,
        le=600_000,
        description="How long the first server may be silent, in milliseconds. Without it: as long as it takes for "
        "95 of 100 answers to begin, once 20 were seen.",
    )
    share: float = Field(
        0.1,
        ge=0,
        le=1,
        description="How many of the latency-critical requests may be sent twice, on average; 0: none.",
    )


class WanConfig(BaseModel):
    """Whether the clouds can be reached. While they cannot, only what is on-premises is asked."""

    model_config = STRICT
    mode: Literal["auto", "up", "down"] = Field(
        "auto", description="`auto` finds out; `down` keeps everything on the premises; `up` always tries."
    )
    failures: int = Field(
        3,
        ge=1,
        le=1000,
        description="So many failed connections to clouds in a row make Osler look whether any cloud is there.",
    )
    window_s: float = Field(30.0, gt=0, le=3600, description="Within so many seconds.")
    probe_s: float = Field(
        5.0, gt=0, le=600, description="While it is down: how often the clouds are looked for, in seconds."
    )


class QueueConfig(BaseModel):
    """Where requests wait for a destination that does as much as its `max_concurrent` lets it.

    The critical come before the interactive and these before batches, then who came first.
    """

    model_config = STRICT
    waiting: int = Field(
        256, ge=0, le=100_000, description="Requests that may wait in one worker process; more get 429."
    )
    deadline_s: float = Field(
        30.0, gt=0, le=3600, description="How long one may wait, in seconds; after that it gets 429."
    )
