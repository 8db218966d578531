"""The tables of the reference, made from the code.

| kind | argument | table |
|---|---|---|
| `keys` | a class of a room's `config.py`, as `gateway.ServerConfig` | keys of `osler.toml`, from the pydantic model |
| `commands` | | every command, with what it does |
| `options` | a command, as `osler kb add` | its arguments and options, from Typer |
| `errors` | | the tree of `osler.core.errors` |
| `exit-codes` | | exit codes, and the errors behind them |
| `metrics` | | what `/metrics` shows |
| `routes` | `v1` or `admin` | the routes of a surface, from its OpenAPI document |
"""

import datetime
import enum
import importlib
import inspect
import json
import subprocess
import sys
import types
import typing
from collections.abc import Callable, Iterator
from typing import Any

import annotated_types
import typer.main
from prometheus_client.metrics import MetricWrapperBase
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from osler.api.metrics import Metrics
from osler.api.standing import DESCRIBED
from osler.api.times import Times
from osler.cli.root import app
from osler.core import errors


class TableFault(Exception):
    """A table cannot be made: the code lacks a description, or there is no such thing."""


SHARED = {
    "--json": "Print JSON for programs.",
    "--config": "Configuration file; osler.toml in this folder if there.",
    "--workspace": "Folder that holds Osler's state.",
}
"""Options that many commands have; they are explained once, where their help is this."""


def table(kind: str, argument: str, before: str) -> str:
    """The table of this kind, in Markdown, without a line end at its end; `before` is what stood there."""
    if kind == "keys":
        return keys(argument, kept(before))
    makers: dict[str, Callable[..., str]] = {
        "commands": command_list,
        "options": options,
        "errors": error_table,
        "exit-codes": exit_codes,
        "metrics": metrics,
        "routes": routes,
    }
    if kind not in makers:
        raise TableFault(f"no table of the kind '{kind}' (known: keys, {', '.join(makers)})")
    return makers[kind](argument) if argument else makers[kind]()


def _markdown(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    def line(cells: tuple[str, ...]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    return "\n".join([line(head), "|" + "---|" * len(head), *(line(row) for row in rows)])


# keys of osler.toml


def kept(before: str) -> dict[str, str]:
    """What the page said of each key: it stays where the code has no description."""
    rows = [line.strip().strip("|").split(" | ") for line in before.splitlines() if line.startswith("| `")]
    return {row[0].strip().strip("`"): row[-1].strip() for row in rows}


def keys(name: str, said: dict[str, str]) -> str:
    """The keys of one table of `osler.toml`."""
    room, _, model_name = name.partition(".")
    model = getattr(importlib.import_module(f"osler.{room}.config"), model_name)
    rows = []
    for key, field in model.model_fields.items():
        meaning = field.description or said.get(key)
        if not meaning:
            raise TableFault(f"{name}.{key} has no description in the code: Field(…, description=…)")
        rows.append((f"`{key}`", _type(field), _default(field), meaning))
    return _markdown(("key", "type", "default", "meaning"), rows)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "needed"
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is None or value is PydanticUndefined:
        return "none"
    if isinstance(value, BaseModel):
        return "below" if value.model_dump(exclude_none=True) else "empty"
    if isinstance(value, dict | tuple | list):
        return f"`{json.dumps(value)}`" if value and _plain(value) else "below" if value else "empty"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return f"`{json.dumps(value)}`"


def _plain(value: Any) -> bool:
    return isinstance(value, tuple | list) and all(isinstance(v, str | int) for v in value)


def _type(field: FieldInfo) -> str:
    return _annotated(field.annotation, list(field.metadata))


def _annotated(annotation: Any, metadata: list[Any]) -> str:
    """A type in the words of the page."""
    if typing.get_origin(annotation) is typing.Annotated:
        inner, *more = typing.get_args(annotation)
        return _annotated(inner, [*metadata, *more])
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_annotated(a, metadata) for a in arguments if a is not type(None))
    if origin is typing.Literal:
        return ", ".join(f"`{json.dumps(a)}`" for a in arguments)
    filled = ", not empty" if any(isinstance(m, annotated_types.MinLen) for m in metadata) else ""
    if origin in (tuple, list):
        inner = _annotated(arguments[0], []).removesuffix(", not empty")
        return f"list of {inner}{'s' if inner == 'table' else ''}{filled}"
    if origin is dict:
        return ("tables" if _is_table(arguments[1]) else "table") + filled
    if inspect.isclass(annotation) and issubclass(annotation, enum.Enum):
        return ", ".join(f"`{json.dumps(m.value)}`" for m in annotation) if len(annotation) < 6 else "label"
    if _is_table(annotation):
        return "[secret](#secrets)" if "Secret" in annotation.__name__ else "table"
    if annotation in (int, float):
        return _number(annotation, metadata)
    names = {str: "text", bool: "boolean", datetime.date: "date", object: "anything"}
    if annotation not in names:
        raise TableFault(f"no words for the type {annotation}")
    return names[annotation] + filled


def _is_table(annotation: Any) -> bool:
    return inspect.isclass(annotation) and issubclass(annotation, BaseModel)


def _number(annotation: Any, metadata: list[Any]) -> str:
    bounds: dict[str, Any] = {}
    for item in metadata:
        for kind in ("ge", "gt", "le", "lt"):
            if isinstance(item, getattr(annotated_types, kind.capitalize())):
                bounds[kind] = getattr(item, kind)
    word = "whole number" if annotation is int else "number"
    low, high = bounds.get("ge"), bounds.get("le")
    if low is not None and high is not None:
        return f"{low:g} to {high}"
    if "gt" in bounds:
        return f"above {bounds['gt']:g}" + (f", to {high:g}" if high is not None else "")
    return word if low is None else f"{word} from {low:g}"


# commands


def commands() -> Iterator[tuple[str, Any]]:
    """Every command with its whole name."""

    def below(group: Any, path: str) -> Iterator[tuple[str, Any]]:
        for name, command in group.commands.items():
            if hasattr(command, "commands"):
                yield from below(command, f"{path} {name}")
            else:
                yield f"{path} {name}", command

    yield from below(typer.main.get_command(app), "osler")


def command_list() -> str:
    """Every command, linked to its section."""
    rows = []
    for path, command in commands():
        summary = (command.help or "").strip().split("\n\n")[0].replace("\n", " ")
        if not summary:
            raise TableFault(f"`{path}` has no docstring")
        rows.append((f"[`{path}`](#{path.replace(' ', '-')})", summary))
    return _markdown(("command", "what it does"), rows)


def options(path: str) -> str:
    """Arguments and options of one command."""
    command = dict(commands()).get(path)
    if command is None:
        raise TableFault(f"there is no command `{path}`")
    rows, shared = [], []
    for parameter in command.params:
        names = [n for n in parameter.opts if n.startswith("--")]
        if any(SHARED.get(n) == parameter.help for n in names):
            shared.append(f"`{names[0]}{_value(parameter, names)}`")
            continue
        if getattr(parameter, "hidden", False):
            continue
        meaning = (parameter.help or "").strip()
        if not meaning:
            raise TableFault(f"`{path} {parameter.name}` has no help")
        shown = ", ".join(f"`{n}{_value(parameter, names)}`" for n in names) or f"`{_argument(parameter)}`"
        rows.append((shown, _given(parameter), meaning))
    if shared:
        rows.append((", ".join(shared), "", "[as for many commands](#options-that-many-commands-have)"))
    return _markdown(("argument or option", "default", "meaning"), rows) if rows else "It has no options."


def _argument(parameter: Any) -> str:
    name = parameter.metavar or parameter.name.upper()
    return f"{name}…" if parameter.nargs == -1 and not name.endswith("…") else name


def _value(parameter: Any, names: list[str]) -> str:
    """What stands behind an option's name."""
    if getattr(parameter, "is_flag", False):
        return ""
    known = {"--config": "FILE", "--workspace": "DIR"}
    annotation = getattr(getattr(parameter, "type_descriptor", None), "annotation", str)
    number = "N" if typing.get_args(annotation)[:1] == (int,) or annotation in (int, float) else ""
    return " " + str(known.get(names[0]) or parameter.metavar or number or names[0][2:].upper())


def _given(parameter: Any) -> str:
    """The default, and the bounds where there are any."""
    info = getattr(getattr(parameter, "type_descriptor", None), "parameter_info", None)
    low, high = getattr(info, "min", None), getattr(info, "max", None)
    bounds = (
        f"{low:g} to {high}"
        if low is not None and high is not None
        else f"from {low:g}"
        if low is not None
        else ""
    )
    default = parameter.default
    if parameter.required:
        text = "needed"
    elif default in (None, False, "", (), []):
        text = ""
    elif default is True:
        text = "on"
    else:
        text = f"`{default}`"
    return "; ".join(part for part in (text, bounds) if part)


# errors


def kinds() -> list[type[errors.OslerError]]:
    """The tree of errors, in the order of the file."""
    return [k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, errors.OslerError)]


