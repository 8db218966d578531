"""vLLM: OpenAI's wire, with fields of its own that pass through unchanged (`structured_outputs`, `guided_json`,
`chat_template_kwargs`, `truncate_prompt_tokens`, `top_k` …).

It takes any field and ignores, with a line in its log, those that it does not know. Its list of models tells the
context length (`max_model_len`), which `limits` gives.
"""

from typing import Any

from osler.backends.openai_wire import OpenAIWire
from osler.core.ports.completer import ModelCall


class Vllm(OpenAIWire):
    """A vLLM server (`vllm serve`)."""

    def _shaped(self, body: dict[str, Any], call: ModelCall) -> dict[str, Any]:
        # vLLM refuses the whole request where there is no tool to choose from.
        if not body.get("tools"):
            for name in ("tools", "tool_choice", "parallel_tool_calls"):
                body.pop(name, None)
        return body
