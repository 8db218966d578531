"""`[gateway.budgets.*]`: how many tokens and how much money callers may use up."""

from typing import Literal

from pydantic import BaseModel, Field, model_validator

from osler.gateway.config.shared import STRICT


class BudgetConfig(BaseModel):
    """One budget. It binds the callers that it names by key, tenant and role, together or each for itself."""

    model_config = STRICT
    keys: tuple[str, ...] | None = Field(
        None, description="Ids of the API keys that it binds. Without it, all."
    )
    tenants: tuple[str, ...] | None = Field(None, description="Tenants that it binds. Without it, all.")
    roles: tuple[str, ...] | None = Field(None, description="Roles that it binds. Without it, all.")
    each: Literal["key", "tenant", "all"] = Field(
        "key",
        description="Whose use is counted together: each key's, each tenant's, or that of all whom it binds.",
    )
    per: Literal["day", "month"] = Field("day", description="When it begins anew, in UTC.")
    tokens: int | None = Field(None, ge=1, description="Most tokens, in and out.")
    usd: float | None = Field(None, gt=0, description="Most US dollars, by the prices of the models.")
    on_over: Literal["refuse", "route"] = Field(
        "refuse",
        description="When it is used up: `refuse` answers 429 until it begins anew; `route` lets the rules decide, "
        "which see `over_budget = true`.",
    )

    @model_validator(mode="after")
    def _bounded(self) -> "BudgetConfig":
        if self.tokens is None and self.usd is None:
            raise ValueError("give tokens, usd or both: a budget without either bounds nothing")
        return self
