"""A chat completion's body as a ChatRequest."""

from collections.abc import Mapping
from typing import Any

from osler.api.bodies import CHAT_OURS, CHAT_REFUSED, NOTHING, ChatBody
from osler.api.bodies.chat import AssistantMessage, ImagePart, MessageBody, RefusalPart, TextPart
from osler.api.wire.asked import Asked
from osler.api.wire.pictures import require_picture
from osler.api.wire.reading import converted, left, require_served, whole
from osler.core.errors import InputError
from osler.core.messages import Caller, ChatRequest, Message, Role

_BARE = frozenset({"role", "content"})
_BARE_PART = frozenset({"type", "text"})


def chat_request(
    body: Mapping[str, Any], headers: Mapping[str, str], caller: Caller, request_id: str
) -> ChatRequest:
    """A chat completion's body and `x-osler-*` headers as a ChatRequest."""
    require_served(body, CHAT_REFUSED)
    given = whole(dict(body))
    chat = converted(given, ChatBody)
    messages = tuple(
        _message(raw, message, at)
        for at, (raw, message) in enumerate(zip(given["messages"], chat.messages, strict=True))
    )
    asked = Asked(headers=headers, caller=caller, request_id=request_id)
    return asked.request(messages, left(given, CHAT_OURS), chat, surface="chat")


def _message(raw: Mapping[str, Any], message: MessageBody, at: int) -> Message:
    """A message. What holds more than a role and a text keeps the form that it came in."""
    role: Role = raw["role"]
    if isinstance(message, AssistantMessage) and message.audio not in NOTHING:
        raise InputError(
            f"messages[{at}].audio is not served: sound cannot be checked.",
            remedy="Send text.",
            param=f"messages[{at}]",
        )
    content = message.content
    if isinstance(content, str):
        if raw.keys() <= _BARE:
            return Message(role=role, content=content)
        return Message(role=role, content=content, wire=_kept(raw))
    parts = content or []
    text = "\n".join(
        part.refusal if isinstance(part, RefusalPart) else part.text
        for part in parts
        if not isinstance(part, ImagePart)
    )
    for place, part in enumerate(parts):
        if isinstance(part, ImagePart):
            require_picture(part.image_url.url, f"messages[{at}].content[{place}].image_url.url")
    if (
        raw.keys() <= _BARE
        and parts
        and all(_is_bare(p, r) for p, r in zip(parts, raw["content"], strict=True))
    ):
        return Message(role=role, content=text)
    return Message(role=role, content=text, wire=_kept(raw))


def _is_bare(part: TextPart | ImagePart | RefusalPart, raw: Mapping[str, Any]) -> bool:
    return isinstance(part, TextPart) and raw.keys() <= _BARE_PART


def _kept(raw: Mapping[str, Any]) -> dict[str, object]:
    """The message without fields that say nothing. `content` stays: some servers want it there."""
    return {key: value for key, value in raw.items() if value is not None or key == "content"}
