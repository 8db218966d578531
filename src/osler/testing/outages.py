"""Honest parts that are down: what guards, but fails when a `Switch` says so.

Each stands in front of a real part and hands everything on to it while the switch is up, so that the
same platform can be seen well, down and well again. `osler selftest` is made of them; authors of
plug-ins may use them to see what their callers do when something is down:

    switch = Switch()
    guard = Guard([my_check, FailingCheck(switch)])
    switch.down(Manner.RAISES)

They are no mocks: nothing is patched, and what is not named here is the real part's own work.
"""

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from contextlib import aclosing
from datetime import datetime
from enum import StrEnum
from typing import Any

from osler.core.audit import AuditEntry, AuditRecord, ChainVerdict, Head, seal
from osler.core.errors import StoreError, UpstreamError, UpstreamUnavailable
from osler.core.findings import Finding
from osler.core.messages import Delta
from osler.core.ports.audit_log import AuditLog
from osler.core.ports.check import Statement
from osler.core.ports.completer import Completer, ModelCall
from osler.core.ports.embedder import Embedder
from osler.core.ports.index import Added, CollectionInfo, Hit, Index, Scope, StoredDocument
from osler.core.ports.reader import Reading
from osler.core.ports.vault import Holding, Rotated, Shredded, Subject, Vault, VaultKeeper
from osler.core.spans import Span

RUBBISH: Any = object()
"""What a part gives that answers with something that is not of its type."""


class Manner(StrEnum):
    """How a part is down."""

    RAISES = "raises"
    """An exception of some library, whose message quotes what the part was given, as careless ones do."""
    REFUSES = "refuses"
    """StoreError, as Osler's own parts raise."""
    HANGS = "hangs"
    """No answer for as long as the switch is down, `hang_s` at most; then TimeoutError."""
    RUBBISH = "rubbish"
    """An answer that is not of the promised type."""
    LIES = "lies"
    """Not an outage but a breach: the part says that all is well and does nothing. Nobody downstream can see it
    by looking at one answer; it is there to show that a test can."""


class Switch:
    """Up or down; safe for threads. A part calls `use` before each of its calls."""

    def __init__(self, *, hang_s: float = 20.0) -> None:
        self._hang_s = hang_s
        self._lock = threading.Lock()
        self._manner: Manner | None = None
        self._left = 0
        self._up = threading.Event()
        self._up.set()

    def down(self, manner: Manner, *, after: int = 0) -> None:
        """Down from now on, but for the next `after` calls, which still go through."""
        with self._lock:
            self._manner, self._left = manner, after
            self._up.clear()

    def up(self) -> None:
        """Well again; whoever hangs goes on at once."""
        with self._lock:
            self._manner = None
            self._up.set()

    def use(self, quoted: object = "") -> Manner | None:
        """None when the call may go on, else RUBBISH or LIES; raises or hangs otherwise. Quotes `quoted`."""
        manner = self._next()
        if manner is Manner.HANGS:
            self._up.wait(self._hang_s)
        return _raised(manner, quoted)

    async def use_async(self, quoted: object = "") -> Manner | None:
        """The same without blocking the event loop."""
        manner = self._next()
        end = time.monotonic() + self._hang_s
        # Polled, as the switch is thrown from other threads.
        while manner is Manner.HANGS and not self._up.is_set() and time.monotonic() < end:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        return _raised(manner, quoted)

    def _next(self) -> Manner | None:
        with self._lock:
            if self._manner is not None and self._left > 0:
                self._left -= 1
                return None
            return self._manner


def _raised(manner: Manner | None, quoted: object) -> Manner | None:
    if manner is Manner.RAISES:
        raise ValueError(f"cannot work on {quoted}")
    if manner is Manner.REFUSES:
        raise StoreError("The part is down, as it was told to be.", remedy="Switch it on again.")
    if manner is Manner.HANGS:
        raise TimeoutError("the part did not answer")
    return manner


class FailingDetector:
    """A detector that finds nothing, and is down when told to be. Goes beside real ones."""

    name = "failing"

    def __init__(self, switch: Switch, *, waits: bool = True) -> None:
        self._switch = switch
        self.waits = waits

    def find(self, text: str) -> Iterable[Span]:
        """Nothing."""
        return [RUBBISH] if self._switch.use(text) is Manner.RUBBISH else ()


class FailingCheck:
    """A check that has nothing against any statement, and is down when told to be. Goes beside real ones."""

    name = "failing"
    parts: tuple[str, ...] = ("question", "sentence", "answer")

    def __init__(self, switch: Switch, *, waits: bool = True) -> None:
        self._switch = switch
        self.waits = waits

    def check(self, statement: Statement) -> Iterable[Finding]:
        """Nothing."""
        return [RUBBISH] if self._switch.use(statement.text) is Manner.RUBBISH else ()


class FailingVault:
    """A vault that is down when told to be."""

    def __init__(self, vault: Vault, switch: Switch) -> None:
        self._vault = vault
        self._switch = switch

    def subject(self, patient: str | None) -> Subject:
        """As the real one."""
        return RUBBISH if self._switch.use(patient) else self._vault.subject(patient)

    def resolve(self, handle: str) -> str | None:
        """As the real one."""
        return RUBBISH if self._switch.use(handle) else self._vault.resolve(handle)


