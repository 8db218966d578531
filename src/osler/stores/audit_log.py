"""The durable, chained audit log: the port AuditLog on the one database.

All processes that share the database write one chain: each commit reads the head and moves it in the same
write transaction. Within a process one thread writes for all (see `group_commit`).
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from osler.core.audit import AuditEntry, AuditRecord, ChainVerdict, Head, plain, verify, written
from osler.core.clock import Clock, timestamp
from osler.core.errors import StoreError
from osler.stores import audit_chain
from osler.stores.database import Database
from osler.stores.group_commit import GroupCommit

_ATTEMPTS = 2
_LARGEST = 2**63 - 1


class SqlAuditLog:
    """Appends and reads audit records. Errors: StoreError. Safe for threads and several event loops.

    `instance` names this process on its records. `close` it, so that its lock file goes too.
    """

    instance: str

    def __init__(self, database: Database, clock: Clock, instance_dir: Path) -> None:
        """Take part in the chain of `database`; the lock of this process is kept in `instance_dir`."""
        self._database = database
        self._clock = clock
        self._folder = instance_dir
        self._presence = database.presence(instance_dir)
        self.instance = self._presence.id
        self._process = os.getpid()
        self._writer = GroupCommit(self._commit, name="osler-audit")

    async def append(self, entry: AuditEntry) -> AuditRecord:
        """Write `entry` and return its record once it is durable.

        An entry without a time or an instance gets the present and this process's. Raises
        StoreError: nothing was written. A caller that is cancelled leaves the entry in the log.
        """
        return await self._writer.submit(self._complete(entry))

    def append_now(self, entry: AuditEntry) -> AuditRecord:
        """The same, blocking, for callers without an event loop."""
        return self._writer.submit_now(self._complete(entry))

    @property
    def commits(self) -> int:
        """In how many transactions what was appended here was written: what waits at the same time shares one."""
        return self._writer.commits

    def head(self) -> Head:
        """The newest record's number and hash."""
        with self._database.read() as connection:
            return audit_chain.read_head(connection)

    def records(self, *, after: int = 0, holding: Sequence[str] = ()) -> Iterator[AuditRecord]:
        """Records with a number above `after`, in order, streamed; no transaction stays open meanwhile.

        `holding`: only those whose body, as canonical JSON, has one of these texts in it.
        A record whose stored body cannot be read has the body `audit_chain.UNREADABLE`.
        """
        at = min(after, _LARGEST)
        while True:
            with self._database.read() as connection, self._database.undecodable_kept(connection):
                records = audit_chain.page(connection, after=at, holding=holding)
            if not records:
                return
            yield from records
            at = records[-1].number

    def verify(self) -> ChainVerdict:
        """Walk the whole chain, as it stood when the walk began."""
        with self._database.read() as connection, self._database.undecodable_kept(connection):
            try:
                head = audit_chain.read_head(connection)
            except StoreError:
                head = Head(hash="")  # nothing can match it: the verdict names the missing head
            return verify(audit_chain.walk(connection), head)

    def close_interrupted(self) -> int:
        """Close, as "interrupted", streams that a process which is gone left open; how many.

        Finding and closing are one write transaction, so that each is closed once.
        """
        with self._database.census(self._folder) as census:
            with self._database.write("audit", attempts=_ATTEMPTS) as connection:
                entries = [
                    self._interrupted(number, request_id)
                    for number, request_id, instance in audit_chain.still_open(connection)
                    if instance != self.instance and not census.is_alive(instance)
                ]
                audit_chain.extend(connection, entries, holder=self.instance)
            census.remove_dead()
        return len(entries)

    def close(self) -> None:
        """Write what is queued, then let this process's lock go. The database stays open."""
        self._writer.close()
        self._presence.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _commit(self, entries: Sequence[AuditEntry]) -> Sequence[AuditRecord]:
        self._presence.renew()
        with self._database.write_prepared("audit", attempts=_ATTEMPTS) as connection:
            return audit_chain.extend(connection, entries, holder=self.instance)

    def _interrupted(self, number: int, request_id: str) -> AuditEntry:
        return AuditEntry(
            kind="interrupted",
            time=timestamp(self._clock.now()),
            body={"opened": number},
            request_id=request_id,
            instance=self.instance,
        )

    def _complete(self, entry: AuditEntry) -> AuditEntry:
        """The entry as it will be written, checked here so that one bad entry fails no other's commit.

        The body is copied: what is hashed cannot change while it waits.
        """
        if os.getpid() != self._process:
            raise StoreError(
                "The audit log was opened in another process.",
                remedy="Open the workspace after the fork, or start workers with spawn.",
            )
        time, instance = entry.time or timestamp(self._clock.now()), entry.instance or self.instance
        try:
            body = plain(entry.body)
            text = written(body)
            "".join((text, entry.kind, time, entry.request_id, instance)).encode()
        except (TypeError, ValueError, RecursionError) as error:
            raise StoreError(
                f"An audit entry has no canonical JSON form ({type(error).__name__}); it was not written.",
                remedy="Report this message: audit entries are made by Osler and its plug-ins only.",
            ) from None
        return AuditEntry(
            kind=entry.kind,
            time=time,
            body=body,
            request_id=entry.request_id,
            instance=instance,
            canonical=text,
        )
