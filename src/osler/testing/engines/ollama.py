"""A stand-in for Ollama's native API: types as Go's, the context that a request names, and what is cut without a word.

Source: api/types.go, server/routes.go (0.12.6 and later). Unknown fields are ignored. Where `truncate` is not false, a
prompt that is longer than `num_ctx` loses its beginning, as in the real server: then `prompt_eval_count` alone tells.
"""

import base64
import binascii
import json
from typing import Any

from osler.testing.engines.server import Answered, as_json, pieces_of, words

DEFAULT_CONTEXT = 16
"""Words that a prompt may have where the request does not say."""


class OllamaEngine:
    """Has one model."""

    def __init__(self, model: str = "medgemma:latest") -> None:
        self.model = model

    def answer(self, method: str, path: str, body: Any) -> Answered:
        """The answer to one request."""
        if (method, path) == ("GET", "/api/tags"):
            return as_json({"models": [{"name": self.model, "model": self.model, "details": {}}]})
        if method != "POST" or path not in ("/api/chat", "/api/generate", "/api/embed", "/api/show"):
            return Answered(status=404, kind="text/plain", body=b"404 page not found")
        if not isinstance(body, dict) or body.get("model") not in (
            self.model,
            self.model.removesuffix(":latest"),
        ):
            return as_json({"error": "model 'x' not found"}, 404)
        if path == "/api/show":
            return as_json(
                {"model_info": {"general.architecture": "gemma3", "gemma3.context_length": 131072}}
            )
        if problem := _misshapen(body):
            return as_json({"error": problem}, 400)
        return self._embed(body) if path == "/api/embed" else self._speak(body, path)

    def _embed(self, body: dict[str, Any]) -> Answered:
        if body.get("truncate", True) is False and any(words(t) > DEFAULT_CONTEXT for t in body["input"]):
            return as_json({"error": "the input length exceeds the context length"}, 400)
        size = body.get("dimensions") or 3
        return as_json({"model": self.model, "embeddings": [[float(words(t))] * size for t in body["input"]]})

    def _speak(self, body: dict[str, Any], path: str) -> Answered:
        chat = path == "/api/chat"
        prompt = body["messages"][-1].get("content", "") if chat else body["prompt"]
        context = (body.get("options") or {}).get("num_ctx", DEFAULT_CONTEXT)
        if words(prompt) > context:
            if body.get("truncate", True) is False:
                inner = {
                    "code": 400,
                    "message": "request exceeds the available context size",
                    "type": "exceed_context_size_error",
                }
                return as_json({"error": json.dumps({"error": inner})}, 400)
            prompt = " ".join(prompt.split()[-context:])
        end: dict[str, Any] = {
            "done": True, "done_reason": "stop", "prompt_eval_count": words(prompt), "eval_count": words(prompt),
        }  # fmt: skip
        lines: list[dict[str, Any]] = []
        if chat and body.get("tools"):
            name = body["tools"][0]["function"]["name"]
            calls = [{"function": {"name": name, "arguments": {"text": prompt}}}]
            lines.append(
                {"message": {"role": "assistant", "content": "", "tool_calls": calls}, "done": False}
            )
        else:
            if body.get("think"):
                lines.append(
                    {"message": {"role": "assistant", "content": "", "thinking": "I echo."}, "done": False}
                )
            for piece in pieces_of(prompt):
                said = {"message": {"role": "assistant", "content": piece}} if chat else {"response": piece}
                lines.append({**said, "done": False})
        lines.append(
            {**({"message": {"role": "assistant", "content": ""}} if chat else {"response": ""}), **end}
        )
        if body.get("stream", True):
            return Answered(
                kind="application/x-ndjson", pieces=tuple(json.dumps(line).encode() + b"\n" for line in lines)
            )
        return as_json(_whole(lines, chat))


def _whole(lines: list[dict[str, Any]], chat: bool) -> dict[str, Any]:
    if not chat:
        return {**lines[-1], "response": "".join(line["response"] for line in lines)}
    messages = [line["message"] for line in lines]
    message: dict[str, Any] = {"role": "assistant", "content": "".join(m["content"] for m in messages)}
    for name in ("thinking", "tool_calls"):
        for one in messages:
            if name in one:
                message[name] = one[name]
    return {**lines[-1], "message": message}


def _misshapen(body: dict[str, Any]) -> str:
    for message in body.get("messages", ()):
        if not isinstance(message.get("content", ""), str):
            return "json: cannot unmarshal array into Go struct field ChatRequest.messages.content of type string"
        for call in message.get("tool_calls", ()):
            if not isinstance(call["function"].get("arguments"), dict):
                return "json: cannot unmarshal string into Go struct field .function.arguments"
        for image in message.get("images", ()):
            try:
                base64.b64decode(image, validate=True)
            except (binascii.Error, ValueError):
                return "illegal base64 data at input byte 4"
    options = body.get("options") or {}
    for name, kind in (("num_ctx", int), ("num_predict", int), ("stop", list), ("seed", int)):
        if name in options and not isinstance(options[name], kind):
            return f'option "{name}" must be of type {"array" if kind is list else "integer"}'
    form = body.get("format")
    if form is not None and form != "json" and not isinstance(form, dict):
        return f'invalid format: {form!r}; expected "json" or a JSON schema'
    return ""
