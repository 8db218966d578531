"""`[gateway.roles.*]`: what callers of a role may ask for (minimum necessary: 45 CFR 164.502(b), 164.514(d))."""

from typing import Literal

from pydantic import BaseModel, Field

from osler.gateway.config.shared import STRICT

Purpose = Literal["treatment", "payment", "operations", "research"]


class RoleConfig(BaseModel):
    """What one role may do. A limit that is left out limits nothing. The invariant stands above all of it."""

    model_config = STRICT
    purposes: tuple[Purpose, ...] | None = Field(
        None, description="Purposes of use that it may state. Without it, all four."
    )
    tasks: tuple[str, ...] | None = Field(
        None,
        description="Tasks that it may have done; a request that names none is then refused. Without it, all and none.",
    )
    destinations: tuple[str, ...] | None = Field(
        None, description="Destinations that its requests may go to. Without it, all that the rules allow."
    )
    patients: bool = Field(True, description="Whether it may name a patient.")
    records: tuple[str, ...] | None = Field(
        None,
        description="FHIR types of a record that evidence may be taken from, as `Observation`. Without it, all. "
        "Checks of answers read allergies, conditions and medications whatever stands here.",
    )
    explain: bool = Field(True, description="Whether it may ask for what the model was sent.")
    break_glass: bool = Field(
        False,
        description="Whether it may go beyond these limits for treatment, with a reason, which is flagged for review.",
    )


DEFAULT_ROLES = {
    "clinician": RoleConfig(break_glass=True),
    "reviewer": RoleConfig(),
    "service": RoleConfig(),
    "admin": RoleConfig(patients=False),
}
"""What holds for the roles that the configuration does not name. A role that is named here or there only is known."""
