"""Which of the allowed models? In order of the rule's preference; the first that works is used.

`prefer` orders the permitted destinations: "cost" by the price of a thousand tokens in and five
hundred out, "latency" by nearness (on-premises, private cloud, public cloud), "quality" by the
order in which the rule names them. Ties keep the rule's order. What a rule names as `fallback` only
comes after all that it allows, whatever the preference.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from osler.core.errors import PolicyRefused, UnknownModel
from osler.core.models import Destination, Model, ModelKind, Place, Transform
from osler.gateway.policy import Decision

AUTO = "auto"
_NEARNESS = {Place.ON_PREMISES: 0, Place.PRIVATE_CLOUD: 1, Place.PUBLIC_CLOUD: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One model at one destination, and the transform its text must pass."""

    destination: Destination
    model: Model
    transform: Transform

    @property
    def name(self) -> str:
        """`destination/model`."""
        return f"{self.destination.name}/{self.model.name}"


def known_names(destinations: Sequence[Destination], kind: ModelKind | None = None) -> tuple[str, ...]:
    """Model names that a caller may ask for, in configured order, each once."""
    names = [m.name for d in destinations for m in d.models if kind is None or m.kind == kind]
    return tuple(dict.fromkeys(names))


def require_known(destinations: Sequence[Destination], wanted: str, kind: ModelKind) -> None:
    """Raise UnknownModel unless some destination serves `wanted` (a name, or `destination/name`)."""
    if wanted == AUTO:
        return
    if any(_is(d, m, wanted) and m.kind == kind for d in destinations for m in d.models):
        return
    known = ", ".join((AUTO, *known_names(destinations, kind)))
    raise UnknownModel(
        f"No destination serves a {kind} model of that name.", remedy=f"Known: {known}.", param="model"
    )


def route(decision: Decision, wanted: str, kind: ModelKind) -> tuple[Target, ...]:
    """The targets to try, best first. Raises PolicyRefused when a named model is not permitted."""
    targets = [
        Target(destination=p.destination, model=m, transform=p.transform)
        for p in decision.permits
        for m in p.destination.models
        if m.kind == kind and (wanted == AUTO or _is(p.destination, m, wanted))
    ]
    if not targets:
        raise PolicyRefused(
            "Policy refuses: the model that was asked for stands where this request may not go."
            if wanted != AUTO
            else f"Policy refuses: no permitted destination serves a {kind} model.",
            remedy="; ".join(f"{name}: {why}" for name, why in decision.refused.items())
            + ('. Ask for model "auto" to let the rules choose.' if wanted != AUTO else "."),
            decision=decision.to_json(),
        )
    if decision.prefer == "cost":
        targets.sort(key=lambda t: 2 * t.model.price_in + t.model.price_out)
    elif decision.prefer == "latency":
        targets.sort(key=lambda t: _NEARNESS[t.destination.place])
    last = {p.destination.name for p in decision.permits if p.fallback}
    targets.sort(key=lambda t: t.destination.name in last)
    return tuple(targets)


def _is(destination: Destination, model: Model, wanted: str) -> bool:
    return wanted in (model.name, f"{destination.name}/{model.name}")
