"""Port: the durable, chained audit log."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from osler.core.audit import AuditEntry, AuditRecord, ChainVerdict, Head


class AuditLog(Protocol):
    """Appends and reads audit records. Errors: StoreError; after one, nothing was acknowledged."""

    instance: str

    async def append(self, entry: AuditEntry) -> AuditRecord:
        """Write `entry` and return its record once it is durable. Several callers share one commit."""
        ...

    def append_now(self, entry: AuditEntry) -> AuditRecord:
        """The same, blocking, for callers without an event loop."""
        ...

    def head(self) -> Head:
        """The newest record's number and hash."""
        ...

    def records(self, *, after: int = 0, holding: Sequence[str] = ()) -> Iterator[AuditRecord]:
        """Records in order, streamed; with `holding` only those whose body, as canonical JSON, has one of these
        texts in it. The database looks for them: it reads the whole log, but nothing is parsed that is not asked for.
        """
        ...

    def verify(self) -> ChainVerdict:
        """Walk the whole chain."""
        ...

    def close_interrupted(self) -> int:
        """Close, as "interrupted", streams that a process which is gone left open; how many."""
        ...

    def close(self) -> None:
        """Write what is queued, then let go of the log. Calls after it raise StoreError."""
        ...
