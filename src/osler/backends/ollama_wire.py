"""The bodies of Ollama's native API: from OpenAI's terms to Ollama's, and what comes back. Pure; no sockets."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from osler.backends.answers import ToolCall
from osler.core.messages import Message
from osler.core.ports.completer import ModelCall

_SAME = ("temperature", "top_p", "top_k", "min_p", "seed", "frequency_penalty", "presence_penalty", "repeat_penalty",
         "repeat_last_n", "typical_p", "mirostat", "mirostat_tau", "mirostat_eta", "num_keep")  # fmt: skip
"""Settings that Ollama keeps in `options`, under the same name."""
_TAKEN = frozenset(
    (*_SAME, "stop", "max_tokens", "max_completion_tokens", "response_format", "tools", "tool_choice", "n", "best_of",
     "reasoning", "reasoning_effort", "options", "stream", "stream_options", "messages", "prompt", "model", "truncate",
     "shift", "parallel_tool_calls", "logprobs", "top_logprobs", "echo")
)  # fmt: skip
"""Fields that are put into other words, or left out; all others go along as they are."""
_IMAGE = re.compile(r"data:(?:image/[a-z0-9.+-]+)?;base64,", re.IGNORECASE)


class Unsendable(ValueError):
    """The request holds what Ollama cannot do. `what` says it in our words."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


def chat_body(call: ModelCall, *, stream: bool) -> dict[str, object]:
    """The body for `/api/chat`. Raises Unsendable."""
    body = _common(call, stream=stream)
    names: dict[str, str] = {}
    body["messages"] = [_message(message, names) for message in call.messages]
    tools, choice = call.params.get("tools"), call.params.get("tool_choice")
    if choice not in (None, "auto", "none"):
        raise Unsendable("no tool can be forced on it")
    if tools and choice != "none":
        body["tools"] = tools
    return body


def generate_body(call: ModelCall, *, stream: bool) -> dict[str, object]:
    """The body for `/api/generate`. Raises Unsendable."""
    if call.params.get("echo"):
        raise Unsendable("it does not repeat the prompt")
    return {**_common(call, stream=stream), "prompt": "".join(m.content for m in call.messages)}


def _common(call: ModelCall, *, stream: bool) -> dict[str, object]:
    params = call.params
    if params.get("n") not in (None, 1) or params.get("best_of") not in (None, 1):
        raise Unsendable("it gives one answer, not several")
    body: dict[str, object] = {name: value for name, value in params.items() if name not in _TAKEN}
    body |= {"model": call.model_id, "stream": stream, "truncate": False, "shift": False}
    body["options"] = _options(call)
    form = _format(params.get("response_format"))
    if form is not None:
        body["format"] = form
    think = _think(params)
    if think is not None:
        body["think"] = think
    if params.get("logprobs") not in (None, False):
        count = params.get("top_logprobs", 0 if params["logprobs"] is True else params["logprobs"])
        body |= {"logprobs": True, "top_logprobs": count}
    return body


def _options(call: ModelCall) -> dict[str, object]:
    params, given = call.params, call.params.get("options")
    options: dict[str, object] = dict(given) if isinstance(given, Mapping) else {}
    options |= {name: params[name] for name in _SAME if params.get(name) is not None}
    stop = params.get("stop")
    if stop is not None:
        options["stop"] = [stop] if isinstance(stop, str) else stop
    limit = params.get("max_completion_tokens", params.get("max_tokens"))
    if limit is not None:
        options["num_predict"] = limit
    if call.context is not None:
        options["num_ctx"] = call.context
    return options


def _format(form: object) -> object:
    if form is None:
        return None
    kind = form.get("type") if isinstance(form, Mapping) else None
    if isinstance(form, Mapping) and kind == "text":
        return None
    if isinstance(form, Mapping) and kind == "json_object":
        return form.get("schema", "json")
    inner = form.get("json_schema") if isinstance(form, Mapping) else None
    if kind == "json_schema" and isinstance(inner, Mapping) and "schema" in inner:
        schema: object = inner["schema"]
        return schema
    raise Unsendable("it knows no such response_format")


def _think(params: Mapping[str, object]) -> object:
    """`think`: false, true, or how hard; None where nothing was said."""
    reasoning = params.get("reasoning")
    effort = params.get("reasoning_effort")
    if effort is None and isinstance(reasoning, Mapping):
        effort = reasoning.get("effort")
    return False if effort in ("none", "minimal") else effort


