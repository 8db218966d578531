"""`[gateway.telemetry]`: where traces are sent."""

import ipaddress
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, field_validator, model_validator

from osler.gateway.config.shared import STRICT, Secret

HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")]


class TelemetryConfig(BaseModel):
    """Traces, for an OpenTelemetry collector. They hold names and numbers, no texts, unless `content` says so."""

    model_config = STRICT
    otlp: str | None = Field(
        None,
        description='The collector\'s address for OTLP over HTTP, as `"http://127.0.0.1:4318"`; `/v1/traces` is added. '
        "Needs the extra `otel`. Without it no trace is made.",
    )
    sample: float = Field(
        1.0,
        ge=0,
        le=1,
        description="The share of requests that are traced. A request with a `traceparent` follows what that says.",
    )
    content: bool = Field(
        False,
        description="Whether a trace holds what the model was sent. Only where identifiers were replaced in it, and "
        "never what the caller sent or was answered. **Such text still counts as PHI**: the collector needs the "
        "protection that PHI needs, and https, unless it is on this machine.",
    )
    headers: dict[HeaderName, Secret] = Field(
        default_factory=dict,
        description='Headers for the collector, by secret: `headers.authorization = { env = "OTLP_AUTH" }`.',
    )

    @field_validator("otlp")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            parts = urlsplit(value)
            whole = parts.scheme in ("http", "https") and parts.hostname and (parts.port or True)
        except ValueError:
            whole = False
        if not whole or parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("must be http://host:port or https://host:port, without credentials or query")
        return value

    @model_validator(mode="after")
    def _protected(self) -> "TelemetryConfig":
        if self.content and self.otlp is not None:
            parts = urlsplit(self.otlp)
            if parts.scheme != "https" and not _is_here(parts.hostname or ""):
                raise ValueError("content = true needs an https address, or a collector on this machine")
        return self


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
