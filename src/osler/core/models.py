"""Destinations and the models they serve: what policy decides over. Values only; no rule stands here."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Literal


class Place(StrEnum):
    """Where a destination runs, as far as policy cares."""

    ON_PREMISES = "on-premises"
    PRIVATE_CLOUD = "private-cloud"
    PUBLIC_CLOUD = "public-cloud"


ModelKind = Literal["chat", "embedding"]
Transform = Literal["none", "surrogate", "redact", "safe-harbor"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Baa:
    """A business associate agreement as the configuration states it (45 CFR 164.504(e)).

    It covers `services` ("chat", "embeddings") in `regions` from `signed` to `expires`, both days included, in UTC.
    """

    party: str
    services: tuple[str, ...]
    regions: tuple[str, ...]
    signed: date
    expires: date
    zero_retention: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """A destination's owner says that it may take de-identified text, under which standard, until when."""

    deidentified: Transform
    determination: str
    owner: str
    until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model at one destination. `name` is what callers ask for, `id` what the server is told.

    `images`: it takes them in. `schemas`: it answers by a JSON Schema. Prices are US dollars per million tokens.
    """

    name: str
    id: str
    kind: ModelKind = "chat"
    context: int = 8192
    price_in: float = 0.0
    price_out: float = 0.0
    images: bool = False
    schemas: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A place that serves models.

    `weight` is its share among destinations of the same model; `max_concurrent` how many requests it takes at once, as
    many as come where None.
    """

    name: str
    place: Place
    region: str | None = None
    baa: Baa | None = None
    accepts: Acceptance | None = None
    models: tuple[Model, ...] = field(default_factory=tuple)
    weight: float = 1.0
    max_concurrent: int | None = None
