"""Options that many commands share."""

import inspect
import os
from collections.abc import Callable
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer


def folder(text: str | Path) -> Path:
    """A folder's path, there or not. An empty one would mean the current folder: most likely a mistake."""
    if not str(text):
        raise typer.BadParameter("it is empty.")
    if os.path.isfile(text):
        raise typer.BadParameter("it is a file, not a folder.")
    if os.path.isdir(text) and not os.access(text, os.R_OK | os.X_OK):
        raise typer.BadParameter("the folder cannot be read.")
    return Path(text)


Workspace = Annotated[
    Path,
    typer.Option(
        "--workspace", envvar="OSLER_WORKSPACE", help="Folder that holds Osler's state.", parser=folder,
        metavar="FOLDER",
    ),
]  # fmt: skip
ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config", envvar="OSLER_CONFIG", help="Configuration file; osler.toml in this folder if there."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
HERE = Path(".osler")


def spread(options: type[Any]) -> Callable[[Callable[[Any], None]], Callable[..., None]]:
    """For a command of many options: it takes them as one value of a dataclass, Typer sees the dataclass's fields."""
    hints = get_type_hints(options, include_extras=True)
    parameters = [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if field.default is MISSING else field.default,
            annotation=hints[field.name],
        )
        for field in fields(options)
    ]

    def decorate(command: Callable[[Any], None]) -> Callable[..., None]:
        def spreading(**given: Any) -> None:
            command(options(**given))

        spreading.__name__, spreading.__doc__ = command.__name__, command.__doc__
        spreading.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        spreading.__annotations__ = {}
        return spreading

    return decorate
