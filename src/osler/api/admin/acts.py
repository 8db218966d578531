"""Acts of administrators, and their place in the audit log.

What changes something is signed twice: *begun* before anything is done, *done* before it is acknowledged, or
*failed*. A *begun* that nothing follows was cut off. Reads of the log and of the vault are signed too, once a
minute for each key: else a reader who follows the log would only ever read of their own reading.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from osler import __version__
from osler.api.metrics import Metrics
from osler.core.clock import Clock
from osler.core.errors import OslerError
from osler.core.messages import Caller
from osler.core.ports.audit_log import AuditLog
from osler.gateway import signing
from osler.gateway.bounds import Bounds

KIND = "admin"
READ_AGAIN_S = 60.0
"""Seconds for which one record of reading stands."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What is to be done: a name, who does it, in which request, and the id of its object. None of it is PHI."""

    name: str
    caller: Caller
    request_id: str
    about: Mapping[str, object]


class Acts:
    """Does and signs what administrators ask for."""

    def __init__(self, audit: AuditLog, clock: Clock, metrics: Metrics, *, patience_s: float) -> None:
        """`patience_s`: seconds for which the audit log is waited for."""
        self._audit = audit
        self._clock = clock
        self._bounds = Bounds(waits=True, patience_s=patience_s)
        self._metrics = metrics
        self._read: dict[tuple[str, str], float] = {}

    async def do(self, act: Act, work: Callable[[], T], found: Callable[[T], Mapping[str, object]]) -> T:
        """The result of `work`, which is done in a thread and signed; `found` says what goes into the record.

        A caller who hangs up changes nothing: what was begun is brought to its end. Raises what `work` raises,
        and StoreError when it could not be signed: then it is not acknowledged.
        """
        return await self.follow(act, lambda: asyncio.to_thread(work), found)

    async def follow(
        self, act: Act, work: Callable[[], Awaitable[T]], found: Callable[[T], Mapping[str, object]]
    ) -> T:
        """The same for work of the event loop."""
        return await asyncio.shield(self._done(act, work, found))

    async def _done(
        self, act: Act, work: Callable[[], Awaitable[T]], found: Callable[[T], Mapping[str, object]]
    ) -> T:
        await self._sign(act, "begun", act.about)
        try:
            result = await work()
        except OslerError as error:
            self._metrics.admin_act(act.name, "failed")
            await self._sign(act, "failed", {**act.about, "error": error.code})
            raise
        await self._sign(act, "done", {**act.about, **found(result)})
        self._metrics.admin_act(act.name, "done")
        return result

    async def read(self, act: Act) -> None:
        """Sign that something is about to be read, unless the same key's last reading is still fresh."""
        self._metrics.admin_act(act.name, "done")
        now, key = self._clock.monotonic(), (act.caller.key, act.name)
        if 0 <= now - self._read.get(key, float("-inf")) < READ_AGAIN_S:
            return
        await self._sign(act, "done", act.about)
        self._read[key] = now

    async def _sign(self, act: Act, stage: str, about: Mapping[str, object]) -> None:
        caller = signing.caller_body(act.caller)
        body = {"act": act.name, "stage": stage, "caller": caller, **about, "osler": __version__}
        await self._bounds.signed(self._audit, self._clock, kind=KIND, request_id=act.request_id, body=body)
