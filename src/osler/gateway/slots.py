"""Every text of a request that leaves: found, replaced, put back where it stood.

What a caller sends is more than messages: tools and their arguments, schemas, fields that nobody here knows. An
identifier may stand in each string of it, and in each key of an object. `Slots` lists them all, in order; the same
list with identifiers replaced makes the request that leaves. JSON that stands in a string (the arguments of a tool
call) is read, so that its texts are looked at as what they say.

Not listed are words of the wire itself (`role`, `type`, `auto`, the names of its fields), plain field names
(`dose_mg`), ids that model servers make, and pixels: `images` counts those. The outbound check sees all of them but
the pixels.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from osler.core.errors import InputError
from osler.core.messages import Message
from osler.deid.field_names import labelled, person

Json = object

_DEEPEST = 32
"""Levels of JSON in a string within JSON and so on."""
_WORDS = frozenset(
    [
        "auto",
        "none",
        "required",
        "function",
        "functions",
        "tool",
        "tools",
        "allowed_tools",
        "custom",
        "text",
        "json",
        "json_object",
        "json_schema",
        "object",
        "string",
        "number",
        "integer",
        "boolean",
        "array",
        "null",
        "system",
        "developer",
        "user",
        "assistant",
        "low",
        "medium",
        "high",
        "minimal",
        "xhigh",
        "default",
        "image_url",
        "input_text",
        "output_text",
        "input_image",
        "flex",
        "priority",
        "concise",
        "detailed",
        "disabled",
        "enabled",
        "date",
        "date-time",
        "time",
        "uuid",
        "email",
        "uri",
        "regex",
        "lark",
        "grammar",
    ]
)
"""Strings that are words of the wire, wherever they stand alone."""
_FIELD = re.compile(r"[A-Za-z_$][A-Za-z_]{0,39}(?:\d{1,2})?")
"""A name that a programmer gives a field. `Eleanor Whitfield` and `mrn_00482913` are none."""
_OPAQUE = re.compile(
    r"(?:call|chatcmpl|fc|toolu|msg|resp)[-_](?:tool-)?(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{8,64}"
)
"""An id that a model server made: random letters and digits. `call_Whitfield` is none."""
_OPAQUE_KEYS = frozenset({"tool_call_id", "id", "call_id"})
_NAMED = frozenset({"function", "function_call", "custom", "json_schema"})
"""What has a programmer's name. Any other `name` may be a person's: that of a message, say."""
_JSON_KEYS = frozenset({"arguments"})
_IMAGE_KEYS = frozenset({"url", "image_url"})
_IMAGE = re.compile(r"data:image/[a-z0-9.+-]{1,20};base64,[A-Za-z0-9+/]+={0,2}", re.ASCII | re.IGNORECASE)
_PERSON_LIKE = re.compile(r"[A-Z][a-z]+(?:[_-][A-Z][a-z]+)+")
"""A name for the wire that reads like a person's: `Eleanor_Whitfield`. It is looked at as the words that it is."""


@dataclass(frozen=True, slots=True)
class _Text:
    """The place of a text."""

    at: int


@dataclass(frozen=True, slots=True)
class _Object:
    """An object whose keys are texts too, or may be."""

    pairs: tuple[tuple[object, object], ...]


@dataclass(frozen=True, slots=True)
class _InText:
    """JSON that stands in a string: what it says, and how it was written."""

    value: object
    read: object
    text: str


