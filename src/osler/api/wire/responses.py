"""A request to `/v1/responses` as a ChatRequest: items become messages, flat shapes nested ones."""

from collections.abc import Iterator, Mapping
from typing import Any

from osler.api.bodies import (
    ITEMS,
    LOGPROBS,
    RESPONSES_OURS,
    RESPONSES_REFUSED,
    ResponsesBody,
)
from osler.api.bodies.responses import (
    TURNS,
    AssistantItem,
    CallItem,
    InputImage,
    NamedTool,
    ObjectFormat,
    OutputItem,
    SaidNo,
    SchemaFormat,
)
from osler.api.wire.asked import Asked
from osler.api.wire.pictures import require_picture
from osler.api.wire.reading import converted, left, require_served, whole
from osler.core.errors import InputError
from osler.core.messages import Caller, ChatRequest, Message, Role


def responses_request(
    body: Mapping[str, Any], headers: Mapping[str, str], caller: Caller, request_id: str
) -> ChatRequest:
    """The body and `x-osler-*` headers as a ChatRequest."""
    require_served(body, RESPONSES_REFUSED)
    given = whole(dict(body))
    asked = converted(given, ResponsesBody)
    messages = [Message(role="system", content=asked.instructions)] if asked.instructions else []
    if isinstance(asked.input, str):
        messages.append(Message(role="user", content=asked.input))
    else:
        turns = list(_messages(asked.input))
        if not turns:
            raise InputError("`input` holds no message.", remedy="Send at least one.", param="input")
        messages += turns
    params = {**left(given, RESPONSES_OURS), **_params(given, asked)}
    who = Asked(headers=headers, caller=caller, request_id=request_id)
    return who.request(tuple(messages), params, asked, surface="responses")


def _messages(items: list[Any]) -> Iterator[Message]:
    """Items as messages. Calls that follow each other, or a text of the assistant, make one message with it."""
    waiting: dict[str, Any] | None = None
    for at, raw in enumerate(items):
        item = _item(raw, at)
        if isinstance(item, CallItem):
            waiting = waiting or {"role": "assistant", "content": None}
            called = {"name": item.name, "arguments": item.arguments}
            calls = waiting.setdefault("tool_calls", [])
            calls.append({"id": item.call_id, "type": "function", "function": called})
        elif isinstance(item, OutputItem):
            yield from _assistant(waiting)
            waiting = None
            yield _output(item, at)
        elif isinstance(item, AssistantItem):
            yield from _assistant(waiting)
            waiting = _said(item)
        elif isinstance(item, TURNS):
            yield from _assistant(waiting)
            waiting = None
            yield _turn(raw["role"], item.content, at)
    yield from _assistant(waiting)


def _item(raw: object, at: int) -> object:
    if not isinstance(raw, dict):
        raise InputError(
            f"input[{at}] is no item.", remedy="See OpenAI's reference for responses.", param=f"input[{at}]"
        )
    kind = raw.get("type", "message")
    known = ITEMS.get(kind) if isinstance(kind, str) else None
    if known is None:
        raise InputError(
            f"input[{at}].type is not one that is served.",
            remedy=f"Served: {', '.join(ITEMS)}. Nothing is kept here, and no server runs tools by itself.",
            param=f"input[{at}].type",
        )
    return converted(raw, known, at=f"input[{at}]")


def _assistant(message: dict[str, Any] | None) -> Iterator[Message]:
    """An assistant's message that is whole by now."""
    if message is not None:
        bare = not message.keys() - {"role", "content"}
        yield Message(role="assistant", content=message["content"] or "", wire=None if bare else message)


def _said(item: AssistantItem) -> dict[str, Any]:
    """A turn of the assistant. A refusal stands beside the text, as a chat message has it."""
    refusals = (
        [] if isinstance(item.content, str) else [p.refusal for p in item.content if isinstance(p, SaidNo)]
    )
    message: dict[str, Any] = {"role": "assistant", "content": _text(item.content)}
    return {**message, "refusal": "\n".join(refusals)} if refusals else message


def _turn(role: Role, content: str | list[Any], at: int) -> Message:
    text = _text(content)
    if isinstance(content, str) or not any(isinstance(p, InputImage) for p in content):
        return Message(role=role, content=text)
    return Message(
        role=role, content=text, wire={"role": role, "content": _parts(content, f"input[{at}].content")}
    )


def _output(item: OutputItem, at: int) -> Message:
    text = _text(item.output)
    content: object = text
    if not isinstance(item.output, str) and any(isinstance(p, InputImage) for p in item.output):
        content = _parts(item.output, f"input[{at}].output")
    wire = {"role": "tool", "tool_call_id": item.call_id, "content": content}
    return Message(role="tool", content=text, wire=wire)


def _text(content: str | list[Any]) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(part.text for part in content if not isinstance(part, InputImage | SaidNo))


def _parts(content: list[Any], where: str) -> list[dict[str, object]]:
    parts: list[dict[str, object]] = []
    for place, part in enumerate(content):
        if isinstance(part, InputImage):
            require_picture(part.image_url, f"{where}[{place}].image_url")
            picture = {"url": part.image_url} | ({"detail": part.detail} if part.detail else {})
            parts.append({"type": "image_url", "image_url": picture})
        else:
            parts.append({"type": "text", "text": part.text})
    return parts


def _params(given: Mapping[str, Any], asked: ResponsesBody) -> dict[str, object]:
    """What a chat completion calls by another name, or has in another shape."""
    named: dict[str, object] = {
        "temperature": asked.temperature,
        "top_p": asked.top_p,
        "max_completion_tokens": asked.max_output_tokens,
        "parallel_tool_calls": asked.parallel_tool_calls if asked.tools else None,
        "reasoning_effort": asked.reasoning.effort if asked.reasoning else None,
        "verbosity": asked.text.verbosity if asked.text else None,
        "tools": [_nested(tool) for tool in given.get("tools") or []] or None,
        "tool_choice": _choice(asked),
        "response_format": _format(given, asked),
    }
    if asked.top_logprobs or LOGPROBS in (asked.include or []):
        named |= {"logprobs": True, "top_logprobs": asked.top_logprobs}
    return {key: value for key, value in named.items() if value is not None}


def _nested(tool: Mapping[str, Any]) -> dict[str, object]:
    function = {key: value for key, value in tool.items() if key != "type" and value is not None}
    return {"type": "function", "function": function}


def _choice(asked: ResponsesBody) -> object:
    if isinstance(asked.tool_choice, NamedTool):
        return {"type": "function", "function": {"name": asked.tool_choice.name}}
    return asked.tool_choice if asked.tools else None


def _format(given: Mapping[str, Any], asked: ResponsesBody) -> object:
    wanted = asked.text.format if asked.text else None
    if isinstance(wanted, ObjectFormat):
        return {"type": "json_object"}
    if not isinstance(wanted, SchemaFormat):
        return None
    raw = given["text"]["format"]
    return {
        "type": "json_schema",
        "json_schema": {key: value for key, value in raw.items() if key != "type" and value is not None},
    }
