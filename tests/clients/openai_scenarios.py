"""What a program does with OpenAI's client, put to Osler: `python openai_scenarios.py URL KEY`.

Runs under any version of the client from 1.66 on. Prints one JSON object: for each scenario "ok", or what went wrong.
A scenario is a function of this module whose name begins with `try_`.
"""

import asyncio
import base64
import json
import struct
import sys
import time
import traceback
import zlib
from typing import Any

import openai
from pydantic import BaseModel

URL, KEY = sys.argv[1], sys.argv[2]
NAME = "Zythar Quillon"
QUESTION = f"Look up: {NAME}. Then say how it stands."
MESSAGES: Any = [{"role": "user", "content": QUESTION}]
TOOL: Any = {
    "type": "function",
    "function": {
        "name": "find_person",
        "description": "Finds a person by name.",
        "parameters": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
    },
}
FLAT: Any = {"type": "function", "strict": False, **TOOL["function"]}
OFF: Any = {"x-osler-ground": "off"}


class Person(BaseModel):
    """What is asked for by a schema."""

    name: str
    stable: bool


def client(**options: Any) -> openai.OpenAI:
    return openai.OpenAI(
        base_url=URL, default_headers=OFF, **{"api_key": KEY, "max_retries": 0, "timeout": 20, **options}
    )


def chunk_text(chunks: Any) -> str:
    return "".join(c.delta.content or "" for chunk in chunks for c in chunk.choices)


def try_chat() -> None:
    made = client().chat.completions.create(model="ward", messages=MESSAGES)
    assert made.object == "chat.completion"
    assert made.id
    assert made.created
    assert NAME in (made.choices[0].message.content or "")
    assert made.choices[0].finish_reason == "stop"
    assert made.usage is not None
    assert made.usage.total_tokens == 18
    assert made.model == "ward"


def try_chat_raw_response() -> None:
    raw = client().chat.completions.with_raw_response.create(model="ward", messages=MESSAGES)
    assert raw.headers["x-request-id"]
    assert raw.headers["x-ratelimit-limit-requests"]
    assert NAME in (raw.parse().choices[0].message.content or "")


def try_chat_stream() -> None:
    plain = client().chat.completions.create(model="ward", messages=MESSAGES)
    chunks = list(client().chat.completions.create(model="ward", messages=MESSAGES, stream=True))
    assert chunk_text(chunks) == plain.choices[0].message.content
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert all(c.usage is None for c in chunks)


def try_chat_stream_usage() -> None:
    options: Any = {"include_usage": True}
    chunks = list(
        client().chat.completions.create(model="ward", messages=MESSAGES, stream=True, stream_options=options)
    )
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.total_tokens == 18


def try_chat_async_streams() -> None:
    async def one(n: int) -> str:
        async with openai.AsyncOpenAI(base_url=URL, api_key=KEY, max_retries=0, default_headers=OFF) as api:
            text = f"Look up: Zythar Quillon{'abcdefgh'[n]}. Please."
            stream = await api.chat.completions.create(
                model="ward", messages=[{"role": "user", "content": text}], stream=True
            )
            return "".join([c.delta.content or "" async for chunk in stream for c in chunk.choices])

    async def every() -> list[str]:
        return await asyncio.gather(*(one(n) for n in range(8)))

    for n, text in enumerate(asyncio.run(every())):
        assert f"Zythar Quillon{'abcdefgh'[n]}" in text, text


def try_tools_loop() -> None:
    api = client()
    first = api.chat.completions.create(model="ward", messages=MESSAGES, tools=[TOOL])
    (call,) = first.choices[0].message.tool_calls or []
    assert first.choices[0].finish_reason == "tool_calls"
    assert first.choices[0].message.content is None
    assert call.function.name == "find_person"
    assert json.loads(call.function.arguments) == {"name": NAME}
    turn: Any = [
        *MESSAGES,
        first.choices[0].message,
        {"role": "tool", "tool_call_id": call.id, "content": f"{NAME}, MRN 00482913"},
    ]
    second = api.chat.completions.create(model="ward", messages=turn, tools=[TOOL])
    assert f"{NAME}, MRN 00482913" in (second.choices[0].message.content or "")


