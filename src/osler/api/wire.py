"""OpenAI's wire to Osler's values and back. Nothing is decided here.

What cannot be guarded yet is refused by name rather than passed through: tools, images and other
parts, several choices, log probabilities. Text goes through the pipeline; sampling settings go on.
"""

import base64
import secrets
import struct
import time
from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

import msgspec

from osler.core.errors import InputError
from osler.core.messages import Caller, ChatRequest, Ground, Message, Role
from osler.gateway.embeddings import Vectors
from osler.gateway.exchange import Exchange

Purpose = Literal["treatment", "payment", "operations", "research"]
SAMPLING = frozenset(
    {
        "temperature",
        "top_p",
        "max_tokens",
        "max_completion_tokens",
        "seed",
        "presence_penalty",
        "frequency_penalty",
        "reasoning_effort",
    }
)
EFFORTS = frozenset({"none", "minimal", "low", "medium", "high", "xhigh"})
"""A text goes on unlooked at only when it is one of these: free text would pass by de-identification."""
DROPPED = frozenset({"user", "store", "safety_identifier", "prompt_cache_key", "service_tier"})
"""Taken, but never sent on: they name or profile the caller."""
UNSERVED = frozenset(
    {
        "audio",
        "function_call",
        "functions",
        "logit_bias",
        "logprobs",
        "modalities",
        "parallel_tool_calls",
        "prediction",
        "response_format",
        "tool_choice",
        "tools",
        "top_logprobs",
        "verbosity",
        "web_search_options",
    }
)
"""OpenAI's own fields that are refused by name; any other unknown field is refused without its name."""
OWN = frozenset({"model", "messages", "stream", "stream_options", "metadata", "n", "stop"})
COUNTS = frozenset({"max_tokens", "max_completion_tokens"})
LARGEST = 2**63 - 1
"""The largest whole number that every server takes."""
EMBEDDING_FIELDS = frozenset({"input", "model", "encoding_format", "user"})
METADATA = frozenset({"patient", "purpose", "ground", "explain"})


class ChatBody(msgspec.Struct, kw_only=True):
    """The fields of a chat request that Osler reads itself."""

    messages: list[dict[str, Any]]
    model: str = "auto"
    stream: bool | None = None
    stream_options: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None
    n: int | None = None
    stop: str | list[str] | None = None


class EmbeddingsBody(msgspec.Struct, kw_only=True):
    """An embeddings request; `input` is one text or several."""

    input: str | list[str]
    model: str = "auto"
    encoding_format: Literal["float", "base64"] | None = None


def parse(data: bytes) -> dict[str, Any]:
    """The body as an object. The error names the place, never the content."""
    try:
        body = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InputError(
            "The request body is not valid JSON.", remedy="Send one JSON object in UTF-8."
        ) from None
    if not isinstance(body, dict):
        raise InputError("The request body is not a JSON object.", remedy="Send one JSON object.")
    return body


def chat_request(
    body: Mapping[str, Any], headers: Mapping[str, str], caller: Caller, request_id: str
) -> ChatRequest:
    """A chat completion's body and `x-osler-*` headers as a ChatRequest."""
    _refuse_unserved(body)
    try:
        chat = msgspec.convert(body, ChatBody)
    except msgspec.ValidationError as error:
        raise InputError(
            f"A field of the request has the wrong type{_place(error)}.",
            remedy="See OpenAI's reference for chat completions.",
        ) from None
    if not chat.messages:
        raise InputError("`messages` is empty.", remedy="Send at least one message.", param="messages")
    if chat.n not in (None, 1):
        raise InputError("Only n = 1 is served.", remedy="Ask several times instead.", param="n")
    params: dict[str, object] = {key: body[key] for key in SAMPLING if body.get(key) is not None}
    _check_numbers(params)
    notes = _notes(chat.metadata or {}, headers)
    return ChatRequest(
        messages=tuple(_message(m, i) for i, m in enumerate(chat.messages)),
        model=chat.model,
        params=params,
        stream=bool(chat.stream),
        patient=patient_id(notes["patient"]) if "patient" in notes else None,
        purpose=_one_of(notes.get("purpose", "treatment"), get_args(Purpose), "purpose"),
        ground=_ground(notes.get("ground", "auto")),
        explain=_one_of(notes.get("explain", "false").lower(), ("true", "false"), "explain") == "true",
        caller=caller,
        request_id=request_id,
    )


