"""The bodies of the OpenAI wire, as a stand-in server writes them. Pure: values in, bytes out."""

import json
from collections.abc import Mapping, Sequence

from osler.testing.replies import last_user_text

CREATED = 1_767_225_600
"""The creation time that every answer carries: 2026-01-01T00:00:00Z in Unix seconds."""


def encode(value: object) -> bytes:
    """`value` as JSON."""
    return json.dumps(value, ensure_ascii=False).encode()


def usage(body: Mapping[str, object], text: str) -> dict[str, int]:
    """Tokens by counting words: a stand-in has no tokenizer."""
    messages = body.get("messages", body.get("prompt"))
    contents = [
        str(m.get("content", "")) if isinstance(m, dict) else str(m)
        for m in (messages if isinstance(messages, list) else [messages or ""])
    ]
    prompt, completion = sum(len(c.split()) for c in contents), len(text.split())
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def completion(body: Mapping[str, object], text: str, *, finish: str | None = "stop") -> bytes:
    """A plain completion, of a conversation or of a prompt; the same text for each choice."""
    chat = "prompt" not in body
    said: dict[str, object] = {"message": {"role": "assistant", "content": text}} if chat else {"text": text}
    return encode(
        {
            "id": "chatcmpl-stand-in",
            "object": "chat.completion" if chat else "text_completion",
            "created": CREATED,
            "model": body.get("model"),
            "choices": [{"index": n, **said, "finish_reason": finish} for n in range(choices(body))],
            "usage": usage(body, text),
        }
    )


def events(body: Mapping[str, object], pieces: Sequence[str], *, finish: str | None = "stop") -> list[bytes]:
    """The events of a streamed completion, without the closing `[DONE]`; one a piece and choice, then the finish of
    each choice, then the usage if it was asked for."""
    every = range(choices(body))
    out = [event(_chunk(body, {"role": "assistant", "content": ""}, index=n)) for n in every]
    out += [event(_chunk(body, {"content": piece}, index=n)) for piece in pieces for n in every]
    if finish is not None:
        out += [event(_chunk(body, {}, finish, index=n)) for n in every]
    options = body.get("stream_options")
    if isinstance(options, dict) and options.get("include_usage"):
        last = _chunk(body, {})
        out.append(event({**last, "choices": [], "usage": usage(body, "".join(pieces))}))
    return out


def event(data: object) -> bytes:
    """One server-sent event with JSON data."""
    return b"data: " + encode(data) + b"\n\n"


def error(body: Mapping[str, object], kind: str) -> dict[str, object]:
    """An error object that repeats the question, as careless servers do."""
    return {
        "error": {"message": f"{kind}: {last_user_text(body)}", "type": kind, "param": None, "code": kind}
    }


def embeddings(body: Mapping[str, object], dimensions: int) -> bytes:
    """One vector a text: letter counts by code point, enough to tell texts apart."""
    given = body.get("input")
    texts = [given] if isinstance(given, str) else list(given) if isinstance(given, list) else []
    rows = []
    for index, text in enumerate(texts):
        vector = [0.0] * dimensions
        for letter in str(text):
            vector[ord(letter) % dimensions] += 1.0
        rows.append({"object": "embedding", "index": index, "embedding": vector})
    words = sum(len(str(t).split()) for t in texts)
    return encode(
        {
            "object": "list",
            "model": body.get("model"),
            "data": rows,
            "usage": {"prompt_tokens": words, "total_tokens": words},
        }
    )


def models(ids: Sequence[str]) -> bytes:
    """The list of models."""
    rows = [{"id": i, "object": "model", "created": CREATED, "owned_by": "stand-in"} for i in ids]
    return encode({"object": "list", "data": rows})


def problem(body: object, path: str) -> str:
    """What an OpenAI-wire server would refuse in a request's body; empty when it is well formed."""
    if not isinstance(body, dict):
        return "the body is not a JSON object"
    if not isinstance(body.get("model"), str) or not body["model"]:
        return "model is missing"
    if path.endswith("/embeddings"):
        given = body.get("input")
        good = isinstance(given, str) or (isinstance(given, list) and all(isinstance(t, str) for t in given))
        return "" if good else "input must be a string or a list of strings"
    if path.endswith("/chat/completions"):
        if fault := _conversation_problem(body.get("messages")):
            return fault
    elif not isinstance(body.get("prompt"), str):
        return "prompt must be a string"
    if not isinstance(body.get("n", 1), int):
        return "n must be an integer"
    if body.get("stream_options") is not None and body.get("stream") is not True:
        return "stream_options is allowed only with stream"
    return ""


def choices(body: Mapping[str, object]) -> int:
    """How many answers a request asks for."""
    n = body.get("n")
    return n if isinstance(n, int) and n > 0 else 1


def _conversation_problem(messages: object) -> str:
    if not isinstance(messages, list) or not messages:
        return "messages is missing"
    for message in messages:
        content = message.get("content") if isinstance(message, dict) else None
        parts = isinstance(content, list) and all(isinstance(p, dict) and "type" in p for p in content)
        called = isinstance(message, dict) and isinstance(message.get("tool_calls"), list)
        if not (isinstance(content, str) or parts or (content is None and called)):
            return "a message has no text"
        if message.get("role") not in ("system", "developer", "user", "assistant", "tool", "function"):
            return "a message has an unknown role"
    return ""


def _chunk(
    body: Mapping[str, object], delta: Mapping[str, object], finish: str | None = None, *, index: int = 0
) -> dict[str, object]:
    chat = "prompt" not in body
    said: dict[str, object] = {"delta": delta} if chat else {"text": delta.get("content", "")}
    return {
        "id": "chatcmpl-stand-in",
        "object": "chat.completion.chunk" if chat else "text_completion",
        "created": CREATED,
        "model": body.get("model"),
        "choices": [{"index": index, **said, "finish_reason": finish}],
    }
