"""The gateway's own certificate, looked at before anything is bound.

TLS 1.2 and 1.3 only; no renegotiation. A renewed certificate is taken up by a restart. Callers are
known by their keys: certificates of theirs are not asked for.
"""

import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509

from osler.core.errors import ConfigError
from osler.gateway.config import TlsConfig

SOON = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """When the certificate holds."""

    begins: datetime
    ends: datetime

    def warnings(self, now: datetime) -> tuple[str, ...]:
        """What clients will refuse, now or within 30 days."""
        if now < self.begins:
            return (
                f"the certificate is not valid before {self.begins:%Y-%m-%d %H:%M} UTC; is the clock right?",
            )
        if now >= self.ends:
            return (
                f"the certificate expired on {self.ends:%Y-%m-%d}: clients refuse it. Renew it, then restart.",
            )
        if self.ends - now < SOON:
            return (f"the certificate expires on {self.ends:%Y-%m-%d}. Renew it, then restart.",)
        return ()


def read(tls: TlsConfig, place: str) -> Certificate:
    """The certificate, which belongs to its key. Raises ConfigError that names `place`, never a key's content."""
    for what, name in (("cert", tls.cert), ("key", tls.key)):
        try:
            Path(name).read_bytes()
        except (OSError, ValueError) as error:
            raise ConfigError(
                f"{place}: the file of `{what}`, {name}, cannot be read ({type(error).__name__}).",
                remedy="Check that it exists and that this user may read it.",
            ) from None
    try:
        harden(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)).load_cert_chain(
            tls.cert, tls.key, password=lambda: ""
        )
        found = x509.load_pem_x509_certificate(Path(tls.cert).read_bytes())
    except (ssl.SSLError, ValueError, OSError):
        raise ConfigError(
            f"{place}: {tls.cert} and {tls.key} are not a certificate and its key.",
            remedy="Give PEM files: the certificate first, then its chain; a key that belongs to it, "
            "without a passphrase.",
        ) from None
    return Certificate(begins=found.not_valid_before_utc, ends=found.not_valid_after_utc)


def harden(context: ssl.SSLContext) -> ssl.SSLContext:
    """The same context, for TLS 1.2 and later, without renegotiation."""
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    return context
