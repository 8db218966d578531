"""Tasks: named pieces of work, each with a prompt, the shape of its answer, its checks, the models that may do it.

Six are shipped (`data/tasks/`); `[tasks.NAME]` changes them by key and adds more. A request names one, or none.
`Tasks.prepare` puts the prompt before the conversation and the schema into `response_format`. A prompt is text of
the platform: it holds no identifier, which is looked at when it is read, and leaves as it stands. Its version is a
digest of prompt and schema. What a request was only taken for by an estimator changes no prompt.
"""

import difflib
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Literal

from osler.core.errors import ConfigError, InputError
from osler.core.messages import ChatRequest, Message
from osler.gateway.config import TaskConfig
from osler.guardrails.checks.output import OutputCheck

Origin = Literal["shipped", "changed", "configured"]
_MAX_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task. `message` is its prompt as it is sent; `models` are names, None where the rules alone decide."""

    name: str
    message: Message = field(repr=False)
    output: Mapping[str, object] | None = field(default=None, repr=False)
    checks: tuple[str, ...] = ()
    models: frozenset[str] | None = None
    origin: Origin = "shipped"

    @property
    def version(self) -> str:
        """SHA-256 of prompt and schema, hex."""
        schema = json.dumps(self.output, sort_keys=True, separators=(",", ":")) if self.output else ""
        return hashlib.sha256(f"{self.message.content}\x1f{schema}".encode()).hexdigest()

    @property
    def schema_name(self) -> str:
        """What the schema is called at a model server."""
        return self.name.replace(".", "_")

    @property
    def response_format(self) -> dict[str, object] | None:
        """The schema as a request asks for it; None without one."""
        if self.output is None:
            return None
        schema = {key: value for key, value in self.output.items() if key not in ("$schema", "$id")}
        return {
            "type": "json_schema",
            "json_schema": {"name": self.schema_name, "strict": _is_closed(schema), "schema": schema},
        }


class Tasks:
    """The tasks that requests may name. Immutable."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self._tasks = {task.name: task for task in sorted(tasks, key=lambda t: t.name)}
        self._versions = {task.name: task.version for task in tasks}
        self._formats = {task.name: task.response_format for task in tasks}
        self._own = (*(task.message for task in tasks), *(f for f in self._formats.values() if f is not None))

    @property
    def names(self) -> tuple[str, ...]:
        """All names, sorted."""
        return tuple(self._tasks)

    def get(self, name: str) -> Task:
        """The task of that name. Raises InputError, which lists the known ones, where there is none."""
        task = self._tasks.get(name)
        if task is None:
            raise InputError(
                "There is no task of that name.", remedy=f"Known: {', '.join(self._tasks)}.", param="task"
            )
        return task

    def prepare(self, request: ChatRequest) -> ChatRequest:
        """The request with its task's prompt before the conversation, and its schema unless the caller gave one.

        Without a task it is the same. InputError where the task is unknown, or the request is no conversation.
        """
        if request.task is None:
            return request
        task = self.get(request.task)
        if request.surface == "completions":
            raise InputError(
                "A task needs a conversation, not a bare prompt.",
                remedy="Ask /v1/chat/completions.",
                param="task",
            )
        params = dict(request.params)
        wanted = self._formats[task.name]
        if wanted is not None:
            params.setdefault("response_format", wanted)
        return replace(request, messages=(task.message, *request.messages), params=params)

    def wrote(self, part: object) -> bool:
        """Whether it is the prompt or the schema that `prepare` put into a request: nothing in it is to be replaced."""
        return any(part is own for own in self._own)

    def fitted(
        self, params: Mapping[str, object], request: ChatRequest, *, schema: bool
    ) -> Mapping[str, object]:
        """The fields of a call, for a model that takes schemas or not: then the prompt alone asks for the shape.

        Only the task's own schema is left out, never one that the caller gave.
        """
        if schema or request.task is None or request.task not in self._tasks:
            return params
        given, own = params.get("response_format"), self._formats[request.task]
        if own is None or not isinstance(given, Mapping) or given.get("type") != "json_schema":
            return params
        asked = given.get("json_schema")
        if not isinstance(asked, Mapping) or asked.get("name") != self._tasks[request.task].schema_name:
            return params
        return {key: value for key, value in params.items() if key != "response_format"}

    def version(self, name: str) -> str:
        """SHA-256 of a task's prompt and schema, hex."""
        self.get(name)
        return self._versions[name]

    def models(self, name: str | None) -> frozenset[str] | None:
        """Names of the models that may do a task; None where the rules alone decide."""
        return self.get(name).models if name is not None else None

    def audited(self, request: ChatRequest) -> dict[str, str] | None:
        """What the audit record says of the request's task: its name and version; None without one."""
        if request.task is None or request.task not in self._versions:
            return None
        return {"name": request.task, "sha256": self._versions[request.task]}

    def __iter__(self) -> Iterator[Task]:
        return iter(self._tasks.values())


