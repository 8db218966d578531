"""Where traces are sent: `[gateway.telemetry]` with its secrets, checked."""

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field

from osler.app import secrets
from osler.app.config import Config
from osler.core.errors import ConfigError

_PACKAGES = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracing:
    """An OTLP/HTTP endpoint for traces, what is sent along with each batch, and how much is sent."""

    endpoint: str
    headers: Mapping[str, str] = field(repr=False)
    sample: float
    content: bool


def tracing(config: Config) -> Tracing | None:
    """Where traces go; None where none are made. Raises ConfigError. Calls nobody."""
    table = config.gateway.telemetry
    if table.otlp is None:
        return None
    if not all(_is_there(name) for name in _PACKAGES):
        raise ConfigError(
            f"{config.place('gateway', 'telemetry', 'otlp')} needs OpenTelemetry, which is not installed.",
            remedy="Install it: pip install 'osler[otel]'; or leave the key out.",
        )
    headers = {
        name: secrets.resolve(
            env=secret.env, file=secret.file, place=config.place("gateway", "telemetry", "headers", name)
        )
        for name, secret in table.headers.items()
    }
    endpoint = f"{table.otlp.rstrip('/')}/v1/traces"
    return Tracing(endpoint=endpoint, headers=headers, sample=table.sample, content=table.content)


def _is_there(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False
