"""OpenAI's wire to Osler's values: what came is checked against its type and given a name. Nothing is decided here."""

import random

from osler.api.wire.chat import chat_request
from osler.api.wire.completions import completion_request
from osler.api.wire.embeddings import embeddings, embeddings_request
from osler.api.wire.notes import own_headers, patient_id
from osler.api.wire.reading import parse
from osler.api.wire.responses import responses_request

__all__ = [
    "chat_request",
    "completion_request",
    "embeddings",
    "embeddings_request",
    "new_request_id",
    "own_headers",
    "parse",
    "patient_id",
    "responses_request",
]


def new_request_id() -> str:
    """A random id for the audit log and `x-request-id`."""
    # It tells requests apart and is no secret: it need not cost a call of the system.
    return f"req_{random.getrandbits(96):024x}"
