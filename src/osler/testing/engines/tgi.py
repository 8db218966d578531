"""A stand-in for Text Generation Inference's messages API, and for Text Embeddings Inference's `/v1/embeddings`.

Source: TGI's router (lib.rs, server.rs, validation.rs; 2 and 3), TEI's http server. Unknown fields are ignored, as
serde does; known ones of another type are refused with 422 and a line of text.
"""

import json
from typing import Any

from osler.testing.engines.server import Answered, as_json, pieces_of, said, words

_TYPES: dict[str, tuple[type, ...]] = {
    "frequency_penalty": (int, float), "logprobs": (bool,), "max_tokens": (int,), "messages": (list,),
    "presence_penalty": (int, float), "response_format": (dict,), "seed": (int,), "stop": (list,), "stream": (bool,),
    "temperature": (int, float), "tools": (list,), "top_logprobs": (int,), "top_p": (int, float), "model": (str,),
}  # fmt: skip


class TgiEngine:
    """Serves one model of `context` words, whatever it is called. `done`: whether streams end with `[DONE]`."""

    def __init__(self, context: int = 64, *, done: bool = True) -> None:
        self.context, self.done = context, done

    def answer(self, method: str, path: str, body: Any) -> Answered:
        """The answer to one request."""
        match (method, path):
            case ("GET", "/info"):
                return as_json(
                    {
                        "model_id": "tgi-model",
                        "max_input_tokens": self.context - 1,
                        "max_total_tokens": self.context,
                    }
                )
            case ("GET", "/v1/models"):
                return as_json(
                    {"object": "list", "data": [{"id": "tgi-model", "object": "model", "owned_by": "x"}]}
                )
            case ("POST", "/v1/embeddings"):
                return self._embed(body)
            case ("POST", "/v1/chat/completions"):
                return self._chat(body)
        return Answered(status=404)

    def _embed(self, body: dict[str, Any]) -> Answered:
        given = body["input"]
        if len(given) > 32:
            error = f"batch size {len(given)} > maximum allowed batch size 32"
            return as_json({"message": error, "code": 422, "type": "Validation"}, 422)
        if any(words(text) > self.context for text in given):
            error = f"Input validation error: `inputs` must have less than {self.context} tokens. Given: 999"
            return as_json({"message": error, "code": 413, "type": "Validation"}, 413)
        rows = [
            {"object": "embedding", "embedding": [float(words(t)), 1.0], "index": n}
            for n, t in enumerate(given)
        ]
        return as_json(
            {"object": "list", "data": rows, "model": "tei", "usage": {"prompt_tokens": 1, "total_tokens": 1}}
        )

    def _chat(self, body: Any) -> Answered:
        if problem := _misshapen(body):
            text = f"Failed to deserialize the JSON body into the target type: {problem} at line 1 column 2"
            return Answered(status=422, kind="text/plain; charset=utf-8", body=text.encode())
        text, limit = said(body["messages"]), body.get("max_tokens") or 0
        if len(body.get("stop") or ()) > 4:
            return _invalid("`stop` supports up to 4 stop sequences. Given: 5")
        if words(text) + limit > self.context:
            return _invalid(
                f"`inputs` tokens + `max_new_tokens` must be <= {self.context}. Given: {words(text)} `inputs` "
                f"tokens and {limit} `max_new_tokens`"
            )
        usage = {"prompt_tokens": words(text), "completion_tokens": 1, "total_tokens": words(text) + 1}
        tool = body["tools"][0]["function"]["name"] if body.get("tools") else None
        if body.get("stream"):
            return self._stream(
                text, tool, usage, asked=bool((body.get("stream_options") or {}).get("include_usage"))
            )
        message: dict[str, Any] = {"role": "assistant", "content": text}
        if tool is not None:  # arguments as an object: before 3.0
            call = {
                "id": "0",
                "type": "function",
                "function": {"description": None, "name": tool, "arguments": {"text": text}},
            }
            message = {"role": "assistant", "tool_calls": [call]}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "eos_token"}
        return as_json(
            {"object": "chat.completion", "model": "tgi-model", "choices": [choice], "usage": usage}
        )

    def _stream(self, text: str, tool: str | None, usage: dict[str, int], *, asked: bool) -> Answered:
        deltas: list[dict[str, Any]] = [{"role": "assistant", "content": p} for p in pieces_of(text)]
        if tool is not None:  # one object, no list
            parts = ('{"text": ', json.dumps(text) + "}")
            deltas = [
                {
                    "role": "assistant",
                    "tool_calls": {
                        "index": 0,
                        "id": "",
                        "type": "function",
                        "function": {"name": tool if n == 0 else None, "arguments": p},
                    },
                }
                for n, p in enumerate(parts)
            ]
        last = len(deltas) - 1
        chunks: list[dict[str, Any]] = [
            {
                "choices": [
                    {
                        "index": 0,
                        "delta": d,
                        "logprobs": None,
                        "finish_reason": "eos_token" if n == last else None,
                    }
                ]
            }
            for n, d in enumerate(deltas)
        ]
        if asked:
            chunks.append({"choices": [], "usage": usage})
        events = [b"data:" + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks]
        end = (b"data: [DONE]\n\n",) if self.done else ()
        return Answered(kind="text/event-stream", pieces=(*events, *end))


def _misshapen(body: Any) -> str:
    if not isinstance(body, dict) or "messages" not in body:
        return "missing field `messages`"
    for name, kinds in _TYPES.items():
        value = body.get(name)
        if value is not None and (
            not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds)
        ):
            return f"{name}: invalid type"
    form = body.get("response_format")
    if form is not None and form.get("type") not in ("json", "json_object", "regex", "json_schema"):
        return "response_format.type: unknown variant"
    if form is not None and "value" not in form:
        return "response_format: missing field `value`"
    for message in body["messages"]:
        if not isinstance(message, dict) or "role" not in message:
            return "messages[0]: missing field `role`"
        for part in message["content"] if isinstance(message.get("content"), list) else ():
            if part.get("type") not in ("text", "image_url"):
                return "messages[0].content: data did not match any variant of untagged enum MessageContent"
    return ""


def _invalid(message: str) -> Answered:
    return as_json({"error": f"Input validation error: {message}", "error_type": "validation"}, 422)
