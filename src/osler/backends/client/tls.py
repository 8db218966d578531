"""How a model server proves who it is, and Osler to it: the TLS context of one destination.

TLS 1.2 and later; certificates and host names are always verified; there is no way to switch that off.
"""

import ssl
from collections.abc import Mapping
from pathlib import Path

from osler.core.errors import ConfigError

NAMES = ("ca", "cert", "key")


def context(files: Mapping[str, str] | None) -> ssl.SSLContext:
    """The context. `files` are `ca` (a bundle of authorities: only these are trusted then), `cert` and `key` (who
    Osler is), each the path of a PEM file. Without `ca` the system's authorities are trusted.

    Raises ConfigError that names the file, never what is in it.
    """
    files = files or {}
    unknown = sorted(set(files) - set(NAMES))
    if unknown or ("cert" in files) != ("key" in files):
        raise ConfigError(
            f"`tls` has no '{unknown[0]}'."
            if unknown
            else "`tls` has a `cert` without its `key`, or the reverse.",
            remedy=f"It takes {', '.join(NAMES)}: `ca` alone, `cert` with `key`, or all three.",
            param="tls",
        )
    for name, path in files.items():
        _require_readable(name, path)
    try:
        made = ssl.create_default_context(cafile=files.get("ca"))
    except (ssl.SSLError, OSError):
        raise _unusable(f"`tls.ca`: {files['ca']} is no bundle of certificates.") from None
    if "ca" in files and not made.get_ca_certs():
        raise _unusable(f"`tls.ca`: {files['ca']} holds no authority's certificate.")
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if "cert" in files:
        try:
            made.load_cert_chain(files["cert"], files["key"], password=lambda: "")
        except (ssl.SSLError, OSError, ValueError):
            raise _unusable(
                f"`tls`: {files['cert']} and {files['key']} are not a certificate and its key."
            ) from None
    return made


def _require_readable(name: str, path: str) -> None:
    try:
        with Path(path).open("rb") as file:
            file.read(1)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"`tls.{name}`: {path} cannot be read ({type(error).__name__}).",
            remedy="Check that it exists and that this user may read it.",
            param="tls",
        ) from None


def _unusable(message: str) -> ConfigError:
    return ConfigError(
        message,
        remedy="Give PEM files: of `cert` the certificate first, then its chain; a `key` that belongs to it, without "
        "a passphrase.",
        param="tls",
    )
