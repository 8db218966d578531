"""A stand-in for llama.cpp's server: 503 while it loads, `/props`, its error objects, its `response_format`.

Source: tools/server (README.md, utils.hpp, server.cpp).
"""

import json
from typing import Any

from osler.testing.engines.server import Answered, as_json, pieces_of, said, words


class LlamaCppEngine:
    """Serves one model of `context` words, whatever it is called; nothing while `loading`."""

    def __init__(self, context: int = 64, *, loading: bool = False) -> None:
        self.context, self.loading = context, loading

    def answer(self, method: str, path: str, body: Any) -> Answered:
        """The answer to one request."""
        if self.loading:
            return _error(503, "unavailable_error", "Loading model")
        match (method, path):
            case ("GET", "/props"):
                return as_json({"default_generation_settings": {"n_ctx": self.context}, "total_slots": 1})
            case ("GET", "/v1/models"):
                card = {"id": "model.gguf", "object": "model", "meta": {"n_ctx_train": 131072}}
                return as_json({"object": "list", "data": [card]})
            case ("POST", "/v1/embeddings"):
                rows = [
                    {"index": n, "embedding": [float(words(t))], "object": "embedding"}
                    for n, t in enumerate(body["input"])
                ]
                return as_json(
                    {"object": "list", "data": rows, "usage": {"prompt_tokens": 1, "total_tokens": 1}}
                )
            case ("POST", "/v1/chat/completions"):
                return self._chat(body)
        return _error(404, "not_found_error", "File Not Found")

    def _chat(self, body: Any) -> Answered:
        if not isinstance(body, dict) or not isinstance(body.get("messages"), list):
            return _error(400, "invalid_request_error", "'messages' is required")
        form = body.get("response_format") or {}
        if form.get("type") not in (None, "text", "json_object") or (
            form.get("type") == "json_object" and not isinstance(form.get("schema", {}), dict)
        ):
            return _error(
                400, "invalid_request_error", 'response_format type must be one of "text" or "json_object"'
            )
        if body.get("n", 1) != 1:
            return _error(400, "invalid_request_error", "Only one completion choice is allowed")
        text = said(body["messages"])
        if words(text) > self.context:
            inner = {
                "code": 400,
                "message": f"request ({words(text)} tokens) exceeds the available context size "
                f"({self.context} tokens), try increasing it",
                "type": "exceed_context_size_error",
                "n_prompt_tokens": words(text),
                "n_ctx": self.context,
            }
            return as_json({"error": inner}, 400)
        if "max_tokens" in body:
            text = " ".join(text.split()[: body["max_tokens"]])
        finish = "length" if "max_tokens" in body else "stop"
        timings = {"prompt_n": words(text), "predicted_n": words(text)}
        usage = {
            "prompt_tokens": words(text),
            "completion_tokens": words(text),
            "total_tokens": 2 * words(text),
        }
        if not body.get("stream"):
            message = {"role": "assistant", "content": text}
            choice = {"index": 0, "message": message, "finish_reason": finish}
            return as_json({"choices": [choice], "usage": usage, "timings": timings})
        deltas: list[dict[str, Any]] = [{"role": "assistant", "content": None}]
        deltas += [{"content": piece} for piece in pieces_of(text)]
        chunks: list[dict[str, Any]] = [
            {"choices": [{"index": 0, "delta": d, "finish_reason": None}]} for d in deltas
        ]
        chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": finish}], "timings": timings})
        if (body.get("stream_options") or {}).get("include_usage"):
            chunks.append({"choices": [], "usage": usage, "timings": timings})
        events = [b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks]
        return Answered(kind="text/event-stream", pieces=(*events, b"data: [DONE]\n\n"))


def _error(status: int, kind: str, message: str) -> Answered:
    return as_json({"error": {"code": status, "message": message, "type": kind}}, status)
