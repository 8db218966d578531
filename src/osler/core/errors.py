"""The one tree of errors. Each says what went wrong, where, and what the reader can do.

    OslerError                    code              HTTP  exit
    ├── ConfigError               config_invalid     500     3
    │   └── PluginError           plugin_invalid     500     3
    ├── InputError                invalid_input      400     4
    │   ├── TooLarge              too_large          413     4
    │   ├── UnsupportedFormat     unsupported_format 415     4
    │   ├── ContextTooLong        context_length_exceeded 400 4
    │   ├── UnknownPatient        patient_not_found  404     4
    │   ├── UnknownModel          model_not_found    404     4
    │   ├── NotFound              not_found          404     4
    │   └── Conflict              conflict           409     4
    ├── AuthError                 invalid_api_key    401     8
    │   └── Forbidden             forbidden          403     8
    ├── RequestTimeout            request_timeout    408     1
    ├── RateLimited               rate_limited       429     1
    │   ├── Overloaded            overloaded         503     1
    │   ├── BudgetSpent           budget_spent       429     1
    │   └── Congested             congested          429     1
    ├── PolicyRefused             policy_refused     403     5
    ├── UpstreamError             upstream_error     502     6
    │   ├── UpstreamTimeout       upstream_timeout   504     6
    │   ├── UpstreamUnavailable   upstream_unavailable 503   6
    │   └── UpstreamRefused       upstream_refused   400     6
    ├── GuardUnavailable          guard_unavailable  503     9
    │   └── StoreError            store_unavailable  503     9
    ├── AuditBroken               audit_broken       500     7
    └── SelftestFailed            selftest_failed    500    10

Messages never hold input values: a message may name a field, a file's place, a line number or a
configured name, never a patient's data. `remedy` is one imperative sentence.
"""

from typing import ClassVar, Literal

UpstreamFault = Literal["unreachable", "cut", "silent", "server", "busy", "access", "garbled", "request"]
"""What a model server's fault was: no connection, or one that broke; silence; an error of its own; too much to do; a
key, an address or a model that it does not know; an answer that is none; a request that it will not have."""


