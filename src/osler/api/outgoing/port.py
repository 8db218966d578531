"""What each shape of an answer can do, and what all have in common."""

from typing import Any, Protocol

import msgspec

from osler.gateway.answer import Piece
from osler.gateway.exchange import Exchange

encode = msgspec.json.Encoder().encode


class EventShape(Protocol):
    """A streamed answer as server-sent events. One for each stream: it may count, and remember what it said."""

    def opening(self) -> bytes:
        """What is sent before the first piece; may be nothing."""
        ...

    def piece(self, piece: Piece) -> bytes:
        """A piece of the answer."""
        ...

    def closing(self, x: Exchange) -> bytes:
        """The end of a whole answer: why it ended, the `osler` object, and what says that no more comes."""
        ...

    def failed(self, shown: dict[str, Any]) -> bytes:
        """The end of an answer that broke off. `shown` is the error in OpenAI's shape."""
        ...


class Shape(Protocol):
    """An answer in the shape of one route."""

    def whole(self, x: Exchange) -> dict[str, object]:
        """A plain answer."""
        ...

    def events(self) -> EventShape:
        """A streamed one."""
        ...


def data(value: object) -> bytes:
    """An event that has no name."""
    return b"data: " + encode(value) + b"\n\n"


DONE = b"data: [DONE]\n\n"


def usage(x: Exchange) -> dict[str, int]:
    """Token counts as the model server gave them, 0 where it gave none."""
    sent, got = x.usage.prompt or 0, x.usage.completion or 0
    return {"prompt_tokens": sent, "completion_tokens": got, "total_tokens": sent + got}


def served(x: Exchange) -> str:
    """The name of the model that answered."""
    return x.target.model.name if x.target else x.request.model


def call_id(given: str, request_id: str, choice: int, at: int) -> str:
    """The id of a tool call; one of ours where the model server gave none."""
    return given or f"call_{request_id.removeprefix('req_')}_{choice}_{at}"
