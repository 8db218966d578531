"""Group commit: many callers wait, one thread writes, and each write takes along all who wait.

The cost of making a write durable is one fsync; shared by all that queued up during the previous
one, it is paid once for many. There is no timer: an idle writer writes at once.
"""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from osler.core.audit import AuditEntry, AuditRecord
from osler.core.errors import StoreError

MAX_BATCH = 512
"""Entries in one commit, at most."""

Commit = Callable[[Sequence[AuditEntry]], Sequence[AuditRecord]]
"""Makes entries durable and returns their records in the same order, or raises and has written nothing."""

_Outcome = AuditRecord | StoreError


@dataclass(slots=True, kw_only=True)
class _Waiting:
    entry: AuditEntry
    blocked: Future[AuditRecord] | None = None
    awaited: asyncio.Future[AuditRecord] | None = field(default=None)
    loop: asyncio.AbstractEventLoop | None = None


class GroupCommit:
    """Feeds `commit` from any number of threads and event loops through one thread of its own."""

    def __init__(self, commit: Commit, *, name: str) -> None:
        self._commit = commit
        self._name = name
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._gate = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False
        self.commits = 0
        """How many times `commit` was called and did not fail."""

    async def submit(self, entry: AuditEntry) -> AuditRecord:
        """The entry's record once it is durable. Raises StoreError.

        Cancelling the caller does not take the entry back: it is written all the same.
        """
        loop = asyncio.get_running_loop()
        awaited: asyncio.Future[AuditRecord] = loop.create_future()
        self._enqueue(_Waiting(entry=entry, awaited=awaited, loop=loop))
        return await awaited

    def submit_now(self, entry: AuditEntry) -> AuditRecord:
        """The same, blocking the calling thread."""
        blocked: Future[AuditRecord] = Future()
        self._enqueue(_Waiting(entry=entry, blocked=blocked))
        return blocked.result()

    def close(self) -> None:
        """Write what is queued, then stop; later calls raise StoreError."""
        with self._gate:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
            thread = self._thread
        if thread is not None:
            thread.join()

    def _enqueue(self, waiting: _Waiting) -> None:
        with self._gate:
            if self._closed:
                raise StoreError("The audit log is closed.", remedy="Start Osler again.")
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._queue.put(waiting)

    def _run(self) -> None:
        last = False
        while not last:
            batch, last = self._next_batch()
            if batch:
                _deliver(batch, self._written(batch))

    def _next_batch(self) -> tuple[list[_Waiting], bool]:
        """What waits, at least one unless closing; whether it is the last batch."""
        first = self._queue.get()
        if first is None:
            return [], True
        batch = [first]
        with contextlib.suppress(queue.Empty):
            while len(batch) < MAX_BATCH:
                following = self._queue.get_nowait()
                if following is None:
                    return batch, True
                batch.append(following)
        return batch, False

    def _written(self, batch: Sequence[_Waiting]) -> Sequence[_Outcome]:
        """One outcome for each who waits; never raises, so that the thread lives on."""
        try:
            written = self._commit([waiting.entry for waiting in batch])
            self.commits += 1
            return written
        except StoreError as error:
            message, remedy = error.message, error.remedy
        except Exception as error:
            message = f"The audit log could not be written ({type(error).__name__})."
            remedy = "Run `osler doctor`; if it finds nothing, report this message."
        # One error each: an exception that several tasks raise collects all their tracebacks.
        return [StoreError(message, remedy=remedy) for _ in batch]


def _deliver(batch: Sequence[_Waiting], outcomes: Sequence[_Outcome]) -> None:
    """Tell everyone, waking each event loop once."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[AuditRecord], _Outcome]]] = {}
    for waiting, outcome in zip(batch, outcomes, strict=True):
        if waiting.loop is not None and waiting.awaited is not None:
            by_loop.setdefault(waiting.loop, []).append((waiting.awaited, outcome))
        elif waiting.blocked is not None:
            _settle(waiting.blocked, outcome)
    for loop, settled in by_loop.items():
        with contextlib.suppress(RuntimeError):  # the loop was closed: nobody waits there any more
            loop.call_soon_threadsafe(_settle_all, settled)


def _settle_all(settled: Sequence[tuple[asyncio.Future[AuditRecord], _Outcome]]) -> None:
    for awaited, outcome in settled:
        _settle(awaited, outcome)


def _settle(waiter: Future[AuditRecord] | asyncio.Future[AuditRecord], outcome: _Outcome) -> None:
    if waiter.done():  # its caller was cancelled
        return
    if isinstance(outcome, StoreError):
        waiter.set_exception(outcome)
    else:
        waiter.set_result(outcome)
