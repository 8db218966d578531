"""The backend against its port's contract, over real sockets, and against a server that misbehaves."""

import asyncio
from contextlib import aclosing

import pytest
from line_server import serving
from osler_backend_example.json_lines import JsonLines

from osler.core.errors import ConfigError, UpstreamError, UpstreamTimeout
from osler.core.messages import Delta, Message
from osler.core.ports.completer import ModelCall
from osler.testing import check_completer

QUESTION = "What is wrong with Zythar Quillon?"


def call(**params: object) -> ModelCall:
    return ModelCall(model_id="tiny", messages=(Message(role="user", content=QUESTION),), params=params)


async def asked(url: str, *, stream: bool = True, **params: object) -> list[Delta]:
    backend = JsonLines(url=url, timeout_s=0.5)
    try:
        return [delta async for delta in backend.complete(call(**params), stream=stream)]
    finally:
        await backend.aclose()


def test_it_keeps_the_contract() -> None:
    with serving() as server:
        asyncio.run(check_completer(JsonLines(url=server.url)))


def test_pieces_and_counts_come_through() -> None:
    with serving() as server:
        streamed = asyncio.run(asked(server.url, max_tokens=50))
        plain = asyncio.run(asked(server.url, stream=False))
    assert [d.text for d in streamed] == ["Potassium ", "5.9 ", "mmol/L.", ""]
    assert plain == [Delta(text="Potassium 5.9 mmol/L.", finish="stop", usage=streamed[-1].usage)]
    assert plain[0].usage is not None
    assert plain[0].usage.completion == 3
    assert '"num_predict": 50' in server.asked[0]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fault", ["status", "error", "garbage", "long", "cut", "silence"])
def test_an_answer_that_is_not_whole_is_an_error_without_a_word_of_the_text(fault: str, stream: bool) -> None:
    with serving(fault=fault) as server, pytest.raises(UpstreamError) as caught:
        asyncio.run(asked(server.url, stream=stream))
    assert isinstance(caught.value, UpstreamTimeout) == (fault == "silence")
    assert "Zythar" not in str(caught.value)
    assert caught.value.remedy


def test_a_call_that_is_broken_off_ends_at_the_server_too() -> None:
    async def broken_off(url: str) -> None:
        backend = JsonLines(url=url)
        async with aclosing(backend.complete(call(), stream=True)) as answer:
            await anext(answer)
        await backend.aclose()

    with serving(fault="silence") as server:
        asyncio.run(broken_off(server.url))
        assert server.gone.wait(5)


def test_a_setting_that_it_does_not_know_is_refused() -> None:
    with serving() as server, pytest.raises(UpstreamError, match="presence_penalty"):
        asyncio.run(asked(server.url, presence_penalty=1))


def test_nobody_there() -> None:
    with pytest.raises(UpstreamError, match="cannot be reached"):
        asyncio.run(asked("http://127.0.0.1:1"))


@pytest.mark.parametrize("url", ["", "ftp://h", "http://", "http://u:p@h", "http://h?a=b"])
def test_an_address_that_makes_no_sense_is_refused(url: str) -> None:
    with pytest.raises(ConfigError):
        JsonLines(url=url)
