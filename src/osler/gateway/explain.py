"""Why a request would go where it goes: the decision trace, without a model being called.

Steps 1 to 3 are those of a real request, made by the same code. What comes out holds configured names and counts,
nothing of the text. What step 4 would draw on is counted by its sources only; it is looked at when it is drawn on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from osler.core.errors import PolicyRefused
from osler.core.messages import ChatRequest, Usage
from osler.gateway.exchange import Exchange
from osler.gateway.inward import Inward
from osler.gateway.observe import NullObserver
from osler.gateway.parts import Parts
from osler.gateway.policy import Considered, Decision, Facts
from osler.gateway.router import Target, cost_of, route


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A target, in the order in which it would be tried. `used`: it gets the same text as the first one.

    `cost` is what the request is estimated to cost there, in US dollars.
    """

    target: Target
    cost: float
    used: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The trace. `refusal` is None where the request would be sent; `replaced` counts the identifiers by kind that
    would be replaced in what the caller sends."""

    facts: Facts
    rules: tuple[Considered, ...]
    decision: Decision | None
    trace: Mapping[str, object]
    choices: tuple[Choice, ...]
    refusal: PolicyRefused | None
    config: str
    replaced: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, object]:
        """For the wire and the command line."""
        first = self.choices[0].target if self.choices else None
        return {
            "permitted": self.refusal is None,
            "refusal": str(self.refusal) if self.refusal else None,
            "facts": self.facts.to_json(),
            "tokens": {"in": self.facts.tokens_in, "out": self.facts.tokens_out},
            "rules": [{"rule": r.rule, "decides": r.decided, "mismatch": r.mismatch} for r in self.rules],
            "rule": self.decision.rule if self.decision else self.trace.get("rule"),
            "prefer": self.decision.prefer if self.decision else None,
            "allowed": self.trace.get("allowed", []),
            "refused": self.trace.get("refused", []),
            "transform": first.transform if first else None,
            "targets": [_choice(c) for c in self.choices],
            "replaced": dict(self.replaced),
            "config": self.config,
        }


class Explainer:
    """Explains requests over the parts of one pipeline."""

    def __init__(self, parts: Parts) -> None:
        self._parts = replace(parts, observer=NullObserver())
        self._inward = Inward(self._parts)

    def explain(self, request: ChatRequest) -> Explanation:
        """The trace of a request. Raises what step 1 raises: UnknownModel, UnknownPatient, InputError."""
        request = self._parts.tasks.prepare(request)
        x = self._inward.sensitivity(Exchange(request=request, started=self._parts.clock.monotonic()))
        self._parts.budgets.settle(x.ticket, Usage(), None, None)  # nothing is used up by asking why
        facts = x.having(x.facts)
        rules = self._parts.policy.considered(facts)
        decision: Decision | None = None
        choices: tuple[Choice, ...] = ()
        refusal: PolicyRefused | None = None
        try:
            x = self._inward.policy(x)
            decision = x.having(x.decision)
            used = {t.name for t in self._inward.route(x).targets}
            choices = tuple(
                Choice(target=t, cost=cost_of(t, facts), used=t.name in used)
                for t in route(decision, request.model, "chat")
            )
        except PolicyRefused as error:
            refusal = error
        trace = decision.to_json() if decision else (refusal.decision if refusal else {})
        hides = bool(choices) and choices[0].target.transform != "none"
        return Explanation(
            facts=facts,
            rules=rules,
            decision=decision,
            trace=trace,
            choices=choices,
            refusal=refusal,
            replaced=facts.phi if hides else {},
            config=self._parts.config_digest,
        )


def _choice(choice: Choice) -> dict[str, object]:
    target = choice.target
    return {
        "destination": target.destination.name,
        "model": target.model.name,
        "transform": target.transform,
        "rank": target.rank,
        "cost_usd": round(choice.cost, 8),
        "used": choice.used,
    }
