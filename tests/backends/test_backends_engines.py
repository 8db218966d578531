"""Each engine's backend against a stand-in that enforces that engine's request shapes."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest

from osler.backends.answers import Function, ToolCall
from osler.backends.gathering import Calls
from osler.backends.llama_cpp import LlamaCpp
from osler.backends.ollama import Ollama
from osler.backends.tgi import Tgi
from osler.backends.upstream import status_error
from osler.backends.vllm import Vllm
from osler.core.errors import UpstreamRefused, UpstreamUnavailable
from osler.core.messages import Delta, Message, ToolDelta, Usage
from osler.core.ports.completer import Completer, ModelCall
from osler.core.ports.embedder import Embedder
from osler.core.ports.limits import Limited
from osler.testing import check_completer
from osler.testing.engines import EngineServer, LlamaCppEngine, OllamaEngine, TgiEngine, VllmEngine

VLLM_MODEL = "google/medgemma-27b-text-it"
TEXT = "Zythar Quillon takes metformin."
TOOL = {"type": "function", "function": {"name": "look_up", "parameters": {"type": "object"}}}
SCHEMA = {"type": "object", "properties": {"dose": {"type": "string"}}}
SCHEMA_FORM = {"type": "json_schema", "json_schema": {"name": "dose", "schema": SCHEMA}}
IMAGE = "data:image/png;base64,aGVsbG8="

ENGINES = {
    "vllm": (Vllm, VllmEngine, VLLM_MODEL, "/v1"),
    "vllm, old errors": (Vllm, lambda: VllmEngine(old_errors=True), VLLM_MODEL, "/v1"),
    "tgi": (Tgi, TgiEngine, "tgi-model", "/v1"),
    "tgi, no [DONE]": (Tgi, lambda: TgiEngine(done=False), "tgi-model", "/v1"),
    "llama_cpp": (LlamaCpp, LlamaCppEngine, "model.gguf", "/v1"),
    "ollama": (Ollama, OllamaEngine, "medgemma", ""),
    "ollama, with /v1": (Ollama, OllamaEngine, "medgemma", "/v1"),
}


def call(model: str, text: str = TEXT, **params: object) -> ModelCall:
    return ModelCall(model_id=model, messages=(Message(role="user", content=text),), params=params)


def run(engine: str, use: Any) -> Any:
    backend, made, model, path = ENGINES[engine]

    async def main() -> Any:
        async with EngineServer(made()) as server:
            completer = backend(server.url + path, timeout_s=5.0)
            try:
                return await use(completer, server, model)
            finally:
                await completer.aclose()

    return asyncio.run(main())


async def answer(completer: Completer, asked: ModelCall, *, stream: bool) -> list[Delta]:
    return [delta async for delta in completer.complete(asked, stream=stream)]


def asked_once(engine: str, asked_of: Any, *, stream: bool) -> tuple[list[Delta], dict[str, Any]]:
    async def use(completer: Completer, server: EngineServer, model: str) -> Any:
        return await answer(completer, asked_of(model), stream=stream), server.bodies[-1]

    deltas, body = run(engine, use)
    return deltas, body


def text_of(deltas: list[Delta]) -> str:
    return "".join(d.text for d in deltas).strip()


@pytest.mark.parametrize("engine", ENGINES)
def test_each_backend_keeps_the_contract(engine: str) -> None:
    async def use(completer: Completer, server: EngineServer, model: str) -> None:
        await check_completer(completer, model_id=model)

    run(engine, use)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("engine", ENGINES)
def test_each_answers_with_text_finish_and_usage(engine: str, stream: bool) -> None:
    deltas, _ = asked_once(engine, call, stream=stream)
    assert text_of(deltas) == TEXT
    assert deltas[-1].finish in ("stop", "eos_token")
    assert deltas[-1].usage is not None
    assert deltas[-1].usage.prompt == 4


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("engine", ["vllm", "tgi", "ollama"])
def test_tool_calls_come_whole_however_they_are_sent(engine: str, stream: bool) -> None:
    deltas, _ = asked_once(engine, lambda model: call(model, tools=[TOOL]), stream=stream)
    tools = [tool for delta in deltas for tool in delta.tools]
    assert {tool.index for tool in tools} == {0}
    assert [tool.name for tool in tools if tool.name] == ["look_up"]
    assert json.loads("".join(tool.arguments for tool in tools)) == {"text": TEXT}
    assert text_of(deltas) == ""


@pytest.mark.parametrize("engine", ["vllm", "tgi", "llama_cpp", "ollama"])
def test_a_text_that_is_too_long_is_the_requests_own_fault(engine: str) -> None:
    async def use(completer: Completer, server: EngineServer, model: str) -> None:
        for stream in (False, True):
            with pytest.raises(UpstreamRefused, match="longer than the model takes") as caught:
                await answer(completer, call(model, "Quillon " * 70), stream=stream)
            assert "Quillon" not in str(caught.value)

    run(engine, use)


@pytest.mark.parametrize(
    ("engine", "expected"),
    [
        ("vllm", {VLLM_MODEL: 64}),
        ("tgi", {"tgi-model": 64}),
        ("llama_cpp", {"model.gguf": 64}),
        ("ollama", {"medgemma": 131072}),
    ],
)
def test_limits_and_probe(engine: str, expected: Mapping[str, int]) -> None:
    async def use(completer: Completer, server: EngineServer, model: str) -> None:
        assert isinstance(completer, Limited)
        assert await completer.limits((model,)) == expected
        assert model in await completer.probe()

    run(engine, use)


@pytest.mark.parametrize("engine", ["vllm", "tgi", "llama_cpp", "ollama"])
def test_vectors_come_in_order_whatever_the_batch(engine: str) -> None:
    texts = tuple("word " * (n % 7 + 1) for n in range(70))

    async def use(completer: Completer, server: EngineServer, model: str) -> int:
        assert isinstance(completer, Embedder)
        vectors = await completer.embed(model, texts)
        assert [vector[0] for vector in vectors] == [float(n % 7 + 1) for n in range(70)]
        return len(server.requests)

    assert run(engine, use) == (3 if engine == "tgi" else 1)


@pytest.mark.parametrize("engine", ["vllm", "ollama"])
def test_dimensions_pass(engine: str) -> None:
    async def use(completer: Completer, server: EngineServer, model: str) -> None:
        assert isinstance(completer, Embedder)
        assert len((await completer.embed(model, ("a",), dimensions=9))[0]) == 9

    run(engine, use)


def test_several_choices_reasoning_and_logprobs() -> None:
    plain, body = asked_once("vllm", lambda m: call(m, n=2, logprobs=True, top_k=5), stream=False)
    assert body["top_k"] == 5
    assert [(d.index, d.text, d.finish, d.reasoning) for d in plain] == [
        (0, TEXT, "stop", "I echo."),
        (1, TEXT, "stop", "I echo."),
    ]
    assert [entry["token"] for entry in plain[0].logprobs] == [word + " " for word in TEXT.split()]
    assert [d.usage for d in plain] == [None, Usage(prompt=4, completion=4)]
    streamed, _ = asked_once("vllm", lambda m: call(m, n=2), stream=True)
    for index in (0, 1):
        own = [d for d in streamed if d.index == index]
        assert text_of(own) == TEXT
        assert "".join(d.reasoning for d in own) == "I echo."
        assert [d.finish for d in own if d.finish] == ["stop"]
    assert streamed[-1].usage == Usage(prompt=4, completion=4)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("engine", ["vllm", "ollama"])
def test_the_endpoint_completions(engine: str, stream: bool) -> None:
    def asked(model: str) -> ModelCall:
        messages = (Message(role="user", content=TEXT),)
        return ModelCall(model_id=model, messages=messages, endpoint="completions", params={"max_tokens": 5})

    deltas, body = asked_once(engine, asked, stream=stream)
    assert text_of(deltas) == TEXT
    assert body["prompt"] == TEXT
    assert "messages" not in body


def test_vllm_is_not_sent_a_choice_among_no_tools() -> None:
    deltas, body = asked_once("vllm", lambda m: call(m, tools=[], tool_choice="auto"), stream=False)
    assert text_of(deltas) == TEXT
    assert "tools" not in body


@pytest.mark.parametrize("form", [SCHEMA_FORM, {"type": "json_object"}, {"type": "text"}])
@pytest.mark.parametrize("engine", ["vllm", "tgi", "llama_cpp", "ollama"])
def test_response_formats_are_taken_by_each(engine: str, form: dict[str, Any]) -> None:
    deltas, body = asked_once(engine, lambda m: call(m, response_format=form), stream=False)
    assert text_of(deltas) == TEXT
    schemas = {
        "vllm": lambda: body["response_format"]["json_schema"]["schema"],
        "tgi": lambda: body["response_format"]["value"],
        "llama_cpp": lambda: body["response_format"]["schema"],
        "ollama": lambda: body["format"],
    }
    if form is SCHEMA_FORM:
        assert schemas[engine]() == SCHEMA


def test_tgi_gets_its_own_words() -> None:
    def asked(model: str) -> ModelCall:
        messages = (Message(role="developer", content="Be brief."), Message(role="user", content=TEXT))
        params = {"stop": "END", "max_completion_tokens": 9, "n": 1, "tool_choice": "auto"}
        return ModelCall(model_id=model, messages=messages, params=params)

    _, body = asked_once("tgi", asked, stream=False)
    assert body["stop"] == ["END"]
    assert body["max_tokens"] == 9
    assert body["messages"][0]["role"] == "system"
    assert {"n", "max_completion_tokens", "tool_choice"}.isdisjoint(body)


def test_llama_cpp_says_that_it_is_loading() -> None:
    async def main() -> None:
        async with EngineServer(LlamaCppEngine(loading=True)) as server:
            backend = LlamaCpp(server.url + "/v1")
            with pytest.raises(UpstreamUnavailable, match="still loading"):
                await answer(backend, call("m"), stream=True)
            with pytest.raises(UpstreamUnavailable, match="still loading"):
                await backend.probe()
            await backend.aclose()

    asyncio.run(main())


def test_llama_cpp_keeps_to_max_completion_tokens() -> None:
    deltas, _ = asked_once("llama_cpp", lambda m: call(m, max_completion_tokens=2), stream=False)
    assert (text_of(deltas), deltas[-1].finish) == ("Zythar Quillon", "length")


def test_ollama_is_told_the_context_and_never_cuts_in_silence() -> None:
    long = "word " * 30  # more than the stand-in takes by default

    def asked(model: str) -> ModelCall:
        return ModelCall(model_id=model, messages=(Message(role="user", content=long),), context=100)

    deltas, body = asked_once("ollama", asked, stream=True)
    assert body["options"]["num_ctx"] == 100
    assert (body["truncate"], body["shift"]) == (False, False)
    assert deltas[-1].usage == Usage(prompt=30, completion=30)


def test_ollama_gets_settings_images_and_tool_answers_in_its_own_words() -> None:
    parts = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": IMAGE}}]
    called = {"id": "c1", "type": "function", "function": {"name": "look_up", "arguments": '{"a": 1}'}}

    def asked(model: str) -> ModelCall:
        messages = (
            Message(role="developer", content="Be brief."),
            Message(role="user", content="What is this?", wire={"role": "user", "content": parts}),
            Message(
                role="assistant",
                content="",
                wire={"role": "assistant", "content": None, "tool_calls": [called]},
            ),
            Message(role="tool", content="42", wire={"role": "tool", "tool_call_id": "c1", "content": "42"}),
            Message(role="user", content="So?"),
        )
        params = {
            "temperature": 0.1,
            "stop": "END",
            "max_tokens": 9,
            "reasoning_effort": "low",
            "keep_alive": "5m",
        }
        return ModelCall(model_id=model, messages=messages, params=params)

    deltas, body = asked_once("ollama", asked, stream=False)
    assert deltas[0].reasoning == "I echo."
    assert body["options"] == {"temperature": 0.1, "stop": ["END"], "num_predict": 9}
    assert (body["think"], body["keep_alive"]) == ("low", "5m")
    system, user, assistant, tool, _ = body["messages"]
    assert system["role"] == "system"
    assert user == {"role": "user", "content": "What is this?", "images": ["aGVsbG8="]}
    assert assistant["tool_calls"] == [{"id": "c1", "function": {"name": "look_up", "arguments": {"a": 1}}}]
    assert tool == {"role": "tool", "content": "42", "tool_name": "look_up", "tool_call_id": "c1"}


@pytest.mark.parametrize(
    ("engine", "params"),
    [
        ("tgi", {"n": 2}),
        ("tgi", {"logit_bias": {"5": 1}}),
        ("tgi", {"response_format": {"type": "json_schema"}}),
        ("ollama", {"n": 2}),
        ("ollama", {"tools": [TOOL], "tool_choice": "required"}),
        ("ollama", {"response_format": {"type": "grammar"}}),
    ],
)
def test_what_an_engine_would_ignore_is_refused_before_anything_leaves(
    engine: str, params: dict[str, Any]
) -> None:
    async def use(completer: Completer, server: EngineServer, model: str) -> int:
        with pytest.raises(UpstreamRefused, match="cannot do what was asked"):
            await answer(completer, call(model, **params), stream=False)
        return len(server.requests)

    assert run(engine, use) == 0


def test_ollama_takes_no_image_by_address() -> None:
    parts = [{"type": "image_url", "image_url": {"url": "https://example.org/zythar.png"}}]
    message = Message(role="user", content="", wire={"role": "user", "content": parts})

    async def use(completer: Completer, server: EngineServer, model: str) -> None:
        with pytest.raises(UpstreamRefused) as caught:
            await answer(completer, ModelCall(model_id=model, messages=(message,)), stream=False)
        assert "zythar" not in str(caught.value)

    run("ollama", use)


def test_tool_pieces_are_put_in_order() -> None:
    def piece(
        index: int | None = None, called: str | None = None, name: str | None = None, arguments: str = ""
    ) -> ToolCall:
        return ToolCall(index=index, id=called, function=Function(name=name, arguments=arguments))

    calls = Calls()
    # id and name repeated with each piece; a second call with the same index; one without an index; one without both
    pieces = [
        piece(0, "a", "f", '{"x"'), piece(0, "a", "f", ":1}"), piece(0, "b", "g", "{}"),
        piece(None, "c", "h", "{"), piece(None, None, None, "}"), piece(None, None, "i", "{}"),
    ]  # fmt: skip
    assert calls.take(pieces) == (
        ToolDelta(index=0, id="a", name="f", arguments='{"x"'),
        ToolDelta(index=0, arguments=":1}"),
        ToolDelta(index=1, id="b", name="g", arguments="{}"),
        ToolDelta(index=2, id="c", name="h", arguments="{"),
        ToolDelta(index=2, arguments="}"),
        ToolDelta(index=3, name="i", arguments="{}"),
    )


@pytest.mark.parametrize(
    ("status", "body", "refused"),
    [
        (400, "This model's maximum context length is 8192 tokens. However, you requested 9000", True),
        (400, "The decoder prompt (length 9001) is longer than the maximum model length of 8192.", True),
        (422, "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096", True),
        (413, "Input validation error: `inputs` must have less than 512 tokens. Given: 812", True),
        (400, "the input length exceeds the context length", True),
        (400, "context_length_exceeded", True),
        (500, "input is too large to process. increase the physical batch size", True),
        (500, "maximum context length", False),
        (400, "temperature: Input should be a valid number", False),
    ],
)
def test_a_text_that_is_too_long_is_told_from_other_faults(status: int, body: str, refused: bool) -> None:
    error = status_error("http://h/v1", status, body=body.encode())
    assert ("longer than the model takes" in str(error)) == refused
    assert isinstance(error, UpstreamRefused) == (status != 500 or refused)
