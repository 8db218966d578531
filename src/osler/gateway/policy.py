"""Where may this request go? Deny by default, with a reason for every destination.

The invariant stands above all rules: PHI never goes to a destination that is neither on-premises
nor under a live BAA that covers the service and the region (45 CFR 164.502(e), 164.504(e)). Text
whose identifiers were replaced still counts as PHI, but for a destination whose entry names a
determination, an owner and an end date (45 CFR 164.514(a)-(b)); that destination then gets text
transformed by the very standard which it accepts, whatever the rule says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from osler.core.errors import PolicyRefused
from osler.core.models import Destination, Place, Transform
from osler.core.sensitivity import Sensitivity
from osler.gateway.config import RuleConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What policy knows of a request. Holds no text.

    `phi` counts the identifiers found, by kind; `sources` names what grounding may draw on;
    `service` is what is asked for ("chat", "embeddings").
    """

    sensitivity: Sensitivity
    phi: Mapping[str, int] = field(default_factory=dict)
    sources: tuple[str, ...] = ()
    purpose: str = "treatment"
    role: str = "clinician"
    service: str = "chat"


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """A destination that may take the request, the transform its text must pass, and why.

    A `fallback` is used only after all others.
    """

    destination: Destination
    transform: Transform
    reason: str
    fallback: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Policy's answer: the rule that decided, who may, who may not and why."""

    facts: Facts
    rule: str
    prefer: str
    permits: tuple[Permit, ...]
    refused: Mapping[str, str]

    def permit(self, destination: str) -> Permit | None:
        """The permit of a destination, or None where it has none."""
        return next((p for p in self.permits if p.destination.name == destination), None)

    def to_json(self) -> dict[str, object]:
        """The trace, for the wire and the audit log. Holds configured names and counts only."""
        return {
            "sensitivity": self.facts.sensitivity.name.lower(),
            "phi": dict(self.facts.phi),
            "sources": list(self.facts.sources),
            "purpose": self.facts.purpose,
            "role": self.facts.role,
            "rule": self.rule,
            "allowed": [
                {"destination": p.destination.name, "transform": p.transform, "reason": p.reason}
                for p in self.permits
            ],
            "refused": [{"destination": name, "reason": why} for name, why in self.refused.items()],
        }


class Policy:
    """The rules over the configured destinations."""

    def __init__(self, destinations: Sequence[Destination], rules: Sequence[RuleConfig]) -> None:
        self._destinations = tuple(destinations)
        self._rules = tuple(rules)

    def decide(self, facts: Facts, today: date) -> Decision:
        """Who may take a request of these facts today. Raises PolicyRefused when nobody may."""
        rule = next((r for r in self._rules if _matches(r, facts)), None)
        if rule is None:
            raise PolicyRefused(
                "No rule matches this request, so it goes nowhere.",
                remedy="Add a rule to osler.toml whose `when` covers it.",
                decision={**_base(facts), "rule": None, "allowed": [], "refused": []},
            )
        permits, refused = [], {}
        for destination in self._in_order(rule):
            verdict = _judge(destination, rule, facts, today)
            if isinstance(verdict, Permit):
                last = destination.name in rule.fallback and not {destination.name, "*"} & {*rule.allow}
                permits.append(replace(verdict, fallback=last))
            else:
                refused[destination.name] = verdict
        for destination in self._destinations:
            if destination.name not in refused and all(p.destination is not destination for p in permits):
                refused[destination.name] = f"the rule '{rule.name}' does not allow it"
        decision = Decision(
            facts=facts, rule=rule.name, prefer=rule.prefer, permits=tuple(permits), refused=refused
        )
        if not permits:
            raise PolicyRefused(
                f"Policy refuses: under the rule '{rule.name}' no destination may take this request.",
                remedy=_why(refused),
                decision=decision.to_json(),
            )
        return decision

    def _in_order(self, rule: RuleConfig) -> list[Destination]:
        names = [*rule.allow, *rule.fallback]
        if "*" in names:
            named = [n for n in names if n != "*"]
            names = named + [d.name for d in self._destinations if d.name not in named]
        by_name = {d.name: d for d in self._destinations}
        return [by_name[n] for n in dict.fromkeys(names) if n in by_name]


def _matches(rule: RuleConfig, facts: Facts) -> bool:
    when = rule.when
    if when.phi is not None and when.phi != (facts.sensitivity >= Sensitivity.PHI):
        return False
    if when.purpose is not None and facts.purpose not in when.purpose:
        return False
    return when.role is None or facts.role in when.role


def _judge(destination: Destination, rule: RuleConfig, facts: Facts, today: date) -> Permit | str:
    """A permit, or the reason why there is none."""
    here = destination.place is Place.ON_PREMISES
    if rule.regions is not None and not here and destination.region not in rule.regions:
        return f"its region is not among those that the rule '{rule.name}' allows"
    if facts.sensitivity < Sensitivity.PHI:
        return Permit(destination=destination, transform=rule.transform, reason="no PHI in the request")
    if here:
        return Permit(destination=destination, transform=rule.transform, reason="on-premises")
    fault = _baa_fault(destination, facts.service, today)
    if not fault:
        return Permit(destination=destination, transform=rule.transform, reason="under a live BAA")
    accepts = destination.accepts
    if accepts is None:
        return fault
    if today > accepts.until:
        return f"{fault}, and its determination for de-identified text ended"
    return Permit(
        destination=destination,
        transform=accepts.deidentified,
        reason=f"accepts {accepts.deidentified} text by a determination of {accepts.owner}",
    )


def _baa_fault(destination: Destination, service: str, today: date) -> str:
    """Why the destination's BAA does not cover this, or an empty string when it does."""
    place = destination.place.value.replace("-", " ")
    baa = destination.baa
    if baa is None:
        return f"{place} without a BAA"
    if today < baa.signed:
        return f"{place} whose BAA is not yet in force"
    if today > baa.expires:
        return f"{place} whose BAA has expired"
    if service not in baa.services:
        return f"{place} whose BAA does not cover {service}"
    if destination.region not in baa.regions:
        return f"{place} whose BAA does not cover its region"
    return ""


def _base(facts: Facts) -> dict[str, object]:
    return {
        "sensitivity": facts.sensitivity.name.lower(),
        "phi": dict(facts.phi),
        "sources": list(facts.sources),
        "purpose": facts.purpose,
        "role": facts.role,
    }


def _why(refused: Mapping[str, str]) -> str:
    reasons = "; ".join(f"{name}: {why}" for name, why in refused.items()) or "no destination is allowed"
    return f"{reasons}. Use an on-premises destination or one under a BAA, or leave the PHI out."
