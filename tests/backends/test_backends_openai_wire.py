"""The OpenAI wire against real sockets: what leaves, what comes back, and every way it can fail."""

import asyncio
import json
import time
import traceback
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

import pytest

from osler.backends.client.port import Kind
from osler.backends.openai_wire import OpenAIWire
from osler.core.errors import (
    ConfigError,
    InputError,
    UpstreamError,
    UpstreamRefused,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from osler.core.messages import Delta, Message, Usage
from osler.core.ports.completer import ModelCall
from osler.testing import Echo, Fault, ModelServer, ModelServerThread, Script, check_completer

SECRET = "sk-quillon-zythar"
CANARY = "Zythar Quillon has hyperkalaemia"
CLIENTS = ("lean", "aiohttp")
both_clients = pytest.mark.parametrize("client", CLIENTS)
CALL = ModelCall(
    model_id="m-1",
    messages=(
        Message(role="system", content="Zuerst: höflich. \u2028\t“"),
        Message(role="user", content=CANARY),
    ),
    params={"temperature": 0.2, "top_p": 1, "stop": ["END"], "seed": 7},
)
BODY: dict[str, Any] = {
    "temperature": 0.2,
    "top_p": 1,
    "stop": ["END"],
    "seed": 7,
    "model": "m-1",
    "messages": [{"role": m.role, "content": m.content} for m in CALL.messages],
}


def with_server(
    use: Callable[[ModelServer, OpenAIWire], Any],
    *,
    timeout_s: float = 5.0,
    token: str | None = None,
    client: Kind = "lean",
    **kind: Any,
) -> Any:
    """Run `use(server, wire)` against a stand-in server of that kind."""

    async def main() -> Any:
        async with ModelServer(**kind) as server:
            wire = OpenAIWire(server.url, token, timeout_s=timeout_s, client=client)
            try:
                return await use(server, wire)
            finally:
                await wire.aclose()

    return asyncio.run(main())


async def collect(wire: OpenAIWire, *, stream: bool, call: ModelCall = CALL) -> list[Delta]:
    return [delta async for delta in wire.complete(call, stream=stream)]


@both_clients
def test_it_keeps_the_ports_contract(client):
    async def use(_: ModelServer, wire: OpenAIWire) -> None:
        await check_completer(wire)

    with_server(use, client=client)


def test_a_plain_answer_is_one_piece():
    async def use(_: ModelServer, wire: OpenAIWire) -> list[Delta]:
        return await collect(wire, stream=False)

    assert with_server(use) == [Delta(text=CANARY, finish="stop", usage=Usage(prompt=7, completion=4))]


def test_a_stream_gives_each_piece_then_finish_and_usage():
    pieces = ("Stop ", "the ", "\n\nNSAID – ", "日本", ".")

    async def use(_: ModelServer, wire: OpenAIWire) -> list[Delta]:
        return await collect(wire, stream=True)

    deltas = with_server(use, reply=Script(pieces))
    assert [d.text for d in deltas] == [*pieces, ""]
    assert deltas[-1] == Delta(finish="stop", usage=Usage(prompt=7, completion=5))


def test_pieces_come_when_the_server_sends_them():
    async def use(_: ModelServer, wire: OpenAIWire) -> list[float]:
        begun = time.monotonic()
        return [time.monotonic() - begun async for _ in wire.complete(CALL, stream=True)]

    times = with_server(use, reply=Script(("a", "b", "c", "d"), pace_s=0.05))
    assert times[0] < times[1] < times[2] < times[3]
    assert times[3] - times[0] > 0.1


@both_clients
@pytest.mark.parametrize("stream", [False, True])
def test_what_leaves_is_the_call_and_nothing_else(stream, client):
    async def use(server: ModelServer, wire: OpenAIWire) -> tuple[Any, bytes]:
        await collect(wire, stream=stream)
        return server.bodies[0], server.requests[0]

    body, raw = with_server(use, token=SECRET, client=client)
    extra = {"stream": True, "stream_options": {"include_usage": True}} if stream else {}
    assert body == BODY | extra
    headers = {
        name.lower(): value
        for name, _, value in (
            line.partition(": ") for line in raw.split(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
        )
    }
    length = str(len(raw.split(b"\r\n\r\n", 1)[1]))
    assert headers.pop("host").startswith("127.0.0.1:")
    assert headers == {
        "user-agent": "osler",
        "authorization": f"Bearer {SECRET}",
        "content-type": "application/json",
        "content-length": length,
        "accept": "application/json, text/event-stream",
        "accept-encoding": "identity",
    }


def test_without_a_token_there_is_no_authorization():
    async def use(server: ModelServer, wire: OpenAIWire) -> bytes:
        await collect(wire, stream=False)
        return server.requests[0]

    assert b"uthorization" not in with_server(use)


def test_the_call_decides_over_model_messages_and_stream():
    params = {"model": "other", "messages": [], "stream": True, "stream_options": {"x": 1}}
    call = ModelCall(model_id="m-1", messages=CALL.messages, params=params)

    async def use(server: ModelServer, wire: OpenAIWire) -> list[Any]:
        await collect(wire, stream=False, call=call)
        await collect(wire, stream=True, call=call)
        return server.bodies

    plain, streamed = with_server(use)
    assert plain == {"model": "m-1", "messages": BODY["messages"]}
    assert streamed["stream_options"] == {"x": 1, "include_usage": True}
    assert streamed["model"] == "m-1"


def test_vectors_come_in_the_order_of_the_texts():
    async def use(server: ModelServer, wire: OpenAIWire) -> Any:
        return await wire.embed("e-1", ("aa", "b", "")), server.bodies[0]

    vectors, body = with_server(use, dimensions=4)
    assert vectors == ((0.0, 2.0, 0.0, 0.0), (0.0, 0.0, 1.0, 0.0), (0.0,) * 4)
    assert body == {"model": "e-1", "input": ["aa", "b", ""]}


def test_probe_lists_the_models():
    async def use(_: ModelServer, wire: OpenAIWire) -> Any:
        return await wire.probe()

    assert with_server(use, models=("a", "b/c:7b")) == ("a", "b/c:7b")


@both_clients
def test_connections_are_used_again_after_plain_and_streamed_answers(client):
    async def use(server: ModelServer, wire: OpenAIWire) -> int:
        for n in range(6):
            await collect(wire, stream=bool(n % 2))
        return server.connections

    assert with_server(use, client=client) == 1


def test_many_calls_at_once_do_not_queue():
    async def use(server: ModelServer, wire: OpenAIWire) -> tuple[float, int]:
        begun = time.monotonic()
        await asyncio.gather(*(collect(wire, stream=True) for _ in range(150)))
        return time.monotonic() - begun, server.connections

    took, connections = with_server(use, reply=Script(("a",) * 5, pace_s=0.1))
    assert connections == 150
    assert took < 5


@both_clients
def test_one_object_serves_one_event_loop_after_another(client):
    with ModelServerThread("hello") as server:
        wire = OpenAIWire(server.url, client=client)
        answers = [asyncio.run(collect(wire, stream=stream))[0].text for stream in (False, True, False)]
        asyncio.run(wire.aclose())
    assert answers == ["hello"] * 3
    assert server.server.connections == 3


def patience(fault: Fault) -> float:
    """How long to wait: briefly for what will never come, long enough for a busy machine otherwise."""
    return 0.25 if fault in (Fault.HANG, Fault.STALL) else 10.0


FAULTS = [
    (Fault.REFUSE, None, UpstreamError, "cannot be reached"),
    (Fault.RESET, None, UpstreamError, "cut off|without an answer"),
    (Fault.HANG, None, UpstreamTimeout, "did not answer in time"),
    (Fault.STALL, None, UpstreamTimeout, "in time|fell silent"),
    (Fault.ERROR_500, None, UpstreamError, "failed .HTTP 500"),
    (Fault.OVERLOADED_503, None, UpstreamUnavailable, "takes no requests for now .HTTP 503"),
    (Fault.LIMITED_429, None, UpstreamUnavailable, "no more requests .*429; it asks to wait 7 s"),
    (Fault.UNAUTHORIZED_401, None, UpstreamError, "refused Osler's credentials .HTTP 401"),
    (Fault.NOT_FOUND_404, None, UpstreamError, "does not know the model"),
    (Fault.INVALID_400, None, UpstreamRefused, "refused the request as invalid"),
    (Fault.REDIRECT_307, None, UpstreamError, "redirect"),
    (Fault.MALFORMED_JSON, None, UpstreamError, "not JSON"),
    (Fault.WRONG_SHAPE, None, UpstreamError, "another shape"),
    (Fault.HTML, None, UpstreamError, "web page"),
    (Fault.NO_FINISH, None, UpstreamError, "cut off"),
    (Fault.MALFORMED_SSE, True, UpstreamError, "no piece of an answer"),
    (Fault.TRUNCATED, True, UpstreamError, "cut off"),
    (Fault.ERROR_EVENT, True, UpstreamError, "reported an error in mid-answer"),
]


@both_clients
@pytest.mark.parametrize(
    ("fault", "stream", "error", "message"),
    [
        (fault, stream, error, message)
        for fault, only, error, message in FAULTS
        for stream in ((False, True) if only is None else (only,))
    ],
)
def test_each_fault_is_one_clear_error_without_content(fault, stream, error, message, client):
    async def use(_: ModelServer, wire: OpenAIWire) -> pytest.ExceptionInfo[UpstreamError]:
        with pytest.raises(UpstreamError) as caught:
            await collect(wire, stream=stream)
        return caught

    caught = with_server(
        use, reply=Echo(), fault=fault, timeout_s=patience(fault), token=SECRET, client=client
    )
    assert caught.type is error
    assert caught.match(message)
    assert caught.value.remedy
    printed = "".join(traceback.format_exception(caught.value))
    for word in (SECRET, "Zythar", "hyperkalaemia"):
        assert word not in str(caught.value) + printed


@pytest.mark.parametrize("fault", [Fault.JSON_FOR_SSE, Fault.NO_DONE])
def test_odd_but_whole_answers_are_taken(fault):
    async def use(_: ModelServer, wire: OpenAIWire) -> list[Delta]:
        return await collect(wire, stream=True)

    deltas = with_server(use, fault=fault)
    assert "".join(d.text for d in deltas) == CANARY
    assert deltas[-1].finish == "stop"


@pytest.mark.parametrize("fault", [Fault.HTML, Fault.WRONG_SHAPE, Fault.ERROR_500, Fault.REFUSE, Fault.HANG])
@pytest.mark.parametrize("call", ["probe", "embed"])
def test_probe_and_embed_fail_as_clearly(fault, call):
    async def use(_: ModelServer, wire: OpenAIWire) -> None:
        with pytest.raises(UpstreamError):
            await (wire.probe() if call == "probe" else wire.embed("e", ("x",)))

    with_server(use, fault=fault, timeout_s=patience(fault))


def test_an_unknown_host_is_named_as_such():
    async def main() -> None:
        wire = OpenAIWire("http://no-such-host.invalid/v1")
        with pytest.raises(UpstreamError, match=r"cannot be (resolved|reached)"):
            await wire.probe()
        await wire.aclose()

    asyncio.run(main())


def test_an_answer_above_the_limit_is_given_up():
    async def use(_: ModelServer, wire: OpenAIWire) -> None:
        with pytest.raises(UpstreamError, match="larger than 4 MiB"):
            await collect(wire, stream=False)

    with_server(use, reply=Script(("x" * (5 << 20),)))


@both_clients
@pytest.mark.parametrize("how", ["close the iterator", "cancel the task"])
def test_giving_up_closes_the_upstream_at_once(how, client):
    async def use(server: ModelServer, wire: OpenAIWire) -> float:
        if how == "close the iterator":
            async with aclosing(wire.complete(CALL, stream=True)) as deltas:
                await anext(deltas)
        else:
            task = asyncio.create_task(collect(wire, stream=True))
            await asyncio.sleep(0.1)
            task.cancel()
        begun = time.monotonic()
        await asyncio.wait_for(server.left.wait(), 3)
        return time.monotonic() - begun

    assert with_server(use, reply=Script(("word ",) * 200, pace_s=0.05), client=client) < 0.1


def test_a_plain_call_that_is_cancelled_closes_the_upstream_too():
    async def use(server: ModelServer, wire: OpenAIWire) -> int:
        task = asyncio.create_task(collect(wire, stream=False))
        await asyncio.sleep(0.1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.sleep(0.1)
        return server.gone

    assert with_server(use, fault=Fault.HANG) == 1


async def _serve_raw(answer: bytes, use: Callable[[OpenAIWire], Any]) -> Any:
    """A server that says exactly these bytes to each request, then closes."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    wire = OpenAIWire(f"http://127.0.0.1:{port}/v1", timeout_s=2)
    try:
        return await use(wire)
    finally:
        await wire.aclose()
        server.close()


def _stream_of(*events: object) -> bytes:
    data = b"".join(b"data: " + json.dumps(e).encode() + b"\n\n" for e in events)
    return (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\r\n"
        + data
        + b"data: [DONE]\n\n"
    )


def _chunk(text: str | None, finish: str | None = None, **more: object) -> dict[str, object]:
    return {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}], **more}


@pytest.mark.parametrize(
    ("events", "text", "finish", "usage"),
    [
        # finish and text in one chunk; usage in the same
        (
            [_chunk("a"), _chunk("b", "stop", usage={"prompt_tokens": 1, "completion_tokens": 2})],
            "ab",
            "stop",
            (1, 2),
        ),
        # an empty finish is none; null content; error null; fields nobody knows
        (
            [_chunk(None, ""), _chunk("a", "", error=None), _chunk("", "length", x={"y": 1})],
            "a",
            "length",
            None,
        ),
        # other choices are not ours
        (
            [
                {"choices": [{"index": 1, "delta": {"content": "no"}, "finish_reason": None}]},
                _chunk("yes"),
                _chunk("", "stop"),
            ],
            "yes",
            "stop",
            None,
        ),
        # usage on every chunk: the last one counts
        (
            [
                _chunk("a", usage={"completion_tokens": 1}),
                _chunk("b", "stop", usage={"completion_tokens": 2}),
            ],
            "ab",
            "stop",
            (None, 2),
        ),
    ],
)
def test_servers_differ_in_their_chunks(events, text, finish, usage):
    deltas = asyncio.run(_serve_raw(_stream_of(*events), lambda wire: collect(wire, stream=True)))
    assert "".join(d.text for d in deltas) == text
    assert deltas[-1].finish == finish
    expected = usage and Usage(prompt=usage[0], completion=usage[1])
    assert deltas[-1].usage == expected


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "without an answer"),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "not answer in HTTP|without an answer"),
        (_stream_of(), "cut off"),
        (_stream_of({"error": {"message": CANARY}}), "instead of an answer"),
        (_stream_of(_chunk("a")).replace(b'"a"', b'"\xff"'), "not UTF-8"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\nContent-Type: application/json\r\n\r\n{",
            "cut off|without an answer",
        ),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "HTTP 204"),
    ],
)
def test_broken_servers_are_named(raw, message):
    async def use(wire: OpenAIWire) -> None:
        with pytest.raises(UpstreamError, match=message) as caught:
            await collect(wire, stream=True)
        assert "Zythar" not in str(caught.value)

    asyncio.run(_serve_raw(raw, use))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:8000/v1",
        "ftp://host/v1",
        "http://",
        "http:///v1",
        "http://user:pw@host/v1",
        "http://host/v1?key=1",
        "http://host/v1#x",
        "http://host:99999/v1",
        "http://host:0/v1",
        "http://ho st/v1",
        "http://host/v1\r\nX: y",
    ],
)
def test_an_address_that_cannot_be_used_is_refused_without_repeating_it(url):
    with pytest.raises(ConfigError) as caught:
        OpenAIWire(url)
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize("token", ["", "a\n", "a b", "ä", "a\r\nX-Evil: 1"])
def test_a_token_that_no_header_can_carry_is_refused_without_repeating_it(token):
    with pytest.raises(ConfigError, match="token") as caught:
        OpenAIWire("http://127.0.0.1:1/v1", token)
    assert "Evil" not in str(caught.value)


@pytest.mark.parametrize(
    "settings", [{"timeout_s": 0}, {"timeout_s": -1.0}, {"connect_timeout_s": float("nan")}]
)
def test_timeouts_must_be_positive(settings):
    with pytest.raises(ConfigError, match="timeouts"):
        OpenAIWire("http://127.0.0.1:1/v1", **settings)


def test_text_that_has_no_form_on_the_wire_is_refused_before_anything_leaves():
    call = ModelCall(model_id="m", messages=(Message(role="user", content="Zythar \ud800"),))

    async def use(server: ModelServer, wire: OpenAIWire) -> int:
        with pytest.raises(InputError) as caught:
            await collect(wire, stream=False, call=call)
        assert "Zythar" not in str(caught.value)
        return server.connections

    assert with_server(use) == 0


@pytest.mark.parametrize("kind", ["", "text/plain", "application/octet-stream"])
@pytest.mark.parametrize("whole", [False, True])
def test_what_came_counts_more_than_what_the_head_says_it_is(kind, whole):
    stream = _stream_of(_chunk("yes"), _chunk("", "stop")).split(b"\r\n\r\n", 1)[1]
    plain = json.dumps({"choices": [{"message": {"content": "yes"}, "finish_reason": "stop"}]}).encode()
    line = f"Content-Type: {kind}\r\n".encode() if kind else b""
    raw = b"HTTP/1.1 200 OK\r\n" + line + b"\r\n" + (plain if whole else stream)
    deltas = asyncio.run(_serve_raw(raw, lambda wire: collect(wire, stream=True)))
    assert "".join(d.text for d in deltas) == "yes"
    assert deltas[-1].finish == "stop"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("endpoint", ["chat", "completions"])
def test_several_choices_and_what_nobody_here_knows_go_through(stream, endpoint):
    call = ModelCall(
        model_id="m",
        messages=(
            Message(
                role="user",
                content="a b",
                wire={"role": "user", "content": [{"type": "text", "text": "a b"}]},
            ),
        ),
        params={"n": 3, "x_new": {"deep": [1]}, "tools": []},
        endpoint=endpoint,
    )

    async def use(server: ModelServer, wire: OpenAIWire) -> Any:
        return await collect(wire, stream=stream, call=call), server.bodies[0]

    deltas, body = with_server(use)
    for index in range(3):
        assert "".join(d.text for d in deltas if d.index == index) == "a b"
        assert [d.finish for d in deltas if d.index == index and d.finish] == ["stop"]
    assert body["x_new"] == {"deep": [1]}
    assert body.get("prompt") == ("a b" if endpoint == "completions" else None)
    if endpoint == "chat":
        assert body["messages"] == [{"role": "user", "content": [{"type": "text", "text": "a b"}]}]


def test_a_choice_without_its_finish_makes_the_answer_one_that_was_cut_off():
    events = [
        {"choices": [{"index": n, "delta": {"content": "a"}, "finish_reason": f}]}
        for n, f in ((0, "stop"), (1, None))
    ]

    async def use(wire: OpenAIWire) -> None:
        with pytest.raises(UpstreamError, match="cut off"):
            await collect(
                wire, stream=True, call=ModelCall(model_id="m", messages=CALL.messages, params={"n": 2})
            )

    asyncio.run(_serve_raw(_stream_of(*events), use))


def test_the_time_that_a_request_has_left_bounds_the_wait():
    async def use(_: ModelServer, wire: OpenAIWire) -> float:
        begun = time.monotonic()
        with pytest.raises(UpstreamTimeout):
            await collect(
                wire, stream=False, call=ModelCall(model_id="m", messages=CALL.messages, wait_s=0.1)
            )
        return time.monotonic() - begun

    assert with_server(use, fault=Fault.HANG) < 2
