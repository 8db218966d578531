"""Hooks of schemathesis for `test_ci_schemathesis.py`: what no check of its own looks at.

An error must not repeat what was sent. Every request that can hold a text gets a canary, and no error may hold it,
nor any other longer text of the request that is no word of the document.
"""

import json
import os
import re
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

import schemathesis
from schemathesis import Case, CheckContext, HookContext, Response

CANARY = "Zebulon Quartermain 900-27-6614"
SHORTEST = 8
"""Characters from which on a text of a request is looked for: shorter ones stand in any sentence by chance."""
WORDS = Path(os.environ["OSLER_KNOWN_WORDS"]).read_text(encoding="utf-8")
"""What an error may say of itself: the words of the documents."""


NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
TASK = "soap-note"
"""A task that there is: any other name is refused, which no schema can say."""


@schemathesis.hook
def before_call(context: HookContext, case: Case, kwargs: dict[str, Any]) -> None:
    """The name of a task that there is, wherever there is one that could be; vectors as long as the model's."""
    dimensions = case.body.get("dimensions") if isinstance(case.body, dict) else None
    if isinstance(dimensions, int | float) and 0 < dimensions <= 65_536 and int(dimensions) == dimensions:
        del case.body["dimensions"]  # which of them a model has, no schema can say
    notes = case.body.get("metadata") if isinstance(case.body, dict) else None
    for given, name in ((case.headers, "x-osler-task"), (notes, "task")):
        if (
            isinstance(given, MutableMapping)
            and isinstance(given.get(name), str)
            and NAME.search(given[name])
        ):
            if case.path == "/v1/completions":
                del given[name]  # a task needs a conversation
            else:
                given[name] = TASK


@schemathesis.hook
def map_body(context: HookContext, body: Any) -> Any:
    """The canary in the first text of a chat, an embeddings request or a configuration."""
    if not isinstance(body, dict):
        return body
    messages = body.get("messages")
    if isinstance(messages, list) and messages and isinstance(messages[0], dict):
        content = messages[0].get("content")
        if isinstance(content, str):
            messages[0]["content"] = f"{CANARY} {content}"
    for name in ("input", "prompt", "instructions", "toml"):
        if (
            isinstance(body.get(name), str) and 0 < len(body[name]) < 1000
        ):  # else it would be fit, or unfit, by this alone
            body[name] = f"{body[name]}\n# {CANARY}"
    return body


@schemathesis.check
def errors_repeat_nothing(ctx: CheckContext, response: Response, case: Case) -> None:
    """No error holds a text that came with its request."""
    if response.status_code < 400:
        return
    said = json.dumps(response.json(), ensure_ascii=False) if response.content else ""
    for text in (CANARY, *texts((case.body, dict(case.path_parameters or {}), dict(case.query or {})))):
        if len(text) >= SHORTEST and text != TASK and text not in WORDS and text in said:
            raise AssertionError(f"an error of status {response.status_code} repeats what was sent")


def texts(value: Any) -> Iterator[str]:
    """All texts in a value, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from texts(key)
            yield from texts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from texts(part)
