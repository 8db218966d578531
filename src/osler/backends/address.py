"""What a model server's destination says of it, checked: where it is, and how it may be talked to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from osler.backends.client import tls
from osler.backends.client.port import Kind, Server
from osler.core.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class HostOptions:
    """The options of all backends that talk HTTP to a model server.

    `timeout_s` bounds a plain answer as a whole, and on a stream the wait for each next event; `stream_timeout_s`
    bounds a stream as a whole; `connect_timeout_s` bounds name resolution, connection and TLS handshake.
    `max_answer_mb` bounds an answer's text, all choices together. `embed_batch` is how many texts go into one request
    for vectors; without it all. `tls` holds paths of PEM files (`ca`, `cert`, `key`); `proxy` is an http address,
    `proxy_auth` NAME:PASSWORD for it. `client` chooses the HTTP client: "lean" serves unless a proxy is named.
    """

    url: str
    token: str | None = field(default=None, repr=False)
    timeout_s: float = 60.0
    connect_timeout_s: float = 5.0
    stream_timeout_s: float = 1800.0
    max_answer_mb: float = 4.0
    embed_batch: int | None = None
    tls: dict[str, str] | None = None
    proxy: str | None = None
    proxy_auth: str | None = field(default=None, repr=False)
    client: Kind | None = None

    def server(self) -> Server:
        """Whom the HTTP client talks to. ConfigError when the address or a setting cannot be used."""
        url = checked_url(self.url)
        self._check_numbers()
        if self.tls is not None and not url.startswith("https:"):
            raise ConfigError(
                "`tls` stands beside a url that is not https.",
                remedy="Write https in the url, or leave `tls` out.",
                param="tls",
            )
        return Server(
            url=url,
            token=_checked_token(self.token),
            connect_timeout_s=self.connect_timeout_s,
            tls=tls.context(self.tls) if url.startswith("https:") else None,
            proxy=_checked_proxy(self.proxy),
            proxy_auth=_checked_proxy_auth(self.proxy_auth, self.proxy),
        )

    def _check_numbers(self) -> None:
        times = (self.timeout_s, self.connect_timeout_s, self.stream_timeout_s)
        batch = self.embed_batch is None or self.embed_batch >= 1
        if not (all(seconds > 0 for seconds in times) and 0 < self.max_answer_mb <= 1024 and batch):
            raise ConfigError(
                "The timeouts and limits of a model server must be greater than 0.",
                remedy="Correct timeout_s, connect_timeout_s, stream_timeout_s, max_answer_mb (1024 at most) or "
                "embed_batch.",
            )


def checked_url(url: str) -> str:
    """The url without a slash at its end. Raises ConfigError, which does not repeat it."""
    remedy = "Give it as http(s)://host[:port]/v1, and a secret by the destination's `auth`."
    if not _is_address(url, ("http", "https")):
        raise ConfigError(
            "The url of a model server must be an http or https address.", remedy=remedy, param="url"
        )
    if "@" in urlsplit(url).netloc:
        raise ConfigError("The url of a model server must not hold credentials.", remedy=remedy, param="url")
    if "?" in url or "#" in url:
        raise ConfigError(
            "The url of a model server must not have a query or fragment.", remedy=remedy, param="url"
        )
    return url.rstrip("/")


def root(url: str) -> str:
    """The path before `/v1`, where servers keep what is not OpenAI's: "" in most cases."""
    return urlsplit(url).path.rstrip("/").removesuffix("/v1")


def _checked_proxy(proxy: str | None) -> str | None:
    if proxy is None:
        return None
    remedy = 'Give it as http://host:port, and its secret by `proxy_auth = { env = "NAME" }`.'
    good = _is_address(proxy, ("http",))
    if good and "@" in urlsplit(proxy).netloc:
        raise ConfigError("`proxy` must not hold credentials.", remedy=remedy, param="proxy")
    if not good or urlsplit(proxy).path not in ("", "/") or "?" in proxy or "#" in proxy:
        raise ConfigError("`proxy` must be an http address without a path.", remedy=remedy, param="proxy")
    return proxy


def _checked_proxy_auth(secret: str | None, proxy: str | None) -> str | None:
    if secret is None:
        return None
    if proxy is None or ":" not in secret or not secret.isprintable():
        raise ConfigError(
            "`proxy_auth` stands without a `proxy`."
            if proxy is None
            else "`proxy_auth` is not NAME:PASSWORD.",
            remedy="Name the proxy, and give its secret as NAME:PASSWORD in one line.",
            param="proxy_auth",
        )
    return secret


def _checked_token(token: str | None) -> str | None:
    if token is not None and (not token or not token.isascii() or not token.isprintable() or " " in token):
        raise ConfigError(
            "The token of a model server is empty or has characters that no HTTP header can carry.",
            remedy="Check the secret that the destination's `auth` names, a line break at its end, say.",
            param="token",
        )
    return token


def _is_address(url: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(url)
        good = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return good and url.isascii() and not any(c <= " " or c == "\x7f" for c in url)


def options_of(given: Mapping[str, object]) -> HostOptions:
    """The options out of keyword arguments. TypeError when one is unknown or missing."""
    return HostOptions(**given)  # type: ignore[arg-type]
