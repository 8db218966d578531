"""What a caller sends, as the pipeline is asked: what goes on, in which form, and what is refused by name."""

from typing import Any

import pytest

from osler.api import wire
from osler.core.errors import InputError
from osler.core.messages import Caller, ChatRequest, Message

PICTURE = "data:image/png;base64,iVBORw0KGgo="
CALL = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "weather", "arguments": '{"city": "Boston"}'},
}
TOOL = {"type": "function", "function": {"name": "weather", "strict": True, "parameters": {"type": "object"}}}
FLAT = {"type": "function", "name": "weather", "strict": True, "parameters": {"type": "object"}}


def chat(*messages: Any, headers: dict[str, str] | None = None, **more: Any) -> ChatRequest:
    body = {"messages": messages or ({"role": "user", "content": "x"},), **more}
    return wire.chat_request({**body, "messages": list(body["messages"])}, headers or {}, Caller(), "req_1")


def responses(given: Any = "x", **more: Any) -> ChatRequest:
    return wire.responses_request({"input": given, **more}, {}, Caller(), "req_1")


def completion(prompt: Any = "x", **more: Any) -> ChatRequest:
    return wire.completion_request({"prompt": prompt, **more}, {}, Caller(), "req_1")


def test_what_nobody_knows_goes_on_and_what_is_ours_does_not() -> None:
    theirs = {
        "top_k": 3,
        "guided_json": {"a": [1]},
        "tools": [TOOL],
        "stop": ["\n"],
        "seed": 4,
        "logit_bias": {"5": 1},
    }
    ours = {
        "model": "m", "stream": True, "stream_options": {"include_usage": True}, "n": 3, "metadata": {"patient": "p1", "ward": "7"},
        "user": "u", "store": True, "safety_identifier": "s", "prompt_cache_key": "k", "service_tier": "flex",
    }  # fmt: skip
    asked = chat(**theirs, **ours, temperature=None, max_tokens=5.0)
    assert asked.params == {**theirs, "max_tokens": 5, "n": 3}
    assert (asked.model, asked.stream, asked.n, asked.patient) == ("m", True, 3, "p1")
    assert "ward" not in repr(asked)
    assert chat(n=1).params == {}


MESSAGES: list[tuple[dict[str, Any], str, bool]] = [
    ({"role": "user", "content": "a"}, "a", False),
    ({"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}, "a\nb", False),
    ({"role": "user", "content": [{"type": "text", "text": "a", "cache_control": {}}]}, "a", True),
    ({"role": "user", "content": "a", "name": "Jones"}, "a", True),
    ({"role": "user", "content": "a", "mood": 3}, "a", True),
    ({"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": PICTURE}}]}, "a", True),
    ({"role": "assistant", "content": None, "tool_calls": [CALL]}, "", True),
    ({"role": "assistant", "content": None, "function_call": CALL["function"]}, "", True),
    ({"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]}, "no", True),
    ({"role": "tool", "content": "sunny", "tool_call_id": "call_1"}, "sunny", True),
    ({"role": "function", "content": "sunny", "name": "weather"}, "sunny", True),
    ({"role": "developer", "content": "a"}, "a", False),
]  # fmt: skip


@pytest.mark.parametrize(("given", "text", "wired"), MESSAGES, ids=range(len(MESSAGES)))
def test_a_message_keeps_its_form_where_it_is_more_than_a_text(
    given: dict[str, Any], text: str, wired: bool
) -> None:
    expected = Message(role=given["role"], content=text, wire=given if wired else None)
    assert chat(given).messages == (expected,)


def test_fields_of_a_message_that_say_nothing_are_left_out() -> None:
    given = {
        "role": "assistant",
        "content": None,
        "tool_calls": [CALL],
        "refusal": None,
        "audio": None,
        "function_call": None,
    }
    assert chat(given).messages[0].wire == {"role": "assistant", "content": None, "tool_calls": [CALL]}


@pytest.mark.parametrize(
    ("name", "value", "field", "held"),
    [
        ("patient", " Patient/p1 ", "patient", "p1"),
        ("purpose", "research", "purpose", "research"),
        ("task", "soap-note", "task", "soap-note"),
        ("specialty", "cardiology", "specialty", "cardiology"),
        ("latency", "batch", "latency", "batch"),
        ("break_glass", "unconscious in the ER", "break_glass", "unconscious in the ER"),
        ("ground", "off", "ground", "off"),
        ("cache", "off", "reuse", "off"),
        ("explain", "TRUE", "explain", True),
    ],
)
def test_each_note_is_read_from_the_body_and_from_a_header(
    name: str, value: str, field: str, held: object
) -> None:
    header = {f"x-osler-{name.replace('_', '-')}": value}
    assert getattr(chat(metadata={name: value}), field) == held
    assert getattr(chat(headers=header), field) == held
    assert getattr(chat(), field) != held


def test_the_body_wins_over_a_header() -> None:
    assert chat(headers={"x-osler-task": "a"}, metadata={"task": "b"}).task == "b"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"metadata": {"task": "two words"}}, "task"),
        ({"metadata": {"break_glass": "short"}}, "break_glass"),
        ({"metadata": {"break_glass": "x" * 1001}}, "break_glass"),
        ({"metadata": {"latency": "soon"}}, "latency"),
        ({"metadata": {"patient": 3}}, "metadata"),
        ({"audio": {"voice": "x"}}, "audio"),
        ({"modalities": ["text", "audio"]}, "modalities"),
        ({"web_search_options": {"a": 1}}, "web_search_options"),
        ({"fallbacks": ["other"]}, "fallbacks"),
        ({"models": ["other"]}, "models"),
        ({"api_base": "http://x.example"}, "api_base"),
        ({"prompt_embeds": "AA=="}, "prompt_embeds"),
        ({"prompt": "x"}, "prompt"),
        ({"tools": [{"type": "mcp", "server_url": "http://x.example"}]}, "tools[0].type"),
        ({"tools": [{"type": "function"}]}, "tools[0]"),
        ({"tool_choice": 3}, "tool_choice"),
        ({"n": 17}, "n"),
        ({"logprobs": 3}, "logprobs"),
        ({"top_logprobs": 21}, "top_logprobs"),
    ],
)
def test_what_is_not_served_is_refused_by_name(body: dict[str, Any], param: str) -> None:
    with pytest.raises(InputError) as caught:
        chat(**body)
    assert caught.value.param == param


