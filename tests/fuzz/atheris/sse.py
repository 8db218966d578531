"""Server-sent events: the same events whatever the packets, bounded, and decoded answers or a plain decoding error."""

from collections.abc import Iterator

import msgspec
from fuzz_oracle import CANARY, Broken

from osler.backends.answers import Answer, Stream
from osler.backends.sse import EventParser, EventTooLarge

LIMIT = 4096
TOKENS = (
    "data: ", "data:", ":", "\n\n", "\r\n\r\n", "\r\r", "event: x\n", "id: 1\n", "retry: 1\n", "data: [DONE]\n\n",
    '{"choices":[{"delta":{"content":"', '"finish_reason":"stop"', '"usage":{"prompt_tokens":', "\ufeff", "\\ud800",
)  # fmt: skip


def seeds() -> Iterator[bytes]:
    """A whole answer in each style of line end, and broken ones."""
    piece = f'data: {{"choices":[{{"index":0,"delta":{{"content":"{CANARY}"}},"finish_reason":null}}]}}\n\n'
    end = 'data: {"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2}}\n\n'
    for ending in ("\n", "\r\n", "\r"):
        yield f": ping\n\nevent: m\n{piece}{end}data: [DONE]\n\n".replace("\n", ending).encode()
    yield f"\ufeff{piece}data: {{\ndata: }}\n\n".encode()
    yield b"data: " + b"x" * 5000
    yield b"data: \xff\n\n"


def one(data: bytes) -> None:
    """One input: whole, and cut at places that its own bytes choose."""
    whole = _parsed([data])
    step = 1 + (data[0] if data else 0) % 17
    if _parsed([data[at : at + step] for at in range(0, len(data), step)]) != whole:
        raise Broken("other packets gave other events")
    stream = Stream()
    for event in whole or ():
        try:
            text = stream.take(msgspec.json.decode(event, type=Answer))
        except msgspec.DecodeError:
            continue
        text.encode()


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
