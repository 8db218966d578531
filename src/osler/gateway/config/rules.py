"""`[[rules]]` and `[[tests]]`: where requests may go, and what is expected of that."""

from typing import Literal

from pydantic import BaseModel, Field

from osler.core.messages import Latency
from osler.core.models import Transform
from osler.gateway.config.shared import STRICT

Prefer = Literal["cost", "latency", "quality"]
Complexity = Literal["low", "medium", "high"]
Modality = Literal["text", "image"]


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
    task: tuple[str, ...] | None = Field(
        None, description="The task that the request names, or that it was taken for."
    )
    specialty: tuple[str, ...] | None = Field(None, description="The specialty that the request states.")
    complexity: tuple[Complexity, ...] | None = Field(
        None, description="How hard the request seems to be, by the estimator: `low`, `medium`, `high`."
    )
    latency: tuple[Latency, ...] | None = Field(
        None,
        description="How soon an answer is needed, as the request states it: `critical`, `interactive`, `batch`; "
        "`interactive` if it does not.",
    )
    modality: tuple[Modality, ...] | None = Field(
        None, description="`text`, or `image` where the request holds at least one."
    )
    tenant: tuple[str, ...] | None = Field(None, description="The tenant of the API key.")
    patient: bool | None = Field(None, description="Whether the request names a patient.")
    over_budget: bool | None = Field(None, description="Whether the caller's budget is used up.")
    break_glass: bool | None = Field(None, description="Whether the request breaks the glass.")


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
    models: tuple[str, ...] | None = Field(
        None, description="Only models of these names. Without it, all that the destinations serve."
    )
    transform: Transform = Field(
        "surrogate", description="What happens to identifiers before the text leaves."
    )
    prefer: Prefer = Field(
        "cost",
        description=(
            "Which of the permitted models comes first. `cost`: the cheapest for the tokens that the "
            "request is estimated to take. `latency`: the quickest as measured; where nothing was measured yet, "
            "on-premises, then private cloud, then public cloud. `quality`: in the order in which the rule "
            "names them. Ties keep the rule's order."
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
    zero_retention: bool = Field(
        False,
        description="Whether a cloud destination must be under a live BAA that says `zero_retention = true`.",
    )


class SampleRequest(BaseModel):
    """A request as a rule test states it. `patient = true` stands for any patient's record, `images = true`
    for any image."""

    model_config = STRICT
    text: str = Field("", description="The question; identifiers in it are looked for as in a real one.")
    model: str = Field("auto", description="The model asked for.")
    patient: bool = Field(False, description="Whether a patient is named; stands for any patient's record.")
    purpose: str = Field("treatment", description="What the request is for.")
    role: str = Field("clinician", description="The caller's role.")
    task: str | None = Field(None, description="The task that it names.")
    specialty: str | None = Field(None, description="The specialty that it states.")
    complexity: Complexity | None = Field(
        None, description="How hard it is. Without it, what the estimator says of the text."
    )
    latency: Latency = Field("interactive", description="How soon an answer is needed.")
    tenant: str = Field("default", description="The caller's tenant.")
    images: bool = Field(False, description="Whether it holds images.")
    over_budget: bool = Field(False, description="Whether the caller's budget is used up.")
    break_glass: bool = Field(False, description="Whether it breaks the glass.")


class Expectation(BaseModel):
    """What a rule test expects; only what is given is compared. `refused = true` expects a refusal."""

    model_config = STRICT
    destination: tuple[str, ...] | None = Field(None, description="It goes to one of these first.")
    model: tuple[str, ...] | None = Field(None, description="A model of one of these names is asked first.")
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
