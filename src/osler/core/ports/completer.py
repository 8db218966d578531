"""Port: a model server that completes conversations. Plug point `osler.backends`.

A backend's factory takes its destination's connection options as keyword arguments (`url`, `token`,
`timeout_s`, …) and returns a Completer. Errors: UpstreamError and UpstreamTimeout, whose messages
name the fault, never the text that was sent or received.
"""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from osler.core.messages import Delta, Endpoint, Message


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCall:
    """What leaves for a model server: already surrogated, already allowed.

    A message with `wire` is sent as that says, any other as its role and text. `params` are all further fields of the
    body: settings, tools, fields that nobody here knows. With the endpoint "completions" the one message is the
    prompt. `context` is how many tokens the model takes in, for servers that must be told. `wait_s` bounds the wait
    where the request has less time left than the destination allows.
    """

    model_id: str
    messages: tuple[Message, ...] = field(repr=False)
    params: Mapping[str, object] = field(default_factory=dict, repr=False)
    endpoint: Endpoint = "chat"
    context: int | None = None
    wait_s: float | None = None


@runtime_checkable
class Completer(Protocol):
    """One model server. Safe for concurrent use within one event loop."""

    def complete(self, call: ModelCall, *, stream: bool) -> AsyncGenerator[Delta, None]:
        """The answer in pieces: one piece a choice when `stream` is false.

        The last piece of each choice carries `finish`. An answer that ends without one was cut off: the backend
        then raises UpstreamError. Closing the generator cancels the call at once.
        """
        ...

    async def probe(self) -> tuple[str, ...]:
        """Ids of the models that the server says it serves; raises UpstreamError when it is not there."""
        ...

    async def aclose(self) -> None:
        """Release connections."""
        ...
