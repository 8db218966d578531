"""Any model server that speaks OpenAI's wire: vLLM, TGI, Ollama, llama.cpp and the clouds behind it.

What leaves is the ModelCall and nothing else: no user, no request id, no header beyond what HTTP
needs. What comes back is bounded in size and time, and an answer that is not whole is an error, never
a short answer. Not covered: tool calls, several choices (the first one is taken), images, log
probabilities.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import aclosing, contextmanager
from typing import TypeVar
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import aiohttp
import msgspec

from osler.backends import upstream
from osler.backends.answers import Answer, Embeddings, ModelList, Stream
from osler.backends.sse import EventParser, EventTooLarge
from osler.core.errors import ConfigError, InputError, UpstreamTimeout
from osler.core.messages import Delta
from osler.core.ports.completer import ModelCall

MAX_BODY = 32 << 20
"""Most bytes of vectors, or of a list of models."""
MAX_EVENT = 1 << 20
"""Most bytes of one event of a stream."""
FRAMING = 64
"""A stream may be so many times longer than its text may be: each word comes in an event of its own."""
# uvicorn closes an idle connection after 5 s; ours must be given up before that, or a request may
# be written into a connection that is just being closed.
KEEP_ALIVE_S = 4.0
DRAIN_S = 0.05
_DONE = "[DONE]"
T = TypeVar("T")


class OpenAIWire:
    """One server, by its base address (`https://host/v1`), with an optional bearer token.

    `timeout_s` bounds a plain answer as a whole, and on a stream the wait for each next event;
    `stream_timeout_s` bounds a stream as a whole; `connect_timeout_s` bounds name resolution,
    connection and TLS handshake. `max_answer_mb` bounds an answer's text. Implements the ports
    Completer and Embedder. ConfigError when the address or a setting cannot be used.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        timeout_s: float = 60.0,
        connect_timeout_s: float = 5.0,
        stream_timeout_s: float = 1800.0,
        max_answer_mb: float = 4.0,
    ) -> None:
        self._url = _checked_url(url)
        self._headers = _headers(token)
        if not (
            timeout_s > 0 and connect_timeout_s > 0 and stream_timeout_s > 0 and 0 < max_answer_mb <= 1024
        ):
            raise ConfigError(
                "The timeouts and limits of a model server must be greater than 0.",
                remedy="Correct timeout_s, connect_timeout_s, stream_timeout_s or max_answer_mb (1024 at most).",
            )
        self._timeout_s = timeout_s
        self._stream_timeout_s = stream_timeout_s
        self._most = int(max_answer_mb * 2**20)
        self._timeouts = aiohttp.ClientTimeout(total=None, connect=connect_timeout_s)
        self._sessions: WeakKeyDictionary[asyncio.AbstractEventLoop, aiohttp.ClientSession]
        self._sessions = WeakKeyDictionary()

    async def complete(self, call: ModelCall, *, stream: bool) -> AsyncGenerator[Delta, None]:
        """The answer in pieces. UpstreamError and UpstreamTimeout as the port says."""
        deadline = self._deadline()
        response = await self._send("POST", "/chat/completions", _chat_body(call, stream=stream), deadline)
        try:
            if stream and response.content_type == "text/event-stream":
                async with aclosing(self._streamed(response)) as deltas:
                    async for delta in deltas:
                        yield delta
            else:
                yield self._whole(await self._decoded(response, Answer, deadline, self._most))
        finally:
            # Read to its end, the response has given its connection back; else this closes it.
            response.close()

    async def embed(self, model_id: str, texts: tuple[str, ...]) -> tuple[tuple[float, ...], ...]:
        """One vector a text, in the order of `texts`."""
        body, deadline = _encoded({"model": model_id, "input": list(texts)}), self._deadline()
        response = await self._send("POST", "/embeddings", body, deadline)
        try:
            answer = await self._decoded(response, Embeddings, deadline, MAX_BODY)
        finally:
            response.close()
        vectors = answer.vectors()
        if len(vectors) != len(texts) or len({len(v) for v in vectors}) > 1:
            raise upstream.not_the_wire(
                self._url, "another number or other lengths of vectors than asked for"
            )
        return vectors

    async def probe(self) -> tuple[str, ...]:
        """Ids of the models that the server lists."""
        deadline = self._deadline()
        response = await self._send("GET", "/models", None, deadline)
        try:
            answer = await self._decoded(response, ModelList, deadline, MAX_BODY)
        finally:
            response.close()
        return tuple(model.id for model in answer.data or ())

    async def aclose(self) -> None:
        """Close this event loop's connections, and those of loops that are gone."""
        own = asyncio.get_running_loop()
        await self._close_sessions(lambda loop: loop is own or loop.is_closed())
        # Sockets are closed by the loop's next turn, which a loop that ends now would not have.
        await asyncio.sleep(0)

    async def _close_sessions(self, which: Callable[[asyncio.AbstractEventLoop], bool]) -> None:
        for loop in [loop for loop in self._sessions if which(loop)]:
            await self._sessions.pop(loop).close()

    async def _session(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        session = self._sessions.get(loop)
        if session is None or session.closed:
            await self._close_sessions(lambda other: other.is_closed())
            session = aiohttp.ClientSession(
                headers=self._headers,
                timeout=self._timeouts,
                # No limit: how many requests run at once is for the gateway to say, not for a hidden queue.
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE_S),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                # A body that was not asked to be compressed and is could be a thousand times longer than it came.
                auto_decompress=False,
            )
            self._sessions[loop] = session
        return session

    def _deadline(self) -> float:
        return asyncio.get_running_loop().time() + self._timeout_s

    async def _send(
        self, method: str, path: str, body: bytes | None, deadline: float
    ) -> aiohttp.ClientResponse:
        session = await self._session()
        headers = {"Content-Type": "application/json"} if body is not None else {}
        with self._faults():
            async with asyncio.timeout_at(deadline):
                response = await session.request(
                    method, self._url + path, data=body, headers=headers, allow_redirects=False
                )
        if response.status != 200:
            response.close()
            retry_after = response.headers.get("Retry-After", "")
            raise upstream.status_error(self._url, response.status, retry_after=retry_after)
        if response.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
            response.close()
            raise upstream.not_the_wire(self._url, "a compressed body, which was not asked for")
        return response

    async def _decoded(
        self, response: aiohttp.ClientResponse, kind: type[T], deadline: float, most: int
    ) -> T:
        body = bytearray()
        with self._faults():
            async with asyncio.timeout_at(deadline):
                while chunk := await response.content.readany():
                    body += chunk
                    if len(body) > most:
                        raise upstream.too_large(self._url, most)
        try:
            return msgspec.json.decode(bytes(body), type=kind)
        except (msgspec.ValidationError, RecursionError):
            what = "JSON of another shape than it should have"
        except (msgspec.DecodeError, UnicodeDecodeError):
            html = response.content_type in ("text/html", "application/xhtml+xml")
            what = "a web page" if html else "something that is not JSON"
        raise upstream.not_the_wire(self._url, what)

    def _whole(self, answer: Answer) -> Delta:
        if answer.error is not None:
            raise upstream.reported_error(self._url, begun=False)
        choice = answer.first()
        if choice is None or choice.message is None:
            raise upstream.not_the_wire(self._url, "JSON that holds no answer")
        if not choice.finish_reason:
            raise upstream.cut_off(self._url)
        return Delta(text=choice.message.content or "", finish=choice.finish_reason, usage=answer.counted())

    async def _streamed(self, response: aiohttp.ClientResponse) -> AsyncGenerator[Delta, None]:
        """Pieces as they come, then the finish, once the stream has ended as it should."""
        stream = Stream()
        async with aclosing(self._payloads(response)) as payloads:
            async for payload in payloads:
                if payload == _DONE:
                    break
                if not payload.strip():
                    continue
                try:
                    answer = msgspec.json.decode(payload, type=Answer)
                except (msgspec.DecodeError, RecursionError):
                    raise upstream.not_the_wire(self._url, "an event that is no piece of an answer") from None
                if answer.error is not None:
                    raise upstream.reported_error(self._url, begun=stream.begun)
                if text := stream.take(answer):
                    yield Delta(text=text)
                if stream.length > self._most:
                    raise upstream.too_large(self._url, self._most)
        if not stream.finish:
            raise upstream.cut_off(self._url)
        yield Delta(finish=stream.finish, usage=stream.usage)
        await _drain(response)

    async def _payloads(self, response: aiohttp.ClientResponse) -> AsyncGenerator[str, None]:
        """The data of each event. The time limit runs anew after each, so comments alone do not extend it."""
        parser, loop, begun, ended = EventParser(MAX_EVENT), asyncio.get_running_loop(), False, False
        end, size = loop.time() + self._stream_timeout_s, 0
        while not ended:
            deadline, events = min(loop.time() + self._timeout_s, end), list[str]()
            while not events and not ended:
                try:
                    with self._faults(begun=begun):
                        async with asyncio.timeout_at(deadline):
                            chunk = await response.content.readany()
                except UpstreamTimeout:
                    if deadline < end:
                        raise
                    raise upstream.endless(self._url, self._stream_timeout_s) from None
                begun, ended, size = True, not chunk, size + len(chunk)
                if size > self._most * FRAMING:
                    raise upstream.too_large(self._url, self._most)
                if loop.time() > end:
                    raise upstream.endless(self._url, self._stream_timeout_s)
                try:
                    events = parser.feed(chunk) if chunk else _whole_events(parser.finish())
                except EventTooLarge:
                    raise upstream.too_large(self._url, MAX_EVENT) from None
                except UnicodeDecodeError:
                    raise upstream.not_the_wire(self._url, "text that is not UTF-8") from None
            for event in events:
                yield event

    @contextmanager
    def _faults(self, *, begun: bool = False) -> Iterator[None]:
        """Turn the client's exceptions into ours; `from None`, as theirs may carry headers and bodies."""
        try:
            yield
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise upstream.connection_error(self._url, error, begun=begun) from None


