"""Embeddings on the same way as answers, less the steps that make no sense for vectors.

Steps 1, 2, 3, 5, 6 and 9: identifiers are found, policy decides, surrogates go out, the call is signed:
before it where the texts may hold PHI, and after it.
There is nothing to ground, restore or verify.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import msgspec

from osler.core.audit import AuditRecord
from osler.core.errors import (
    GuardUnavailable,
    OslerError,
    PolicyRefused,
    StoreError,
    UpstreamError,
    UpstreamRefused,
)
from osler.core.messages import Caller, ChatRequest, Message, Usage
from osler.core.ports.embedder import Embedder
from osler.core.ports.vault import Subject
from osler.core.sensitivity import Sensitivity
from osler.core.spans import counts
from osler.deid import Found, Replacer
from osler.deid.unhidden import all_hidden
from osler.gateway import signing
from osler.gateway.budgets import Ticket
from osler.gateway.ended import Outcome, ended_of
from osler.gateway.exchange import Exchange, filled
from osler.gateway.failover import Attempted
from osler.gateway.parts import Parts, bounds_of, subject_of
from osler.gateway.policy import Decision, Facts
from osler.gateway.router import Target, require_known, route
from osler.gateway.second_look import SecondLook
from osler.gateway.tokens import Size, size_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Vectors:
    """Vectors in the order of the texts, with the decision and the audit record."""

    vectors: tuple[tuple[float, ...], ...] = field(repr=False)
    target: Target
    decision: Decision
    record: AuditRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outbound:
    """What may leave, and where to."""

    decision: Decision
    targets: tuple[Target, ...]
    subject: Subject = field(repr=False)
    texts: tuple[str, ...] = field(repr=False)
    size: Size
    ticket: Ticket


class EmbeddingService:
    """Embeds texts at a permitted destination."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._bounds = bounds_of(parts)
        self._look = SecondLook(parts)

    async def run(
        self,
        texts: Sequence[str],
        *,
        model: str,
        caller: Caller,
        request_id: str,
        dimensions: int | None = None,
    ) -> Vectors:
        """Vectors for `texts`, of `dimensions` if asked for. What fails or is given up is signed, then raised."""
        request = ChatRequest(
            messages=tuple(Message(role="user", content=t) for t in texts),
            model=model,
            caller=caller,
            request_id=request_id,
            ground="off",
        )
        opened: AuditRecord | None = None
        outbound: _Outbound | None = None
        target: Target | None = None
        opening = ending = False
        x = Exchange(request=request, started=self._parts.clock.monotonic())
        ended: tuple[Outcome, OslerError | None] = "abandoned", None
        try:
            outbound = await self._bounds.run(self._prepare, request, length=sum(map(len, texts)))
            x = filled(x, facts=outbound.decision.facts, decision=outbound.decision)
            opening = outbound.decision.facts.counts_as_phi
            opened = await self._open(request, outbound) if opening else None
            asked = self._parts.clock.monotonic()
            target, vectors = await self._embedded(outbound, dimensions)
            x = filled(x, target=target, trail=[self._called(target, asked)])
            ending = True
            record = await self._sign(request, outbound, target, opened)
            ended = "answered", None
        except OslerError as error:
            ended = "refused" if isinstance(error, PolicyRefused) else "failed", error
            if not (ending and opened is not None and isinstance(error, StoreError)):
                await self._fail(request, error, opened)
            raise
        except asyncio.CancelledError:
            if not ending:  # else its record is on its way to the log, and stands
                with suppress(StoreError):
                    await asyncio.shield(self._end("abandoned", request, {}, opened, was_opened=opening))
            raise
        except Exception as error:
            # Its text may quote what was being worked on: only the type goes further.
            fault = GuardUnavailable(
                f"A step of the request failed ({type(error).__name__}); nothing was returned.",
                remedy="Run `osler doctor`; if it finds nothing, report the type.",
            )
            ended = "failed", fault
            await self._fail(request, fault, opened)
            raise fault from None
        finally:
            self._parts.observer.ended(ended_of(x, *ended, self._parts.clock.monotonic()))
            if outbound is not None:
                self._settle(outbound, target)
        return Vectors(vectors=vectors, target=target, decision=outbound.decision, record=record)

    def _called(self, target: Target, begun: float) -> Attempted:
        """The call that gave the vectors, for whoever measures."""
        took = self._parts.clock.monotonic() - begun
        return Attempted(
            destination=target.destination.name,
            model=target.model.name,
            outcome="answered",
            ms=round(took * 1000),
            begun_s=begun,
            ended_s=begun + took,
            waited_s=took,
        )

    def _prepare(self, request: ChatRequest) -> _Outbound:
        """Steps 1, 2, 3 and 5."""
        p = self._parts
        require_known(p.destinations, request.model, "embedding")
        texts = tuple(m.content for m in request.messages)
        hidden = all_hidden(texts)
        found = p.deidentifier.detect((*texts, *hidden), realm=request.caller.tenant)
        spans = [s for row in found.spans for s in row]
        size = size_of(texts, {})
        ticket = p.budgets.admit(request.caller, size)
        facts = Facts(
            sensitivity=Sensitivity.PHI if spans or p.deidentifier.is_blind else Sensitivity.CLEAR,
            phi=counts(spans),
            purpose=request.purpose,
            role=request.caller.role,
            tenant=request.caller.tenant,
            key=request.caller,
            over_budget=ticket.over,
            service="embeddings",
            tokens_in=size.likely,
            tokens_out=0,
        )
        try:
            subject = subject_of(p.vault, None)
            decision = p.policy.decide(facts, p.clock.now().date())
            targets = _of_one_model(route(decision, request.model, "embedding"))
            outbound = self._replaced(found, len(texts), targets, decision)
        except BaseException:
            p.budgets.settle(ticket, Usage(), None, None)
            raise
        return _Outbound(
            decision=decision, targets=targets, subject=subject, texts=outbound, size=size, ticket=ticket
        )

    def _replaced(
        self, found: Found, count: int, targets: tuple[Target, ...], decision: Decision
    ) -> tuple[str, ...]:
        """Step 5 for the first `count` of the texts that were looked at; the others stand in them, encoded."""
        replacer = Replacer(self._parts.deidentifier, known=(), transform=targets[0].transform)
        changed = replacer.apply(found.texts, found=found)[:count]
        self._look.require_readable(replacer.spans[count:], targets, decision)
        body = msgspec.json.encode(changed).decode()
        self._look.require_clean(body, replacer, targets, decision, roster=self._look.roster())
        return changed

    async def _embedded(
        self, outbound: _Outbound, dimensions: int | None
    ) -> tuple[Target, tuple[tuple[float, ...], ...]]:
        """Step 6: another server of the same model takes over; vectors of another model would mean something else."""
        p, last = self._parts, None
        for target in outbound.targets:
            now = p.clock.now()
            if not p.policy.still_permits(target.destination, target.transform, outbound.decision.facts, now):
                continue
            backend = p.completers[target.destination.name]
            try:
                if not isinstance(backend, Embedder):
                    raise UpstreamError(
                        f"The backend of destination '{target.destination.name}' does not embed.",
                        remedy="Move its embedding model to a destination whose backend does.",
                    )
                more = {} if dimensions is None else {"dimensions": dimensions}
                vectors = await backend.embed(target.model.id, outbound.texts, **more)
                if len(vectors) != len(outbound.texts):
                    raise UpstreamError(
                        "The model server returned another number of vectors than it was sent texts.",
                        remedy="Check the server's version; run `osler doctor`.",
                    )
                return target, vectors
            except UpstreamRefused:
                raise
            except UpstreamError as error:
                p.observer.upstream_fault(target.destination.name)
                last = error
        raise last or PolicyRefused(
            "The agreement under which the texts might have left has ended.",
            remedy="Renew it, or embed at an on-premises destination.",
            decision=outbound.decision.to_json(),
        )

    def _settle(self, outbound: _Outbound, target: Target | None) -> None:
        budgets = self._parts.budgets
        budgets.settle(outbound.ticket, Usage(), target.model if target else None, outbound.size)
        if budgets.is_due:
            asyncio.get_running_loop().run_in_executor(None, budgets.sync)

    async def _open(self, request: ChatRequest, outbound: _Outbound) -> AuditRecord:
        """What may hold PHI is on record before it leaves."""
        return await self._append(
            "opened", request, {"outcome": "opened", **_sent(outbound, outbound.targets[0])}, outbound.subject
        )

    async def _sign(
        self, request: ChatRequest, outbound: _Outbound, target: Target, opened: AuditRecord | None
    ) -> AuditRecord:
        """Step 9."""
        made = {"outcome": "embedded", **_sent(outbound, target)} | _after(opened)
        return await self._append("closed" if opened else "embeddings", request, made, outbound.subject)

    async def _fail(self, request: ChatRequest, error: OslerError, opened: AuditRecord | None) -> None:
        outcome = "refused" if isinstance(error, PolicyRefused) else "failed"
        await self._end(outcome, request, signing.error_body(error), opened)

    async def _end(
        self,
        outcome: str,
        request: ChatRequest,
        made: dict[str, object],
        opened: AuditRecord | None,
        *,
        was_opened: bool = False,
    ) -> None:
        """Sign that there are no vectors. `was_opened`: the opening record is written, or on its way."""
        body = {"outcome": outcome} | made | _after(opened)
        await self._append("closed" if opened or was_opened else outcome, request, body, None)

    async def _append(
        self, kind: str, request: ChatRequest, made: dict[str, object], subject: Subject | None
    ) -> AuditRecord:
        """Write a record of `request`; with a keyed digest of its texts where the `subject` is known."""
        p = self._parts
        body = signing.request_body(request, subject, p.config_digest) | made
        return await self._bounds.signed(
            p.audit, p.clock, kind=kind, request_id=request.request_id, body=body
        )


def _of_one_model(targets: tuple[Target, ...]) -> tuple[Target, ...]:
    """Those that serve the first one's model and get the same text."""
    first = targets[0]
    return tuple(t for t in targets if (t.model.name, t.transform) == (first.model.name, first.transform))


def _sent(outbound: _Outbound, target: Target) -> dict[str, object]:
    decision = {
        **outbound.decision.to_json(),
        "destination": target.destination.name,
        "model": target.model.name,
    }
    return {"decision": decision, "texts": len(outbound.texts)}


def _after(opened: AuditRecord | None) -> dict[str, object]:
    return {"opened": opened.number} if opened else {}
