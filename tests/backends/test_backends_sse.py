"""Server-sent events: the specification's cases, and the same events whatever the packets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osler.backends.sse import EventParser, EventTooLarge

CASES = [
    (b"data: a\n\n", ["a"]),
    (b"data: a\r\n\r\ndata: b\r\n\r\n", ["a", "b"]),
    (b"data: a\r\rdata: b\r\r", ["a", "b"]),
    (b"data:a\n\n", ["a"]),
    (b"data:  a\n\n", [" a"]),
    (b": heartbeat\n\ndata: a\n\n: \n\n", ["a"]),
    (b"event: x\nid: 7\nretry: 10\ndata: a\n\n", ["a"]),
    (b"data: {\ndata: }\n\n", ["{\n}"]),
    (b"data\n\n", [""]),
    (b"datax: a\n\n", []),
    (b"\xef\xbb\xbfdata: a\n\n", ["a"]),
    (b"\n\n\n", []),
    ("data: Zoë – 日本 \U0001f9d1\n\n".encode(), ["Zoë – 日本 \U0001f9d1"]),
    ("data: a\u2028b\x0bc\u0085d\n\n".encode(), ["a\u2028b\x0bc\u0085d"]),
]


def parsed(chunks: list[bytes]) -> list[str]:
    parser = EventParser()
    return [event for chunk in chunks for event in parser.feed(chunk)] + parser.finish()


@pytest.mark.parametrize(("raw", "events"), CASES)
def test_events(raw, events):
    assert parsed([raw]) == events
    assert parsed([raw[n : n + 1] for n in range(len(raw))]) == events


@given(
    st.lists(st.sampled_from([raw for raw, _ in CASES if not raw.startswith(b"\xef")]), max_size=6),
    st.lists(st.integers(1, 9), min_size=1, max_size=20),
)
def test_any_chunking_gives_the_same_events(raws, sizes):
    whole, chunks, at, turn = b"".join(raws), [], 0, 0
    while at < len(whole):
        chunks.append(whole[at : at + sizes[turn % len(sizes)]])
        at += sizes[turn % len(sizes)]
        turn += 1
    assert parsed(chunks) == parsed([whole])


def test_an_event_is_given_as_soon_as_it_is_complete():
    parser = EventParser()
    assert parser.feed(b"data: a\n") == []
    assert parser.feed(b"\n") == ["a"]
    assert parser.feed(b"data: b\r\n\r") == []
    assert parser.feed(b"\n") == ["b"]


def test_the_end_of_the_stream_closes_the_last_event():
    parser = EventParser()
    assert parser.feed(b"data: [DONE]") == []
    assert parser.finish() == ["[DONE]"]
    assert parser.finish() == []


@pytest.mark.parametrize("raw", [b"data: " + b"x" * 200, b"data: xxxxxxxxxxxxxxxx\n" * 20, b":" + b"x" * 200])
def test_one_event_may_not_grow_without_limit(raw):
    parser = EventParser(limit=100)
    chunks = [raw[at : at + 10] for at in range(0, len(raw), 10)]
    with pytest.raises(EventTooLarge):
        list(map(parser.feed, chunks))


def test_many_small_events_are_no_large_one():
    parser = EventParser(limit=100)
    assert len(parser.feed(b"data: abc\n\n" * 1000)) == 1000


def test_what_is_not_utf8_is_refused():
    with pytest.raises(UnicodeDecodeError):
        EventParser().feed(b"data: \xff\xfe\n\n")
