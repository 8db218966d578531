"""The body of a request to `/v1/responses`: the part of it that keeps nothing on the server.

The conversation comes whole with each request. What would be kept, or run by the server itself, is refused by name.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from osler.api.bodies.chat import Url
from osler.api.bodies.notes import Metadata
from osler.api.bodies.shared import (
    DROPPED,
    MESSAGES,
    REFUSED,
    TOOLS,
    TOP_LOGPROBS,
    Count,
    Effort,
    Model,
    Setting,
    StreamOptions,
    Word,
)

Include = Literal["message.output_text.logprobs", "reasoning.encrypted_content"]
LOGPROBS = "message.output_text.logprobs"


class InputText(Struct, kw_only=True, tag_field="type", tag="input_text"):
    """A text that is asked."""

    text: str


class OutputText(Struct, kw_only=True, tag_field="type", tag="output_text"):
    """A text that was answered. What stands beside it is dropped."""

    text: str


class InputImage(Struct, kw_only=True, tag_field="type", tag="input_image"):
    """A picture. Pictures are not looked into: each makes the request PHI."""

    image_url: Url
    detail: Word | None = None


class SaidNo(Struct, kw_only=True, tag_field="type", tag="refusal"):
    """A refusal that was answered."""

    refusal: str


class UserItem(Struct, kw_only=True, tag_field="role", tag="user"):
    """What is asked. Ids and states of items are dropped, here and below."""

    content: str | Annotated[list[InputText | InputImage], Meta(max_length=MESSAGES)]
    type: Literal["message"] = "message"


class SystemItem(Struct, kw_only=True, tag_field="role", tag="system"):
    """What the model is told to be."""

    content: str | Annotated[list[InputText], Meta(max_length=MESSAGES)]
    type: Literal["message"] = "message"


class DeveloperItem(Struct, kw_only=True, tag_field="role", tag="developer"):
    """The same, as newer models have it."""

    content: str | Annotated[list[InputText], Meta(max_length=MESSAGES)]
    type: Literal["message"] = "message"


class AssistantItem(Struct, kw_only=True, tag_field="role", tag="assistant"):
    """What was answered before."""

    content: str | Annotated[list[InputText | OutputText | SaidNo], Meta(max_length=MESSAGES)]
    type: Literal["message"] = "message"


class CallItem(Struct, kw_only=True):
    """A call that an earlier answer asked for."""

    type: Literal["function_call"]
    call_id: str
    name: str
    arguments: str


class OutputItem(Struct, kw_only=True):
    """What the caller's function gave."""

    type: Literal["function_call_output"]
    call_id: str
    output: str | Annotated[list[InputText | InputImage], Meta(max_length=MESSAGES)]


class ReasoningItem(Struct, kw_only=True):
    """What an earlier answer said it thought. Taken and dropped."""

    type: Literal["reasoning"]


TURNS = (UserItem, SystemItem, DeveloperItem, AssistantItem)
ITEMS: dict[str, Any] = {
    "message": UserItem | SystemItem | DeveloperItem | AssistantItem,
    "function_call": CallItem,
    "function_call_output": OutputItem,
    "reasoning": ReasoningItem,
}
"""What may stand in `input`, by type."""
ITEM_TYPES = (*TURNS, CallItem, OutputItem, ReasoningItem)
_ITEM_SCHEMA = {
    "items": {"anyOf": [{"$ref": f"#/components/schemas/{t.__name__}"} for t in ITEM_TYPES]},
    "contains": {"not": {"required": ["type"], "properties": {"type": {"const": "reasoning"}}}},
}


class FlatTool(Struct, kw_only=True):
    """A function that the model may ask for. What a server runs by itself is not served."""

    type: Literal["function"]
    name: Annotated[str, Meta(min_length=1, max_length=256)]
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class NamedTool(Struct, kw_only=True):
    """The one function that must be called."""

    type: Literal["function"]
    name: str


class PlainFormat(Struct, kw_only=True, tag_field="type", tag="text"):
    """Any text."""


class ObjectFormat(Struct, kw_only=True, tag_field="type", tag="json_object"):
    """Any JSON object."""


class SchemaFormat(Struct, kw_only=True, tag_field="type", tag="json_schema"):
    """JSON that fits a schema. Other fields go on with it."""

    name: str
    schema: dict[str, Any]


class TextOptions(Struct, kw_only=True):
    """Of the answer's text."""

    format: PlainFormat | ObjectFormat | SchemaFormat | None = None
    verbosity: Word | None = None


class Reasoning(Struct, kw_only=True):
    """How much the model thinks. What it thinks is shown as the server sends it: `summary` changes nothing."""

    effort: Effort | None = None
    summary: Word | None = None


class ResponsesBody(Struct, kw_only=True):
    """A request for a response."""

    input: str | Annotated[list[Any], Meta(min_length=1, max_length=MESSAGES, extra_json_schema=_ITEM_SCHEMA)]
    model: Model = "auto"
    instructions: str | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    metadata: Metadata = None
    temperature: Setting = None
    top_p: Setting = None
    max_output_tokens: Count = None
    tools: Annotated[list[FlatTool], Meta(max_length=TOOLS)] | None = None
    tool_choice: Literal["auto", "none", "required"] | NamedTool | None = None
    parallel_tool_calls: bool | None = None
    text: TextOptions | None = None
    reasoning: Reasoning | None = None
    include: list[Include] | None = None
    top_logprobs: Annotated[int, Meta(ge=0, le=TOP_LOGPROBS)] | None = None
    truncation: Literal["disabled"] | None = None


_KEPT = "nothing is kept between requests"
RESPONSES_REFUSED = {
    **REFUSED,
    **dict.fromkeys(("background", "conversation", "previous_response_id"), _KEPT),
    "prompt": "prompt templates are not kept here; name a task instead",
    "context_management": "the conversation is sent as it came",
    **dict.fromkeys(("messages", "n"), "it belongs to another route"),
}
"""Fields that are refused by name while they say something."""
RESPONSES_DROPPED = (*DROPPED, "max_tool_calls")
"""Taken, and not sent on. `max_tool_calls` bounds tools that a server runs, of which there are none."""
RESPONSES_OURS = (
    frozenset(ResponsesBody.__struct_fields__) | frozenset(RESPONSES_DROPPED) | frozenset(RESPONSES_REFUSED)
)
"""Fields that are not sent on as they are."""
