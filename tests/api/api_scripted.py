"""The routes that answer, over a pipeline that says what it is told to: how requests are read and answers shaped.

The pipeline here is a script. What it says of a request is chosen by the request's last text.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from osler.api import wire
from osler.api.errors import error_headers, error_json
from osler.api.incoming import while_connected
from osler.api.outgoing import ChatShape, CompletionShape, ResponsesShape
from osler.api.render import json_response
from osler.api.stream import EventStream, Patience
from osler.core.errors import OslerError, UpstreamError
from osler.core.messages import Caller, ChatRequest, ToolDelta, Usage
from osler.gateway.answer import ChoiceAnswer, Piece, ToolCall
from osler.gateway.exchange import Done, Event, Exchange, Failed
from osler.gateway.pipeline import Pipeline

LATE = "All at the end. "
TEXT = "Metformin lowers blood glucose. Ask the ward."
JSON = '{"dose_mg": 500, "drug": "metformin"}'
ARGUMENTS = '{"city": "Boston"}'
LOGPROB = {"token": "Met", "logprob": -0.25, "bytes": [77, 101, 116], "top_logprobs": []}
SAID: dict[str, ChoiceAnswer] = {
    "json": ChoiceAnswer(text=JSON, finish="stop"),
    "tool": ChoiceAnswer(
        tools=(ToolCall(id="call_1", name="weather", arguments=ARGUMENTS),), finish="tool_calls"
    ),
    "tools": ChoiceAnswer(
        text="I look. ",
        tools=(
            ToolCall(id="call_1", name="weather", arguments=ARGUMENTS),
            ToolCall(id="", name="time", arguments="{}"),
        ),
        finish="tool_calls",
    ),
    "late": ChoiceAnswer(
        text=LATE,
        tools=(
            ToolCall(id="call_1", name="weather", arguments=ARGUMENTS),
            ToolCall(id="call_2", name="time", arguments="{}"),
            ToolCall(id="call_3", name="now", arguments=""),
        ),
        finish="tool_calls",
    ),
    "refusal": ChoiceAnswer(refusal="I will not.", finish="stop"),
    "reasoning": ChoiceAnswer(reasoning="Let me think.", text=TEXT, finish="stop"),
    "length": ChoiceAnswer(text="Metformin", finish="length"),
    "logprobs": ChoiceAnswer(text="Met", logprobs=(LOGPROB,), finish="stop"),
    "lists": ChoiceAnswer(
        text="Met", logprobs=({"tokens": ["Met"], "token_logprobs": [-0.25]},), finish="stop"
    ),
    "empty": ChoiceAnswer(finish="stop"),
}
WHOLE = ChoiceAnswer(text=TEXT, finish="stop")


@dataclass(slots=True)
class Script:
    """A pipeline. `asked` holds the requests, `left` how many were given up; `pause_s` is between two pieces."""

    pause_s: float = 0.0
    asked: list[ChatRequest] = field(default_factory=list)
    left: int = 0

    async def run(self, chat: ChatRequest) -> AsyncGenerator[Event, None]:
        """The events of one request."""
        self.asked.append(chat)
        answers = tuple(self._answer(chat, at) for at in range(chat.n))
        try:
            if chat.stream:
                for answer in answers:
                    for piece in pieces(answer):
                        await asyncio.sleep(self.pause_s)
                        yield piece
            else:
                await asyncio.sleep(self.pause_s)
            if chat.question.startswith("break"):
                error = UpstreamError("The model server failed.", remedy="Look at it.")
                yield Failed(error=error, decision={"rule": "any"}, record=None)
                return
            usage = Usage(prompt=7, completion=5)
            yield Done(exchange=Exchange(request=chat, started=0.0, choices=answers, usage=usage))
        except (asyncio.CancelledError, GeneratorExit):
            self.left += 1
            raise

    def _answer(self, chat: ChatRequest, at: int) -> ChoiceAnswer:
        said = SAID.get(chat.question, WHOLE)
        fields = {name: getattr(said, name) for name in ChoiceAnswer.__slots__}
        return ChoiceAnswer(**{**fields, "index": at})


def pieces(answer: ChoiceAnswer) -> Sequence[Piece]:
    """An answer in pieces: word by word, arguments character by character."""
    at = answer.index
    if (
        answer.text == LATE
    ):  # as where arguments are checked: the names at once, what they are called with at the end
        named = [Piece(tools=(ToolDelta(index=n, id=t.id, name=t.name),)) for n, t in enumerate(answer.tools)]
        filled = tuple(
            ToolDelta(index=n, arguments=t.arguments) for n, t in enumerate(answer.tools) if t.arguments
        )
        return [*named, Piece(text=answer.text, tools=filled)]
    said = [Piece(reasoning=word, index=at) for word in words(answer.reasoning)]
    said += [Piece(text=word, index=at) for word in words(answer.text)]
    said += [Piece(refusal=word, index=at) for word in words(answer.refusal)]
    for place, tool in enumerate(answer.tools):
        said.append(Piece(tools=(ToolDelta(index=place, id=tool.id, name=tool.name),), index=at))
        said += [Piece(tools=(ToolDelta(index=place, arguments=c),), index=at) for c in tool.arguments]
    return said + ([Piece(logprobs=answer.logprobs, index=at)] if answer.logprobs else [])


def words(text: str) -> list[str]:
    """A text in words that keep the space after them."""
    return [word for word in text.replace(" ", " \0").split("\0") if word]


def application(script: Script, patience: Patience | None = None) -> Starlette:
    """The three routes that answer."""
    waits = patience or Patience(first_s=60, beat_s=60)

    def route(path: str, read: Any, shaped: Any) -> Route:
        async def answered(request: Request) -> Response:
            body = wire.parse(await request.body())
            chat = read(body, wire.own_headers(request.headers.items()), Caller(), wire.new_request_id())
            shape = shaped(chat, body)
            pipeline = cast(Pipeline, script)
            if chat.stream:
                return await while_connected(request, EventStream.begin(pipeline, chat, shape, waits))
            return await while_connected(request, plain(chat, shape))

        return Route(path, answered, methods=["POST"])

    async def plain(chat: ChatRequest, shape: Any) -> Response:
        async for event in script.run(chat):
            if isinstance(event, Done):
                return json_response(shape.whole(event.exchange), 200)
            if isinstance(event, Failed):
                return json_response(error_json(event.error), event.error.status, error_headers(event.error))
        raise AssertionError("no end")

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, OslerError)
        return json_response(error_json(error), error.status, error_headers(error))

    async def gone(request: Request, error: Exception) -> Response:
        return Response(status_code=499)

    routes = [
        route("/v1/chat/completions", wire.chat_request, ChatShape),
        route("/v1/completions", wire.completion_request, CompletionShape),
        route("/v1/responses", wire.responses_request, ResponsesShape),
    ]
    return Starlette(routes=routes, exception_handlers={OslerError: refused, ClientDisconnect: gone})


def events_of(body: bytes) -> list[tuple[str, Any]]:
    """Name and data of each event of a stream; comments are left out."""
    found = []
    for block in body.decode().split("\n\n"):
        lines: Mapping[str, str] = dict(
            line.split(": ", 1) for line in block.split("\n") if ": " in line and not line.startswith(":")
        )
        if "data" in lines:
            data = lines["data"]
            found.append((lines.get("event", ""), data if data == "[DONE]" else json.loads(data)))
    return found
