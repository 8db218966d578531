"""Work of `osler audit`."""

from collections import deque
from pathlib import Path

from osler.app.audit_check import kept_head, of_tenant, verified
from osler.app.broken_glass import Broken, broken
from osler.app.build import Stores
from osler.cli.work.session import opened, print_json
from osler.core.audit import AuditRecord, ChainVerdict
from osler.core.errors import AuditBroken, InputError
from osler.core.ports.access import DEFAULT_TENANT


def verify(*, head: str | None, json: bool, config: Path | None, workspace: Path) -> None:
    """Walk the chain; AuditBroken (exit 7) when it does not hold."""
    kept = kept_head(head) if head else None
    with opened(config, workspace, new=False) as (_, stores):
        verdict = verified(stores.audit, kept)
    if json:
        print_json(
            {
                "ok": verdict.ok,
                "records": verdict.records,
                "head": {"number": verdict.head.number, "hash": verdict.head.hash},
                "broken_at": verdict.broken_at,
                "reason": verdict.reason,
                "open_streams": verdict.open_streams,
            }
        )
    elif verdict.ok:
        print(
            f"The audit chain holds: {verdict.records} records, head {verdict.head.number}:{verdict.head.hash}"
        )
        if verdict.open_streams:
            print(f"{verdict.open_streams} streams are open: in flight, or to be closed at the next start.")
    if not verdict.ok:
        raise AuditBroken(_broken(verdict), remedy="Keep the file as it is and tell whoever owns the log.")


def show(
    *, number: int | None, last: int, tenant: str | None, json: bool, config: Path | None, workspace: Path
) -> None:
    """Print one record, or the newest ones, of one tenant where that is given."""
    with opened(config, workspace, new=False) as (_, stores):
        if number is None and tenant is not None:
            records = list(deque(of_tenant(stores.audit, tenant), maxlen=last))
        elif number is None:
            newest = stores.audit.head().number
            records = list(stores.audit.records(after=max(0, newest - last)))
        else:
            records = [r for r in _from(stores, number) if r.number == number]
    if number is not None and not records:
        raise InputError(
            f"There is no audit record {number}.", remedy="`osler audit verify` says how many there are."
        )
    if json:
        print_json(_shown(records[0]) if number is not None else [_shown(r) for r in records])
        return
    for record in records:
        print(f"{record.number:>6}  {record.time}  {record.kind:<12} {record.hash[:16]}…  {_gist(record)}")
    if number is not None:
        print_json(_shown(records[0]))


def break_glass(*, pending: bool, json: bool, config: Path | None, workspace: Path) -> None:
    """Print the requests that broke the glass, oldest first. Reasons stay sealed."""
    with opened(config, workspace, new=False) as (_, stores):
        found = [b for b in broken(stores.audit) if b.reviewed is None or not pending]
    if json:
        print_json([_glass(b) for b in found])
        return
    for b in found:
        state = f"reviewed by {b.reviewed.key} {b.reviewed.time}" if b.reviewed else "to be reviewed"
        whose = f"{b.role} of {b.tenant}" if b.tenant != DEFAULT_TENANT else b.role
        print(f"{b.number:>6}  {b.time}  {whose:<12} key {b.key:<14} {b.outcome:<10} {state}")
    if not found:
        print("Nobody broke the glass." if not pending else "None is left to be reviewed.")


def _glass(found: Broken) -> dict[str, object]:
    review = found.reviewed
    return {
        "number": found.number, "time": found.time, "request_id": found.request_id, "key": found.key,
        "role": found.role, "tenant": found.tenant, "patient": found.patient, "outcome": found.outcome,
        "reviewed": {"number": review.number, "time": review.time, "key": review.key} if review else None,
    }  # fmt: skip


def _from(stores: Stores, number: int) -> list[AuditRecord]:
    if number < 1:
        return []
    first = next(iter(stores.audit.records(after=number - 1)), None)
    return [first] if first else []


def _broken(verdict: ChainVerdict) -> str:
    if verdict.broken_at is None:
        return verdict.reason
    return f"The audit chain is broken at record {verdict.broken_at}: {verdict.reason}."


def _shown(record: AuditRecord) -> dict[str, object]:
    return {
        "number": record.number, "time": record.time, "kind": record.kind, "request_id": record.request_id,
        "instance": record.instance, "body": dict(record.body), "prev": record.prev, "hash": record.hash,
    }  # fmt: skip


def _gist(record: AuditRecord) -> str:
    if record.kind == "configuration":
        return f"{str(record.body.get('old'))[:12]} → {str(record.body.get('new'))[:12]}"
    decision = record.body.get("decision")
    where = decision.get("destination", "") if isinstance(decision, dict) else ""
    return " ".join(str(part) for part in (record.body.get("outcome", ""), where) if part)
