"""`[tasks.*]`: named pieces of work, each with its prompt, the shape of its output, its checks and its models."""

from pydantic import BaseModel, Field

from osler.gateway.config.shared import STRICT


class TaskConfig(BaseModel):
    """One task. Relative paths count from the folder of `osler.toml`."""

    model_config = STRICT
    prompt: str | None = Field(
        None, description="File of the prompt, in Markdown. Its digest is on every audit record of the task."
    )
    output: str | None = Field(None, description="File of the JSON Schema that the answer has to meet.")
    checks: tuple[str, ...] | None = Field(
        None, description="Guardrail checks that are run on its answers, beside those of `[guardrails]`."
    )
    allow: tuple[str, ...] | None = Field(
        None, description="Models that may do it. Without it, all that the rules allow."
    )
