"""What is answered over `/v1`, as types: they make the schemas of the OpenAPI document.

The answers themselves are rendered where they arise (`outgoing/`, `errors.py`, `gateway`); tests hold
them to these types, field by field.
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

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
    complexity: str | UnsetType = UNSET
    latency: str | UnsetType = UNSET
    modality: list[str] | UnsetType = UNSET
    task: str | UnsetType = UNSET
    over_budget: bool | UnsetType = UNSET
    break_glass: bool | UnsetType = UNSET
    rule: str | UnsetType | None = UNSET
    allowed: list[Permit] | UnsetType = UNSET
    refused: list[Refusal] | UnsetType = UNSET
    destination: str | UnsetType = UNSET
    model: str | UnsetType = UNSET
    transform: Transform | UnsetType = UNSET
    replaced: Counts | UnsetType = UNSET
    cached: bool | UnsetType = UNSET
    shared: bool | UnsetType = UNSET


class SentMessage(Struct):
    """A message as the model was sent it, with whatever else it had."""

    role: str
    content: str | list[Any] | None = None


class Osler(Struct, forbid_unknown_fields=True):
    """Osler's own part of an answer. `audit` is null when the record could not be written."""

    answer: str | None
    citations: list[Citation]
    findings: list[Finding]
    decision: Decision
    audit: AuditPlace | None
    sent: list[SentMessage] | UnsetType = UNSET


class CalledFunction(Struct, forbid_unknown_fields=True):
    """What the model wants called. `arguments` is JSON as text, as the model wrote it."""

    name: str
    arguments: str


class ToolCall(Struct, forbid_unknown_fields=True):
    """A call of a tool."""

    id: str
    type: Literal["function"]
    function: CalledFunction


class AnswerMessage(Struct, forbid_unknown_fields=True):
    """The answer. `content` is null where there are only calls, or a refusal."""

    role: Literal["assistant"]
    content: str | None
    refusal: str | None
    reasoning_content: str | UnsetType = UNSET
    tool_calls: list[ToolCall] | UnsetType = UNSET
    function_call: CalledFunction | UnsetType = UNSET


class TokenLogprobs(Struct, forbid_unknown_fields=True):
    """Log probabilities as the model server gave them, where the text was not changed on its way back."""

    content: list[dict[str, Any]]
    refusal: None


class Choice(Struct, forbid_unknown_fields=True):
    """One of the answers that were asked for."""

    index: int
    message: AnswerMessage
    logprobs: TokenLogprobs | None
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


class FunctionPiece(Struct, forbid_unknown_fields=True):
    """A piece of a call. The name comes with the first."""

    arguments: str
    name: str | UnsetType = UNSET


class ToolPiece(Struct, forbid_unknown_fields=True):
    """A piece of a tool call. Its id, type and name come with the first."""

    index: int
    function: FunctionPiece
    id: str | UnsetType = UNSET
    type: Literal["function"] | UnsetType = UNSET


class ChunkDelta(Struct, forbid_unknown_fields=True):
    """What is new in this event."""

    role: Literal["assistant"] | UnsetType = UNSET
    content: str | UnsetType = UNSET
    refusal: str | UnsetType = UNSET
    reasoning_content: str | UnsetType = UNSET
    tool_calls: list[ToolPiece] | UnsetType = UNSET
    function_call: FunctionPiece | UnsetType = UNSET


class ChunkChoice(Struct, forbid_unknown_fields=True):
    """A choice of an event."""

    index: int
    delta: ChunkDelta
    logprobs: TokenLogprobs | None
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


class TextChoice(Struct, forbid_unknown_fields=True):
    """A completion of the prompt, or a piece of one."""

    index: int
    text: str
    logprobs: dict[str, Any] | None
    finish_reason: str | None


class TextCompletion(Struct, forbid_unknown_fields=True):
    """Completions of a prompt, or one event of a stream of them. The event that ends it carries `osler`."""

    id: str
    object: Literal["text_completion"]
    created: int
    model: str
    choices: list[TextChoice]
    usage: Usage | UnsetType = UNSET
    osler: Osler | UnsetType = UNSET


