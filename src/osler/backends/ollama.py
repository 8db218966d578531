"""Ollama, by its native API: there alone a request can say how long the context is to be (`options.num_ctx`).

On its OpenAI wire Ollama serves its own default of a few thousand tokens and drops the beginning of a longer prompt
without a word. Here `num_ctx` is the model's `context`, and `truncate` and `shift` are false: what is too long is
an error (Ollama 0.12.6 and later; older ones ignore both). What it cannot do is refused before anything is sent:
several choices, a forced tool, images by address, audio, files.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import msgspec

from osler.backends import upstream
from osler.backends.address import root
from osler.backends.client.port import StreamReply
from osler.backends.gathering import Calls, OutOfOrder
from osler.backends.host import MAX_BODY, MAX_EVENT, Gauge, ModelHost, encoded
from osler.backends.ollama_wire import LINE, SHOWN, TAGS, VECTORS, Line, Unsendable, chat_body, generate_body
from osler.core.messages import Delta, Usage
from osler.core.ports.completer import ModelCall


class Ollama(ModelHost):
    """An Ollama server by its address, with or without `/v1`. Implements Completer, Embedder and Limited."""

    def __init__(self, url: str, token: str | None = None, **more: Any) -> None:
        super().__init__(url, token, **more)
        self._root = root(self._url)

    def complete(self, call: ModelCall, *, stream: bool) -> AsyncGenerator[Delta, None]:
        """The answer in pieces. UpstreamError and UpstreamTimeout as the port says."""
        return self._streamed(call) if stream else self._plain(call)

    async def embed(
        self, model_id: str, texts: tuple[str, ...], *, dimensions: int | None = None
    ) -> tuple[tuple[float, ...], ...]:
        """One vector a text; a text that is too long is an error, not cut."""
        most = self._options.embed_batch or len(texts) or 1
        vectors: list[tuple[float, ...]] = []
        for at in range(0, len(texts), most):
            given = texts[at : at + most]
            body: dict[str, object] = {"model": model_id, "input": list(given), "truncate": False}
            if dimensions is not None:
                body["dimensions"] = dimensions
            reply = await self._asked(
                self._root + "/api/embed", encoded(body), most=MAX_BODY, patience_s=self._patience()
            )
            found = self._decoded(reply, VECTORS).embeddings
            if len(found) != len(given):
                raise upstream.not_the_wire(self._url, "another number of vectors than asked for")
            vectors += [tuple(vector) for vector in found]
        if len({len(v) for v in vectors}) > 1:
            raise upstream.not_the_wire(self._url, "vectors of different lengths")
        return tuple(vectors)

    async def probe(self) -> tuple[str, ...]:
        """Names of the models that are there; of one with the tag `latest` also the name without it."""
        tags = self._decoded(await self._got(self._root + "/api/tags"), TAGS)
        names = [model.name for model in tags.models or ()]
        short = [name.removesuffix(":latest") for name in names if name.endswith(":latest")]
        return (*names, *short)

    async def limits(self, model_ids: tuple[str, ...]) -> Mapping[str, int]:
        """The longest context that each model was made for, in tokens, of those that are there."""
        found, there = {}, await self.probe()
        for model_id in model_ids:
            if model_id not in there:
                continue
            reply = await self._asked(
                self._root + "/api/show",
                encoded({"model": model_id}),
                most=MAX_BODY,
                patience_s=self._patience(),
            )
            length = self._decoded(reply, SHOWN).context_length()
            if length is not None:
                found[model_id] = length
        return found

    def _asked_of(self, call: ModelCall, *, stream: bool) -> tuple[str, bytes]:
        """The path and the body."""
        try:
            if call.endpoint == "completions":
                path, body = "/api/generate", generate_body(call, stream=stream)
            else:
                path, body = "/api/chat", chat_body(call, stream=stream)
        except Unsendable as error:
            raise upstream.not_served(self._url, error.what) from None
        return self._root + path, encoded(body)

    async def _plain(self, call: ModelCall) -> AsyncGenerator[Delta, None]:
        path, body = self._asked_of(call, stream=False)
        reply = await self._asked(path, body, most=self._most, patience_s=self._patience(call))
        line = self._decoded(reply, LINE)
        if line.error is not None:
            raise upstream.reported_error(self._url, begun=False, body=reply.body)
        if not line.done:
            raise upstream.cut_off(self._url)
        calls = Calls()
        yield self._delta(line, calls, end=self._finish(line, called=bool(line.calls())))

    async def _streamed(self, call: ModelCall) -> AsyncGenerator[Delta, None]:
        path, body = self._asked_of(call, stream=True)
        gauge = self._gauge(call)
        reply = await self._opened(path, body, gauge)
        try:
            calls, called, length, pending = Calls(), False, 0, bytearray()
            while True:
                lines = await self._lines(reply, pending, gauge)
                if not lines:
                    raise upstream.cut_off(self._url)
                for raw in lines:
                    line = self._line(raw, begun=length > 0)
                    called = called or bool(line.calls())
                    delta = self._delta(line, calls, end=self._finish(line, called=called))
                    length += len(delta.text) + len(delta.reasoning)
                    length += sum(len(tool.arguments) for tool in delta.tools)
                    if length > self._most:
                        raise upstream.too_large(self._url, self._most)
                    if line.done or delta.text or delta.tools or delta.reasoning or delta.logprobs:
                        yield delta
                    if line.done:
                        await reply.settle()
                        return
        finally:
            reply.close()

    async def _lines(self, reply: StreamReply, pending: bytearray, gauge: Gauge) -> list[bytes]:
        """The next whole lines; none at the end. `pending` is what has come of the line after them."""
        until = asyncio.get_running_loop().time() + gauge.step_s
        while chunk := await self._next(reply, until, gauge):
            pending += chunk
            if b"\n" in chunk:
                *lines, rest = bytes(pending).split(b"\n")
                pending[:] = rest
                if found := [line for line in lines if line.strip()]:
                    return found
            if len(pending) > MAX_EVENT:
                raise upstream.too_large(self._url, MAX_EVENT)
        last = bytes(pending)
        pending.clear()
        return [last] if last.strip() else []

    def _line(self, raw: bytes, *, begun: bool) -> Line:
        try:
            line = LINE.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise upstream.not_the_wire(self._url, "a line that is no piece of an answer") from None
        if line.error is not None:
            raise upstream.reported_error(self._url, begun=begun, body=raw)
        return line

    def _finish(self, line: Line, *, called: bool) -> str | None:
        if not line.done:
            return None
        if line.done_reason in ("load", "unload"):
            raise upstream.not_the_wire(self._url, "the news of a model, and no answer")
        return "tool_calls" if called else line.done_reason or "stop"

    def _delta(self, line: Line, calls: Calls, *, end: str | None) -> Delta:
        try:
            tools = calls.take_whole(line.calls())
        except OutOfOrder:
            raise upstream.not_the_wire(self._url, "tool calls out of order") from None
        usage = Usage(prompt=line.prompt_eval_count, completion=line.eval_count) if end is not None else None
        return Delta(
            text=line.said(),
            finish=end,
            usage=usage,
            tools=tools,
            reasoning=line.thought(),
            logprobs=line.entries(),
        )
