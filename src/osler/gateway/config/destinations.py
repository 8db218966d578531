"""`[destinations.*]`: the places that serve models."""

from datetime import date
from typing import Literal

from pydantic import BaseModel, Field, model_validator

from osler.core.models import Acceptance, Baa, Destination, Model, ModelKind, Place
from osler.gateway.config.shared import STRICT, Name, Secret


class BaaConfig(BaseModel):
    """A business associate agreement: who signed, for which services and regions, from when to when."""

    model_config = STRICT
    party: str = Field(min_length=1, description="Who signed it with you.")
    services: tuple[Literal["chat", "embeddings"], ...] = Field(
        min_length=1, description="Which services it covers."
    )
    regions: tuple[str, ...] = Field(
        min_length=1, description="Which regions it covers; the destination's `region` must be one of them."
    )
    signed: date = Field(description="First day, from its first second in UTC.")
    expires: date = Field(
        description="Last day, to its last second in UTC. `osler doctor` and `/metrics` warn 60 days before."
    )
    zero_retention: bool = Field(
        False, description="Whether the other side keeps nothing. Rules with `zero_retention` demand it."
    )

    @model_validator(mode="after")
    def _order(self) -> "BaaConfig":
        if self.expires < self.signed:
            raise ValueError("expires is before signed")
        return self


class AcceptsConfig(BaseModel):
    """A determination under which a destination may take de-identified text."""

    model_config = STRICT
    deidentified: Literal["safe-harbor", "redact", "surrogate"] = Field(
        description="The transform that the text must pass."
    )
    determination: str = Field(
        min_length=1, description="Where the determination is kept: a file's path, a number."
    )
    owner: str = Field(min_length=1, description="Who answers for it.")
    until: date = Field(description="Last day, to its last second in UTC.")


class ModelConfig(BaseModel):
    """One model at a destination; prices are US dollars per million tokens."""

    model_config = STRICT
    id: str = Field(min_length=1, description="What the model is called at the server.")
    kind: ModelKind = Field("chat", description="What it is for.")
    context: int = Field(
        8192,
        ge=1,
        description="Tokens of prompt and answer together. Nothing is cut to it; `ollama` is told it, and "
        "`osler doctor` compares it with what the server says.",
    )
    price_in: float = Field(
        0.0, ge=0, description='US dollars per million tokens, in and out. Used by `prefer = "cost"`.'
    )
    price_out: float = Field(
        0.0, ge=0, description='US dollars per million tokens, in and out. Used by `prefer = "cost"`.'
    )
    images: bool = Field(
        False, description="Whether it takes images in. A request with images goes to no other model."
    )
    schemas: bool = Field(
        True,
        description="Whether it answers by a JSON Schema (`response_format`). Where not, a task's prompt alone asks "
        "for the shape.",
    )


class UpstreamTlsConfig(BaseModel):
    """How a model server proves who it is, and Osler to it. Files in PEM form."""

    model_config = STRICT
    ca: str | None = Field(
        None,
        min_length=1,
        description="File of authorities. Only these are trusted then, not the system's.",
    )
    cert: str | None = Field(
        None, min_length=1, description="File of Osler's own certificate, where the server asks for one."
    )
    key: str | None = Field(
        None, min_length=1, description="File of that certificate's private key, without a passphrase."
    )

    @model_validator(mode="after")
    def _pair(self) -> "UpstreamTlsConfig":
        if (self.cert is None) != (self.key is None):
            raise ValueError("cert and key belong together")
        return self


class DestinationConfig(BaseModel):
    """A place that serves models. `options` are handed to the backend that `use` names."""

    model_config = STRICT
    use: str = Field(
        "openai_wire",
        description=(
            "The backend plug-in. `openai_wire`: any server that speaks OpenAI's wire. `vllm`, `tgi`, `ollama`, "
            "`llama_cpp`: the same, with what is particular to each. `extractive`: the stand-in."
        ),
    )
    url: str | None = Field(
        None,
        description=(
            "Base address, `https://host/v1`. No credentials, query or fragment in it. "
            "All backends but `extractive` need it."
        ),
    )
    location: Place = Field(
        description=("Where it runs. You state this; Osler cannot check it. Both clouds need a BAA for PHI.")
    )
    region: str | None = Field(None, description="Where in the cloud. Needed where a `baa` stands.")
    auth: Secret | None = Field(None, description="The bearer token that is sent to the server.")
    tls: UpstreamTlsConfig | None = Field(
        None,
        description="Authorities to trust instead of the system's, and a certificate of Osler's own, below. "
        "TLS is 1.2 or later; certificates and names are always verified.",
    )
    proxy: str | None = Field(
        None,
        description="`http://host:port` of a proxy on the way; https goes through it by CONNECT. No credentials in "
        "it. Proxies that the environment names are not used.",
    )
    proxy_auth: Secret | None = Field(None, description="NAME:PASSWORD for the proxy.")
    baa: BaaConfig | None = Field(None, description="A business associate agreement, below.")
    accepts: AcceptsConfig | None = Field(
        None, description="A determination that de-identified text may go there, below."
    )
    timeout_s: float = Field(
        120.0,
        gt=0,
        le=3600,
        description=(
            "A plain answer as a whole; on a stream the wait for each next event. Used where `url` is given."
        ),
    )
    weight: float = Field(
        1.0,
        gt=0,
        le=1000,
        description="Its share of the requests among destinations that are equally preferred for the same model.",
    )
    max_concurrent: int | None = Field(
        None,
        ge=1,
        le=100_000,
        description=(
            "Requests that one worker process has it answer at once; more wait in `[gateway.queue]`. "
            "Without it as many as come."
        ),
    )
    options: dict[str, object] = Field(
        default_factory=dict,
        description=(
            "Further options of the backend. All but `extractive` have `connect_timeout_s` (5 seconds), "
            "`stream_timeout_s` (1800 seconds: a stream as a whole), `max_answer_mb` (4 MiB), `embed_batch` (texts "
            "in one request for vectors: all, with `tgi` 32) and `client` (`lean`, or `aiohttp`, which serves where "
            "a proxy is named). Unknown ones are refused, and so are those that have their own keys: `url`, `token`, "
            "`tls`, `proxy`, `proxy_auth`."
        ),
    )
    models: dict[Name, ModelConfig] = Field(
        min_length=1, description="The models it serves: `models.NAME = { … }`, at least one."
    )

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
            weight=self.weight,
            max_concurrent=self.max_concurrent,
        )


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
