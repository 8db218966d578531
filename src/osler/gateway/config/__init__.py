"""`[server]`, `[destinations.*]`, `[tasks.*]`, `[[rules]]`, `[[tests]]` and `[gateway]` of `osler.toml`.

Only shapes and what can be checked from the tables alone; what the tables mean is decided in `policy.py` and its
neighbours. Secrets stand here as references, never as values.
"""

from osler.gateway.config.budgets import BudgetConfig
from osler.gateway.config.destinations import (
    DEFAULT_DESTINATIONS,
    AcceptsConfig,
    BaaConfig,
    DestinationConfig,
    ModelConfig,
    UpstreamTlsConfig,
)
from osler.gateway.config.estimators import EstimatorsConfig
from osler.gateway.config.operation import GatewayConfig
from osler.gateway.config.resilience import (
    BreakerConfig,
    HedgingConfig,
    QueueConfig,
    RetriesConfig,
    WanConfig,
)
from osler.gateway.config.reuse import CacheConfig
from osler.gateway.config.roles import RoleConfig
from osler.gateway.config.rules import (
    DEFAULT_RULES,
    Expectation,
    RuleConfig,
    RuleTest,
    SampleRequest,
    When,
)
from osler.gateway.config.server import RateLimitConfig, ServerConfig, TimeoutsConfig, TlsConfig
from osler.gateway.config.shared import Name, Secret
from osler.gateway.config.tasks import TaskConfig
from osler.gateway.config.telemetry import TelemetryConfig
from osler.gateway.config.tenants import TenantConfig

__all__ = [
    "DEFAULT_DESTINATIONS",
    "DEFAULT_RULES",
    "AcceptsConfig",
    "BaaConfig",
    "BreakerConfig",
    "BudgetConfig",
    "CacheConfig",
    "DestinationConfig",
    "EstimatorsConfig",
    "Expectation",
    "GatewayConfig",
    "HedgingConfig",
    "ModelConfig",
    "Name",
    "QueueConfig",
    "RateLimitConfig",
    "RetriesConfig",
    "RoleConfig",
    "RuleConfig",
    "RuleTest",
    "SampleRequest",
    "Secret",
    "ServerConfig",
    "TaskConfig",
    "TelemetryConfig",
    "TenantConfig",
    "TimeoutsConfig",
    "TlsConfig",
    "UpstreamTlsConfig",
    "WanConfig",
    "When",
]
