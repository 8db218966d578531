"""Server-sent events: the same events whatever the packets, bounded, and decoded answers or a plain decoding error."""

from collections.abc import Iterator

import msgspec
from fuzz_oracle import CANARY, Broken

from osler.backends.answers import Answer
from osler.backends.gathering import Gathering, OutOfOrder
from osler.backends.sse import EventParser, EventTooLarge

LIMIT = 4096
TOKENS = (
    "data: ", "data:", ":", "\n\n", "\r\n\r\n", "\r\r", "event: x\n", "id: 1\n", "retry: 1\n", "data: [DONE]\n\n",
    '{"choices":[{"delta":{"content":"', '"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"',
    '"tool_calls":{"function":{"arguments":{}}}', '"reasoning_content":"', '"refusal":"', '"index":1,', '"text":"', '"finish_reason":"stop"', '"usage":{"prompt_tokens":', "\ufeff", "\\ud800",
)  # fmt: skip


def seeds() -> Iterator[bytes]:
    """A whole answer in each style of line end, and broken ones."""
    piece = f'data: {{"choices":[{{"index":0,"delta":{{"content":"{CANARY}"}},"finish_reason":null}}]}}\n\n'
    end = 'data: {"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2}}\n\n'
    for ending in ("\n", "\r\n", "\r"):
        yield f": ping\n\nevent: m\n{piece}{end}data: [DONE]\n\n".replace("\n", ending).encode()
    tool = '{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{}"}}]}}]}'
    yield f"data: {tool}\n\ndata: {tool}\n\n{end}".encode()
    yield f"\ufeff{piece}data: {{\ndata: }}\n\n".encode()
    yield b"data: " + b"x" * 5000
    yield b"data: \xff\n\n"


def one(data: bytes) -> None:
    """One input: whole, and cut at places that its own bytes choose."""
    whole = _parsed([data])
    step = 1 + (data[0] if data else 0) % 17
    if _parsed([data[at : at + step] for at in range(0, len(data), step)]) != whole:
        raise Broken("other packets gave other events")
    gathering = Gathering(2)
    for event in whole or ():
        try:
            deltas = gathering.take(msgspec.json.decode(event, type=Answer))
        except (msgspec.DecodeError, OutOfOrder):
            continue
        for delta in deltas:
            (
                delta.text + delta.reasoning + delta.refusal + "".join(t.arguments for t in delta.tools)
            ).encode()
            if delta.index not in (0, 1) or any(tool.index < 0 for tool in delta.tools):
                raise Broken("a choice or a tool call with a place that makes no sense")
    finishes = [delta.finish for delta in gathering.last()]
    if not all(finishes):
        raise Broken("an answer was ended without its finish")


def _parsed(chunks: list[bytes]) -> list[str] | None:
    """The events; None where the stream is refused."""
    parser, events = EventParser(LIMIT), list[str]()
    try:
        for chunk in chunks:
            events += parser.feed(chunk)
        events += parser.finish()
    except (EventTooLarge, UnicodeDecodeError):
        return None
    if any(len(event) > LIMIT for event in events):
        raise Broken("an event is longer than the limit")
    return events