class OslerError(Exception):
    """Base of all errors that Osler raises on purpose; alone, something that nobody foresaw.

    Report the kind of error; the server's log names it. On the command line the message names file and line.

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
    """`osler.toml`, or a secret that it names, cannot be used; or a rule test fails; or a port cannot be bound.

    The message names file, line and key. `osler config check` tries again without starting anything.
    """

    code = "config_invalid"
    exit_code = 3


class PluginError(ConfigError):
    """A plug-in is not installed, got an option that it does not have, could not be made, or broke its
    contract.

    The message lists the known names or options. `osler config check` makes each plug-in that is configured.
    """

    code = "plugin_invalid"


class InputError(OslerError):
    """What was handed in cannot be used as it is: bad JSON, a field of the wrong type, a field that is not
    served, an empty question.

    Change the field that `param` or the message names.
    """

    code = "invalid_input"
    status = 400
    exit_code = 4


class TooLarge(InputError):
    """A request body or a file exceeds its configured limit.

    Split it, or raise `server.max_body_mb` or `knowledge.max_file_mb`.
    """

    code = "too_large"
    status = 413


class ContextTooLong(InputError):
    """A request is longer than any model takes in to which it may go.

    Send less, turn grounding off, or ask for a model with a larger context.
    """

    code = "context_length_exceeded"


class UnsupportedFormat(InputError):
    """A file of a kind that Osler does not read: another FHIR version, binary data, text that is not UTF-8.

    Convert it; the message says to what.
    """

    code = "unsupported_format"
    status = 415


class UnknownPatient(InputError):
    """No record of that patient is in this workspace. The message does not repeat the id.

    Load it with `osler kb add`, or look at `osler kb list`.
    """

    code = "patient_not_found"
    status = 404


class UnknownModel(InputError):
    """No destination serves a model of that name.

    Use one of the names that the message lists, or `auto`.
    """

    code = "model_not_found"
    status = 404


class NotFound(InputError):
    """What the request names is not there, for instance an API key's id.

    Look at the list of what is there.
    """

    code = "not_found"
    status = 404


class Conflict(InputError):
    """The input contradicts what is stored, for instance a resource that would move to another patient; nothing
    was written.

    Check that all files come from one source: two systems may use the same id.
    """

    code = "conflict"
    status = 409


class AuthError(OslerError):
    """The API key is missing, unknown or revoked; or, where none is needed, the request names another machine.

    Send `Authorization: Bearer KEY`; `osler keys create` makes one.
    """

    code = "invalid_api_key"
    status = 401
    exit_code = 8


class Forbidden(AuthError):
    """The key is valid, but its role does not suffice, as on the admin surface; or a web page of another site asks.

    The message names the role; `osler keys create NAME --role admin` makes an admin's key.
    """

    code = "forbidden"
    status = 403


class RequestTimeout(OslerError):
    """The caller did not send its request in time.

    Send it faster, or raise `server.timeouts`.
    """

    code = "request_timeout"
    status = 408


class RateLimited(OslerError):
    """The caller asks for more than its share.

    Wait for as long as `retry-after` says, or raise `server.rate_limit`.

    `retry_after_s`: until trying again can help.
    """

    code = "rate_limited"
    status = 429

    def __init__(self, message: str, *, remedy: str = "", retry_after_s: float = 1.0) -> None:
        super().__init__(message, remedy=remedy)
        self.retry_after_s = retry_after_s


class Overloaded(RateLimited):
    """As much is being done as may be done at once, whoever asks.

    Try again after `retry-after`; raise `server.max_concurrent`, or serve with more workers.
    """

    code = "overloaded"
    status = 503


class BudgetSpent(RateLimited):
    """The caller's budget of tokens or money is used up for the day or the month.

    Wait until it begins anew, which `retry-after` says, or raise it in `gateway.budgets`.
    """

    code = "budget_spent"


class Congested(RateLimited):
    """All model servers that may take this request are busy, and as many wait for them as may, or it waited too long.

    Try again after `retry-after`; raise `max_concurrent` of the destination or `gateway.queue`, or add a server.
    """

    code = "congested"


class PolicyRefused(OslerError):
    """No destination may take this request, or something that must not leave was still in it, or could not be
    replaced so that it can be put back.

    The message gives the reason for each destination. Use one that is on-premises or under a BAA, or leave
    the PHI out.

    `decision` is the trace, ready for JSON.
    """

    code = "policy_refused"
    status = 403
    exit_code = 5

    def __init__(self, message: str, *, remedy: str = "", decision: dict[str, object] | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.decision = decision or {}


class UpstreamError(OslerError):
    """A model server could not be reached, or answered something that cannot be used.

    Check the server; `osler doctor` says whether it answers.

    `fault` is its kind; `retry_after_s` is how long the server asks to wait, in seconds.
    """

    code = "upstream_error"
    status = 502
    exit_code = 6
    usual: ClassVar[UpstreamFault] = "server"

    def __init__(
        self,
        message: str,
        *,
        remedy: str = "",
        fault: UpstreamFault | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.fault: UpstreamFault = fault or self.usual
        self.retry_after_s = retry_after_s


class UpstreamTimeout(UpstreamError):
    """A model server did not answer in time.

    Raise `timeout_s` of the destination, or give the server less to do.
    """

    code = "upstream_timeout"
    status = 504
    usual = "silent"


class UpstreamUnavailable(UpstreamError):
    """No model server that may take this request takes any for now: it said so, it failed too often, or the
    clouds cannot be reached.

    Try again after `retry-after`; `osler doctor` says which servers answer.
    """

    code = "upstream_unavailable"
    status = 503
    usual = "busy"


class UpstreamRefused(UpstreamError):
    """The model server will not have this request: too long for the model, or a parameter that it does not know.

    Shorten the text or leave the parameter out; another server is not asked, as the request is what is at fault.
    """

    code = "upstream_refused"
    status = 400
    usual = "request"


class GuardUnavailable(OslerError):
    """A guard (detector, vault, audit log, check) is down: nothing leaves while it is.

    `osler doctor` says which, and why.
    """

    code = "guard_unavailable"
    status = 503
    exit_code = 9


class StoreError(GuardUnavailable):
    """The database cannot be read or written.

    The message says why: a full disk, a lock, a wrong vault key. `osler doctor` looks at all of it.
    """

    code = "store_unavailable"


class AuditBroken(OslerError):
    """The audit chain does not verify.

    Keep the file as it is and tell whoever owns the log.
    """

    code = "audit_broken"
    exit_code = 7


class SelftestFailed(OslerError):
    """`osler selftest` found something that does not hold: a guard that fails open, or a fault that loses something.

    Serve no patients' data with this installation before it holds; the report says what to do about each line.
    """

    code = "selftest_failed"
    exit_code = 10
