"""Whether the audit chain holds, still holds a head that was kept elsewhere, and what of it is a tenant's."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from osler.core.audit import AuditRecord, ChainVerdict, Head
from osler.core.errors import InputError
from osler.core.ports.access import DEFAULT_TENANT
from osler.core.ports.audit_log import AuditLog

_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)


def kept_head(text: str) -> Head:
    """A head from `NUMBER:HASH`. Raises InputError."""
    number, _, wanted = text.partition(":")
    if not _NUMBER.fullmatch(number) or len(wanted) != 64:
        raise InputError(
            "The head is not NUMBER:HASH.", remedy="Give it as `osler audit verify` printed it.", param="head"
        )
    return Head(number=int(number), hash=wanted)


def of_tenant(log: AuditLog, tenant: str, *, after: int = 0) -> Iterator[AuditRecord]:
    """Records of what a tenant's callers asked for and did, and of its keys, in order. Raises StoreError."""
    named = () if tenant == DEFAULT_TENANT else (f'"tenant":"{tenant}"',)
    for record in log.records(after=after, holding=named):
        body = record.body
        caller = body.get("caller") if "caller" in body else body if record.kind == "key" else None
        if isinstance(caller, Mapping) and caller.get("tenant", DEFAULT_TENANT) == tenant:
            yield record


def verified(log: AuditLog, kept: Head | None = None) -> ChainVerdict:
    """Walk the chain; it holds only if it still has the record that `kept` names. Raises StoreError.

    Every chain has the head of the empty one. Where `kept` alone is missing the verdict has no `broken_at`.
    """
    verdict = log.verify()
    if kept is None or kept == Head() or not verdict.ok:
        return verdict
    found = next(iter(log.records(after=kept.number - 1)), None) if kept.number else None
    if found is not None and (found.number, found.hash) == (kept.number, kept.hash):
        return verdict
    reason = (
        f"Record {kept.number} with the hash that was kept is not in the chain: it was removed or rewritten."
    )
    return replace(verdict, ok=False, reason=reason)
