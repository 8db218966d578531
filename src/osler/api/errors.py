"""Errors in OpenAI's shape. Messages come from Osler's own errors, which hold no PHI."""

import math
from collections.abc import Mapping

from osler.core.audit import AuditRecord
from osler.core.errors import (
    AuthError,
    Forbidden,
    InputError,
    OslerError,
    Overloaded,
    PolicyRefused,
    RateLimited,
    UpstreamError,
    UpstreamRefused,
)
from osler.gateway.exchange import audit_json

_KINDS: tuple[tuple[type[OslerError], str], ...] = (
    (PolicyRefused, "policy_refused"),
    (Forbidden, "permission_error"),
    (AuthError, "authentication_error"),
    (Overloaded, "api_error"),
    (RateLimited, "rate_limit_error"),
    (InputError, "invalid_request_error"),
    (UpstreamRefused, "invalid_request_error"),
)
_PASSING = (408, 429)
"""Statuses of a request that may go well the next time, as it is."""
_LATER = (429, 503)
"""Statuses that come with the time to wait."""
_LATER_S = 5.0
"""Seconds to wait, where nothing is known of how long it takes."""


def error_json(
    error: OslerError, *, decision: Mapping[str, object] | None = None, record: AuditRecord | None = None
) -> dict[str, object]:
    """`{"error": {message, type, param, code}}`, with the `osler` object where there is a trace or a record."""
    kind = next((name for cls, name in _KINDS if isinstance(error, cls)), "api_error")
    shown: dict[str, object] = {
        "error": {"message": str(error), "type": kind, "param": error.param, "code": error.code}
    }
    if decision or record:
        shown["osler"] = {
            "answer": None,
            "citations": [],
            "findings": [],
            "decision": dict(decision or {}),
            "audit": audit_json(record),
        }
    return shown


def error_headers(error: OslerError) -> dict[str, str]:
    """Headers that tell a client whether trying again can help, and when."""
    headers = {}
    if 400 <= error.status < 500 and error.status not in _PASSING:
        headers["x-should-retry"] = "false"
    if isinstance(error, AuthError) and error.status == AuthError.status:
        headers["www-authenticate"] = "Bearer"
    if error.status in _LATER:
        asked = error.retry_after_s if isinstance(error, RateLimited | UpstreamError) else None
        headers["retry-after"] = str(max(1, math.ceil(asked if asked is not None else _LATER_S)))
    return headers
