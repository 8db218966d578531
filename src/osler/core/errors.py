"""The one tree of errors. Each says what went wrong, where, and what the reader can do.

    OslerError                    code              HTTP  exit
    ├── ConfigError               config_invalid     500     3
    │   └── PluginError           plugin_invalid     500     3
    ├── InputError                invalid_input      400     4
    │   ├── TooLarge              too_large          413     4
    │   ├── UnsupportedFormat     unsupported_format 415     4
    │   ├── UnknownPatient        patient_not_found  404     4
    │   ├── UnknownModel          model_not_found    404     4
    │   └── Conflict              conflict           409     4
    ├── AuthError                 invalid_api_key    401     8
    ├── PolicyRefused             policy_refused     403     5
    ├── UpstreamError             upstream_error     502     6
    │   └── UpstreamTimeout       upstream_timeout   504     6
    ├── GuardUnavailable          guard_unavailable  503     9
    │   └── StoreError            store_unavailable  503     9
    └── AuditBroken               audit_broken       500     7

Messages never hold input values: a message may name a field, a file's place, a line number or a
configured name, never a patient's data. `remedy` is one imperative sentence.
"""

from typing import ClassVar


class OslerError(Exception):
    """Base of all errors that Osler raises on purpose.

    `message` says what is wrong and where; `remedy` says what to do; neither holds PHI.
    """

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, remedy: str = "", param: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.param = param

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class ConfigError(OslerError):
    """`osler.toml` (or a secret that it names) cannot be used."""

    code = "config_invalid"
    exit_code = 3


class PluginError(ConfigError):
    """A plug-in is unknown, is configured wrongly, or broke its contract."""

    code = "plugin_invalid"


class InputError(OslerError):
    """What was handed in cannot be used as it is."""

    code = "invalid_input"
    status = 400
    exit_code = 4


class TooLarge(InputError):
    """The input exceeds a configured limit."""

    code = "too_large"
    status = 413


class UnsupportedFormat(InputError):
    """The input is of a kind that Osler does not read."""

    code = "unsupported_format"
    status = 415


class UnknownPatient(InputError):
    """No record of that patient is in this workspace. The message does not repeat the id."""

    code = "patient_not_found"
    status = 404


class UnknownModel(InputError):
    """No destination serves a model of that name."""

    code = "model_not_found"
    status = 404


class Conflict(InputError):
    """The input contradicts what is stored; nothing was written."""

    code = "conflict"
    status = 409


class AuthError(OslerError):
    """The API key is missing, unknown or revoked."""

    code = "invalid_api_key"
    status = 401
    exit_code = 8


class PolicyRefused(OslerError):
    """No destination may take this request. `decision` is the trace, ready for JSON."""

    code = "policy_refused"
    status = 403
    exit_code = 5

    def __init__(self, message: str, *, remedy: str = "", decision: dict[str, object] | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.decision = decision or {}


class UpstreamError(OslerError):
    """A model server could not be reached, or answered something that cannot be used."""

    code = "upstream_error"
    status = 502
    exit_code = 6


class UpstreamTimeout(UpstreamError):
    """A model server did not answer in time."""

    code = "upstream_timeout"
    status = 504


class GuardUnavailable(OslerError):
    """A guard (detector, vault, audit log, check) is down: nothing leaves."""

    code = "guard_unavailable"
    status = 503
    exit_code = 9


class StoreError(GuardUnavailable):
    """The database cannot be read or written."""

    code = "store_unavailable"


class AuditBroken(OslerError):
    """The audit chain does not verify."""

    code = "audit_broken"
    exit_code = 7