def _whole_events(events: list[str]) -> list[str]:
    """Of an event that the end of the stream closed, what is not half an event."""
    return [event for event in events if event == _DONE or _is_json(event)]


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


async def _drain(response: aiohttp.ClientResponse) -> None:
    """Read the end of the body, which follows `[DONE]` at once, so that the connection can be used again."""
    try:
        async with asyncio.timeout(DRAIN_S):
            while await response.content.readany():
                pass
    except (aiohttp.ClientError, OSError, TimeoutError):
        return  # the answer is whole; the connection is then closed instead


def _chat_body(call: ModelCall, *, stream: bool) -> bytes:
    body: dict[str, object] = {k: v for k, v in call.params.items() if k not in ("stream", "stream_options")}
    body["model"] = call.model_id
    body["messages"] = [{"role": m.role, "content": m.content} for m in call.messages]
    if stream:
        options = call.params.get("stream_options")
        body["stream"] = True
        body["stream_options"] = {**(options if isinstance(options, Mapping) else {}), "include_usage": True}
    return _encoded(body)


def _encoded(body: dict[str, object]) -> bytes:
    try:
        return msgspec.json.encode(body)
    except (TypeError, ValueError):
        # The original names the offending text.
        raise InputError(
            "The request holds text that is not valid Unicode, or a parameter that has no form in JSON.",
            remedy="Send UTF-8 text and JSON parameters.",
        ) from None


def _checked_url(url: str) -> str:
    remedy = "Give it as http(s)://host[:port]/v1, and a secret by the destination's `auth`."
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or not url.isascii() or any(c <= " " or c == "\x7f" for c in url):
        raise ConfigError(
            "The url of a model server must be an http or https address.", remedy=remedy, param="url"
        )
    if "@" in parts.netloc:
        raise ConfigError("The url of a model server must not hold credentials.", remedy=remedy, param="url")
    if "?" in url or "#" in url:
        raise ConfigError(
            "The url of a model server must not have a query or fragment.", remedy=remedy, param="url"
        )
    return url.rstrip("/")


def _headers(token: str | None) -> dict[str, str]:
    headers = {
        "User-Agent": "osler",
        "Accept": "application/json, text/event-stream",
        "Accept-Encoding": "identity",
    }
    if token is not None:
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise ConfigError(
                "The token of a model server is empty or has characters that no HTTP header can carry.",
                remedy="Check the secret that the destination's `auth` names, a line break at its end, say.",
                param="token",
            )
        headers["Authorization"] = f"Bearer {token}"
    return headers
