"""llama.cpp's server (`llama-server`): OpenAI's wire, with fields of its own that pass through (`cache_prompt`,
`grammar`, `top_k`, `min_p`, `chat_template_kwargs` …).

While it loads its model it answers 503, which is told as such. It serves one model whatever it is called; the length
of its context stands in `/props`. It takes `response_format` of type `json_object` with a `schema` in every version,
of type `json_schema` only in later ones, so the former is what is sent.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from osler.backends.address import root
from osler.backends.openai_wire import OpenAIWire
from osler.core.ports.completer import ModelCall


class Generation(Struct):
    """Of `/props`: tokens that one conversation may have, prompt and answer together."""

    n_ctx: int | None = None


class Props(Struct):
    """What the server says of itself."""

    default_generation_settings: Generation | None = None


_PROPS = msgspec.json.Decoder(Props)


class LlamaCpp(OpenAIWire):
    """A llama.cpp server."""

    async def limits(self, model_ids: tuple[str, ...]) -> Mapping[str, int]:
        """Tokens of prompt and answer together, the same for all ids."""
        props = self._decoded(await self._got(root(self._url) + "/props"), _PROPS)
        settings = props.default_generation_settings
        return dict.fromkeys(model_ids, settings.n_ctx) if settings is not None and settings.n_ctx else {}

    def _shaped(self, body: dict[str, Any], call: ModelCall) -> dict[str, Any]:
        form = body.get("response_format")
        inner = form.get("json_schema") if isinstance(form, Mapping) else None
        if isinstance(inner, Mapping) and isinstance(inner.get("schema"), Mapping):
            body["response_format"] = {"type": "json_object", "schema": inner["schema"]}
        limit = body.pop("max_completion_tokens", None)
        if limit is not None:  # which older versions do not know
            body.setdefault("max_tokens", limit)
        return body
