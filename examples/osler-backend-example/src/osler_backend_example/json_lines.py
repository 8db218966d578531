"""A model server that answers in lines of JSON, as Ollama's own API does: POST /api/chat, GET /api/tags.

What leaves is the ModelCall and nothing else. What comes back is bounded in size and time. An answer whose last line
does not say `"done": true` was cut off, and is an error. Not covered: images, tools, embeddings.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from osler.core.errors import ConfigError, UpstreamError, UpstreamTimeout
from osler.core.messages import Delta, Usage
from osler.core.ports.completer import ModelCall

MAX_LINE = 1 << 20
"""Most bytes of one line of an answer."""
MAX_ANSWER = 8 << 20
"""Most bytes of an answer."""
OPTIONS = {"temperature": "temperature", "top_p": "top_p", "seed": "seed", "max_tokens": "num_predict"}
"""Sampling settings that the server knows, and what it calls them. Others are refused, not dropped."""


class JsonLines:
    """Implements osler.core.ports.completer.Completer.

    The keyword arguments: `url` is the destination's, without a path; `timeout_s` bounds the wait for each line;
    `token` is what the destination's `auth` names. Others would come from `[destinations.NAME.options]`.
    """

    def __init__(self, *, url: str, timeout_s: float = 60.0, token: str | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or "@" in parts.netloc:
            raise ConfigError(
                "The url of a json_lines server is http(s)://host[:port].", remedy="Correct it in osler.toml."
            )
        self._url = url.rstrip("/")
        self._timeout_s = timeout_s
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._session: aiohttp.ClientSession | None = None

    async def complete(self, call: ModelCall, *, stream: bool) -> AsyncGenerator[Delta, None]:
        """The answer: one piece, or with `stream` one for each line that holds text, then the end."""
        texts: list[str] = []
        # Leaving the block closes the connection, so that a call that is broken off stops at the server too.
        with self._faults():
            async with self._opened().post(f"{self._url}/api/chat", json=_body(call)) as response:
                _require_ok(response.status)
                async for line in self._lines(response.content):
                    text = _text(line)
                    if line.get("done") is True:
                        usage = Usage(
                            prompt=_count(line, "prompt_eval_count"), completion=_count(line, "eval_count")
                        )
                        finish = "length" if line.get("done_reason") == "length" else "stop"
                        yield Delta(text="".join([*texts, text]), finish=finish, usage=usage)
                        return
                    if not stream:
                        texts.append(text)
                    elif text:
                        yield Delta(text=text)
        raise UpstreamError(
            "The model server's answer was cut off before its end.", remedy="Look into its own log."
        )

    async def probe(self) -> tuple[str, ...]:
        """Ids of the models that the server lists."""
        with self._faults():
            async with asyncio.timeout(self._timeout_s):
                async with self._opened().get(f"{self._url}/api/tags") as response:
                    _require_ok(response.status)
                    listed = _object(await response.content.read(MAX_LINE)).get("models")
        if not isinstance(listed, list):
            raise _not_the_wire()
        return tuple(str(model["name"]) for model in listed if isinstance(model, dict) and "name" in model)

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            limits = aiohttp.ClientTimeout(total=None, connect=5, sock_read=self._timeout_s)
            self._session = aiohttp.ClientSession(
                timeout=limits, headers=self._headers, cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._session

    async def _lines(self, content: aiohttp.StreamReader) -> AsyncGenerator[Mapping[str, Any], None]:
        """Each line as soon as it is whole. What follows the last line's end is half a line, and dropped."""
        length, held = 0, b""
        while chunk := await content.readany():
            length += len(chunk)
            *lines, held = (held + chunk).split(b"\n")
            if length > MAX_ANSWER or len(held) > MAX_LINE:
                raise ValueError
            for line in filter(bytes.strip, lines):
                yield _object(line)

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """The client's exceptions as Osler's. `from None`: theirs may carry what was sent or received."""
        try:
            yield
        except TimeoutError:
            raise UpstreamTimeout(
                "The model server did not answer in time.", remedy="Raise the destination's timeout_s."
            ) from None
        except (aiohttp.ClientError, OSError):
            raise UpstreamError(
                "The model server cannot be reached, or broke off.", remedy="Is it running at its url?"
            ) from None
        except ValueError:
            raise _not_the_wire() from None


def _body(call: ModelCall) -> dict[str, object]:
    unknown = sorted(set(call.params) - set(OPTIONS))
    if unknown:
        raise UpstreamError(
            f"The model server knows no setting '{unknown[0]}'.", remedy=f"Send only {', '.join(OPTIONS)}."
        )
    return {
        "model": call.model_id,
        "messages": [
            {"role": "system" if m.role == "developer" else m.role, "content": m.content}
            for m in call.messages
        ],
        "stream": True,
        "options": {OPTIONS[name]: value for name, value in call.params.items()},
    }


def _object(line: bytes) -> dict[str, Any]:
    value = json.loads(line)
    if not isinstance(value, dict) or "error" in value:
        raise ValueError
    return value


def _text(line: Mapping[str, Any]) -> str:
    message = line.get("message")
    text = message.get("content", "") if isinstance(message, dict) else ""
    if not isinstance(text, str):
        raise ValueError
    return text


def _count(line: Mapping[str, Any], key: str) -> int | None:
    count = line.get(key)
    return count if type(count) is int else None


def _require_ok(status: int) -> None:
    if status != 200:
        raise UpstreamError(
            f"The model server answered with HTTP {status}.",
            remedy="Compare the url and the model's id with its own.",
        )


def _not_the_wire() -> UpstreamError:
    return UpstreamError(
        "The model server answered with something that is no answer in lines of JSON.",
        remedy="Look into its own log.",
    )
