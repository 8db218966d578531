"""A call to a backend, held to its port: what breaks in a plug-in is a fault of that model server.

So the next permitted server can take over, and no half answer is taken for a whole one.
"""

import math
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace

from osler.core.errors import OslerError, UpstreamError
from osler.core.messages import Delta, ToolDelta, Usage
from osler.core.ports.completer import Completer, ModelCall

_MANY = 2**53
"""No count of tokens is as large; JSON's readers keep whole numbers up to here."""
_MOST = 1024
"""No answer has as many choices, and no choice as many tool calls."""
_DEEP = 16
"""Log probabilities are nested less deeply."""

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
    """The answer's pieces. It is whole when each choice that was begun says why it ended, if with no text at all.

    Raises UpstreamError when the backend breaks, gives what is no piece, or ends before that.
    """
    begun: set[int] = set()
    ended: set[int] = set()
    try:
        async with aclosing(completer.complete(call, stream=stream)) as answer:
            async for delta in answer:
                if not _whole(delta):
                    raise _fault(destination, "gave something that is no piece of an answer")
                if delta.finish:
                    ended.add(delta.index)
                    reason = _REASONS.get(delta.finish, _OTHER)
                    if reason != delta.finish:
                        delta = replace(delta, finish=reason)
                elif delta.index not in begun and _says_anything(delta):
                    begun.add(delta.index)
                yield delta
    except OslerError:
        raise
    except Exception as error:
        # Its text may quote what was sent or received: only the type goes further.
        raise _fault(destination, f"failed ({type(error).__name__})") from None
    if not ended or not begun <= ended:
        raise _fault(destination, "ended its answer without saying that it is whole", cut=True)


def _says_anything(delta: Delta) -> bool:
    """Whether it belongs to a choice: a piece with nothing but the usage belongs to the answer as a whole."""
    return bool(delta.text or delta.tools or delta.reasoning or delta.refusal or delta.logprobs)


def _whole(delta: object) -> bool:
    """Whether it is a piece that can be shown and signed."""
    if not isinstance(delta, Delta) or not _is_place(delta.index):
        return False
    texts = (delta.text, delta.reasoning, delta.refusal, "" if delta.finish is None else delta.finish)
    for text in texts:
        if text != "" and not _is_text(text):
            return False
    if delta.usage is not None and not _is_usage(delta.usage):
        return False
    if delta.tools and not (isinstance(delta.tools, tuple) and all(map(_is_tool, delta.tools))):
        return False
    return not delta.logprobs or (
        isinstance(delta.logprobs, tuple)
        and all(isinstance(entry, Mapping) and _is_json(entry, _DEEP) for entry in delta.logprobs)
    )


def _is_usage(usage: object) -> bool:
    if not isinstance(usage, Usage):
        return False
    counts = (usage.prompt, usage.completion)
    return all(tokens is None or (type(tokens) is int and 0 <= tokens < _MANY) for tokens in counts)


def _is_tool(tool: object) -> bool:
    return (
        isinstance(tool, ToolDelta)
        and _is_place(tool.index)
        and all(map(_is_text, (tool.id, tool.name, tool.arguments)))
    )


def _is_place(index: object) -> bool:
    return type(index) is int and 0 <= index < _MOST


def _is_text(text: object) -> bool:
    """Half a surrogate pair can be neither sent on nor signed."""
    if not isinstance(text, str):
        return False
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_json(value: object, depth: int) -> bool:
    """Whether JSON has a form for it that is not nested too deeply."""
    if value is None or isinstance(value, bool | int):
        return True
    if isinstance(value, str):
        return _is_text(value)
    if isinstance(value, float):
        return math.isfinite(value)
    if depth == 0:
        return False
    if isinstance(value, Mapping):
        return all(_is_text(k) and _is_json(v, depth - 1) for k, v in value.items())
    return isinstance(value, list | tuple) and all(_is_json(v, depth - 1) for v in value)


def _fault(destination: str, what: str, *, cut: bool = False) -> UpstreamError:
    return UpstreamError(
        f"The backend of destination '{destination}' {what}.",
        remedy="Hold it to its contract with osler.testing.check_completer, or use another backend.",
        fault="cut" if cut else "garbled",
    )
