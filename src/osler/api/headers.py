"""Headers that every answer carries, whoever makes it: a route, the edge around all routes, or the protocol.

An answer is data for a program. In a browser it must be neither run, framed, guessed at, kept, nor
handed to another site. There are no CORS headers: no page of another site may read an answer.
"""

ALWAYS: tuple[tuple[bytes, bytes], ...] = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)
UNDER_TLS = (b"strict-transport-security", b"max-age=31536000")
"""Sent only where Osler itself speaks TLS; behind a proxy it is the proxy's to say."""


def head(*, tls: bool) -> bytes:
    """The same as lines of a response's head."""
    lines = (*ALWAYS, UNDER_TLS) if tls else ALWAYS
    return b"".join(name + b": " + value + b"\r\n" for name, value in lines)
