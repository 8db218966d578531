"""Responses, plain and streamed."""

import time
from collections.abc import Iterable, Mapping
from typing import Any

from osler.api.outgoing.items import Output
from osler.api.outgoing.port import encode, served
from osler.core.messages import ChatRequest, ToolDelta
from osler.gateway.answer import ChoiceAnswer, Piece
from osler.gateway.exchange import Exchange

_INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}


class ResponsesShape:
    """The answer to one request for a response. `body` is what was asked, of which the answer repeats settings."""

    def __init__(self, chat: ChatRequest, body: Mapping[str, Any]) -> None:
        self._chat = chat
        self._body = body

    def whole(self, x: Exchange) -> dict[str, object]:
        """A response with the `osler` object."""
        choice = x.choices[0] if x.choices else ChoiceAnswer()
        output, state = Output(self._chat.request_id), _state(choice)
        for _ in output.feed(_piece(choice)):
            pass
        for _ in output.finish(str(state["status"])):
            pass
        return {**_object(self._chat, self._body), **state, **_end(x, output)}

    def events(self) -> "ResponseEvents":
        """The same as a stream."""
        return ResponseEvents(self._chat, self._body)


class ResponseEvents:
    """The events of one streamed response, numbered."""

    def __init__(self, chat: ChatRequest, body: Mapping[str, Any]) -> None:
        self._object = _object(chat, body)
        self._output = Output(chat.request_id)
        self._number = 0

    def opening(self) -> bytes:
        """The response as it begins."""
        begun: list[dict[str, object]] = [
            {"type": f"response.{word}", "response": self._object} for word in ("created", "in_progress")
        ]
        return self._events(begun)

    def piece(self, piece: Piece) -> bytes:
        """A piece of the answer. There is one choice only."""
        return self._events(self._output.feed(piece)) if piece.index == 0 else b""

    def closing(self, x: Exchange) -> bytes:
        """The end of each item, and the whole response with the `osler` object."""
        state = _state(x.choices[0] if x.choices else ChoiceAnswer())
        status = str(state["status"])
        ends = self._events(self._output.finish(status))
        whole = {**self._object, **state, **_end(x, self._output)}
        return ends + self._events([{"type": f"response.{status}", "response": whole}])

    def failed(self, shown: dict[str, Any]) -> bytes:
        """The response as failed, and the error by itself."""
        error = shown["error"]
        what = {"code": error["code"], "message": error["message"]}
        whole = {**self._object, "status": "failed", "error": what, "output": self._output.items}
        if "osler" in shown:
            whole["osler"] = shown["osler"]
        return self._events(
            [
                {"type": "response.failed", "response": whole},
                {"type": "error", **what, "param": error["param"], **shown},
            ]
        )

    def _events(self, events: Iterable[dict[str, object]]) -> bytes:
        said = []
        for event in events:
            event["sequence_number"] = self._number
            self._number += 1
            said.append(b"event: " + str(event["type"]).encode() + b"\ndata: " + encode(event) + b"\n\n")
        return b"".join(said)


def _object(chat: ChatRequest, body: Mapping[str, Any]) -> dict[str, object]:
    """The response as it begins, with the settings that were asked for.

    Texts of the request are not repeated: instructions, metadata, tools and schemas may hold PHI, and a response that
    fails is an error.
    """
    reasoning, text, choice = body.get("reasoning") or {}, body.get("text") or {}, body.get("tool_choice")
    form = (text.get("format") or {}).get("type", "text")
    return {
        "id": f"resp_{chat.request_id.removeprefix('req_')}",
        "object": "response",
        "created_at": int(time.time()),
        "status": "in_progress",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "max_output_tokens": body.get("max_output_tokens"),
        "metadata": {},
        "model": chat.model,
        "output": [],
        "parallel_tool_calls": body.get("parallel_tool_calls") is not False,
        "previous_response_id": None,
        "reasoning": {"effort": reasoning.get("effort"), "summary": reasoning.get("summary")},
        "store": False,
        "temperature": body.get("temperature"),
        "text": {"format": {"type": form if form != "json_schema" else "text"}},
        "tool_choice": choice if isinstance(choice, str) else "required" if choice else "auto",
        "tools": [],
        "top_p": body.get("top_p"),
        "truncation": "disabled",
        "usage": None,
        "user": None,
    }


def _state(choice: ChoiceAnswer) -> dict[str, object]:
    """How the response ended."""
    reason = _INCOMPLETE.get(choice.finish)
    if reason is None:
        return {"status": "completed"}
    return {"status": "incomplete", "incomplete_details": {"reason": reason}}


def _end(x: Exchange, output: Output) -> dict[str, object]:
    """What is known at the end only."""
    sent, got = x.usage.prompt or 0, x.usage.completion or 0
    return {
        "model": served(x),
        "output": output.items,
        "usage": {
            "input_tokens": sent,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": got,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": sent + got,
        },
        "osler": x.to_json(),
    }


def _piece(choice: ChoiceAnswer) -> Piece:
    """A whole choice as one piece."""
    tools = tuple(
        ToolDelta(index=at, id=tool.id, name=tool.name, arguments=tool.arguments)
        for at, tool in enumerate(choice.tools)
    )
    return Piece(
        text=choice.text,
        tools=tools,
        reasoning=choice.reasoning,
        refusal=choice.refusal,
        logprobs=choice.logprobs,
    )
