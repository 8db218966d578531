"""A backend that breaks its contract is a model server that failed: never a half answer, never its words."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from osler.core.errors import UpstreamError, UpstreamTimeout
from osler.core.messages import Delta, ToolDelta, Usage
from osler.core.ports.completer import ModelCall
from osler.gateway.upstream import pieces

CALL = ModelCall(model_id="m", messages=())
END = Delta(text="b.", finish="stop", usage=Usage(prompt=1, completion=None))


class Scripted:
    """A backend that gives what it is told to, and raises what it is told to."""

    def __init__(self, *script: object) -> None:
        self._script = script
        self.closed = False

    async def complete(self, call: ModelCall, *, stream: bool) -> AsyncGenerator[Delta, None]:
        try:
            for step in self._script:
                if isinstance(step, Exception):
                    raise step
                yield step  # type: ignore[misc]
        finally:
            self.closed = True

    async def probe(self) -> tuple[str, ...]:
        return ("m",)

    async def aclose(self) -> None:
        return None


async def collected(backend: Scripted) -> list[Delta]:
    return [d async for d in pieces(backend, CALL, stream=True, destination="ward")]


def test_a_whole_answer_passes_as_it_is() -> None:
    given = [Delta(text="a "), END, Delta(usage=Usage(prompt=1, completion=2))]
    assert asyncio.run(collected(Scripted(*given))) == given


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ([], "whole"),
        ([Delta(text="a ")], "whole"),
        ([Delta(text="a "), Delta(text="b", finish="")], "whole"),
        ([RuntimeError("Zythar Quillon")], "RuntimeError"),
        ([Delta(text="a "), KeyError("Zythar Quillon")], "KeyError"),
        (["Zythar Quillon"], "no piece"),
        ([None], "no piece"),
        ([Delta(text=None, finish="stop")], "no piece"),  # type: ignore[arg-type]
        ([Delta(text="a", finish=1)], "no piece"),  # type: ignore[arg-type]
        ([Delta(text="a", finish="stop", usage=Usage(prompt=1.5))], "no piece"),  # type: ignore[arg-type]
        ([Delta(text="a", finish="stop", usage={"prompt": 1})], "no piece"),  # type: ignore[arg-type]
        ([Delta(text="a", index=1), Delta(finish="stop")], "whole"),
        ([Delta(finish="stop"), Delta(tools=(ToolDelta(index=0, name="f"),), index=2)], "whole"),
        ([Delta(text="a", index=-1)], "no piece"),
        ([Delta(text="a", index=True)], "no piece"),
        ([Delta(text="a", index=10**6)], "no piece"),
        ([Delta(text="\ud83d")], "no piece"),
        ([Delta(reasoning="\ud83d")], "no piece"),
        ([Delta(refusal=7)], "no piece"),  # type: ignore[arg-type]
        ([Delta(tools=[ToolDelta(index=0)])], "no piece"),  # type: ignore[arg-type]
        ([Delta(tools=({"index": 0},))], "no piece"),  # type: ignore[arg-type]
        ([Delta(tools=(ToolDelta(index=0, arguments="\udc00"),))], "no piece"),
        ([Delta(tools=(ToolDelta(index="0"),))], "no piece"),  # type: ignore[arg-type]
        ([Delta(tools=(ToolDelta(index=0, id=None),))], "no piece"),  # type: ignore[arg-type]
        ([Delta(logprobs=({"token": "\ud83d"},))], "no piece"),
        ([Delta(logprobs=({"logprob": float("nan")},))], "no piece"),
        ([Delta(logprobs=({"token": b"a"},))], "no piece"),
        ([Delta(logprobs=("a",))], "no piece"),  # type: ignore[arg-type]
    ],
)
def test_a_backend_that_breaks_is_an_upstream_fault(script: list[object], said: str) -> None:
    backend = Scripted(*script)
    with pytest.raises(UpstreamError, match=said) as caught:
        asyncio.run(collected(backend))
    assert "'ward'" in str(caught.value)
    assert "Zythar" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert backend.closed or not script


def test_several_choices_tools_and_empty_answers_pass() -> None:
    given = [
        Delta(
            text="a", index=1, logprobs=({"token": "a", "logprob": -0.5, "top_logprobs": [], "bytes": None},)
        ),
        Delta(tools=(ToolDelta(index=0, id="call_1", name="f", arguments="{}"),)),
        Delta(finish="tool_calls"),
        Delta(finish="stop", index=1),
        Delta(finish="stop", index=2),
        Delta(usage=Usage(prompt=1, completion=2)),
    ]
    assert asyncio.run(collected(Scripted(*given))) == given
    assert asyncio.run(collected(Scripted(Delta(finish="stop")))) == [Delta(finish="stop")]


def test_what_a_backend_says_of_itself_stays() -> None:
    with pytest.raises(UpstreamTimeout, match="slow"):
        asyncio.run(collected(Scripted(UpstreamTimeout("slow"))))


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("stop", "stop"),
        ("length", "length"),
        ("eos_token", "stop"),
        ("Zythar Quillon", "other"),
        ("x" * 9999, "other"),
    ],
)
def test_why_an_answer_ended_is_one_of_a_few_words(said: str, shown: str) -> None:
    got = asyncio.run(collected(Scripted(Delta(text="a", finish=said))))
    assert [d.finish for d in got] == [shown]