class ResponseText(Struct, forbid_unknown_fields=True, tag_field="type", tag="output_text"):
    """A text of a message."""

    text: str
    annotations: list[Any]
    logprobs: list[dict[str, Any]]


class ResponseRefusal(Struct, forbid_unknown_fields=True, tag_field="type", tag="refusal"):
    """What the model said instead."""

    refusal: str


class ResponseThought(Struct, forbid_unknown_fields=True, tag_field="type", tag="reasoning_text"):
    """What the model says it thought."""

    text: str


State = Literal["in_progress", "completed", "incomplete"]


class ResponseMessage(Struct, forbid_unknown_fields=True, tag_field="type", tag="message"):
    """A message."""

    id: str
    status: State
    role: Literal["assistant"]
    content: list[ResponseText | ResponseRefusal]


class ResponseReasoning(Struct, forbid_unknown_fields=True, tag_field="type", tag="reasoning"):
    """What the model says it thought, where its server sends that."""

    id: str
    status: State
    summary: list[Any]
    content: list[ResponseThought]


class ResponseCall(Struct, forbid_unknown_fields=True, tag_field="type", tag="function_call"):
    """What the model wants called."""

    id: str
    status: State
    call_id: str
    name: str
    arguments: str


class ResponseUsage(Struct, forbid_unknown_fields=True):
    """Tokens as the model server counted them, 0 where it gave none."""

    input_tokens: int
    input_tokens_details: dict[str, int]
    output_tokens: int
    output_tokens_details: dict[str, int]
    total_tokens: int


class ResponseError(Struct, forbid_unknown_fields=True):
    """Why a streamed response failed."""

    code: str
    message: str


class Response(Struct, forbid_unknown_fields=True):
    """A response. Settings are those of the request, whose texts are not repeated: `metadata` and `tools` are empty."""

    id: str
    object: Literal["response"]
    created_at: int
    status: Literal["in_progress", "completed", "incomplete", "failed"]
    background: Literal[False]
    error: ResponseError | None
    incomplete_details: dict[str, str] | None
    instructions: None
    max_output_tokens: int | float | None
    metadata: dict[str, Any]
    model: str
    output: list[ResponseMessage | ResponseReasoning | ResponseCall]
    parallel_tool_calls: bool
    previous_response_id: None
    reasoning: dict[str, Any]
    store: Literal[False]
    temperature: float | None
    text: dict[str, Any]
    tool_choice: Literal["auto", "none", "required"]
    tools: list[Any]
    top_p: float | None
    truncation: Literal["disabled"]
    usage: ResponseUsage | None
    user: None
    osler: Osler | UnsetType = UNSET


class ResponseEvent(Struct):
    """One event of a stream, named by its type. What else it holds depends on that, as OpenAI has it."""

    type: str
    sequence_number: int
    response: Response | UnsetType = UNSET
    error: "ErrorDetail | UnsetType" = UNSET


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


class ModelsReady(Struct, forbid_unknown_fields=True):
    """Whether a model server can be asked: `ok`, or why not. For requests with PHI, and for those without."""

    phi: str
    clear: str


class TargetStanding(Struct, forbid_unknown_fields=True):
    """How a model stands. `retry_s`: until it may be asked again, 0 where it may now."""

    destination: str
    model: str
    breaker: Literal["closed", "open", "half-open"]
    retry_s: float
    in_flight: int
    waiting: int


class Readiness(Struct, forbid_unknown_fields=True):
    """Whether this process can answer; to administrators also why: `ok` or a sentence for each part."""

    ready: bool
    fault: str
    stopping: bool | UnsetType = UNSET
    stores: str | UnsetType = UNSET
    audit: str | UnsetType = UNSET
    detector: str | UnsetType = UNSET
    models: ModelsReady | UnsetType = UNSET
    wan: Literal["up", "down"] | UnsetType = UNSET
    targets: list[TargetStanding] | UnsetType = UNSET