def try_tools_stream() -> None:
    calls: dict[int, dict[str, str]] = {}
    finish = ""
    for chunk in client().chat.completions.create(
        model="ward", messages=MESSAGES, tools=[TOOL], stream=True, parallel_tool_calls=True
    ):
        for choice in chunk.choices:
            finish = choice.finish_reason or finish
            for piece in choice.delta.tool_calls or []:
                call = calls.setdefault(piece.index, {"id": "", "name": "", "arguments": ""})
                call["id"] = piece.id or call["id"]
                if piece.function:
                    call["name"] += piece.function.name or ""
                    call["arguments"] += piece.function.arguments or ""
    assert finish == "tool_calls"
    assert sorted(calls) == [0, 1]
    for call in calls.values():
        assert call["id"]
        assert call["name"] == "find_person"
        assert json.loads(call["arguments"]) == {"name": NAME}


def try_tools_stream_helper() -> None:
    api = client()
    helper = getattr(api.chat.completions, "stream", None) or api.beta.chat.completions.stream
    with helper(model="ward", messages=MESSAGES, tools=[TOOL]) as stream:
        whole = stream.get_final_completion()
    (call,) = whole.choices[0].message.tool_calls or []
    assert json.loads(call.function.arguments) == {"name": NAME}


def try_structured() -> None:
    api = client()
    parse = getattr(api.chat.completions, "parse", None) or api.beta.chat.completions.parse
    made = parse(model="ward", messages=MESSAGES, response_format=Person)
    assert made.choices[0].message.parsed == Person(name=NAME, stable=True)


def try_structured_stream() -> None:
    api = client()
    helper = getattr(api.chat.completions, "stream", None) or api.beta.chat.completions.stream
    with helper(model="ward", messages=MESSAGES, response_format=Person) as stream:
        whole = stream.get_final_completion()
    assert whole.choices[0].message.parsed == Person(name=NAME, stable=True)


def try_several() -> None:
    made = client().chat.completions.create(model="ward", messages=MESSAGES, n=3)
    assert [c.index for c in made.choices] == [0, 1, 2]
    assert all(NAME in (c.message.content or "") for c in made.choices)
    said = {0: "", 1: "", 2: ""}
    for chunk in client().chat.completions.create(model="ward", messages=MESSAGES, n=3, stream=True):
        for choice in chunk.choices:
            said[choice.index] += choice.delta.content or ""
    assert list(said.values()) == [c.message.content for c in made.choices]


def try_logprobs() -> None:
    plain: Any = [{"role": "user", "content": "How is it?"}]
    made = client().chat.completions.create(model="ward", messages=plain, logprobs=True, top_logprobs=1)
    entries = (made.choices[0].logprobs or openai.NOT_GIVEN).content or []  # type: ignore[union-attr]
    assert "".join(e.token for e in entries) == "You asked about nothing and all is well."
    assert entries[0].top_logprobs[0].logprob == -0.25


