"""Completions of a prompt, plain and streamed."""

import time
from collections.abc import Mapping
from typing import Any

from osler.api.outgoing.port import DONE, data, encode, served, usage
from osler.core.messages import ChatRequest
from osler.gateway.answer import Piece
from osler.gateway.exchange import Exchange


class CompletionShape:
    """The answer to one completion request. `body` is what was asked."""

    def __init__(self, chat: ChatRequest, body: Mapping[str, Any]) -> None:
        self._chat = chat
        self._usage = bool((body.get("stream_options") or {}).get("include_usage"))

    def whole(self, x: Exchange) -> dict[str, object]:
        """A completion with the `osler` object."""
        choices = [
            {
                "index": choice.index,
                "text": choice.text,
                "logprobs": _logprobs(choice.logprobs),
                "finish_reason": choice.finish or "stop",
            }
            for choice in x.choices
        ]
        return {
            **_head(self._chat, served(x)),
            "choices": choices,
            "usage": usage(x),
            "osler": x.to_json(),
        }

    def events(self) -> "CompletionEvents":
        """The same as a stream."""
        return CompletionEvents(self._chat, usage=self._usage)


class CompletionEvents:
    """The events of one streamed completion."""

    def __init__(self, chat: ChatRequest, *, usage: bool) -> None:
        self._usage = usage
        self._head = _head(chat, chat.model)
        self._before = b"data: " + encode(self._head)[:-1] + b',"choices":[{"index":'

    def opening(self) -> bytes:
        """Nothing: there is no role to tell."""
        return b""

    def piece(self, piece: Piece) -> bytes:
        """A piece of a choice. What is no text has no place here."""
        if not piece.text and not piece.logprobs:
            return b""
        return (
            self._before
            + b'%d,"text":' % piece.index
            + encode(piece.text)
            + b',"logprobs":'
            + encode(_logprobs(piece.logprobs))
            + b',"finish_reason":null}]}\n\n'
        )

    def closing(self, x: Exchange) -> bytes:
        """Why each choice ended; with the last the `osler` object. Then, if asked for, the usage, without choices."""
        ends = []
        for choice in x.choices:
            end = {
                "index": choice.index,
                "text": "",
                "logprobs": None,
                "finish_reason": choice.finish or "stop",
            }
            more = {"osler": x.to_json()} if choice is x.choices[-1] else {}
            ends.append(data({**self._head, "choices": [end], **more}))
        if self._usage:
            ends.append(data({**self._head, "choices": [], "usage": usage(x)}))
        return b"".join(ends) + DONE

    def failed(self, shown: dict[str, Any]) -> bytes:
        """The error, and no `[DONE]`."""
        return data(shown)


def _head(chat: ChatRequest, model: str) -> dict[str, object]:
    return {
        "id": f"cmpl-{chat.request_id}",
        "object": "text_completion",
        "created": int(time.time()),
        "model": model,
    }


def _logprobs(entries: tuple[Mapping[str, object], ...]) -> dict[str, object] | None:
    """Entries as the model server gave them, each with lists of equal length, put together."""
    if not entries:
        return None
    joined: dict[str, object] = {}
    for entry in entries:
        for name, value in entry.items():
            before = joined.get(name)
            joined[name] = before + value if isinstance(before, list) and isinstance(value, list) else value
    return joined
