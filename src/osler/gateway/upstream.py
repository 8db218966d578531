"""A call to a backend, held to its port: what breaks in a plug-in is a fault of that model server.

So the next permitted server can take over, and no half answer is taken for a whole one.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from osler.core.errors import OslerError, UpstreamError
from osler.core.messages import Delta, Usage
from osler.core.ports.completer import Completer, ModelCall

_MANY = 2**53
"""No count of tokens is as large; JSON's readers keep whole numbers up to here."""

_REASONS = {
    **{own: own for own in ("stop", "length", "content_filter", "tool_calls", "function_call")},
    "eos_token": "stop",
    "stop_sequence": "stop",
    "end_turn": "stop",
    "max_tokens": "length",
}
_OTHER = "other"
"""Why an answer ended, in OpenAI's words; it is shown and signed, so that a server's own text must not stand there."""


async def pieces(
    completer: Completer, call: ModelCall, *, stream: bool, destination: str
) -> AsyncGenerator[Delta, None]:
    """The answer's pieces. Raises UpstreamError when the backend breaks, or ends without saying that it is whole."""
    finished = False
    try:
        async with aclosing(completer.complete(call, stream=stream)) as answer:
            async for delta in answer:
                if not _whole(delta):
                    raise _fault(destination, "gave something that is no piece of an answer")
                finished = finished or bool(delta.finish)
                yield replace(delta, finish=_REASONS.get(delta.finish, _OTHER)) if delta.finish else delta
    except OslerError:
        raise
    except Exception as error:
        # Its text may quote what was sent or received: only the type goes further.
        raise _fault(destination, f"failed ({type(error).__name__})") from None
    if not finished:
        raise _fault(destination, "ended its answer without saying that it is whole")


def _whole(delta: object) -> bool:
    """Whether it is a piece that can be shown and signed."""
    if not isinstance(delta, Delta) or not isinstance(delta.text, str):
        return False
    usage = delta.usage if delta.usage is not None else Usage()
    if not isinstance(delta.finish, str | None) or not isinstance(usage, Usage):
        return False
    if not all(map(_is_unicode, (delta.text, delta.finish or ""))):
        return False
    counts = (usage.prompt, usage.completion)
    return all(tokens is None or (type(tokens) is int and 0 <= tokens < _MANY) for tokens in counts)


def _is_unicode(text: str) -> bool:
    """Half a surrogate pair can be neither sent on nor signed."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _fault(destination: str, what: str) -> UpstreamError:
    return UpstreamError(
        f"The backend of destination '{destination}' {what}.",
        remedy="Hold it to its contract with osler.testing.check_completer, or use another backend.",
    )
