"""From bytes to a body that its type holds, or an error that names the place and never the content."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn, TypeVar, get_args

import msgspec

from osler.api.bodies import MESSAGES, NOTHING, WHOLE
from osler.core.errors import InputError
from osler.core.messages import Role

ROLES = get_args(Role)
B = TypeVar("B")
_SENTENCES: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (
        re.compile(r"(messages|input)\[\d+\](\.content|\.output)?\[\d+\]\.image_url(\.url)?"),
        "{path} is not a picture that is taken.",
        "Send the picture itself as data:image/png;base64,…; addresses are not fetched.",
    ),
    (
        re.compile(r"messages\[\d+\]\.role"),
        "{path} is not one that is served.",
        f"Use one of {', '.join(ROLES)}.",
    ),
    (
        re.compile(r"input\[\d+\]\.role"),
        "{path} is not one that is served.",
        "Use one of user, assistant, system, developer.",
    ),
    (
        re.compile(r"(messages|input)\[\d+\]\.(content|output)\[\d+\](\.type)?"),
        "{path} is not a part that is served in a message of this role.",
        "Send texts, and in what a user or a tool says pictures; sound and files are not served.",
    ),
    (
        re.compile(r"(messages\[\d+\]\.tool_calls|tools|input)\[\d+\]\.type"),
        "{path} is not one that is served.",
        "Only functions are, which the caller runs: what a server runs by itself could send text on.",
    ),
    (re.compile(r"(messages|input)\[\d+\]\.(content|output)"), "{path} is not text.", "Send text."),
    (re.compile(r"messages\[\d+\]"), "{path} is no message.", "Give each message a `role` and a `content`."),
    (re.compile(r"input\[\d+\]"), "{path} is no item.", "See OpenAI's reference for responses."),
    (
        re.compile(r"prompt(\[\d+\])?"),
        "`prompt` is not one text.",
        "Send one text; token arrays are not served.",
    ),
    (
        re.compile(r"[a-z_]+"),
        "'{path}' has the wrong type or is out of range.",
        "See OpenAI's reference, and Osler's for what is served.",
    ),
)
"""What is said of a place, the first that fits."""


def parse(data: bytes) -> dict[str, Any]:
    """The body as an object. The error names the place, never the content."""
    try:
        body = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InputError(
            "The request body is not valid JSON.", remedy="Send one JSON object in UTF-8."
        ) from None
    if not isinstance(body, dict):
        raise InputError("The request body is not a JSON object.", remedy="Send one JSON object.")
    return body


def require_served(body: Mapping[str, Any], refused: Mapping[str, str]) -> None:
    """Raise InputError where a field says something that is refused by name."""
    for name in refused.keys() & body.keys():
        if body[name] not in NOTHING:
            raise InputError(f"'{name}' is not served: {refused[name]}.", remedy="Leave it out.", param=name)


def whole(body: dict[str, Any]) -> dict[str, Any]:
    """The body, with whole numbers that were written with a point: JSON knows one kind of number only."""
    given = {key: n for key in WHOLE if isinstance(n := body.get(key), float) and n.is_integer()}
    return {**body, **{key: int(n) for key, n in given.items()}} if given else body


def converted(body: Mapping[str, Any], kind: type[B], *, at: str = "") -> B:
    """The body as its type has it. InputError, that says where; `at` is where the value itself stands."""
    try:
        return msgspec.convert(body, kind)
    except msgspec.ValidationError as error:
        _explain(body, error, at)


def left(body: Mapping[str, Any], ours: Iterable[str]) -> dict[str, object]:
    """The fields that go on to the model server as they are; `n` too, where it is more than one."""
    return {
        key: value
        for key, value in body.items()
        if value is not None and key not in ours and (key != "n" or value != 1)
    }


def _explain(body: Mapping[str, Any], error: msgspec.ValidationError, at: str) -> NoReturn:
    """Say what is wrong where msgspec says that something is; its own words may quote a value."""
    inner = place(error)
    path = f"{at}.{inner}" if at and inner and not inner.startswith("[") else f"{at}{inner}"
    message, remedy = _said(path) if path else ("A field of the request is missing.", "")
    field = next((name for name in ("messages", "input", "prompt") if f"`{name}`" in str(error)), None)
    if not path and field and field not in body:
        path, message, remedy = field, f"`{field}` is missing.", "Send it: it is what is asked."
    elif path in ("messages", "input") and body.get(path) == []:
        message, remedy = f"`{path}` is empty.", "Send at least one."
    elif re.fullmatch(r"(messages|input)(\[\d+\]\.(content|output))?", path) and "length" in str(error):
        message, remedy = f"{path} has more than {MESSAGES:,} entries.", "Send fewer."
    elif path == "messages":
        message, remedy = "`messages` is no list.", "Send a list of messages."
    elif path == "n":
        remedy = "Ask for 1 to 16 answers."
    elif path == "best_of":
        remedy = "Leave it out, and use `n`: answers that nobody sees are not asked for."
    raise InputError(message, remedy=remedy or "See OpenAI's reference.", param=path or None) from None


def _said(path: str) -> tuple[str, str]:
    for pattern, message, remedy in _SENTENCES:
        if pattern.fullmatch(path):
            return message.format(path=path), remedy
    return f"A field of the request has the wrong type at {path}.", "See OpenAI's reference."


def place(error: msgspec.ValidationError) -> str:
    """`messages[0].role` from msgspec's message, which ends with the path; it holds names of known fields only."""
    _, dash, path = str(error).rpartition(" - at `")
    return path.rstrip("`").removeprefix("$").removeprefix(".") if dash else ""
