"""What was released of an answer: pieces while it streams, choices when it is whole."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from osler.core.messages import ToolDelta


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A tool that the model wants called. `arguments` is JSON as text, as the model wrote it, restored."""

    id: str
    name: str
    arguments: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceAnswer:
    """One of the answers that were asked for, as it was released.

    `logprobs` are entries as OpenAI's wire has them; none where the text was changed on its way back, since they
    are about the model's own text.
    """

    index: int = 0
    text: str = field(default="", repr=False)
    tools: tuple[ToolCall, ...] = field(default=(), repr=False)
    reasoning: str = field(default="", repr=False)
    refusal: str = field(default="", repr=False)
    logprobs: tuple[Mapping[str, object], ...] = field(default=(), repr=False)
    finish: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A released piece of a streamed answer: restored and checked. `index` is the choice that it belongs to.

    `logprobs` come in one piece at the end of a choice. The pieces of a tool call begin with one that has its id
    and name.
    """

    text: str = field(default="", repr=False)
    index: int = 0
    tools: tuple[ToolDelta, ...] = ()
    reasoning: str = field(default="", repr=False)
    refusal: str = field(default="", repr=False)
    logprobs: tuple[Mapping[str, object], ...] = field(default=(), repr=False)
