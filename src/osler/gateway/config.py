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
    env: str | None = Field(None, description='Name of an environment variable: `{ env = "EAST_KEY" }`.')
    file: str | None = Field(
        None,
        description=(
            'Path of a file: `{ file = "/run/secrets/east" }`. A relative path counts from the '
            "folder in which Osler is started."
        ),
    )

    @model_validator(mode="after")
    def _one(self) -> "Secret":
        if (self.env is None) == (self.file is None):
            raise ValueError('give exactly one of { env = "NAME" } and { file = "path" }')
        return self


class TlsConfig(BaseModel):
    """Files in PEM form: the certificate with its chain, and its private key without a passphrase."""

    model_config = STRICT
    cert: str = Field(min_length=1, description="File of the certificate with its chain, in PEM.")
    key: str = Field(min_length=1, description="File of its private key, in PEM, without a passphrase.")


class RateLimitConfig(BaseModel):
    """Requests a minute, counted by each worker process for itself; 0: no limit.

    A caller that was silent for a minute may make a minute's worth at once.
    """

    model_config = STRICT
    per_minute: int = Field(6_000, ge=0, le=10_000_000, description="Of one API key; 0: no limit.")
    burst: int | None = Field(
        None,
        ge=1,
        le=10_000_000,
        description="Of one API key at once, after a pause. Without it as many as `per_minute`.",
    )
    keyless_per_minute: int = Field(
        60_000, ge=0, le=10_000_000, description="Of one address, where keys are off; 0: no limit."
    )
    admin_per_minute: int = Field(
        300, ge=0, le=10_000_000, description="Of one API key on the admin surface; 0: no limit."
    )
    refused_per_minute: int = Field(
        30,
        ge=0,
        le=10_000_000,
        description=(
            "Without a valid key, from one address (an IPv6 network of 64 bits counts as one); after that 429 "
            "instead of 401. A valid key is served all the same. 0: no limit."
        ),
    )


class TimeoutsConfig(BaseModel):
    """How long a caller may take, in seconds: to send the head of a request, to send its body, to begin
    the next request on an open connection, and to take what is sent to it. `guard_s` is how long a guard
    may take that waits for something outside of the process (a detector service, a database across a
    network), and the audit log."""

    model_config = STRICT
    head_s: float = Field(10.0, gt=0, le=600, description="For a caller, to send the head of a request.")
    body_s: float = Field(60.0, gt=0, le=3600, description="For a caller, to send the body of a request.")
    idle_s: float = Field(
        5.0, gt=0, le=3600, description="For a caller, to begin the next request on an open connection."
    )
    write_s: float = Field(30.0, gt=0, le=3600, description="For a caller, to take what is sent to it.")
    guard_s: float = Field(
        30.0,
        gt=0,
        le=3600,
        description=(
            "For a guard that waits for something outside of the process (a detector service, a "
            "database across a network), and for the audit log."
        ),
    )


