"""The one frozen value that goes through the nine steps, and the events that come out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from osler.core.audit import AuditRecord
from osler.core.citations import Citation, Evidence
from osler.core.errors import OslerError
from osler.core.findings import Finding
from osler.core.messages import ChatRequest, Message, Usage
from osler.core.ports.records import PatientIdentity, RecordItem
from osler.core.ports.vault import Subject
from osler.deid import Replacer
from osler.deid.found import Found
from osler.gateway.answer import ChoiceAnswer, Piece
from osler.gateway.budgets import NO_TICKET, Ticket
from osler.gateway.failover import Trail
from osler.gateway.flow import AnswerFlow
from osler.gateway.policy import Decision, Facts
from osler.gateway.reuse import Call, Kept
from osler.gateway.router import Target
from osler.gateway.slots import Slots
from osler.gateway.tokens import Size
from osler.knowledge.retrieve import Grounding

__all__ = ["Done", "Event", "Exchange", "Failed", "audit_json", "filled"]

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A request and all that the steps so far have made of it.

    Fields are filled from top to bottom: what a step has not reached yet is None or empty. It has no slots: `filled`
    makes a dozen copies of it for each request, and copies its dictionary.
    """

    request: ChatRequest = field(repr=False)
    started: float
    subject: Subject | None = field(default=None, repr=False)
    identity: PatientIdentity | None = field(default=None, repr=False)
    record: tuple[RecordItem, ...] | None = field(default=None, repr=False)
    slots: Slots | None = field(default=None, repr=False)
    hidden: tuple[str, ...] = field(default=(), repr=False)
    found: Found | None = field(default=None, repr=False)
    warned: tuple[Finding, ...] = field(default=(), repr=False)
    size: Size | None = None
    ticket: Ticket = NO_TICKET
    facts: Facts | None = None
    decision: Decision | None = None
    trace: Mapping[str, object] = field(default_factory=dict)
    targets: tuple[Target, ...] = ()
    grounding: Grounding | None = field(default=None, repr=False)
    replacer: Replacer | None = field(default=None, repr=False)
    replaced: Mapping[str, int] = field(default_factory=dict)
    outbound: tuple[Message, ...] = field(default=(), repr=False)
    params: Mapping[str, object] = field(default_factory=dict, repr=False)
    key: bytes = field(default=b"", repr=False)
    kept: Kept | None = field(default=None, repr=False)
    call: Call | None = field(default=None, repr=False)
    follows: bool = False
    trail: Trail = field(default_factory=list)
    opened: AuditRecord | None = None
    target: Target | None = None
    flow: AnswerFlow | None = field(default=None, repr=False)
    choices: tuple[ChoiceAnswer, ...] = field(default=(), repr=False)
    citations: tuple[Citation, ...] = field(default=(), repr=False)
    findings: tuple[Finding, ...] = field(default=(), repr=False)
    redacted: Mapping[str, int] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)
    task: Mapping[str, str] | None = None
    signed: AuditRecord | None = None

    def having(self, value: T | None) -> T:
        """A field that an earlier step has filled. RuntimeError where it has not."""
        if value is None:
            raise RuntimeError("a step ran before the one it builds on")
        return value

    @property
    def reuses(self) -> bool:
        """Whether nothing of it is sent: its answer is kept, or is that of a call which another request made."""
        return self.kept is not None or self.follows

    @property
    def answer(self) -> str:
        """The text of the first choice, which `osler ask` and the `osler` object show."""
        return self.choices[0].text if self.choices else ""

    @property
    def finish(self) -> str:
        """Why the first choice ended."""
        return self.choices[0].finish if self.choices else ""

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The evidence found, empty before step 4."""
        return self.grounding.evidence if self.grounding else ()

    def decision_json(self) -> dict[str, object]:
        """The decision trace with the target that was used and what was replaced on the way to it, by kind."""
        trace = dict(self.trace)
        if self.target is not None:
            trace["destination"] = self.target.destination.name
            trace["model"] = self.target.model.name
            trace["transform"] = self.target.transform
        if self.outbound:
            trace["replaced"] = dict(self.replaced)
        if self.kept is not None:
            trace["cached"] = True
        if self.follows:
            trace["shared"] = True
        return trace

    def to_json(self) -> dict[str, object]:
        """The `osler` object of the contract: answer, citations, findings, decision, audit (and `sent` if asked)."""
        shown: dict[str, object] = {
            "answer": self.answer,
            "citations": [c.to_json() for c in self.citations],
            "findings": [f.to_json() for f in self.findings],
            "decision": self.decision_json(),
            "audit": audit_json(self.signed),
        }
        if self.request.explain:
            shown["sent"] = [
                dict(m.wire or {"role": m.role, "content": m.content})
                for m in self.outbound
                if not self.reuses
            ]
        return shown


if TYPE_CHECKING:
    from dataclasses import replace as filled
else:

    def filled(x: Exchange, /, **fields: Any) -> Exchange:
        """As `dataclasses.replace`, and checked as it is, in a twentieth of the time."""
        made = object.__new__(Exchange)
        made.__dict__.update(x.__dict__, **fields)
        return made


def audit_json(record: AuditRecord | None) -> dict[str, object] | None:
    """How a reader finds the record again: its number and hash."""
    return {"number": record.number, "hash": record.hash} if record else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The answer is complete and its record is durable."""

    exchange: Exchange = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """There is no (further) answer. `record` is the audit record that says so, where one could be written."""

    error: OslerError
    decision: dict[str, object]
    record: AuditRecord | None


Event = Piece | Done | Failed
