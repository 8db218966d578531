"""What several kinds of request body have in common: bounds, settings, what is taken and dropped, what is refused.

Each limit stands here once: msgspec checks a body against these types and makes their JSON Schema. What types cannot
say (fields that are let pass while they say nothing) stands in tables that the parser interprets and the schema
repeats.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

LARGEST = 2**63 - 1
"""The largest whole number that every server takes."""
MESSAGES = 1_000
"""Most messages of a request, and most parts of a message."""
TEXTS = 2_048
"""Most texts of an embeddings request, as OpenAI has it."""
TOOLS = 256
"""Most tools of a request, and most calls of a message."""
CHOICES = 16
"""Most answers to one request."""
STOPS = 64
"""Most stop sequences."""
TOP_LOGPROBS = 20
"""Most alternatives to a token, as OpenAI has it."""

Count = Annotated[int, Meta(ge=1, le=LARGEST)] | None
Setting = Annotated[float, Meta(ge=-1000, le=1000)] | None
Choices = Annotated[int, Meta(ge=1, le=CHOICES, description="How many answers.")] | None
Model = Annotated[str, Meta(description="A configured name, `destination/name`, or `auto`.")]
Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
Word = Annotated[str, Meta(pattern="^[A-Za-z0-9_.-]{1,64}$")]
Stop = (
    Annotated[
        str | Annotated[list[str], Meta(max_length=STOPS)], Meta(description="Acts on what the model writes.")
    ]
    | None
)
"""Stop sequences act where the model writes: on surrogates, where there are any."""

NOTHING: tuple[object, ...] = (None, False, 0, [], {})
"""A field that is not served is let pass while it holds one of these."""
Unserved = Annotated[Any, Meta(extra_json_schema={"enum": list(NOTHING)}, description="Not served.")]

DROPPED = (
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "safety_identifier",
    "service_tier",
    "store",
    "user",
)
"""Taken, but never sent on: they name or profile the caller, or ask the other side to keep something."""

_TOKENS = "tokens and embeddings cannot be de-identified"
_ELSEWHERE = "it would send the request elsewhere than policy decided"
REFUSED: Mapping[str, str] = {
    **dict.fromkeys(("prompt_token_ids", "prompt_embeds", "input_ids", "inputs_embeds"), _TOKENS),
    **dict.fromkeys(
        (
            "api_base",
            "api_key",
            "api_version",
            "base_url",
            "context_window_fallbacks",
            "custom_llm_provider",
            "deployment_id",
            "extra_body",
            "extra_headers",
            "extra_query",
            "fallbacks",
            "headers",
            "kv_transfer_params",
            "mcp_servers",
            "models",
            "organization",
            "plugins",
            "provider",
            "route",
            "web_search_options",
        ),
        _ELSEWHERE,
    ),
}
"""Fields of no route, with the reason. Some servers act on them: routers, proxies, engines with remote parts."""


class StreamOptions(Struct, kw_only=True):
    """Of a stream. Other options are ignored."""

    include_usage: bool | None = None


class Sampling(Struct, kw_only=True):
    """Settings that go on to the model server as they are."""

    temperature: Setting = None
    top_p: Setting = None
    max_tokens: Count = None
    seed: Annotated[int, Meta(ge=-LARGEST, le=LARGEST)] | None = None
    presence_penalty: Setting = None
    frequency_penalty: Setting = None


WHOLE = (
    "max_tokens",
    "max_completion_tokens",
    "max_output_tokens",
    "seed",
    "n",
    "best_of",
    "logprobs",
    "top_logprobs",
)
"""Fields that hold whole numbers: JSON's 2.0 is one too."""