@cache
def shipped() -> Mapping[str, Task]:
    """The tasks that come with Osler, by name."""
    folder = resources.files("osler.gateway") / "data" / "tasks"
    tasks = {}
    for place in sorted(folder.iterdir(), key=lambda p: p.name):
        schema = place / "output.json"
        tasks[place.name] = Task(
            name=place.name,
            message=Message(role="system", content=(place / "prompt.md").read_text("utf-8").strip()),
            output=json.loads(schema.read_text("utf-8")) if schema.is_file() else None,
        )
    return tasks


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFiles:
    """How the files of configured tasks are read.

    `folder`: what relative paths count from. `place` words where a key stands. `identifiers` names the kinds of
    identifiers in a text.
    """

    folder: Path
    place: Callable[..., str]
    identifiers: Callable[[str], Sequence[str]]


def load(configured: Mapping[str, TaskConfig], files: TaskFiles) -> Tasks:
    """The shipped tasks, changed and added to as configured. Raises ConfigError that names the place."""
    known = dict(shipped())
    for name, table in configured.items():
        known[name] = _configured(name, table, known.get(name), files)
    return Tasks(tuple(known.values()))


def _configured(name: str, table: TaskConfig, base: Task | None, files: TaskFiles) -> Task:
    if base is None and table.prompt is None:
        near = difflib.get_close_matches(name, shipped(), n=1)
        raise ConfigError(
            f"{files.place('tasks', name)} has no prompt, and no shipped task has that name.",
            remedy=f"Did you mean '{near[0]}'?"
            if near
            else f"Give it a prompt. Shipped: {', '.join(shipped())}.",
        )
    task = base or Task(name=name, message=Message(role="system", content=""))
    if table.prompt is not None:
        task = replace(task, message=Message(role="system", content=_prompt(name, table.prompt, files)))
    if table.output is False:
        task = replace(task, output=None)
    elif table.output is not None:
        task = replace(task, output=_schema(name, table.output, files))
    return replace(
        task,
        checks=task.checks if table.checks is None else table.checks,
        models=task.models if table.allow is None else frozenset(table.allow),
        origin="configured" if base is None else "changed",
    )


def _prompt(name: str, path: str, files: TaskFiles) -> str:
    place = files.place("tasks", name, "prompt")
    text = _read(path, place, files.folder).strip()
    if not text:
        raise ConfigError(f"{place} names an empty file.", remedy="Write the prompt into it.")
    _refuse_identifiers(text, place, files)
    return text


def _schema(name: str, path: str, files: TaskFiles) -> Mapping[str, object]:
    place = files.place("tasks", name, "output")
    try:
        schema = json.loads(_read(path, place, files.folder))
    except (ValueError, RecursionError) as error:
        line = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise ConfigError(f"{place} names a file that is not JSON{line}.", remedy="Mend the file.") from None
    if not isinstance(schema, dict):
        raise ConfigError(
            f"{place} names a file that holds no JSON Schema.", remedy="Its top must be an object."
        )
    try:
        OutputCheck(schema, task=name).require_sound()
    except ConfigError as error:
        raise ConfigError(
            f"{place} names a schema that cannot be used. {error.message}", remedy=error.remedy
        ) from None
    told = {key: value for key, value in schema.items() if key not in ("$schema", "$id")}
    _refuse_identifiers(json.dumps(told, ensure_ascii=False, indent=1), place, files)
    return schema


def _read(path: str, place: str, folder: Path) -> str:
    try:
        data = (folder / path).read_bytes()
        if len(data) > _MAX_BYTES:
            raise ConfigError(f"{place} names a file above {_MAX_BYTES // 1024} KiB.", remedy="Shorten it.")
        return data.decode("utf-8-sig")
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{place} names a file that cannot be read ({type(error).__name__}).",
            remedy="Give its path from the folder of osler.toml; it must be UTF-8.",
        ) from None


def _refuse_identifiers(text: str, place: str, files: TaskFiles) -> None:
    kinds = files.identifiers(text)
    if kinds:
        raise ConfigError(
            f"{place} names a file that seems to hold identifiers ({', '.join(kinds)}); it would be sent as it is.",
            remedy="Take them out. What is nobody's identifier can be listed in `deid.allow`.",
        )


def _is_closed(schema: object) -> bool:
    """Whether each object of a schema lists and requires all its keys: what servers call strict."""
    if isinstance(schema, list):
        return all(_is_closed(inner) for inner in schema)
    if not isinstance(schema, Mapping):
        return True
    properties = schema.get("properties")
    if schema.get("type") == "object" or properties is not None:
        names = set(properties) if isinstance(properties, Mapping) else set()
        required = schema.get("required")
        if schema.get("additionalProperties") is not False or set(required or ()) != names:
            return False
    return all(_is_closed(inner) for inner in schema.values())
