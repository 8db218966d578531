"""Embeddings on the same way as answers, less the steps that make no sense for vectors.

Steps 1, 2, 3, 5, 6 and 9: identifiers are found, policy decides, surrogates go out, the call is signed.
There is nothing to ground, restore or verify.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from osler.core.audit import AuditEntry, AuditRecord
from osler.core.clock import timestamp
from osler.core.errors import OslerError, PolicyRefused, UpstreamError
from osler.core.messages import Caller, ChatRequest, Message
from osler.core.ports.embedder import Embedder
from osler.core.sensitivity import Sensitivity
from osler.core.spans import counts
from osler.deid import Replacer
from osler.gateway import signing
from osler.gateway.pipeline import Parts
from osler.gateway.policy import Decision, Facts
from osler.gateway.router import Target, require_known, route


@dataclass(frozen=True, slots=True, kw_only=True)
class Vectors:
    """Vectors in the order of the texts, with the decision and the audit record."""

    vectors: tuple[tuple[float, ...], ...] = field(repr=False)
    target: Target
    decision: Decision
    record: AuditRecord


class EmbeddingService:
    """Embeds texts at a permitted destination."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def run(self, texts: Sequence[str], *, model: str, caller: Caller, request_id: str) -> Vectors:
        """Vectors for `texts`. What fails or is refused is signed, then raised."""
        request = ChatRequest(
            messages=tuple(Message(role="user", content=t) for t in texts),
            model=model,
            caller=caller,
            request_id=request_id,
            ground="off",
        )
        try:
            return await self._embed(request)
        except OslerError as error:
            outcome = "refused" if isinstance(error, PolicyRefused) else "failed"
            body = signing.request_body(request, None, self._parts.config_digest)
            await self._append(outcome, request, body | {"outcome": outcome} | signing.error_body(error))
            raise

    async def _embed(self, request: ChatRequest) -> Vectors:
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
        backend = p.completers[target.destination.name]
        if not isinstance(backend, Embedder):
            raise UpstreamError(
                f"The backend of destination '{target.destination.name}' does not embed.",
                remedy="Move its embedding model to a destination whose backend does.",
            )
        vectors = await backend.embed(target.model.id, outbound)
        if len(vectors) != len(texts):
            raise UpstreamError(
                "The model server returned another number of vectors than it was sent texts.",
                remedy="Check the server's version; run `osler doctor`.",
            )
        subject = p.vault.subject(None)
        body = signing.request_body(request, subject, p.config_digest) | {
            "outcome": "embedded",
            "decision": {
                **decision.to_json(),
                "destination": target.destination.name,
                "model": target.model.name,
            },
            "texts": len(texts),
        }
        record = await self._append("embeddings", request, body)
        return Vectors(vectors=vectors, target=target, decision=decision, record=record)

    async def _append(self, kind: str, request: ChatRequest, body: dict[str, object]) -> AuditRecord:
        p = self._parts
        return await p.audit.append(
            AuditEntry(
                kind=kind,
                time=timestamp(p.clock.now()),
                body=body,
                request_id=request.request_id,
                instance=p.audit.instance,
            )
        )
