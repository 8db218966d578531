"""Answers used again, and identical requests that share one call of a model.

Two requests are identical when the same tenant, under the same configuration, asks the same thing of the same
models: every message and parameter, the patient, the evidence. Their keys are keyed digests of all that, so that
nothing of a request can be read from a key. What is kept is what the model said, before anything was put back
into it, with the replacer that knows the way back.
"""

import asyncio
import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

import msgspec

from osler.core.messages import Delta
from osler.deid import Replacer
from osler.gateway.config.reuse import CacheConfig
from osler.gateway.router import Target

Said = tuple[Target, Delta]
_OVERHEAD = 200
"""Bytes that a piece of an answer takes besides its text, about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What a model said, whole."""

    said: tuple[Said, ...] = field(repr=False)
    replacer: Replacer | None = field(repr=False)
    until: float
    size: int


class Call:
    """One call of a model that several requests listen to. It ends with its last listener."""

    def __init__(self, source: AsyncGenerator[Said, None], replacer: Replacer | None) -> None:
        self.replacer = replacer
        self.said: list[Said] = []
        self.is_whole = False
        self._source = source
        self._listeners = 0
        self._error: BaseException | None = None
        self._ended = False
        self._news = asyncio.Event()
        self._pump: asyncio.Task[None] | None = None

    @property
    def is_open(self) -> bool:
        """Whether another request may still join: it has not failed, and nobody has left it for dead."""
        return self._error is None and (self._pump is None or self._listeners > 0 or self.is_whole)

    async def listen(self) -> AsyncGenerator[Said, None]:
        """All that the model says, from its first word. Raises what the call raised."""
        self._listeners += 1
        if self._pump is None:
            self._pump = asyncio.ensure_future(self._run())
        try:
            at = 0
            while True:
                while at < len(self.said):
                    yield self.said[at]
                    at += 1
                if self._ended:
                    break
                await self._news.wait()
            if self._error is not None:
                raise self._error.with_traceback(None)
        finally:
            self._listeners -= 1
            if not self._listeners and not self._pump.done():
                self._pump.cancel()
                await asyncio.gather(self._pump, return_exceptions=True)

    async def _run(self) -> None:
        try:
            async with aclosing(self._source) as source:
                async for said in source:
                    self.said.append(said)
                    self._tell()
            self.is_whole = True
        except BaseException as error:
            self._error = error
            if isinstance(error, asyncio.CancelledError):
                raise
        finally:
            self._ended = True
            self._tell()

    def _tell(self) -> None:
        """Wake all listeners; who waits next waits for the next news."""
        news, self._news = self._news, asyncio.Event()
        news.set()


class Reuse:
    """The answers and the calls of one process. Safe within one event loop."""

    def __init__(self, config: CacheConfig, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._config = config
        self._monotonic = monotonic
        self._secret = secrets.token_bytes(32)
        self._kept: OrderedDict[bytes, Kept] = OrderedDict()
        self._size = 0
        self._calls: dict[bytes, Call] = {}

    def keeps(self, *, phi: bool) -> bool:
        """Whether answers to such requests are kept."""
        return self._config.entries > 0 and (self._config.phi or not phi)

    def shares(self, params: Mapping[str, object]) -> bool:
        """Whether requests of these parameters share a call."""
        if self._config.share == "repeatable":
            return params.get("temperature") == 0 or params.get("seed") is not None
        return self._config.share == "all"

    def key(self, *parts: object) -> bytes:
        """The key of a request: a keyed digest of all that makes it what it is."""
        text = msgspec.json.encode(parts, order="sorted")
        return hashlib.blake2b(text, key=self._secret, digest_size=32).digest()

    def find(self, key: bytes) -> Kept | None:
        """What is kept under a key."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        if kept.until <= self._monotonic():
            self._drop(key)
            return None
        self._kept.move_to_end(key)
        return kept

    def keep(self, key: bytes, said: Sequence[Said], replacer: Replacer | None) -> None:
        """Keep a whole answer. One that alone is larger than all may be is not kept."""
        size = sum(_OVERHEAD + len(d.text) + len(d.reasoning) + _tools(d) for _, d in said)
        most = self._config.max_mb * 2**20
        if size > most:
            return
        self._drop(key)
        until = self._monotonic() + self._config.ttl_s
        self._kept[key] = Kept(said=tuple(said), replacer=replacer, until=until, size=size)
        self._size += size
        while len(self._kept) > self._config.entries or self._size > most:
            self._drop(next(iter(self._kept)))

    def call(
        self, key: bytes, begin: Callable[[], AsyncGenerator[Said, None]], replacer: Replacer | None
    ) -> Call:
        """The call of this key that is under way, or a new one."""
        call = self._calls.get(key)
        if call is None or not call.is_open:
            call = self._calls[key] = Call(begin(), replacer)
        return call

    def ended(self, key: bytes, call: Call) -> None:
        """A call is over, for whoever listened to it: the next request makes its own."""
        if self._calls.get(key) is call:
            del self._calls[key]

    def clear(self) -> None:
        """Forget all answers."""
        self._kept.clear()
        self._size = 0

    def _drop(self, key: bytes) -> None:
        gone = self._kept.pop(key, None)
        if gone is not None:
            self._size -= gone.size


def _tools(delta: Delta) -> int:
    return sum(len(tool.arguments) + len(tool.name) for tool in delta.tools)