def _message(message: Message, names: dict[str, str]) -> dict[str, object]:
    """`names` keeps which tool each call named, for the messages that answer it by the call's id."""
    role = {"developer": "system", "function": "tool"}.get(message.role, message.role)
    if message.wire is None:
        return {"role": role, "content": message.content}
    wire = message.wire
    text, images = _content(wire.get("content"))
    made: dict[str, object] = {"role": role, "content": text}
    if images:
        made["images"] = images
    thought = wire.get("reasoning_content", wire.get("reasoning"))
    if isinstance(thought, str):
        made["thinking"] = thought
    calls = wire.get("tool_calls")
    if isinstance(calls, Sequence) and not isinstance(calls, str) and calls:
        made["tool_calls"] = [_call(one, names) for one in calls]
    if role == "tool":
        of = wire.get("tool_call_id")
        name = wire.get("name") or (names.get(of) if isinstance(of, str) else None)
        made |= {key: value for key, value in (("tool_name", name), ("tool_call_id", of)) if value}
    return made


def _content(content: object) -> tuple[str, list[str]]:
    if content is None or isinstance(content, str):
        return content or "", []
    texts, images = list[str](), list[str]()
    for part in content if isinstance(content, Sequence) else ():
        kind = part.get("type") if isinstance(part, Mapping) else None
        if isinstance(part, Mapping) and kind in ("text", "refusal"):
            texts.append(str(part.get(kind, "")))
        elif isinstance(part, Mapping) and kind == "image_url":
            images.append(_image(part.get("image_url")))
        else:
            raise Unsendable("it takes texts and images, no other parts of a message")
    return "\n".join(texts), images


def _image(given: object) -> str:
    url = given.get("url") if isinstance(given, Mapping) else given
    found = _IMAGE.match(url) if isinstance(url, str) else None
    if not isinstance(url, str) or found is None:
        raise Unsendable("it takes images as base64 data, not by an address")
    return url[found.end() :]


def _call(call: object, names: dict[str, str]) -> dict[str, object]:
    function = call.get("function") if isinstance(call, Mapping) else None
    if not isinstance(call, Mapping) or not isinstance(function, Mapping):
        raise Unsendable("it takes calls of functions, no other tool calls")
    arguments = function.get("arguments")
    if isinstance(arguments, str):
        try:
            arguments = msgspec.json.decode(arguments) if arguments.strip() else {}
        except (msgspec.DecodeError, RecursionError):
            arguments = None
    if not isinstance(arguments, Mapping):
        raise Unsendable("the arguments of a tool call in the conversation are no JSON object")
    made: dict[str, object] = {"function": {"name": function.get("name"), "arguments": arguments}}
    called = call.get("id")
    if isinstance(called, str) and called:
        names[called] = str(function.get("name", ""))
        made["id"] = called
    return made


class Said(Struct):
    """The message of one line."""

    content: str | None = None
    thinking: str | None = None
    tool_calls: list[ToolCall] | None = None


class Line(Struct):
    """A line of an answer; the last one says `done`. `response` is that of `/api/generate`."""

    message: Said | None = None
    response: str | None = None
    thinking: str | None = None
    done: bool = False
    done_reason: str | None = None
    prompt_eval_count: int | None = None
    eval_count: int | None = None
    logprobs: list[dict[str, Any]] | None = None
    error: Any = None

    def said(self) -> str:
        """The text."""
        return (self.message.content if self.message else self.response) or ""

    def thought(self) -> str:
        """The reasoning."""
        return (self.message.thinking if self.message else self.thinking) or ""

    def calls(self) -> list[ToolCall]:
        """The tool calls, each whole."""
        return (self.message.tool_calls if self.message else None) or []

    def entries(self) -> tuple[dict[str, Any], ...]:
        """Log probabilities, one entry a token."""
        return tuple(self.logprobs or ())


class Tag(Struct):
    """A model that is there."""

    name: str


class Tags(Struct):
    """The models that are there."""

    models: list[Tag] | None = None


class Shown(Struct):
    """What Ollama knows of a model."""

    model_info: dict[str, Any] = {}

    def context_length(self) -> int | None:
        """The longest context that it was made for, in tokens."""
        for name, value in self.model_info.items():
            if name.endswith(".context_length") and isinstance(value, int):
                return value
        return None


class Vectors(Struct):
    """The answer of `/api/embed`."""

    embeddings: list[list[float]]


LINE = msgspec.json.Decoder(Line)
TAGS = msgspec.json.Decoder(Tags)
SHOWN = msgspec.json.Decoder(Shown)
VECTORS = msgspec.json.Decoder(Vectors)
