"""Every text of a request: found wherever it stands, put back where it stood."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osler.core.errors import InputError
from osler.core.messages import Message
from osler.gateway.slots import Slots

NAME = "Mrs. Eleanor Whitfield"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=12,
)


def slots(params: dict[str, Any] | None = None, *wires: dict[str, Any]) -> Slots:
    messages = [Message(role="user", content="", wire=wire) for wire in wires]
    return Slots(messages, params or {})


@settings(max_examples=150)
@given(st.dictionaries(st.text(max_size=8), JSON, max_size=4), st.lists(JSON, max_size=3))
def test_the_same_texts_make_the_same_request(params: dict[str, Any], parts: list[Any]) -> None:
    wire = {"role": "user", "content": parts, "tool_calls": [{"function": {"arguments": json.dumps(parts)}}]}
    made = Slots([Message(role="user", content="Hello"), Message(role="user", content="", wire=wire)], params)
    messages, filled = made.filled(made.texts)
    assert filled == params
    assert messages[0].content == "Hello"
    assert messages[1].wire is not None
    back = json.loads(json.dumps(messages[1].wire))
    arguments = back["tool_calls"][0]["function"].pop("arguments")
    assert json.loads(arguments) == parts
    assert back["content"] == wire["content"]


@pytest.mark.parametrize(
    ("params", "wire"),
    [
        ({"x": {"detail": NAME, "type": NAME, "role": NAME}}, {}),
        ({"tools": [{"type": "function", "function": {"name": "f", "description": NAME}}]}, {}),
        ({"tools": [{"function": {"parameters": {"properties": {NAME: {"enum": [NAME]}}}}}]}, {}),
        ({"response_format": {"json_schema": {"name": "n", "schema": {"title": NAME}}}}, {}),
        ({NAME: 1}, {}),
        ({"guided_regex": NAME, "stop": [NAME], "logit_bias": {NAME: 1}}, {}),
        ({}, {"role": "tool", "tool_call_id": "call_Whitfield", "content": NAME}),
        ({}, {"role": "user", "name": "Whitfield", "content": NAME}),
        ({}, {"tool_calls": [{"function": {"name": "f", "arguments": json.dumps({NAME: [NAME]})}}]}),
        ({}, {"tool_calls": [{"function": {"name": "f", "arguments": "not JSON: " + NAME}}]}),
        ({}, {"content": [{"type": "text", "text": "data:image/png;base64,AAAA " + NAME}]}),
        ({}, {"content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,!" + NAME}}]}),
    ],
)
def test_a_text_is_found_wherever_it_stands(params: dict[str, Any], wire: dict[str, Any]) -> None:
    made = slots(params, wire) if wire else slots(params)
    assert any("Whitfield" in text for text in made.texts)
    messages, filled = made.filled(["X"] * len(made.texts))
    left = json.dumps([filled, [m.wire for m in messages]])
    assert "Whitfield" not in left


def test_what_makes_the_wire_stays_as_it_is() -> None:
    wire = {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {
                "id": "call_9f8aX2bQ7LmN4pRt",
                "type": "function",
                "function": {"name": "get_dose", "arguments": '{"dose_mg": 5}'},
            }
        ],
    }
    made = slots({"temperature": 0.2, "tool_choice": "auto", "n": 2}, wire)
    assert made.texts == ()
    assert made.spelled == []
    messages, params = made.filled(())
    assert messages[0].wire == wire
    assert params == {"temperature": 0.2, "tool_choice": "auto", "n": 2}


def test_pictures_are_counted_and_names_like_a_person_s_are_spelled_out() -> None:
    picture = {
        "type": "image_url",
        "image_url": {"url": "data:image/png;base64,iVBORw0KGgo=", "detail": "low"},
    }
    made = slots(
        {"tools": [{"type": "function", "function": {"name": "Eleanor_Whitfield"}}]},
        {"role": "user", "content": [{"type": "text", "text": "See"}, picture]},
    )
    assert (made.images, made.texts, made.spelled) == (1, ("See",), ["Eleanor Whitfield"])


def test_what_the_platform_wrote_is_left_alone_and_depth_is_bounded() -> None:
    own = Message(role="system", content="You are careful.")
    made = Slots([own, Message(role="user", content="Hi")], {}, fixed=lambda part: part is own)
    assert made.texts == ("Hi",)
    assert [m.content for m in made.filled(("Ho",))[0]] == ["You are careful.", "Ho"]
    deep: Any = "x"
    for _ in range(40):
        deep = [deep]
    with pytest.raises(InputError):
        slots({"x": deep})
