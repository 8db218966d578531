"""The texts of a request: each listed once, put back where it stood, and nothing of a patient left beside them."""

import json
from collections.abc import Iterator
from typing import Any

from fuzz_oracle import CANARY, Broken

from osler.api import wire
from osler.core.errors import InputError
from osler.core.messages import Caller
from osler.gateway.slots import Slots

TOKENS = (
    '"messages":[', '{"role":"user",', '"content":"', '"content":[{"type":"text","text":"', '"name":"', '"tools":[{"type":"function",',
    '"function":{"name":"f","description":"', '"parameters":{"properties":{', '"enum":["', '"tool_calls":[{"id":"call_1",', '"arguments":"{\\"',
    '"response_format":{"type":"json_schema","json_schema":{', '"stop":["', '"guided_json":{', '"detail":"', '"type":"', "auto", "\\ud800", "}]}",
)  # fmt: skip
URL = f"data:image/png;base64,{'A' * 64}"


def seeds() -> Iterator[bytes]:
    """Requests with the patient in every place of them."""
    asked = {
        "role": "user",
        "name": CANARY,
        "content": [{"type": "text", "text": CANARY, "note": {CANARY: [CANARY]}}],
    }
    call = {
        "id": "call_1",
        "type": "function",
        "function": {"name": "f", "arguments": json.dumps({CANARY: [CANARY, 1]})},
    }
    called = {"role": "assistant", "content": CANARY, "tool_calls": [call]}
    answered = {"role": "tool", "tool_call_id": "call_1", "content": json.dumps({"of": CANARY})}
    picture = {"type": "image_url", "image_url": {"url": URL, "detail": "low"}}
    schema = {
        "type": "json_schema",
        "json_schema": {"name": "s", "schema": {"title": CANARY, CANARY: {"enum": [CANARY]}}},
    }
    tool = {
        "type": "function",
        "function": {"name": "f", "description": CANARY, "parameters": {"properties": {CANARY: {}}}},
    }
    yield json.dumps({"messages": [asked, called, answered]}).encode()
    yield json.dumps(
        {"messages": [{"role": "user", "content": [picture]}], "tools": [tool], "stop": [CANARY]}
    ).encode()
    yield json.dumps(
        {"messages": [{"role": "user", "content": "x"}], "response_format": schema, CANARY: CANARY}
    ).encode()
    yield json.dumps(
        {"messages": [asked], "guided_json": {"detail": CANARY, "type": CANARY, "role": CANARY}}
    ).encode()


def one(data: bytes) -> None:
    """One body: read, taken apart, put together again, and with other texts in the same places."""
    try:
        request = wire.chat_request(wire.parse(data), {}, Caller(), "req_1")
        slots = Slots(request.messages, request.params)
    except InputError:
        return
    if _shown(*slots.filled(slots.texts)) != _shown(request.messages, request.params):
        raise Broken("the same texts made another request")
    marks = [f"\x02{at}\x03" for at in range(len(slots.texts))]
    left = json.dumps(_shown(*slots.filled(marks)))
    if CANARY in left:
        raise Broken("a text that holds an identifier was not listed")
    if any(
        left.count(json.dumps(mark)[1:-1]) + left.count(json.dumps(json.dumps(mark)[1:-1])[1:-1]) < 1
        for mark in marks
    ):
        raise Broken("a text that was listed has no place")


def _shown(messages: Any, params: Any) -> Any:
    """What leaves, with JSON that stands in a text as the value that it is."""
    return [[m.wire if m.wire is not None else m.content for m in messages], dict(params)]
