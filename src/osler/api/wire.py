"""OpenAI's wire to Osler's values and back. Nothing is decided here.

What cannot be guarded yet is refused by name rather than passed through: tools, images and other
parts, several choices, log probabilities. Text goes through the pipeline; sampling settings go on.
"""

import base64
import re
import secrets
import struct
import time
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn, get_args

import msgspec

from osler.api.bodies import (
    CHAT_FIELDS,
    EMBEDDING_FIELDS,
    MESSAGES,
    NOTES,
    NOTHING,
    SAMPLING,
    TEXTS,
    WHOLE,
    ChatBody,
    EmbeddingsBody,
    MessageBody,
)
from osler.core.errors import InputError
from osler.core.messages import Caller, ChatRequest, Ground, Message, Role
from osler.gateway.embeddings import Vectors
from osler.gateway.exchange import Exchange

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
ROLES = get_args(Role)
_NOT_SERVED = ("tool_calls", "function_call", "audio")


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
    body = {**body, **_whole(body)}
    try:
        chat = msgspec.convert(body, ChatBody)
    except msgspec.ValidationError as error:
        _explain(body, error)
    if chat.stop:
        raise InputError(
            "'stop' is not served: stop sequences act on surrogates, not on what you see.",
            remedy="Leave it out.",
            param="stop",
        )
    notes = _notes(chat.metadata or {}, headers)
    ground: Ground = "off" if notes.get("ground") == "off" else "auto"
    return ChatRequest(
        messages=tuple(_message(m, i) for i, m in enumerate(chat.messages)),
        model=chat.model,
        params={key: body[key] for key in SAMPLING if body.get(key) is not None},
        stream=bool(chat.stream),
        patient=patient_id(notes["patient"]) if "patient" in notes else None,
        purpose=notes.get("purpose", "treatment"),
        ground=ground,
        explain=notes.get("explain", "false").lower() == "true",
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
        if body.get("input") in ("", [], [""]) or _path(error).startswith("input["):
            raise InputError(
                "`input` is empty, or holds something that is no text.",
                remedy="Send at least one text; token arrays are not served.",
                param="input",
            ) from None
        if _path(error) == "input" and isinstance(body["input"], list):
            raise InputError(
                f"`input` has more than {TEXTS:,} texts.", remedy="Send fewer at a time.", param="input"
            ) from None
        raise InputError(
            f"A field of the request has the wrong type{_place(error)}.",
            remedy="`input` is a text or a list of texts; token arrays are not served.",
            param=_path(error) or None,
        ) from None
    texts = [parsed.input] if isinstance(parsed.input, str) else parsed.input
    for text in texts:
        _scalar(text, "input")
    return parsed


def patient_id(text: str) -> str:
    """A FHIR id from `ID` or `Patient/ID`; InputError when it is neither."""
    if re.search(NOTES["patient"]["pattern"], text) is None:
        raise InputError(
            "`patient` is not a FHIR id.",
            remedy="Give ID or Patient/ID, as the record has it.",
            param="patient",
        )
    return text.strip().removeprefix("Patient/")


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


def _message(message: MessageBody, at: int) -> Message:
    unserved = [name for name in _NOT_SERVED if getattr(message, name)]
    if unserved:
        raise InputError(
            f"messages[{at}].{unserved[0]} is not served.", remedy="Send text.", param=f"messages[{at}]"
        )
    content = message.content
    text = content if isinstance(content, str) else "\n".join(part.text for part in content)
    return Message(role=message.role, content=_scalar(text, f"messages[{at}].content"))


def _scalar(text: str, where: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise InputError(
            f"{where} holds half a surrogate pair.", remedy="Send valid Unicode.", param=where
        ) from None
    return text


def _refuse_unserved(body: Mapping[str, Any]) -> None:
    for key, value in body.items():
        if key not in CHAT_FIELDS and value not in NOTHING:
            # A key could be anything, a name too: only those that OpenAI defines are repeated.
            name = f"'{key}'" if key in UNSERVED else "A field"
            raise InputError(
                f"{name} is not served: what Osler cannot guard, it does not pass on.",
                remedy=f"Leave it out. Served: {', '.join(sorted(CHAT_FIELDS - {'stop', 'n'}))}.",
                param=key if name != "A field" else None,
            )


def _whole(body: Mapping[str, Any]) -> dict[str, int]:
    """Whole numbers that were written with a point: JSON knows one kind of number only, model servers two."""
    given = {key: body.get(key) for key in WHOLE}
    return {key: int(n) for key, n in given.items() if isinstance(n, float) and n.is_integer()}


def _notes(metadata: Mapping[str, Any], headers: Mapping[str, str]) -> dict[str, str]:
    """`metadata` and `x-osler-*` headers joined; the body wins. Unknown names and values are refused in both."""
    given = {
        key.removeprefix("x-osler-"): value for key, value in headers.items() if key.startswith("x-osler-")
    }
    return _known_notes(given) | _known_notes(metadata)


def _known_notes(given: Mapping[str, Any]) -> dict[str, str]:
    for name, value in given.items():
        if not isinstance(value, str):
            raise InputError("A value of `metadata` is not text.", remedy="Send text.", param="metadata")
        if name not in NOTES:
            raise InputError(
                "`metadata` or an x-osler- header has a name that Osler does not know.",
                remedy=f"Known: {', '.join(sorted(NOTES))}.",
                param="metadata",
            )
        known = NOTES[name].get("enum")
        if known is not None and value not in known:
            raise InputError(
                f"`{name}` is not one of {', '.join(known)}.", remedy="Use one of them.", param=name
            )
        if name == "patient":
            patient_id(value)
    return dict(given)


def _explain(body: Mapping[str, Any], error: msgspec.ValidationError) -> NoReturn:
    """Say what is wrong where msgspec says that something is; its own words may quote a value."""
    path = _path(error)
    param: str | None = path or None
    message, remedy = f"A field of the request has the wrong type{_place(error)}.", ""
    if path in SAMPLING:
        message, remedy = f"'{path}' has the wrong type or is out of range.", "See OpenAI's reference."
    elif path == "n":
        message, remedy = "Only n = 1 is served.", "Ask several times instead."
    elif not path and "messages" not in body:
        message, remedy, param = "`messages` is missing.", "Send at least one message.", "messages"
    elif path == "messages" and body["messages"] == []:
        message, remedy = "`messages` is empty.", "Send at least one message."
    elif (path == "messages" or path.endswith(".content")) and "length" in str(error):
        message, remedy = f"{path} has more than {MESSAGES:,} entries.", "Send fewer."
    elif re.fullmatch(r"messages\[\d+\]", path):
        message, remedy = f"{path} is no message.", "Give each message a `role` and a `content`."
    elif path.endswith(".role"):
        message, remedy = f"{path} is not one that is served.", f"Use one of {', '.join(ROLES)}."
    elif re.match(r"messages\[\d+\]\.content\[", path):
        message = f"{path} is not a text part; images and audio are not served."
        remedy = "Send text parts only: other parts cannot be de-identified."
    elif path.endswith(".content"):
        message, remedy = f"{path} is not text.", "Send text."
    raise InputError(
        message, remedy=remedy or "See OpenAI's reference for chat completions.", param=param
    ) from None


def _path(error: msgspec.ValidationError) -> str:
    """`messages[0].role` from msgspec's message, which ends with the path; it holds names of known fields only."""
    _, dash, path = str(error).rpartition(" - at `")
    return path.rstrip("`").removeprefix("$").removeprefix(".") if dash else ""


def _place(error: msgspec.ValidationError) -> str:
    path = _path(error)
    return f" at {path}" if path else ""
