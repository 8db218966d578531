"""Answers in the shape of their route, plain and streamed, over a real socket: each event, and what the events add up to."""

import http.client
import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from api_scripted import ARGUMENTS, JSON, LOGPROB, TEXT, Script, application, events_of
from api_served import WithTimes, listening

from osler.api import answers
from osler.gateway.config import TimeoutsConfig


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with listening(WithTimes(application(Script()), TimeoutsConfig())) as found:
        yield found


def ask(port: int, path: str, **body: Any) -> tuple[int, http.client.HTTPMessage, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("POST", f"/v1/{path}", json.dumps(body), {"content-type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def chat(port: int, text: str, **more: Any) -> Any:
    status, _, body = ask(port, "chat/completions", messages=[{"role": "user", "content": text}], **more)
    assert status == 200, body
    msgspec.json.decode(body, type=answers.ChatCompletion)
    return json.loads(body)


def chunks(port: int, text: str, **more: Any) -> list[Any]:
    _, headers, body = ask(
        port, "chat/completions", messages=[{"role": "user", "content": text}], stream=True, **more
    )
    assert headers["content-type"].startswith("text/event-stream")
    events = [data for _, data in events_of(body)]
    assert events.pop() == "[DONE]"
    for event in events:
        msgspec.convert(event, answers.ChatChunk)
    return events


def response(port: int, question: str, **more: Any) -> Any:
    status, _, body = ask(port, "responses", input=question, **more)
    assert status == 200, body
    msgspec.json.decode(body, type=answers.Response)
    return json.loads(body)


def events(port: int, text: str, **more: Any) -> list[Any]:
    found = events_of(ask(port, "responses", input=text, stream=True, **more)[2])
    assert [name for name, _ in found] == [data["type"] for _, data in found]
    assert [data["sequence_number"] for _, data in found] == list(range(len(found)))
    for _, data in found:
        if "response" in data:
            msgspec.convert(data["response"], answers.Response)
    return [data for _, data in found]


def test_each_choice_has_its_number_and_its_end(port: int) -> None:
    whole = chat(port, "hi", n=3)
    assert [(c["index"], c["message"]["content"], c["finish_reason"]) for c in whole["choices"]] == [
        (at, TEXT, "stop") for at in range(3)
    ]
    assert whole["usage"] == {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}
    streamed = chunks(port, "hi", n=3)
    for at in range(3):
        own = [c for e in streamed for c in e["choices"] if c["index"] == at]
        assert own[0]["delta"] == {"role": "assistant", "content": ""}
        assert "".join(c["delta"].get("content", "") for c in own) == TEXT
        assert [c["finish_reason"] for c in own if c["finish_reason"]] == ["stop"]
    assert [("osler" in e) for e in streamed].count(True) == 1
    assert streamed[-1]["osler"]["answer"] == TEXT


def test_usage_comes_last_and_only_when_asked_for(port: int) -> None:
    asked = chunks(port, "hi", stream_options={"include_usage": True})
    assert asked[-1]["choices"] == []
    assert asked[-1]["usage"]["total_tokens"] == 12
    assert not any("usage" in e for e in chunks(port, "hi"))


def test_tool_calls_are_whole_and_named_once(port: int) -> None:
    message = chat(port, "tools")["choices"][0]["message"]
    assert message["content"] == "I look. "
    first, second = message["tool_calls"]
    assert first == {
        "id": "call_1",
        "type": "function",
        "function": {"name": "weather", "arguments": ARGUMENTS},
    }
    assert second["id"].startswith("call_")
    assert chat(port, "tool")["choices"][0]["message"]["content"] is None

    streamed = chunks(port, "tools")
    deltas = [t for e in streamed for c in e["choices"] for t in c["delta"].get("tool_calls", ())]
    for at, name, arguments in ((0, "weather", ARGUMENTS), (1, "time", "{}")):
        own = [d for d in deltas if d["index"] == at]
        assert [d["function"].get("name") for d in own] == [name] + [None] * (len(own) - 1)
        assert "id" in own[0]
        assert not any("id" in d for d in own[1:])
        assert "".join(d["function"]["arguments"] for d in own) == arguments
    assert streamed[-1]["choices"][0]["finish_reason"] == "tool_calls"


def test_a_call_is_told_when_its_arguments_begin(port: int) -> None:
    """A client takes the first piece of a call for the end of the one before it."""
    deltas = [t for e in chunks(port, "late") for c in e["choices"] for t in c["delta"].get("tool_calls", ())]
    assert [(d["index"], d["id"], d["function"]) for d in deltas] == [
        (0, "call_1", {"name": "weather", "arguments": ARGUMENTS}),
        (1, "call_2", {"name": "time", "arguments": "{}"}),
        (2, "call_3", {"name": "now", "arguments": ""}),
    ]
    output = events(port, "late")[-1]["response"]["output"]
    assert [i.get("name", i["type"]) for i in output] == ["message", "weather", "time", "now"]


def test_who_asks_with_functions_is_answered_as_it_was_before_tools(port: int) -> None:
    functions = [{"name": "weather", "parameters": {}}]
    choice = chat(port, "tool", functions=functions)["choices"][0]
    assert choice["message"]["function_call"] == {"name": "weather", "arguments": ARGUMENTS}
    assert "tool_calls" not in choice["message"]
    assert choice["finish_reason"] == "function_call"
    streamed = chunks(port, "tool", functions=functions)
    called = [
        c["delta"]["function_call"] for e in streamed for c in e["choices"] if "function_call" in c["delta"]
    ]
    assert called[0]["name"] == "weather"
    assert "".join(c["arguments"] for c in called) == ARGUMENTS


def test_refusal_reasoning_and_log_probabilities(port: int) -> None:
    assert chat(port, "refusal")["choices"][0]["message"] == {
        "role": "assistant", "content": None, "refusal": "I will not.",
    }  # fmt: skip
    assert chat(port, "reasoning")["choices"][0]["message"]["reasoning_content"] == "Let me think."
    assert chat(port, "logprobs")["choices"][0]["logprobs"] == {"content": [LOGPROB], "refusal": None}
    for text, field, value in (
        ("refusal", "refusal", "I will not."),
        ("reasoning", "reasoning_content", "Let me think."),
    ):
        said = [c["delta"].get(field, "") for e in chunks(port, text) for c in e["choices"]]
        assert "".join(said) == value
    probs = [c["logprobs"] for e in chunks(port, "logprobs") for c in e["choices"] if c["logprobs"]]
    assert probs == [{"content": [LOGPROB], "refusal": None}]


def test_a_completion_is_a_text(port: int) -> None:
    body = ask(port, "completions", prompt="lists", n=2)[2]
    msgspec.json.decode(body, type=answers.TextCompletion)
    whole = json.loads(body)
    assert [c["text"] for c in whole["choices"]] == ["Met", "Met"]
    assert whole["choices"][0]["logprobs"] == {"tokens": ["Met"], "token_logprobs": [-0.25]}
    streamed = [d for _, d in events_of(ask(port, "completions", prompt="hi", stream=True)[2])]
    assert streamed.pop() == "[DONE]"
    for event in streamed:
        msgspec.convert(event, answers.TextCompletion)
    assert "".join(c["text"] for e in streamed for c in e["choices"]) == TEXT
    assert streamed[-1]["choices"][0]["finish_reason"] == "stop"
    assert streamed[-1]["osler"]["answer"] == TEXT


def test_a_response_repeats_its_settings_but_no_text_of_its_request(port: int) -> None:
    schema = {"type": "json_schema", "name": "canary", "schema": {"title": "canary"}}
    asked: dict[str, Any] = {
        "tools": [{"type": "function", "name": "canary", "description": "canary"}], "tool_choice": {"type": "function", "name": "canary"},
        "instructions": "canary", "metadata": {"patient": "canary"}, "text": {"format": schema}, "store": True, "temperature": 0.5,
    }  # fmt: skip
    whole = response(port, "hi", **asked)
    assert whole["output"][0]["content"] == [
        {"type": "output_text", "text": TEXT, "annotations": [], "logprobs": []}
    ]
    assert (whole["store"], whole["status"], whole["temperature"]) == (False, "completed", 0.5)
    assert (whole["tool_choice"], whole["instructions"], whole["metadata"]) == ("required", None, {})
    assert whole["usage"]["total_tokens"] == 12
    assert whole["osler"]["answer"] == TEXT
    for stream, text in ((True, "break"), (True, "hi"), (False, "hi")):
        assert b"canary" not in ask(port, "responses", input=text, stream=stream, **asked)[2]


def test_a_response_that_was_cut_short_says_why(port: int) -> None:
    whole = response(port, "length")
    assert (whole["status"], whole["incomplete_details"]) == ("incomplete", {"reason": "max_output_tokens"})
    last = events(port, "length")[-1]
    assert last["type"] == "response.incomplete"
    assert last["response"]["output"] == [{**whole["output"][0], "id": last["response"]["output"][0]["id"]}]


PLAIN = ["response.created", "response.in_progress"]
ITEM = ["response.output_item.added"]


def kinds(found: list[Any]) -> list[str]:
    """Types of events, repeated ones once."""
    types = [e["type"] for e in found]
    return [t for at, t in enumerate(types) if at == 0 or types[at - 1] != t]


def test_the_events_of_a_text(port: int) -> None:
    found = events(port, "hi")
    assert kinds(found) == [
        *PLAIN, *ITEM, "response.content_part.added", "response.output_text.delta", "response.output_text.done",
        "response.content_part.done", "response.output_item.done", "response.completed",
    ]  # fmt: skip
    assert "".join(e["delta"] for e in found if e["type"].endswith(".delta")) == TEXT
    done = next(e for e in found if e["type"] == "response.output_text.done")
    assert done["text"] == TEXT
    assert found[-1]["response"]["osler"]["answer"] == TEXT
    assert found[0]["response"]["status"] == "in_progress"


def test_the_events_of_calls_after_a_text(port: int) -> None:
    found = events(port, "tools")
    added = [
        (e["output_index"], e["item"]["type"], e["item"]["status"]) for e in found if e["type"] == ITEM[0]
    ]
    assert added == [
        (0, "message", "in_progress"),
        (1, "function_call", "in_progress"),
        (2, "function_call", "in_progress"),
    ]
    arguments = [e for e in found if e["type"] == "response.function_call_arguments.done"]
    assert [(e["output_index"], e["arguments"]) for e in arguments] == [(1, ARGUMENTS), (2, "{}")]
    assert [i["type"] for i in found[-1]["response"]["output"]] == [
        "message",
        "function_call",
        "function_call",
    ]
    ended = [e["item"] for e in found if e["type"] == "response.output_item.done"]
    assert ended == found[-1]["response"]["output"]
    assert {i["status"] for i in ended} == {"completed"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [("refusal", ["refusal"]), ("reasoning", ["reasoning_text", "output_text"]), ("empty", ["output_text"])],
)
def test_the_parts_of_other_answers(port: int, text: str, expected: list[str]) -> None:
    found = events(port, text)
    assert [e["part"]["type"] for e in found if e["type"] == "response.content_part.added"] == expected
    assert [p["type"] for i in found[-1]["response"]["output"] for p in i["content"]] == expected
    streamed, whole = found[-1]["response"]["output"], response(port, text)["output"]
    assert [{**i, "id": ""} for i in streamed] == [{**i, "id": ""} for i in whole]


def test_json_comes_as_it_is(port: int) -> None:
    assert response(port, "json")["output"][0]["content"][0]["text"] == JSON


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("chat/completions", {"messages": [{"role": "user", "content": "break"}]}),
        ("completions", {"prompt": "break"}),
        ("responses", {"input": "break"}),
    ],
)
def test_a_stream_that_breaks_off_says_so_and_does_not_look_whole(
    port: int, path: str, body: dict[str, Any]
) -> None:
    found = events_of(ask(port, path, stream=True, **body)[2])
    assert found[-1][1]["error"]["code"] == "upstream_error"
    assert found[-1][1]["osler"]["decision"] == {"rule": "any"}
    assert not any(data == "[DONE]" or name == "response.completed" for name, data in found)
    if path == "responses":
        assert [name for name, _ in found[-2:]] == ["response.failed", "error"]
        failed = found[-2][1]["response"]
        assert (failed["status"], failed["error"]["code"]) == ("failed", "upstream_error")
    status, headers, plain = ask(port, path, **body)
    assert (status, json.loads(plain)["error"]["type"]) == (502, "api_error")
    assert "x-should-retry" not in headers
