"""The body of a completion: a text that the model goes on with."""

from typing import Annotated

from msgspec import Meta

from osler.api.bodies.notes import Metadata
from osler.api.bodies.shared import (
    DROPPED,
    REFUSED,
    TOP_LOGPROBS,
    Choices,
    Model,
    Sampling,
    Stop,
    StreamOptions,
)

Prompt = Annotated[
    str | Annotated[list[str], Meta(min_length=1, max_length=1)],
    Meta(description="One text, or a list of one."),
]


class CompletionBody(Sampling, kw_only=True):
    """A completion request."""

    prompt: Prompt
    model: Model = "auto"
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    metadata: Metadata = None
    n: Choices = None
    stop: Stop = None
    suffix: str | None = None
    logprobs: Annotated[int, Meta(ge=0, le=TOP_LOGPROBS)] | None = None
    best_of: Annotated[int, Meta(ge=0, le=1, description="Not served: answers that nobody sees.")] | None = (
        None
    )


COMPLETION_REFUSED = {
    **REFUSED,
    "echo": "the prompt would come back as if the model had said it",
    **dict.fromkeys(("input", "messages"), "it belongs to another route"),
}
"""Fields that are refused by name while they say something."""
COMPLETION_OURS = frozenset(
    {
        "prompt",
        "model",
        "stream",
        "stream_options",
        "metadata",
        "best_of",
        *DROPPED,
        *COMPLETION_REFUSED,
    }
)
"""Fields that are not sent on as they are."""
