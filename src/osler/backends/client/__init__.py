"""The HTTP client that carries calls to model servers: one small interface, two ways to keep it.

`port.HttpClient` says what a backend may rely on. `lean` speaks HTTP/1.1 over httptools and is what serves unless a
proxy is named; `aio` is aiohttp. Both verify certificates, speak TLS 1.2 or later, follow no redirect, keep no cookie
and read no proxy from the environment.
"""

from osler.backends.client.aio import AioClient
from osler.backends.client.lean import LeanClient
from osler.backends.client.port import HttpClient, Kind, Server
from osler.core.errors import ConfigError


def make(server: Server, kind: Kind | None = None) -> HttpClient:
    """The client of that kind; without one the lean one, or aiohttp where a proxy is named. Raises ConfigError."""
    if kind == "lean" and server.proxy is not None:
        raise ConfigError(
            "The lean client goes through no proxy.",
            remedy='Leave `client` out, or say client = "aiohttp", where a proxy is named.',
            param="client",
        )
    if kind == "aiohttp" or (kind is None and server.proxy is not None):
        return AioClient(server)
    return LeanClient(server)
