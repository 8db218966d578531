"""Who can reach the gateway, and what that demands: API keys, and TLS of its own or in front of it."""

import ipaddress

from osler.app.config import Config
from osler.core.errors import ConfigError


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address. A name other than localhost counts as reachable."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def overridden(
    config: Config, *, host: str | None = None, port: int | None = None, behind_tls_proxy: bool = False
) -> Config:
    """The configuration with what the command line says instead of `[server]`."""
    changed: dict[str, object] = {
        key: value for key, value in (("host", host), ("port", port)) if value is not None
    }
    if behind_tls_proxy:
        changed["behind_tls_proxy"] = True
    return (
        config.model_copy(update={"server": config.server.model_copy(update=changed)}) if changed else config
    )


def require_keys(config: Config) -> bool:
    """Whether callers need a key. Raises ConfigError where keys must not be off."""
    server = config.server
    local = is_loopback(server.host) and not server.behind_tls_proxy
    if server.keys == "off" and not local:
        reached = (
            "the proxy in front of this server lets other machines in"
            if server.behind_tls_proxy
            else f"{server.host or 'every address'} can be reached from other machines"
        )
        raise ConfigError(
            f"{config.place('server', 'keys')} is off, but {reached}.",
            remedy='Set server.keys = "required", or bind to 127.0.0.1 without a proxy.',
        )
    return server.keys == "required" or not local


def require_tls(config: Config) -> None:
    """Raise ConfigError where keys and texts would cross the network in the clear."""
    server = config.server
    if not (is_loopback(server.host) or server.tls or server.behind_tls_proxy):
        raise ConfigError(
            f"{server.host or 'The address to bind'} can be reached from other machines, and Osler would speak "
            "plain HTTP there.",
            remedy='Set server.tls = { cert = "…", key = "…" }; or, where a proxy in front of it does TLS, '
            "server.behind_tls_proxy = true (--behind-tls-proxy); or bind to 127.0.0.1.",
        )
