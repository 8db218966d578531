"""Which of the allowed models? In order of the rule's preference; the first that works is used.

`prefer` orders the permitted models: "cost" by the price of the tokens that the request is estimated to
take (a thousand in and five hundred out where there is no estimate), "latency" by the seconds that each was
measured to take and by nearness (on-premises, private cloud, public cloud) where nothing was measured,
"quality" by the order in which the rule names the destinations. Ties keep the rule's order. What a rule names
as `fallback` only comes after all that it allows, whatever the preference.

Neighbours in that order which serve a model of one name, and which the preference holds for equal, are a
model group: they have the same `rank`, and step 6 shares its calls among them.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from osler.core.errors import PolicyRefused, UnknownModel
from osler.core.models import Destination, Model, ModelKind, Place, Transform
from osler.gateway.policy import Decision, Facts

AUTO = "auto"
_NEARNESS = {Place.ON_PREMISES: 0, Place.PRIVATE_CLOUD: 1, Place.PUBLIC_CLOUD: 2}
_TOKENS_IN, _TOKENS_OUT = 1000, 500
"""What a request is held to take where nobody estimated it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One model at one destination, and the transform its text must pass.

    Targets of one `rank` serve the same model and are equally preferred.
    """

    destination: Destination
    model: Model
    transform: Transform
    rank: int = 0

    @property
    def name(self) -> str:
        """`destination/model`."""
        return f"{self.destination.name}/{self.model.name}"


LatencyOf = Callable[[Target], float | None]
"""Seconds that a target was measured to take to its first token; None where nothing was measured."""


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


def route(
    decision: Decision, wanted: str, kind: ModelKind, *, latency_of: LatencyOf | None = None
) -> tuple[Target, ...]:
    """The targets to try, best first. Raises PolicyRefused when a named model is not permitted."""
    targets = [
        Target(destination=p.destination, model=m, transform=p.transform)
        for p in decision.permits
        for m in p.destination.models
        if m.kind == kind and (wanted == AUTO or _is(p.destination, m, wanted))
    ]
    fitting = [t for t in targets if _unfit(t, decision) is None]
    if not fitting:
        raise _nothing_left(decision, wanted, kind, targets)
    last = {p.destination.name for p in decision.permits if p.fallback}
    keyed = [((t.destination.name in last, *_preference(t, decision, latency_of)), t) for t in fitting]
    keyed.sort(key=lambda pair: pair[0])
    return tuple(_ranked(keyed, shared=decision.prefer != "quality"))


def cost_of(target: Target, facts: Facts) -> float:
    """US dollars that a request of these facts is estimated to cost at a target."""
    tokens_in = _TOKENS_IN if facts.tokens_in is None else facts.tokens_in
    tokens_out = _TOKENS_OUT if facts.tokens_out is None else facts.tokens_out
    return (tokens_in * target.model.price_in + tokens_out * target.model.price_out) / 1_000_000


def _preference(target: Target, decision: Decision, latency_of: LatencyOf | None) -> tuple[float, ...]:
    """What the rule's preference orders by, smallest first; Python's sort keeps the rule's order in ties."""
    if decision.prefer == "cost":
        return (cost_of(target, decision.facts),)
    if decision.prefer == "latency":
        measured = latency_of(target) if latency_of is not None else None
        # One that nobody has measured yet is tried by its nearness, or it would never be measured.
        # In steps of half as much again: twins that were measured a little apart share the work.
        return (
            (0.0, _step(measured))
            if measured is not None
            else (float(_NEARNESS[target.destination.place]), 0.0)
        )
    return ()


def _step(seconds: float) -> float:
    """Milliseconds on a scale whose steps are half as much again, from 0 on."""
    return float(round(math.log(max(seconds * 1000, 1.0), 1.5)))


def _ranked(keyed: Sequence[tuple[tuple[float, ...], Target]], *, shared: bool) -> Sequence[Target]:
    """Targets with their rank: the same as the one before where both are of one group."""
    ranked: list[Target] = []
    before: tuple[object, ...] | None = None
    rank = -1
    for key, target in keyed:
        group = (*key, target.model.name, target.transform)
        if not shared or group != before:
            rank, before = rank + 1, group
        ranked.append(replace(target, rank=rank) if rank else target)
    return ranked


def _unfit(target: Target, decision: Decision) -> str | None:
    """Why a model may not do it where its destination may; None when it may."""
    facts = decision.facts
    if not _among(target, decision.models):
        return f"the rule '{decision.rule}' does not allow this model"
    if not _among(target, facts.key.models):
        return "the caller's key does not allow this model"
    if not _among(target, facts.task_models):
        return "the task does not allow this model"
    if facts.has_images and not target.model.images:
        return "it takes no images (set `images = true` for a model that does)"
    return None


def _among(target: Target, names: frozenset[str] | None) -> bool:
    return names is None or target.model.name in names or target.name in names


def _nothing_left(
    decision: Decision, wanted: str, kind: ModelKind, targets: Sequence[Target]
) -> PolicyRefused:
    reasons = [f"{name}: {why}" for name, why in decision.refused.items()]
    reasons += [f"{t.name}: {_unfit(t, decision)}" for t in targets]
    asked = wanted != AUTO
    if targets:
        message = "Policy refuses: no permitted model may do this request."
    elif asked:
        message = "Policy refuses: the model that was asked for stands where this request may not go."
    else:
        message = f"Policy refuses: no permitted destination serves a {kind} model."
    remedy = "; ".join(reasons) + "."
    if asked:
        remedy += ' Ask for model "auto" to let the rules choose.'
    return PolicyRefused(message, remedy=remedy, decision=decision.to_json())


def _is(destination: Destination, model: Model, wanted: str) -> bool:
    return wanted in (model.name, f"{destination.name}/{model.name}")