class Slots:
    """The texts of one request. `texts` is what stands in them; `images` how many pictures there are besides.

    `spelled` are names of tools and fields that read like a person's, as words: they are looked at, and cannot be
    replaced.
    """

    def __init__(
        self,
        messages: Sequence[Message],
        params: Mapping[str, object],
        *,
        fixed: Callable[[object], bool] = lambda _: False,
    ) -> None:
        """`fixed` tells what the platform wrote itself: it leaves as it stands. InputError where JSON is too deep."""
        self.images = 0
        self.spelled: list[str] = []
        self._texts: list[str] = []
        self._readings: dict[str, None] = {}
        self._messages = tuple(messages)
        self._at: list[int | object] = [None if fixed(m) else self._message(m) for m in messages]
        self._params = _Object(
            tuple((self._key(k), v if fixed(v) else self._value(v, k, "", 0)) for k, v in params.items())
        )

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts, in the order of the request."""
        return tuple(self._texts)

    @property
    def readings(self) -> tuple[str, ...]:
        """What the names of fields say besides, for a detector to look at; nothing of it leaves.

        Short values behind the name of their field (`mrn: 55820417`), and names of fields that are a person's.
        """
        return tuple(self._readings)

    @property
    def length(self) -> int:
        """Characters in all."""
        return sum(map(len, self._texts))

    def filled(self, texts: Sequence[str]) -> tuple[tuple[Message, ...], dict[str, object]]:
        """Messages and parameters with other texts in the same places."""
        messages = tuple(
            m
            if at is None
            else replace(m, content=texts[at])
            if isinstance(at, int)
            else _with_wire(m, _filled(at, texts))
            for m, at in zip(self._messages, self._at, strict=True)
        )
        params = {str(_filled(k, texts)): _filled(v, texts) for k, v in self._params.pairs}
        return messages, params

    def _message(self, message: Message) -> int | object:
        if message.wire is None:
            return self._slot(message.content).at
        return self._value(message.wire, "", "", 0)

    def _slot(self, text: str) -> _Text:
        self._texts.append(text)
        return _Text(len(self._texts) - 1)

    def _value(self, value: Json, key: str, parent: str, depth: int) -> object:
        if depth > _DEEPEST:
            raise InputError("The request is nested too deeply.", remedy="Send flatter JSON.")
        if isinstance(value, str):
            return self._string(value, key, parent, depth)
        if isinstance(value, Mapping):
            return _Object(tuple((self._key(k), self._value(v, k, key, depth + 1)) for k, v in value.items()))
        if isinstance(value, list | tuple):
            return [self._value(v, key, parent, depth + 1) for v in value]
        if isinstance(value, int | float) and not isinstance(value, bool):
            self._read(labelled(key, value))
        return value

    def _key(self, key: str) -> object:
        return self._name(key) if _FIELD.fullmatch(key) else self._slot(key)

    def _name(self, name: str) -> str:
        if _PERSON_LIKE.fullmatch(name):
            self.spelled.append(name.replace("_", " ").replace("-", " "))
        self._read(person(name))
        return name

    def _read(self, reading: str) -> None:
        if reading:
            self._readings[reading] = None

    def _string(self, text: str, key: str, parent: str, depth: int) -> object:
        if not text or text in _WORDS or (key in _OPAQUE_KEYS and _OPAQUE.fullmatch(text)):
            return text
        if key == "name" and parent in _NAMED and _FIELD.fullmatch(text):
            return self._name(text)
        if key in _IMAGE_KEYS and _IMAGE.fullmatch(text):
            self.images += 1
            return text
        if key in _JSON_KEYS:
            try:
                inner = msgspec.json.decode(text)
            except (msgspec.DecodeError, RecursionError):
                return self._slot(text)
            if isinstance(inner, dict | list):
                return _InText(self._value(inner, "", "", depth + 1), inner, text)
        self._read(labelled(key, text))
        return self._slot(text)


def _filled(value: object, texts: Sequence[str]) -> object:
    if isinstance(value, _Text):
        return texts[value.at]
    if isinstance(value, _Object):
        return {str(_filled(k, texts)): _filled(v, texts) for k, v in value.pairs}
    if isinstance(value, _InText):
        filled = _filled(value.value, texts)
        return value.text if filled == value.read else msgspec.json.encode(filled).decode()
    if isinstance(value, list):
        return [_filled(v, texts) for v in value]
    return value


def _with_wire(message: Message, wire: object) -> Message:
    if not isinstance(wire, Mapping):
        raise TypeError("a message is an object")
    return replace(message, content="\n".join(spoken(wire.get("content"))), wire=wire)


def spoken(content: object) -> Iterator[str]:
    """The texts of a message's content: of a string, or of its text parts."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, list | tuple):
        for part in content:
            if isinstance(part, Mapping) and isinstance(part.get("text"), str):
                yield str(part["text"])
