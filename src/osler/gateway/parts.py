"""What the pipeline is made of; `app/build.py` wires it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from osler.core.clock import Clock
from osler.core.errors import StoreError
from osler.core.models import Destination
from osler.core.ports.audit_log import AuditLog
from osler.core.ports.check import Check
from osler.core.ports.completer import Completer
from osler.core.ports.records import RecordView
from osler.core.ports.vault import Subject, Vault
from osler.deid import Deidentifier, Replacer
from osler.deid.outbound import OutboundCheck
from osler.deid.roster import Roster
from osler.deid.wrong_patient import OtherPatient, others
from osler.gateway.bounds import Bounds
from osler.gateway.budgets import Budgets
from osler.gateway.estimate import Estimators
from osler.gateway.failover import Failover
from osler.gateway.observe import Observer
from osler.gateway.policy import Policy
from osler.gateway.reuse import Reuse
from osler.gateway.tasks import Tasks
from osler.gateway.tenants import Tenants
from osler.guardrails import Guard
from osler.knowledge.retrieve import Retriever


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the pipeline is made of; `app/build.py` wires it.

    `waits`: the stores are across a network. `patience_s` bounds each wait for a guard, in seconds. `task_checks`: the
    checks that a task has beside those of `guard`. `retrievers`: those of tenants that do not see all collections.
    `begin` starts to make what takes long (the roster), `is_ready` says that it is there. `others` is the
    wrong-patient guard, `outbound` makes the outbound check of a request.
    """

    deidentifier: Deidentifier
    policy: Policy
    destinations: tuple[Destination, ...]
    completers: dict[str, Completer]
    failover: Failover
    tasks: Tasks
    budgets: Budgets
    reuse: Reuse
    retriever: Retriever
    records: RecordView
    guard: Guard
    vault: Vault
    audit: AuditLog
    clock: Clock
    observer: Observer
    sources: Callable[[], tuple[str, ...]]
    public: frozenset[str]
    config_digest: str
    withhold: bool
    waits: bool = False
    patience_s: float = 30.0
    hold: Literal["risky", "all"] = "risky"
    estimators: Estimators = field(default_factory=lambda: Estimators(task=None, complexity=None))
    task_checks: Mapping[str, tuple[Check, ...]] = field(default_factory=dict)
    roster: Callable[[], Roster] | None = None
    begin: Callable[[], None] = lambda: None
    is_ready: Callable[[], bool] = lambda: True
    tenants: Tenants = field(default_factory=Tenants)
    retrievers: Mapping[str, Retriever] = field(default_factory=dict)
    redacts: bool = True
    wrong_patient: Literal["off", "flag", "block"] = "flag"
    others: Callable[..., tuple[OtherPatient, ...]] = others
    outbound: Callable[[Replacer, Roster | None], OutboundCheck] = Replacer.outbound_check

    def guard_of(self, task: str | None) -> Guard:
        """The checks of answers to a task, or to a request without one."""
        guard = self.guard
        for check in self.task_checks.get(task or "", ()):
            guard = guard.joined_by(check)
        return guard


def bounds_of(parts: Parts) -> Bounds:
    """How long guards are waited for, and whether they run beside the event loop."""
    guards = [parts.guard, *(parts.guard_of(task) for task in parts.task_checks)]
    waits = parts.waits or parts.deidentifier.waits or any(guard.waits for guard in guards)
    return Bounds(waits=waits, patience_s=parts.patience_s, is_ready=parts.is_ready)


def subject_of(vault: Vault, patient: str | None) -> Subject:
    """How the audit names a patient. StoreError when the vault gives something else."""
    subject: object = vault.subject(patient)
    if not isinstance(subject, Subject):
        raise StoreError("The vault gave no subject; nothing was sent.", remedy="Run `osler doctor`.")
    return subject
