"""What can go wrong with a model server, as errors that name the fault and the remedy.

No message holds anything that was sent or received, nor a token: only the configured address, an
HTTP status and, for 429, how many seconds the server asks to wait.
"""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from osler.backends.client.port import FaultKind
from osler.core.errors import (
    UpstreamError,
    UpstreamFault,
    UpstreamRefused,
    UpstreamTimeout,
    UpstreamUnavailable,
)

RUNNING = "Is it running at that address? `osler doctor` checks it."
LOGS = "Look into the model server's own log; `osler doctor` checks whether it answers."
WIRE = "Check that the destination's url is an OpenAI-compatible base address; most end in /v1."
_CUT: UpstreamFault = "cut"
_GARBLED: UpstreamFault = "garbled"
_NO_CONNECTION: Mapping[str, tuple[str, str, UpstreamFault]] = {
    "dns": (
        "cannot be reached: its host name cannot be resolved.",
        "Check the destination's url.",
        "unreachable",
    ),
    "tls": (
        "could not be connected to securely: the TLS handshake failed.",
        "Check its certificate (name, expiry, authority), whether it asks for one of Osler's (`tls`), and that the "
        "url should be https.",
        "access",
    ),
    "proxy": (
        "cannot be reached: the proxy refused, or is not there.",
        "Check the destination's `proxy` and `proxy_auth`.",
        "unreachable",
    ),
    "connect": ("cannot be reached: the connection failed.", RUNNING, "unreachable"),
}
_TOO_LONG = re.compile(
    rb"context_length_exceeded|exceed_context_size|(?:maximum|available|model'?s?) context (?:length|size|window)"
    rb"|exceeds? the (?:model'?s? )?context|exceeds the context length|longer than the context"
    rb"|too long for the model|inputs`? (?:tokens \+|must have less than)"
    rb"|longer than the maximum (?:model|input) length|larger than the max context size|prompt is too long",
    re.IGNORECASE,
)
"""How vLLM, TGI, TEI, Ollama, llama.cpp and OpenAI say that a text is longer than the model takes."""
_TOO_LARGE = re.compile(rb"input is too large to process", re.IGNORECASE)
"""llama.cpp's way of saying so of a text that is to be embedded, with status 500."""
_LOADING = re.compile(rb"loading model|model is (?:still )?loading", re.IGNORECASE)


def status_error(url: str, status: int, *, retry_after: str = "", body: bytes = b"") -> UpstreamError:
    """The error for an HTTP status other than 200. `retry_after` is that header's value; `body` is only looked through
    for what the server complains of, and nothing of it is repeated."""
    server = f"The model server at {url}"
    # With 500 a body may repeat the text that was sent: only one phrase counts there.
    phrases = {400: _TOO_LONG, 413: _TOO_LONG, 422: _TOO_LONG, 500: _TOO_LARGE}.get(status)
    if phrases is not None and phrases.search(body):
        return too_long(url, status)
    if status in (401, 403):
        return UpstreamError(
            f"{server} refused Osler's credentials (HTTP {status}).",
            remedy="Check the secret that the destination's `auth` names, and what the server lets it do.",
            fault="access",
        )
    if status == 404:
        return UpstreamError(
            f"{server} does not know the model, or has no such address (HTTP 404).",
            remedy=f"Compare the model's id with what `osler doctor` says the server serves. {WIRE}",
            fault="access",
        )
    if status == 429:
        seconds = retry_after_s(retry_after)
        wait = f"; it asks to wait {math.ceil(seconds)} s" if seconds is not None else ""
        return UpstreamUnavailable(
            f"{server} takes no more requests for now (HTTP 429{wait}).",
            remedy="Try again later, or raise the limit of that account or server.",
            retry_after_s=seconds,
        )
    if status == 413:
        return UpstreamRefused(
            f"{server} says that the request is too large (HTTP 413).",
            remedy="Ask with a shorter text, or raise the server's limit.",
        )
    if 300 <= status < 400:
        return UpstreamError(
            f"{server} answered with a redirect (HTTP {status}), which Osler does not follow.",
            remedy="Set the destination's url to the final address.",
            fault="access",
        )
    if status == 503:
        loading = "is still loading its model" if _LOADING.search(body) else "takes no requests for now"
        return UpstreamUnavailable(
            f"{server} {loading} (HTTP 503).",
            remedy=f"Try again later. {LOGS}",
            fault="server",
            retry_after_s=retry_after_s(retry_after),
        )
    # 424 is what TGI says when the generation failed.
    if status in (408, 424, 425) or status >= 500:
        return UpstreamError(f"{server} failed (HTTP {status}).", remedy=LOGS)
    return UpstreamRefused(
        f"{server} refused the request as invalid (HTTP {status}).",
        remedy=f"The text may exceed the model's context, or a parameter may be unknown to it. {LOGS}",
    )


