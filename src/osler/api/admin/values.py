"""What comes in and goes out over `/admin`: FastAPI checks it against these types and makes their schemas."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from osler.app.config import Config
from osler.core.ports.access import SCOPES, KeyRole

STRICT = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)

_SCRIPTS = (
    "!-~\u00a1-\u00ac\u00ae-\u024f"  # Latin, digits, punctuation
    "\u0391-\u03a1\u03a3-\u03ff\u0400-\u0482\u048a-\u052f"  # Greek, Cyrillic
    "\u05d0-\u05ea\u0620-\u064a\u0904-\u0939"  # Hebrew, Arabic, Devanagari
    "\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff\uac00-\ud7a3"  # Japanese, Chinese, Korean
)
KEY_NAME = f"^[{_SCRIPTS}]([ {_SCRIPTS}]{{0,62}}[{_SCRIPTS}])?$"
"""Letters, digits and punctuation, and spaces between them. The command line takes every printable character."""

TENANT = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
_NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
SCOPE = f"^({'|'.join(SCOPES)}|admin|(models|destinations):{_NAME}(/{_NAME})?)$"
Day = Annotated[str, Field(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$", json_schema_extra={"format": "date"})]
KeyId = Annotated[str, Field(pattern="^[0-9a-f]{12}$")]
HeadText = Annotated[str, Field(pattern="^[0-9]{1,18}:[0-9a-f]{64}$")]
After = Annotated[int, Field(ge=0, le=2**63 - 1, description="Records with a greater number.")]
Limit = Annotated[int, Field(ge=1, le=1000, description="How many at most.")]
Offset = Annotated[int, Field(ge=0, le=2**31, description="How many to leave out.")]

RoleAsked = Annotated[
    str, Field(pattern="^[A-Za-z0-9._-]{1,64}$", description="The caller's role to assume.")
]
TenantAsked = Annotated[
    str, Field(pattern="^[A-Za-z0-9._-]{1,64}$", description="The caller's tenant to assume.")
]
Pending = Annotated[bool, Field(description="Only those that nobody has reviewed yet.")]
RecordNumber = Annotated[int, Field(ge=1, le=2**63 - 1)]


class HeadShown(BaseModel):
    """The newest record of the audit log: keep it elsewhere as `NUMBER:HASH`."""

    number: int
    hash: str


class Status(BaseModel):
    """How this process stands. Each worker process answers for itself."""

    version: str
    config: str = Field(description="Digest of the configuration in force.")
    instance: str = Field(description="This process, as its audit records name it.")
    started: str
    uptime_s: int
    keys: int = Field(description="API keys that are not revoked.")
    collections: int
    documents: int
    passages: int
    patients: int = Field(description="Patients with a record in this workspace.")
    audit: HeadShown


class ConfigShown(BaseModel):
    """The configuration in force, as `osler config show --json` prints it; secrets are references."""

    digest: str
    config: Config


class TomlText(BaseModel):
    """A configuration to check: the text of an `osler.toml`."""

    model_config = STRICT
    toml: str = Field(max_length=262_144, repr=False)


class CheckShown(BaseModel):
    """Whether a configuration is in order, and the first fault where it is not. It is not put in force."""

    ok: bool
    tests: int = Field(description="Rule tests that were run and passed.")
    digest: str | None
    code: str | None
    fault: str


class ReloadShown(BaseModel):
    """A configuration was put in force in the process that answered.

    `others_told`: this machine's other worker processes were told to do the same; each writes an audit record of the
    kind `configuration`. Servers on other machines are not told.
    """

    config: str = Field(description="Digest of the configuration now in force.")
    previous: str = Field(description="Digest of the one before.")
    changed: list[str] = Field(description="Tables of osler.toml that differ.")
    others_told: bool


class RuleShown(BaseModel):
    """A rule, whether it decides, and why it does not match."""

    rule: str
    decides: bool
    mismatch: str


class TargetShown(BaseModel):
    """A model that would be tried, in order. `used`: it would get the same text as the first."""

    destination: str
    model: str
    transform: str
    rank: int
    cost_usd: float
    used: bool


class Explained(BaseModel):
    """The decision trace of a request: configured names and counts, nothing of its text."""

    permitted: bool
    refusal: str | None
    facts: dict[str, Any]
    tokens: dict[str, int | None]
    rules: list[RuleShown]
    rule: str | None
    prefer: str | None
    allowed: list[dict[str, str]]
    refused: list[dict[str, str]]
    transform: str | None
    targets: list[TargetShown]
    replaced: dict[str, int] = Field(description="Identifiers that would be replaced, by kind.")
    config: str


class ReviewShown(BaseModel):
    """Who said that it was reviewed, and when."""

    number: int
    time: str
    key: str


class GlassShown(BaseModel):
    """A request that broke the glass. `reason` may hold PHI.

    It is null once the patient's key was shredded, and where the request failed before it was known who the patient is.
    """

    number: int
    time: str
    request_id: str
    key: str
    role: str
    tenant: str
    patient: str | None
    outcome: str
    reason: str | None = Field(repr=False)
    reviewed: ReviewShown | None


class GlassList(BaseModel):
    """Requests that broke the glass, oldest first."""

    requests: list[GlassShown]


class Reviewed(BaseModel):
    """The review is in the audit log."""

    number: int


class KeyWanted(BaseModel):
    """A key to make. Do not use a patient's name."""

    model_config = STRICT
    name: str = Field(pattern=KEY_NAME, repr=False)
    role: KeyRole = "clinician"
    tenant: str | None = Field(
        None, pattern=TENANT, description="Without it that of the key which makes this one."
    )
    scopes: list[Annotated[str, Field(pattern=SCOPE)]] = Field(
        default_factory=list,
        max_length=64,
        description="Routes, `models:NAME`, `destinations:NAME`. Without any: what the role may do.",
    )
    expires: Day | None = Field(None, description="Its last day, to its last second in UTC.")
    per_minute: int | None = Field(None, ge=1, le=10_000_000, description="Its own limit of requests.")


