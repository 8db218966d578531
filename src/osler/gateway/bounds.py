"""How long a request waits for its guards, and where their work is done.

What only computes runs in the event loop, request after request. What is long, or may wait for something
outside of the process (a detector service, a database across a network, a plug-in of which nothing is
known), runs beside the loop and for so long at most: then the request fails, and nothing more is sent.
A thread that hangs cannot be stopped in Python; it is left behind, and nobody reads what it returns.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import TypeVar, TypeVarTuple

from osler.core.audit import AuditEntry, AuditRecord
from osler.core.clock import Clock, timestamp
from osler.core.errors import GuardUnavailable, OslerError, StoreError
from osler.core.messages import ChatRequest
from osler.core.ports.audit_log import AuditLog
from osler.gateway.deadlines import within

LONG_TEXT = 20_000
"""Characters from which a text is worked on beside the event loop; each further so many have the patience again."""
T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class Turns:
    """Who is at work in the event loop."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.had = False
        """Whether this turn of the event loop had its work."""

    def next(self) -> None:
        """The loop goes on to its next turn."""
        self.had = False


class Turn:
    """A turn, within `async with`: whether the work is to be done at once, in the event loop."""

    __slots__ = ("_at_once", "_turns")

    def __init__(self, turns: Turns, *, at_once: bool) -> None:
        self._turns = turns
        self._at_once = at_once

    async def __aenter__(self) -> bool:
        turns = self._turns
        if self._at_once:
            await turns.lock.acquire()
            if turns.had:
                try:
                    await asyncio.sleep(0)
                except BaseException:
                    turns.lock.release()
                    raise
        return self._at_once

    async def __aexit__(self, *error: object) -> None:
        if self._at_once:
            self._turns.had = True
            asyncio.get_running_loop().call_soon(self._turns.next)
            self._turns.lock.release()


class Bounds:
    """The bounds of one pipeline; safe for concurrent use within an event loop."""

    def __init__(
        self, *, waits: bool, patience_s: float, is_ready: Callable[[], bool] = lambda: True
    ) -> None:
        """`waits`: a guard may wait for something outside of the process. `patience_s`: seconds for each call.

        Until `is_ready` says so, something that all guards need is being made, and waited for as well.
        """
        self._waits = waits
        self._is_ready = is_ready
        self._patience_s = patience_s
        self._turns = Turns()

    async def run(self, work: Callable[[*Ts], T], *args: *Ts, length: int = 0) -> T:
        """The result of `work(*args)`, which works on `length` characters. GuardUnavailable when it takes too long."""
        if not self.is_beside(length):
            return work(*args)
        try:
            async with asyncio.timeout(self._patience_s * (1 + length // LONG_TEXT)) as bound:
                return await asyncio.to_thread(work, *args)
        except TimeoutError:
            if not bound.expired():
                raise
            raise GuardUnavailable(
                f"A guard did not answer within {self._patience_s:g} s; nothing more was sent.",
                remedy="Run `osler doctor`; look into the services that detectors and checks ask.",
            ) from None

    def is_beside(self, length: int) -> bool:
        """Whether work on so many characters is done beside the event loop."""
        return self._waits or length > LONG_TEXT or not self._is_ready()

    def turn(self, length: int) -> "Turn":
        """One request after another does its steps 1 to 5, each in a turn of the event loop of its own.

        Of many that come at once the first would otherwise wait until all have done their steps, and so would
        everybody else, health checks too. What is worked on beside the loop needs no turn.
        """
        return Turn(self._turns, at_once=not self.is_beside(length))

    async def signed(
        self, audit: AuditLog, clock: Clock, *, kind: str, request_id: str, body: Mapping[str, object]
    ) -> AuditRecord:
        """Write a record, and return it once it is durable. StoreError when it is not, or nobody can tell."""
        entry = AuditEntry(
            kind=kind,
            time=timestamp(clock.now()),
            body=body,
            request_id=request_id,
            instance=audit.instance,
        )
        try:
            with within(self._patience_s):
                record: object = await audit.append(entry)
        except TimeoutError:
            raise StoreError(
                f"The audit log did not answer within {self._patience_s:g} s.",
                remedy="Run `osler doctor`: the disk or the database under the log may be down.",
            ) from None
        except OslerError:
            raise
        except Exception as error:
            # Its text may quote the entry: only the type goes further.
            raise StoreError(
                f"The audit log failed ({type(error).__name__}).",
                remedy="Run `osler doctor`; if it finds nothing, report the type.",
            ) from None
        if not isinstance(record, AuditRecord) or (record.kind, record.request_id) != (kind, request_id):
            raise StoreError(
                "The audit log returned something that is no record of what it was given.",
                remedy="Run `osler doctor`; report it if it finds nothing.",
            )
        return record


def length_of(request: ChatRequest) -> int:
    """Characters of all that a request holds: texts, keys, tools, pictures."""
    count, left = 0, list[object](request.params.values())
    for message in request.messages:
        count += len(message.content)
        if message.wire is not None:
            left += (
                value for key, value in message.wire.items() if key != "content" or not isinstance(value, str)
            )
    while left:
        value = left.pop()
        if isinstance(value, str):
            count += len(value)
        elif isinstance(value, Mapping):
            left += value.keys()
            left += value.values()
        elif isinstance(value, list | tuple):
            left += value
    return count
