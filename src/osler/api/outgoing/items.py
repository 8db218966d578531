"""The output of a response as it grows: items, their parts, and the event for each step of theirs.

Items stand in the order in which they began, and all end together: what is added at the end of a text must find it
still open.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from osler.api.outgoing.calls import Calls
from osler.core.messages import ToolDelta
from osler.gateway.answer import Piece

Event = dict[str, object]


@dataclass(slots=True, kw_only=True)
class _Part:
    """A part of an item, or the arguments of a call. `kind` is what the wire calls it."""

    kind: str
    pieces: list[str] = field(default_factory=list, repr=False)
    logprobs: list[Any] = field(default_factory=list, repr=False)

    def shown(self) -> dict[str, object]:
        text = "".join(self.pieces)
        if self.kind == "refusal":
            return {"type": "refusal", "refusal": text}
        if self.kind == "reasoning_text":
            return {"type": "reasoning_text", "text": text}
        return {"type": "output_text", "text": text, "annotations": [], "logprobs": list(self.logprobs)}


@dataclass(slots=True, kw_only=True)
class _Item:
    """An item of the output."""

    kind: str
    id: str
    at: int
    status: str = "in_progress"
    call_id: str = ""
    name: str = ""
    parts: list[_Part] = field(default_factory=list)

    def shown(self) -> dict[str, object]:
        if self.kind == "function_call":
            return {
                "id": self.id,
                "type": "function_call",
                "status": self.status,
                "call_id": self.call_id,
                "name": self.name,
                "arguments": "".join(self.parts[0].pieces),
            }
        content = [part.shown() for part in self.parts]
        if self.kind == "reasoning":
            return {
                "id": self.id,
                "type": "reasoning",
                "summary": [],
                "content": content,
                "status": self.status,
            }
        return {
            "id": self.id,
            "type": "message",
            "status": self.status,
            "role": "assistant",
            "content": content,
        }


class Output:
    """The items of one response."""

    def __init__(self, request_id: str) -> None:
        self._id = request_id
        self._items: list[_Item] = []
        self._named: dict[str, _Item] = {}
        self._calls = Calls(request_id)

    @property
    def items(self) -> list[dict[str, object]]:
        """The items so far."""
        return [item.shown() for item in self._items]

    def feed(self, piece: Piece) -> Iterator[Event]:
        """A piece of the answer, as events."""
        if piece.reasoning:
            yield from self._spoken("reasoning", "reasoning_text", piece.reasoning)
        if piece.text:
            yield from self._spoken("message", "output_text", piece.text)
        if piece.logprobs:
            yield from self._open("message")
            yield from self._part(self._named["message"], "output_text")
            self._text_part().logprobs += piece.logprobs
        if piece.refusal:
            yield from self._spoken("message", "refusal", piece.refusal)
        for tool in self._calls.pieces(0, piece.tools):
            yield from self._called(tool)

    def finish(self, status: str) -> Iterator[Event]:
        """The end of all items."""
        for tool in self._calls.rest(0):
            yield from self._called(tool)
        if not any(item.kind != "reasoning" for item in self._items):
            yield from self._open("message")
            yield from self._part(self._named["message"], "output_text")
        for item in self._items:
            for place, part in enumerate(item.parts):
                yield from _part_done(item, place, part)
            item.status = status
            yield {"type": "response.output_item.done", "output_index": item.at, "item": item.shown()}

    def _text_part(self) -> _Part:
        return next(p for p in self._named["message"].parts if p.kind == "output_text")

    def _open(self, kind: str, **more: str) -> Iterator[Event]:
        name = f"{kind} {more['place']}" if more else kind
        if name in self._named:
            return
        at = len(self._items)
        prefix = {"message": "msg", "reasoning": "rs", "function_call": "fc"}[kind]
        item = _Item(kind=kind, id=f"{prefix}_{self._id.removeprefix('req_')}_{at}", at=at)
        if more:
            item.call_id, item.name = more["call_id"], more["name"]
            item.parts.append(_Part(kind="arguments"))
        self._items.append(item)
        self._named[name] = item
        yield {"type": "response.output_item.added", "output_index": at, "item": item.shown()}

    def _part(self, item: _Item, kind: str) -> Iterator[Event]:
        if any(part.kind == kind for part in item.parts):
            return
        part = _Part(kind=kind)
        item.parts.append(part)
        yield {
            "type": "response.content_part.added",
            "item_id": item.id,
            "output_index": item.at,
            "content_index": len(item.parts) - 1,
            "part": part.shown(),
        }

    def _spoken(self, kind: str, part_kind: str, text: str) -> Iterator[Event]:
        yield from self._open(kind)
        item = self._named[kind]
        yield from self._part(item, part_kind)
        place, part = next((n, p) for n, p in enumerate(item.parts) if p.kind == part_kind)
        part.pieces.append(text)
        event: Event = {
            "type": f"response.{part_kind}.delta",
            "item_id": item.id,
            "output_index": item.at,
            "content_index": place,
            "delta": text,
        }
        yield event | {"logprobs": []} if part_kind == "output_text" else event

    def _called(self, tool: ToolDelta) -> Iterator[Event]:
        name = f"function_call {tool.index}"
        yield from self._open("function_call", place=str(tool.index), call_id=tool.id, name=tool.name)
        if tool.arguments:
            item = self._named[name]
            item.parts[0].pieces.append(tool.arguments)
            yield {
                "type": "response.function_call_arguments.delta",
                "item_id": item.id,
                "output_index": item.at,
                "delta": tool.arguments,
            }


def _part_done(item: _Item, place: int, part: _Part) -> Iterator[Event]:
    text = "".join(part.pieces)
    where: Event = {"item_id": item.id, "output_index": item.at}
    if part.kind == "arguments":
        yield {
            "type": "response.function_call_arguments.done",
            **where,
            "name": item.name,
            "arguments": text,
        }
        return
    where["content_index"] = place
    if part.kind == "refusal":
        yield {"type": "response.refusal.done", **where, "refusal": text}
    elif part.kind == "reasoning_text":
        yield {"type": "response.reasoning_text.done", **where, "text": text}
    else:
        yield {"type": "response.output_text.done", **where, "text": text, "logprobs": list(part.logprobs)}
    yield {"type": "response.content_part.done", **where, "part": part.shown()}