def client_fault(url: str, kind: FaultKind, *, most: int = 0, begun: bool = False) -> UpstreamError:
    """The error for an exchange that failed. `most`: what the answer was allowed (bytes). `begun`: part of an answer
    had been given out."""
    server = f"The model server at {url}"
    match kind:
        case "connect-timeout":
            return UpstreamTimeout(
                f"{server} could not be connected to in time.", remedy=RUNNING, fault="unreachable"
            )
        case "timeout":
            what = "fell silent in mid-answer" if begun else "did not answer in time"
            return UpstreamTimeout(f"{server} {what}.", remedy=f"Raise the destination's timeout_s. {LOGS}")
        case "cut":
            return cut_off(url)
        case "too-large":
            return too_large(url, most)
        case "packed":
            return not_the_wire(url, "a compressed body, which was not asked for")
        case "closed":
            message, remedy, fault = "closed the connection without an answer.", LOGS, _CUT
        case "protocol":
            message, remedy, fault = "does not answer in HTTP as Osler knows it.", WIRE, _GARBLED
        case _:
            message, remedy, fault = _NO_CONNECTION[kind]
    return UpstreamError(f"{server} {message}", remedy=remedy, fault=fault)


def cut_off(url: str) -> UpstreamError:
    """An answer that ended before it was finished."""
    return UpstreamError(
        f"The answer of the model server at {url} was cut off before its end.", remedy=LOGS, fault="cut"
    )


def reported_error(url: str, *, begun: bool, body: bytes = b"") -> UpstreamError:
    """An error object in place of an answer, or in the middle of one. `body` as in `status_error`."""
    if not begun and _TOO_LONG.search(body):
        return too_long(url, None)
    when = "in mid-answer" if begun else "instead of an answer"
    return UpstreamError(f"The model server at {url} reported an error {when}.", remedy=LOGS)


def too_long(url: str, status: int | None) -> UpstreamRefused:
    """The text is longer than the model takes: another try would meet the same."""
    said = f" (HTTP {status})" if status is not None else ""
    return UpstreamRefused(
        f"The model server at {url} says that the text is longer than the model takes{said}.",
        remedy="Ask with a shorter text or ask for a shorter answer, or use a model with a larger context.",
    )


def not_served(url: str, what: str) -> UpstreamRefused:
    """A part of the request that this kind of server cannot do, said before anything is sent. `what`: our words."""
    return UpstreamRefused(
        f"The model server at {url} cannot do what was asked: {what}.",
        remedy="Leave it out, or ask for a model at another destination.",
    )


def not_the_wire(url: str, what: str) -> UpstreamError:
    """An answer in another form than OpenAI's; `what` describes it in our words."""
    return UpstreamError(f"The model server at {url} answered with {what}.", remedy=WIRE, fault="garbled")


def too_large(url: str, limit: int) -> UpstreamError:
    """An answer above the limit (bytes)."""
    return UpstreamError(
        f"The answer of the model server at {url} is larger than {limit / 2**20:g} MiB and was given up.",
        remedy=f"Where such answers are meant, raise the destination's option max_answer_mb. {LOGS}",
        fault="garbled",
    )


def endless(url: str, seconds: float) -> UpstreamTimeout:
    """A stream that did not end in time (seconds)."""
    return UpstreamTimeout(
        f"The stream of the model server at {url} did not end within {seconds:g} s.",
        remedy=f"Raise the destination's option stream_timeout_s. {LOGS}",
    )


def retry_after_s(value: str) -> float | None:
    """How long a `Retry-After` header asks to wait, in seconds; None where it is not there or says nothing sensible.

    It is a number of seconds or a date (RFC 9110, section 10.2.3); a date that has passed is 0.
    """
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value) if len(value) <= 6 else None
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    seconds = (aware - datetime.now(UTC)).total_seconds()
    return max(0.0, seconds) if seconds < 1_000_000 else None