@pytest.mark.parametrize(
    "url",
    [
        "https://x.example/a.png", "http://127.0.0.1:1/", "file:///etc/passwd", "data:text/plain;base64,aGk=", "//x.example/a.png",
        "data:image/svg+xml;base64,aGk=", "data:image/png;base64,Mrs. Jones", "data:image/png,hi", "data:image/png;base64,",
        "DATA:image/png;base64,aGk=\nhttp://x.example", "",
    ],
)  # fmt: skip
def test_a_caller_cannot_name_an_address(url: str) -> None:
    part = {"type": "image_url", "image_url": {"url": url}}
    item = {"role": "user", "content": [{"type": "input_image", "image_url": url}]}
    output = {"type": "function_call_output", "call_id": "a", "output": item["content"]}
    for ask in (
        lambda: chat({"role": "user", "content": [part]}),
        lambda: chat({"role": "tool", "content": [part], "tool_call_id": "a"}),
        lambda: responses([item]),
        lambda: responses([output]),
    ):
        with pytest.raises(InputError, match="not fetched") as caught:
            ask()
        assert "image_url" in (caught.value.param or "")


def test_half_a_surrogate_pair_is_refused_wherever_it_stands() -> None:
    for text in (b'{"a": ["\\ud800"]}', b'{"\\udFFF": 1}'):
        with pytest.raises(InputError, match="not valid JSON"):
            wire.parse(text)
    assert wire.parse(b'{"a": "\\ud83d\\ude00"}') == {"a": "\U0001f600"}


def test_a_completion_is_a_prompt_and_nothing_is_looked_for() -> None:
    asked = completion(["Once"], suffix="end", n=2, logprobs=3, echo=False, best_of=1)
    assert asked.messages == (Message(role="user", content="Once"),)
    assert asked.params == {"suffix": "end", "logprobs": 3, "n": 2}
    assert (asked.surface, asked.ground, asked.n) == ("completions", "off", 2)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"prompt": ["a", "b"]}, "prompt"), ({"prompt": [1, 2]}, "prompt"), ({"prompt": [[1]]}, "prompt[0]"),
        ({"echo": True}, "echo"), ({"best_of": 2}, "best_of"), ({"messages": [{}]}, "messages"),
    ],
)  # fmt: skip
def test_what_a_completion_may_not_hold(body: dict[str, Any], param: str) -> None:
    with pytest.raises(InputError) as caught:
        completion(**body)
    assert caught.value.param == param


