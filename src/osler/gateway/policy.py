"""Where may this request go? Deny by default, with a reason for every destination.

The invariant stands above all rules: PHI never goes to a destination that is neither on-premises
nor under a live BAA that covers the service and the region (45 CFR 164.502(e), 164.504(e)). Text
whose identifiers were replaced still counts as PHI, but for a destination whose entry names a
determination, an owner and an end date (45 CFR 164.514(a)-(b)); that destination then gets text
transformed by the very standard which it accepts, whatever the rule says. An image cannot be
de-identified: a request with one counts as PHI, and no determination opens a way for it.

Days are days of UTC: an agreement that ends on 14 January covers nothing from 15 January
00:00:00 UTC on. `decide` looks at the day of the request, `still_permits` at the very moment before
each call, so that what waited in a queue past the end of an agreement stays here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from osler.core.errors import PolicyRefused
from osler.core.messages import Caller
from osler.core.models import Destination, Place, Transform
from osler.core.sensitivity import Sensitivity
from osler.gateway.config import RuleConfig, When
from osler.gateway.roles import Asked, Denied, Limits, Roles
from osler.gateway.tenants import Tenants

IMAGE = "image"
_ANYONE = Caller()
_HIDES = frozenset({"redact", "safe-harbor"})
"""Transforms whose promise an image would break."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What policy knows of a request. Holds no text.

    `phi` counts the identifiers found, by kind; `sources` names what grounding may draw on; `service` is what
    is asked for ("chat", "embeddings"). `patient`: one is named. `modality` holds "text" and, with at least one
    image, "image". `task` and `complexity` are stated or estimated (`task_named`: the task is stated);
    `task_models` are the models that may do the task (None: all). `tokens_in` and `tokens_out` are estimates for the
    order by cost, None where there is none. `explain`: what the model was sent is asked for. `break_glass`: beyond
    the role's limits, with a reason. `key` holds what the caller's key is held to.
    """

    sensitivity: Sensitivity
    phi: Mapping[str, int] = field(default_factory=dict)
    sources: tuple[str, ...] = ()
    purpose: str = "treatment"
    role: str = "clinician"
    service: str = "chat"
    patient: bool = False
    task: str | None = None
    task_named: bool = True
    task_models: frozenset[str] | None = None
    specialty: str | None = None
    complexity: str = "low"
    latency: str = "interactive"
    modality: tuple[str, ...] = ("text",)
    tenant: str = "default"
    over_budget: bool = False
    explain: bool = False
    break_glass: bool = False
    tokens_in: int | None = None
    tokens_out: int | None = None
    key: Caller = _ANYONE

    @property
    def counts_as_phi(self) -> bool:
        """Whether the invariant binds the request."""
        return self.sensitivity >= Sensitivity.PHI or self.has_images

    @property
    def has_images(self) -> bool:
        """Whether it holds at least one image."""
        return IMAGE in self.modality

    def to_json(self) -> dict[str, object]:
        """For the wire and the audit log: names and counts only. `specialty` is the caller's own word: left out."""
        shown: dict[str, object] = {
            "sensitivity": self.sensitivity.name.lower(),
            "phi": dict(self.phi),
            "sources": list(self.sources),
            "purpose": self.purpose,
            "role": self.role,
            "complexity": self.complexity,
            "latency": self.latency,
            "modality": list(self.modality),
        }
        if self.task is not None:
            shown["task"] = self.task
        if self.over_budget:
            shown["over_budget"] = True
        if self.break_glass:
            shown["break_glass"] = True
        return shown


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
    """Policy's answer: the rule that decided, who may, who may not and why.

    `models` are the only ones that the rule allows (None: all); `records` the FHIR types that evidence may be taken
    from (None: all).
    """

    facts: Facts
    rule: str
    prefer: str
    permits: tuple[Permit, ...]
    refused: Mapping[str, str]
    models: frozenset[str] | None = None
    records: tuple[str, ...] | None = None

    def permit(self, destination: str) -> Permit | None:
        """The permit of a destination, or None where it has none."""
        return next((p for p in self.permits if p.destination.name == destination), None)

    def to_json(self) -> dict[str, object]:
        """The trace, for the wire and the audit log. Holds configured names and counts only."""
        return {
            **self.facts.to_json(),
            "rule": self.rule,
            "allowed": [
                {"destination": p.destination.name, "transform": p.transform, "reason": p.reason}
                for p in self.permits
            ],
            "refused": [{"destination": name, "reason": why} for name, why in self.refused.items()],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Considered:
    """A rule, and why it did not match: empty where it did. `decided`: it was the first that did."""

    rule: str
    mismatch: str
    decided: bool


class Policy:
    """The rules over the configured destinations, the roles and the tenants."""

    def __init__(
        self,
        destinations: Sequence[Destination],
        rules: Sequence[RuleConfig],
        roles: Roles | None = None,
        tenants: Tenants | None = None,
    ) -> None:
        self._destinations = tuple(destinations)
        self._rules = tuple(_Rule(rule, self._destinations) for rule in rules)
        self._roles = roles or Roles()
        self._tenants = tenants or Tenants()

    def decide(self, facts: Facts, today: date) -> Decision:
        """Who may take a request of these facts on a day of UTC. Raises PolicyRefused when nobody may."""
        limits = self.limits(facts)
        known = next((r for r in self._rules if not r.mismatch(facts)), None)
        if known is None:
            raise PolicyRefused(
                "No rule matches this request, so it goes nowhere.",
                remedy="Add a rule to osler.toml whose `when` covers it.",
                decision=_refused(facts),
            )
        rule = known.table
        permits, refused = [], {}
        for destination, last in known.named:
            verdict = self._outside(destination, facts) or _judge(destination, rule, facts, limits, today)
            if isinstance(verdict, Permit):
                permits.append(replace(verdict, fallback=True) if last else verdict)
            else:
                refused[destination.name] = verdict
        for destination in known.others:
            refused[destination.name] = f"the rule '{rule.name}' does not allow it"
        decision = Decision(
            facts=facts,
            rule=rule.name,
            prefer=rule.prefer,
            permits=tuple(permits),
            refused=refused,
            models=known.models,
            records=limits.records,
        )
        if not permits:
            raise PolicyRefused(
                f"Policy refuses: under the rule '{rule.name}' no destination may take this request.",
                remedy=_why(refused, facts),
                decision=decision.to_json(),
            )
        return decision

    def considered(self, facts: Facts) -> tuple[Considered, ...]:
        """Every rule in order, with the reason for which it does not match these facts."""
        shown, decided = [], False
        for rule in self._rules:
            mismatch = rule.mismatch(facts)
            shown.append(
                Considered(rule=rule.table.name, mismatch=mismatch, decided=not mismatch and not decided)
            )
            decided = decided or not mismatch
        return tuple(shown)

    def still_permits(
        self, destination: Destination, transform: Transform, facts: Facts, now: datetime
    ) -> bool:
        """Whether a text that passed `transform` may go there at this moment. To be asked right before each call.

        Of a decision only the invariant can change while a request waits: agreements begin and end.
        """
        if not facts.counts_as_phi or destination.place is Place.ON_PREMISES:
            return True
        today = now.date()
        if not _baa_fault(destination, facts.service, today):
            return True
        accepts = destination.accepts
        return (
            accepts is not None
            and not facts.has_images
            and today <= accepts.until
            and transform == accepts.deidentified
        )

    def limits(self, facts: Facts) -> Limits:
        """What the caller's role leaves. Raises PolicyRefused where it, or the tenant, does not go so far."""
        tenant = self._tenants.limits(facts.tenant)
        if tenant is None or (facts.patient and not tenant.records):
            what = "is not configured" if tenant is None else "may not draw on patients' records"
            raise PolicyRefused(
                f"Policy refuses: the tenant '{facts.tenant}' {what}.",
                remedy="Use a key of another tenant, or change [gateway.tenants].",
                decision=_refused(facts),
            )
        verdict = self._roles.judge(
            Asked(
                role=facts.role,
                purpose=facts.purpose,
                task=facts.task if facts.task_named else None,
                patient=facts.patient,
                explain=facts.explain,
                break_glass=facts.break_glass,
            )
        )
        if isinstance(verdict, Denied):
            raise PolicyRefused(
                f"Policy refuses: {verdict.reason}.", remedy=verdict.remedy, decision=_refused(facts)
            )
        return verdict

    def _outside(self, destination: Destination, facts: Facts) -> str:
        """Why the tenant or the key may not use a destination, whatever the rules say; empty where they may."""
        tenant = self._tenants.limits(facts.tenant)
        if tenant is None or (
            tenant.destinations is not None and destination.name not in tenant.destinations
        ):
            return f"the tenant '{facts.tenant}' may not use it"
        if facts.key.destinations is not None and destination.name not in facts.key.destinations:
            return "the caller's key may not use it"
        return ""


class _Rule:
    """A rule made ready: its conditions, and the destinations that it names, in its order."""

    __slots__ = ("_among", "_whether", "models", "named", "others", "table")

    def __init__(self, table: RuleConfig, destinations: Sequence[Destination]) -> None:
        self.table = table
        self.models = frozenset(table.models) if table.models is not None else None
        first, by_name = {*table.allow}, {d.name: d for d in destinations}
        order = [n for n in (*table.allow, *table.fallback) if n in by_name]
        if "*" in (*table.allow, *table.fallback):
            order += by_name
        last = {*by_name} if "*" in table.fallback else {*table.fallback}
        self.named = tuple((by_name[n], n in last and not {n, "*"} & first) for n in dict.fromkeys(order))
        self.others = tuple(d for d in destinations if d.name not in order)
        self._whether, self._among = _conditions(table.when)

    def mismatch(self, facts: Facts) -> str:
        """Why `when` does not match, in configured words; empty where it does."""
        for name, attribute, wanted in self._whether:
            if getattr(facts, attribute) is not wanted:
                return f"it wants {name} = {str(wanted).lower()}"
        for name, among in self._among:
            found = getattr(facts, name)
            if not among & set(found) if name == "modality" else found not in among:
                return f"it wants {name} = {' or '.join(sorted(among))}"
        return ""


def _conditions(
    when: When,
) -> tuple[tuple[tuple[str, str, bool], ...], tuple[tuple[str, frozenset[str]], ...]]:
    """What a rule looks at: facts that are true or false, and facts that are one of several."""
    whether: list[tuple[str, str, bool]] = []
    among: list[tuple[str, frozenset[str]]] = []
    for name in When.model_fields:
        wanted = getattr(when, name)
        if isinstance(wanted, bool):
            whether.append((name, "counts_as_phi" if name == "phi" else name, wanted))
        elif wanted is not None:
            among.append((name, frozenset(wanted)))
    return tuple(whether), tuple(among)


def _judge(
    destination: Destination, rule: RuleConfig, facts: Facts, limits: Limits, today: date
) -> Permit | str:
    """A permit, or the reason why there is none."""
    fault = _rule_fault(destination, rule, facts, limits, today)
    if fault:
        return fault
    if not facts.counts_as_phi:
        return Permit(destination=destination, transform=rule.transform, reason="no PHI in the request")
    if facts.has_images and rule.transform in _HIDES:
        return f"the rule '{rule.name}' wants the transform {rule.transform}, which no image can pass"
    if destination.place is Place.ON_PREMISES:
        return Permit(destination=destination, transform=rule.transform, reason="on-premises")
    fault = _baa_fault(destination, facts.service, today)
    if not fault:
        return Permit(destination=destination, transform=rule.transform, reason="under a live BAA")
    accepts = destination.accepts
    if accepts is None:
        return fault
    if today > accepts.until:
        return f"{fault}, and its determination for de-identified text ended"
    if facts.has_images:
        return f"{fault}, and its determination is for de-identified text: an image cannot be de-identified"
    return Permit(
        destination=destination,
        transform=accepts.deidentified,
        reason=f"accepts {accepts.deidentified} text by a determination of {accepts.owner}",
    )


def _rule_fault(destination: Destination, rule: RuleConfig, facts: Facts, limits: Limits, today: date) -> str:
    """What of the rule or the role a destination does not meet, PHI or not; empty where it meets all."""
    if limits.destinations is not None and destination.name not in limits.destinations:
        return f"the role '{facts.role}' may not use it"
    if destination.place is Place.ON_PREMISES:
        return ""
    if rule.regions is not None and destination.region not in rule.regions:
        return f"its region is not among those that the rule '{rule.name}' allows"
    if rule.zero_retention:
        baa = destination.baa
        if baa is None or not baa.zero_retention or _baa_fault(destination, facts.service, today):
            return f"the rule '{rule.name}' wants a live BAA with zero retention"
    return ""


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


def _refused(facts: Facts) -> dict[str, object]:
    return {**facts.to_json(), "rule": None, "allowed": [], "refused": []}


def _why(refused: Mapping[str, str], facts: Facts) -> str:
    reasons = "; ".join(f"{name}: {why}" for name, why in refused.items()) or "no destination is allowed"
    without = "the images" if facts.has_images else "the PHI"
    return f"{reasons}. Use an on-premises destination or one under a BAA, or leave {without} out."
