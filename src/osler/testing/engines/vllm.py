"""A stand-in for vLLM's OpenAI server: what it refuses, its error objects, its `max_model_len`, its reasoning.

Source: vllm.entrypoints.openai, protocol and serving (0.6 to 0.12). It takes fields that it does not know.
"""

import json
from typing import Any

from osler.testing.engines.server import Answered, as_json, pieces_of, said, words


class VllmEngine:
    """Serves `model` with a context of `context` words. `old_errors`: error objects as before 0.10."""

    def __init__(
        self, model: str = "google/medgemma-27b-text-it", context: int = 64, *, old_errors: bool = False
    ) -> None:
        self.model, self.context, self.old_errors = model, context, old_errors

    def answer(self, method: str, path: str, body: Any) -> Answered:
        """The answer to one request."""
        if (method, path) == ("GET", "/v1/models"):
            card = {
                "id": self.model,
                "object": "model",
                "owned_by": "vllm",
                "max_model_len": self.context,
            }
            return as_json({"object": "list", "data": [card]})
        if method != "POST" or path not in ("/v1/chat/completions", "/v1/completions", "/v1/embeddings"):
            return as_json({"detail": "Not Found"}, 404)
        if not isinstance(body, dict) or body.get("model") != self.model:
            return self._error(404, "NotFoundError", "The model `x` does not exist.")
        if problem := self._problem(body, path):
            return self._error(400, "BadRequestError", problem)
        if path == "/v1/embeddings":
            rows = [
                {
                    "object": "embedding",
                    "index": n,
                    "embedding": [float(words(t))] * (body.get("dimensions") or 4),
                }
                for n, t in enumerate(body["input"])
            ]
            return as_json({"object": "list", "data": rows, "usage": {"prompt_tokens": 1, "total_tokens": 1}})
        return self._stream(body, path) if body.get("stream") else self._plain(body, path)

    def _problem(self, body: dict[str, Any], path: str) -> str:
        if path == "/v1/embeddings":
            return "" if isinstance(body.get("input"), list) else "input: Field required"
        if path == "/v1/completions" and not isinstance(body.get("prompt"), str):
            return "prompt: Field required"
        if path == "/v1/chat/completions" and not isinstance(body.get("messages"), list):
            return "messages: Field required"
        if body.get("stream_options") is not None and not body.get("stream"):
            return "Stream options can only be defined when `stream=True`."
        if body.get("tool_choice") is not None and not body.get("tools"):
            return "When using `tool_choice`, `tools` must be set."
        if body.get("top_logprobs") and body.get("logprobs") is not True and path != "/v1/completions":
            return "when using `top_logprobs`, `logprobs` must be set to true."
        for name, kind in (("max_tokens", int), ("n", int), ("temperature", (int, float)), ("seed", int)):
            if body.get(name) is not None and not isinstance(body[name], kind):
                return f"{name}: Input should be a valid number"
        asked = words(self._prompt(body)) + (body.get("max_completion_tokens") or body.get("max_tokens") or 0)
        if asked > self.context:
            return (
                f"This model's maximum context length is {self.context} tokens. However, you requested {asked} "
                "tokens. Please reduce the length of the messages or completion."
            )
        return ""

    def _prompt(self, body: dict[str, Any]) -> str:
        return str(body["prompt"]) if "prompt" in body else said(body["messages"])

    def _error(self, status: int, kind: str, message: str) -> Answered:
        inner: dict[str, Any] = {"message": message, "type": kind, "param": None, "code": status}
        return as_json({"object": "error", **inner} if self.old_errors else {"error": inner}, status)

    def _choice(self, body: dict[str, Any], index: int, chat: bool) -> dict[str, Any]:
        text = self._prompt(body)
        if not chat:
            return {
                "index": index,
                "text": text,
                "logprobs": None,
                "finish_reason": "stop",
                "stop_reason": None,
            }
        message: dict[str, Any] = {"role": "assistant", "content": text, "reasoning_content": "I echo."}
        finish = "stop"
        if body.get("tools") and body.get("tool_choice") != "none":
            call = {
                "name": body["tools"][0]["function"]["name"],
                "arguments": json.dumps({"text": text}),
            }
            message |= {
                "content": None,
                "tool_calls": [{"id": "chatcmpl-tool-1", "type": "function", "function": call}],
            }
            finish = "tool_calls"
        logprobs: dict[str, Any] | None = None
        if body.get("logprobs"):
            logprobs = {
                "content": [
                    {"token": p, "logprob": -0.5, "bytes": None, "top_logprobs": []} for p in pieces_of(text)
                ]
            }
        return {"index": index, "message": message, "logprobs": logprobs, "finish_reason": finish}

    def _plain(self, body: dict[str, Any], path: str) -> Answered:
        chat = path == "/v1/chat/completions"
        choices = [self._choice(body, n, chat) for n in range(body.get("n") or 1)]
        return as_json({"id": "x", "model": self.model, "choices": choices, "usage": self._usage(body)})

    def _stream(self, body: dict[str, Any], path: str) -> Answered:
        chunks: list[dict[str, Any]] = []
        for n in range(body.get("n") or 1):
            whole = self._choice(body, n, path == "/v1/chat/completions")
            deltas: list[dict[str, Any]] = []
            if "text" in whole:
                chunks += [
                    {"choices": [{"index": n, "text": p, "finish_reason": None}]}
                    for p in pieces_of(whole["text"])
                ]
                chunks.append({"choices": [{"index": n, "text": "", "finish_reason": "stop"}]})
                continue
            message = whole["message"]
            deltas.append({"role": "assistant", "content": ""})
            deltas.append({"reasoning_content": message["reasoning_content"]})
            deltas += [{"content": p} for p in pieces_of(message.get("content") or "")]
            for call in message.get("tool_calls", ()):
                function = call["function"]
                head = {
                    "index": 0,
                    "id": call["id"],
                    "type": "function",
                    "function": {"name": function["name"]},
                }
                deltas.append({"tool_calls": [head]})
                for part in (function["arguments"][:5], function["arguments"][5:]):
                    deltas.append({"tool_calls": [{"index": 0, "function": {"arguments": part}}]})
            chunks += [{"choices": [{"index": n, "delta": d, "finish_reason": None}]} for d in deltas]
            chunks.append(
                {"choices": [{"index": n, "delta": {"content": ""}, "finish_reason": whole["finish_reason"]}]}
            )
        if (body.get("stream_options") or {}).get("include_usage"):
            chunks.append({"choices": [], "usage": self._usage(body)})
        events = [b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks]
        return Answered(kind="text/event-stream; charset=utf-8", pieces=(*events, b"data: [DONE]\n\n"))

    def _usage(self, body: dict[str, Any]) -> dict[str, int]:
        count = words(self._prompt(body))
        return {"prompt_tokens": count, "completion_tokens": count, "total_tokens": 2 * count}
