"""Steps 1 to 5: what is in a request, where it may go, what it draws on, and what of it leaves.

Each takes the exchange and gives a fuller one. What guards and fails raises: then nothing leaves.
"""

from datetime import date

from osler.core.errors import GuardUnavailable, PolicyRefused, UnknownPatient
from osler.core.findings import Finding
from osler.core.messages import ChatRequest
from osler.core.ports.records import PatientIdentity, RecordItem
from osler.core.sensitivity import Sensitivity, maximum
from osler.core.spans import counts
from osler.deid import Replacer
from osler.deid.unhidden import all_hidden
from osler.gateway.break_glass import breaks_glass
from osler.gateway.exchange import Exchange, filled
from osler.gateway.leaving import Leaving
from osler.gateway.parts import Parts, subject_of
from osler.gateway.policy import IMAGE, Decision, Facts
from osler.gateway.router import require_known, route
from osler.gateway.slots import Slots
from osler.gateway.tokens import size_of
from osler.knowledge.retrieve import Grounding

SAFETY_TYPES = ("AllergyIntolerance", "Condition", "MedicationRequest", "MedicationStatement")


class Inward:
    """The steps before the call. One per process; keeps nothing of a request."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._leaving = Leaving(parts)

    # 1 ── what PHI is in it, and in what it may draw on?
    def sensitivity(self, x: Exchange) -> Exchange:
        """Whose request it is, every text of it, and how sensitive that is."""
        p, request = self._parts, x.request
        require_known(p.destinations, request.model, "chat")
        identity, record = self._patient(request)
        subject = subject_of(p.vault, request.patient)
        slots = Slots(request.messages, request.params, fixed=p.tasks.wrote)
        x = filled(x, identity=identity, record=record, subject=subject, slots=slots)
        known = identity.identifiers if identity else ()
        # What stands in an encoding is looked at as what it says. It cannot be replaced there: see step 5.
        blind = p.deidentifier.is_blind
        hidden = () if blind else all_hidden(slots.texts)
        found = p.deidentifier.detect(
            (*slots.texts, *hidden, *slots.readings), known, realm=request.caller.tenant
        )
        spans = [s for row in found.spans for s in row]
        sources = self._sources(request)
        level = maximum(
            [
                # Pixels cannot be looked into here: a picture counts as PHI. So does all that nobody looked at.
                Sensitivity.PHI if spans or identity or slots.images or blind else Sensitivity.CLEAR,
                *(Sensitivity.CLEAR if s in p.public else Sensitivity.PHI for s in sources),
            ]
        )
        likely, complexity = p.estimators.facts(request)
        task = p.tasks.audited(request)
        size = size_of(slots.texts, request.params, images=slots.images)
        # Nothing below fails: what was let in is given back by whoever has the ticket.
        ticket = p.budgets.admit(request.caller, size)
        facts = Facts(
            sensitivity=level,
            phi=counts(s for row in found.spans[: len(slots.texts) + len(hidden)] for s in row),
            sources=sources,
            purpose=request.purpose,
            role=request.caller.role,
            task_models=p.tasks.models(request.task),
            over_budget=ticket.over,
            tokens_in=size.likely,
            tokens_out=size.answer,
            tenant=request.caller.tenant,
            key=request.caller,
            patient=request.patient is not None,
            task=likely,
            task_named=request.task is not None,
            complexity=complexity,
            specialty=request.specialty,
            latency=request.latency,
            modality=("text", IMAGE) if slots.images else ("text",),
            explain=request.explain,
            break_glass=breaks_glass(request),
        )
        return filled(x, facts=facts, found=found, hidden=hidden, size=size, ticket=ticket, task=task)

    def _patient(self, request: ChatRequest) -> tuple[PatientIdentity | None, tuple[RecordItem, ...] | None]:
        """Who the patient is that the request names, and what of the record the checks look at; None where none is."""
        if request.patient is None:
            return None, None
        p = self._parts
        identity = p.records.identity(request.patient)
        if identity is None:
            # Else a role that may name nobody learned who is known here.
            p.policy.limits(_who_asks(request))
            raise UnknownPatient(
                "No record of that patient is in this workspace.",
                remedy="Load it with `osler kb add FILE`, or check the id.",
                param="patient",
            )
        return identity, p.records.items(request.patient, types=SAFETY_TYPES)

    def _sources(self, request: ChatRequest) -> tuple[str, ...]:
        """What step 4 may draw on: nothing when switched off; the patient's record only when one is named."""
        if request.ground == "off":
            return ()
        others = tuple(s for s in self._parts.sources() if s != "records")
        found = ("records", *others) if request.patient else others
        return self._parts.tenants.sources(request.caller.tenant, found)

    # 2 ── where may it go?
    def policy(self, x: Exchange) -> Exchange:
        """The decision."""
        decision: object = self._parts.policy.decide(x.having(x.facts), self._today())
        if not isinstance(decision, Decision):
            raise GuardUnavailable("Policy gave no decision; nothing was sent.", remedy="Run `osler doctor`.")
        if decision.facts.break_glass:
            self._parts.observer.broke_glass(decision.facts.role)
        return filled(x, decision=decision, trace=decision.to_json())

    # 3 ── which of the allowed models?
    def route(self, x: Exchange) -> Exchange:
        """The targets, best first."""
        decision, latency_of = x.having(x.decision), self._parts.failover.latency_of
        targets = route(decision, x.request.model, "chat", latency_of=latency_of)
        # Only targets that get the very same text can take over from the first one.
        same = tuple(t for t in targets if t.transform == targets[0].transform)
        return filled(x, targets=same, target=same[0])

    # 4 ── evidence, and how sensitive it is
    def ground(self, x: Exchange) -> Exchange:
        """Evidence from records and guidelines; the class is computed again."""
        if x.request.ground == "off":
            return filled(
                x, grounding=Grounding(evidence=(), notices=(), intents=(), sensitivity=Sensitivity.CLEAR)
            )
        types = x.having(x.decision).records
        retriever = self._parts.retrievers.get(x.request.caller.tenant, self._parts.retriever)
        grounding = retriever.ground(x.request.question, x.request.patient, types)
        level = maximum(
            Sensitivity.CLEAR if self._public(e.patient, e.collection) else Sensitivity.PHI
            for e in grounding.evidence
        )
        if level > x.having(x.facts).sensitivity:
            raise PolicyRefused(
                "The evidence is more sensitive than the request was judged to be; nothing was sent.",
                remedy="Name the patient, so that policy sees what the request draws on.",
                decision=x.having(x.decision).to_json(),
            )
        return filled(x, grounding=grounding)

    # 5 ── real identifiers out, surrogates in; then a second look at what would leave
    def surrogate(self, x: Exchange) -> Exchange:
        """What leaves, and the way back."""
        return self._leaving.surrogate(x)

    def flowing(self, x: Exchange, replacer: Replacer) -> Exchange:
        """The exchange with the way back that a replacer knows."""
        return self._leaving.flowing(x, replacer)

    def warned(self, x: Exchange, answer: str) -> tuple[Finding, ...]:
        """What the wrong-patient guard finds in an answer. Raises PolicyRefused where that is to be blocked."""
        return self._leaving.warned(x, answer)

    # between 5 and 6 ── an answer that is kept, a call that is shared
    def reused(self, x: Exchange) -> Exchange:
        """With the answer that was given to the same request before, or the call that others made of it just now."""
        p, request = self._parts, x.request
        phi = x.having(x.facts).counts_as_phi
        keeps, shares = p.reuse.keeps(phi=phi), p.reuse.shares(request.params)
        if request.reuse == "off" or not (keeps or shares):
            return x
        key = p.reuse.key(
            (request.caller.tenant, request.caller.role, p.config_digest, request.surface, request.stream),
            (request.model, [t.name for t in x.targets], x.having(x.target).transform, request.patient),
            [(m.role, m.content, m.wire) for m in request.messages],
            (request.params, request.n),
            [(e.n, e.doc, e.sha256, e.start, e.end) for e in x.evidence],
            x.having(x.grounding).notices,
        )
        x = filled(x, key=key)
        kept = p.reuse.find(key) if keeps else None
        if kept is not None:
            target = kept.said[0][0] if kept.said else x.target
            x = filled(x, kept=kept, target=target)
            return self.flowing(x, kept.replacer) if kept.replacer else x
        return x

    def _public(self, patient: str | None, collection: str) -> bool:
        return patient is None and collection in self._parts.public

    def _today(self) -> date:
        return self._parts.clock.now().date()


def _who_asks(request: ChatRequest) -> Facts:
    """What is known of a request that names a patient before anything of it was looked at."""
    return Facts(
        sensitivity=Sensitivity.PHI,
        purpose=request.purpose,
        role=request.caller.role,
        patient=True,
        task=request.task,
        explain=request.explain,
        break_glass=breaks_glass(request),
    )