def test_items_become_the_messages_of_a_chat() -> None:
    asked = responses(
        [
            {"role": "user", "content": [{"type": "input_text", "text": "Weather?"}]},
            {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "zzz"},
            {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant",
             "content": [{"type": "output_text", "text": "I look.", "annotations": []}]},
            {"type": "function_call", "id": "fc_1", "call_id": "a", "name": "weather", "arguments": "{}"},
            {"type": "function_call", "call_id": "b", "name": "time", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "a", "output": "sunny"},
            {"type": "function_call_output", "call_id": "b", "output": [{"type": "input_text", "text": "noon"}]},
            {"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]},
            {"role": "user", "content": [{"type": "input_text", "text": "See"}, {"type": "input_image", "image_url": PICTURE}]},
        ],
        instructions="Be short.",
    )  # fmt: skip
    assert [(m.role, m.content) for m in asked.messages] == [
        ("system", "Be short."), ("user", "Weather?"), ("assistant", "I look."), ("tool", "sunny"), ("tool", "noon"),
        ("assistant", ""), ("user", "See"),
    ]  # fmt: skip
    calls = asked.messages[2].wire
    assert calls is not None
    assert [c["id"] for c in calls["tool_calls"]] == ["a", "b"]  # type: ignore[attr-defined]
    assert asked.messages[3].wire == {"role": "tool", "tool_call_id": "a", "content": "sunny"}
    assert asked.messages[5].wire == {"role": "assistant", "content": "", "refusal": "no"}
    assert asked.messages[6].wire == {
        "role": "user",
        "content": [{"type": "text", "text": "See"}, {"type": "image_url", "image_url": {"url": PICTURE}}],
    }
    assert "zzz" not in repr([m.wire for m in asked.messages])


def test_settings_of_a_response_are_named_as_a_chat_names_them() -> None:
    schema = {"type": "json_schema", "name": "dose", "schema": {"type": "object"}, "strict": True}
    asked = responses(
        tools=[FLAT], tool_choice={"type": "function", "name": "weather"}, text={"format": schema, "verbosity": "low"},
        reasoning={"effort": "low", "summary": "auto"}, max_output_tokens=9.0, temperature=0.5, include=["message.output_text.logprobs"],
        top_logprobs=2, parallel_tool_calls=False, store=True, top_k=3, metadata={"task": "soap-note"}, max_tool_calls=4,
    )  # fmt: skip
    assert asked.params == {
        "tools": [TOOL],
        "tool_choice": {"type": "function", "function": {"name": "weather"}},
        "response_format": {"type": "json_schema", "json_schema": {k: v for k, v in schema.items() if k != "type"}},
        "verbosity": "low", "reasoning_effort": "low", "max_completion_tokens": 9, "temperature": 0.5, "logprobs": True,
        "top_logprobs": 2, "parallel_tool_calls": False, "top_k": 3,
    }  # fmt: skip
    assert (asked.surface, asked.task, asked.n) == ("responses", "soap-note", 1)
    assert responses(text={"format": {"type": "text"}}, tool_choice="auto").params == {}


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"previous_response_id": "resp_1"}, "previous_response_id"), ({"conversation": {"id": "c"}}, "conversation"),
        ({"background": True}, "background"), ({"prompt": {"id": "p"}}, "prompt"), ({"truncation": "auto"}, "truncation"),
        ({"tools": [{"type": "web_search"}]}, "tools[0].type"), ({"include": ["file_search_call.results"]}, "include[0]"),
        ({"input": [{"type": "item_reference", "id": "x"}]}, "input[0].type"), ({"input": []}, "input"),
        ({"input": [{"role": "tool", "content": "x"}]}, "input[0].role"), ({"input": [{"type": "reasoning"}]}, "input"),
        ({"input": [{"role": "user", "content": [{"type": "input_file"}]}]}, "input[0].content[0].type"),
        ({"text": {"format": {"type": "json_schema"}}}, "text.format"), ({"n": 2}, "n"),
    ],
)  # fmt: skip
def test_what_would_be_kept_or_run_by_the_server_is_refused(body: dict[str, Any], param: str) -> None:
    with pytest.raises(InputError) as caught:
        responses(**{"given": body.pop("input", "x"), **body})
    assert caught.value.param == param
