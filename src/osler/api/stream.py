"""Answers as server-sent events.

The first event leaves only after the stream's *opened* record is durable, `[DONE]` only after its
*closed* record is. The last event before `[DONE]` carries the `osler` object. Anything that goes
wrong on the way ends the stream with an error event and no `[DONE]`.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import Any

import msgspec
from starlette.responses import Response, StreamingResponse

from osler.api import wire
from osler.api.errors import error_headers, error_json
from osler.api.render import json_response
from osler.core.messages import ChatRequest
from osler.gateway.answer import Piece
from osler.gateway.exchange import Done, Event, Failed
from osler.gateway.pipeline import Pipeline

_HEARTBEAT_S = 15.0


class EventStream:
    """One streamed answer."""

    @staticmethod
    async def begin(pipeline: Pipeline, chat: ChatRequest, body: Mapping[str, Any]) -> Response:
        """Wait for the first event: a refusal before it is a plain HTTP error, with its right status."""
        events = pipeline.run(chat)
        try:
            first = await anext(events)
        except BaseException:
            await events.aclose()
            raise
        if isinstance(first, Failed):
            await events.aclose()
            shown = error_json(first.error, decision=first.decision, record=first.record)
            return json_response(shown, first.error.status, error_headers(first.error))
        options = body.get("stream_options") or {}
        return StreamingResponse(
            _events(chat, first, events, usage=bool(options.get("include_usage"))),
            media_type="text/event-stream",
            headers={"x-accel-buffering": "no"},
        )


async def _events(
    chat: ChatRequest, first: Event, rest: AsyncGenerator[Event, None], *, usage: bool
) -> AsyncIterator[bytes]:
    created = int(time.time())
    yield _event(wire.chunk(chat, delta={"role": "assistant", "content": ""}, created=created, finish=None))
    async with contextlib.aclosing(rest):
        event: Event | None = first
        while event is not None:
            if isinstance(event, Piece):
                yield _event(wire.chunk(chat, delta={"content": event.text}, created=created, finish=None))
            elif isinstance(event, Failed):
                yield _event(error_json(event.error, decision=event.decision, record=event.record))
                return
            elif isinstance(event, Done):
                for last in _closing(chat, event, created, usage=usage):
                    yield _event(last)
                yield b"data: [DONE]\n\n"
                return
            async for beat in _wait(rest):
                if isinstance(beat, bytes):
                    yield beat
                else:
                    event = beat
    return


async def _wait(rest: AsyncGenerator[Event, None]) -> AsyncIterator[bytes | Event]:
    """The next event, with heartbeat comments while it is not there yet."""
    coming = asyncio.ensure_future(anext(rest))
    try:
        while True:
            done, _ = await asyncio.wait({coming}, timeout=_HEARTBEAT_S)
            if done:
                yield coming.result()
                return
            yield b": waiting\n\n"
    finally:
        if not coming.done():
            coming.cancel()
            with contextlib.suppress(asyncio.CancelledError, StopAsyncIteration):
                await coming


def _closing(chat: ChatRequest, done: Done, created: int, *, usage: bool) -> list[dict[str, object]]:
    """The finish event with the `osler` object; then, if asked for, the usage event without choices."""
    x = done.exchange
    finish = wire.chunk(chat, delta={}, created=created, finish=x.finish or "stop")
    finish["osler"] = x.to_json()
    events = [finish]
    if usage:
        counted = wire.chunk(chat, delta={}, created=created, finish=None)
        counted["choices"] = []
        counted["usage"] = wire.usage(x)
        events.append(counted)
    return events


def _event(value: object) -> bytes:
    return b"data: " + msgspec.json.encode(value) + b"\n\n"
