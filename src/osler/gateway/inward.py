"""Steps 1 to 5: what is in a request, where it may go, what it draws on, and what of it leaves.

Each takes the exchange and gives a fuller one. What guards and fails raises: then nothing leaves.
"""

from dataclasses import replace
from datetime import date

from osler.core.errors import GuardUnavailable, PolicyRefused, UnknownPatient
from osler.core.messages import ChatRequest, Message
from osler.core.ports.records import PatientIdentity
from osler.core.sensitivity import Sensitivity, maximum
from osler.core.spans import counts
from osler.deid import Replacer
from osler.gateway.break_glass import breaks_glass
from osler.gateway.exchange import Exchange
from osler.gateway.flow import AnswerFlow, FlowOptions
from osler.gateway.parts import Parts, subject_of
from osler.gateway.policy import IMAGE, Decision, Facts
from osler.gateway.router import require_known, route
from osler.gateway.slots import Slots
from osler.gateway.tokens import fitting, size_of
from osler.knowledge.prompt import grounded_prompt
from osler.knowledge.retrieve import Grounding

SAFETY_TYPES = ("AllergyIntolerance", "Condition", "MedicationRequest", "MedicationStatement")


class Inward:
    """The steps before the call. One per process; keeps nothing of a request."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    # 1 ── what PHI is in it, and in what it may draw on?
    def sensitivity(self, x: Exchange) -> Exchange:
        """Whose request it is, every text of it, and how sensitive that is."""
        p, request = self._parts, x.request
        require_known(p.destinations, request.model, "chat")
        identity, record = None, None
        if request.patient is not None:
            identity = p.records.identity(request.patient)
            if identity is None:
                p.policy.limits(_who_asks(request))  # else a role that may name nobody learned who is known here
                raise UnknownPatient(
                    "No record of that patient is in this workspace.",
                    remedy="Load it with `osler kb add FILE`, or check the id.",
                    param="patient",
                )
            record = p.records.items(request.patient, types=SAFETY_TYPES)
        subject = subject_of(p.vault, request.patient)
        slots = Slots(request.messages, request.params, fixed=p.tasks.wrote)
        x = replace(x, identity=identity, record=record, subject=subject, slots=slots)
        known = identity.identifiers if identity else ()
        found = p.deidentifier.detect(slots.texts, known)
        spans = [s for row in found.spans for s in row]
        sources = self._sources(request)
        level = maximum(
            [
                # Pixels cannot be looked into here: a picture counts as PHI. So does all that nobody looked at.
                Sensitivity.PHI
                if spans or identity or slots.images or p.deidentifier.is_blind
                else Sensitivity.CLEAR,
                *(Sensitivity.CLEAR if s in p.public else Sensitivity.PHI for s in sources),
            ]
        )
        size = size_of(slots.texts, request.params, images=slots.images)
        ticket = p.budgets.admit(request.caller, size)
        likely, complexity = p.estimators.facts(request)
        facts = Facts(
            sensitivity=level,
            phi=counts(spans),
            sources=sources,
            purpose=request.purpose,
            role=request.caller.role,
            task_models=p.tasks.models(request.task),
            over_budget=ticket.over,
            tokens_in=size.likely,
            tokens_out=size.answer,
            tenant=request.caller.tenant,
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
        task = p.tasks.audited(request)
        return replace(x, facts=facts, found=found, size=size, ticket=ticket, task=task)

    def _sources(self, request: ChatRequest) -> tuple[str, ...]:
        """What step 4 may draw on: nothing when switched off; the patient's record only when one is named."""
        if request.ground == "off":
            return ()
        others = tuple(s for s in self._parts.sources() if s != "records")
        return ("records", *others) if request.patient else others

    # 2 ── where may it go?
    def policy(self, x: Exchange) -> Exchange:
        """The decision."""
        decision: object = self._parts.policy.decide(x.having(x.facts), self._today())
        if not isinstance(decision, Decision):
            raise GuardUnavailable("Policy gave no decision; nothing was sent.", remedy="Run `osler doctor`.")
        if decision.facts.break_glass:
            self._parts.observer.broke_glass(decision.facts.role)
        return replace(x, decision=decision)

    # 3 ── which of the allowed models?
    def route(self, x: Exchange) -> Exchange:
        """The targets, best first."""
        decision, latency_of = x.having(x.decision), self._parts.failover.latency_of
        targets = route(decision, x.request.model, "chat", latency_of=latency_of)
        # Only targets that get the very same text can take over from the first one.
        same = tuple(t for t in targets if t.transform == targets[0].transform)
        return replace(x, targets=same, target=same[0])

    # 4 ── evidence, and how sensitive it is
    def ground(self, x: Exchange) -> Exchange:
        """Evidence from records and guidelines; the class is computed again."""
        if x.request.ground == "off":
            return replace(
                x, grounding=Grounding(evidence=(), notices=(), intents=(), sensitivity=Sensitivity.CLEAR)
            )
        types = x.having(x.decision).records
        grounding = self._parts.retriever.ground(x.request.question, x.request.patient, types)
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
        return replace(x, grounding=grounding)

    # 5 ── real identifiers out, surrogates in; then a second look at what would leave
    def surrogate(self, x: Exchange) -> Exchange:
        """What leaves, and the way back."""
        p, transform, slots = self._parts, x.having(x.target).transform, x.having(x.slots)
        public = [e for e in x.evidence if self._public(e.patient, e.collection)]
        private = [e for e in x.evidence if not self._public(e.patient, e.collection)]
        notices = x.having(x.grounding).notices
        replacer = Replacer(
            p.deidentifier,
            known=x.identity.identifiers if x.identity else (),
            transform=transform,
            over_89=_over_89(x.identity, self._today()),
        )
        texts = [*slots.texts, *(e.quote for e in private), *(e.title for e in private), *notices]
        changed = replacer.apply(texts, found=x.found, also_seen=[f"{e.title} {e.quote}" for e in public])
        if transform != "none":
            _refuse_leaks(replacer, changed, x)
        asked, at = len(slots.texts), len(slots.texts) + len(private)
        quotes, titles = changed[asked:at], changed[at : at + len(private)]
        hidden = {e.n: replace(e, quote=q, title=t) for e, q, t in zip(private, quotes, titles, strict=True)}
        messages, params = slots.filled(changed[:asked])
        if x.request.ground != "off":
            evidence = tuple(hidden.get(e.n, e) for e in x.evidence)
            prompt = grounded_prompt(evidence, changed[at + len(private) :])
            messages = (Message(role="system", content=prompt), *messages)
        replaced = counts(s for spans in replacer.spans for s in spans) if transform != "none" else {}
        sent = [m.content for m in messages] if len(messages) > len(x.request.messages) else changed
        fit = fitting(x.targets, size_of(sent, x.request.params, images=slots.images))
        x = replace(x, replaced=replaced, outbound=messages, params=params, targets=fit, target=fit[0])
        return self.flowing(x, replacer)

    def flowing(self, x: Exchange, replacer: Replacer) -> Exchange:
        """The exchange with the way back that a replacer knows."""
        options = FlowOptions(
            text=replacer.stream,
            json=replacer.stream,
            guard=self._parts.guard,
            question=x.request.question,
            evidence=x.evidence,
            record=x.record,
            withhold=self._parts.withhold,
            structured=_is_structured(x.request),
        )
        return replace(x, replacer=replacer, flow=AnswerFlow(options))

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
        x = replace(x, key=key)
        kept = p.reuse.find(key) if keeps else None
        if kept is not None:
            target = kept.said[0][0] if kept.said else x.target
            x = replace(x, kept=kept, target=target)
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


def _is_structured(request: ChatRequest) -> bool:
    """Whether the answer's text is to be JSON."""
    wanted = request.params.get("response_format")
    return isinstance(wanted, dict) and wanted.get("type") in ("json_object", "json_schema")


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
            decision=x.having(x.decision).to_json(),
        )
