"""The body of a chat completion, a response, a completion or of embeddings: a request, or a refusal."""

import json
from collections.abc import Iterator

from fuzz_oracle import CANARY, Broken, value_or_refusal

from osler.api import wire
from osler.core.errors import InputError
from osler.core.messages import Caller

TOKENS = (
    '"messages":[', '{"role":"user",', '"content":"', '"content":[{"type":"text","text":"', '"model":"auto"',
    '"stream":true', '"metadata":{', '"patient":"', '"temperature":', '"max_tokens":', '"seed":', '"n":1', '"stop":',
    '"tools":[{"type":"function","function":{"name":"f"}}]', '"tool_calls":[{"id":"', '"type":"function_call","call_id":"', '"prompt":"',
    '"image_url":{"url":"data:image/png;base64,', '"logprobs":', '"response_format":', '"reasoning_effort":"low"', '"input":"', '"encoding_format":"base64"', "\\ud800",
    "1e999", "-0", "99999999999999999999", "null", "true", "[[[[", "}}",
)  # fmt: skip


def seeds() -> Iterator[bytes]:
    """Bodies of each kind, right and wrong."""
    asked = {"role": "user", "content": CANARY}
    yield json.dumps({"model": "auto", "messages": [asked], "temperature": 0.5, "seed": 1}).encode()
    parts = {"role": "system", "content": [{"type": "text", "text": CANARY}]}
    notes = {"patient": f"Patient/{CANARY}", "purpose": "treatment", "ground": "auto", "explain": "true"}
    yield json.dumps({"messages": [parts, asked], "stream": True, "metadata": notes}).encode()
    yield json.dumps({"messages": [{"role": CANARY, "content": 7}], CANARY: CANARY}).encode()
    yield json.dumps(
        {"messages": [{**asked, "tool_calls": [CANARY]}], "tools": [CANARY], "stop": CANARY}
    ).encode()
    call = {"id": CANARY, "type": "function", "function": {"name": CANARY, "arguments": CANARY}}
    picture = {"type": "image_url", "image_url": {"url": f"https://{CANARY}"}}
    called = {"role": "assistant", "content": None, "tool_calls": [call]}
    answered = {
        "role": "tool",
        "tool_call_id": CANARY,
        "content": [{"type": "text", "text": CANARY}, picture],
    }
    yield json.dumps({"messages": [asked, called, answered], "n": 3, "logprobs": True, CANARY: 1}).encode()
    items = [
        {
            "role": "user",
            "content": [{"type": "input_text", "text": CANARY}, {"type": "input_image", "image_url": CANARY}],
        },
        {"type": "function_call", "call_id": CANARY, "name": CANARY, "arguments": CANARY},
        {"type": "function_call_output", "call_id": CANARY, "output": CANARY},
        {"type": CANARY},
    ]
    schema = {"type": "json_schema", "name": CANARY, "schema": {CANARY: CANARY}}
    yield json.dumps({"input": items[:3], "text": {"format": schema}, "instructions": CANARY}).encode()
    yield json.dumps({"input": items, "tools": [{"type": CANARY}]}).encode()
    yield json.dumps({"prompt": [CANARY], "suffix": CANARY, "n": 2, "echo": CANARY}).encode()
    yield json.dumps({"input": [CANARY, "b"], "encoding_format": "base64", "user": CANARY}).encode()


def one(data: bytes) -> None:
    """One input, as each kind of request."""
    body = value_or_refusal(lambda: wire.parse(data), InputError)
    if body is None:
        return
    headers = value_or_refusal(lambda: wire.own_headers([("X-Osler-Patient", CANARY)]), InputError) or {}
    for read in (wire.chat_request, wire.responses_request, wire.completion_request):
        for given in ({}, headers):
            request = value_or_refusal(lambda: read(body, given, Caller(), "req_1"), InputError)  # noqa: B023
            if request is not None and not request.messages:
                raise Broken("a request without messages")
    value_or_refusal(lambda: wire.embeddings_request(body), InputError)
