"""What a request body may hold: the one source for the parser (`wire/`) and for the OpenAPI document."""

from osler.api.bodies.chat import CHAT_OURS, CHAT_REFUSED, PICTURE, ChatBody
from osler.api.bodies.completions import COMPLETION_OURS, COMPLETION_REFUSED, CompletionBody
from osler.api.bodies.embeddings import EMBEDDING_FIELDS, EmbeddingsBody
from osler.api.bodies.notes import NOTES, header
from osler.api.bodies.responses import (
    ITEM_TYPES,
    ITEMS,
    LOGPROBS,
    RESPONSES_DROPPED,
    RESPONSES_OURS,
    RESPONSES_REFUSED,
    ResponsesBody,
)
from osler.api.bodies.shared import DROPPED, MESSAGES, NOTHING, TEXTS, WHOLE

__all__ = [
    "CHAT_OURS",
    "CHAT_REFUSED",
    "COMPLETION_OURS",
    "COMPLETION_REFUSED",
    "DROPPED",
    "EMBEDDING_FIELDS",
    "ITEMS",
    "ITEM_TYPES",
    "LOGPROBS",
    "MESSAGES",
    "NOTES",
    "NOTHING",
    "PICTURE",
    "RESPONSES_DROPPED",
    "RESPONSES_OURS",
    "RESPONSES_REFUSED",
    "TEXTS",
    "WHOLE",
    "ChatBody",
    "CompletionBody",
    "EmbeddingsBody",
    "ResponsesBody",
    "header",
]
