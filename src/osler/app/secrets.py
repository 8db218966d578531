"""Secrets by reference: `{ env = "NAME" }` or `{ file = "path" }`. Their values are never shown or logged."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from osler.app.config import Config
from osler.core.errors import ConfigError


def resolve(*, env: str | None, file: str | None, place: str) -> str:
    """The secret's text. Raises ConfigError that names the place and the variable or file, never the value."""
    if env is not None:
        value = os.environ.get(env, "")
        if not value:
            raise ConfigError(
                f"{place} takes its secret from the environment variable {env}, which is not set.",
                remedy=f"Set {env} before starting Osler.",
            )
        return value.strip()
    if file is None:
        raise ConfigError(f"{place} names no secret.", remedy='Give { env = "NAME" } or { file = "path" }.')
    try:
        value = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:  # not UTF-8, or a path that cannot be one
        raise ConfigError(
            f"{place} takes its secret from a file that cannot be read ({type(error).__name__}).",
            remedy=f"Check that {file} exists and that this user may read it.",
        ) from None
    if not value:
        raise ConfigError(f"{place}: the secret file {file} is empty.", remedy="Put the secret into it.")
    return value


def exposed_files(config: Config) -> tuple[str, ...]:
    """One sentence for each file with a secret that other users of this machine can read."""
    found = {}
    for place, name in _secret_files(config):
        try:
            mode = Path(name).stat().st_mode
        except (OSError, ValueError):  # whoever needs it says so
            continue
        if stat.S_IMODE(mode) & (stat.S_IROTH | stat.S_IWOTH):
            found[name] = (
                f"{name} holds a secret ({place}) and every user of this machine can read it: chmod o= {name}"
            )
    return tuple(found.values())


def _secret_files(config: Config) -> Iterator[tuple[str, str]]:
    """The files with secrets that the configuration names, each with its place."""
    for name, destination in config.destinations.items():
        if destination.auth is not None and destination.auth.file is not None:
            yield config.place("destinations", name, "auth"), destination.auth.file
        if destination.proxy_auth is not None and destination.proxy_auth.file is not None:
            yield config.place("destinations", name, "proxy_auth"), destination.proxy_auth.file
        if destination.tls is not None and destination.tls.key is not None:
            yield config.place("destinations", name, "tls", "key"), destination.tls.key
    for key in ("vault_key", "vault_key_previous", "url"):
        file = getattr(getattr(config.stores, key), "file", None)  # `url` may be a text too
        if file is not None:
            yield config.place("stores", key), file
    for name, options in config.deid.options.items():
        auth = options.get("auth")
        if isinstance(auth, dict) and isinstance(auth.get("file"), str):
            yield config.place("deid", "options", name, "auth"), auth["file"]
    if config.server.tls is not None:
        yield config.place("server", "tls", "key"), config.server.tls.key