class ServerConfig(BaseModel):
    """How the gateway is served."""

    model_config = STRICT
    host: str = Field(
        "127.0.0.1",
        description=(
            "Address to bind. `osler serve --host` overrides it. Anything but loopback can be "
            "reached from other machines: keys are then required, and so is `tls` or `behind_tls_proxy`."
        ),
    )
    port: int = Field(8080, ge=0, le=65535, description="Port; 0 takes a free one. `--port` overrides it.")
    workers: int = Field(
        1,
        ge=1,
        le=64,
        description=(
            "Worker processes. They share one workspace and one audit chain. `--workers` overrides it."
        ),
    )
    keys: Literal["auto", "off", "required"] = Field(
        "auto",
        description=(
            "API keys. `auto`: required unless bound to loopback without `behind_tls_proxy`. `off` on another "
            "address than loopback, or with `behind_tls_proxy`, is refused at start. **Behind a proxy that this "
            "file does not mention set `required`**: everybody whom it lets in would be served."
        ),
    )
    tls: TlsConfig | None = Field(
        None,
        description="Certificate and key, below: the gateway then speaks HTTPS, TLS 1.2 or later. Renewed files "
        "are taken up by a restart.",
    )
    behind_tls_proxy: bool = Field(
        False,
        description=(
            "A proxy in front of the gateway speaks TLS. Without this or `tls`, no other address "
            "than loopback is bound. Callers are then told apart by the last entry of X-Forwarded-For, for "
            "`refused_per_minute` only: let the proxy set it. `--behind-tls-proxy` sets it too."
        ),
    )
    max_body_mb: int = Field(8, ge=1, le=1024, description="Largest request body, in MiB.")
    max_concurrent: int = Field(
        1_000,
        ge=1,
        le=100_000,
        description="Requests that one worker process works on at once; above that it answers 503 with "
        "`retry-after`. Health, readiness and metrics are not counted.",
    )
    rate_limit: RateLimitConfig = Field(
        RateLimitConfig(), description="How many requests callers may make, below."
    )
    timeouts: TimeoutsConfig = Field(TimeoutsConfig(), description="How long callers may take, below.")
    drain_s: int = Field(
        20, ge=0, le=600, description="On stopping, how long requests in flight may take to finish."
    )


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
    signed: date = Field(description="First day.")
    expires: date = Field(description="Last day. `osler doctor` warns 60 days before.")
    zero_retention: bool = Field(
        False, description="Whether the other side keeps nothing. Recorded; no rule looks at it yet."
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
    until: date = Field(description="Last day.")


class ModelConfig(BaseModel):
    """One model at a destination; prices are US dollars per million tokens."""

    model_config = STRICT
    id: str = Field(min_length=1, description="What the model is called at the server.")
    kind: ModelKind = Field("chat", description="What it is for.")
    context: int = Field(
        8192, ge=1, description="Tokens that it takes in. Informs only: nothing is cut to it."
    )
    price_in: float = Field(
        0.0, ge=0, description='US dollars per million tokens, in and out. Used by `prefer = "cost"`.'
    )
    price_out: float = Field(
        0.0, ge=0, description='US dollars per million tokens, in and out. Used by `prefer = "cost"`.'
    )


class DestinationConfig(BaseModel):
    """A place that serves models. `options` are handed to the backend that `use` names."""

    model_config = STRICT
    use: str = Field(
        "openai_wire",
        description=(
            "The backend plug-in. `openai_wire`: any server that speaks OpenAI's wire (vLLM, TGI,"
            " Ollama, llama.cpp, clouds). `extractive`: the stand-in."
        ),
    )
    url: str | None = Field(
        None,
        description=(
            "Base address, `https://host/v1`. No credentials, query or fragment in it. "
            "`openai_wire` needs it."
        ),
    )
    location: Place = Field(
        description=("Where it runs. You state this; Osler cannot check it. Both clouds need a BAA for PHI.")
    )
    region: str | None = Field(None, description="Where in the cloud. Needed where a `baa` stands.")
    auth: Secret | None = Field(None, description="The bearer token that is sent to the server.")
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
    options: dict[str, object] = Field(
        default_factory=dict,
        description=(
            "Further options of the backend. `openai_wire` has `connect_timeout_s` (5 seconds), "
            "`stream_timeout_s` (1800 seconds: a stream as a whole) and `max_answer_mb` (4 MiB). "
            "Unknown ones are refused, and so are `url` and `token`, which have their own keys."
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
        )


class When(BaseModel):
    """What a rule looks at; what is left out matches anything."""

    model_config = STRICT
    phi: bool | None = Field(None, description="Whether the request counts as PHI.")
    purpose: tuple[str, ...] | None = Field(
        None,
        description=(
            "`treatment`, `payment`, `operations`, `research`, as the request states it; "
            "`treatment` if it does not."
        ),
    )
    role: tuple[str, ...] | None = Field(
        None,
        description=(
            "The role of the API key: `clinician`, `reviewer`, `service`, `admin`. Without keys, "
            "and on the command line, `clinician`."
        ),
    )


class RuleConfig(BaseModel):
    """One routing rule. The first rule whose `when` matches decides."""

    model_config = STRICT
    name: str = Field(min_length=1, description="Shown in the decision and in the audit record.")
    when: When = Field(When(), description="What the request must be like, below.")
    allow: tuple[str, ...] = Field(
        (),
        description=(
            'Which may be used; `"*"` stands for all. A name that is not configured is refused, '
            "with the nearest one."
        ),
    )
    transform: Transform = Field(
        "surrogate", description="What happens to identifiers before the text leaves."
    )
    prefer: Prefer = Field(
        "cost",
        description=(
            "Which of the permitted models comes first. `cost`: the cheapest for 1,000 tokens in "
            "and 500 out. `latency`: on-premises, then private cloud, then public cloud. "
            "`quality`: in the order in which the rule names them. Ties keep the rule's order."
        ),
    )
    fallback: tuple[str, ...] = Field(
        (),
        description=(
            "More destinations that may be used, but only after all of `allow`, whatever `prefer`"
            " says. One that needs another transform than the first choice is not used."
        ),
    )
    regions: tuple[str, ...] | None = Field(
        None, description="Where given, a cloud destination must be in one of them."
    )


class SampleRequest(BaseModel):
    """A request as a rule test states it. `patient = true` stands for any patient's record."""

    model_config = STRICT
    text: str = Field("", description="The question; identifiers in it are looked for as in a real one.")
    model: str = Field("auto", description="The model asked for.")
    patient: bool = Field(False, description="Whether a patient is named; stands for any patient's record.")
    purpose: str = Field("treatment", description="What the request is for.")
    role: str = Field("clinician", description="The caller's role.")


class Expectation(BaseModel):
    """What a rule test expects; only what is given is compared. `refused = true` expects a refusal."""

    model_config = STRICT
    destination: tuple[str, ...] | None = Field(None, description="It goes to one of these first.")
    transform: Transform | None = Field(None, description="Its text passes this transform.")
    rule: str | None = Field(None, description="The rule of this name decides.")
    refused: bool = Field(False, description="It is refused.")


class RuleTest(BaseModel):
    """A test of the rules; a configuration whose tests fail is not activated."""

    model_config = STRICT
    request: SampleRequest = Field(description="The request to try.")
    expect: Expectation = Field(description="What must come of it; only what is given is compared.")


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
