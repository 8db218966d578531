"""`[gateway.estimators]`: how the task and the complexity of a request are estimated."""

from pydantic import BaseModel, Field

from osler.gateway.config.shared import STRICT


class EstimatorsConfig(BaseModel):
    """Which estimators are asked. `rules` is built in; `"off"` asks none."""

    model_config = STRICT
    task: str = Field(
        "rules",
        min_length=1,
        description="Estimates the task of a request that names none, for `when.task` of rules. `off`: such a request "
        "has no task.",
    )
    complexity: str = Field(
        "rules",
        min_length=1,
        description="Estimates how hard a request is, for `when.complexity` of rules. `off`: every request is `low`.",
    )
    options: dict[str, dict[str, object]] = Field({}, description="Options of each: `options.NAME = { … }`.")
