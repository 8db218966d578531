"""What a caller asks and what a model answers, whatever the wire."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Role = Literal["system", "developer", "user", "assistant"]
Ground = Literal["auto", "off"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn of a conversation, text only."""

    role: Role
    content: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks: the API key's id (never the key), its name's role, or the local command line."""

    key: str = "local"
    role: str = "clinician"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """A question on its way in.

    `model` is a configured model's name or "auto"; `params` are sampling settings in OpenAI's
    terms; `patient` is a bare FHIR id; `explain` asks for what the model was sent.
    """

    messages: tuple[Message, ...] = field(repr=False)
    model: str = "auto"
    params: Mapping[str, object] = field(default_factory=dict, repr=False)
    stream: bool = False
    patient: str | None = field(default=None, repr=False)
    purpose: str = "treatment"
    ground: Ground = "auto"
    explain: bool = False
    caller: Caller = field(default_factory=Caller)
    request_id: str = ""

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
class Delta:
    """A piece of an answer. The last one carries `finish` and, if known, `usage`."""

    text: str = field(default="", repr=False)
    finish: str | None = None
    usage: Usage | None = None
