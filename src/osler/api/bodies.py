"""What a request body may hold: the one source for the parser (`wire.py`) and for the OpenAPI document.

Each limit stands here once: msgspec checks a body against these types and makes their JSON Schema. What
types cannot say (fields that are let pass while they say nothing, names in `metadata`) stands in tables
that the parser interprets and the schema repeats. Texts go through the pipeline; settings go on as given.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

from msgspec import Meta, Struct

from osler.core.messages import Ground, Role

Purpose = Literal["treatment", "payment", "operations", "research"]
Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh"]
"""A text goes on unlooked at only when it is one of these: free text would pass by de-identification."""

LARGEST = 2**63 - 1
"""The largest whole number that every server takes."""
MESSAGES = 1_000
"""Most messages of a request, and most parts of a message."""
TEXTS = 2_048
"""Most texts of an embeddings request, as OpenAI has it."""
Count = Annotated[int, Meta(ge=1, le=LARGEST)] | None
Setting = Annotated[float, Meta(ge=-1000, le=1000)] | None

NOTHING: tuple[object, ...] = (None, False, 0, [], {})
"""A field that is not served is let pass while it holds one of these."""
FALSY: tuple[object, ...] = (*NOTHING, "")
_Unserved = Annotated[Any, Meta(extra_json_schema={"enum": list(FALSY)}, description="Not served.")]

DROPPED = ("prompt_cache_key", "safety_identifier", "service_tier", "store", "user")
"""Taken, but never sent on: they name or profile the caller."""

NOTES: Mapping[str, Mapping[str, Any]] = {
    "patient": {
        "type": "string",
        "pattern": r"^\s*(Patient/)?[A-Za-z0-9.\-]{1,64}\s*$",
        "description": "Whose record may be drawn on: `ID` or `Patient/ID`. Makes the request PHI.",
    },
    "purpose": {
        "type": "string",
        "enum": list(get_args(Purpose)),
        "description": "What the answer is for; `treatment` where nothing is said. Rules look at it; it is recorded.",
    },
    "ground": {
        "type": "string",
        "enum": list(get_args(Ground)),
        "description": "`off`: no evidence is looked for.",
    },
    "explain": {
        "type": "string",
        "enum": ["true", "false", "True", "False", "TRUE", "FALSE"],
        "description": "`true`: the response also holds what the model was sent.",
    },
}
"""What a request says about itself, in `metadata` or in headers named `x-osler-…`: name to JSON Schema."""

_METADATA = {
    "properties": {name: dict(schema) for name, schema in NOTES.items()},
    "additionalProperties": False,
}


class TextPart(Struct, kw_only=True):
    """A part of a message. Other fields of a part are ignored."""

    type: Literal["text"]
    text: str


class MessageBody(Struct, kw_only=True):
    """One turn of the conversation, text only. Other fields of a message are ignored."""

    role: Role
    content: str | Annotated[list[TextPart], Meta(max_length=MESSAGES)]
    tool_calls: _Unserved = None
    function_call: _Unserved = None
    audio: _Unserved = None


class StreamOptions(Struct, kw_only=True):
    """Of a stream. Other options are ignored."""

    include_usage: bool | None = None


class Sampling(Struct, kw_only=True):
    """Settings that go on to the model server as they are."""

    temperature: Setting = None
    top_p: Setting = None
    max_tokens: Count = None
    max_completion_tokens: Count = None
    seed: Annotated[int, Meta(ge=-LARGEST, le=LARGEST)] | None = None
    presence_penalty: Setting = None
    frequency_penalty: Setting = None
    reasoning_effort: Effort | None = None


class ChatBody(Sampling, kw_only=True):
    """A chat completion request."""

    messages: Annotated[list[MessageBody], Meta(min_length=1, max_length=MESSAGES)]
    model: Annotated[str, Meta(description="A configured name, `destination/name`, or `auto`.")] = "auto"
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    metadata: Annotated[dict[str, Any], Meta(extra_json_schema=_METADATA)] | None = None
    n: Annotated[int, Meta(ge=1, le=1)] | None = None
    stop: Annotated[
        Any,
        Meta(
            extra_json_schema={"enum": list(FALSY)},
            description="Not served: stop sequences would act on surrogates.",
        ),
    ] = None


class EmbeddingsBody(Struct, kw_only=True):
    """An embeddings request; `input` is one text or several."""

    input: (
        Annotated[str, Meta(min_length=1)]
        | Annotated[list[Annotated[str, Meta(min_length=1)]], Meta(min_length=1, max_length=TEXTS)]
    )
    model: Annotated[str, Meta(description="A configured name, `destination/name`, or `auto`.")] = "auto"
    encoding_format: Literal["float", "base64"] | None = None
    user: Annotated[Any, Meta(description="Taken and dropped.")] = None


WHOLE = ("max_tokens", "max_completion_tokens", "seed", "n")
"""Fields that hold whole numbers: JSON's 2.0 is one too."""
SAMPLING = frozenset(Sampling.__struct_fields__)
CHAT_FIELDS = frozenset(ChatBody.__struct_fields__) | frozenset(DROPPED)
EMBEDDING_FIELDS = frozenset(EmbeddingsBody.__struct_fields__)
