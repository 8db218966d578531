"""Tool calls of a stream in the order in which clients read them.

A client takes the first piece of a call for the end of the one before it. What is checked is released at the end
only, so that several calls may have been named by then: each is told when its arguments begin.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from osler.api.outgoing.port import call_id
from osler.core.messages import ToolDelta


class Calls:
    """The tool calls of one answer."""

    def __init__(self, request_id: str) -> None:
        self._id = request_id
        self._waiting: dict[tuple[int, int], ToolDelta] = {}
        self._told: set[tuple[int, int]] = set()

    def pieces(self, choice: int, tools: Sequence[ToolDelta]) -> list[ToolDelta]:
        """What can be told by now. The first piece of each call has its id and name, further ones have neither."""
        return list(self._pieces(choice, tools))

    def rest(self, choice: int) -> list[ToolDelta]:
        """Calls without any arguments, at the end of a choice."""
        waiting = sorted(key for key in self._waiting if key[0] == choice)
        return [self._first(key) for key in waiting]

    def _pieces(self, choice: int, tools: Sequence[ToolDelta]) -> Iterator[ToolDelta]:
        for tool in tools:
            key = (choice, tool.index)
            if key in self._told:
                if tool.arguments:
                    yield ToolDelta(index=tool.index, arguments=tool.arguments)
                continue
            before = self._waiting.get(key, ToolDelta(index=tool.index))
            self._waiting[key] = replace(
                before, id=before.id or tool.id, name=before.name or tool.name, arguments=tool.arguments
            )
            if tool.arguments:
                yield self._first(key)

    def _first(self, key: tuple[int, int]) -> ToolDelta:
        self._told.add(key)
        tool = self._waiting.pop(key)
        return replace(tool, id=call_id(tool.id, self._id, *key))
