"""Chat completions, plain and streamed."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

from osler.api.outgoing.calls import Calls
from osler.api.outgoing.port import DONE, call_id, data, encode, served, usage
from osler.core.messages import ChatRequest, ToolDelta
from osler.gateway.answer import ChoiceAnswer, Piece
from osler.gateway.exchange import Exchange


class ChatShape:
    """The answer to one chat completion request. `body` is what was asked.

    Who asked with `functions`, as it was before there were tools, is answered with a `function_call`.
    """

    def __init__(self, chat: ChatRequest, body: Mapping[str, Any]) -> None:
        self._chat = chat
        self._legacy = bool(body.get("functions"))
        self._usage = bool((body.get("stream_options") or {}).get("include_usage"))

    def whole(self, x: Exchange) -> dict[str, object]:
        """A chat completion with the `osler` object."""
        return {
            "id": f"chatcmpl-{self._chat.request_id}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": served(x),
            "choices": [self._choice(choice) for choice in x.choices],
            "usage": usage(x),
            "osler": x.to_json(),
        }

    def events(self) -> "ChatEvents":
        """The same as a stream."""
        return ChatEvents(self._chat, legacy=self._legacy, usage=self._usage)

    def _choice(self, choice: ChoiceAnswer) -> dict[str, object]:
        silent = not choice.text and bool(choice.tools or choice.refusal)
        message: dict[str, object] = {
            "role": "assistant",
            "content": None if silent else choice.text,
            "refusal": choice.refusal or None,
        }
        if choice.reasoning:
            message["reasoning_content"] = choice.reasoning
        if choice.tools and self._legacy:
            message["function_call"] = {"name": choice.tools[0].name, "arguments": choice.tools[0].arguments}
        elif choice.tools:
            message["tool_calls"] = [
                {
                    "id": call_id(tool.id, self._chat.request_id, choice.index, at),
                    "type": "function",
                    "function": {"name": tool.name, "arguments": tool.arguments},
                }
                for at, tool in enumerate(choice.tools)
            ]
        return {
            "index": choice.index,
            "message": message,
            "logprobs": _logprobs(choice.logprobs),
            "finish_reason": finish_reason(choice.finish, legacy=self._legacy),
        }


class ChatEvents:
    """The events of one streamed chat completion."""

    def __init__(self, chat: ChatRequest, *, legacy: bool, usage: bool) -> None:
        self._chat = chat
        self._legacy = legacy
        self._usage = usage
        self._calls = Calls(chat.request_id)
        self._head: dict[str, object] = {
            "id": f"chatcmpl-{chat.request_id}",
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": chat.model,
        }
        # Most events differ in a few words only: the rest is written once.
        self._before = b"data: " + encode(self._head)[:-1] + b',"choices":[{"index":'

    def opening(self) -> bytes:
        """Who speaks, for each choice."""
        delta = {"role": "assistant", "content": ""}
        return b"".join(self._event(at, delta) for at in range(self._chat.n))

    def piece(self, piece: Piece) -> bytes:
        """A piece of a choice."""
        if piece.text and not (piece.tools or piece.reasoning or piece.refusal or piece.logprobs):
            return (
                self._before
                + b'%d,"delta":{"content":' % piece.index
                + encode(piece.text)
                + b'},"logprobs":null,"finish_reason":null}]}\n\n'
            )
        delta = dict(self._delta(piece))
        if not delta and not piece.logprobs:
            return b""
        return self._event(piece.index, delta, logprobs=_logprobs(piece.logprobs))

    def closing(self, x: Exchange) -> bytes:
        """Why each choice ended; with the last the `osler` object. Then, if asked for, the usage, without choices."""
        ends = []
        for choice in x.choices:
            reason = finish_reason(choice.finish, legacy=self._legacy)
            last = choice is x.choices[-1]
            if rest := self._calls.rest(choice.index):
                ends.append(self._event(choice.index, self._called(rest)))
            ends.append(self._event(choice.index, {}, finish=reason, osler=x.to_json() if last else None))
        if self._usage:
            ends.append(data({**self._head, "choices": [], "usage": usage(x)}))
        return b"".join(ends) + DONE

    def failed(self, shown: dict[str, Any]) -> bytes:
        """The error, and no `[DONE]`."""
        return data(shown)

    def _delta(self, piece: Piece) -> Iterator[tuple[str, object]]:
        if piece.text:
            yield "content", piece.text
        if piece.reasoning:
            yield "reasoning_content", piece.reasoning
        if piece.refusal:
            yield "refusal", piece.refusal
        if tools := self._calls.pieces(piece.index, piece.tools):
            yield from self._called(tools).items()

    def _called(self, tools: list[ToolDelta]) -> dict[str, object]:
        if not self._legacy:
            return {"tool_calls": [_tool(tool) for tool in tools]}
        first = next(
            (tool for tool in tools if tool.index == 0), None
        )  # there was one call only, at that time
        return {"function_call": _function(first)} if first else {}

    def _event(
        self,
        index: int,
        delta: Mapping[str, object],
        *,
        logprobs: object = None,
        finish: str | None = None,
        osler: object = None,
    ) -> bytes:
        choice = {"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": finish}
        more = {} if osler is None else {"osler": osler}
        return data({**self._head, "choices": [choice], **more})


def _tool(tool: ToolDelta) -> dict[str, object]:
    named = {"id": tool.id, "type": "function"} if tool.id else {}
    return {"index": tool.index, **named, "function": _function(tool)}


def _function(tool: ToolDelta) -> dict[str, str]:
    """Only the first piece of a call has an id, and tells the name."""
    return {"name": tool.name, "arguments": tool.arguments} if tool.id else {"arguments": tool.arguments}


def finish_reason(given: str, *, legacy: bool = False) -> str:
    """Why a choice ended, in the words of who asked."""
    if legacy and given == "tool_calls":
        return "function_call"
    if not legacy and given == "function_call":
        return "tool_calls"
    return given or "stop"


def _logprobs(entries: tuple[Mapping[str, object], ...]) -> dict[str, object] | None:
    return {"content": list(entries), "refusal": None} if entries else None
