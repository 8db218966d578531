"""`[gateway.tenants.*]`: what the callers of one tenant may draw on and send to."""

from pydantic import BaseModel, Field

from osler.gateway.config.shared import STRICT, Name


class TenantConfig(BaseModel):
    """What one tenant's requests are held to. A limit that is left out limits nothing."""

    model_config = STRICT
    collections: tuple[Name, ...] | None = Field(
        None, description="Collections that evidence may come from, besides records. Without it, all."
    )
    destinations: tuple[Name, ...] | None = Field(
        None, description="Destinations that its requests may go to. Without it, all that the rules allow."
    )
    records: bool = Field(
        True, description="Whether its requests may name a patient and draw on patients' records."
    )
