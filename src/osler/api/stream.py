"""Answers as server-sent events.

The first event leaves only after the stream's *opened* record is durable, the last only after its
*closed* record is. An event at the end carries the `osler` object. Anything that goes
wrong on the way ends the stream with an error event and without what says that it is whole.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from osler.api.errors import error_headers, error_json
from osler.api.incoming import hung_up
from osler.api.outgoing import Shape
from osler.api.render import json_response
from osler.api.trip import TRIP
from osler.core.errors import GuardUnavailable
from osler.core.messages import ChatRequest
from osler.gateway.answer import Piece
from osler.gateway.exchange import Done, Event, Failed
from osler.gateway.pipeline import Pipeline

_BEAT = b": waiting\n\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a stream stays silent, in seconds: before its first event, and between two."""

    first_s: float
    beat_s: float


class EventStream(Response):
    """One streamed answer. When its caller hangs up, what is behind it is cancelled at once."""

    @staticmethod
    async def begin(pipeline: Pipeline, chat: ChatRequest, shape: Shape, patience: Patience) -> Response:
        """Wait for the first event: a refusal before it is a plain HTTP error, with its right status.

        Where it is long in coming the stream begins without it, so that there is something to send comments on.
        """
        events = pipeline.run(chat)
        first = asyncio.ensure_future(anext(events))
        try:
            await asyncio.wait({first}, timeout=patience.first_s)
        except BaseException:
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)
            await events.aclose()
            raise
        event = first.result() if first.done() else None
        if isinstance(event, Failed):
            await events.aclose()
            shown = error_json(event.error, decision=event.decision, record=event.record)
            return json_response(shown, event.error.status, error_headers(event.error))
        return EventStream(first, events, shape, patience)

    def __init__(
        self, first: asyncio.Task[Event], rest: AsyncGenerator[Event, None], shape: Shape, patience: Patience
    ) -> None:
        super().__init__(media_type="text/event-stream", headers={"x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._first = first
        self._rest = rest
        self._shape = shape.events()
        self._beat_s = patience.beat_s
        self._said = 0.0
        self._begun = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events, as long as the caller is there."""
        writing = asyncio.ensure_future(self._write(send))
        leaving = asyncio.ensure_future(hung_up(receive))
        beating = asyncio.ensure_future(self._beat(send))
        stopped = False
        try:
            await asyncio.wait({writing, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if writing.done():
                writing.result()
        except asyncio.CancelledError:
            stopped = self._begun  # the server stops, and this stream did not end in time
            if not stopped:
                raise
        finally:
            for task in (writing, leaving, beating):
                task.cancel()
            await asyncio.gather(writing, leaving, beating, return_exceptions=True)
        if stopped:
            await self._cut_off(send)

    async def _write(self, send: Send) -> None:
        async with contextlib.aclosing(self._rest) as rest:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            self._begun = True
            if not self._first.done():
                await self._say(send, self._shape.opening())
                event = await self._first
                await self._say(send, self._shown(event))
            else:
                event = self._first.result()
                await self._say(send, self._shape.opening() + self._shown(event))
            if isinstance(event, Piece):
                async for event in rest:
                    await self._say(send, self._shown(event))
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _cut_off(self, send: Send) -> None:
        """Say that there is no more to come; how far it came is on record by now."""
        error = GuardUnavailable(
            "The server is stopping; the answer was not finished.", remedy="Ask again in a moment."
        )
        last = {
            "type": "http.response.body",
            "body": self._shape.failed(error_json(error)),
            "more_body": False,
        }
        with contextlib.suppress(OSError):
            await send(last)

    async def _say(self, send: Send, text: bytes) -> None:
        if text:
            self._said = asyncio.get_running_loop().time()
            await send({"type": "http.response.body", "body": text, "more_body": True})

    async def _beat(self, send: Send) -> None:
        """A comment whenever nothing was said for so long: what stands between must not take the stream for dead."""
        loop = asyncio.get_running_loop()
        self._said = self._said or loop.time()
        while True:
            await asyncio.sleep(self._said + self._beat_s - loop.time())
            if loop.time() >= self._said + self._beat_s:
                await self._say(send, _BEAT)

    def _shown(self, event: Event) -> bytes:
        if isinstance(event, Piece):
            trip = TRIP.get()
            if trip is not None:
                trip.first_piece()
            return self._shape.piece(event)
        if isinstance(event, Done):
            return self._shape.closing(event.exchange)
        return self._shape.failed(error_json(event.error, decision=event.decision, record=event.record))
