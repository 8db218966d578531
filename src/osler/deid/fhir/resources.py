"""Resources: whole, contained, in Bundles, and the few with rules of their own."""

import re
from typing import Any

from osler.deid.accounting import Outcome
from osler.deid.fhir.datatypes import SPECIAL, content
from osler.deid.fhir.identity import person_of
from osler.deid.fhir.walk import Json, Special, Walk

_ASKS_AGE = re.compile(r"\bage\b|\bhow old\b|\byears old\b", re.I)
_COMMON = (
    "resourceType",
    "id",
    "meta",
    "text",
    "language",
    "implicitRules",
    "contained",
    "_language",
    "_implicitRules",
)


def treatable(walk: Walk, value: object) -> bool:
    """Whether a resource is of a type that is treated, and nothing modifies its meaning in ways not known."""
    return (
        isinstance(value, dict)
        and isinstance(value.get("resourceType"), str)
        and value["resourceType"] in walk.rules.resources
        and not value.get("modifierExtension")
    )


def shown_type(walk: Walk, value: object) -> str:
    """The resource type if it is one of R4, "?" otherwise."""
    kind = value.get("resourceType") if isinstance(value, dict) else None
    return kind if isinstance(kind, str) and kind in walk.rules.resource_types else "?"


def resource(walk: Walk, value: Json, *, contained: bool = False) -> Json | None:
    """A resource with everything in it; None when it is removed whole."""
    if not treatable(walk, value):
        walk.removed(shown_type(walk, value), value)
        return None
    outer = (walk.kind, walk.person, walk.contained, walk.aged)
    kind = walk.kind = value["resourceType"]
    walk.aged = False
    if not contained:
        walk.person = person_of(value, walk.identity, walk.session, walk.links)
        walk.contained = frozenset(_contained_ids(walk, value.get("contained")))
    try:
        return _resource(walk, value, kind, contained=contained)
    finally:
        walk.kind, walk.person, walk.contained, walk.aged = outer


def _resource(walk: Walk, value: Json, kind: str, *, contained: bool) -> Json:
    out: Json = {"resourceType": kind}
    walk.ledger.book(f"{kind}.resourceType", Outcome.KEPT)
    if "id" in value:
        if isinstance(value["id"], str):
            walk.ledger.book(f"{kind}.id", Outcome.REPLACED)
            out["id"] = walk.links.id(value["id"])
        else:
            walk.removed(f"{kind}.id", value["id"])
    common = {k: value[k] for k in value if k in _COMMON and k not in ("resourceType", "id", "contained")}
    if common:
        out |= walk.fields(common, walk.rules.elements["Common"], kind) or {}
    if contained:
        out.get("meta", {}).pop("security", None)
        if not out.get("meta", True):
            del out["meta"]
    else:
        _label(walk, out)
    if "contained" in value:
        inner = value["contained"] if isinstance(value["contained"], list) else [value["contained"]]
        kept = [r for one in inner if (r := resource(walk, one, contained=True)) is not None]
        if not inner:
            walk.removed(f"{kind}.contained", [])
        if kept:
            out["contained"] = kept
    own = {k: v for k, v in value.items() if k not in _COMMON}
    if own:
        out |= walk.composite(own, kind, kind) or {}
    return out


def _label(walk: Walk, out: Json) -> None:
    """Says in `meta.security` what was done."""
    code, display = walk.rules.security[walk.session.mode]
    tag = {"system": walk.rules.security_system, "code": code, "display": display}
    meta: Json = out.pop("meta", {})
    labels = [one for one in meta.get("security", []) if one.get("code") != code]
    fresh = {"resourceType": out.pop("resourceType"), **({"id": out.pop("id")} if "id" in out else {})}
    rest = dict(out)
    out.clear()
    out |= {**fresh, "meta": {**meta, "security": [*labels, tag]}, **rest}


def _contained_ids(walk: Walk, value: object) -> list[str]:
    inner: list[Any] = value if isinstance(value, list) else [value]
    return [one["id"] for one in inner if treatable(walk, one) and isinstance(one.get("id"), str)]


# -- resources and parts with rules of their own


def nested(walk: Walk, value: Json, _: str, __: str) -> Json | None:
    """A resource within a Bundle or Parameters."""
    return resource(walk, value)


def entry(walk: Walk, value: Json, kind: str, path: str) -> Json | None:
    """An entry of a Bundle; it goes whole when its resource does."""
    inner = value.get("resource")
    if inner is not None and not treatable(walk, inner):
        walk.removed(f"{path}.resource({shown_type(walk, inner)})", value)
        return None
    return walk.fields(value, walk.rules.elements[kind], path)


def observation(walk: Walk, value: Json, kind: str, path: str) -> Json | None:
    """An Observation or component of it; its value may be an age."""
    outer, walk.aged = walk.aged, _codes_age(walk, value.get("code"))
    try:
        return walk.fields(value, walk.rules.elements[kind], path)
    finally:
        walk.aged = outer


def _codes_age(walk: Walk, concept: object) -> bool:
    codings = concept.get("coding") if isinstance(concept, dict) else None
    return any(
        isinstance(c, dict)
        and c.get("system") == walk.rules.age_system
        and c.get("code") in walk.rules.age_codes
        for c in (codings if isinstance(codings, list) else ())
    )


def item(walk: Walk, value: Json, kind: str, path: str) -> Json | None:
    """A question with its answers; the answers may be ages."""
    text = value.get("text")
    outer, walk.aged = walk.aged, isinstance(text, str) and _ASKS_AGE.search(text) is not None
    try:
        return walk.fields(value, walk.rules.elements[kind], path)
    finally:
        walk.aged = outer


def binary(walk: Walk, value: Json, kind: str, path: str) -> Json | None:
    """A Binary, whose content is kept if it is text."""
    elements = walk.rules.elements[kind]
    out = walk.fields({k: v for k, v in value.items() if k != "data"}, elements, path) or {}
    if "data" in value:
        data, _ = content(walk, value["data"], value.get("contentType"), f"{path}.data")
        if data is not None:
            out["data"] = data
    return out or None


PARTS: dict[str, Special] = {
    **SPECIAL,
    "Resource": nested,
    "Bundle.entry": entry,
    "Observation": observation,
    "Observation.component": observation,
    "QuestionnaireResponse.item": item,
    "Binary": binary,
}
"""Data types, parts and resources with a function of their own."""

__all__ = ["PARTS", "resource"]


def is_resource(value: Any) -> bool:
    """Whether a value is a JSON object that says which resource it is."""
    return isinstance(value, dict) and isinstance(value.get("resourceType"), str)
