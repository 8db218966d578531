"""`[server]`: how the gateway is served."""

from typing import Literal

from pydantic import BaseModel, Field

from osler.gateway.config.shared import STRICT


class TlsConfig(BaseModel):
    """Files in PEM form: the certificate with its chain, and its private key without a passphrase."""

    model_config = STRICT
    cert: str = Field(min_length=1, description="File of the certificate with its chain, in PEM.")
    key: str = Field(min_length=1, description="File of its private key, in PEM, without a passphrase.")


class RateLimitConfig(BaseModel):
    """Requests a minute, counted by each worker process for itself; 0: no limit.

    A caller that was silent for a minute may make a minute's worth at once.
    """

    model_config = STRICT
    per_minute: int = Field(6_000, ge=0, le=10_000_000, description="Of one API key; 0: no limit.")
    burst: int | None = Field(
        None,
        ge=1,
        le=10_000_000,
        description="Of one API key at once, after a pause. Without it as many as `per_minute`.",
    )
    keyless_per_minute: int = Field(
        60_000, ge=0, le=10_000_000, description="Of one address, where keys are off; 0: no limit."
    )
    admin_per_minute: int = Field(
        300, ge=0, le=10_000_000, description="Of one API key on the admin surface; 0: no limit."
    )
    refused_per_minute: int = Field(
        30,
        ge=0,
        le=10_000_000,
        description=(
            "Without a valid key, from one address (an IPv6 network of 64 bits counts as one); after that 429 "
            "instead of 401. A valid key is served all the same. 0: no limit."
        ),
    )


class TimeoutsConfig(BaseModel):
    """How long a caller may take, in seconds: to send the head of a request, to send its body, to begin
    the next request on an open connection, and to take what is sent to it. `guard_s` is how long a guard
    may take that waits for something outside of the process (a detector service, a database across a
    network), and the audit log."""

    model_config = STRICT
    head_s: float = Field(10.0, gt=0, le=600, description="For a caller, to send the head of a request.")
    body_s: float = Field(60.0, gt=0, le=3600, description="For a caller, to send the body of a request.")
    idle_s: float = Field(
        5.0, gt=0, le=3600, description="For a caller, to begin the next request on an open connection."
    )
    write_s: float = Field(30.0, gt=0, le=3600, description="For a caller, to take what is sent to it.")
    guard_s: float = Field(
        30.0,
        gt=0,
        le=3600,
        description=(
            "For a guard that waits for something outside of the process (a detector service, a "
            "database across a network), and for the audit log."
        ),
    )


class ServerConfig(BaseModel):
    """How the gateway is served."""

    model_config = STRICT
    host: str = Field(
        "127.0.0.1",
        description=(
            "Address to bind. `osler serve --host` overrides it. Anything but loopback can be "
            "reached from other machines: keys are then required, and so is `tls` or `behind_tls_proxy`."
        ),
    )
    port: int = Field(8080, ge=0, le=65535, description="Port; 0 takes a free one. `--port` overrides it.")
    workers: int = Field(
        1,
        ge=1,
        le=64,
        description=(
            "Worker processes. They share one workspace and one audit chain. `--workers` overrides it."
        ),
    )
    keys: Literal["auto", "off", "required"] = Field(
        "auto",
        description=(
            "API keys. `auto`: required unless bound to loopback without `behind_tls_proxy`. `off` on another "
            "address than loopback, or with `behind_tls_proxy`, is refused at start. **Behind a proxy that this "
            "file does not mention set `required`**: everybody whom it lets in would be served."
        ),
    )
    tls: TlsConfig | None = Field(
        None,
        description="Certificate and key, below: the gateway then speaks HTTPS, TLS 1.2 or later. Renewed files "
        "are taken up by a restart.",
    )
    behind_tls_proxy: bool = Field(
        False,
        description=(
            "A proxy in front of the gateway speaks TLS. Without this or `tls`, no other address "
            "than loopback is bound. Callers are then told apart by the last entry of X-Forwarded-For, for "
            "`refused_per_minute` only: let the proxy set it. `--behind-tls-proxy` sets it too."
        ),
    )
    max_body_mb: int = Field(8, ge=1, le=1024, description="Largest request body, in MiB.")
    heartbeat_s: float = Field(
        15.0,
        gt=0,
        le=600,
        description="Seconds of silence on a stream after which a comment line is sent, which clients skip.",
    )
    max_concurrent: int = Field(
        1_000,
        ge=1,
        le=100_000,
        description="Requests that one worker process works on at once; above that it answers 503 with "
        "`retry-after`. Health, readiness and metrics are not counted.",
    )
    rate_limit: RateLimitConfig = Field(
        RateLimitConfig(), description="How many requests callers may make, below."
    )
    timeouts: TimeoutsConfig = Field(TimeoutsConfig(), description="How long callers may take, below.")
    drain_wait_s: float = Field(
        0.0,
        ge=0,
        le=600,
        description="On SIGTERM, how long requests are still taken while `/readyz` says 503 already: as long as a load "
        "balancer takes to notice.",
    )
    drain_s: int = Field(
        20, ge=0, le=600, description="On stopping, how long requests in flight may take to finish."
    )
