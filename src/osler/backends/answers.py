"""The shapes of what an OpenAI-wire server answers, as far as Osler reads them. Unknown fields are skipped.

Plain answers and pieces of a stream have one shape: `choices` hold a `message` in the former, a
`delta` in the latter, a `text` with the endpoint "completions". Servers differ in what they leave out or send as
null; only what is needed is demanded.
"""

from typing import Any

import msgspec
from msgspec import Struct

from osler.core.messages import Usage


class Function(Struct):
    """What a tool call calls. `arguments` is JSON as text; TGI has sent it as an object."""

    name: str | None = None
    arguments: str | dict[str, Any] | None = None

    def written(self) -> str:
        """The arguments, or a piece of them, as text."""
        if isinstance(self.arguments, dict):
            return msgspec.json.encode(self.arguments).decode()
        return self.arguments or ""


class ToolCall(Struct):
    """A tool call, or a piece of one. Some servers leave `index` out, some repeat `id` with each piece."""

    index: int | None = None
    id: str | None = None
    function: Function | None = None


class Part(Struct):
    """A piece of a message whose content is a list."""

    type: str = ""
    text: str | None = None


class Text(Struct):
    """A message, or a piece of one. `content` is null in tool calls, and in many servers' first piece.

    `reasoning` and `reasoning_content` are two names for one thing; some servers send both, some an object.
    """

    content: str | list[Part] | None = None
    tool_calls: list[ToolCall] | ToolCall | None = None
    function_call: Function | None = None
    refusal: str | None = None
    reasoning_content: Any = None
    reasoning: Any = None

    def said(self) -> str:
        """The text."""
        if isinstance(self.content, list):
            return "".join(part.text or "" for part in self.content if part.type in ("text", ""))
        return self.content or ""

    def thought(self) -> str:
        """The reasoning."""
        for given in (self.reasoning_content, self.reasoning):
            if isinstance(given, str) and given:
                return given
        return ""

    def calls(self) -> list[ToolCall]:
        """The tool calls; a `function_call` of old is the first of one."""
        if self.tool_calls is not None:
            return self.tool_calls if isinstance(self.tool_calls, list) else [self.tool_calls]
        return [ToolCall(index=0, function=self.function_call)] if self.function_call is not None else []


class Choice(Struct):
    """One of the answers that were asked for."""

    index: int = 0
    message: Text | None = None
    delta: Text | None = None
    text: str | None = None
    finish_reason: str | None = None
    logprobs: Any = None

    def body(self) -> Text | None:
        """What it says, whichever field says it."""
        if self.message is not None or self.delta is not None:
            return self.message if self.message is not None else self.delta
        return Text(content=self.text) if self.text is not None else None

    def entries(self) -> tuple[dict[str, Any], ...]:
        """Log probabilities: one entry a token; with the endpoint "completions" one object of lists, as it came."""
        if not isinstance(self.logprobs, dict):
            return ()
        tokens = self.logprobs.get("content")
        if isinstance(tokens, list):
            return tuple(entry for entry in tokens if isinstance(entry, dict))
        return (self.logprobs,) if "tokens" in self.logprobs else ()


class TokenCount(Struct):
    """Tokens as the server counted them."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class Answer(Struct):
    """A completion or a chunk of one. The last chunk may have usage and no choice.

    `error` is an object or a text (TGI); vLLM has sent errors as an object whose `object` is "error".
    """

    choices: list[Choice] | None = None
    usage: TokenCount | None = None
    error: Any = None
    object: Any = None

    def is_error(self) -> bool:
        """Whether it is an error and no answer."""
        return self.error is not None or self.object == "error"

    def counted(self) -> Usage | None:
        """The usage in Osler's terms."""
        if self.usage is None:
            return None
        return Usage(prompt=self.usage.prompt_tokens, completion=self.usage.completion_tokens)


class Vector(Struct):
    """One text's vector and the text's place."""

    embedding: list[float]
    index: int | None = None


class Embeddings(Struct):
    """Vectors, in whatever order the server sends them."""

    data: list[Vector]

    def vectors(self) -> tuple[tuple[float, ...], ...]:
        """Vectors in the order of the texts: by `index` where every row has its own, else as they came.

        A numbering with gaps or doubles gives nothing, as no order can be trusted then.
        """
        places = [row.index for row in self.data]
        if all(place is None for place in places):
            return tuple(tuple(row.embedding) for row in self.data)
        if sorted(p for p in places if p is not None) != list(range(len(places))):
            return ()
        return tuple(tuple(row.embedding) for row in sorted(self.data, key=lambda row: row.index or 0))


class ModelEntry(Struct):
    """One model that a server lists. `max_model_len` is vLLM's: tokens of prompt and answer together."""

    id: str
    max_model_len: int | None = None


class ModelList(Struct):
    """The models that a server lists; Ollama says null when it has none."""

    data: list[ModelEntry] | None


ANSWER = msgspec.json.Decoder(Answer)
EMBEDDINGS = msgspec.json.Decoder(Embeddings)
MODELS = msgspec.json.Decoder(ModelList)
