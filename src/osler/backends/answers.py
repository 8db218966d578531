"""The shapes of what an OpenAI-wire server answers, as far as Osler reads them. Unknown fields are skipped.

Plain answers and pieces of a stream have one shape: `choices` hold a `message` in the former, a
`delta` in the latter. Servers differ in what they leave out or send as null; only what is needed is
demanded.
"""

from typing import Any

from msgspec import Struct

from osler.core.messages import Usage


class Text(Struct):
    """A message, or a piece of one. `content` is null in tool calls, and in many servers' first piece."""

    content: str | None = None


class Choice(Struct):
    """One of the answers that were asked for; Osler reads the first."""

    index: int = 0
    message: Text | None = None
    delta: Text | None = None
    finish_reason: str | None = None


class TokenCount(Struct):
    """Tokens as the server counted them."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class Answer(Struct):
    """A chat completion or a chunk of one. The last chunk may have usage and no choice."""

    choices: list[Choice] | None = None
    usage: TokenCount | None = None
    error: Any = None

    def first(self) -> Choice | None:
        """The choice with index 0."""
        return next((c for c in self.choices or () if c.index == 0), None)

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
    """One model that a server lists."""

    id: str


class ModelList(Struct):
    """The models that a server lists; Ollama says null when it has none."""

    data: list[ModelEntry] | None


class Stream:
    """What is known of a streamed answer so far."""

    def __init__(self) -> None:
        self.begun = False
        self.length = 0
        self.finish = ""
        self.usage: Usage | None = None

    def take(self, answer: Answer) -> str:
        """Note what a chunk says, and give the text that it adds."""
        self.begun = True
        self.usage = answer.counted() or self.usage
        choice = answer.first()
        if choice is None:
            return ""
        self.finish = choice.finish_reason or self.finish
        text = (choice.delta.content if choice.delta else None) or ""
        self.length += len(text)
        return text
