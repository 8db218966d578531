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
)
from osler.gateway.exchange import audit_json

_KINDS: tuple[tuple[type[OslerError], str], ...] = (
    (PolicyRefused, "policy_refused"),
    (Forbidden, "permission_error"),
    (AuthError, "authentication_error"),
    (Overloaded, "api_error"),
    (RateLimited, "rate_limit_error"),
    (InputError, "invalid_request_error"),
)


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
    """Headers that tell a client whether trying again can help."""
    headers = {}
    if isinstance(error, InputError | PolicyRefused | AuthError):
        headers["x-should-retry"] = "false"
    if isinstance(error, AuthError) and error.status == AuthError.status:
        headers["www-authenticate"] = "Bearer"
    if isinstance(error, RateLimited):
        headers["retry-after"] = str(max(1, math.ceil(error.retry_after_s)))
    return headers
