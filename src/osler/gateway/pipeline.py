"""The nine steps of a request, in one short method.

    1 sensitivity   2 policy   3 route   4 ground   5 surrogate   6 call   7 restore   8 verify   9 sign

Plain and streamed answers take the same way. Whatever guards and fails makes the request fail:
nothing leaves, and what was refused is signed too.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from osler.core.audit import AuditRecord
from osler.core.clock import Clock
from osler.core.errors import (
    GuardUnavailable,
    OslerError,
    PolicyRefused,
    StoreError,
    UnknownPatient,
    UpstreamError,
)
from osler.core.findings import Finding, Severity
from osler.core.messages import ChatRequest, Delta, Message
from osler.core.models import Destination
from osler.core.ports.audit_log import AuditLog
from osler.core.ports.check import Statement
from osler.core.ports.completer import Completer, ModelCall
from osler.core.ports.records import PatientIdentity, RecordView
from osler.core.ports.vault import Subject, Vault
from osler.core.sensitivity import Sensitivity, maximum
from osler.core.spans import counts
from osler.deid import Deidentifier, Replacer
from osler.gateway import signing
from osler.gateway.bounds import Bounds
from osler.gateway.exchange import Done, Event, Exchange, Failed, Piece
from osler.gateway.flow import AnswerFlow
from osler.gateway.observe import Observer
from osler.gateway.policy import Decision, Facts, Policy
from osler.gateway.router import Target, require_known, route
from osler.gateway.upstream import pieces
from osler.guardrails import Guard
from osler.knowledge import cite
from osler.knowledge.prompt import grounded_prompt
from osler.knowledge.retrieve import Grounding, Retriever

SAFETY_TYPES = ("AllergyIntolerance", "Condition", "MedicationRequest", "MedicationStatement")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the pipeline is made of; `app/build.py` wires it.

    `waits`: the stores are across a network. `patience_s` bounds each wait for a guard, in seconds.
    """

    deidentifier: Deidentifier
    policy: Policy
    destinations: tuple[Destination, ...]
    completers: dict[str, Completer]
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


