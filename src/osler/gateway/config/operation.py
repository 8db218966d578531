"""`[gateway]`: how requests are carried, whatever the rules say about where they may go."""

from pydantic import BaseModel, Field

from osler.gateway.config.budgets import BudgetConfig
from osler.gateway.config.estimators import EstimatorsConfig
from osler.gateway.config.resilience import (
    BreakerConfig,
    HedgingConfig,
    QueueConfig,
    RetriesConfig,
    WanConfig,
)
from osler.gateway.config.reuse import CacheConfig
from osler.gateway.config.roles import RoleConfig
from osler.gateway.config.shared import STRICT, Name
from osler.gateway.config.telemetry import TelemetryConfig
from osler.gateway.config.tenants import TenantConfig


class GatewayConfig(BaseModel):
    """How requests are carried. Each topic has a table of its own."""

    model_config = STRICT
    roles: dict[Name, RoleConfig] = Field(
        default_factory=dict,
        description="What callers of a role may ask for. A role that stands here replaces the shipped one of its name.",
    )
    budgets: dict[Name, BudgetConfig] = Field(
        default_factory=dict, description="How many tokens and how much money callers may use up."
    )
    cache: CacheConfig = Field(
        CacheConfig(), description="Answers that are used again, and identical requests that share one call."
    )
    estimators: EstimatorsConfig = Field(
        EstimatorsConfig(), description="What a request is taken for, where it does not say."
    )
    retries: RetriesConfig = Field(
        RetriesConfig(), description="When a model server is asked again, and for how long."
    )
    breaker: BreakerConfig = Field(
        BreakerConfig(), description="When a model that keeps failing is left alone."
    )
    hedging: HedgingConfig = Field(
        HedgingConfig(), description="When a latency-critical request is sent to two servers."
    )
    wan: WanConfig = Field(WanConfig(), description="Whether the clouds can be reached.")
    tenants: dict[Name, TenantConfig] = Field(
        default_factory=dict,
        description="What callers of a tenant are held to. Where one stands here, a key of a tenant that does not is "
        "refused, but for `default`.",
    )
    telemetry: TelemetryConfig = Field(TelemetryConfig(), description="Where traces are sent.")
    queue: QueueConfig = Field(
        QueueConfig(), description="Where requests wait for a destination that is busy."
    )