def picture() -> str:
    def part(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    data = (
        b"\x89PNG\r\n\x1a\n"
        + part(b"IHDR", head)
        + part(b"IDAT", zlib.compress(b"\0\0"))
        + part(b"IEND", b"")
    )
    return f"data:image/png;base64,{base64.b64encode(data).decode()}"


def try_vision() -> None:
    parts: Any = [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": picture(), "detail": "low"}},
    ]
    made = client().chat.completions.create(model="ward", messages=[{"role": "user", "content": parts}])
    assert "There are 1 pictures." in (made.choices[0].message.content or "")
    parts[1]["image_url"]["url"] = "https://example.org/scan.png"
    refused = raised(openai.BadRequestError, messages=[{"role": "user", "content": parts}])
    assert "example.org" not in str(refused)


def try_embeddings() -> None:
    made = client().embeddings.create(model="vectors", input=["one", "three"])
    assert [d.embedding for d in made.data] == [[0.5, 3.0], [0.5, 5.0]]
    single = client().embeddings.create(model="vectors", input="one", encoding_format="float")
    assert single.data[0].embedding == [0.5, 3.0]


def try_completions() -> None:
    made = client().completions.create(model="ward", prompt=QUESTION, max_tokens=20)
    assert NAME in made.choices[0].text
    chunks = client().completions.create(model="ward", prompt=QUESTION, stream=True)
    assert "".join(c.text for chunk in chunks for c in chunk.choices) == made.choices[0].text


def try_responses() -> None:
    made = client().responses.create(model="ward", input=QUESTION, instructions="Be short.")
    assert NAME in made.output_text
    assert made.status == "completed"
    assert made.usage is not None
    assert made.usage.total_tokens == 18


def try_responses_stream() -> None:
    whole = client().responses.create(model="ward", input=QUESTION)
    kinds, text, numbers = [], "", []
    for event in client().responses.create(model="ward", input=QUESTION, stream=True):
        kinds.append(event.type)
        numbers.append(getattr(event, "sequence_number", len(numbers)))
        if event.type == "response.output_text.delta":
            text += event.delta
    assert text == whole.output_text
    assert kinds[0] == "response.created"
    assert kinds[-1] == "response.completed"
    assert numbers == list(range(len(numbers)))


def try_responses_tools_loop() -> None:
    api = client()
    first = api.responses.create(model="ward", input=QUESTION, tools=[FLAT])
    (call,) = [item for item in first.output if item.type == "function_call"]
    assert json.loads(call.arguments) == {"name": NAME}
    again: Any = [
        {"role": "user", "content": QUESTION},
        *first.output,
        {"type": "function_call_output", "call_id": call.call_id, "output": f"{NAME} is well"},
    ]
    second = api.responses.create(model="ward", input=again, tools=[FLAT])
    assert f"{NAME} is well" in second.output_text


def try_responses_parse() -> None:
    api = client()
    parse = getattr(api.responses, "parse", None)
    if parse is None:
        return
    made = parse(model="ward", input=QUESTION, text_format=Person)
    assert made.output_parsed == Person(name=NAME, stable=True)


def try_models() -> None:
    names = {m.id for m in client().models.list()}
    assert {"auto", "ward", "vectors"} <= names
    assert client().models.retrieve("ward").id == "ward"


def raised(kind: type[Exception], **asked: Any) -> Any:
    """The error that a question ends in."""
    options, caught = asked.pop("client", {}), None
    try:
        client(**options).chat.completions.create(**{"model": "ward", "messages": MESSAGES, **asked})
    except kind as error:
        caught = error
    assert caught is not None, f"no {kind.__name__}"
    assert NAME not in str(caught)
    return caught


def says(text: str) -> Any:
    return [{"role": "user", "content": text}]


def try_errors() -> None:
    assert raised(openai.AuthenticationError, client={"api_key": "wrong"}).status_code == 401
    error = raised(openai.PermissionDeniedError, model="outside")
    assert error.code == "policy_refused"
    assert error.type == "policy_refused"
    assert error.response.headers["x-should-retry"] == "false"
    assert raised(openai.NotFoundError, model="no-such-model").code == "model_not_found"
    error = raised(openai.BadRequestError, extra_body={"n": 99})
    assert error.param == "n"
    raised(openai.InternalServerError, messages=says("be broken"))
    # the ward's model server had no room: Osler says so, with the time to wait
    error = raised(openai.APIStatusError, messages=says("be overloaded"))
    assert error.status_code in (429, 503)
    assert error.response.headers["retry-after"]


def try_refusals_are_not_retried() -> None:
    for kind, asked in (
        (openai.PermissionDeniedError, {"model": "outside"}),
        (openai.BadRequestError, {"extra_body": {"n": 99}}),
    ):
        begun = time.monotonic()
        raised(kind, client={"max_retries": 3}, **asked)
        assert time.monotonic() - begun < 1.5, "it was tried again"


def try_a_stream_that_breaks_off_raises() -> None:
    text, caught = "", None
    try:
        for chunk in client().chat.completions.create(
            model="ward", messages=says(f"cut off {QUESTION}"), stream=True
        ):
            text += chunk_text([chunk])
    except openai.APIError as error:
        caught = error
    assert caught is not None, "a half answer passed for a whole one"
    assert NAME not in str(caught)
    assert "all is well" not in text


def try_timeouts() -> None:
    raised(openai.APITimeoutError, messages=says("slowly"), client={"timeout": 0.5})
    assert client().chat.completions.create(model="ward", messages=MESSAGES).choices


def try_going_away() -> None:
    stream = client().chat.completions.create(model="ward", messages=says("slowly"), stream=True)
    next(iter(stream))
    stream.close()
    assert client().chat.completions.create(model="ward", messages=MESSAGES).choices


def main() -> None:
    results = {}
    for name, scenario in list(globals().items()):
        if name.startswith("try_"):
            try:
                scenario()
                results[name] = "ok"
            except Exception:
                results[name] = traceback.format_exc(limit=-3)
    print(json.dumps({"version": openai.__version__, "results": results}))


if __name__ == "__main__":
    main()
