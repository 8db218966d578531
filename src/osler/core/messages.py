"""What a caller asks and what a model answers, whatever the wire."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Role = Literal["system", "developer", "user", "assistant", "tool", "function"]
Ground = Literal["auto", "off"]
Reusing = Literal["auto", "off"]
Latency = Literal["critical", "interactive", "batch"]
Surface = Literal["chat", "responses", "completions"]
Endpoint = Literal["chat", "completions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn of a conversation. `content` is its text.

    `wire` is the message as OpenAI's wire has it, where it holds more than a role and a text: parts with images, tool
    calls, the id of the call that it answers, names. Then `wire` is what is sent, and `content` only what it says.
    """

    role: Role
    content: str = field(repr=False)
    wire: Mapping[str, object] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks: the API key's id (never the key), its role, and the tenant that it belongs to.

    What else the key is held to: routes (`scopes`), models and destinations by name, requests a minute. None: no more
    than its role and its tenant are.
    """

    key: str = "local"
    role: str = "clinician"
    tenant: str = "default"
    scopes: frozenset[str] | None = None
    models: frozenset[str] | None = None
    destinations: frozenset[str] | None = None
    per_minute: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """A question on its way in.

    `model` is a configured model's name or "auto"; `params` are all further fields of the request in OpenAI's terms,
    which go on to the model server: settings, tools, response_format, what nobody knows; `patient` is a bare FHIR id;
    `explain` asks for what the model was sent. `task` names one of the configured tasks, `specialty` and `latency`
    are what the caller says of the request. `break_glass` is the reason for which the caller asks for more than
    the role allows; `reuse` "off" wants an answer of its own. `surface` is the route that it came by.
    """

    messages: tuple[Message, ...] = field(repr=False)
    model: str = "auto"
    params: Mapping[str, object] = field(default_factory=dict, repr=False)
    stream: bool = False
    n: int = 1
    patient: str | None = field(default=None, repr=False)
    purpose: str = "treatment"
    task: str | None = None
    specialty: str | None = None
    latency: Latency = "interactive"
    break_glass: str | None = field(default=None, repr=False)
    ground: Ground = "auto"
    reuse: Reusing = "auto"
    explain: bool = False
    caller: Caller = field(default_factory=Caller)
    request_id: str = ""
    surface: Surface = "chat"

    @property
    def question(self) -> str:
        """The last thing the user said; empty when the user said nothing."""
        return next((m.content for m in reversed(self.messages) if m.role == "user"), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens as the model server counted them; None where it did not say."""

    prompt: int | None = None
    completion: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolDelta:
    """A piece of a tool call. `index` is its place among the calls of one choice; `id` and `name` come with the
    first piece, `arguments` (JSON as text) in any number of pieces."""

    index: int
    id: str = ""
    name: str = ""
    arguments: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """A piece of an answer. The last one of a choice carries `finish`; the last one of all, if known, `usage`.

    `index` is the choice that it belongs to, 0 where one was asked for. `logprobs` is a list of entries as OpenAI's
    wire has them. `reasoning` is what some servers send beside the answer.
    """

    text: str = field(default="", repr=False)
    finish: str | None = None
    usage: Usage | None = None
    index: int = 0
    tools: tuple[ToolDelta, ...] = ()
    reasoning: str = field(default="", repr=False)
    refusal: str = field(default="", repr=False)
    logprobs: tuple[Mapping[str, object], ...] = field(default=(), repr=False)
