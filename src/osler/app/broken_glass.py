"""Requests that broke the glass, for whoever reviews them: who, when, for whom, why, and whether it was reviewed.

All of it is read from the audit log; the reasons are opened with the vault. Nothing is kept elsewhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from osler.core.audit import AuditRecord
from osler.core.errors import NotFound
from osler.core.ports.access import DEFAULT_TENANT
from osler.core.ports.audit_log import AuditLog
from osler.core.ports.vault import Vault
from osler.gateway import break_glass

REVIEW = "break_glass.review"
"""The administrator's act."""
_MARKS = ('"break_glass":true', f'"act":"{REVIEW}"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """Who reviewed it, and when: an audit record of its own."""

    number: int
    time: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """One request. `number` is its first audit record; `outcome` is that of its last one.

    `patient` is the audit's handle. `reason` is what the caller gave; None where it cannot be opened any more.
    """

    number: int
    time: str
    request_id: str
    key: str
    role: str
    patient: str | None
    outcome: str
    tenant: str = DEFAULT_TENANT
    reason: str | None = field(default=None, repr=False)
    reviewed: Review | None = None


def broken(audit: AuditLog, vault: Vault | None = None) -> tuple[Broken, ...]:
    """All of them, oldest first. With the vault also their reasons. Raises StoreError."""
    found: dict[str, Broken] = {}
    by_number: dict[int, str] = {}
    for record in audit.records(holding=_MARKS):
        body = record.body
        if body.get("break_glass") is True:
            first = found.get(record.request_id)
            outcome = str(body.get("outcome", ""))
            if first is not None:
                found[record.request_id] = replace(first, outcome=outcome)
                continue
            found[record.request_id] = _broken(record, outcome, vault)
            by_number[record.number] = record.request_id
        elif body.get("act") == REVIEW and body.get("stage") == "done":
            number, caller = body.get("number"), body.get("caller")
            request_id = by_number.get(number) if isinstance(number, int) else None
            if request_id is not None and isinstance(caller, Mapping):
                review = Review(number=record.number, time=record.time, key=str(caller.get("key", "")))
                found[request_id] = replace(found[request_id], reviewed=review)
    return tuple(found.values())


def seen_by(tenant: str, found: Sequence[Broken]) -> tuple[Broken, ...]:
    """What administrators of a tenant see of them: their own; those of the default tenant see all."""
    return tuple(b for b in found if tenant in (DEFAULT_TENANT, b.tenant))


def require_broken(audit: AuditLog, number: int, tenant: str = DEFAULT_TENANT) -> None:
    """Raise NotFound unless `number` is the first record of a request that broke the glass, and the tenant sees it."""
    if all(b.number != number for b in seen_by(tenant, broken(audit))):
        raise NotFound(
            "No request that broke the glass has that number.", remedy="GET /admin/break-glass lists them."
        )


def _broken(record: AuditRecord, outcome: str, vault: Vault | None) -> Broken:
    body = record.body
    caller = body.get("caller")
    caller = caller if isinstance(caller, Mapping) else {}
    handle = body.get("patient")
    return Broken(
        number=record.number,
        time=record.time,
        request_id=record.request_id,
        key=str(caller.get("key", "")),
        role=str(caller.get("role", "")),
        tenant=str(caller.get("tenant", DEFAULT_TENANT)),
        patient=handle if isinstance(handle, str) else None,
        outcome=outcome,
        reason=_reason(body, handle, vault) if vault is not None else None,
    )


def _reason(body: Mapping[str, object], handle: object, vault: Vault) -> str | None:
    patient = vault.resolve(handle) if isinstance(handle, str) else None
    if isinstance(handle, str) and patient is None:
        return None  # the patient's key was shredded
    return break_glass.opened_reason(body, vault.subject(patient))