class Pipeline:
    """Answers requests. One per process; safe for concurrent use within an event loop."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self._bounds = bounds_of(parts)

    async def run(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        """The way of one request: pieces while it streams, then Done, or Failed at any point."""
        x = Exchange(request=request, started=self.parts.clock.monotonic())
        opening = ending = False
        try:
            async with self._bounds.turn(_length(request)):
                x = await self._step("sensitivity", self._sensitivity, x)
                x = await self._step("policy", self._policy, x)
                x = await self._step("route", self._route, x)
                x = await self._step("ground", self._ground, x)
                x = await self._step("surrogate", self._surrogate, x)
            opening = _is_opened(x)
            x = await self._open(x)
            async with aclosing(self._call(x)) as deltas:
                async for target, delta in deltas:
                    x = replace(
                        x, target=target, finish=delta.finish or x.finish, usage=delta.usage or x.usage
                    )
                    shown = await self._bounds.run(self._passed, x, delta)
                    if shown and request.stream:
                        yield Piece(text=shown)
            x, tail = await self._bounds.run(self._conclude, x)
            if tail and request.stream:
                yield Piece(text=tail)
            ending = True
            x = await self._sign(x)
        except OslerError as error:
            yield await self._fail(x, error, ending=ending)
            return
        except (asyncio.CancelledError, GeneratorExit):
            if not ending:  # else the record that ends it is on its way to the log, and stands
                await self._abandon(x, opened=opening)
            raise
        except Exception as error:
            # Its text may quote what was being worked on: only the type goes further.
            fault = GuardUnavailable(
                f"A step of the request failed ({type(error).__name__}); nothing more was sent.",
                remedy="Run `osler doctor`; if it finds nothing, report the type and the audit number.",
            )
            yield await self._fail(x, fault)
            return
        self.parts.observer.outcome("answered", x.target.name if x.target else "")
        yield Done(exchange=x)

    # 1 ── what PHI is in it, and in what it may draw on?
    def _sensitivity(self, x: Exchange) -> Exchange:
        p, request = self.parts, x.request
        require_known(p.destinations, request.model, "chat")
        identity, record = None, None
        if request.patient is not None:
            identity = p.records.identity(request.patient)
            if identity is None:
                raise UnknownPatient(
                    "No record of that patient is in this workspace.",
                    remedy="Load it with `osler kb add FILE`, or check the id.",
                    param="patient",
                )
            record = p.records.items(request.patient, types=SAFETY_TYPES)
        subject = subject_of(p.vault, request.patient)
        x = replace(x, identity=identity, record=record, subject=subject)
        known = identity.identifiers if identity else ()
        texts = [m.content for m in request.messages]
        spans = [s for found in p.deidentifier.find_all(texts, known) for s in found]
        sources = self._sources(request)
        level = maximum(
            [
                Sensitivity.PHI if spans or identity else Sensitivity.CLEAR,
                *(Sensitivity.CLEAR if s in p.public else Sensitivity.PHI for s in sources),
            ]
        )
        facts = Facts(
            sensitivity=level,
            phi=counts(spans),
            sources=sources,
            purpose=request.purpose,
            role=request.caller.role,
        )
        return replace(x, facts=facts)

    def _sources(self, request: ChatRequest) -> tuple[str, ...]:
        """What step 4 may draw on: nothing when switched off; the patient's record only when one is named."""
        if request.ground == "off":
            return ()
        others = tuple(s for s in self.parts.sources() if s != "records")
        return ("records", *others) if request.patient else others

    # 2 ── where may it go?
    def _policy(self, x: Exchange) -> Exchange:
        decision: object = self.parts.policy.decide(_set(x.facts), self._today())
        if not isinstance(decision, Decision):
            raise GuardUnavailable("Policy gave no decision; nothing was sent.", remedy="Run `osler doctor`.")
        return replace(x, decision=decision)

    # 3 ── which of the allowed models?
    def _route(self, x: Exchange) -> Exchange:
        targets = route(_set(x.decision), x.request.model, "chat")
        # Only targets that get the very same text can take over from the first one.
        same = tuple(t for t in targets if t.transform == targets[0].transform)
        return replace(x, targets=same, target=same[0])

    # 4 ── evidence, and how sensitive it is
    def _ground(self, x: Exchange) -> Exchange:
        if x.request.ground == "off":
            return replace(
                x, grounding=Grounding(evidence=(), notices=(), intents=(), sensitivity=Sensitivity.CLEAR)
            )
        grounding = self.parts.retriever.ground(x.request.question, x.request.patient)
        level = maximum(
            Sensitivity.PHI if e.from_record or e.collection not in self.parts.public else Sensitivity.CLEAR
            for e in grounding.evidence
        )
        if level > _set(x.facts).sensitivity:
            raise PolicyRefused(
                "The evidence is more sensitive than the request was judged to be; nothing was sent.",
                remedy="Name the patient, so that policy sees what the request draws on.",
                decision=_set(x.decision).to_json(),
            )
        return replace(x, grounding=grounding)

    # 5 ── real identifiers out, surrogates in; then a second look at what would leave
    def _surrogate(self, x: Exchange) -> Exchange:
        p, transform = self.parts, _set(x.target).transform
        public = [e for e in x.evidence if self._public(e.patient, e.collection)]
        private = [e for e in x.evidence if not self._public(e.patient, e.collection)]
        notices = _set(x.grounding).notices
        replacer = Replacer(
            p.deidentifier,
            known=x.identity.identifiers if x.identity else (),
            transform=transform,
            over_89=_over_89(x.identity, self._today()),
        )
        texts = [
            *(m.content for m in x.request.messages),
            *(e.quote for e in private),
            *(e.title for e in private),
            *notices,
        ]
        changed = replacer.apply(texts, also_seen=[f"{e.title} {e.quote}" for e in public])
        if transform != "none":
            _refuse_leaks(replacer, changed, x)
        asked, at = len(x.request.messages), len(x.request.messages) + len(private)
        quotes, titles = changed[asked:at], changed[at : at + len(private)]
        hidden = {e.n: replace(e, quote=q, title=t) for e, q, t in zip(private, quotes, titles, strict=True)}
        messages = tuple(
            Message(role=m.role, content=text)
            for m, text in zip(x.request.messages, changed[:asked], strict=True)
        )
        if x.request.ground != "off":
            evidence = tuple(hidden.get(e.n, e) for e in x.evidence)
            prompt = grounded_prompt(evidence, changed[at + len(private) :])
            messages = (Message(role="system", content=prompt), *messages)
        flow = AnswerFlow(
            replacer=replacer,
            guard=p.guard,
            question=x.request.question,
            evidence=x.evidence,
            record=x.record,
            withhold=p.withhold,
        )
        replaced = counts(s for spans in replacer.spans for s in spans) if transform != "none" else {}
        return replace(x, replacer=replacer, replaced=replaced, outbound=messages, flow=flow)

    # 6 ── the model; another permitted one takes over while nothing has come back yet
    async def _call(self, x: Exchange) -> AsyncGenerator[tuple[Target, Delta], None]:
        last: UpstreamError | None = None
        for target in x.targets:
            call = ModelCall(model_id=target.model.id, messages=x.outbound, params=x.request.params)
            begun = False
            completer = self.parts.completers[target.destination.name]
            try:
                answer = pieces(completer, call, stream=x.request.stream, destination=target.destination.name)
                async with aclosing(answer):
                    async for delta in answer:
                        begun = True
                        yield target, delta
                return
            except UpstreamError as error:
                self.parts.observer.upstream_fault(target.destination.name)
                if begun:
                    raise
                last = error
        raise last or UpstreamError(
            "No model server is configured.", remedy="Add a destination to osler.toml."
        )

    # 7 ── surrogates out, real identifiers in
    def _restore(self, x: Exchange, delta: Delta) -> str:
        return _set(x.flow).restore(delta.text)

    def _passed(self, x: Exchange, delta: Delta) -> str:
        return self._verify(x, self._restore(x, delta))

    # 8 ── drugs, allergies, citations
    def _verify(self, x: Exchange, piece: str) -> str:
        return _set(x.flow).verify(piece)

    def _conclude(self, x: Exchange) -> tuple[Exchange, str]:
        """The end of steps 7 and 8: the tail of the answer, its citations, and what the checks say of the whole."""
        flow, guard = _set(x.flow), self.parts.guard
        question = Statement(part="question", text=x.request.question, evidence=x.evidence, record=x.record)
        asked = guard.question(question)
        # A client that shows the answer only must show these too: they stand in the answer itself.
        warnings = [f.reason for f in asked if f.severity is not Severity.INFO]
        tail = flow.finish([*_set(x.grounding).notices, *warnings])
        whole = Statement(
            part="answer",
            text=flow.raw,
            question=x.request.question,
            evidence=x.evidence,
            record=x.record,
        )
        found = [*asked, *flow.findings, *(_unplaced(f) for f in guard.answer(whole))]
        citations = cite.cited(flow.answer, x.evidence)
        return replace(x, answer=flow.answer, citations=citations, findings=tuple(found)), tail

    # 9 ── durable before anyone is told that it is done
    async def _open(self, x: Exchange) -> Exchange:
        """What may hold PHI is on record before it leaves, and so is every stream."""
        if not _is_opened(x):
            return x
        body = signing.exchange_body(x, self.parts.config_digest, outcome="opened", ms=self._ms(x))
        return replace(x, opened=await self._append("opened", x, body))

    async def _sign(self, x: Exchange) -> Exchange:
        kind = "closed" if x.opened else "answer"
        body = signing.exchange_body(x, self.parts.config_digest, outcome="answered", ms=self._ms(x))
        return replace(x, signed=await self._append(kind, x, body))

    async def _fail(self, x: Exchange, error: OslerError, *, ending: bool = False) -> Failed:
        """Sign the refusal or the fault. When that fails too, the audit log is what is down: say so.

        `ending`: the record that ends the exchange was on its way, and may stand for all that is known.
        """
        own = error.decision if isinstance(error, PolicyRefused) else None
        decision = dict(own or x.decision_json())
        outcome = "refused" if isinstance(error, PolicyRefused) else "failed"
        self.parts.observer.outcome(outcome, x.target.name if x.target else "")
        if ending and isinstance(error, StoreError) and x.opened is not None:
            return Failed(error=error, decision=decision, record=None)
        try:
            if x.flow is not None:
                x = replace(x, answer=x.flow.answer, findings=x.flow.findings)
            body = signing.exchange_body(x, self.parts.config_digest, outcome=outcome, ms=self._ms(x))
            body |= signing.error_body(error)
            record = await self._append("closed" if x.opened else outcome, x, body)
        except StoreError as down:
            return Failed(error=down, decision=decision, record=None)
        return Failed(error=error, decision=decision, record=record)

    async def _abandon(self, x: Exchange, *, opened: bool) -> None:
        """The caller went away: close what was opened or is being opened, even while being cancelled."""
        self.parts.observer.outcome("abandoned", x.target.name if x.target else "")
        if x.flow is not None:
            x = replace(x, answer=x.flow.answer)
        body = signing.exchange_body(x, self.parts.config_digest, outcome="abandoned", ms=self._ms(x))
        with suppress(StoreError):  # then the record stays open, and is closed as interrupted later
            await asyncio.shield(self._append("closed" if opened else "abandoned", x, body))

    async def _append(self, kind: str, x: Exchange, body: dict[str, object]) -> AuditRecord:
        p = self.parts
        return await self._bounds.signed(
            p.audit, p.clock, kind=kind, request_id=x.request.request_id, body=body
        )

    async def _step(self, name: str, step: Callable[[Exchange], Exchange], x: Exchange) -> Exchange:
        """Run one step and measure it."""
        begun = self.parts.clock.monotonic()
        try:
            return await self._bounds.run(step, x, length=_length(x.request))
        finally:
            self.parts.observer.step(name, self.parts.clock.monotonic() - begun)

    def _public(self, patient: str | None, collection: str) -> bool:
        return patient is None and collection in self.parts.public

    def _today(self) -> date:
        return self.parts.clock.now().date()

    def _ms(self, x: Exchange) -> int:
        return round((self.parts.clock.monotonic() - x.started) * 1000)


