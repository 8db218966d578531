"""`[tasks.*]`: named pieces of work, each with its prompt, the shape of its output, its checks and its models."""

from typing import Literal

from pydantic import BaseModel, Field

from osler.gateway.config.shared import STRICT


class TaskConfig(BaseModel):
    """One task. Under the name of a shipped task, what stands here takes the place of the shipped part.

    Relative paths count from the folder of `osler.toml`.
    """

    model_config = STRICT
    prompt: str | None = Field(
        None,
        min_length=1,
        description="File of the prompt, in Markdown. Its digest is on every audit record of the task. Needed, unless "
        "a shipped task has the name. Must hold no identifier of a person: it is sent as it is.",
    )
    output: str | Literal[False] | None = Field(
        None,
        description="File of the JSON Schema that the answer has to meet. `false`: no schema, where a shipped task "
        "has one.",
    )
    checks: tuple[str, ...] | None = Field(
        None, description="Guardrail checks that are run on its answers, beside those of `[guardrails]`."
    )
    allow: tuple[str, ...] | None = Field(
        None,
        min_length=1,
        description="Names of the models that may do it. Without it, all that the rules allow.",
    )
