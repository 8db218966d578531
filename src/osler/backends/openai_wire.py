"""Any model server that speaks OpenAI's wire: vLLM, TGI, llama.cpp and the clouds behind it.

A message is sent as its `wire` says, or as its role and text; settings, tools and fields that nobody here knows go
along. An answer may have several choices, tool calls, reasoning and log probabilities; one that is not whole is an
error, never a short answer. Not covered: audio, and tool calls of type `custom`.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import msgspec

from osler.backends import upstream
from osler.backends.answers import ANSWER, EMBEDDINGS, MODELS
from osler.backends.client.port import Reply, StreamReply
from osler.backends.gathering import Gathering, OutOfOrder
from osler.backends.host import MAX_BODY, MAX_EVENT, Gauge, ModelHost, encoded
from osler.backends.sse import EventParser, EventTooLarge
from osler.core.errors import UpstreamError
from osler.core.messages import Delta
from osler.core.ports.completer import ModelCall

PATHS = {"chat": "/chat/completions", "completions": "/completions"}
MAX_CHOICES = 128
"""As many as OpenAI's own wire allows."""
_DONE = "[DONE]"
_OURS = ("stream", "stream_options", "messages", "prompt", "model")


class OpenAIWire(ModelHost):
    """One server, by its base address (`https://host/v1`), with an optional bearer token.

    Implements the ports Completer, Embedder and Limited. A kind of server that differs is a subclass that changes
    `_shaped`.
    """

    def complete(self, call: ModelCall, *, stream: bool) -> AsyncGenerator[Delta, None]:
        """The answer in pieces. UpstreamError and UpstreamTimeout as the port says."""
        return self._streamed(call) if stream else self._plain(call)

    async def embed(
        self, model_id: str, texts: tuple[str, ...], *, dimensions: int | None = None
    ) -> tuple[tuple[float, ...], ...]:
        """One vector a text, in the order of `texts`; in several requests where `embed_batch` says so."""
        most = self._options.embed_batch or len(texts) or 1
        vectors: list[tuple[float, ...]] = []
        for at in range(0, len(texts), most):
            vectors += await self._embedded(model_id, texts[at : at + most], dimensions)
        if len({len(v) for v in vectors}) > 1:
            raise self._other_vectors()
        return tuple(vectors)

    async def probe(self) -> tuple[str, ...]:
        """Ids of the models that the server lists."""
        listed = self._decoded(await self._got(self._path + "/models"), MODELS)
        return tuple(model.id for model in listed.data or ())

    async def limits(self, model_ids: tuple[str, ...]) -> Mapping[str, int]:
        """Tokens of prompt and answer together, by model, where the server tells it in its list of models."""
        listed = self._decoded(await self._got(self._path + "/models"), MODELS)
        return {m.id: m.max_model_len for m in listed.data or () if m.id in model_ids and m.max_model_len}

    def _shaped(self, body: dict[str, Any], call: ModelCall) -> dict[str, Any]:
        """The body as this kind of server wants it. Raises UpstreamRefused for what it cannot do."""
        return body

    def _body(self, call: ModelCall, *, stream: bool) -> bytes:
        body: dict[str, Any] = {k: v for k, v in call.params.items() if k not in _OURS}
        body["model"] = call.model_id
        if call.endpoint == "completions":
            body["prompt"] = "".join(m.content for m in call.messages)
        else:
            body["messages"] = [
                dict(m.wire) if m.wire is not None else {"role": m.role, "content": m.content}
                for m in call.messages
            ]
        if stream:
            options = call.params.get("stream_options")
            body["stream"] = True
            body["stream_options"] = {
                **(options if isinstance(options, Mapping) else {}),
                "include_usage": True,
            }
        return encoded(self._shaped(body, call))

    async def _plain(self, call: ModelCall) -> AsyncGenerator[Delta, None]:
        reply = await self._asked(
            self._path + PATHS[call.endpoint],
            self._body(call, stream=False),
            most=self._most,
            patience_s=self._patience(call),
        )
        for delta in self._whole(reply, call):
            yield delta

    def _whole(self, reply: Reply, call: ModelCall) -> list[Delta]:
        answer = self._decoded(reply, ANSWER)
        if answer.is_error():
            raise upstream.reported_error(self._url, begun=False, body=reply.body)
        try:
            deltas = Gathering(choices(call)).whole(answer)
        except OutOfOrder:
            deltas = None
        if deltas is None:
            raise upstream.not_the_wire(self._url, "JSON that holds no answer")
        if not deltas:
            raise upstream.cut_off(self._url)
        return deltas

    async def _streamed(self, call: ModelCall) -> AsyncGenerator[Delta, None]:
        """Pieces as they come, then what ends each choice, once the stream has ended as it should."""
        body, gauge = self._body(call, stream=True), self._gauge(call)
        reply = await self._opened(self._path + PATHS[call.endpoint], body, gauge)
        try:
            first = await self._next(reply, asyncio.get_running_loop().time() + gauge.step_s, gauge)
            # No event begins with a brace: it is a whole answer, whatever the head says.
            if reply.kind != "text/event-stream" and first.lstrip()[:1] in (b"{", b"<", b""):
                for delta in self._whole(await self._rest(reply, gauge, first), call):
                    yield delta
                return
            gathering, parser, done = Gathering(choices(call)), EventParser(MAX_EVENT), False
            while not done:
                events, ended = await self._events(reply, parser, gauge, first)
                first = b""
                for event in events:
                    if event == _DONE:
                        done = True
                        break
                    for delta in self._pieces(event, gathering):
                        yield delta
                done = done or ended
            last = gathering.last()
            if not last:
                raise upstream.cut_off(self._url)
            for delta in last:
                yield delta
            await reply.settle()
        finally:
            reply.close()

    async def _events(
        self, reply: StreamReply, parser: EventParser, gauge: Gauge, first: bytes
    ) -> tuple[list[str], bool]:
        """The next events, `first` to begin with, and whether the stream has ended. The time limit runs anew after
        each, so that comments alone do not extend it."""
        until = asyncio.get_running_loop().time() + gauge.step_s
        try:
            if first and (events := parser.feed(first)):
                return events, False
            while chunk := await self._next(reply, until, gauge):
                if events := parser.feed(chunk):
                    return events, False
            return [event for event in parser.finish() if event == _DONE or _is_json(event)], True
        except EventTooLarge:
            raise upstream.too_large(self._url, MAX_EVENT) from None
        except UnicodeDecodeError:
            raise upstream.not_the_wire(self._url, "text that is not UTF-8") from None

    def _pieces(self, event: str, gathering: Gathering) -> list[Delta]:
        if not event.strip():
            return []
        try:
            answer = ANSWER.decode(event)
            if answer.is_error():
                raise upstream.reported_error(self._url, begun=gathering.length > 0, body=event.encode())
            deltas = gathering.take(answer)
        except (msgspec.DecodeError, RecursionError, OutOfOrder):
            raise upstream.not_the_wire(self._url, "an event that is no piece of an answer") from None
        if gathering.length > self._most:
            raise upstream.too_large(self._url, self._most)
        return deltas

    async def _embedded(
        self, model_id: str, texts: tuple[str, ...], dimensions: int | None
    ) -> tuple[tuple[float, ...], ...]:
        body: dict[str, object] = {"model": model_id, "input": list(texts)}
        if dimensions is not None:
            body["dimensions"] = dimensions
        reply = await self._asked(
            self._path + "/embeddings", encoded(body), most=MAX_BODY, patience_s=self._patience()
        )
        vectors = self._decoded(reply, EMBEDDINGS).vectors()
        if len(vectors) != len(texts):
            raise self._other_vectors()
        return vectors

    def _other_vectors(self) -> UpstreamError:
        return upstream.not_the_wire(self._url, "another number or other lengths of vectors than asked for")


def choices(call: ModelCall) -> int:
    """How many answers the call asks for."""
    n = call.params.get("n")
    return min(n, MAX_CHOICES) if isinstance(n, int) and not isinstance(n, bool) and n > 0 else 1


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True