def bounds_of(parts: Parts) -> Bounds:
    """How long guards are waited for, and whether they run beside the event loop."""
    waits = parts.waits or parts.deidentifier.waits or parts.guard.waits
    return Bounds(waits=waits, patience_s=parts.patience_s)


def subject_of(vault: Vault, patient: str | None) -> Subject:
    """How the audit names a patient. StoreError when the vault gives something else."""
    subject: object = vault.subject(patient)
    if not isinstance(subject, Subject):
        raise StoreError("The vault gave no subject; nothing was sent.", remedy="Run `osler doctor`.")
    return subject


def _length(request: ChatRequest) -> int:
    return sum(len(m.content) for m in request.messages)


def _is_opened(x: Exchange) -> bool:
    """Whether a record is written before the call: always for streams, and for all that may hold PHI."""
    return x.request.stream or _set(x.facts).sensitivity >= Sensitivity.PHI


def _set(value: T | None) -> T:
    """A field that an earlier step has filled."""
    if value is None:
        raise RuntimeError("a step ran before the one it builds on")
    return value


def _unplaced(finding: Finding) -> Finding:
    """Findings on the whole answer have offsets into the model's own text, which nobody sees: drop them."""
    return replace(finding, start=-1, end=-1)


def _over_89(identity: PatientIdentity | None, today: date) -> bool:
    """Whether any date could show an age over 89. An unknown date of birth counts as no."""
    born = identity.birth_date if identity else None
    if born is None:
        return False
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day)) > 89


def _refuse_leaks(replacer: Replacer, texts: tuple[str, ...], x: Exchange) -> None:
    """The second lock: nothing leaves in which a known identifier still stands."""
    standing = replacer.leaks(texts)
    if standing:
        kinds = ", ".join(f"{count} {label}" for label, count in sorted(standing.items()))
        raise PolicyRefused(
            f"The outbound check found identifiers that were not replaced ({kinds}); nothing was sent.",
            remedy="Reword the request, or report the kinds: the detector needs a rule for them.",
            decision=_set(x.decision).to_json(),
        )
