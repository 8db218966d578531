"""What is answered over `/v1`, as types: they make the schemas of the OpenAPI document.

The answers themselves are rendered where they arise (`wire.py`, `stream.py`, `errors.py`, `gateway`); tests hold
them to these types, field by field.
"""

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from osler.core.errors import OslerError
from osler.core.models import Transform

Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$", description="SHA-256 in hexadecimal.")]
Counts = dict[str, Annotated[int, Meta(ge=0)]]


class AuditPlace(Struct, forbid_unknown_fields=True):
    """Where the audit record stands: its number and hash."""

    number: int
    hash: Digest


class Citation(Struct, forbid_unknown_fields=True):
    """Evidence that the answer cites. `quote` is `text[start:end]` of the stored source, in code points."""

    n: int
    doc: str
    title: str
    quote: str
    start: int
    end: int
    sha256: Digest
    basis: str


class Finding(Struct, forbid_unknown_fields=True):
    """What a check found. `start` and `end` are -1 when it is about the whole."""

    kind: str
    severity: Literal["info", "warn", "block"]
    where: str
    start: int
    end: int
    claim: str
    reason: str
    source: str


class Permit(Struct, forbid_unknown_fields=True):
    """A destination that the request may go to."""

    destination: str
    transform: Transform
    reason: str


class Refusal(Struct, forbid_unknown_fields=True):
    """A destination that it may not go to, and why."""

    destination: str
    reason: str


class Decision(Struct, forbid_unknown_fields=True):
    """Why it went where it went. Empty where the request failed before that was decided."""

    sensitivity: Literal["clear", "phi"] | UnsetType = UNSET
    phi: Counts | UnsetType = UNSET
    sources: list[str] | UnsetType = UNSET
    purpose: str | UnsetType = UNSET
    role: str | UnsetType = UNSET
    rule: str | UnsetType = UNSET
    allowed: list[Permit] | UnsetType = UNSET
    refused: list[Refusal] | UnsetType = UNSET
    destination: str | UnsetType = UNSET
    model: str | UnsetType = UNSET
    transform: Transform | UnsetType = UNSET
    replaced: Counts | UnsetType = UNSET


class SentMessage(Struct, forbid_unknown_fields=True):
    """A message as the model was sent it."""

    role: str
    content: str


class Osler(Struct, forbid_unknown_fields=True):
    """Osler's own part of an answer. `audit` is null when the record could not be written."""

    answer: str | None
    citations: list[Citation]
    findings: list[Finding]
    decision: Decision
    audit: AuditPlace | None
    sent: list[SentMessage] | UnsetType = UNSET


class AnswerMessage(Struct, forbid_unknown_fields=True):
    """The answer."""

    role: Literal["assistant"]
    content: str
    refusal: None


class Choice(Struct, forbid_unknown_fields=True):
    """The one choice."""

    index: Literal[0]
    message: AnswerMessage
    logprobs: None
    finish_reason: str


class Usage(Struct, forbid_unknown_fields=True):
    """Tokens as the model server counted them, 0 where it gave none."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class ChatCompletion(Struct, forbid_unknown_fields=True):
    """An answer. `model` is the name of the model that answered."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[Choice]
    usage: Usage
    osler: Osler


class ChunkDelta(Struct, forbid_unknown_fields=True):
    """What is new in this event."""

    role: Literal["assistant"] | UnsetType = UNSET
    content: str | UnsetType = UNSET


class ChunkChoice(Struct, forbid_unknown_fields=True):
    """The one choice of an event."""

    index: Literal[0]
    delta: ChunkDelta
    logprobs: None
    finish_reason: str | None


class ChatChunk(Struct, forbid_unknown_fields=True):
    """One event of a stream. The one that ends it carries `osler`; the one with `usage` has no choices."""

    id: str
    object: Literal["chat.completion.chunk"]
    created: int
    model: str
    choices: list[ChunkChoice]
    osler: Osler | UnsetType = UNSET
    usage: Usage | UnsetType = UNSET


class Embedding(Struct, forbid_unknown_fields=True):
    """A vector: numbers, or little-endian 32-bit floats in base64."""

    object: Literal["embedding"]
    index: int
    embedding: list[float] | str


class EmbeddingUsage(Struct, forbid_unknown_fields=True):
    """Always 0."""

    prompt_tokens: int
    total_tokens: int


class EmbeddingsNote(Struct, forbid_unknown_fields=True):
    """Osler's own part of an embeddings answer."""

    decision: Decision
    audit: AuditPlace


class EmbeddingList(Struct, forbid_unknown_fields=True):
    """Vectors in the order of the texts."""

    object: Literal["list"]
    data: list[Embedding]
    model: str
    usage: EmbeddingUsage
    osler: EmbeddingsNote


class ModelName(Struct, forbid_unknown_fields=True):
    """A name that may be asked for."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str


class ModelList(Struct, forbid_unknown_fields=True):
    """All names that may be asked for."""

    object: Literal["list"]
    data: list[ModelName]


class ErrorDetail(Struct, forbid_unknown_fields=True):
    """What is wrong and what to do. Never holds a value that was sent."""

    message: str
    type: str
    param: str | None
    code: str


class ErrorBody(Struct, forbid_unknown_fields=True):
    """An error. `osler` is there when the request got as far as the pipeline."""

    error: ErrorDetail
    osler: Osler | UnsetType = UNSET


def error_codes(kind: type[OslerError] = OslerError) -> Iterator[str]:
    """The code of an error and of all below it that are Osler's own, whatever else is loaded."""
    yield kind.code
    for below in kind.__subclasses__():
        if below.__module__ == OslerError.__module__:
            yield from error_codes(below)
