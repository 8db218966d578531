"""Embeddings on the same way as answers, less the steps that make no sense for vectors.

Steps 1, 2, 3, 5, 6 and 9: identifiers are found, policy decides, surrogates go out, the call is signed:
before it where the texts may hold PHI, and after it.
There is nothing to ground, restore or verify.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from osler.core.audit import AuditRecord
from osler.core.errors import GuardUnavailable, OslerError, PolicyRefused, StoreError, UpstreamError
from osler.core.messages import Caller, ChatRequest, Message
from osler.core.ports.embedder import Embedder
from osler.core.ports.vault import Subject
from osler.core.sensitivity import Sensitivity
from osler.core.spans import counts
from osler.deid import Replacer
from osler.gateway import signing
from osler.gateway.parts import Parts, bounds_of, subject_of
from osler.gateway.policy import Decision, Facts
from osler.gateway.router import Target, require_known, route


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
    target: Target
    subject: Subject = field(repr=False)
    texts: tuple[str, ...] = field(repr=False)


class EmbeddingService:
    """Embeds texts at a permitted destination."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._bounds = bounds_of(parts)

    async def run(self, texts: Sequence[str], *, model: str, caller: Caller, request_id: str) -> Vectors:
        """Vectors for `texts`. What fails, is refused or is given up by the caller is signed, then raised."""
        request = ChatRequest(
            messages=tuple(Message(role="user", content=t) for t in texts),
            model=model,
            caller=caller,
            request_id=request_id,
            ground="off",
        )
        opened: AuditRecord | None = None
        opening = ending = False
        try:
            outbound = await self._bounds.run(self._prepare, request, length=sum(map(len, texts)))
            opening = outbound.decision.facts.sensitivity >= Sensitivity.PHI
            opened = await self._open(request, outbound) if opening else None
            vectors = await self._embedded(outbound)
            ending = True
            record = await self._sign(request, outbound, opened)
        except OslerError as error:
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
            await self._fail(request, fault, opened)
            raise fault from None
        return Vectors(vectors=vectors, target=outbound.target, decision=outbound.decision, record=record)

    def _prepare(self, request: ChatRequest) -> _Outbound:
        """Steps 1, 2, 3 and 5."""
        p = self._parts
        require_known(p.destinations, request.model, "embedding")
        texts = [m.content for m in request.messages]
        spans = [s for t in texts for s in p.deidentifier.find(t)]
        facts = Facts(
            sensitivity=Sensitivity.PHI if spans else Sensitivity.CLEAR,
            phi=counts(spans),
            purpose=request.purpose,
            role=request.caller.role,
            service="embeddings",
        )
        subject = subject_of(p.vault, None)
        decision = p.policy.decide(facts, p.clock.now().date())
        target = route(decision, request.model, "embedding")[0]
        replacer = Replacer(p.deidentifier, known=(), transform=target.transform)
        outbound = replacer.apply(texts)
        if target.transform != "none" and replacer.leaks(outbound):
            raise PolicyRefused(
                "The outbound check found identifiers that were not replaced; nothing was sent.",
                remedy="Reword the texts, or embed them at an on-premises destination.",
                decision=decision.to_json(),
            )
        return _Outbound(decision=decision, target=target, subject=subject, texts=outbound)

    async def _embedded(self, outbound: _Outbound) -> tuple[tuple[float, ...], ...]:
        """Step 6."""
        target = outbound.target
        backend = self._parts.completers[target.destination.name]
        if not isinstance(backend, Embedder):
            raise UpstreamError(
                f"The backend of destination '{target.destination.name}' does not embed.",
                remedy="Move its embedding model to a destination whose backend does.",
            )
        vectors = await backend.embed(target.model.id, outbound.texts)
        if len(vectors) != len(outbound.texts):
            raise UpstreamError(
                "The model server returned another number of vectors than it was sent texts.",
                remedy="Check the server's version; run `osler doctor`.",
            )
        return vectors

    async def _open(self, request: ChatRequest, outbound: _Outbound) -> AuditRecord:
        """What may hold PHI is on record before it leaves."""
        return await self._append(
            "opened", request, {"outcome": "opened", **_sent(outbound)}, outbound.subject
        )

    async def _sign(
        self, request: ChatRequest, outbound: _Outbound, opened: AuditRecord | None
    ) -> AuditRecord:
        """Step 9."""
        made = {"outcome": "embedded", **_sent(outbound)} | _after(opened)
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


def _sent(outbound: _Outbound) -> dict[str, object]:
    target = outbound.target
    decision = {
        **outbound.decision.to_json(),
        "destination": target.destination.name,
        "model": target.model.name,
    }
    return {"decision": decision, "texts": len(outbound.texts)}


def _after(opened: AuditRecord | None) -> dict[str, object]:
    return {"opened": opened.number} if opened else {}
