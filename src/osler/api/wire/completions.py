"""A completion's body as a ChatRequest: the prompt is its one message, and no evidence is looked for."""

from collections.abc import Mapping
from typing import Any

from osler.api.bodies import COMPLETION_OURS, COMPLETION_REFUSED, CompletionBody
from osler.api.wire.asked import Asked
from osler.api.wire.reading import converted, left, require_served, whole
from osler.core.messages import Caller, ChatRequest, Message


def completion_request(
    body: Mapping[str, Any], headers: Mapping[str, str], caller: Caller, request_id: str
) -> ChatRequest:
    """A completion's body and `x-osler-*` headers as a ChatRequest."""
    require_served(body, COMPLETION_REFUSED)
    given = whole(dict(body))
    asked = converted(given, CompletionBody)
    prompt = asked.prompt if isinstance(asked.prompt, str) else asked.prompt[0]
    params = left(given, COMPLETION_OURS)
    who = Asked(headers=headers, caller=caller, request_id=request_id)
    return who.request(
        (Message(role="user", content=prompt),), params, asked, surface="completions", ground=False
    )
