"""The ways in which a model server can go wrong on the wire, byte by byte. Values only."""

from enum import StrEnum


class Trouble(StrEnum):
    """How a FaultServer misbehaves on one request.

    Error bodies repeat what was asked, as some real servers do: a client must not pass them on.
    """

    REFUSE = "refuse"
    """Nothing listens on the port."""
    RESET_AT_ONCE = "reset at once"
    """The request is read, then the connection is reset."""
    CLOSE_AT_ONCE = "close at once"
    """The request is read, then the connection is closed without a word."""
    RESET_MID_HEAD = "reset mid-head"
    RESET_MID_BODY = "reset mid-body"
    CLOSE_MID_BODY = "close mid-body"
    """Half the body, less than its length says, then a clean end."""
    HANG = "hang"
    """The request is read, and nothing is ever said."""
    HANG_AFTER_HEAD = "hang after head"
    HANG_MID_BODY = "hang mid-body"
    DRIP_HEAD = "drip head"
    """The head, a byte at a time, for ever."""
    DRIP_BODY = "drip body"
    """A body that never ends, a byte at a time."""
    ERROR_500 = "500"
    HTML_502 = "502"
    """A proxy's web page."""
    LOADING_503 = "503"
    """With `Retry-After: 1`."""
    BUSY_SECONDS = "429 seconds"
    """With `Retry-After: 1`."""
    BUSY_DATE = "429 date"
    """With an HTTP date two seconds ahead."""
    BUSY_LONG = "429 long"
    """With `Retry-After: 30`."""
    BUSY = "429"
    """Without any."""
    INVALID_400 = "400"
    UNPROCESSABLE_422 = "422"
    UNAUTHORIZED_401 = "401"
    REDIRECT = "redirect"
    """To another port of this machine, where nobody may be asked."""
    NOT_HTTP = "not http"
    MALFORMED_JSON = "malformed json"
    EMPTY_BODY = "empty body"
    WRONG_SHAPE = "wrong shape"
    WRONG_TYPE = "wrong type"
    """A web page with status 200."""
    WRONG_CHARSET = "wrong charset"
    """ISO 8859-1 where JSON must be UTF-8."""
    COMPRESSED = "compressed"
    """A gzip body that nobody asked for."""
    MALFORMED_SSE = "malformed sse"
    """(stream) A piece, then an event whose data is half a JSON text, and `[DONE]`."""
    TRUNCATED_SSE = "truncated sse"
    """(stream) Pieces, then a clean end without finish and without `[DONE]`."""
    ERROR_EVENT = "error event"
    """(stream) A piece, then `data: {"error": …}`."""
    JSON_FOR_STREAM = "json for stream"
    """(stream) A plain JSON answer instead of events: odd, but whole."""
    SSE_FOR_PLAIN = "sse for plain"
    """(plain) Events where one JSON text was asked for."""
    HUGE_BODY = "huge body"
    """More than any answer may have."""
    UNASKED_ANSWER = "unasked answer"
    """The right answer, and behind it another one that nobody asked for, on the same connection."""
    PLAIN_ON_TLS = "plain on tls"
    """Plain HTTP on a port that the url says is TLS."""


ONLY_STREAMS = frozenset(
    {Trouble.MALFORMED_SSE, Trouble.TRUNCATED_SSE, Trouble.ERROR_EVENT, Trouble.JSON_FOR_STREAM}
)
"""Plain requests are answered well under these."""
ONLY_PLAIN = frozenset({Trouble.SSE_FOR_PLAIN})
"""Streams are answered well under these."""
HARMLESS = frozenset({Trouble.JSON_FOR_STREAM})
"""Under these the right answer is to be had all the same. Behind an unasked answer it may be had or not."""
