"""`[server]`, `[destinations.*]`, `[[rules]]` and `[[tests]]` of `osler.toml`.

Only shapes and what can be checked from the tables alone; what the tables mean is decided in
`policy.py`. Secrets stand here as references, never as values.
"""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from osler.core.models import Acceptance, Baa, Destination, Model, ModelKind, Place, Transform

STRICT = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Prefer = Literal["cost", "latency", "quality"]


class Secret(BaseModel):
    """Where a secret is found: `{ env = "NAME" }` or `{ file = "path" }`, exactly one of them."""

    model_config = STRICT
    env: str | None = None
    file: str | None = None

    @model_validator(mode="after")
    def _one(self) -> "Secret":
        if (self.env is None) == (self.file is None):
            raise ValueError('give exactly one of { env = "NAME" } and { file = "path" }')
        return self


class ServerConfig(BaseModel):
    """How the gateway is served."""

    model_config = STRICT
    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)
    workers: int = Field(1, ge=1, le=64)
    keys: Literal["auto", "off", "required"] = "auto"
    max_body_mb: int = Field(8, ge=1, le=1024)
    drain_s: int = Field(20, ge=0, le=600)


class BaaConfig(BaseModel):
    """A business associate agreement: who signed, for which services and regions, from when to when."""

    model_config = STRICT
    party: str = Field(min_length=1)
    services: tuple[Literal["chat", "embeddings"], ...] = Field(min_length=1)
    regions: tuple[str, ...] = Field(min_length=1)
    signed: date
    expires: date
    zero_retention: bool = False

    @model_validator(mode="after")
    def _order(self) -> "BaaConfig":
        if self.expires < self.signed:
            raise ValueError("expires is before signed")
        return self


class AcceptsConfig(BaseModel):
    """A determination under which a destination may take de-identified text."""

    model_config = STRICT
    deidentified: Literal["safe-harbor", "redact", "surrogate"]
    determination: str = Field(min_length=1)
    owner: str = Field(min_length=1)
    until: date


class ModelConfig(BaseModel):
    """One model at a destination; prices are US dollars per million tokens."""

    model_config = STRICT
    id: str = Field(min_length=1)
    kind: ModelKind = "chat"
    context: int = Field(8192, ge=1)
    price_in: float = Field(0.0, ge=0)
    price_out: float = Field(0.0, ge=0)


class DestinationConfig(BaseModel):
    """A place that serves models. `options` are handed to the backend that `use` names."""

    model_config = STRICT
    use: str = "openai_wire"
    url: str | None = None
    location: Place
    region: str | None = None
    auth: Secret | None = None
    baa: BaaConfig | None = None
    accepts: AcceptsConfig | None = None
    timeout_s: float = Field(120.0, gt=0, le=3600)
    options: dict[str, object] = Field(default_factory=dict)
    models: dict[Name, ModelConfig] = Field(min_length=1)

    @model_validator(mode="after")
    def _region(self) -> "DestinationConfig":
        if self.baa is not None and self.region is None:
            raise ValueError("region is needed where a baa stands: a BAA covers named regions only")
        return self

    def value(self, name: str) -> Destination:
        """The destination as policy sees it."""
        return Destination(
            name=name,
            place=self.location,
            region=self.region,
            baa=Baa(**self.baa.model_dump()) if self.baa else None,
            accepts=Acceptance(**self.accepts.model_dump()) if self.accepts else None,
            models=tuple(Model(name=key, **model.model_dump()) for key, model in self.models.items()),
        )


class When(BaseModel):
    """What a rule looks at; what is left out matches anything."""

    model_config = STRICT
    phi: bool | None = None
    purpose: tuple[str, ...] | None = None
    role: tuple[str, ...] | None = None


class RuleConfig(BaseModel):
    """One routing rule. The first rule whose `when` matches decides."""

    model_config = STRICT
    name: str = Field(min_length=1)
    when: When = When()
    allow: tuple[str, ...] = ()
    transform: Transform = "surrogate"
    prefer: Prefer = "cost"
    fallback: tuple[str, ...] = ()
    regions: tuple[str, ...] | None = None


class SampleRequest(BaseModel):
    """A request as a rule test states it. `patient = true` stands for any patient's record."""

    model_config = STRICT
    text: str = ""
    model: str = "auto"
    patient: bool = False
    purpose: str = "treatment"
    role: str = "clinician"


class Expectation(BaseModel):
    """What a rule test expects; only what is given is compared. `refused = true` expects a refusal."""

    model_config = STRICT
    destination: tuple[str, ...] | None = None
    transform: Transform | None = None
    rule: str | None = None
    refused: bool = False


class RuleTest(BaseModel):
    """A test of the rules; a configuration whose tests fail is not activated."""

    model_config = STRICT
    request: SampleRequest
    expect: Expectation


DEFAULT_RULES = (
    RuleConfig(
        name="PHI stays inside or under a BAA",
        when=When(phi=True),
        allow=("*",),
        transform="surrogate",
        prefer="cost",
    ),
    RuleConfig(name="no PHI found", when=When(phi=False), allow=("*",), transform="none", prefer="cost"),
)
"""The rules that hold when the configuration states none. The invariant in `policy.py` stands above them."""

DEFAULT_DESTINATIONS = {
    "embedded": DestinationConfig(
        use="extractive",
        location=Place.ON_PREMISES,
        models={
            "extractive": ModelConfig(id="extractive", context=1_000_000),
            "hashing": ModelConfig(id="hashing", kind="embedding", context=1_000_000),
        },
    )
}
"""What serves when the configuration names no destination."""
