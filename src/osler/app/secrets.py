"""Secrets by reference: `{ env = "NAME" }` or `{ file = "path" }`. Their values are never shown or logged."""

import os
from pathlib import Path

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