def own_headers(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The `x-osler-` headers of a request. InputError when one is given twice with different values."""
    found: dict[str, str] = {}
    for key, value in pairs:
        name = key.lower()
        if name.startswith("x-osler-") and found.setdefault(name, value) != value:
            raise InputError(
                "An x-osler- header is given twice, with different values.",
                remedy="Send each once.",
                param="metadata",
            )
    return found


def embeddings_request(body: Mapping[str, Any]) -> EmbeddingsBody:
    """An embeddings body. What would change the vectors and is not served (`dimensions`) is refused."""
    unserved = [k for k, v in body.items() if k not in EMBEDDING_FIELDS and v is not None]
    if unserved:
        raise InputError(
            "A field of the request is not served.",
            remedy=f"Leave it out. Served: {', '.join(sorted(EMBEDDING_FIELDS))}.",
        )
    try:
        parsed = msgspec.convert(body, EmbeddingsBody)
    except msgspec.ValidationError as error:
        raise InputError(
            f"A field of the request has the wrong type{_place(error)}.",
            remedy="`input` is a text or a list of texts; token arrays are not served.",
        ) from None
    texts = [parsed.input] if isinstance(parsed.input, str) else parsed.input
    if not texts or not all(texts):
        raise InputError("`input` is empty.", remedy="Send at least one text.", param="input")
    return parsed


def patient_id(text: str) -> str:
    """A FHIR id from `ID` or `Patient/ID`; InputError when it is neither."""
    bare = text.strip().removeprefix("Patient/")
    if not bare or len(bare) > 64 or not all((c.isalnum() and c.isascii()) or c in "-." for c in bare):
        raise InputError(
            "`patient` is not a FHIR id.",
            remedy="Give ID or Patient/ID, as the record has it.",
            param="patient",
        )
    return bare


def new_request_id() -> str:
    """A random id for the audit log and `x-request-id`."""
    return f"req_{secrets.token_hex(12)}"


def completion(x: Exchange) -> dict[str, object]:
    """A finished answer as a chat completion, with the `osler` object."""
    return {
        "id": f"chatcmpl-{x.request.request_id}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": _served(x),
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": x.answer, "refusal": None},
                "logprobs": None,
                "finish_reason": x.finish or "stop",
            }
        ],
        "usage": usage(x),
        "osler": x.to_json(),
    }


def chunk(
    request: ChatRequest, *, delta: dict[str, object], created: int, finish: str | None
) -> dict[str, object]:
    """One event of a streamed answer."""
    return {
        "id": f"chatcmpl-{request.request_id}",
        "object": "chat.completion.chunk",
        "created": created,
        "model": request.model,
        "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}],
    }


def embeddings(result: Vectors, asked: EmbeddingsBody) -> dict[str, object]:
    """Vectors as OpenAI's list; little-endian 32-bit floats in base64 where the client asked for that."""

    def encoded(vector: tuple[float, ...]) -> object:
        if asked.encoding_format != "base64":
            return vector
        return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()

    record = {"number": result.record.number, "hash": result.record.hash}
    return {
        "object": "list",
        "data": [
            {"object": "embedding", "index": i, "embedding": encoded(v)} for i, v in enumerate(result.vectors)
        ],
        "model": result.target.model.name,
        "usage": {"prompt_tokens": 0, "total_tokens": 0},
        "osler": {"decision": result.decision.to_json(), "audit": record},
    }


def usage(x: Exchange) -> dict[str, int]:
    """Token counts as the model server gave them, 0 where it gave none."""
    sent, got = x.usage.prompt or 0, x.usage.completion or 0
    return {"prompt_tokens": sent, "completion_tokens": got, "total_tokens": sent + got}


def _served(x: Exchange) -> str:
    return x.target.model.name if x.target else x.request.model


def _message(message: dict[str, Any], at: int) -> Message:
    role: Any = message.get("role")
    content = message.get("content")
    if role not in get_args(Role):
        raise InputError(
            f"messages[{at}].role is not one that is served.",
            remedy=f"Use one of {', '.join(get_args(Role))}.",
            param=f"messages[{at}].role",
        )
    unserved = sorted(k for k in ("tool_calls", "function_call", "audio") if message.get(k))
    if unserved:
        raise InputError(
            f"messages[{at}].{unserved[0]} is not served.", remedy="Send text.", param=f"messages[{at}]"
        )
    if isinstance(content, list):
        content = _joined(content, at)
    if not isinstance(content, str):
        raise InputError(
            f"messages[{at}].content is not text.", remedy="Send text.", param=f"messages[{at}].content"
        )
    return Message(role=role, content=_scalar(content, at))


def _joined(parts: list[Any], at: int) -> str:
    texts = []
    for number, part in enumerate(parts):
        if not isinstance(part, dict) or part.get("type") != "text" or not isinstance(part.get("text"), str):
            raise InputError(
                f"messages[{at}].content[{number}] is not a text part; images and audio are not served.",
                remedy="Send text parts only: other parts cannot be de-identified.",
                param=f"messages[{at}].content",
            )
        texts.append(part["text"])
    return "\n".join(texts)


def _scalar(text: str, at: int) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise InputError(
            f"messages[{at}].content holds half a surrogate pair.",
            remedy="Send valid Unicode.",
            param=f"messages[{at}].content",
        ) from None
    return text


def _refuse_unserved(body: Mapping[str, Any]) -> None:
    known = SAMPLING | DROPPED | OWN
    for key, value in body.items():
        if key not in known and value not in (None, False, [], {}):
            # A key could be anything, a name too: only those that OpenAI defines are repeated.
            name = f"'{key}'" if key in UNSERVED else "A field"
            raise InputError(
                f"{name} is not served: what Osler cannot guard, it does not pass on.",
                remedy=f"Leave it out. Served: {', '.join(sorted((SAMPLING | OWN) - {'stop', 'n'}))}.",
                param=key if name != "A field" else None,
            )
    if body.get("stop"):
        raise InputError(
            "'stop' is not served: stop sequences act on surrogates, not on what you see.",
            remedy="Leave it out.",
            param="stop",
        )


def _check_numbers(params: Mapping[str, object]) -> None:
    for key, value in params.items():
        if key in COUNTS:
            fits = type(value) is int and 1 <= value <= LARGEST
        elif key == "seed":
            fits = type(value) is int and abs(value) <= LARGEST
        elif key == "reasoning_effort":
            fits = isinstance(value, str) and value in EFFORTS
        else:
            fits = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= 1000
        if not fits:
            raise InputError(
                f"'{key}' has the wrong type or is out of range.", remedy="See OpenAI's reference.", param=key
            )


def _notes(metadata: Mapping[str, Any], headers: Mapping[str, str]) -> dict[str, str]:
    """`metadata` and `x-osler-*` headers joined; the body wins. Unknown names are refused."""
    notes = {
        key.removeprefix("x-osler-"): value for key, value in headers.items() if key.startswith("x-osler-")
    }
    for key, value in metadata.items():
        if not isinstance(value, str):
            raise InputError("A value of `metadata` is not text.", remedy="Send text.", param="metadata")
        notes[key] = value
    unknown = sorted(set(notes) - METADATA)
    if unknown:
        raise InputError(
            "`metadata` or an x-osler- header has a name that Osler does not know.",
            remedy=f"Known: {', '.join(sorted(METADATA))}.",
            param="metadata",
        )
    return notes


def _ground(value: str) -> Ground:
    return "off" if _one_of(value, get_args(Ground), "ground") == "off" else "auto"


def _one_of(value: str, known: tuple[str, ...], name: str) -> str:
    if value not in known:
        raise InputError(f"`{name}` is not one of {', '.join(known)}.", remedy="Use one of them.", param=name)
    return value


def _place(error: msgspec.ValidationError) -> str:
    """` at $.messages` from msgspec's message, which ends with the path; the path holds field names only."""
    _, dash, path = str(error).rpartition(" - at `")
    return f" at {path.rstrip('`')}" if dash else ""
