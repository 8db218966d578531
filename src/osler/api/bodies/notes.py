"""What a request says about itself, in `metadata` or in headers named `x-osler-…`."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

from msgspec import Meta

from osler.core.messages import Ground, Latency, Reusing

Purpose = Literal["treatment", "payment", "operations", "research"]
_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
REASON = (10, 1_000)
"""Fewest and most characters of the reason to break the glass."""

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
    "task": {
        "type": "string",
        "pattern": _NAME,
        "description": "The name of a task. Its prompt and its schema are added; rules look at it; it is recorded.",
    },
    "specialty": {
        "type": "string",
        "pattern": _NAME,
        "description": "The medical specialty, a word. Rules look at it.",
    },
    "latency": {
        "type": "string",
        "enum": list(get_args(Latency)),
        "description": "How long the caller can wait; `interactive` where nothing is said. Rules look at it.",
    },
    "break_glass": {
        "type": "string",
        "minLength": REASON[0],
        "maxLength": REASON[1],
        "description": "The reason for which more is asked for than the role allows. It is flagged for review.",
    },
    "ground": {
        "type": "string",
        "enum": list(get_args(Ground)),
        "description": "`off`: no evidence is looked for.",
    },
    "cache": {
        "type": "string",
        "enum": list(get_args(Reusing)),
        "description": "`off`: the answer is not one that was given before, and is not kept for others.",
    },
    "explain": {
        "type": "string",
        "enum": ["true", "false", "True", "False", "TRUE", "FALSE"],
        "description": "`true`: the response also holds what the model was sent.",
    },
}
"""Name to JSON Schema."""


def header(name: str) -> str:
    """The header that says the same as this name in `metadata`."""
    return f"x-osler-{name.replace('_', '-')}"


_METADATA = {
    "properties": {name: dict(schema) for name, schema in NOTES.items()},
    "additionalProperties": True,
}
Metadata = (
    Annotated[
        dict[str, Any],
        Meta(
            extra_json_schema=_METADATA, description="Names that are not listed are dropped, never sent on."
        ),
    ]
    | None
)