def error_table() -> str:
    """Code, status and exit code of each error; meaning and remedy are the two paragraphs of its docstring."""
    rows = []
    for kind in kinds():
        meaning, remedy, *_ = [*inspect.cleandoc(kind.__doc__ or "").split("\n\n"), ""]
        if not remedy:
            raise TableFault(f"the docstring of {kind.__name__} has no second paragraph that says what to do")
        words = (" ".join(meaning.split()), " ".join(remedy.split()))
        rows.append((f"`{kind.code}`", str(kind.status), str(kind.exit_code), *words))
    return _markdown(("`code`", "status", "exit", "meaning", "what to do"), rows)


def exit_codes() -> str:
    """Each exit code that an error has, with the codes of these errors."""
    found: dict[int, list[str]] = {}
    for kind in kinds():
        found.setdefault(kind.exit_code, []).append(f"`{kind.code}`")
    return _markdown(
        ("exit code", "errors"), [(str(code), ", ".join(names)) for code, names in sorted(found.items())]
    )


# HTTP


def metrics() -> str:
    """Name, kind, labels and meaning of each metric."""
    rows = []
    for collector in Metrics().registry._collector_to_names:
        if not isinstance(collector, MetricWrapperBase | Times):
            continue
        for family in collector.describe():
            name = f"{family.name}_total" if family.type == "counter" else family.name
            named = collector.labels if isinstance(collector, Times) else collector._labelnames
            labels = ", ".join(f"`{label}`" for label in named)
            rows.append((f"`{name}`", family.type, labels, family.documentation))
    for name, (meaning, named) in DESCRIBED.items():
        rows.append((f"`{name}`", "gauge", ", ".join(f"`{label}`" for label in named), meaning))
    return _markdown(("metric", "kind", "labels", "meaning"), rows)


def routes(surface: str) -> str:
    """Method, path, summary and statuses of each route of a surface."""
    document = _openapi(surface)
    rows = []
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method not in ("get", "post", "put", "delete", "patch"):
                continue
            statuses = ", ".join(sorted(operation["responses"]))
            rows.append((f"`{method.upper()} {path}`", operation.get("summary") or "", statuses))
    return _markdown(("route", "what", "statuses"), rows)


def _openapi(surface: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "osler", "openapi", surface]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)  # noqa: S603 - our own command
    return dict(json.loads(done.stdout))
