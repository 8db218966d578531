"""What a stand-in model server says, and the ways in which it can go wrong. Values only."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class Reply(Protocol):
    """What to answer. `pace_s` is the time between two pieces of a stream, in seconds."""

    @property
    def pace_s(self) -> float: ...

    def pieces(self, body: Mapping[str, object]) -> Sequence[str]:
        """The answer to a chat completion request, in the pieces that a stream sends."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo:
    """Says back the last user message, word by word."""

    pace_s: float = 0.0

    def pieces(self, body: Mapping[str, object]) -> Sequence[str]:
        return _words(last_user_text(body))


@dataclass(frozen=True, slots=True)
class Fixed:
    """Says the same text whatever it is asked."""

    text: str = field(repr=False)
    pace_s: float = 0.0

    def pieces(self, body: Mapping[str, object]) -> Sequence[str]:
        return _words(self.text)


@dataclass(frozen=True, slots=True)
class Script:
    """Says exactly these pieces, one every `pace_s` seconds."""

    script: tuple[str, ...] = field(repr=False)
    pace_s: float = 0.0

    def pieces(self, body: Mapping[str, object]) -> Sequence[str]:
        return self.script


class Fault(StrEnum):
    """How the server misbehaves on completions and embeddings (and, where it can, on the model list).

    Those marked (stream) happen on streamed completions only; other requests are answered well.
    Error bodies repeat what was asked, as some real servers do: a client must not pass them on.
    """

    REFUSE = "refuse"
    """Nothing listens on the port."""
    RESET = "reset"
    """Half the answer, then a TCP reset."""
    HANG = "hang"
    """The request is read, and nothing is ever said."""
    STALL = "stall"
    """Half the answer, then silence on an open connection."""
    ERROR_500 = "500"
    OVERLOADED_503 = "503"
    LIMITED_429 = "429"
    """With `Retry-After: 7`."""
    UNAUTHORIZED_401 = "401"
    NOT_FOUND_404 = "404"
    INVALID_400 = "400"
    REDIRECT_307 = "307"
    """To the server's own address, with the path `/elsewhere`."""
    MALFORMED_JSON = "malformed json"
    WRONG_SHAPE = "wrong shape"
    """Valid JSON that is no completion."""
    HTML = "html"
    """A web page with status 200."""
    NO_FINISH = "no finish"
    """A whole answer that never says that it is finished."""
    MALFORMED_SSE = "malformed sse"
    """(stream) An event whose data is not JSON."""
    TRUNCATED = "truncated"
    """(stream) Half the pieces, then a clean end without finish and without `[DONE]`."""
    ERROR_EVENT = "error event"
    """(stream) Half the pieces, then `data: {"error": …}`."""
    JSON_FOR_SSE = "json for sse"
    """(stream) A plain JSON completion instead of events: odd, but a whole answer."""
    NO_DONE = "no done"
    """(stream) A whole answer with its finish, then a clean end without `[DONE]`."""


def last_user_text(body: Mapping[str, object]) -> str:
    """The last user message of a completion request's body, or its prompt; empty when there is none."""
    prompt = body.get("prompt")
    if isinstance(prompt, str):
        return prompt
    messages = body.get("messages")
    for message in reversed(messages if isinstance(messages, list) else []):
        if isinstance(message, dict) and message.get("role") == "user":
            content = message.get("content")
            if isinstance(content, list):
                return "\n".join(str(p["text"]) for p in content if isinstance(p, dict) and "text" in p)
            return content if isinstance(content, str) else ""
    return ""


def _words(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\s*\S+\s*\Z|\s*\S+", text)) or ((text,) if text else ())