class KeyTurned(BaseModel):
    """How a key is replaced. `keep`: the old one stays valid until it is revoked."""

    model_config = STRICT
    keep: bool = False


class KeyShown(BaseModel):
    """A key as it is listed, never its text."""

    id: str
    name: str
    role: str
    tenant: str
    scopes: list[str]
    expires: str | None
    per_minute: int | None
    created: str
    revoked: str | None


class KeyMade(KeyShown):
    """A new key. `key` is its text, which is shown here and nowhere else."""

    key: str = Field(repr=False)


class KeyList(BaseModel):
    """All keys, oldest first, revoked ones too."""

    keys: list[KeyShown]


class CollectionShown(BaseModel):
    """How much one collection holds."""

    collection: str
    documents: int
    passages: int
    patients: int


class CollectionList(BaseModel):
    """What is loaded."""

    collections: list[CollectionShown]


class PluginShown(BaseModel):
    """What one package offers at a plug point, and whether the configuration uses that name."""

    group: str
    name: str
    package: str
    version: str
    target: str
    in_use: bool


class PluginList(BaseModel):
    """What is installed. Nothing of it is imported for this."""

    plugins: list[PluginShown]


class RecordShown(BaseModel):
    """An audit record, as `osler audit show --json` prints it."""

    number: int
    time: str
    kind: str
    request_id: str
    instance: str
    body: dict[str, Any]
    prev: str
    hash: str


class RecordPage(BaseModel):
    """Records in order. `more`: there were others after them when this was asked."""

    records: list[RecordShown]
    more: bool


class VerifyWanted(BaseModel):
    """A head that was kept elsewhere, which the chain must still hold."""

    model_config = STRICT
    head: HeadText | None = None


class ChainShown(BaseModel):
    """Whether the whole chain holds, as `osler audit verify --json` prints it."""

    ok: bool
    records: int
    head: HeadShown
    broken_at: int | None
    reason: str
    open_streams: int


class HoldingShown(BaseModel):
    """One subject of the vault, by handle: when its key was made, under which master key, how many surrogate maps."""

    handle: str
    created: str
    key: str
    maps: int
    expires: str | None


class HoldingPage(BaseModel):
    """Subjects, oldest first. `behind` of all of them are sealed under an older master key: a rotation is due."""

    subjects: list[HoldingShown]
    total: int
    behind: int


class ExpiredShown(BaseModel):
    """How many surrogate maps had expired and are destroyed."""

    maps: int
