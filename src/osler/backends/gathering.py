"""From what a server answers to pieces of the port: choices kept apart, tool calls put in order. Pure; no sockets."""

import secrets
from collections.abc import Iterable

from osler.backends.answers import Answer, Choice, ToolCall
from osler.core.messages import Delta, ToolDelta, Usage

MAX_CALLS = 1024
"""Most tool calls of one choice: whoever sends more means harm."""


class OutOfOrder(ValueError):
    """Choices or tool calls with places that make no sense."""


class Calls:
    """The tool calls of one choice.

    Servers differ: some leave out `index`, some repeat `id` and name with each piece, some send several whole calls
    with the same index. A new id is a new call; without an id a piece belongs to the call at its index; without either
    to the last one, unless it names a tool again.
    """

    def __init__(self) -> None:
        self._places: dict[int, int] = {}
        self._ids: list[str] = []
        self._named: list[bool] = []

    def take(self, pieces: Iterable[ToolCall]) -> tuple[ToolDelta, ...]:
        """The pieces in the port's terms. Raises OutOfOrder."""
        return tuple(self._one(piece) for piece in pieces)

    def take_whole(self, calls: Iterable[ToolCall]) -> tuple[ToolDelta, ...]:
        """Calls that come whole, each a new one; one without an id is given one. Raises OutOfOrder."""
        found = []
        for call in calls:
            place = self._new()
            self._ids[place], self._named[place] = call.id or f"call_{secrets.token_hex(12)}", True
            name = (call.function.name if call.function else None) or ""
            written = call.function.written() if call.function else ""
            found.append(ToolDelta(index=place, id=self._ids[place], name=name, arguments=written or "{}"))
        return tuple(found)

    def _one(self, piece: ToolCall) -> ToolDelta:
        place = self._place(piece)
        name = (piece.function.name if piece.function else None) or ""
        first = bool(name) and not self._named[place]
        self._named[place] = self._named[place] or first
        fresh = bool(piece.id) and not self._ids[place]
        if piece.id and fresh:
            self._ids[place] = piece.id
        return ToolDelta(
            index=place,
            id=self._ids[place] if fresh else "",
            name=name if first else "",
            arguments=piece.function.written() if piece.function else "",
        )

    def _place(self, piece: ToolCall) -> int:
        if piece.id and piece.id in self._ids:
            return self._ids.index(piece.id)
        at = piece.index
        known = len(self._ids) - 1 if at is None else self._places.get(at, -1)
        named = at is None and known >= 0 and self._named[known] and piece.function and piece.function.name
        if known >= 0 and not named and not (piece.id and self._ids[known]):
            return known
        if at is not None and at < 0:
            raise OutOfOrder
        place = self._new()
        if at is not None:
            self._places[at] = place
        return place

    def _new(self) -> int:
        if len(self._ids) >= MAX_CALLS:
            raise OutOfOrder
        self._ids.append("")
        self._named.append(False)
        return len(self._ids) - 1


class Gathering:
    """What is known of an answer so far. `choices` is how many were asked for; others are left out."""

    def __init__(self, choices: int) -> None:
        self._choices = choices
        self._calls: dict[int, Calls] = {}
        self._finish: dict[int, str] = {}
        self.usage: Usage | None = None
        self.length = 0
        """Characters of all that was said."""

    def take(self, answer: Answer) -> list[Delta]:
        """Note what a chunk says, and give the pieces that it adds; what ends a choice is kept for `last`."""
        if answer.usage is not None:
            self.usage = answer.counted()
        found = []
        for choice in answer.choices or ():
            if not 0 <= choice.index < self._choices:
                continue
            was = self._finish.get(choice.index, "")
            self._finish[choice.index] = choice.finish_reason or was
            delta = self._delta(choice)
            if delta is not None:
                found.append(delta)
        return found

    def last(self) -> list[Delta]:
        """What ends each choice, in their order, the usage with the last; nothing when one of them was cut off."""
        if not self._finish or not all(self._finish.values()):
            return []
        ends = sorted(self._finish.items())
        return [
            Delta(index=index, finish=finish, usage=self.usage if n == len(ends) else None)
            for n, (index, finish) in enumerate(ends, 1)
        ]

    def whole(self, answer: Answer) -> list[Delta] | None:
        """A plain answer: one piece a choice; None when it holds none, an empty list when one was cut off."""
        choices = [c for c in answer.choices or () if c.body() is not None]
        if len({c.index for c in choices}) < len(choices):  # all of them 0, say
            for place, choice in enumerate(choices):
                choice.index = place
        choices = sorted((c for c in choices if 0 <= c.index < self._choices), key=lambda c: c.index)
        if not choices:
            return None
        if not all(c.finish_reason for c in choices):
            return []
        usage = answer.counted()
        return [
            self._piece(c, finish=c.finish_reason, usage=usage if c is choices[-1] else None) for c in choices
        ]

    def _delta(self, choice: Choice) -> Delta | None:
        body = choice.body()
        if body is None or not (
            body.content or body.tool_calls or body.function_call or body.refusal or body.thought()
            or choice.logprobs
        ):  # fmt: skip
            return None
        return self._piece(choice)

    def _piece(self, choice: Choice, finish: str | None = None, usage: Usage | None = None) -> Delta:
        body = choice.body()
        if body is None:
            raise OutOfOrder
        text, thought, refusal = body.said(), body.thought(), body.refusal or ""
        given = body.calls()
        tools = self._calls.setdefault(choice.index, Calls()).take(given) if given else ()
        self.length += len(text) + len(thought) + len(refusal)
        self.length += sum(len(tool.arguments) + len(tool.name) for tool in tools)
        return Delta(
            text=text,
            finish=finish,
            usage=usage,
            index=choice.index,
            tools=tools,
            reasoning=thought,
            refusal=refusal,
            logprobs=choice.entries(),
        )
