"""Text Generation Inference, and for vectors Text Embeddings Inference: OpenAI's wire, told apart where they differ.

TGI refuses bodies of another shape with 422 and ignores fields that it does not know. So `max_completion_tokens`
becomes `max_tokens`, a single `stop` a list, the role `developer` becomes `system`, and `response_format` takes TGI's
form: a grammar of type `json_object` with the schema as its `value`. What it would ignore in silence is refused here:
several choices, and `logit_bias`. TEI takes 32 texts in one request unless it is told otherwise.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from osler.backends import upstream
from osler.backends.address import root
from osler.backends.openai_wire import OpenAIWire
from osler.core.errors import UpstreamRefused
from osler.core.ports.completer import ModelCall

TEI_BATCH = 32
_ANY_OBJECT = {"type": "object"}


class Info(Struct):
    """What TGI says of itself (`/info`). `max_total_tokens`: prompt and answer together."""

    model_id: str
    max_total_tokens: int | None = None


_INFO = msgspec.json.Decoder(Info)


class Tgi(OpenAIWire):
    """A TGI server (`text-generation-launcher`), or TEI for embeddings."""

    def __init__(self, url: str, token: str | None = None, **more: Any) -> None:
        super().__init__(url, token, **{"embed_batch": TEI_BATCH, **more})

    async def limits(self, model_ids: tuple[str, ...]) -> Mapping[str, int]:
        """Tokens of prompt and answer together. TGI serves one model, whatever it is called."""
        info = self._decoded(await self._got(root(self._url) + "/info"), _INFO)
        return dict.fromkeys(model_ids, info.max_total_tokens) if info.max_total_tokens else {}

    def _shaped(self, body: dict[str, Any], call: ModelCall) -> dict[str, Any]:
        if body.pop("n", None) not in (None, 1) or body.get("best_of") not in (None, 1):
            raise self._refused("it gives one answer, not several")
        if body.get("logit_bias"):
            raise self._refused("it knows no logit_bias")
        limit = body.pop("max_completion_tokens", None)
        if limit is not None:
            body.setdefault("max_tokens", limit)
        if isinstance(body.get("stop"), str):
            body["stop"] = [body["stop"]]
        if "messages" in body:
            body["messages"] = [_message(m) for m in body["messages"]]
        if not body.get("tools"):
            body.pop("tool_choice", None)
        if "response_format" in body:
            form = self._grammar(body.pop("response_format"))
            if form is not None:
                body["response_format"] = form
        return body

    def _grammar(self, form: object) -> dict[str, Any] | None:
        if form is None:
            return None
        kind = form.get("type") if isinstance(form, Mapping) else None
        if not isinstance(form, Mapping) or "value" in form:
            return form  # type: ignore[return-value]  # TGI's own form, or for it to refuse
        if kind == "text":
            return None
        if kind == "json_object":
            return {"type": "json_object", "value": form.get("schema", _ANY_OBJECT)}
        inner = form.get("json_schema")
        schema = inner.get("schema") if isinstance(inner, Mapping) else None
        if kind == "json_schema" and schema is not None:
            return {"type": "json_object", "value": schema}
        raise self._refused("it knows no such response_format")

    def _refused(self, what: str) -> UpstreamRefused:
        return upstream.not_served(self._url, what)


def _message(message: dict[str, Any]) -> dict[str, Any]:
    return {**message, "role": "system"} if message.get("role") == "developer" else message
