"""Certificates for tests, made on the spot; they sign for 127.0.0.1 and for nobody else."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


def certificate(
    folder: Path, *, days: int = 90, begins: int = -1, passphrase: bytes | None = None
) -> ssl.SSLContext:
    """cert.pem and key.pem in `folder`, valid from `begins` to `days` days from now; a context that trusts it."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "ward")])
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    first, last = now + timedelta(days=begins), now + timedelta(days=days)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, first, last)
        .add_extension(alternative, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    sealed = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    (folder / "cert.pem").write_bytes(made.public_bytes(pem))
    (folder / "key.pem").write_bytes(key.private_bytes(pem, form, sealed))
    (folder / "key.pem").chmod(0o600)
    return ssl.create_default_context(cafile=str(folder / "cert.pem"))
