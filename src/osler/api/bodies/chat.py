"""The body of a chat completion.

What is not listed goes on to the model server as it is; every text in it, and every key, passes steps 1 and 5.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from osler.api.bodies.notes import Metadata
from osler.api.bodies.shared import (
    DROPPED,
    MESSAGES,
    REFUSED,
    TOOLS,
    TOP_LOGPROBS,
    Choices,
    Count,
    Effort,
    Model,
    Sampling,
    Stop,
    StreamOptions,
    Unserved,
    Word,
)

PICTURE = r"^data:image/(png|jpeg|jpg|gif|webp|bmp);base64,[A-Za-z0-9+/]+={0,2}$"
"""The only URLs that are taken: they hold the picture itself."""
Url = Annotated[
    str, Meta(extra_json_schema={"pattern": PICTURE}, description="The picture itself, in base64.")
]


class TextPart(Struct, kw_only=True, tag_field="type", tag="text"):
    """A part of a message that is text."""

    text: str


class ImageUrl(Struct, kw_only=True):
    """A picture. No address is fetched."""

    url: Url
    detail: Word | None = None


class ImagePart(Struct, kw_only=True, tag_field="type", tag="image_url"):
    """A part of a message that is a picture. Pictures are not looked into: each makes the request PHI."""

    image_url: ImageUrl


class RefusalPart(Struct, kw_only=True, tag_field="type", tag="refusal"):
    """A part of an assistant's message that said no."""

    refusal: str


class FunctionCall(Struct, kw_only=True):
    """What the model wanted called. `arguments` is JSON as text."""

    name: str
    arguments: str


class ToolCallBody(Struct, kw_only=True):
    """A call that an earlier answer asked for."""

    id: str
    function: FunctionCall
    type: Literal["function"] = "function"


class FunctionBody(Struct, kw_only=True):
    """A function that the model may ask for. `parameters` is a JSON Schema."""

    name: Annotated[str, Meta(min_length=1, max_length=256)]
    description: str | None = None
    parameters: dict[str, Any] | None = None


# No pattern on the text: msgspec 0.22 frees it twice at the end of the process where an object stands beside it.
Choice = Annotated[str | dict[str, Any], Meta(description="Which tool must be called, if any.")] | None


class ToolBody(Struct, kw_only=True):
    """A tool. Only functions, which the caller runs: what a server runs by itself could send text on."""

    type: Literal["function"]
    function: FunctionBody


_Texts = str | Annotated[list[TextPart], Meta(max_length=MESSAGES)]
_Pictures = str | Annotated[list[TextPart | ImagePart], Meta(max_length=MESSAGES)]
_Said = str | Annotated[list[TextPart | RefusalPart], Meta(max_length=MESSAGES)] | None


class SystemMessage(Struct, kw_only=True, tag_field="role", tag="system"):
    """What the model is told to be."""

    content: _Texts
    name: str | None = None


class DeveloperMessage(Struct, kw_only=True, tag_field="role", tag="developer"):
    """The same, as newer models have it."""

    content: _Texts
    name: str | None = None


class UserMessage(Struct, kw_only=True, tag_field="role", tag="user"):
    """What is asked."""

    content: _Pictures
    name: str | None = None


class AssistantMessage(Struct, kw_only=True, tag_field="role", tag="assistant"):
    """What was answered before."""

    content: _Said = None
    refusal: str | None = None
    name: str | None = None
    tool_calls: Annotated[list[ToolCallBody], Meta(max_length=TOOLS)] | None = None
    function_call: FunctionCall | None = None
    audio: Unserved = None


class ToolMessage(Struct, kw_only=True, tag_field="role", tag="tool"):
    """What a tool gave."""

    content: _Pictures
    tool_call_id: str


class FunctionMessage(Struct, kw_only=True, tag_field="role", tag="function"):
    """The same, as it was before there were tools."""

    content: str | None
    name: str


MessageBody = (
    SystemMessage | DeveloperMessage | UserMessage | AssistantMessage | ToolMessage | FunctionMessage
)
"""One turn of the conversation. Other fields of a message or a part go on with it."""


class ResponseFormat(Struct, kw_only=True):
    """The form that the answer must have. Other fields go on with it."""

    type: Word
    json_schema: dict[str, Any] | None = None


class ChatBody(Sampling, kw_only=True):
    """A chat completion request."""

    messages: Annotated[list[MessageBody], Meta(min_length=1, max_length=MESSAGES)]
    model: Model = "auto"
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    metadata: Metadata = None
    n: Choices = None
    stop: Stop = None
    max_completion_tokens: Count = None
    reasoning_effort: Effort | None = None
    tools: Annotated[list[ToolBody], Meta(max_length=TOOLS)] | None = None
    tool_choice: Choice = None
    parallel_tool_calls: bool | None = None
    functions: Annotated[list[FunctionBody], Meta(max_length=TOOLS)] | None = None
    function_call: Choice = None
    response_format: ResponseFormat | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Meta(ge=0, le=TOP_LOGPROBS)] | None = None
    modalities: Annotated[list[Literal["text"]], Meta(max_length=1)] | None = None


CHAT_REFUSED = {
    **REFUSED,
    "audio": "sound cannot be checked",
    **dict.fromkeys(("input", "prompt"), "it belongs to another route"),
}
"""Fields that are refused by name while they say something."""
CHAT_OURS = frozenset({"messages", "model", "stream", "stream_options", "metadata", *DROPPED, *CHAT_REFUSED})
"""Fields that are not sent on as they are."""
