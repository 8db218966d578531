"""The site's own configuration, made fit for a trial: the same rules and guards, but nobody real is called.

Each destination keeps its place, region, BAA, determination and models; its address becomes that of a
capture server on this machine, and its secret is left out. One destination is added that may see no PHI and is
cheaper than all others, so that a policy which lets go of PHI has somewhere to let it go to.
"""

from collections.abc import Mapping
from datetime import date
from typing import Literal

from osler.app.config import Config
from osler.core.models import Place
from osler.gateway.config import (
    DestinationConfig,
    GatewayConfig,
    ModelConfig,
    RateLimitConfig,
    ServerConfig,
    TimeoutsConfig,
)
from osler.gateway.config.resilience import BreakerConfig, RetriesConfig, WanConfig

OUTSIDE = "osler-selftest-outside"
"""The destination that is added; its models are called so too."""
Sight = Literal["phi", "de-identified", "nothing"]
"""What of a request with PHI a destination may see."""


def trial_config(config: Config, urls: Mapping[str, str], *, guard_s: float) -> Config:
    """The configuration with `urls` (by destination's name) in the place of the real addresses.

    State goes to the trial's own folder, so `[stores]` is left out; limits on callers and budgets are off, answers are
    not used again, and what failed once is tried again at the next request; the rules' own tests are left to `osler
    config check`.
    """
    destinations = {name: _replaced(table, urls[name]) for name, table in with_outside(config).items()}
    server = ServerConfig(
        rate_limit=RateLimitConfig(
            per_minute=0, keyless_per_minute=0, admin_per_minute=0, refused_per_minute=0
        ),
        timeouts=TimeoutsConfig(guard_s=guard_s),
        max_body_mb=config.server.max_body_mb,
    )
    defaults = Config()
    return config.model_copy(
        update={
            "destinations": destinations,
            "server": server,
            "stores": defaults.stores,
            "tests": (),
            "gateway": _unbounded(config.gateway, guard_s),
        }
    )


def _unbounded(gateway: GatewayConfig, guard_s: float) -> GatewayConfig:
    defaults = GatewayConfig()
    return gateway.model_copy(
        update={
            "budgets": defaults.budgets,
            "cache": defaults.cache,
            "telemetry": defaults.telemetry,
            "breaker": BreakerConfig(failures=0),
            "retries": RetriesConfig(per_target=0, deadline_s=guard_s, first_piece_s=guard_s),
            "wan": WanConfig(mode="up"),
        }
    )


def with_outside(config: Config) -> dict[str, DestinationConfig]:
    """The configured destinations, and the one that may see no PHI."""
    outside = DestinationConfig(
        location=Place.PUBLIC_CLOUD,
        region="nowhere",
        models={
            OUTSIDE: ModelConfig(id=OUTSIDE, context=1_000_000),
            f"{OUTSIDE}-vectors": ModelConfig(id=OUTSIDE, kind="embedding", context=1_000_000),
        },
    )
    return {**config.destinations, OUTSIDE: outside}


def sight(table: DestinationConfig, service: str, today: date) -> Sight:
    """What a destination may see, by the invariant alone: derived here anew, not asked of the policy under test."""
    if table.location is Place.ON_PREMISES:
        return "phi"
    baa = table.baa
    if (
        baa is not None
        and baa.signed <= today <= baa.expires
        and service in baa.services
        and table.region in baa.regions
    ):
        return "phi"
    if table.accepts is not None and today <= table.accepts.until:
        return "de-identified"
    return "nothing"


def _replaced(table: DestinationConfig, url: str) -> DestinationConfig:
    return table.model_copy(
        update={"use": "openai_wire", "url": url, "auth": None, "options": {}, "timeout_s": 10.0}
    )
