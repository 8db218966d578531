"""The body of a chat completion or of embeddings: a request, or a refusal."""

import json
from collections.abc import Iterator

from fuzz_oracle import CANARY, Broken, value_or_refusal

from osler.api import wire
from osler.core.errors import InputError
from osler.core.messages import Caller

TOKENS = (
    '"messages":[', '{"role":"user",', '"content":"', '"content":[{"type":"text","text":"', '"model":"auto"',
    '"stream":true', '"metadata":{', '"patient":"', '"temperature":', '"max_tokens":', '"seed":', '"n":1', '"stop":',
    '"tools":[]', '"response_format":', '"reasoning_effort":"low"', '"input":"', '"encoding_format":"base64"', "\\ud800",
    "1e999", "-0", "99999999999999999999", "null", "true", "[[[[", "}}",
)  # fmt: skip


def seeds() -> Iterator[bytes]:
    """Bodies of both kinds, right and wrong."""
    asked = {"role": "user", "content": CANARY}
    yield json.dumps({"model": "auto", "messages": [asked], "temperature": 0.5, "seed": 1}).encode()
    parts = {"role": "system", "content": [{"type": "text", "text": CANARY}]}
    notes = {"patient": f"Patient/{CANARY}", "purpose": "treatment", "ground": "auto", "explain": "true"}
    yield json.dumps({"messages": [parts, asked], "stream": True, "metadata": notes}).encode()
    yield json.dumps({"messages": [{"role": CANARY, "content": 7}], CANARY: CANARY}).encode()
    yield json.dumps(
        {"messages": [{**asked, "tool_calls": [CANARY]}], "tools": [CANARY], "stop": CANARY}
    ).encode()
    yield json.dumps({"input": [CANARY, "b"], "encoding_format": "base64", "user": CANARY}).encode()


def one(data: bytes) -> None:
    """One input, as both kinds of request."""
    body = value_or_refusal(lambda: wire.parse(data), InputError)
    if body is None:
        return
    headers = value_or_refusal(lambda: wire.own_headers([("X-Osler-Patient", CANARY)]), InputError) or {}
    for given in ({}, headers):
        request = value_or_refusal(lambda: wire.chat_request(body, given, Caller(), "req_1"), InputError)  # noqa: B023
        if request is not None and not request.messages:
            raise Broken("a request without messages")
    value_or_refusal(lambda: wire.embeddings_request(body), InputError)