class FailingKeeper:
    """What is done to a vault as a whole, down when told to be."""

    def __init__(self, keeper: VaultKeeper, switch: Switch) -> None:
        self._keeper = keeper
        self._switch = switch

    def shred(self, patient: str) -> Shredded:
        """As the real one."""
        return RUBBISH if self._switch.use(patient) else self._keeper.shred(patient)

    def expire(self, now: datetime) -> int:
        """As the real one."""
        return RUBBISH if self._switch.use() else self._keeper.expire(now)

    def rotate(self, *, destroy_old: bool = False) -> Rotated:
        """As the real one."""
        return RUBBISH if self._switch.use() else self._keeper.rotate(destroy_old=destroy_old)

    def behind(self) -> int:
        """As the real one."""
        return RUBBISH if self._switch.use() else self._keeper.behind()

    def holdings(self) -> tuple[Holding, ...]:
        """As the real one."""
        return RUBBISH if self._switch.use() else self._keeper.holdings()


class FailingIndex:
    """A store of texts that is down when told to be."""

    def __init__(self, index: Index, switch: Switch) -> None:
        self._index = index
        self._switch = switch

    def put(self, reading: Reading) -> Added:
        """As the real one."""
        return RUBBISH if self._switch.use() else self._index.put(reading)

    def search(self, terms: Sequence[Sequence[str]], scope: Scope, k: int) -> tuple[Hit, ...]:
        """As the real one."""
        return RUBBISH if self._switch.use(terms) else self._index.search(terms, scope, k)

    def document(self, doc: str, *, patient: str | None) -> StoredDocument | None:
        """As the real one."""
        return RUBBISH if self._switch.use(patient) else self._index.document(doc, patient=patient)

    def collections(self) -> tuple[CollectionInfo, ...]:
        """As the real one."""
        return RUBBISH if self._switch.use() else self._index.collections()


class FailingAudit:
    """An audit log that is down when told to be. When it lies, it hands out records that are written nowhere."""

    def __init__(self, log: AuditLog, switch: Switch) -> None:
        self._log = log
        self._switch = switch
        self.instance = log.instance

    async def append(self, entry: AuditEntry) -> AuditRecord:
        """As the real one."""
        manner = await self._switch.use_async(dict(entry.body))
        return await self._log.append(entry) if manner is None else self._false(manner, entry)

    def append_now(self, entry: AuditEntry) -> AuditRecord:
        """As the real one."""
        manner = self._switch.use(dict(entry.body))
        return self._log.append_now(entry) if manner is None else self._false(manner, entry)

    def head(self) -> Head:
        """As the real one."""
        return RUBBISH if self._switch.use() is Manner.RUBBISH else self._log.head()

    def records(self, *, after: int = 0, holding: Sequence[str] = ()) -> Iterator[AuditRecord]:
        """As the real one."""
        rubbish = self._switch.use() is Manner.RUBBISH
        return RUBBISH if rubbish else self._log.records(after=after, holding=holding)

    def verify(self) -> ChainVerdict:
        """As the real one."""
        return RUBBISH if self._switch.use() is Manner.RUBBISH else self._log.verify()

    def close_interrupted(self) -> int:
        """As the real one."""
        return RUBBISH if self._switch.use() is Manner.RUBBISH else self._log.close_interrupted()

    def close(self) -> None:
        """As the real one, whatever the switch says."""
        self._log.close()

    def _false(self, manner: Manner, entry: AuditEntry) -> AuditRecord:
        return seal(self._log.head(), entry) if manner is Manner.LIES else RUBBISH


class FailingCompleter:
    """A model server that is down when told to be. Each call counts, and each piece of an answer.

    When it refuses, it cannot be reached, as its own backend would say.
    """

    def __init__(self, completer: Completer, switch: Switch) -> None:
        self._completer = completer
        self._switch = switch

    async def complete(self, call: ModelCall, *, stream: bool) -> AsyncGenerator[Delta, None]:
        """As the real one."""
        if await self._used(call):
            yield RUBBISH
        async with aclosing(self._completer.complete(call, stream=stream)) as answer:
            async for delta in answer:
                yield RUBBISH if await self._used(call) else delta

    async def embed(
        self, model_id: str, texts: tuple[str, ...], *, dimensions: int | None = None
    ) -> tuple[tuple[float, ...], ...]:
        """As the real one. UpstreamError where that does not embed."""
        if await self._used(texts):
            rubbish: tuple[tuple[float, ...], ...] = RUBBISH
            return rubbish
        if not isinstance(self._completer, Embedder):
            raise UpstreamError("The backend does not embed.", remedy="Ask one that does.")
        return await self._completer.embed(model_id, texts, dimensions=dimensions)

    async def probe(self) -> tuple[str, ...]:
        """As the real one, whatever the switch says."""
        return await self._completer.probe()

    async def aclose(self) -> None:
        """As the real one, whatever the switch says."""
        await self._completer.aclose()

    async def _used(self, quoted: object) -> bool:
        """Whether rubbish is to be given."""
        try:
            return await self._switch.use_async(quoted) is not None
        except StoreError:
            raise UpstreamUnavailable(
                "The model server is down, as it was told to be.",
                remedy="Switch it on again.",
                fault="unreachable",
            ) from None
